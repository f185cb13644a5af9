"""The exercises of lesson 03, against torch's own convolutions and Adam."""

import copy
from math import isnan

import numpy as np
import torch
from torch import nn

from fercourse.classroom.checks.shared.compare import expect, expect_error, expect_secret, plain, same, short
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.judge import expect_better
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.errors import CheckFailed
from fercourse.learn.fitting import fit
from fercourse.learn.models import Standardise

# (side, kernel, padding, stride): odd on purpose, so that a missing padding, a rest or a rounding shows.
FITTING = [
    (48, 5, 2, 2), (48, 3, 0, 1), (23, 3, 0, 1), (47, 4, 1, 3), (10, 2, 0, 2), (9, 2, 0, 2), (7, 7, 0, 1),
    (13, 1, 0, 4), (5, 9, 2, 1), (31, 6, 3, 5),
]  # fmt: skip
NOT_FITTING = [(4, 5, 0, 1), (3, 8, 2, 2)]


def count_before_you_build(side, numbers):
    """03.1: one side, and the width of the flattened layer for faces of 64 pixels."""
    expect_secret(side, _side(48, 5, 2, 2), "side, for 48 pixels, kernel 5, padding 2, stride 2")
    stages = [layer for inputs, outputs in ((1, 32), (32, 64), (64, 128)) for layer in _stage(inputs, outputs)]
    flat = nn.Sequential(*stages, nn.Flatten())(torch.zeros(1, 1, 64, 64)).shape[1]
    expect_secret(numbers, flat, "numbers, after three stages on 64 pixels")


def conv_output_side(answer):
    """03.2: the side that nn.Conv2d gives, and a ValueError where the kernel does not fit."""
    for case in FITTING:
        expect(answer(*case), _side(*case), f"conv_output_side{case}", whole=True)
    for case in NOT_FITTING:
        expect_error(answer, case, ValueError, f"conv_output_side{case}")


def adam(answer):
    """03.3: the path of one weight under torch.optim.Adam in float64."""
    gradients = [0.7, -0.2, 3.0, 0.0, -11.0, 0.05, 0.05, -0.4, 2.0, 1e-3]
    for settings in ((1e-3, (0.9, 0.999), 1e-8), (0.05, (0.8, 0.95), 0.01), (0.3, (0.0, 0.5), 1e-3)):
        came = answer(0.3, gradients, *settings)
        shown = f"adam(0.3, {gradients}, lr={settings[0]}, betas={settings[1]}, eps={settings[2]})"
        right = _torch_adam(0.3, gradients, *settings)
        for slip, path in _slips_of_adam(0.3, gradients, *settings).items():
            if same(came, path, atol=1e-9) and not same(came, right, atol=1e-9):
                raise CheckFailed(f"{shown}: these are the values of an Adam {slip}")
        expect(came, right, shown, atol=1e-9)


def holds_all(answer):
    """03.4: whether an optimiser holds the very tensors of a model that want a gradient."""
    torch.manual_seed(3)
    mine = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    other, twin = copy.deepcopy(mine), copy.deepcopy(mine)
    nn.init.normal_(other[0].weight)
    frozen = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    frozen[0].requires_grad_(False)
    groups = [{"params": mine[0].parameters()}, {"params": mine[2].parameters(), "lr": 0.5}]
    everything = [*mine.parameters(), *other.parameters()]
    cases = [
        ("an optimiser of this model", torch.optim.SGD(mine.parameters(), lr=0.1), mine, True),
        ("an optimiser of another model", torch.optim.SGD(other.parameters(), lr=0.1), mine, False),
        ("an optimiser of a copy with equal weights", torch.optim.SGD(twin.parameters(), lr=0.1), mine, False),
        ("an optimiser without the last layer", torch.optim.SGD(mine[0].parameters(), lr=0.1), mine, False),
        ("an optimiser without the first bias", torch.optim.SGD([mine[0].weight, *mine[2].parameters()]), mine, False),
        ("an optimiser with two groups", torch.optim.Adam(groups), mine, True),
        ("an optimiser that holds two models", torch.optim.AdamW(everything), mine, True),
        ("a model whose first layer is frozen", torch.optim.SGD(frozen[1].parameters(), lr=0.1), frozen, True),
        ("a frozen model whose other layer is missing", torch.optim.SGD(frozen[0].parameters(), lr=0.1), frozen, False),
    ]
    for which, optimizer, model, expected in cases:
        expect(answer(optimizer, model), expected, f"holds_all, {which}")


# Rate → accuracy, and the rate to try next: an edge, a diverged run first, in the middle or last, a tie, a winner.
SEARCHES = [
    ({0.01: 0.5, 0.03: 0.55, 0.1: 0.52}, None),
    ({0.01: 0.5, 0.03: 0.55, 0.1: 0.58}, 0.3),
    ({0.1: 0.4, 0.01: 0.6, 0.03: 0.5}, 0.01 / 3),
    ({1.0: float("nan"), 0.3: 0.53, 0.1: 0.36}, None),
    ({0.3: 0.53, 1.0: float("nan")}, 0.1),
    ({0.3: float("nan"), 0.1: 0.25}, 0.1 / 3),
    ({0.3: 0.5, 0.1: 0.5, 0.03: 0.2}, None),
    ({0.03: 0.5, 0.1: 0.5}, 0.01),
]


def winner_at_the_edge(tuned, next_rate):
    """03.6: which searches have an inner winner, and where a search goes on that has none."""
    names = plain(tuned)
    names = names.tolist() if isinstance(names, np.ndarray) else names
    if names is None or names == []:
        raise CheckFailed("tuned: expected the names of the searches that have a winner: nothing is written yet")
    if not isinstance(names, (list, tuple, set, frozenset)) or not all(isinstance(name, str) for name in names):
        raise CheckFailed(f"tuned: expected a list of names such as 'third', came {short(names)}")
    expect_secret(len(names), 2, "tuned, the number of names")
    for tried, expected in SEARCHES:
        came = plain(next_rate(dict(tried)))
        where = f"next_rate({tried})"
        best = max(sorted(tried), key=lambda rate: -1 if isnan(tried[rate]) else tried[rate])
        if expected is None and came is not None:
            raise CheckFailed(f"{where}: the best, {best}, stands at no edge, so the search is done; came {came!r}")
        if came is None and expected is not None and _says_something(next_rate):
            edge = "smallest" if best == min(tried) else "largest"
            raise CheckFailed(f"{where}: the best, {best}, is the {edge} rate tried, so the search goes on; came None")
        expect(came, expected, where, atol=1e-9)
    if sorted(names) != ["fourth", "third"]:
        raise CheckFailed(
            f"tuned: came {names!r}. Ask of each search whether its best is the smallest or the largest rate tried"
        )


def _says_something(next_rate):
    """Whether it answers any search with a rate: else nothing is written yet."""
    return any(plain(next_rate(dict(tried))) is not None for tried, _ in SEARCHES)


def better_cnn(network):
    """03.7: a trained network that is better than the small CNN on practice faces."""
    expect_better("03.7", network)


def small_cnn():
    """The CNN of the lesson in small."""
    layers, channels = [Standardise(0.47, 0.2)], 1
    for filters in (8, 16, 32):
        layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 7))


def trained_small_cnn():
    """It after five epochs on 4,000 drawn faces: what 03.7 is held against."""
    torch.manual_seed(0)
    model = small_cnn()
    data = drawn_faces(4_000, 100, 0, seed=36)
    fit(model, data, epochs=5, lr=0.001, batch_size=64, device="cpu", progress=False)
    return model


CHECKS = {
    "03.1": count_before_you_build,
    "03.2": conv_output_side,
    "03.3": adam,
    "03.4": holds_all,
    "03.6": winner_at_the_edge,
    "03.7": better_cnn,
}
BASELINES = {"03.7": Baseline("the small CNN", network=small_cnn, train=trained_small_cnn)}


def _side(side, kernel, padding, stride):
    return nn.Conv2d(1, 1, kernel, stride, padding)(torch.zeros(1, 1, side, side)).shape[-1]


def _stage(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3), nn.ReLU(), nn.MaxPool2d(2)


def _slips_of_adam(weight, gradients, lr, betas, eps):
    """The paths of the usual slips, by what is wrong with them."""
    slips = {
        "whose means are not corrected for their start at zero": (False, False, -1),
        "with eps under the root": (True, True, -1),
        "that climbs: mind the minus sign": (True, False, 1),
    }
    return {slip: _adam_with(weight, gradients, lr, betas, eps, *how) for slip, how in slips.items()}


def _adam_with(weight, gradients, lr, betas, eps, corrected, under_the_root, sign):
    mean, square, path = 0.0, 0.0, []
    for step, gradient in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        by = [1 - beta**step if corrected else 1 for beta in betas]
        root = (square / by[1] + eps) ** 0.5 if under_the_root else (square / by[1]) ** 0.5 + eps
        weight += sign * lr * mean / by[0] / root
        path.append(weight)
    return path


def _torch_adam(start, gradients, lr, betas, eps):
    weight, path = torch.tensor(start, dtype=torch.float64, requires_grad=True), []
    optimizer = torch.optim.Adam([weight], lr=lr, betas=betas, eps=eps)
    for gradient in gradients:
        weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        path.append(weight.item())
    return path
