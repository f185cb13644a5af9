"""The quicker gradient of depthwise convolutions is torch's own, and is taken only where it is quicker."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import fercourse as fc
from fercourse.learn.transfer import depthwise
from fercourse.learn.transfer.depthwise import Depthwise, quicker

SHAPES = [(1, 1, 3), (2, 2, 3), (2, 2, 5), (3, 3, 5), (2, 4, 5), (4, 4, 5), (3, 2, 7)]


@pytest.mark.parametrize(("height", "width", "side"), SHAPES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_result_and_gradients_are_torchs(height, width, side, layout):
    torch.manual_seed(0)
    theirs = nn.Conv2d(6, 6, side, padding=side // 2, groups=6, bias=False).double()
    ours = quicker(nn.Sequential(copy.deepcopy(theirs)))[0]
    assert type(ours) is Depthwise
    images = torch.rand(3, 6, height, width, dtype=torch.float64).contiguous(memory_format=layout)
    weighed = torch.rand(3, 6, height, width, dtype=torch.float64)
    results = []
    for layer in (ours, theirs):
        seen = images.clone().requires_grad_()
        maps = layer(seen)
        (maps * weighed).sum().backward()
        results.append((maps, seen.grad, layer.weight.grad))
    for mine, torchs in zip(*results, strict=True):
        assert (mine - torchs).abs().max() < 1e-13


def test_the_gradient_of_a_whole_network_is_that_without_it():
    torch.manual_seed(0)
    ours = fc.lite0(side=48).double().train()
    torch.nn.init.normal_(ours.network.classifier.weight)
    theirs = copy.deepcopy(ours)
    for layer in theirs.modules():
        if type(layer) is Depthwise:
            layer.__class__ = nn.Conv2d
    images, labels = torch.rand(6, 1, 48, 48, dtype=torch.float64), torch.arange(6)
    for model in (ours, theirs):
        F.cross_entropy(model(images), labels).backward()
    for mine, torchs in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert (mine.grad - torchs.grad).abs().max() <= 1e-10 * torchs.grad.abs().max() + 1e-13


@pytest.mark.parametrize(("side", "training", "taken"), [(3, True, 1), (5, True, 0), (3, False, 0)])
def test_it_is_taken_in_training_where_the_picture_is_smaller_than_the_kernel(side, training, taken, monkeypatch):
    calls, apply = [], depthwise._Convolved.apply
    monkeypatch.setattr(depthwise._Convolved, "apply", lambda *arguments: calls.append(1) or apply(*arguments))
    layer = quicker(nn.Sequential(nn.Conv2d(4, 4, 5, padding=2, groups=4, bias=False))).train(training)
    layer(torch.rand(2, 4, side, side))
    assert len(calls) == taken


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 3, padding=1, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False),
        nn.Conv2d(4, 8, 3, padding=1, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.Conv2d(4, 4, 3, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False, padding_mode="reflect"),
    ],
)
def test_other_convolutions_stay_as_they_are(layer):
    assert type(quicker(nn.Sequential(layer))[0]) is nn.Conv2d
