"""Networks that `fit` and `range_test` refuse before the first epoch, and those that look like them and are trained."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

import fercourse as fc
from fercourse.learn.models import Standardise

fit = partial(fc.fit, batch_size=50, device="cpu", progress=False)


def small_mlp():
    torch.manual_seed(0)
    return fc.mlp(0.5, 0.25, hidden=(16,), dropout=0.0)


def linear(outputs=7, *more):
    return nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, outputs), *more)


def starting(network, spread, bias):
    """`network` with last weights from a normal distribution of that spread, and one bias for all emotions."""
    torch.manual_seed(0)
    nn.init.normal_(network[-1].weight, std=spread)
    nn.init.constant_(network[-1].bias, bias)
    return network


class Raising(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.out, self.error = nn.Linear(2304, 7), error

    def forward(self, images):
        raise self.error("no")


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
        (linear(7, nn.Sigmoid()), "found probabilities"),
        (linear(7, nn.Hardsigmoid(), nn.Dropout()), "found probabilities"),
        (linear(7, nn.Hardtanh(0, 1)), "found probabilities"),
        (nn.Sequential(starting(linear(), 0, 0), nn.Sigmoid()), "found probabilities"),
        (nn.Sequential(starting(linear(), 0, 0), nn.Softmax(1)), "probabilities, which sum to 1"),
        (nn.Sequential(fc.cnn(0.5, 0.25), nn.Sigmoid()), "found probabilities"),
        (Raising(TypeError), r"float32 \(8, 1, 48, 48\); this one says: no"),
        (Raising(ValueError), r"float32 \(8, 1, 48, 48\); this one says: no"),
        (Raising(AttributeError), r"float32 \(8, 1, 48, 48\); this one says: no"),
        (Raising(KeyError), r"float32 \(8, 1, 48, 48\); this one says: 'no'"),
        (nn.Sequential(Standardise(0.5, 0.0), linear()), "NaN or infinity"),
        (linear().requires_grad_(False), "weights to train"),
        (nn.Flatten(), "weights to train"),
    ],
    ids=["10 logits", "1 logit", "four axes", "a tuple", "10×10 pixels", "doubles", "softmax", "softmax over faces",
         "rounded", "sigmoid", "straight sigmoid", "clipped to 1", "sigmoid of zeros", "softmax of zeros",
         "deep sigmoid", "two arguments", "a value", "an attribute", "a key", "std 0", "frozen", "no weights"],
)  # fmt: skip
def test_a_network_that_cannot_be_trained_here_is_refused_before_the_first_epoch(faces, model, words):
    if isinstance(model, nn.LSTM):
        model = nn.Sequential(nn.Flatten(1, 2), model)
    with pytest.raises(fc.ParameterError, match=words):
        fc.iter_fit(model, faces, epochs=1, device="cpu")


LOGITS = {
    "linear": linear,
    "logarithms": lambda: linear(7, nn.LogSoftmax(1)),
    "ReLU": lambda: linear(7, nn.ReLU()),
    "clipped at 6": lambda: linear(7, nn.ReLU6()),
    "from −1 to 1": lambda: linear(7, nn.Tanh()),
    "positive": lambda: linear(7, nn.Softplus()),
    "positive and under 1": lambda: nn.Sequential(starting(linear(), 0.001, -1), nn.Softplus()),
    "near 0 and not under it": lambda: nn.Sequential(starting(linear(), 0.001, 0), nn.ReLU()),
    "all 0": lambda: starting(linear(), 0, 0),
    "all 1/7": lambda: starting(linear(), 0, 1 / 7),
    "all 1/8": lambda: starting(linear(), 0, 1 / 8),
    "all 5": lambda: starting(linear(), 0, 5),
    "a layer behind a softmax": lambda: linear(7, nn.Softmax(1), nn.Linear(7, 7)),
}


@pytest.mark.parametrize("name", LOGITS)
def test_logits_and_what_the_loss_can_take_for_them_are_trained(faces, name):
    torch.manual_seed(0)
    model = LOGITS[name]()
    assert len(fc.predict(model, faces.valid)) == len(faces.valid)
    assert fc.evaluate(model, fc.batches(faces.valid))["valid_loss"] > 0
    assert len(fit(model, faces, epochs=1)) == 1


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (linear(10), "found torch.float32"),
        (linear(7, nn.Softmax(1)), "probabilities, which sum to 1"),
        (linear(7, nn.Sigmoid()), "found probabilities"),
        (linear().double(), "this one says: .*dtype"),
        (Raising(TypeError), "this one says: no"),
        (starting(linear(), 0, float("nan")), "NaN or infinity"),
        (linear, "a torch.nn.Module"),
    ],
    ids=["10 logits", "softmax", "sigmoid", "doubles", "two arguments", "NaN", "no network"],
)
def test_what_cannot_be_trained_cannot_be_asked_either(faces, model, words):
    with pytest.raises(fc.ParameterError, match=words):
        fc.predict(model, faces.valid)
    with pytest.raises(fc.ParameterError, match=words):
        fc.evaluate(model, fc.batches(faces.valid))


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_scripted_network_whose_weights_torch_cannot_replace_is_asked_all_the_same(faces):
    assert len(fc.predict(torch.jit.script(linear()), faces.valid)) == len(faces.valid)
    with pytest.raises(fc.ParameterError, match="which sum to 1"):
        fc.predict(torch.jit.script(linear(7, nn.Softmax(1))), faces.valid)


def test_where_torch_takes_no_gradients_nothing_is_trained(faces):
    with torch.inference_mode():
        born_there = linear()
    with pytest.raises(fc.ParameterError, match="inference_mode"):
        fit(born_there, faces, epochs=1)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode(), pytest.raises(fc.ParameterError, match="inference_mode"):
            fc.range_test(linear(), faces.train, device="cpu")


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


class Squeezing(nn.Module):
    """Loses the axis of the faces where there is one face."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(2304, 7)

    def forward(self, images):
        return self.out(images.flatten(1)).squeeze()


@pytest.mark.parametrize(("train", "valid"), [(51, 70), (70, 1), (1, 70), (70, 513)])
def test_a_network_without_an_answer_to_one_face_alone_is_refused_where_one_is_left(faces, train, valid):
    left = replace(faces, train=faces.train[:train], valid=faces.valid[np.arange(valid) % len(faces.valid)])
    with pytest.raises(fc.ParameterError, match=r"floats \(1, 7\).*found torch.float32 \(7,\)"):
        fc.iter_fit(Squeezing(), left, epochs=1, batch_size=50, device="cpu")
    assert len(fit(linear(), left, epochs=1)) == 1


@pytest.mark.parametrize("valid", [1, 513])
def test_a_norm_of_the_batch_alone_is_refused_where_validation_leaves_one_face(faces, valid):
    left = replace(faces, valid=faces.valid[np.arange(valid) % len(faces.valid)])
    model = nn.Sequential(nn.Flatten(), nn.Linear(2304, 8), nn.BatchNorm1d(8, track_running_stats=False))
    with pytest.raises(fc.ParameterError, match="more than 1 value per channel"):
        fc.iter_fit(nn.Sequential(model, nn.Linear(8, 7)), left, epochs=1, batch_size=50, device="cpu")


@pytest.mark.parametrize(
    "norm",
    [nn.LayerNorm(8), nn.GroupNorm(2, 8), nn.Sequential(nn.Unflatten(1, (2, 4)), nn.InstanceNorm1d(2), nn.Flatten())],
)
def test_norms_that_look_at_each_face_alone_are_trained_on_one(faces, norm):
    model = nn.Sequential(nn.Flatten(), nn.Linear(2304, 8), norm, nn.Linear(8, 7))
    for train, size in ((21, 1), (51, 50), (1, 8)):
        assert len(fit(model, replace(faces, train=faces.train[:train]), epochs=1, batch_size=size)) == 1


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

    class Tuple(nn.Sequential):
        def forward(self, images):
            return (super().forward(images),) if self.training else super().forward(images)

    with pytest.raises(fc.ParameterError, match="found a tuple"):
        fc.range_test(Tuple(nn.Flatten(), nn.Linear(2304, 7)), few, device="cpu")
    for wrong in (
        dict(batch_size=2**63),
        dict(steps=10**400),
        dict(steps="9"),
        dict(steps=9.0),
        dict(lowest="a"),
        dict(seed="0"),
        dict(batch_size="5"),
    ):
        with pytest.raises(fc.ParameterError, match=next(iter(wrong))):
            fc.range_test(linear(), few, device="cpu", **wrong)
    table = fc.range_test(
        linear(), few, steps=np.int64(3), lowest=np.float32(1e-4), batch_size=np.int64(9), device="cpu"
    )
    assert len(table) == 3


NETWORKS = {
    "mlp": lambda: fc.mlp(0.5, 0.25, hidden=(32, 16)),
    "cnn": lambda: fc.cnn(0.5, 0.25),
    "bn_cnn": lambda: fc.bn_cnn(0.5, 0.25),
    "prelu_cnn": lambda: fc.prelu_cnn(0.5, 0.25),
    "resnet9": lambda: fc.resnet9(0.5, 0.25),
    "small_resnet": lambda: fc.small_resnet(8, 0.5, 0.25),
    "resnet": lambda: fc.resnet(18, 0.5, 0.25),
    "efficientnet_b0": fc.efficientnet_b0,
    "fast": lambda: fc.fast(widths=(8, 8, 16, 16), residual_steps=(1, 1, 1)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_in_every_network_of_the_course_every_weight_moves(name):
    """A ReLU behind a scale that starts at 0 lets no gradient through, ever; nothing else shows it."""
    torch.manual_seed(0)
    model, data = NETWORKS[name](), fc.drawn_faces(32, 0, 0, seed=3).train
    before = {name: weights.detach().clone() for name, weights in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(3):  # behind a scale of 0 the weights move from the second step on
        fc.train_epoch(model, fc.batches(data, 32), optimizer)
    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    without_effect = {f"{place}.bias" for place, (_, norm) in enumerate(pairwise(model)) if isinstance(norm, norms)}
    still = {name for name, weights in model.named_parameters() if torch.equal(weights, before[name])}
    assert still <= without_effect


@pytest.mark.parametrize("build", [fc.mlp, fc.cnn, fc.bn_cnn, fc.resnet9, partial(fc.small_resnet, 8)])
def test_a_mean_of_grey_levels_from_0_to_255_is_refused_with_the_one_from_0_to_1(build):
    for mean, std in ((129.5, 65.0), (0.5, 65.0), ("0.5", 0.25), (0.5, -0.25), (float("nan"), 0.25)):
        with pytest.raises(fc.ParameterError, match=r"expected (mean|std) from 0 to 1, in grey levels of \[0, 1\]: of"):
            build(mean, std)
    assert build(np.float64(0.5), torch.tensor(0.25))(torch.rand(2, 1, 48, 48)).shape == (2, 7)


@pytest.mark.parametrize("build", [fc.mlp, fc.cnn, fc.prelu_cnn, fc.bn_cnn], ids=lambda build: build.__name__)
@pytest.mark.parametrize("share", [float("nan"), -0.1, 1.5, 20, "0.2", True, None], ids=str)
def test_a_dropout_that_is_no_share_is_refused(build, share):
    with pytest.raises(fc.ParameterError, match=r"expected dropout from 0 to 1; found dropout="):
        build(0.5, 0.25, dropout=share)


@pytest.mark.parametrize(
    ("build", "setting", "expected"),
    [
        (fc.mlp, {"hidden": (0,)}, "each of hidden, a whole number ≥ 1"),
        (fc.mlp, {"hidden": (2.5,)}, "each of hidden, a whole number ≥ 1"),
        (fc.mlp, {"hidden": "64"}, "hidden, a list of whole numbers"),
        (fc.mlp, {"hidden": 64}, "hidden, a list of whole numbers"),
        (fc.bn_cnn, {"outputs": 0}, "outputs, a whole number ≥ 1"),
        (partial(fc.small_resnet, 8), {"shortcuts": "False"}, "shortcuts=True or False"),
        (fc.mlp, {"std": 0}, "std over 0; found 0.0: all pixels are equal"),
    ],
)
def test_a_setting_with_which_a_network_cannot_learn_is_refused(build, setting, expected):
    with pytest.raises(fc.ParameterError, match=f"expected {expected}"):
        build(**{"mean": 0.5, "std": 0.25} | setting)


@pytest.mark.parametrize(
    "hidden", [[16, 8], (16, 8), np.array([16, 8]), (np.int64(16), 8)], ids=["list", "tuple", "array", "numpy"]
)
def test_units_come_as_any_sequence_of_whole_numbers(hidden):
    widths = [layer.out_features for layer in fc.mlp(0.5, 0.25, hidden=hidden) if isinstance(layer, nn.Linear)]
    assert widths == [16, 8, 7]
