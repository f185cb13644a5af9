"""Sheet 11: what the answers of 11.1 say, seen where it happens; the toy of 11.3 is Grad-CAM; the p of 11.5."""

import math

import numpy as np
import pytest
import torch
from sheet_runs import sheet
from torch import nn

import fercourse as fc
from fercourse.classroom.checks import lesson_11
from fercourse.data.faces import SIDE

SHEET = "11_looking_inside"


def from_sheet(name):
    """What is defined in the cell of the solved sheet that defines the function `name`."""
    names = {"np": np, "math": math}
    (cell,) = [cell for cell in sheet(SHEET).cells if cell.cell_type == "code" and f"def {name}(" in cell.source]
    exec(cell.source, names)
    return names


def test_a_hook_runs_until_it_is_taken_away():
    layer, calls = nn.Linear(2, 2), []
    handle = layer.register_forward_hook(lambda *_: calls.append(1))
    for _ in range(3):
        layer(torch.ones(1, 2))
    handle.remove()
    layer(torch.ones(1, 2))
    assert (len(calls) == 3) == ("A" in lesson_11.TRUE)


@pytest.mark.parametrize("training", [False, True])
def test_the_gradient_of_the_sum_is_each_faces_own_in_evaluation_alone(training):
    torch.manual_seed(11)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 7))
    images = torch.rand(4, 1, 8, 8, requires_grad=True)
    model.train(training)
    (together,) = torch.autograd.grad(model(images)[:, 3].sum(), images)
    alone = [torch.autograd.grad(model(images)[face, 3], images)[0][face] for face in range(4)]
    assert torch.allclose(together, torch.stack(alone), atol=1e-6) == (not training)
    assert "B" in lesson_11.TRUE


def test_the_filter_of_the_largest_weight_is_the_same_with_both_kinds_of_scales():
    filters = np.random.default_rng(11).normal(size=(5, 4, 3, 3))
    one = np.rint(filters / (np.abs(filters).max() / 127))
    each = np.rint(filters / (np.abs(filters).max((1, 2, 3), keepdims=True) / 127))
    largest = np.abs(filters).max((1, 2, 3)).argmax()
    same = [np.array_equal(one[place], each[place]) for place in range(5)]
    assert same == [place == largest for place in range(5)]
    assert "E" in lesson_11.TRUE


def test_occlusion_asks_as_often_as_the_answer_says():
    model = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 7))
    drops = fc.occlusion(model, torch.rand(1, 1, SIDE, SIDE), size=12, stride=6)
    assert drops[0].size == lesson_11.COVERED


def test_so_many_products_fit_into_16_bits_and_one_more_does_not():
    room, product = np.iinfo(np.int16).max, 255 * (2**4 - 1)
    assert lesson_11.PRODUCTS * product <= room < (lesson_11.PRODUCTS + 1) * product


def test_the_marks_of_the_toy_are_those_of_grad_cam():
    generator = np.random.default_rng(11)
    weights, face = generator.normal(0.1, 1, (SIDE, SIDE)), generator.random((SIDE, SIDE)).astype(np.float32)
    model = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(SIDE * SIDE, 7, bias=False))
    with torch.no_grad():
        model[2].weight[2] = torch.tensor(weights.ravel())
    cam = fc.grad_cam(model, torch.tensor(face)[None, None], model[0], of=2)[0]
    assert np.allclose(cam, from_sheet("marked")["marked"](weights, face), atol=1e-6)
    assert cam.max() > 0


def test_each_of_the_three_mistakes_is_in_the_broken_quantisation():
    broken = from_sheet("broken_int8")["broken_int8"]
    numbers, scales = broken(np.array([[[[1.0]]], [[[-1.0]]]]))
    assert scales.shape == (1, 1, 1, 1)  # one for each channel
    assert (scales.item(), numbers.ravel().tolist()) == (1 / 128, [127, -128])
    assert broken(np.array([[[[1.0]]], [[[1.9 / 128]]]]))[0].ravel().tolist() == [127, 1]  # cut off, not rounded


def test_the_p_of_the_exercise_is_that_of_the_courses_paired_test():
    what_changed = from_sheet("what_changed")["what_changed"]
    labels = np.random.default_rng(11).integers(0, 7, 300)
    before, after = labels.copy(), labels.copy()
    before[:9], after[5:31] = (before[:9] + 1) % 7, (after[5:31] + 2) % 7
    one, other = (fc.Predictions(np.eye(7)[codes], labels, "by hand") for codes in (before, after))
    test, came = other.versus(one), what_changed(labels, before, after)
    assert (came["won"], came["lost"]) == (test.wins, test.losses)
    assert came["p"] == pytest.approx(test.p_value)
