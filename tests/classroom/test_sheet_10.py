"""Sheet 10: what ingredients change in 10.1, averages of 10.2, matrices of 10.3, prices of 10.4, the budget of 10.5."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sheet_runs import sheet
from torch import nn

import fercourse as fc
from fercourse.classroom.checks import lesson_10
from fercourse.classroom.checks.shared import layers
from fercourse.classroom.checks.shared.compare import plain
from fercourse.classroom.later_probes import averages
from fercourse.errors import CheckFailed

STEM = "10_the_recipe"


def names_of(*starts):
    """The names that the cells whose ids begin so define."""
    names = {"fc": fc, "F": F, "nn": nn, "torch": torch}
    for cell in sheet(STEM).cells:
        if cell.cell_type == "code" and cell.id.startswith(starts):
            exec(cell.source, names)
    return names


# 10.1


def rung(*, stem=False, norm=False, pools=False):
    """The first rung of the lesson's ladder, with these ingredients."""

    def convolution(inputs, outputs):
        layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=not norm)]
        return [*layers, nn.BatchNorm2d(outputs)] if norm else layers

    first = [nn.PixelUnshuffle(2), *convolution(4, 16)] if stem else [*convolution(1, 16), nn.MaxPool2d(2)]
    body = [*first, *convolution(16, 32), nn.MaxPool2d(2), *convolution(32, 64)]
    if pools:
        return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 7))
    last = [nn.Linear(2304, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 7)]
    return nn.Sequential(*body, nn.MaxPool2d(2), nn.Flatten(), *last)


@pytest.mark.parametrize(("place", "part"), [(0, "stem"), (1, "norm"), (2, "pools")])
def test_the_layers_of_the_question_change_what_the_answer_says(place, part):
    before, after = fc.cost(rung()), fc.cost(rung(**{part: True}))
    changed = "W" * (before.parameters != after.parameters) + "P" * (before.flops != after.flops)
    assert changed == lesson_10.CHANGES[place]


def test_no_network_has_a_smaller_smoothed_loss_than_the_answer_says():
    label = torch.tensor([3])
    best = torch.tensor(lesson_10.TARGET).log()[None]
    assert F.cross_entropy(best, label, label_smoothing=0.1).item() == pytest.approx(lesson_10.LEAST)
    for push in (-0.1, 0.1):
        away = best + push * F.one_hot(label, 7)
        assert F.cross_entropy(away, label, label_smoothing=0.1) > lesson_10.LEAST


def test_the_triangle_has_the_height_of_the_answer_and_knows_the_end():
    six_of = {epochs: fc.Triangle(rise=0.25).multiplier(600, steps_an_epoch=100, epochs=epochs) for epochs in (8, 12)}
    assert six_of[8] == pytest.approx(lesson_10.HEIGHT, abs=0.01)
    assert six_of[12] > six_of[8]


# 10.2


def test_a_corrected_average_is_that_of_adam():
    """Adam's first moment of gradients g is Σ keepⁿ⁻ⁱ · gᵢ over the sum of the powers, where its step divides by it."""
    averaged = names_of("10-2-answer")["Averaged"]
    layer = nn.Linear(1, 1, bias=False).double()
    average, moment = averaged(layer, 0.9), 0.0
    for step in range(1, 8):
        value = float(step**2)
        nn.init.constant_(layer.weight, value)
        average.update(layer)
        moment = 0.9 * moment + 0.1 * value
        assert average.state()["weight"].item() == pytest.approx(moment / (1 - 0.9**step))


def test_of_an_average_each_fault_is_seen_by_itself():
    averaged = names_of("10-2-answer")["Averaged"]

    def asked(**methods):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        states = [{name: value + step for name, value in model.state_dict().items()} for step in (1, 2)]
        return plain(averages(type("Own", (averaged,), methods), model, 0.9, states)), states

    came, states = asked()
    assert came["trains"]
    assert all(np.array_equal(came["model"][name], value.numpy()) for name, value in states[-1].items())
    for then, later in zip(came["states"], came["later"], strict=True):
        assert all(np.array_equal(then[name], later[name]) for name in then)
    came, _ = asked(
        update=lambda self, model: setattr(self, "model", model), state=lambda self: self.model.state_dict()
    )
    assert not np.array_equal(came["states"][0]["0.weight"], came["later"][0]["0.weight"])
    came, _ = asked(update=lambda self, model: averaged.update(self, model.requires_grad_(False)))
    assert not came["trains"]
    assert averages(type("Empty", (), {}), nn.Linear(1, 1), 0.9, []) == {}


# 10.3


@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3)])
def test_the_evened_matrix_that_answers_are_held_against_is_the_lessons(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    evened = names_of("10-def-evened")["evened"]
    assert np.allclose(layers.evened(matrix.numpy(), 4), evened(matrix))


def test_the_agreement_is_under_the_bound_in_a_window_and_perfect_evening_could_not_go_below_0_18():
    def of(size):
        matrix = np.full((32, 32), 0.5) + size * np.eye(32)
        return layers.cosine(matrix, layers.evened(matrix, 4))

    assert [of(size) < lesson_10.BOUND for size in (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    generator = np.random.default_rng(0)
    for _ in range(20):
        left, values, right = np.linalg.svd(generator.uniform(0.5, 1, (32, 32)))
        assert layers.cosine(left * values @ right, left @ right) >= 1 / np.sqrt(32)


def test_a_matrix_outside_of_the_bounds_is_told_so():
    agreement = names_of("10-def-evened", "10-3-answer")["agreement"]
    for matrix, said in (
        (np.eye(32), "from 0.5 to 1, came some from 0 to 1"),
        (np.ones((32, 32)), "agreement is 1.000"),
    ):
        with pytest.raises(CheckFailed, match=said):
            lesson_10.two_ways(agreement, matrix)


# 10.4


def test_the_colleagues_price_is_right_in_the_colleagues_test_and_in_no_other_one_of_the_check():
    names = names_of("10-def-plain-network", "10-def-priced")
    lesson_10.expect_priced(names["priced"], [16, 32, 64], 1024, [48] * 5, 64, "the colleague's")
    assert str(names["plain_network"]([4, 6])) == str(layers.plain_network([4, 6]))
    for faces, sides in ((1000, [48]), (1024, [32]), (1024, [47, 48])):
        with pytest.raises(CheckFailed):
            lesson_10.expect_priced(names["priced"], [16, 32, 64], faces, sides, 64, "another")


# 10.5


def test_the_baseline_has_the_network_the_faces_and_the_recipe_of_the_sheet(monkeypatch):
    names, learnt = names_of("10-drawn", "10-def-given-cnn"), []
    monkeypatch.setattr(lesson_10, "fit", lambda model, faces, **recipe: learnt.append((model, faces, recipe)))
    lesson_10.trained_plainly()
    [(model, (train, _), recipe)] = learnt
    assert np.array_equal(train.images, names["train"].images)
    assert len(train) == lesson_10.FACES
    assert str(model) == str(names["given_cnn"]())
    assert names["recipe"].items() <= recipe.items()
    assert fc.training_flops(model, faces=len(train), sides=[48] * recipe["epochs"]) <= lesson_10.BUDGET


def test_a_training_over_the_budget_is_told_what_it_takes():
    small = lambda: layers.plain_network([16, 32, 48])  # noqa: E731
    lesson_10.expect_within(small, np.array([48] * 19))
    for sides, said in (
        ([48] * 25, "25 epochs at these sides take 0.7"),
        (None, "came None"),
        ([48, 0], "came"),
        (48, "came 48"),
    ):
        with pytest.raises(CheckFailed, match=said):
            lesson_10.expect_within(small, sides)


def test_the_network_and_the_sides_of_the_solution_keep_to_the_budget():
    names = names_of("10-5-answer")
    lesson_10.expect_within(names["network"], names["sides"])
    assert copy.deepcopy(names["network"]())(torch.zeros(2, 1, 48, 48)).shape == (2, 7)
