"""One short run that finds the neighbourhood of a learning rate."""

import copy
from collections.abc import Callable
from itertools import islice

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from fercourse.data.faces import Split
from fercourse.errors import ParameterError
from fercourse.learn.checks import check_answers, check_last_batch, check_shape, check_split, check_trainable
from fercourse.learn.device import choose_device, random_numbers_aside, seed_device
from fercourse.learn.loop import batches, train_epoch
from fercourse.learn.optim import make_optimizer
from fercourse.learn.precision import at_precision
from fercourse.settings import number, seed_number, whole


def range_test(
    model: nn.Module,
    split: Split,
    *,
    optimizer: str | Callable[..., torch.optim.Optimizer] = "adam",
    momentum: float = 0.0,
    lowest: float = 1e-5,
    highest: float = 1.0,
    steps: int = 100,
    batch_size: int = 128,
    seed: int = 0,
    device: str | torch.device = "auto",
    precision: str = "float32",
) -> pd.DataFrame:
    """Train a copy of `model` with a rate that rises with each batch; return the loss at each: DataFrame lr, loss.

    The rates go from `lowest` to `highest` in equal ratios, one batch of `split` each. A good rate lies where the loss
    falls, well below where it shoots up (Smith 2015). The run ends early where the loss is no number any more.
    optimizer: as in `fit`; of one that a callable makes, the first group has these rates, and the other groups keep
    their ratio to it. Raises ParameterError where the rates do not rise, or for a setting that `fit` refuses as well.

    Built by hand in lesson 03b.
    """
    lowest = number("lowest", lowest, "over 0", lambda rate: True)
    highest = number("highest", highest, "over lowest", lambda rate: True)
    steps, batch_size, seed = whole("steps", steps), whole("batch_size", batch_size), seed_number(seed)
    if not 0 < lowest < highest or steps < 2:
        raise ParameterError(f"expected 0 < lowest < highest and 2 steps; found {lowest}, {highest} and {steps}")
    device = choose_device(device)
    check_trainable(model)
    check_split(split, labelled=True)
    twin = copy.deepcopy(model).to(device)
    check_answers(twin, split, device)
    if steps * batch_size >= len(split):
        check_last_batch(twin, split, batch_size, device)
    descent = make_optimizer(twin.parameters(), optimizer, momentum=momentum)
    ratios = _ratios([float(group["lr"]) for group in descent.param_groups])
    forward = at_precision(twin, precision, device)
    order = torch.Generator().manual_seed(seed)
    rows = []
    with random_numbers_aside(device):
        seed_device(seed, device)
        stream = islice(_endless(split, batch_size, order, device), steps)
        for rate, batch in zip(np.geomspace(lowest, highest, steps), stream, strict=True):
            for group, ratio in zip(descent.param_groups, ratios, strict=True):
                group["lr"] = float(rate) * ratio
            loss = train_epoch(forward, [batch], descent, _loss)["train_loss"]
            if not np.isfinite(loss):
                break
            rows.append({"lr": float(rate), "loss": loss})
    return pd.DataFrame(rows, columns=["lr", "loss"])


def _ratios(rates):
    """Each rate as a part of the first; ParameterError where that is 0."""
    if not rates[0]:
        raise ParameterError("expected an optimizer whose first parameter group has a rate over 0; found lr=0")
    return [rate / rates[0] for rate in rates]


def _loss(logits, labels):
    check_shape(logits, len(labels))
    return F.cross_entropy(logits, labels)


def _endless(split, batch_size, order, device):
    """The split's batches, epoch after epoch, each in a new order."""
    while True:
        yield from batches(split, batch_size, shuffle=True, generator=order, device=device)
