"""The fast network and its arithmetic: sizes and operations worked out by hand."""

import pytest
import torch
from torch import nn

import fercourse as fc
from fercourse.learn.costs import cost, training_flops
from fercourse.learn.fast.network import StandardiseEach
from fercourse.learn.models import Residual

# inputs, outputs, and the part of the face's side at which each 3×3 convolution works
CONVOLUTIONS = ((4, 48, 2), (48, 64, 2), (64, 128, 4), (128, 128, 4), (128, 256, 8), (256, 256, 8))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return fc.fast()


def test_its_weights_are_those_counted_by_hand(model):
    kernels = sum(9 * inputs * outputs for inputs, outputs, _ in CONVOLUTIONS)
    norms = sum(2 * outputs for _, outputs, _ in CONVOLUTIONS)
    assert sum(weights.numel() for weights in model.parameters()) == kernels + norms + 256 * 7 + 7


@pytest.mark.parametrize("side", [32, 40, 48, 64])
def test_its_operations_at_a_side_are_those_counted_by_hand(model, side):
    products = sum(9 * inputs * outputs * (side // part) ** 2 for inputs, outputs, part in CONVOLUTIONS)
    assert cost(model, side=side).flops == 2 * (products + 256 * 7)


def test_fifteen_epochs_on_fer2013_are_three_times_the_forward_passes_at_their_sides(model):
    sides = [32] * 5 + [40] * 4 + [48] * 6
    forward = 5 * cost(model, side=32).flops + 4 * cost(model, side=40).flops + 6 * cost(model).flops
    assert training_flops(model, faces=28_709, sides=sides) == 3 * 28_709 * forward
    assert round(3 * 28_709 * forward / 1e15, 3) == 0.153


@pytest.mark.parametrize(
    ("settings", "words"),
    [(dict(faces=0, sides=[48]), "expected faces"), (dict(faces=1, sides=48), "a list of sides"),
     (dict(faces=1, sides="48"), "a list of sides"), (dict(faces=1, sides=[48.0]), "expected each of sides"),
     (dict(faces=1, sides=[48, 47]), "this one says")],
    ids=["no faces", "a number", "a word", "a fraction", "an odd side"],
)  # fmt: skip
def test_operations_of_what_cannot_be_trained_are_not_counted(model, settings, words):
    with pytest.raises(fc.ParameterError, match=words):
        training_flops(model, **settings)


@pytest.mark.parametrize("side", [8, 32, 46, 48])
def test_it_answers_faces_of_any_even_side(model, side):
    assert model.eval()(torch.rand(3, 1, side, side)).shape == (3, 7)


def test_light_and_contrast_of_a_face_change_nothing_and_one_grey_is_no_division_by_0():
    each, images = StandardiseEach(), torch.rand(5, 1, 48, 48)
    standardised = each(images)
    assert standardised.mean((1, 2, 3)).abs().max() < 1e-5
    by_hand = (images[3] - images[3].mean()) / (images[3].std() + 8 / 255)
    torch.testing.assert_close(standardised[3], by_hand)
    torch.testing.assert_close(each(images + 0.3), standardised)
    assert torch.equal(each(torch.full((1, 1, 48, 48), 0.5)), torch.zeros(1, 1, 48, 48))


def test_residual_steps_start_as_nothing_and_are_learnt(model):
    steps = [layer for layer in model if isinstance(layer, nn.Sequential) and isinstance(layer[0], Residual)]
    assert [step[0].block[0].in_channels for step in steps] == [128, 256]
    for step in steps:
        activation = torch.rand(2, step[0].block[0].in_channels, 6, 6)
        assert torch.equal(step(activation), activation)
        step.train()(activation).square().sum().backward()
        assert step[0].block[1].weight.grad.abs().min() > 0


def test_the_head_adds_maximum_and_mean_and_scales_the_logits(model):
    *body, pools, linear, scaled = model.eval()
    activation = nn.Sequential(*body)(torch.rand(2, 1, 48, 48))
    pooled = activation.flatten(2).max(2).values + activation.flatten(2).mean(2)
    torch.testing.assert_close(pools(activation), pooled)
    torch.testing.assert_close(scaled(linear(pooled)), 0.25 * (pooled @ linear.weight.T + linear.bias))


def test_widths_steps_and_scale_can_be_others():
    model = fc.fast(widths=(8, 16, 24), residual_steps=(2, 0), logit_scale=1)
    assert [type(layer).__name__ for layer in model] == [
        "StandardiseEach", "PixelUnshuffle", "Sequential", "Sequential", "Sequential", "Sequential", "MaxPool2d",
        "Sequential", "BothPools", "Linear", "Scaled",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(widths=(8,)), "found 1 widths"),
        (dict(widths=(8, 16)), "found 2 widths and 3 residual_steps"),
        (dict(widths=(8, 0, 8, 8)), "expected each of widths"),
        (dict(widths=(8, 8.5, 8, 8)), "expected each of widths"),
        (dict(widths=48), "expected widths, a list"),
        (dict(widths="4444"), "expected widths, a list"),
        (dict(residual_steps=(0, -1, 1)), "expected each of residual_steps"),
        (dict(residual_steps=(0, True, 1)), "expected each of residual_steps"),
        (dict(logit_scale=0), "expected logit_scale over 0"),
        (dict(logit_scale="small"), "expected logit_scale over 0"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(settings, words):
    with pytest.raises(fc.ParameterError, match=words):
        fc.fast(**settings)


def test_it_learns_drawn_faces_with_muon_and_growing_sides(faces):
    torch.manual_seed(0)
    model = fc.fast(widths=(8, 12, 16, 24))
    history = fc.fit(
        model, faces, epochs=12, sides=[32] * 4 + [40] * 4 + [48] * 4, optimizer=fc.muon, schedule=fc.Triangle(),
        batch_size=30, device="cpu", progress=False,
    )  # fmt: skip
    assert history[-1]["train_loss"] < 0.8 * history[0]["train_loss"]
