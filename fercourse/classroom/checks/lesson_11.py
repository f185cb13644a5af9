"""The exercises of lesson 11: seven statements, a layer that is asked, a mark on nothing, eight bits, what changed."""

import copy

import numpy as np
import torch
from torch import nn

from fercourse.classroom.checks.shared.compare import as_array, as_whole, ask, expect, expect_secret, plain, same, short
from fercourse.classroom.later_probes import layer_asked
from fercourse.errors import CheckFailed

LETTERS, TRUE = "ABCDEFG", "ABE"
COVERED, PRODUCTS = 49, 8
ABOUT = {
    "A": "what did `handle.remove()` stand there for?",
    "B": "can the logit of one face hang on another face, where batch norm uses its averages?",
    "C": "what is known of a map that depends on the weights?",
    "D": "what became of the number 1 in the lesson's first file?",
    "E": "what is the scale of this filter, in both ways?",
    "F": "the test compares how many became right with how many became wrong",
    "G": "does Article 5(1)(f) speak of keeping pictures?",
}
SIDE, MOST, GREYS = 6, 10, (0.0, 0.5, 1.0)


def seven_statements(true, covered, products):
    """11.1: which statements are true, how many covered faces, and how many products fit into 16 bits."""
    letters = _letters(true)
    wrong = [letter for letter in LETTERS if (letter in letters) != (letter in TRUE)]
    if wrong:
        right = len(LETTERS) - len(wrong)
        raise CheckFailed(
            f"true: {right} of {len(LETTERS)} are judged rightly. Think again about {wrong[0]}: {ABOUT[wrong[0]]}"
        )
    slips = {7: "that is along one side", 36: "along a side, the first place counts too", 64: "the square has to fit"}
    if what := slips.get(as_whole(plain(covered))):
        raise CheckFailed(f"true is right. covered: came {short(plain(covered))}: {what}")
    expect_secret(covered, COVERED, "true is right. covered")
    slips = {4: "one of the five bits is the sign", 2: "that is with seven bits, not five"}
    if what := slips.get(as_whole(plain(products))):
        raise CheckFailed(f"true and covered are right. products: came {short(plain(products))}: {what}")
    expect_secret(products, PRODUCTS, "true and covered are right. products")


def _letters(true):
    """The letters of an answer, as a set."""
    came = plain(true)
    came = came.tolist() if isinstance(came, np.ndarray) else came
    if came is None or came == "":
        raise CheckFailed('true: expected a text such as "CF": nothing is written yet')
    if isinstance(came, (list, tuple, set)) and all(isinstance(each, str) for each in came):
        came = "".join(came)
    if not isinstance(came, str):
        raise CheckFailed(f'true: expected a text such as "CF", came {short(came)}')
    letters = set(came.upper()) - set(" ,;+&\n")
    if strange := letters - set(LETTERS):
        raise CheckFailed(f"true: expected letters from A to G, came {min(strange)!r}")
    return letters


def asked_at_a_layer(answer):
    """11.2: what a layer answers and which gradient reaches it, with the network left as it was."""

    def network(*behind):
        return nn.Sequential(nn.Conv2d(1, 4, 3), *behind, nn.Flatten(), nn.Linear(144, 7))

    cases = [
        ("a convolution", network(nn.ReLU()), 0),
        ("batch norm and dropout behind it", network(nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5)), 0),
        ("an in-place ReLU behind it", network(nn.ReLU(inplace=True)), 0),
        (
            "an in-place ReLU itself, and another behind it",
            network(nn.ReLU(inplace=True), nn.Hardtanh(0, 0.2, True)),
            1,
        ),
        ("frozen weights", network(nn.ReLU()).requires_grad_(False), 0),
    ]
    for number, (which, model, place) in enumerate(cases):
        expect_asked(answer, model, place, f"at_layer, {which}", seed=11 + number)


def expect_asked(answer, model, place, where, *, seed):
    """Raise CheckFailed where `answer` is not right of the layer model[place], or leaves the model changed."""
    generator = torch.Generator().manual_seed(seed)
    _drawn(model, generator)
    images, codes = torch.rand(5, 1, 8, 8, generator=generator), torch.tensor([0, 6, 3, 3, 1])
    expected = _in_two(model, place, images, codes)
    came = ask(layer_asked, answer, model, place, images, codes)
    if plain(came["came"]) is None and not came["error"]:
        raise CheckFailed(f"{where}: expected a pair of tensors, came None: nothing is written, or nothing returned")
    if came["error"]:
        raise CheckFailed(f"{where}: {came['error']}")
    pair = plain(came["came"])
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        raise CheckFailed(f"{where}: expected a pair (answered, gradient), came {short(pair)}")
    for name, part, right in zip(("answered", "gradient"), pair, expected, strict=True):
        if same(part, right.relu(), atol=1e-6) and not same(part, right, atol=1e-6):
            raise CheckFailed(f"{where}, {name}: no negative number is left; something has written over it")
        expect(part, right, f"{where}, {name}", atol=1e-5)
    _expect_kept(came["left"], where)
    came = ask(layer_asked, answer, model, place, images[..., :5], codes)
    if not came["error"]:
        raise CheckFailed(f"{where}, images of a wrong size: expected the model's error, and none came")
    _expect_kept(came["left"], f"{where}, after an error")


def _drawn(model, generator):
    """Give a network random weights and averages, modes that are mixed, and gradients where weights take them."""
    with torch.no_grad():
        for weights in model.parameters():
            weights.copy_(torch.randn(weights.shape, generator=generator))
    for layer in model.train().modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval().running_mean.copy_(torch.randn(layer.num_features, generator=generator))
    first = next(model.parameters())
    if first.requires_grad:
        first.grad = torch.ones_like(first)


def _in_two(model, place, images, codes):
    """What model[place] answers, and its gradient, of a network that is cut in two there; without a hook."""
    whole = copy.deepcopy(model).eval()
    answered = whole[: place + 1](images.clone()).detach().requires_grad_()
    logits = whole[place + 1 :](answered.clone())
    (gradient,) = torch.autograd.grad(logits[torch.arange(len(codes)), codes].sum(), answered)
    return answered.detach(), gradient


def _expect_kept(changed, where):
    if changed:
        raise CheckFailed(f"{where}: {changed[0]} are not as they were before")


def a_mark_on_nothing(weights, face):
    """11.3: weights and a face for which Grad-CAM marks most what the logit does not hang on."""
    if plain(weights) is None or plain(face) is None:
        raise CheckFailed("weights, face: expected two arrays of 6 × 6 numbers: nothing is written yet")
    weights, face = _square(weights, "weights", -MOST, MOST), _square(face, "face", 0, 1)
    marks = np.maximum(weights.mean() * face, 0)
    if marks.max() < 1e-9:
        raise CheckFailed("weights and face: Grad-CAM marks nothing here; the mean of the weights has to be above 0")
    change = np.max([np.abs(weights * (grey - face)) for grey in GREYS], axis=0)
    first = marks >= 0.999 * marks.max()
    if change[first].max() > 1e-6:
        place = np.argwhere(first & (change > 1e-6))[0].tolist()
        raise CheckFailed(
            f"weights and face: {tuple(place)} has the largest mark, and covering it changes the logit by up to "
            f"{change[tuple(place)]:.3g}; it should change nothing, whatever the grey"
        )
    missed = np.abs(weights * (0.5 - face))[marks < 0.1 * marks.max()]
    if missed.max(initial=0) < 1 - 1e-9:
        raise CheckFailed(
            "weights and face: where the mark is less than a tenth of the largest, covering with 0.5 changes the logit "
            f"by {missed.max(initial=0):.3g} at most; expected a place where it is 1 or more"
        )


def _square(value, name, least, most):
    came = as_array(value)
    if not isinstance(came, np.ndarray) or came.dtype.kind not in "biuf" or came.shape != (SIDE, SIDE):
        raise CheckFailed(f"{name}: expected an array of 6 × 6 numbers, came {short(came)}")
    came = came.astype(float)
    if not ((came >= least) & (came <= most)).all():
        raise CheckFailed(f"{name}: expected numbers from {least} to {most}, came {came.min():.4g} to {came.max():.4g}")
    return came


def eight_bits(answer):
    """11.4: whole numbers of eight bits, and a scale for each filter."""
    generator = np.random.default_rng(114)
    for which, shape in (
        ("a convolution of 5 filters and 3 channels", (5, 3, 3, 3)),
        ("as many filters as channels", (6, 6, 3, 3)),
        ("a linear layer", (7, 40)),
        ("one filter", (1, 4, 1, 1)),
    ):
        weights = generator.normal(size=shape) * generator.uniform(0.01, 2, (shape[0], *[1] * (len(shape) - 1)))
        _expect_int8(answer, weights, f"int8, {which}")
    weights[:] = 0
    _expect_int8(
        answer, np.concatenate([weights, np.full_like(weights, 0.5), weights]), "int8, filters of zeros among others"
    )


def _expect_int8(answer, weights, where):
    given = weights.copy()
    came = plain(answer(given))
    if came is None:
        raise CheckFailed(f"{where}: expected a pair, came None: nothing is written, or nothing returned")
    if not isinstance(came, (list, tuple)) or len(came) != 2:
        raise CheckFailed(f"{where}: expected a pair (numbers, scales), came {short(came)}")
    numbers, scales = came
    if not isinstance(numbers, np.ndarray) or numbers.dtype != np.int8:
        kind = numbers.dtype if isinstance(numbers, np.ndarray) else short(numbers)
        raise CheckFailed(f"{where}, numbers: expected an array of int8, came {kind}")
    expect(numbers.shape, weights.shape, f"{where}, the shape of the numbers")
    scales = as_array(scales)
    scales = np.array(scales, float) if isinstance(scales, (float, int, np.ndarray)) else scales
    if not isinstance(scales, np.ndarray):
        raise CheckFailed(f"{where}, scales: expected numbers, came {short(scales)}")
    wanted = (len(weights), *[1] * (weights.ndim - 1))
    if scales.size > 1 or len(weights) > 1:
        expect(scales.shape, wanted, f"{where}, the shape of the scales")
    scales = scales.reshape(wanted)
    if not (scales > 0).all():
        raise CheckFailed(f"{where}, scales: expected positive numbers, came {scales.min():.3g}")
    largest = np.abs(weights).max(tuple(range(1, weights.ndim)), keepdims=True)
    off = np.abs(scales - largest / 127) > 1e-5 * largest
    if (off & (largest > 0)).any():
        place = int(np.argmax(off & (largest > 0)))
        times = largest.ravel()[place] / scales.ravel()[place]
        raise CheckFailed(f"{where}, scales: filter {place}'s largest weight is {times:.5g} scales, expected 127")
    if numbers.min() < -127:
        raise CheckFailed(f"{where}, numbers: expected −127 to 127, came {numbers.min()}")
    far = np.abs(numbers * scales - weights) / scales
    if far.max() > 0.501:
        raise CheckFailed(f"{where}, numbers: one is {far.max():.2f} scales off; the nearest is never further than 0.5")
    if not np.array_equal(given, weights):
        raise CheckFailed(f"{where}: the weights that came in have changed; they should stay as they are")


def changes(answer):
    """11.5: what a report says of two sets of answers to the same faces."""
    for faces, lost, won, other, which in (
        (400, 14, 5, 9, "400 faces"),
        (400, 3, 16, 0, "400 faces, more won than lost"),
        (100, 6, 6, 2, "as many lost as won"),
        (50, 0, 0, 4, "none lost, none won"),
        (20, 1, 0, 0, "a single one lost"),
        (20_000, 1400, 1310, 500, "20,000 faces"),
    ):
        expect_changes(answer, faces, lost, won, other, f"what_changed, {which}", seed=faces + lost)


def expect_changes(answer, faces, lost, won, other, where, *, seed):
    """Raise CheckFailed where `answer` is not right of so many faces; other: how many go from wrong to wrong."""
    from scipy.stats import binomtest

    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 7, faces)
    before, after = labels.copy(), labels.copy()
    kinds = np.split(generator.permutation(faces), np.cumsum([lost, won, other, (faces - lost - won - other) // 3]))
    after[kinds[0]] = (labels[kinds[0]] + 1) % 7
    before[kinds[1]] = (labels[kinds[1]] + 2) % 7
    before[kinds[2]], after[kinds[2]] = (labels[kinds[2]] + 3) % 7, (labels[kinds[2]] + 4) % 7
    before[kinds[3]] = after[kinds[3]] = (labels[kinds[3]] + 5) % 7
    p = binomtest(lost, lost + won).pvalue if lost + won else 1.0
    came = plain(answer(labels.copy(), before, after))
    if came is None:
        raise CheckFailed(f"{where}: expected a dict, came None: nothing is written, or nothing returned")
    counts = {"changed": lost + won + other, "lost": lost, "won": won}
    if not isinstance(came, dict) or set(came) != {*counts, "p"}:
        raise CheckFailed(f'{where}: expected a dict with "changed", "lost", "won" and "p", came {short(came)}')
    for name, number in counts.items():
        expect(came[name], number, f"{where}, {name}")
    if p < 1 and same(came["p"], p / 2, atol=1e-9):
        raise CheckFailed(f"{where}, p: came {short(came['p'])}, half of what was expected: both sides count")
    expect(came["p"], p, f"{where}, p", atol=1e-7)


CHECKS = {
    "11.1": seven_statements,
    "11.2": asked_at_a_layer,
    "11.3": a_mark_on_nothing,
    "11.4": eight_bits,
    "11.5": changes,
}
