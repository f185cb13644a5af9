"""A learning rate for each depth of a network."""

from collections.abc import Callable

from torch import nn
from torch.optim import AdamW

from fercourse.errors import ParameterError
from fercourse.learn.transfer.frozen import Frozen
from fercourse.settings import number


def discriminative(model: nn.Module, lr: float, factor: float) -> list[dict]:
    """Parameter groups for a torch optimiser: the last layer at the rate `lr`, each stage before it at `factor` times.

    factor: over 0, up to 1. Groups come from the last layer to the first, so that the rate which a training shows, that
    of the first group, is `lr`. The stages of `lite0` are its own; of another network, its layers at the top that have
    weights, in the order in which they were built. What requires no gradient is left out.
    For `fit`: optimizer=lambda parameters: torch.optim.AdamW(fc.discriminative(model, 1e-3, 0.5)); each group keeps its
    own rate, times the schedule. Howard and Ruder 2018.
    Raises ParameterError for numbers that cannot work and for a model without weights to train.
    """
    lr = number("lr", lr, "over 0", lambda value: value > 0)
    factor = number("factor", factor, "over 0, up to 1", lambda value: 0 < value <= 1)
    stages = [weights for layers in _stages(model) if (weights := _trainable(layers))]
    if not stages:
        raise ParameterError("expected a model with weights that require a gradient; found none")
    return [{"params": weights, "lr": lr * factor**depth} for depth, weights in enumerate(reversed(stages))]


def adamw_by_depth(model: nn.Module, *, lr: float, factor: float, weight_decay: float) -> Callable:
    """AdamW with the groups of `discriminative`, as `fit` takes it: a function of parameters, those of `model`."""
    return lambda parameters: AdamW(discriminative(model, lr, factor), weight_decay=weight_decay, fused=True)


def _stages(model):
    """Lists of layers, from the first to the last."""
    if isinstance(model, Frozen):
        return _stages(model.model)
    if hasattr(model, "stages"):
        return model.stages()
    return [[layer] for layer in model.children()] or [[model]]


def _trainable(layers):
    return [weights for layer in layers for weights in layer.parameters() if weights.requires_grad]
