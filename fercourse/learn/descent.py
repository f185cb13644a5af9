"""An optimiser as the loop of lesson 02 calls it, with what a long training adds to each step."""

import copy

import torch
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from fercourse.learn.schedules import Plateau
from fercourse.settings import number


class Descent:
    """`zero_grad` and `step` as every optimiser has them; a step also sets the rate, clips and averages.

    model, optimizer: what is trained, and the torch optimiser over its parameters
    lr:       the rate that the schedule multiplies; `Plateau` is followed by the training, which sets `lr`
    clip:     the largest norm of all gradients together, or None
    ema:      the share of the old average that each step keeps, 0 to under 1, or None: no average (Polyak and
              Juditsky 1992; buffers are averaged as well, so that batch norm fits the averaged weights)
    Raises ParameterError for a clip or ema that cannot work.
    """

    def __init__(self, model, optimizer, *, lr, schedule, steps_an_epoch, epochs, clip, ema):
        if clip is not None:
            clip = number("clip", clip, "over 0, the largest norm of the gradients", lambda value: value > 0)
        if ema is not None:
            ema = number("ema", ema, "from 0 to under 1, such as 0.999", lambda value: 0 <= value < 1)
        self.model, self.optimizer, self.lr, self.clip = model, optimizer, lr, clip
        self.schedule = None if isinstance(schedule, Plateau) else schedule
        self.length = {"steps_an_epoch": steps_an_epoch, "epochs": epochs}
        self.average = None
        if ema is not None:
            self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(ema), use_buffers=True)
        self.taken = 0
        self._trained = None

    def zero_grad(self):
        """Forget the gradients of the last step."""
        self.optimizer.zero_grad()

    def step(self):
        """One step along the gradients, at the rate of the schedule."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        if self.clip is not None:
            clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        self.taken += 1
        if self.average is not None:
            self.average.update_parameters(self.model)

    def rate(self):
        """The learning rate of the next step; ParameterError where the schedule's multiplier is none."""
        if self.schedule is None:
            return self.lr
        multiplier = self.schedule.multiplier(self.taken, **self.length)
        return self.lr * number("the schedule's multiplier", multiplier, "≥ 0", lambda value: value >= 0)

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
        return {"model": trained, "optimizer": self.optimizer.state_dict(), "average": average, "taken": self.taken}

    def restore(self, state):
        """Go back to what `state` returned."""
        self._trained = None
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
        _lay_like_weights(self.optimizer)
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.taken = state["taken"]


def _lay_like_weights(optimizer):
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
