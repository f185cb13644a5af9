"""Sheet 12: what the answers of 12.1 say, seen in two trainings that average their gradients; the case of 12.3."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DistributedSampler

from fercourse.classroom.checks import lesson_12
from fercourse.learn.distributed import ring_seconds

IMAGES = torch.rand(256, 1, 6, 6, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(256) % 7


def network(seed=0, norm=False):
    torch.manual_seed(seed)
    layers = [nn.Conv2d(1, 4, 3), *([nn.BatchNorm2d(4)] if norm else []), nn.ReLU(), nn.Flatten(), nn.Linear(64, 7)]
    return nn.Sequential(*layers)


def order(seed):
    return torch.randperm(256, generator=torch.Generator().manual_seed(seed)).split(64)


def gradients(model, places):
    model.zero_grad()
    F.cross_entropy(model(IMAGES[places]), LABELS[places]).backward()
    return [weights.grad for weights in model.parameters()]


def trained(models, shares):
    """An epoch of networks that average their gradients; shares: for each step the places of each."""
    for step in shares:
        found = [gradients(model, places) for model, places in zip(models, step, strict=True)]
        means = [sum(parts) / len(parts) for parts in zip(*found, strict=True)]
        with torch.no_grad():
            for model in models:
                for weights, mean in zip(model.parameters(), means, strict=True):
                    weights -= 0.5 * mean
    return models[0]


def two(case):
    """The two networks and the shares of each training of the question but D, which is torch's own business."""
    models = [network(norm=case == "C"), network(seed=case == "E", norm=case == "C")]
    if case == "F":
        return models, [(mine[:32], theirs[:32]) for mine, theirs in zip(order(0), order(1), strict=True)]
    cut = 40 if case == "B" else 32
    return models, [(batch[:cut], batch[cut:]) for batch in order(0)]


@pytest.mark.parametrize("case", "ABCEF")
def test_the_trainings_that_are_that_of_one_are_those_of_the_answer(case):
    one = trained([network(norm=case == "C")], [(batch,) for batch in order(0)])
    other = trained(*two(case))
    apart = max(float((a - b).detach().abs().max()) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert (apart < 1e-5) == (case in lesson_12.EQUAL), apart


def test_a_ring_of_four_sends_what_the_answer_says():
    assert ring_seconds(4, 24, bandwidth=1, latency=0) == lesson_12.MEGABYTES
    assert ring_seconds(4, 0, bandwidth=1, latency=1) == lesson_12.MESSAGES


@pytest.mark.parametrize(("faces", "world"), [(100, 64), (101, 64), (7, 2), (128, 64)])
def test_the_padding_of_the_exercise_is_that_of_torchs_sampler(faces, world):
    samplers = [DistributedSampler(range(faces), world, rank, shuffle=False) for rank in range(world)]
    dealt = sorted(np.concatenate([list(sampler) for sampler in samplers]).tolist())
    each = -(-faces // world)
    assert dealt == sorted(np.resize(np.arange(faces), each * world).tolist())
