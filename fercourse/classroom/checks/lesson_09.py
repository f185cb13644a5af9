"""The exercises of lesson 09: what moves, a stem for grey, a head that distorts, a body that stays, few labels."""

import re

import numpy as np
import torch
from torch import nn

from fercourse.classroom.checks.shared.compare import as_whole, ask, expect, expect_secret, plain, same, short
from fercourse.classroom.checks.shared.layers import CONVOLUTIONS, bodies, descended, ended
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.judge import expect_better
from fercourse.classroom.probes import frozen_training, grey_layer
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.errors import CheckFailed
from fercourse.learn.augment import Augment
from fercourse.learn.fitting import fit
from fercourse.learn.models import Standardise
from fercourse.learn.schedules import OneCycle

MOVES = ("AL", "AL", "AL", "L", "CL", "A", "none")
LEFT, FEWEST = 0.9**8, 44
KINDS = {"C": "the convolution's kernels", "N": "the batch norm's weights", "A": "its averages", "L": "the last layer"}


def what_moves(moves, left, fewest):
    """09.1: which tensors move in each of seven trainings, and how quickly an average forgets."""
    came = plain(moves)
    came = came.tolist() if isinstance(came, np.ndarray) else came
    if came is None or came == []:
        raise CheckFailed('moves: expected a list of seven texts, such as "CL" or "none": nothing is written yet')
    if not isinstance(came, (list, tuple)):
        raise CheckFailed(f'moves: expected a list of seven texts, such as "CL" or "none", came {short(came)}')
    expect(len(came), len(MOVES), "moves, the number of trainings")
    letters = [_letters(each) for each in came]
    wrong = [number for number, (one, other) in enumerate(zip(letters, MOVES, strict=True)) if one != other]
    if wrong:
        missing = [KINDS[letter] for letter in KINDS if (letter in letters[wrong[0]]) != (letter in MOVES[wrong[0]])]
        about = "nothing at all" if letters[wrong[0]] == "none" and len(missing) > 1 else " and ".join(missing)
        raise CheckFailed(
            f"moves: {len(MOVES) - len(wrong)} of {len(MOVES)} are right. Think again about training {wrong[0] + 1}, "
            f"{about}"
        )
    _expect_left(left)
    if as_whole(plain(fewest)) == 43:
        raise CheckFailed("moves and left are right. fewest: came 43: after 43 batches the share is 0.0108")
    expect_secret(fewest, FEWEST, "moves and left are right. fewest")


def _letters(text):
    """The letters of an answer to one training, in the order of KINDS; "none" for none."""
    text = "".join(text) if isinstance(text, (list, tuple, set)) and all(isinstance(one, str) for one in text) else text
    if not isinstance(text, str):
        raise CheckFailed(f'moves: expected texts, such as "CL" or "none", came {short(text)}')
    found = re.sub(r"[\s,;+&]", "", text).upper()
    if found in ("", "NONE"):
        return "none"
    if strange := set(found) - set(KINDS):
        raise CheckFailed(f'moves: expected the letters {", ".join(KINDS)}, or "none", came {min(strange)!r}')
    return "".join(letter for letter in KINDS if letter in found)


def _expect_left(left):
    slips = {
        1 - LEFT: "that is the share that is new",
        0.1**8: "a tenth is what is new in each batch, and nine tenths stay",
        0.2: "eight tenths are not simply taken away: each batch takes a tenth of what is left",
        100 * LEFT: "write a share from 0 to 1, not percent",
    }
    for slip, what in slips.items():
        if same(left, slip, atol=0.006 if slip > 1e-3 else 1e-6) or same(left, slip, atol=0.5 * (slip > 1)):
            raise CheckFailed(f"moves are right. left: came {short(plain(left))}: {what}")
    expect_secret(left, LEFT, "moves are right. left", atol=0.006)


def grey_stem(answer):
    """09.2: a layer for grey pictures that gives what one for colours gives where its three channels are equal."""
    for number, (which, options) in enumerate(CONVOLUTIONS):
        expect_grey(answer, nn.Conv2d(3, **options), f"grey_stem, {which}", seed=90 + number)


def expect_grey(answer, convolution, where, *, seed):
    """Raise CheckFailed where `answer(convolution)` is not its layer for grey."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in convolution.parameters():
            weights.copy_(torch.randn(weights.shape, generator=generator, dtype=torch.float64))
    grey = torch.rand(2, 1, 13, 11, generator=generator).to(convolution.weight.dtype)
    came = plain(ask(grey_layer, answer, convolution, grey))
    if came["class"] is None:
        raise CheckFailed(f"{where}: expected a layer, came None: nothing is written, or nothing returned")
    if "weight" not in came:
        raise CheckFailed(f"{where}: expected a layer, an nn.Conv2d, came <{came['class']}>")
    wanted = [convolution.out_channels, 1, *convolution.kernel_size]
    expect(came["weight"] or "a layer without kernels", wanted, f"{where}, the shape of its kernels")
    if not came["kept"]:
        raise CheckFailed(f"{where}: the layer that came in has changed; it should stay as it is")
    kind = str(convolution.weight.dtype).removeprefix("torch.")
    expect(came["type"], kind, f"{where}, the type of what it gives")
    scale = float(np.abs(came["expected"]).max())
    _expect_outputs(came["output"], came["expected"], where, atol=(1e-5 if kind == "float32" else 1e-12) * scale)
    if came["shared"]:
        raise CheckFailed(f"{where}: it shares a tensor with the layer that came in: training the one moves the other")
    if not came["trains"]:
        raise CheckFailed(f"{where}: a weight of the new layer takes no gradient, so it could not be trained")


def _expect_outputs(came, expected, where, atol):
    if same(came, expected, atol=atol):
        return
    if same(came, expected, atol=1e-6 * np.abs(expected).max()):
        raise CheckFailed(f"{where}: it is off by rounding alone, as if numbers of 32 bits had been used on the way")
    if came.shape == expected.shape:
        factor = float((came * expected).sum() / (came * came).sum()) if came.any() else 0.0
        if factor and same(factor * came, expected, atol=1e-4 * np.abs(expected).max()):
            raise CheckFailed(f"{where}: all that it gives is {1 / factor:.3g} times what the old one gives")
        apart = came - expected
        if np.ptp(apart, axis=(0, 2, 3)).max() <= 1e-4 * np.abs(expected).max():
            raise CheckFailed(f"{where}: each filter is off by a number that is the same at all places")
    expect(came, expected, where, atol=atol)


FAR = 1.0  # by how much the far face has to be off


def distortion(fine_tune, start):
    """09.3: gradient descent on two layers at once, and a head from which it fits near and breaks far away."""
    generator = np.random.default_rng(93)
    cases = [
        ("no step", 1, 2, 5, 0.1, 0),
        ("one step, two inputs and one feature", 1, 2, 5, 0.1, 1),
        ("one step, four inputs and three features", 3, 4, 6, 0.05, 1),
        ("forty steps, four inputs and three features", 3, 4, 6, 0.05, 40),
    ]
    for which, width, inputs, faces, rate, steps in cases:
        given = [generator.normal(size=shape) for shape in ((width, inputs), width, (faces, inputs), faces)]
        came = fine_tune(*map(torch.tensor, given), rate, steps)
        expect_descended(came, *given, rate, steps, f"fine_tune, {which}")
    _expect_break(start)


def expect_descended(came, features, head, inputs, targets, rate, steps, where):
    """Raise CheckFailed where `came` is not what `descended` gives."""
    came = plain(came)
    if came is None:
        raise CheckFailed(f"{where}: expected a pair (features, head), came None: nothing is written, or returned")
    if not isinstance(came, (list, tuple)) or len(came) != 2:
        raise CheckFailed(f"{where}: expected a pair (features, head), came {short(came)}")
    expected = descended(features, head, inputs, targets, rate, steps)
    pair = [np.array(part) if isinstance(part, (list, tuple)) and _regular(part) else part for part in came]
    pair[1] = np.ravel(pair[1]) if isinstance(pair[1], (float, int, np.ndarray)) and np.size(pair[1]) == 1 else pair[1]
    pair[0] = np.reshape(pair[0], features.shape) if np.size(pair[0]) == features.size == 1 else pair[0]
    if all(same(part, right, atol=1e-5) for part, right in zip(pair, expected, strict=True)):
        return
    for slip, wrong in _slips(features, head, inputs, targets, rate) if steps == 1 else ():
        if all(same(part, other, atol=1e-5) for part, other in zip(pair, wrong, strict=True)):
            raise CheckFailed(f"{where}: {slip}")
    expect(pair[0], expected[0], f"{where}, the features", atol=1e-5)
    expect(pair[1], expected[1], f"{where}, the head", atol=1e-5)


def _slips(features, head, inputs, targets, rate):
    """Pairs of what may have gone wrong in one step, and where the two layers are then."""
    faces, given = len(targets), (inputs, targets)
    moved = descended(features, head, *given, rate, 1)
    pull = 2 / faces * inputs.T @ (inputs @ features.T @ head - targets)
    late = "one layer moves by a gradient that was taken after the other one had moved"
    return [
        ("the features have moved, and the head has not", (moved[0], head)),
        ("the head has moved, and the features have not", (features, moved[1])),
        ("the step goes up the error, not down", descended(features, head, *given, -rate, 1)),
        ("the step is too short by the number of faces", descended(features, head, *given, rate / faces, 1)),
        ("the step is too long by the number of faces", descended(features, head, *given, rate * faces, 1)),
        ("the step is half as long as it should be", descended(features, head, *given, rate / 2, 1)),
        (late, (descended(features, moved[1], *given, rate, 1)[0], moved[1])),
        (late, (moved[0], descended(moved[0], head, *given, rate, 1)[1])),
        (late, (features - rate * np.outer(moved[1], pull), moved[1])),
        (late, (moved[0], head - rate * moved[0] @ pull)),
    ]


def _regular(rows):
    flat = [item for row in rows for item in (row if isinstance(row, (list, tuple)) else [row])]
    lengths = {len(row) if isinstance(row, (list, tuple)) else 0 for row in rows}
    return len(lengths) == 1 and all(isinstance(item, (int, float)) for item in flat)


def _expect_break(start):
    number = _number(start)
    if number is None:
        nothing = ": nothing is written yet" if plain(start) is None else ""
        raise CheckFailed(f"fine_tune is right. start: expected a number, came {short(plain(start))}{nothing}")
    error, far = ended(number)
    if not np.isfinite(error):
        raise CheckFailed(f"fine_tune is right. start: from {number:g} the training diverges; begin closer to 0")
    if error > 1e-6:
        raise CheckFailed(
            f"fine_tune is right. start: from {number:g} the error of training ends at {error:.2g}, and it has to be "
            "under 0.000001: this head does not learn the eight faces"
        )
    if not far > FAR:
        raise CheckFailed(
            f"fine_tune is right. start: from {number:g} the far face is off by {far:.2f} in the end; it has to be "
            f"more than {FAR:g}"
        )


def _number(value):
    """A float of a number in whatever form; None for what is none."""
    value = plain(value)
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    is_number = not isinstance(value, (bool, str, complex)) and hasattr(value, "__float__")
    return float(value) if is_number else None


def a_body_that_stays(answer):
    """09.4: a body and a head, joined so that a training leaves the body as it is, and trains the head."""
    for number, (which, body, head) in enumerate(bodies()):
        expect_frozen(answer, body, head, f"frozen, {which}", seed=94 + number)


def expect_frozen(answer, body, head, where, *, seed):
    """Raise CheckFailed where what `answer(body, head)` joins moves the body, or does not train the head."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in (*body.parameters(), *head.parameters()):
            weights.copy_(0.4 * torch.randn(weights.shape, generator=generator))
    faces = 0.5 + torch.rand(24, 1, 8, 8, generator=generator)
    labels = torch.randint(0, 7, (24,), generator=generator)
    came = plain(ask(frozen_training, answer, body, head, list(zip(faces.split(8), labels.split(8), strict=True))))
    if not came["pair"]:
        what = "None: nothing is written, or nothing returned" if came["class"] is None else came["class"]
        raise CheckFailed(f"{where}: expected a pair (model, optimiser), came {what}")
    if not came["returns"]:
        raise CheckFailed(
            f"{where}: `model.train()` and `model.eval()` should return the model, as those of PyTorch do"
        )
    if came["library"]:
        raise CheckFailed(f"{where}: fc.Frozen is in it; this time write by hand what it does")
    if came["head"] == 0:
        raise CheckFailed(f"{where}: the optimiser holds no weight of the head that came in; is it a copy's?")
    tensors = len(list(head.parameters()))
    if came["others"] or came["head"] != tensors:
        raise CheckFailed(
            f"{where}: expected an optimiser with the head's {tensors} tensors and no others; came one with "
            f"{came['head']} of them and {came['others']} others"
        )
    expect(came["rates"], [0.1] * len(came["rates"]), f"{where}, the optimiser's rate", atol=1e-9)
    if came["moved"]:
        count = f"{len(came['moved'])} tensor{'s' if len(came['moved']) > 1 else ''}"
        raise CheckFailed(f"{where}: in two epochs {count} outside of the head moved, such as {came['moved'][0]}")
    if came["still"]:
        raise CheckFailed(f"{where}: {came['still'][0]} of the head has not moved in two epochs")
    if came["gradients"]:
        raise CheckFailed(f"{where}: weights of the body got gradients, which nobody needs")
    for mode, (answered, expected) in (("in training", came["in training"]), ("for answers", came["for answers"])):
        if not same(answered, expected, atol=1e-5):
            raise CheckFailed(f"{where}: {mode} {SAID[mode]}")


SAID = {
    "in training": (
        "the model gives something else than its head, in training mode, makes of the body in evaluation mode"
    ),
    "for answers": "the model gives something else than its head makes of the body, both in evaluation mode",
}


def few_labels(network):
    """09.5: the student's network against one that has learnt from 250 labels alone, on practice faces."""
    expect_better("09.5", network)


def small_network():
    """The network that is to be beaten: three convolutions with batch norm, 20,119 weights."""
    layers, channels = [Standardise(0.5, 0.25)], 1
    for filters in (16, 32, 48):
        layers += [nn.Conv2d(channels, filters, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(192, 7))


def trained_on_few():
    """Trained on the 250 faces that have labels, gently changed, and on nothing else."""
    torch.manual_seed(0)
    model, few = small_network(), drawn_faces(3_000, 500, 0, seed=95).train[:250]
    gentle = Augment(flip=0.5, shift=0.05, rotate=8)
    recipe = {"epochs": 60, "lr": 3e-3, "batch_size": 25, "schedule": OneCycle(), "augment": gentle}
    fit(model, (few, few), **recipe, device="cpu", progress=False)
    return model


BASELINES = {"09.5": Baseline("the one of 250 labels", network=small_network, train=trained_on_few)}

CHECKS = {
    "09.1": what_moves,
    "09.2": grey_stem,
    "09.3": distortion,
    "09.4": a_body_that_stays,
    "09.5": few_labels,
}
