"""Optimisers by name, with the settings that each has."""

import torch

from fercourse.errors import ParameterError

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
    if name not in OPTIMIZERS:
        raise ParameterError(f"expected an optimizer of {', '.join(OPTIMIZERS)}; found {name!r}")
    if not lr > 0:
        raise ParameterError(f"expected lr > 0, found lr={lr}")
    if not 0 <= momentum < 1 or (momentum and name != "sgd"):
        raise ParameterError(f"momentum lies from 0 to under 1 and belongs to 'sgd'; found {momentum} with {name!r}")
    if weight_decay < 0:
        raise ParameterError(f"expected weight_decay ≥ 0, found weight_decay={weight_decay}")
    kind, settings = OPTIMIZERS[name]
    more = {"momentum": momentum, "nesterov": True} if momentum else {}
    return kind(parameters, lr=lr, weight_decay=weight_decay, **settings, **more)
