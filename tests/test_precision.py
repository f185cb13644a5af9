"""Convolutions with the channels last in memory: the same results, and resumed bit for bit from either layout."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import fercourse as fc
from fercourse.learn.precision import at_precision

SETTINGS = dict(batch_size=50, device="cpu", progress=False)


def small_cnn():
    torch.manual_seed(0)
    convolutions = (nn.Conv2d(1, 4, 3, stride=4), nn.ReLU(), nn.Conv2d(4, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU())
    return nn.Sequential(fc.Standardise(0.5, 0.25), *convolutions, nn.Flatten(), nn.Linear(200, 7))


class Deep(nn.Module):
    """A network that also has weights of five dimensions, which know no channels last."""

    def __init__(self):
        super().__init__()
        self.flat, self.deep, self.answer = nn.Conv2d(1, 1, 1), nn.Conv3d(1, 2, (1, 8, 8), stride=8), nn.Linear(72, 7)

    def forward(self, images):
        return self.answer(self.deep(self.flat(images)[:, :, None]).flatten(1))


def same_bits(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def in_another_layout(state):
    """A checkpoint's content with every tensor in rows, as a GPU or an earlier version of the course left it."""
    if torch.is_tensor(state):
        return state.contiguous()
    if isinstance(state, dict):
        return {key: in_another_layout(value) for key, value in state.items()}
    return state


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_convolutions_compute_with_the_channels_last_and_the_models_logits_stay_near(precision):
    model, images = small_cnn(), torch.rand(8, 1, 48, 48)
    expected, formats = model(images), []
    model[3].register_forward_hook(lambda layer, given, output: formats.append(output))
    torch.testing.assert_close(
        at_precision(model, precision, torch.device("cpu"))(images), expected, rtol=0.1, atol=0.1
    )
    assert formats[0].is_contiguous(memory_format=torch.channels_last)
    assert not formats[0].is_contiguous()
    assert [tuple(weights.shape) for weights in model.parameters()][2] == (8, 4, 3, 3)


def test_fit_in_float32_takes_the_steps_of_a_loop_that_knows_no_layout(faces):
    fitted, by_hand = small_cnn(), small_cnn()
    fc.fit(fitted, faces, epochs=1, shuffle=False, optimizer="sgd", lr=0.05, **SETTINGS)
    optimizer = torch.optim.SGD(by_hand.parameters(), lr=0.05)
    for images, labels in fc.batches(faces.train, 50):
        optimizer.zero_grad()
        F.cross_entropy(by_hand(images), labels).backward()
        optimizer.step()
    assert by_hand[3].weight.is_contiguous(), "this side has the channels first"
    for name, weights in fitted.state_dict().items():
        torch.testing.assert_close(weights, by_hand.state_dict()[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adadelta"])
@pytest.mark.parametrize("change", [copy.copy, in_another_layout])
def test_a_cnn_resumes_bit_for_bit_from_either_layout(tmp_path, faces, optimizer, change):
    settings = SETTINGS | dict(optimizer=optimizer, ema=0.9, keep="best", momentum=0.9 * (optimizer == "sgd"))
    whole, begun, resumed = small_cnn(), small_cnn(), small_cnn()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        history = fc.fit(whole, faces, epochs=3, **settings)
        fc.fit(begun, faces, epochs=1, checkpoint=tmp_path / "run.pt", **settings)
        torch.save(change(torch.load(tmp_path / "run.pt")), tmp_path / "run.pt")
        again = fc.fit(resumed, faces, epochs=3, checkpoint=tmp_path / "run.pt", resume=True, **settings)
    finally:
        torch.set_num_threads(threads)
    assert again["train_loss"] == history["train_loss"]
    assert same_bits(resumed, whole)


def test_a_fitted_model_answers_as_its_state_does_in_a_fresh_one(faces):
    fitted, fresh = small_cnn(), small_cnn()
    fc.fit(fitted, faces, epochs=1, **SETTINGS)
    fresh.load_state_dict(fitted.state_dict())
    assert same_bits(fresh, fitted)
    here, there = fc.predict(fitted, faces.valid), fc.predict(fresh, faces.valid)
    np.testing.assert_allclose(here.probabilities, there.probabilities, atol=1e-5)


def wide_cnn():
    layers = (nn.Conv2d(1, 2, 3, stride=8), nn.Conv2d(2, 512, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(512, 7))


@pytest.mark.parametrize("build", [lambda: fc.mlp(0.5, 0.25, hidden=(8,)), Deep, wide_cnn])
def test_weights_of_other_layers_and_of_wide_convolutions_stay_where_they_lie(faces, build):
    model = build()
    before = [weights.stride() for weights in model.parameters()]
    fc.fit(model, faces, epochs=1, **SETTINGS)
    assert [weights.stride() for weights in model.parameters()] == before
