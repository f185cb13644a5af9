"""Networks that `fit` and `range_test` refuse before the first epoch, and those that look like them and are trained."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import fercourse as fc

fit = partial(fc.fit, batch_size=50, device="cpu", progress=False)


def small_mlp():
    torch.manual_seed(0)
    return fc.mlp(0.5, 0.25, hidden=(16,), dropout=0.0)


def linear(outputs=7, *more):
    return nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, outputs), *more)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (linear(10), r"\(8, 7\).*found torch.float32 \(8, 10\)"),
        (linear(1), r"found torch.float32 \(8, 1\)"),
        (nn.Sequential(linear(), nn.Unflatten(1, (7, 1, 1))), r"found torch.float32 \(8, 7, 1, 1\)"),
        (nn.LSTM(48, 7), "tuple"),
        (nn.Sequential(nn.Flatten(), nn.Linear(100, 7)), r"float32 \(8, 1, 48, 48\); this one says: .*8x2304"),
        (linear().double(), r"float32 \(8, 1, 48, 48\); this one says: .*dtype"),
        (linear(7, nn.Softmax(1)), "probabilities, which sum to 1"),
        (linear(7, nn.Softmax(0)), "probabilities, which sum to 1"),
        (linear(7, nn.Softmax(1)).bfloat16().float(), "probabilities, which sum to 1"),
        (fc.mlp(0.5, 0.0, hidden=(8,)), "NaN or infinity"),
        (linear().requires_grad_(False), "weights to train"),
        (nn.Flatten(), "weights to train"),
    ],
    ids=["10 logits", "1 logit", "four axes", "a tuple", "10×10 pixels", "doubles", "softmax", "softmax over faces",
         "rounded", "std 0", "frozen", "no weights"],
)  # fmt: skip
def test_a_network_that_cannot_be_trained_here_is_refused_before_the_first_epoch(faces, model, words):
    if isinstance(model, nn.LSTM):
        model = nn.Sequential(nn.Flatten(1, 2), model)
    with pytest.raises(fc.ParameterError, match=words):
        fc.iter_fit(model, faces, epochs=1, device="cpu")


@pytest.mark.parametrize("build", [linear, lambda: linear(7, nn.LogSoftmax(1)), lambda: linear(7, nn.ReLU())])
def test_logits_and_what_the_loss_can_take_for_them_are_trained(faces, build):
    torch.manual_seed(0)
    assert len(fit(build(), faces, epochs=1)) == 1


def test_layers_that_find_their_size_at_the_first_face_are_trained_averaged_and_kept(tmp_path, faces):
    def build():
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(7))

    settings = dict(ema=0.9, checkpoint=tmp_path / "run.pt")
    fit(build(), faces, epochs=1, **settings)
    assert len(fit(build(), faces, epochs=2, **settings, resume=True)) == 2


def normed():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(2304, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 7))


class Functional(nn.Module):
    """Batch norm without a layer of that name."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(2304, 7)

    def forward(self, images):
        return nn.functional.batch_norm(self.out(images.flatten(1)), None, None, training=True)


@pytest.mark.parametrize("build", [normed, Functional, lambda: nn.Sequential(nn.Dropout(), normed())])
@pytest.mark.parametrize(("faces_there", "size"), [(129, 128), (51, 50), (21, 10), (5, 1), (1, 8), (201, 100)])
def test_a_last_batch_of_one_face_under_batch_norm_is_refused_with_another_size(faces, build, faces_there, size):
    data, model = replace(faces, train=faces.train[:faces_there]), build()
    before = [value.clone() for value in model.state_dict().values()]
    with pytest.raises(fc.ParameterError, match="batch norm") as error:
        fc.iter_fit(model, data, epochs=1, batch_size=size, device="cpu")
    assert all(map(torch.equal, before, model.state_dict().values()))
    if faces_there > 1:
        cure = int(str(error.value).rsplit(" ", 1)[1].strip("."))
        assert len(fit(build(), data, epochs=1, batch_size=cure)) == 1


def test_a_last_batch_of_one_face_is_trained_on_where_each_channel_has_more_than_one_value(faces):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    data = replace(faces, train=faces.train[:51])
    for network in (nn.Sequential(model, nn.Linear(4, 7)), small_mlp()):
        assert len(fit(network, data, epochs=1)) == 1


def test_a_range_test_refuses_what_fit_refuses(faces):
    few = faces.train[:51]
    for model, settings in ((normed(), dict(steps=4)), (linear(10), {}), (linear(7, nn.Softmax(1)), {})):
        with pytest.raises(fc.ParameterError, match=r"batch norm|\(8, 10\)|probabilities"):
            fc.range_test(model, few, batch_size=50, device="cpu", **settings)
    for wrong in (dict(steps="9"), dict(steps=9.0), dict(lowest="a"), dict(seed="0"), dict(batch_size="5")):
        with pytest.raises(fc.ParameterError, match=next(iter(wrong))):
            fc.range_test(linear(), few, device="cpu", **wrong)
    table = fc.range_test(
        linear(), few, steps=np.int64(3), lowest=np.float32(1e-4), batch_size=np.int64(9), device="cpu"
    )
    assert len(table) == 3
