"""Learning-rate schedules: frozen values that say by what the rate is multiplied, and when; and torch's schedulers.

Step, Cosine, OneCycle and Triangle are functions of the steps taken and nothing else; Plateau is one of the accuracies
so far. So a resumed training needs no state of theirs. A scheduler of torch has one, which the checkpoint keeps.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Protocol

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from fercourse.errors import ParameterError
from fercourse.settings import is_number, is_whole, plain


class Schedule(Protocol):
    """What a schedule has, `Step`, `Cosine`, `OneCycle` and `Triangle` as one of your own."""

    def multiplier(self, taken: int, *, steps_an_epoch: int, epochs: int) -> float:
        """What the rates are multiplied by at the step after `taken` steps."""
        ...


@dataclass(frozen=True, kw_only=True)
class Step:
    """Multiply the rate by `gamma` after every `step_size` epochs. As torch.optim.lr_scheduler.StepLR."""

    step_size: int = 10
    gamma: float = 0.1

    def __post_init__(self):
        rule = "step_size, a whole number ≥ 1, and 0 < gamma"
        _expect(rule, self, lambda: self.step_size >= 1 and self.gamma > 0)

    def multiplier(self, taken: int, *, steps_an_epoch: int, epochs: int) -> float:
        """What the rate is multiplied by at the step after `taken` steps."""
        return self.gamma ** (taken // steps_an_epoch // self.step_size)


@dataclass(frozen=True, kw_only=True)
class Cosine:
    """Let the rate fall to 0 along half a cosine, a little with each batch, after a linear rise over `warmup`.

    warmup: share of all steps, 0 to under 1. Loshchilov and Hutter 2017, SGDR (without restarts).
    """

    warmup: float = 0.0

    def __post_init__(self):
        _expect("0 ≤ warmup < 1", self, lambda: 0 <= self.warmup < 1)

    def multiplier(self, taken: int, *, steps_an_epoch: int, epochs: int) -> float:
        """What the rate is multiplied by at the step after `taken` steps."""
        total = steps_an_epoch * epochs
        rising = round(self.warmup * total)
        if taken < rising:
            return (taken + 1) / rising
        return (1 + math.cos(math.pi * (taken - rising) / (total - rising))) / 2


@dataclass(frozen=True, kw_only=True)
class OneCycle:
    """Let the rate rise from 1/25 of `lr` to `lr` over the share `pct_start` of all steps, then fall to almost 0.

    One step a batch; both ways along half a cosine. It needs to know all steps beforehand. As
    torch.optim.lr_scheduler.OneCycleLR without its cycle of momentum (Smith and Topin 2018, Super-Convergence); but
    one or two steps have no room for a rise, and then the first one is taken at `lr`.
    """

    pct_start: float = 0.3

    def __post_init__(self):
        _expect("0 < pct_start < 1", self, lambda: 0 < self.pct_start < 1)

    def multiplier(self, taken: int, *, steps_an_epoch: int, epochs: int) -> float:
        """What the rate is multiplied by at the step after `taken` steps."""
        last = steps_an_epoch * epochs - 1
        peak = self.pct_start * (last + 1) - 1 if last > 1 else 0
        if taken <= peak:
            return _between(1 / 25, 1, taken / peak if peak else 1)
        return _between(1, 1 / 25e4, (taken - peak) / (last - peak))


@dataclass(frozen=True, kw_only=True)
class Triangle:
    """Let the rate rise to `lr` over the share `rise` of all steps, then fall to almost 0, both in a straight line.

    One step a batch. The first rate is one part of the rise, the last one part of the fall: neither is 0, at which a
    step would move nothing. A rise that is shorter than one step begins at `lr`. Every group keeps its own rate.
    """

    rise: float = 0.25

    def __post_init__(self):
        _expect("0 < rise < 1", self, lambda: 0 < self.rise < 1)

    def multiplier(self, taken: int, *, steps_an_epoch: int, epochs: int) -> float:
        """What the rate is multiplied by at the step after `taken` steps."""
        total = steps_an_epoch * epochs
        rising, falling = self.rise * total, (1 - self.rise) * total
        return min(1.0, (taken + 1) / rising, (total - taken) / falling)


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

    def follow(self, accuracies: list[float]) -> tuple[float, bool]:
        """(what the rate is multiplied by, whether the last epoch sends the training back), after these epochs."""
        best, waited, multiplier, back = -math.inf, 0, 1.0, False
        for accuracy in accuracies:
            waited = 0 if accuracy > best else waited + 1
            best = max(best, accuracy)
            back = waited == self.patience
            if back:
                waited, multiplier = 0, multiplier * self.factor
        return multiplier, back


@dataclass(frozen=True)
class TorchSchedule:
    """A scheduler of torch, made anew for each training, and the `interval` at which it takes a step.

    factory:  takes the optimiser, returns a torch.optim.lr_scheduler.LRScheduler over it
    interval: "epoch" or "batch"
    """

    factory: Callable[[Optimizer], LRScheduler]
    interval: str

    def over(self, optimizer, *, steps_an_epoch, epochs):
        """The scheduler over `optimizer`; ParameterError where the factory makes none that lasts for this training."""
        try:
            scheduler = self.factory(optimizer)
        except (TypeError, ValueError) as error:
            raise ParameterError(f"the schedule's factory {self.factory!r} takes no optimizer: {error}") from error
        if not isinstance(scheduler, LRScheduler) or scheduler.optimizer is not optimizer:
            raise ParameterError(
                "expected of a schedule's factory a scheduler of torch over the optimizer that it is given; found "
                f"{scheduler!r} from {self.factory!r}"
            )
        if isinstance(scheduler, ReduceLROnPlateau) and self.interval != "epoch":
            raise ParameterError("the schedule ReduceLROnPlateau looks at whole epochs: give it to fc.every_epoch")
        steps = epochs if self.interval == "epoch" else epochs * steps_an_epoch
        if getattr(scheduler, "total_steps", steps) < steps:
            raise ParameterError(
                f"the schedule {type(scheduler).__name__} has total_steps={scheduler.total_steps}, and this training "
                f"takes one in each {self.interval}: expected total_steps={steps}"
            )
        return scheduler

    def after_batch(self, scheduler):
        """Take the step of a batch, where there is one."""
        if self.interval == "batch":
            _step(scheduler)

    def after_epoch(self, scheduler, row):
        """Take the step of an epoch, where there is one; `row` has the figures of the valid faces."""
        if isinstance(scheduler, ReduceLROnPlateau):
            _step(scheduler, row["valid_loss" if scheduler.mode == "min" else "valid_accuracy"])
        elif self.interval == "epoch":
            _step(scheduler)


def _step(scheduler, *figures):
    """Take a step; ParameterError where one inside of others, as of a SequentialLR, has none left."""
    try:
        scheduler.step(*figures)
    except ValueError as error:
        raise ParameterError(
            f"the schedule {type(scheduler).__name__} is shorter than this training: {error}"
        ) from error


def every_epoch(factory: Callable[[Optimizer], LRScheduler]) -> TorchSchedule:
    """A schedule for `fit` of a torch scheduler that takes one step after each epoch.

    factory: makes it of the optimiser: partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=10), or
    lambda optimizer: ... for several in a row. A ReduceLROnPlateau is shown valid_loss where its mode is "min" and
    valid_accuracy where it is "max". Raises ParameterError for what cannot be called, such as a scheduler itself.
    """
    return TorchSchedule(_checked(factory, "every_epoch"), "epoch")


def every_batch(factory: Callable[[Optimizer], LRScheduler]) -> TorchSchedule:
    """A schedule for `fit` of a torch scheduler that takes one step after each batch, such as OneCycleLR or CyclicLR.

    factory: as in `every_epoch`. Raises ParameterError for what cannot be called, such as a scheduler itself.
    """
    return TorchSchedule(_checked(factory, "every_batch"), "batch")


def _checked(factory, name):
    if isinstance(factory, LRScheduler) or not callable(factory):
        raise ParameterError(
            f"expected of fc.{name} what makes a scheduler of an optimizer, such as "
            f"partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=10); found {factory!r}"
        )
    return factory


def scheduler_text(scheduler):
    """The class and settings of a torch scheduler, and of those inside it, for a recipe."""
    inner = [scheduler_text(each) for each in getattr(scheduler, "_schedulers", ())]
    besides = {"optimizer", "_schedulers", "_scale_fn_ref"}  # the last is a function of torch, which the mode chooses
    settings = [f"{name}={value!r}" for name, value in vars(scheduler).items() if name not in besides]
    return f"{type(scheduler).__name__}({', '.join(settings + inner)})"


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
