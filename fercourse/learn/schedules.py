"""Learning-rate schedules: frozen values that say by what the rate is multiplied, and when.

Step, Cosine and OneCycle are functions of the steps taken and nothing else; Plateau is one of the accuracies so far.
So a resumed training needs no state of theirs.
"""

import math
from dataclasses import dataclass, fields

from fercourse.errors import ParameterError
from fercourse.settings import is_number, is_whole, plain


@dataclass(frozen=True, kw_only=True)
class Step:
    """Multiply the rate by `factor` after every `every` epochs. As torch.optim.lr_scheduler.StepLR."""

    every: int = 10
    factor: float = 0.1

    def __post_init__(self):
        _expect("every, a whole number ≥ 1, and 0 < factor", self, lambda: self.every >= 1 and self.factor > 0)

    def multiplier(self, taken, *, steps_an_epoch, epochs):
        """What the rate is multiplied by at the step after `taken` steps."""
        return self.factor ** (taken // steps_an_epoch // self.every)


@dataclass(frozen=True, kw_only=True)
class Cosine:
    """Let the rate fall to 0 along half a cosine, a little with each batch, after a linear rise over `warmup`.

    warmup: share of all steps, 0 to under 1. Loshchilov and Hutter 2017, SGDR (without restarts).
    """

    warmup: float = 0.0

    def __post_init__(self):
        _expect("0 ≤ warmup < 1", self, lambda: 0 <= self.warmup < 1)

    def multiplier(self, taken, *, steps_an_epoch, epochs):
        """What the rate is multiplied by at the step after `taken` steps."""
        total = steps_an_epoch * epochs
        rising = round(self.warmup * total)
        if taken < rising:
            return (taken + 1) / rising
        return (1 + math.cos(math.pi * (taken - rising) / (total - rising))) / 2


@dataclass(frozen=True, kw_only=True)
class OneCycle:
    """Let the rate rise from 1/25 of `lr` to `lr` over the share `rise` of all steps, then fall to almost 0.

    One step a batch; both ways along half a cosine. It needs to know all steps beforehand. As
    torch.optim.lr_scheduler.OneCycleLR without its cycle of momentum (Smith and Topin 2018, Super-Convergence); but
    one or two steps have no room for a rise, and then the first one is taken at `lr`.
    """

    rise: float = 0.3

    def __post_init__(self):
        _expect("0 < rise < 1", self, lambda: 0 < self.rise < 1)

    def multiplier(self, taken, *, steps_an_epoch, epochs):
        """What the rate is multiplied by at the step after `taken` steps."""
        last = steps_an_epoch * epochs - 1
        peak = self.rise * (last + 1) - 1 if last > 1 else 0
        if taken <= peak:
            return _between(1 / 25, 1, taken / peak if peak else 1)
        return _between(1, 1 / 25e4, (taken - peak) / (last - peak))


@dataclass(frozen=True, kw_only=True)
class Plateau:
    """After `patience` epochs without a better valid accuracy go back to the best epoch, at `factor` of the rate.

    Weights and optimiser return to the state of the best epoch; the training ends where the rate falls under `stop`.
    The rule of one of the notebooks from which this course grew.
    """

    patience: int = 5
    factor: float = 0.25
    stop: float = 1e-7

    def __post_init__(self):
        rule = "patience, a whole number ≥ 1, 0 < factor < 1 and stop ≥ 0"
        _expect(rule, self, lambda: self.patience >= 1 and 0 < self.factor < 1 and self.stop >= 0)

    def follow(self, accuracies):
        """(what the rate is multiplied by, whether the last epoch sends the training back), after these epochs."""
        best, waited, multiplier, back = -math.inf, 0, 1.0, False
        for accuracy in accuracies:
            waited = 0 if accuracy > best else waited + 1
            best = max(best, accuracy)
            back = waited == self.patience
            if back:
                waited, multiplier = 0, multiplier * self.factor
        return multiplier, back


def _between(start, end, share):
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _expect(rule, schedule, kept):
    """Make the schedule's numbers Python's; raise ParameterError for what is no number of its kind or breaks a rule."""
    sound = True
    for field in fields(schedule):
        value = plain(getattr(schedule, field.name))
        fits = is_whole(value) if field.type is int else is_number(value)
        object.__setattr__(schedule, field.name, field.type(value) if fits else value)
        sound &= fits
    if not sound or not kept():
        raise ParameterError(f"expected {rule}; found {schedule}")
