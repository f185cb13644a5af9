"""The exercises of lesson 10: what ingredients change, an average, two ways downhill, a price, a budget."""

import re

import numpy as np
import torch
from torch import nn

from fercourse.classroom.checks.shared.compare import (
    as_array,
    as_list,
    as_whole,
    ask,
    expect,
    expect_secret,
    plain,
    same,
    short,
)
from fercourse.classroom.checks.shared.layers import cosine, evened, plain_network
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.judge import expect_better
from fercourse.classroom.later_probes import averages, training_arithmetic
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.errors import CheckFailed
from fercourse.learn.costs import training_flops
from fercourse.learn.fitting import fit
from fercourse.learn.models import Standardise

CHANGES = ("W", "W", "WP", "none", "E", "F", "A")
NAMES = ("the stem", "batch norm", "the pools", "Muon", "the triangle", "smoothed labels", "averaged weights")
KINDS = {
    "W": "how many weights are trained",
    "P": "the products of one face",
    "F": "the least loss",
    "E": "whether the end has to be known",
    "A": "which weights answer",
}
TARGET = np.full(7, 0.1 / 7) + 0.9 * np.eye(7)[3]
LEAST = float(-(TARGET * np.log(TARGET)).sum())
HEIGHT = (1 - 6 / 8) / (1 - 0.25)


def what_changes(changes, least, height):
    """10.1: what each of seven ingredients changes, the floor of a smoothed loss, and a triangle's height."""
    came = as_list(changes)
    if changes is None or came == []:
        raise CheckFailed('changes: expected a list of seven texts, such as "WF" or "none": nothing is written yet')
    if came is None:
        raise CheckFailed(
            f'changes: expected a list of seven texts, such as "WF" or "none", came {short(plain(changes))}'
        )
    expect(len(came), len(CHANGES), "changes, the number of ingredients")
    letters = [_letters(each) for each in came]
    wrong = [number for number, (one, other) in enumerate(zip(letters, CHANGES, strict=True)) if one != other]
    if wrong:
        place = wrong[0]
        about = [KINDS[letter] for letter in KINDS if (letter in letters[place]) != (letter in CHANGES[place])]
        right = len(CHANGES) - len(wrong)
        raise CheckFailed(
            f"changes: {right} of {len(CHANGES)} are right. Think again about ingredient {place + 1}, {NAMES[place]}: "
            f"{' and '.join(about)}"
        )
    _expect_number(least, LEAST, "changes are right. least", LEAST_SLIPS, atol=0.006)
    _expect_number(height, HEIGHT, "changes and least are right. height", HEIGHT_SLIPS, atol=0.012)


LEAST_SLIPS = {
    -float(np.log(TARGET[3])): "that is the part of the label alone; the six others count with their shares",
    -float(TARGET[3] * np.log(TARGET[3])): "that is the part of the label alone; the six others count as well",
    LEAST / float(np.log(2)): "that is the logarithm to the base 2; take the natural one",
    -float(0.9 * np.log(0.9) + 0.1 * np.log(0.1 / 6)): "0.1 is spread over all seven, the label's own among them",
    -float(0.9 * np.log(0.9)): "the label keeps 0.9 and a seventh of 0.1, and the six others count as well",
}
HEIGHT_SLIPS = {
    0.25: "the way down begins after a quarter of the steps, not after none",
    0.75: "that is the share of the steps that are done",
    2 / 3: "that is how much of the fall is over",
    0.0: "the fall ends after the last epoch, and two are left",
}


def _expect_number(came, expected, where, slips, *, atol):
    for slip, what in slips.items():
        if not same(came, expected, atol=atol) and same(came, slip, atol=atol / 2):
            raise CheckFailed(f"{where}: came {short(plain(came))}: {what}")
    expect_secret(came, expected, where, atol=atol)


def _letters(text):
    """The letters of an answer for one ingredient, in the order of KINDS; "none" for none."""
    text = "".join(text) if isinstance(text, (list, tuple, set)) and all(isinstance(one, str) for one in text) else text
    if not isinstance(text, str):
        raise CheckFailed(f'changes: expected texts, such as "WF" or "none", came {short(text)}')
    found = re.sub(r"[\s,;+&]", "", text).upper()
    if found in ("", "NONE"):
        return "none"
    if strange := set(found) - set(KINDS):
        raise CheckFailed(f'changes: expected the letters {", ".join(KINDS)}, or "none", came {min(strange)!r}')
    return "".join(letter for letter in KINDS if letter in found)


def an_average(answer):
    """10.2: weighted means of the states of a network, from the first step on."""
    norm = [nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3)]
    expect_averaged(answer, nn.Linear(3, 2), 0.9, 1, "one step", seed=101)
    expect_averaged(answer, nn.Linear(3, 2), 0.9, 6, "six steps of one layer", seed=102)
    expect_averaged(answer, nn.Linear(3, 2), 0.0, 3, "keep=0", seed=103)
    expect_averaged(answer, nn.Sequential(*norm), 0.999, 4, "four steps with a batch norm", seed=104)
    expect_averaged(answer, nn.Linear(3, 2).double(), 0.7, 5, "numbers of 64 bits", seed=105)


def expect_averaged(answer, model, keep, steps, where, *, seed):
    """Raise CheckFailed where `answer(model, keep)` is not the corrected average over so many steps."""
    generator = torch.Generator().manual_seed(seed)
    states = [_drawn_state(model, generator, step) for step in range(steps + 1)]
    model.load_state_dict(states[0])
    came = plain(ask(averages, answer, model, keep, states[1:]))
    where = f"Averaged, {where}"
    if not came:
        raise CheckFailed(f"{where}: expected a class with update(model) and state(): nothing is written yet")
    for name, last in states[-1].items():
        if not np.array_equal(came["model"][name], last.numpy()):
            raise CheckFailed(f"{where}: {name} of the model that trains has moved; only the average should")
    if not came["trains"]:
        raise CheckFailed(f"{where}: a weight of the model that trains takes no gradient any more")
    for step in range(1, steps + 1):
        _expect_state(came["states"][step - 1], states[: step + 1], keep, f"{where}, after step {step}")
    for step, (then, later) in enumerate(zip(came["states"], came["later"], strict=True), start=1):
        for name in then:
            if not same(later[name], then[name]):
                raise CheckFailed(
                    f"{where}: {name} in the state after step {step} has changed when the training went on"
                )
    _expect_state(came["again"], states, keep, f"{where}, when the state is asked for once more")


def _drawn_state(model, generator, step):
    """Weights at a place of their own in each step, those before the first one far away."""
    centre = 1.0 + step if step else 50.0

    def drawn(value):
        if not value.is_floating_point():
            return torch.full_like(value, 7 * step + 1000 * (not step))
        return (centre + torch.rand(value.shape, generator=generator, dtype=torch.float64)).to(value.dtype)

    return {name: drawn(value) for name, value in model.state_dict().items()}


def _expect_state(came, states, keep, where):
    expect(sorted(came), sorted(states[0]), f"{where}, the names")
    for name, last in states[-1].items():
        values = [state[name].double().numpy() for state in states]
        if not last.is_floating_point():
            expect(came[name], last.numpy(), f"{where}, {name}, a counter")
            continue
        powers = keep ** np.arange(len(values) - 2, -1, -1.0)
        expected = np.tensordot(powers / powers.sum(), np.array(values[1:]), 1)
        array, digits = as_array(came[name]), 1e-3 if last.dtype == torch.float32 else 1e-10
        if isinstance(array, np.ndarray) and same(array, expected, atol=digits):
            expect(str(array.dtype), str(last.numpy().dtype), f"{where}, {name}, its type")
            continue
        for slip, wrong in _false_starts(values, keep):
            if same(array, wrong, atol=1e-3) and not same(array, expected, atol=1e-3):
                raise CheckFailed(f"{where}: {name} is {slip}")
        expect(array, expected, f"{where}, {name}", atol=digits)


def _false_starts(values, keep):
    """Pairs of what an average may be instead, and its value."""
    running = {"zero": 0 * values[0], "first": values[0], "second": values[1]}
    for value in values[1:]:
        running = {name: keep * each + (1 - keep) * value for name, each in running.items()}
    return [
        ("that of the last step alone", values[-1]),
        ("mixed with 0: divide by what is missing", running["zero"]),
        ("mixed with the weights from before the first step", running["first"]),
        ("an average that begins with the first step, whose weight is too large", running["second"]),
        ("the plain mean of all steps, each of them counted as much", np.mean(values[1:], axis=0)),
    ]


SIDE, BOUND = 32, 0.25


def two_ways(agreement, gradient):
    """10.3: the cosine between a gradient and its evened matrix, and a matrix where it is small."""
    generator = np.random.default_rng(103)
    cases = [
        ("a square matrix", 6, 6, 4, 1.0),
        ("a tall one", 9, 4, 4, 1.0),
        ("a wide one of small numbers", 3, 8, 4, 1e-3),
    ]
    cases += [
        ("one step of evening", 5, 7, 1, 1.0),
        ("six steps, large numbers", 7, 5, 6, 1e3),
        ("one row", 1, 5, 4, 1.0),
    ]
    for which, rows, columns, steps, size in cases:
        matrix = size * generator.normal(size=(rows, columns)) * np.geomspace(1, 0.05, columns)
        came = agreement(torch.tensor(matrix), steps)
        _expect_agreement(came, matrix, steps, f"agreement, {which}")
    _expect_apart(gradient)


def _expect_agreement(came, matrix, steps, where):
    other = evened(matrix, steps)
    expected, product = cosine(matrix, other), float((matrix * other).sum())
    slips = {
        product: "that is the sum of the products; divide it by the lengths of both",
        product / np.linalg.norm(matrix): "the evened matrix has a length too, which is not 1",
        product / np.linalg.norm(other): "the gradient has a length too",
        1 - expected: "that is 1 minus the cosine",
        float(np.arccos(expected)): "that is the angle, not its cosine",
    }
    for slip, what in slips.items():
        if same(came, slip, atol=1e-6 * max(1, abs(slip))) and not same(came, expected, atol=1e-6):
            raise CheckFailed(f"{where}: came {short(plain(came))}: {what}")
    expect(came, expected, where, atol=1e-6)


def _expect_apart(gradient):
    right, matrix = "agreement is right. gradient", as_array(gradient)
    if matrix is None:
        raise CheckFailed(f"{right}: expected a matrix of {SIDE} × {SIDE} numbers: nothing is written yet")
    if not isinstance(matrix, np.ndarray) or matrix.dtype.kind not in "iuf" or matrix.shape != (SIDE, SIDE):
        raise CheckFailed(f"{right}: expected a matrix of {SIDE} × {SIDE} numbers, came {short(matrix)}")
    matrix = matrix.astype(float)
    if not (np.isfinite(matrix).all() and matrix.min() >= 0.5 - 1e-6 and matrix.max() <= 1 + 1e-6):
        raise CheckFailed(
            f"{right}: expected numbers from 0.5 to 1, came some from {matrix.min():.3g} to {matrix.max():.3g}"
        )
    if (came := cosine(matrix, evened(matrix, 4))) >= BOUND:
        raise CheckFailed(f"{right}: its agreement is {came:.3f}, and it has to be under {BOUND}")


def a_price(answer):
    """10.4: what a training takes in arithmetic, at any side and for any number of faces."""
    expect_priced(answer, [2, 3, 4], 128, [48] * 2, 64, "48 pixels and full batches")
    expect_priced(answer, [4], 50, [48], 64, "one batch that is not full")
    expect_priced(answer, [6, 4], 64, [24], 64, "one epoch at 24 pixels")
    expect_priced(answer, [8, 4, 12], 200, [32, 32, 48], 64, "small faces at first, and a short last batch")
    expect_priced(answer, [3, 5, 7], 90, [45, 45, 33], 45, "odd sides")


def expect_priced(answer, widths, faces, sides, batch_size, where):
    """Raise CheckFailed where `answer` does not say what `training_flops` counts for this training."""
    expected = training_flops(plain_network(widths), faces=faces, sides=sides)
    came = answer(list(widths), faces, list(sides), batch_size)
    if same(came, expected, atol=0.5):
        return
    whole = faces // batch_size * batch_size
    slips = {
        expected * whole // faces: "the faces of the last batch, which is not full, are left out",
        expected * -(-faces // batch_size) * batch_size // faces: "the last batch is counted as if it were full",
        expected // 3: "it has the way forward alone",
        expected // 3 * 2: "the way back makes two products for each one of the way forward",
    }
    for slip, what in slips.items():
        if slip and same(came, slip, atol=0.5):
            raise CheckFailed(f"price, {where}: came {short(plain(came))}: {what}")
    expect(came, expected, f"price, {where}", atol=0.5)


FACES, BUDGET = 1_000, 600_000_000_000


def more_for_the_same(network, sides):
    """10.5: the student's network against the given CNN on practice faces, and what its training takes."""
    expect_better("10.5", network)
    expect_within(network, sides)


def expect_within(network, sides):
    """Raise CheckFailed where a training of `network()` at these sides takes more than the budget."""
    came = as_list(sides)
    whole = [as_whole(plain(side)) for side in came or []]
    if not whole or None in whole or min(whole) < 1 or max(whole) > 1_000 or len(whole) > 10_000:
        raise CheckFailed(f"sides: expected a list of sides in pixels, one for each epoch, came {short(plain(sides))}")
    flops = ask(training_arithmetic, network, FACES, whole)
    if not flops <= BUDGET:
        raise CheckFailed(
            f"{len(whole)} epochs at these sides take {flops / 1e12:.3f} TFLOP, more than {BUDGET / 1e12:g}: take "
            "fewer or smaller faces, or a network that costs less"
        )


def given_cnn():
    """The network that is to be beaten: three convolutions in the manner of Notebook A, 102,007 weights."""
    layers, channels = [Standardise(0.5, 0.25)], 1
    for filters in (16, 32, 48):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(48 * 36, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 7))


def trained_plainly():
    """Trained on 1,000 faces for 19 epochs by Adam, as it came."""
    torch.manual_seed(0)
    model, drawn = given_cnn(), drawn_faces(1_000, 500, 0, seed=105)
    fit(model, (drawn.train, drawn.valid), epochs=19, lr=1e-3, batch_size=32, device="cpu", progress=False)
    return model


BASELINES = {"10.5": Baseline("the given CNN", network=given_cnn, train=trained_plainly)}

CHECKS = {
    "10.1": what_changes,
    "10.2": an_average,
    "10.3": two_ways,
    "10.4": a_price,
    "10.5": more_for_the_same,
}
