"""Optimisers by name, with the settings that each has."""

import torch

from fercourse.errors import ParameterError
from fercourse.settings import choice, number

# fused: the same arithmetic in one pass over the weights instead of one for each operation.
OPTIMIZERS = {
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "sgd": (torch.optim.SGD, {"fused": True}),
    "adadelta": (torch.optim.Adadelta, {"rho": 0.95, "eps": 1e-8}),
}


def make_optimizer(parameters, name, *, lr, momentum=0.0, weight_decay=0.0):
    """The torch optimiser called `name` over `parameters`.

    lr:           step size, over 0
    momentum:     of "sgd", 0 to under 1; Nesterov's (Sutskever et al. 2013) where it is not 0
    weight_decay: 0 or more; decoupled from the gradient's size in "adamw" alone (Loshchilov and Hutter 2019)
    "adadelta" has rho 0.95 (Zeiler 2012) and eps 1e-8.
    Raises ParameterError for an unknown name and for settings that the optimiser does not have.
    """
    name = choice("optimizer", name, OPTIMIZERS)
    lr = number("lr", lr, "over 0", lambda value: value > 0)
    momentum = number("momentum", momentum, "from 0 to under 1", lambda value: 0 <= value < 1)
    weight_decay = number("weight_decay", weight_decay, "≥ 0", lambda value: value >= 0)
    if momentum and name != "sgd":
        raise ParameterError(f"momentum belongs to 'sgd'; found momentum={momentum} with {name!r}")
    kind, settings = OPTIMIZERS[name]
    more = {"momentum": momentum, "nesterov": True} if momentum else {}
    return kind(parameters, lr=lr, weight_decay=weight_decay, **settings, **more)
