"""A toy sheet 09 in which a trained network is judged: 09.1 one of PyTorch, 09.2 arrays of NumPy, a second each."""

import sys
from types import ModuleType

import numpy as np

from fercourse.classroom import hints
from fercourse.classroom.improve import baselines
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.hand_in import arrays_of
from fercourse.classroom.improve.judge import expect_better
from fercourse.classroom.improve.weights import packed
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import EMOTIONS

SEED = 728_301_946_520_117
SHEET = """\
# ---
# title: a toy
# exercises:
#   - {id: "09.1", title: Improve it, kind: improve, difficulty: 2, minutes: 20}
# ---

# %%
import numpy as np
import torch
from torch import nn

# %% [markdown]
# ## 09.1 · Improve it
#
# Beat the small linear network.

# %% tags=["training"]
faces = fc.drawn_faces(2_000, 0, 0, seed=5)

# %% answer="09.1"
def network():
    ### BEGIN SOLUTION
    return nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(576, 7))
    ### END SOLUTION


# %% train="09.1"
model = network()
### BEGIN SOLUTION
pixels = faces.train.images.reshape(-1, 24, 2, 24, 2).mean((2, 4)).reshape(-1, 576) / 255
pixels = np.c_[pixels, np.ones(len(pixels))]
weights = np.linalg.solve(pixels.T @ pixels + np.eye(577), pixels.T @ np.eye(7)[faces.train.labels])
with torch.no_grad():
    model[2].weight.copy_(torch.tensor(weights[:-1].T))
    model[2].bias.copy_(torch.tensor(weights[-1]))
### END SOLUTION
fc.hand_in("09.1", model)

# %% check="09.1" points=1
fc.check("09.1", network)

# %% hidden="09.1" points=2
# Your network meets other faces here when your sheet is graded.
### BEGIN HIDDEN TESTS
from fercourse.classroom.improve.judge import judge

better, why = judge("09.1", network, seed=728_301_946_520_117)
assert better, why
### END HIDDEN TESTS

# %%
fc.saved("09.1")

# %% [markdown] hints="09.1"
# - More pixels.
# - More faces.
"""


def fitted(number, side):
    """A linear classifier on blocks of `side` pixels, by least squares on so many faces: weights (7, n), bias (7,)."""
    train = drawn_faces(number, 0, 0, seed=5).train
    pixels = np.c_[blocks(train.images, side), np.ones(number)]
    solution = np.linalg.solve(pixels.T @ pixels + np.eye(pixels.shape[1]), pixels.T @ np.eye(7)[train.labels])
    return solution[:-1].T, solution[-1]


def blocks(images, side):
    """The means of blocks of `side` × `side` pixels, 0 to 1: (N, …)."""
    whole = 48 // side
    return images.reshape(-1, whole, side, whole, side).mean((2, 4)).reshape(len(images), -1) / 255


def linear(side):
    from torch import nn

    return nn.Sequential(nn.AvgPool2d(side), nn.Flatten(), nn.Linear((48 // side) ** 2, len(EMOTIONS)))


def small_network():
    return linear(4)


def trained(number=300, side=4):
    """The network of so many blocks, fitted to so many faces."""
    import torch

    model, (weights, bias) = linear(side), fitted(number, side)
    with torch.no_grad():
        model[2].weight.copy_(torch.tensor(weights))
        model[2].bias.copy_(torch.tensor(bias))
    return model


def small_answer(images, arrays):
    return blocks(images, 4) @ arrays["weights"].T + arrays["bias"]


def fitted_arrays(number=300, side=4):
    return dict(zip(("weights", "bias"), fitted(number, side), strict=True))


BASELINES = {
    "09.1": Baseline("the small network", network=small_network, train=trained),
    "09.2": Baseline("the small classifier", network=small_answer, train=fitted_arrays),
}
CHECKS = {
    "09.1": lambda network: expect_better("09.1", network),
    "09.2": lambda answer: expect_better("09.2", answer),
}


def install(monkeypatch, folder):
    """Let the package know sheet 09 and its baselines, whose weights are kept in `folder`."""
    lesson = ModuleType("fercourse.classroom.checks.lesson_09")
    lesson.BASELINES, lesson.CHECKS = BASELINES, CHECKS
    monkeypatch.setitem(sys.modules, lesson.__name__, lesson)
    monkeypatch.setattr(hints, "_written", lambda: {id: {"title": id, "hints": [], "solution": ""} for id in CHECKS})
    monkeypatch.setattr(baselines, "KEPT", folder)
    for id, baseline in BASELINES.items():
        (folder / f"{id}.npz").write_bytes(packed(arrays_of(baseline.train())))
