"""Optimisers by name, with the settings that each has."""

import torch

from fercourse.errors import ParameterError

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


def make_optimizer(parameters, name, *, lr, momentum=0.0):
    """The torch optimiser called `name` over `parameters`.

    lr:       step size, over 0
    momentum: of "sgd", 0 to under 1; Nesterov's (Sutskever et al. 2013) where it is not 0
    Raises ParameterError for an unknown name and for settings that the optimiser does not have.
    """
    if name not in OPTIMIZERS:
        raise ParameterError(f"expected an optimizer of {', '.join(OPTIMIZERS)}; found {name!r}")
    if not lr > 0:
        raise ParameterError(f"expected lr > 0, found lr={lr}")
    if not 0 <= momentum < 1 or (momentum and name != "sgd"):
        raise ParameterError(f"momentum lies from 0 to under 1 and belongs to 'sgd'; found {momentum} with {name!r}")
    more = {"momentum": momentum, "nesterov": True} if momentum else {}
    # fused: the same arithmetic in one pass over the weights instead of one for each operation.
    return OPTIMIZERS[name](parameters, lr=lr, fused=True, **more)
