"""The exercises of lesson 05, against torchvision's block, torch's batch norm and torch's one-cycle schedule."""

import copy
import math

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torchvision.models import resnet

from fercourse.classroom.checks.shared.compare import ask, expect, expect_secret, plain, same, short
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.judge import expect_better
from fercourse.classroom.probes import module_outputs, module_shapes, module_stages
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.errors import CheckFailed
from fercourse.learn.fitting import fit
from fercourse.learn.models import small_resnet


def count_on_paper(weights, operations, at_stride_2, shortcut, counts):
    """05.1: weights and operations of a convolution, its shortcut, and how much a face of a short batch counts."""
    kernel = nn.Conv2d(64, 128, 3, padding=1, bias=False).weight.numel()
    expect_secret(weights, kernel, "weights")
    expect_secret(operations, 2 * kernel * 24 * 24, "operations, for one face")
    expect_secret(at_stride_2, 2 * kernel * 12 * 12, "at_stride_2, operations for one face")
    expect_secret(shortcut, 64 * 128, "shortcut, its weights")
    expect_secret(counts, 100 / (3589 % 100), "counts, a face of the last batch against another", atol=0.006)


def bottleneck(answer):
    """05.2: torchvision's Bottleneck, its names and shapes, and with its weights the same output."""
    torch.manual_seed(25)
    cases = [
        ("Bottleneck(64, 16)", (64, 16)),
        ("Bottleneck(24, 8, 2, downsample)", (24, 8, 2, _downsample(24, 32, 2))),
        ("Bottleneck(16, 8, 1, downsample)", (16, 8, 1, _downsample(16, 32, 1))),
    ]
    for shown, arguments in cases:
        theirs = resnet.Bottleneck(*copy.deepcopy(arguments))
        _draw_again(theirs)
        expected = {name: list(tensor.shape) for name, tensor in theirs.state_dict().items()}
        _expect_names(ask(module_shapes, answer, copy.deepcopy(arguments)), expected, shown)
        images = torch.randn(6, arguments[0], 9, 7)
        came = ask(module_outputs, answer, copy.deepcopy(arguments), theirs.state_dict(), images)
        outputs = {"in training": theirs.train()(images), "afterwards": theirs.eval()(images)}
        where = f"{shown} with torchvision's weights"
        try:
            expect(came, outputs | {"the images that came in": images}, where, atol=1e-4)
        except CheckFailed as failure:
            stages = ask(module_stages, answer, copy.deepcopy(arguments), theirs.state_dict(), images)
            theirs_layers = module_stages(resnet.Bottleneck, copy.deepcopy(arguments), theirs.state_dict(), images)
            found = _first_difference(plain(stages), plain(theirs_layers))
            raise CheckFailed(f"{failure}\n{found}") from None


def schedule_is_complete(answer):
    """05.4: rates of whole cycles, of torch and by hand, and of the ways in which one goes wrong."""
    whole, straight = _cycle(90, 0.2), _cycle(64, 3.0, rise=0.5, anneal="linear")
    resting = [*whole[:27], *[0.2] * 12, *whole[27:]]
    falling = [0.2 * (1 + math.cos(math.pi * step / 79)) / 2 for step in range(80)]
    cases = [
        ("a step each batch", whole, 0.2, True),
        ("straight lines to a peak of 3", straight, 3.0, True),
        ("a short rise", _cycle(200, 0.01, rise=0.1), 0.01, True),
        ("a long rise", _cycle(200, 0.01, rise=0.9), 0.01, True),
        ("three phases", _cycle(120, 0.5, rise=0.4, phases=True), 0.5, True),
        ("a rest at the peak", resting, 0.2, True),
        ("a step each epoch", [rate for rate in whole[:6] for _ in range(15)], 0.2, False),
        ("a training stopped at the peak", whole[:27], 0.2, False),
        ("a training stopped after nine tenths", whole[:81], 0.2, False),
        ("twice as many steps planned as taken", _cycle(180, 0.2)[:90], 0.2, False),
        ("a new schedule in each of six epochs", _cycle(15, 0.2, rise=0.2) * 6, 0.2, False),
        ("two cycles", whole + whole, 0.2, False),
        ("the same rate all the time", [0.2] * 90, 0.2, False),
        ("a cycle to ten times the peak", _cycle(90, 2.0), 0.2, False),
        ("a cycle to one and a half times the peak", _cycle(90, 0.3), 0.2, False),
        ("a cycle to a third of the peak", _cycle(90, 0.2 / 3), 0.2, False),
        ("a fall without a rise", falling, 0.2, False),
        ("a rise without a fall", falling[::-1], 0.2, False),
        ("the two halves in the wrong order", whole[27:] + whole[:27], 0.2, False),
        ("one step back on the way up", [*whole[:14], whole[3], *whole[14:]], 0.2, False),
        ("one leap on the way down", [*whole[:60], 0.15, *whole[60:]], 0.2, False),
        ("a rate of zero all the time", [0.0] * 50, 0.2, False),
        ("an empty list", [], 0.2, False),
    ]
    for which, rates, peak, expected in cases:
        expect(answer(list(rates), peak), expected, f"schedule_is_complete, {which}")


def batch_norm(answer):
    """05.5: nn.BatchNorm2d without its learned numbers, in training and for answers."""
    generator = torch.Generator().manual_seed(55)
    for size, momentum, eps in (((5, 3, 4, 7), 0.1, 1e-5), ((2, 4, 3, 2), 0.7, 0.5)):
        images = 2 * torch.rand(size, generator=generator) + 0.3
        mean, variance = torch.rand(2, size[1], generator=generator) + 0.2
        for training in (True, False):
            layer = nn.BatchNorm2d(size[1], eps=eps, momentum=momentum, affine=False).train(training)
            layer.running_mean.copy_(mean)
            layer.running_var.copy_(variance)
            given = images.clone(), mean.clone(), variance.clone()
            came = answer(*given, training, momentum, eps)
            where = f"batch_norm of images {size}, training={training}, momentum={momentum}, eps={eps}"
            output = layer(images)
            _expect_three(
                came, (output, layer.running_mean, layer.running_var), where, _mixed_up(images, layer, variance)
            )
            for name, tensor, before in zip(
                ("images", "mean", "variance"), given, (images, mean, variance), strict=True
            ):
                expect(tensor, before, f"{where}: what came in as {name} should stay as it was; afterwards")


def better_than_eight_layers(network):
    """05.6: a trained network that beats the 8 layers on practice faces."""
    expect_better("05.6", network)


def eight_layers():
    """The 8 layers of the lesson."""
    return small_resnet(8, 0.5, 0.25)


def trained_eight_layers():
    """The 8 layers after four epochs at one rate, as the lesson trains them, on the faces of the exercise."""
    torch.manual_seed(0)
    model, faces = eight_layers(), drawn_faces(4_000, 8, 0, seed=56)
    settings = {"epochs": 4, "lr": 0.03, "optimizer": "sgd", "momentum": 0.9, "batch_size": 50}
    fit(model, faces, **settings, device="cpu", progress=False)
    return model


BASELINES = {"05.6": Baseline("the 8 layers", network=eight_layers, train=trained_eight_layers)}

CHECKS = {
    "05.1": count_on_paper,
    "05.2": bottleneck,
    "05.4": schedule_is_complete,
    "05.5": batch_norm,
    "05.6": better_than_eight_layers,
}


def _downsample(inputs, outputs, stride):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


def _draw_again(module):
    """Give every batch norm numbers of its own: fresh ones, all 1 and 0, would hide one that is left out."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
            nn.init.uniform_(layer.running_mean, -0.5, 0.5)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)


def _expect_names(came, expected, shown):
    if came is None:
        raise CheckFailed(f"{shown}: expected a class of your own; nothing is written in it yet")
    for what, names in (("lacks", expected.keys() - came), ("should not have", came.keys() - expected)):
        if names:
            listed = ", ".join(sorted(names)[:3]) + (", …" if len(names) > 3 else "")
            raise CheckFailed(f"{shown}: its state {what} {listed}")
    for name, shape in expected.items():
        if list(came[name]) != shape:
            raise CheckFailed(f"{shown}, {name}: expected the shape {tuple(shape)}, came {tuple(came[name])}")


def _first_difference(came, expected):
    """Where a block leaves torchvision's, layer by layer, in a sentence."""
    until = "Layer by layer:"
    for name in (layer for layer in expected if layer != "relu"):
        if name not in came:
            return f"{until} {name} is never called."
        if came[name].shape != expected[name].shape:
            moved = " The stride belongs to the 3 × 3 convolution, conv2." if name in ("conv1", "conv2") else ""
            return f"{until} {name} differs: expected {expected[name].shape}, came {came[name].shape}.{moved}"
        if not same(came[name], expected[name], atol=1e-4):
            return f"{until} {name} gives other numbers, so look at what goes into it."
        until = f"Layer by layer: equal until {name};"
    return "Layer by layer: all are equal. So look at what happens after bn3: the sum, the shortcut and the last ReLU."


def _mixed_up(images, layer, variance):
    """What output and variance are with n and n − 1 exchanged, each with the sentence that a teacher would say."""
    mean, moved = images.mean((0, 2, 3), keepdim=True), (1 - layer.momentum) * variance
    by_n, by_less = (images.var((0, 2, 3), correction=correction) for correction in (0, 1))
    output = (images - mean) / (by_less[:, None, None] + layer.eps).sqrt()
    return {
        "the output": (output, "You divided by n − 1. The output is made with the variance that divides by n."),
        "the variance": (
            moved + layer.momentum * by_n,
            "You divided by n. The average collects the variance that divides by n − 1.",
        ),
    }


def _expect_three(came, expected, where, mixed_up):
    came = plain(came)
    if came is None:
        raise CheckFailed(f"{where}: expected three tensors, came None: nothing is written, or nothing returned")
    if not isinstance(came, (list, tuple)) or len(came) != 3:
        raise CheckFailed(f"{where}: expected three tensors, the output, the mean and the variance; came {_kind(came)}")
    for name, one, other in zip(("the output", "the mean", "the variance"), came, expected, strict=True):
        try:
            expect(one, other, f"{where}: {name}", atol=1e-4)
        except CheckFailed as failure:
            exchanged, sentence = mixed_up.get(name, (None, ""))
            if exchanged is not None and same(one, exchanged, atol=1e-4):
                raise CheckFailed(f"{failure}. {sentence}") from None
            raise


def _kind(came):
    return f"{len(came)} of them" if isinstance(came, (list, tuple)) else short(came)


def _cycle(steps, peak, *, rise=0.3, anneal="cos", phases=False):
    """The rates that torch's one-cycle schedule uses in so many batches."""
    sgd = torch.optim.SGD([torch.zeros(1)], lr=peak)
    schedule = OneCycleLR(
        sgd, peak, steps, pct_start=rise, anneal_strategy=anneal, cycle_momentum=False, three_phase=phases
    )
    rates = []
    for taken in range(steps):
        rates.append(float(sgd.param_groups[0]["lr"]))
        if taken + 1 < steps:
            sgd.step()
            schedule.step()
    return rates
