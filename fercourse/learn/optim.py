"""Optimisers, by name or as the caller makes them, and what a long training adds to each of their steps."""

import copy
import inspect
from functools import partial

import torch
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from fercourse.errors import ParameterError
from fercourse.learn.schedules import Plateau, TorchSchedule
from fercourse.settings import choice, number, plain

# fused: the same arithmetic in one pass over the weights instead of one for each operation.
OPTIMIZERS = {
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "sgd": (torch.optim.SGD, {"fused": True}),
    "adadelta": (torch.optim.Adadelta, {"rho": 0.95, "eps": 1e-8}),
}
LR = 1e-3
"""The rate of an optimiser by name, unless another one is asked for."""


def make_optimizer(parameters, optimizer, *, lr=None, momentum=0.0, weight_decay=None):
    """The torch optimiser over `parameters` that `optimizer` names or, a callable, makes of them.

    lr:           step size, over 0; None is 0.001
    momentum:     of "sgd", 0 to under 1; Nesterov's (Sutskever et al. 2013) where it is not 0
    weight_decay: 0 or more; decoupled from the gradient's size in "adamw" alone (Loshchilov and Hutter 2019); None is 0
    "adadelta" has rho 0.95 (Zeiler 2012) and eps 1e-8. A class gets those of these that are given, and has its own
    defaults, such as AdamW's weight_decay of 0.01; any other callable sets them itself.
    Raises ParameterError for an unknown name, for settings that the optimiser does not have, and for a callable that
    makes no optimiser of these parameters.
    """
    parameters, optimizer = list(parameters), plain(optimizer)
    lr = None if lr is None else number("lr", lr, "over 0", lambda value: value > 0)
    momentum = number("momentum", momentum, "from 0 to under 1", lambda value: 0 <= value < 1)
    if weight_decay is not None:
        weight_decay = number("weight_decay", weight_decay, "≥ 0", lambda value: value >= 0)
    if callable(optimizer):
        given = {"lr": lr, "momentum": momentum or None, "weight_decay": weight_decay}
        given = {name: value for name, value in given.items() if value is not None}
        _check_taken(optimizer, given)
        return _made(partial(optimizer, **given) if given else optimizer, parameters)
    if not isinstance(optimizer, str):
        raise ParameterError(
            f"expected optimizer: {', '.join(OPTIMIZERS)}, or a callable that makes one of the model's parameters, so "
            "that each training begins with a new one, such as torch.optim.RMSprop, partial(torch.optim.SGD, lr=0.1, "
            f"momentum=0.9) or lambda parameters: …; found optimizer={optimizer!r}"
        )
    name = choice("optimizer", optimizer, OPTIMIZERS)
    lr, weight_decay = LR if lr is None else lr, weight_decay or 0.0
    if momentum and name != "sgd":
        raise ParameterError(f"momentum belongs to 'sgd'; found momentum={momentum} with {name!r}")
    kind, settings = OPTIMIZERS[name]
    more = {"momentum": momentum, "nesterov": True} if momentum else {}
    return kind(parameters, lr=lr, weight_decay=weight_decay, **settings, **more)


def _check_taken(optimizer, given):
    """Raise ParameterError for settings beside a callable that is no class, or a class that has no such settings."""
    known = inspect.signature(optimizer).parameters if inspect.isclass(optimizer) else {}
    others = [name for name in given if name not in known]
    if others:
        raise ParameterError(
            f"expected {' and '.join(others)} where the optimizer is a name, or a class that takes it; any other "
            "callable has its own: write it there, such as partial(torch.optim.SGD, lr=0.1). Found it beside "
            f"optimizer={optimizer!r}"
        )


def _made(factory, parameters):
    """What a callable makes of `parameters`; ParameterError where that is no optimiser with which the loop trains."""
    try:
        optimizer = factory(parameters)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            "expected of an optimizer that is a callable that it takes the model's parameters alone, such as "
            f"partial(torch.optim.SGD, lr=0.1); optimizer={factory!r} says: {error}"
        ) from error
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise ParameterError(f"expected optimizer={factory!r} to make a torch.optim.Optimizer; found {optimizer!r}")
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise ParameterError(
            f"the optimizer {type(optimizer).__name__} asks for the loss several times a step, and the loop computes "
            "it once. Write its loop by hand, around optimizer.step(closure)."
        )
    _check_weights(optimizer, {id(weights) for weights in parameters})
    for group in optimizer.param_groups:
        number("the lr of each parameter group of the optimizer", group.get("lr"), "≥ 0", lambda value: value >= 0)
    return optimizer


def _check_weights(optimizer, own):
    """Raise ParameterError where an optimiser moves nothing, or weights that are not among `own`, a set of ids."""
    held = weights_of(optimizer)
    foreign = sum(id(weights) not in own for weights in held)
    if foreign:
        raise ParameterError(
            f"the optimizer holds {foreign} of {len(held)} tensors that are no parameters of this model, as after the "
            "model was built anew: these weights would never change. Make it of the parameters that it is given: "
            "optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.1)"
        )
    if not any(weights.requires_grad for weights in held):
        raise ParameterError("none of the weights that the optimizer holds requires a gradient: it would move none")


def weights_of(optimizer):
    """The weights of all its parameter groups, a list."""
    return [weights for group in optimizer.param_groups for weights in group["params"]]


def optimizer_text(descent):
    """An optimiser's class, and the settings and weights of each of its groups before the first step, for a recipe."""
    names = {id(weights): name for name, weights in descent.model.named_parameters()}
    groups = []
    for group, rate in zip(descent.optimizer.param_groups, descent.rates, strict=True):
        settings = {name: value for name, value in group.items() if name != "params"} | {"lr": rate}
        text = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        held = [names[id(weights)] for weights in group["params"]]
        groups.append(f"({text})" + ("" if len(held) == len(names) else f" of {' '.join(held)}"))
    return f"{type(descent.optimizer).__name__}{' and '.join(groups)}"


class Descent:
    """`zero_grad` and `step` as every optimiser has them; a step also sets the rates, clips and averages.

    model, optimizer: what is trained, and the torch optimiser over its parameters; each group keeps its own rate,
              times what the schedule says
    schedule: of ours, a `TorchSchedule` or None; a `Plateau` is followed by the training, which sets `factor`
    clip:     the largest norm of all gradients together, or None
    ema:      the share of the old average that each step keeps, 0 to under 1, or None: no average (Polyak and
              Juditsky 1992; buffers are averaged as well, so that batch norm fits the averaged weights)
    lr:       the rate of the last step, of the first group
    Raises ParameterError for a clip or ema that cannot work, and for a schedule that has no first rate.
    """

    def __init__(self, model, optimizer, *, schedule, steps_an_epoch, epochs, clip, ema):
        if clip is not None:
            clip = number("clip", clip, "over 0, the largest norm of the gradients", lambda value: value > 0)
        if ema is not None:
            ema = number("ema", ema, "from 0 to under 1, such as 0.999", lambda value: 0 <= value < 1)
        self.model, self.optimizer, self.clip, self.schedule = model, optimizer, clip, schedule
        self.length = {"steps_an_epoch": steps_an_epoch, "epochs": epochs}
        self.average = None
        if ema is not None:
            self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(ema), use_buffers=True)
        self.taken, self.factor = 0, 1.0
        self._trained = None
        self.rates = [float(group["lr"]) for group in optimizer.param_groups]
        self.scheduler = schedule.over(optimizer, **self.length) if isinstance(schedule, TorchSchedule) else None
        self._set_rates()

    def zero_grad(self):
        """Forget the gradients of the last step."""
        self.optimizer.zero_grad()

    def step(self):
        """One step along the gradients, at the rates of the schedule."""
        self._set_rates()
        if self.clip is not None:
            clip_grad_norm_(weights_of(self.optimizer), self.clip)
        self.optimizer.step()
        self.taken += 1
        if self.average is not None:
            self.average.update_parameters(self.model)
        if self.scheduler is not None:
            self.schedule.after_batch(self.scheduler)

    def _set_rates(self):
        """Set the rates of the next step; a torch scheduler has set them already."""
        if self.scheduler is None:
            multiplier = self._multiplier()
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * multiplier
        self.lr = float(self.optimizer.param_groups[0]["lr"])

    def _multiplier(self):
        """What the rates are multiplied by at the next step; ParameterError where the schedule has none."""
        if self.schedule is None or isinstance(self.schedule, Plateau):
            return self.factor
        multiplier = self.schedule.multiplier(self.taken, **self.length)
        return number("the schedule's multiplier", multiplier, "≥ 0", lambda value: value >= 0)

    def finish_epoch(self, row):
        """Let a torch scheduler take the step that it takes once an epoch; `row` has the figures of this one."""
        if self.scheduler is not None:
            self.schedule.after_epoch(self.scheduler, row)

    def show(self, best=None):
        """Make the model answer, until `resume_training`: with the weights of `best`, a state, or else those of now.

        Where there is an average, with the averaged ones. The model is in evaluation then.
        """
        self.model.eval()
        if best is None and self.average is None:
            return
        shown = best or self.state()
        if self._trained is None:
            self._trained = copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(shown["model"] if self.average is None else _averaged(shown))

    def resume_training(self):
        """Put the trained weights back into the model."""
        if self._trained is not None:
            self.model.load_state_dict(self._trained)
            self._trained = None

    def state(self):
        """Everything that the next steps depend on, by reference: tensors, numbers, lists and dicts of them."""
        trained = self.model.state_dict() if self._trained is None else self._trained
        average = None if self.average is None else self.average.state_dict()
        moving = {"optimizer": self.optimizer.state_dict(), "average": average, "taken": self.taken}
        schedule = {} if self.scheduler is None else {"schedule": self.scheduler.state_dict()}
        return {"model": trained} | moving | schedule

    def restore(self, state):
        """Go back to what `state` returned."""
        self._trained = None
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
        lay_like_weights(self.optimizer)
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["schedule"])
        self.taken = state["taken"]


def lay_like_weights(optimizer):
    """Give averages the memory layout of their weights, which a checkpoint may not have.

    torch's fused optimisers walk through both in the order of memory, and do not ask whether it is the same.
    """
    for weights, averages in optimizer.state.items():
        for name, value in averages.items():
            if torch.is_tensor(value) and value.shape == weights.shape:
                averages[name] = torch.empty_like(weights).copy_(value)


def _averaged(state):
    """The averaged weights of a state, under the names that they have in the model."""
    return {
        name.removeprefix("module."): value for name, value in state["average"].items() if name.startswith("module.")
    }
