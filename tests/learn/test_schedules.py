"""Schedules: against torch's own, and the plateau rule against a walk through it by hand."""

import numpy as np
import pytest
import torch

import fercourse as fc

STEPS, EPOCHS = 7, 5


def rates_of_torch(kind, *, each_epoch=False, **settings):
    """The rate of every step under one of torch's schedules, from a rate of 2."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    schedule = kind(optimizer, **settings)
    rates = []
    for step in range(STEPS * EPOCHS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not each_epoch or (step + 1) % STEPS == 0:
            schedule.step()
    return rates


def rates_of(schedule):
    return [2.0 * schedule.multiplier(taken, steps_an_epoch=STEPS, epochs=EPOCHS) for taken in range(STEPS * EPOCHS)]


def test_step_is_torchs_step():
    theirs = rates_of_torch(torch.optim.lr_scheduler.StepLR, step_size=2, gamma=0.3, each_epoch=True)
    assert rates_of(fc.Step(step_size=2, gamma=0.3)) == pytest.approx(theirs)


def test_cosine_is_torchs_cosine_a_little_with_each_batch():
    theirs = rates_of_torch(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=STEPS * EPOCHS)
    assert rates_of(fc.Cosine()) == pytest.approx(theirs)


def test_a_warm_up_rises_in_equal_steps_to_the_rate_from_which_the_cosine_falls():
    rates = rates_of(fc.Cosine(warmup=0.2))
    assert rates[:8] == pytest.approx([2 * step / 7 for step in range(1, 8)] + [2.0])
    assert sorted(rates[7:], reverse=True) == rates[7:]


@pytest.mark.parametrize("pct_start", [0.1, 0.3, 0.77])
def test_one_cycle_is_torchs_one_cycle(pct_start):
    theirs = rates_of_torch(
        torch.optim.lr_scheduler.OneCycleLR,
        max_lr=2.0,
        total_steps=STEPS * EPOCHS,
        pct_start=pct_start,
        cycle_momentum=False,
    )
    assert rates_of(fc.OneCycle(pct_start=pct_start)) == pytest.approx(theirs)


@pytest.mark.parametrize("total", [1, 2, 3, 10])
def test_one_cycle_has_a_rate_for_every_step_of_a_short_training(total):
    rates = [fc.OneCycle().multiplier(taken, steps_an_epoch=total, epochs=1) for taken in range(total)]
    assert all(0 < rate <= 1 for rate in rates)


@pytest.mark.parametrize("pct_start", [0.01, 0.3, 0.5, 0.77, 0.99])
@pytest.mark.parametrize("total", range(1, 9))
def test_one_cycle_learns_something_however_few_its_steps_are(total, pct_start):
    schedule = fc.OneCycle(pct_start=pct_start)
    rates = [schedule.multiplier(taken, steps_an_epoch=total, epochs=1) for taken in range(total)]
    assert all(0 < rate <= 1 for rate in rates)
    assert max(rates) >= 0.5
    assert total == 1 or rates[-1] == pytest.approx(1 / 25e4)


def test_a_training_of_one_step_takes_it_at_the_full_rate(faces):
    model = fc.mlp(0.5, 0.25, hidden=(8,))
    history = fc.fit(
        model, faces, epochs=1, batch_size=500, lr=0.3, schedule=fc.OneCycle(), device="cpu", progress=False
    )
    assert history["lr"] == [0.3]


NUMPY = [
    (fc.Step(step_size=np.int64(3), gamma=np.float32(0.1)), fc.Step(step_size=3, gamma=0.1)),
    (fc.Step(step_size=torch.tensor(3), gamma=1), fc.Step(step_size=3, gamma=1.0)),
    (fc.Cosine(warmup=np.array(0.2)), fc.Cosine(warmup=0.2)),
    (fc.OneCycle(pct_start=torch.tensor(0.25)), fc.OneCycle(pct_start=0.25)),
    (fc.Plateau(patience=np.uint8(2), stop=np.float32(1e-5)), fc.Plateau(patience=2, stop=1e-5)),
]


@pytest.mark.parametrize(("given", "plain"), NUMPY, ids=lambda schedule: repr(schedule))
def test_a_schedule_of_numpys_numbers_is_the_schedule_of_plain_ones(given, plain):
    assert given == plain
    assert repr(given) == repr(plain)


def test_a_plateau_waits_its_epochs_goes_back_and_waits_again():
    rule = fc.Plateau(patience=2, factor=0.5)
    accuracies = [0.3, 0.4, 0.4, 0.2, 0.35, 0.41, 0.1, 0.41, 0.40, 0.3]
    followed = [rule.follow(accuracies[: epoch + 1]) for epoch in range(len(accuracies))]
    # Epochs 3 and 4 are no better than epoch 2, 7 and 8 no better than 6, nor are 9 and 10.
    assert [back for _, back in followed] == [False, False, False, True, False, False, False, True, False, True]
    assert [factor for factor, _ in followed] == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_a_plateau_that_never_came_changes_nothing():
    assert fc.Plateau().follow([]) == (1.0, False)
    assert fc.Plateau(patience=1).follow([0.1, 0.2, 0.3]) == (1.0, False)


@pytest.mark.parametrize(
    "build",
    [
        lambda: fc.Step(step_size=0),
        lambda: fc.Step(gamma=0),
        lambda: fc.Cosine(warmup=1.0),
        lambda: fc.OneCycle(pct_start=0.0),
        lambda: fc.OneCycle(pct_start=1.0),
        lambda: fc.Plateau(patience=0),
        lambda: fc.Plateau(factor=1.0),
        lambda: fc.Step(step_size="3"),
        lambda: fc.Step(step_size=2.0),
        lambda: fc.Step(step_size=True),
        lambda: fc.Step(gamma=float("inf")),
        lambda: fc.Cosine(warmup="0.1"),
        lambda: fc.Cosine(warmup=float("nan")),
        lambda: fc.OneCycle(pct_start=None),
        lambda: fc.OneCycle(pct_start=np.array([0.3])),
        lambda: fc.Plateau(patience=2.5),
        lambda: fc.Plateau(stop="1e-7"),
        lambda: fc.Plateau(stop=-1.0),
    ],
)
def test_a_schedule_that_cannot_work_is_refused_with_its_values(build):
    with pytest.raises(fc.ParameterError, match=r"expected .* found (Step|Cosine|OneCycle|Plateau)"):
        build()


def test_a_triangle_rises_and_falls_in_straight_lines_worked_out_by_hand():
    # eight steps, a quarter of them up: 1/2, 1, then from 6/6 down in sixths
    rates = [fc.Triangle(rise=0.25).multiplier(taken, steps_an_epoch=4, epochs=2) for taken in range(8)]
    assert rates == pytest.approx([1 / 2, 1, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])


@pytest.mark.parametrize("rise", [0.01, 0.25, 0.99])
@pytest.mark.parametrize("total", range(1, 6))
def test_a_short_triangle_never_passes_the_rate_and_never_stands_still(total, rise):
    rates = [fc.Triangle(rise=rise).multiplier(taken, steps_an_epoch=total, epochs=1) for taken in range(total)]
    assert all(0 < rate <= 1 for rate in rates)
    assert max(rates) > 0.5


@pytest.mark.parametrize("rise", [0, 1, -0.1, 1.5, float("nan"), "0.25", True, None])
def test_a_rise_outside_of_0_to_1_is_refused(rise):
    with pytest.raises(fc.ParameterError, match="expected 0 < rise < 1"):
        fc.Triangle(rise=rise)
