"""A learning rate for each depth of a network."""

from collections.abc import Callable
from inspect import ismethod

from torch import nn
from torch.optim import AdamW

from fercourse.errors import ParameterError
from fercourse.learn.transfer.frozen import Frozen
from fercourse.settings import number


def discriminative(model: nn.Module, lr: float, factor: float) -> list[dict]:
    """Parameter groups for a torch optimiser: the last layer at the rate `lr`, each stage before it at `factor` times.

    factor: over 0, up to 1. Groups come from the last layer to the first, so that the rate which a training shows, that
    of the first group, is `lr`. The stages of `lite0` are its own; of another network, its layers at the top that have
    weights, in the order in which they were built; where one of them holds all weights, those inside it. Each weight is
    taken once, and one that belongs to no layer, but to the model itself, after all stages. What requires no gradient
    is left out.
    For `fit`: optimizer=lambda parameters: torch.optim.AdamW(fc.discriminative(model, 1e-3, 0.5)); each group keeps its
    own rate, times the schedule. Howard and Ruder 2018.
    Raises ParameterError for numbers that cannot work and for a model without weights to train.
    """
    lr = number("lr", lr, "over 0", lambda value: value > 0)
    factor = number("factor", factor, "over 0, up to 1", lambda value: 0 < value <= 1)
    taken = set()  # of two stages that share a weight the later one, the faster of the two, has it
    groups = [_trainable(layers, taken) for layers in (*reversed(_stages(model)), [model])]
    stages = [weights for weights in groups if weights]
    if not stages:
        raise ParameterError("expected a model with weights that require a gradient; found none")
    return [{"params": weights, "lr": lr * factor**depth} for depth, weights in enumerate(stages)]


def adamw_by_depth(model: nn.Module, *, lr: float, factor: float, weight_decay: float) -> Callable:
    """AdamW with the groups of `discriminative`, as `fit` takes it: a function of parameters, those of `model`."""
    return lambda parameters: AdamW(discriminative(model, lr, factor), weight_decay=weight_decay, fused=True)


def _stages(model):
    """Lists of layers, from the first to the last."""
    if isinstance(model, Frozen):
        return _stages(model.model)
    if ismethod(getattr(model, "stages", None)):  # some networks of timm have layers of that name
        return model.stages()
    layers = [layer for layer in model.children() if next(layer.parameters(), None) is not None]
    if len(layers) == 1 and next(model.parameters(recurse=False), None) is None:
        return _stages(layers[0])  # a network behind a layer that only standardises
    return [[layer] for layer in layers] or [[model]]


def _trainable(layers, taken):
    """The weights of `layers` that require a gradient and are not `taken` yet; they are from then on."""
    found = {id(weights): weights for layer in layers for weights in layer.parameters() if weights.requires_grad}
    fresh = [weights for name, weights in found.items() if name not in taken]
    taken.update(found)
    return fresh
