"""The exercises of lesson 07: which test answers what, an interval, a temperature, a split found by its counts."""

import numpy as np
import torch
from torch import nn

from fercourse.classroom.checks.shared.chance import (
    at_temperature,
    best_temperature,
    confusion,
    halves,
    loss_at,
    macro_f1,
    made_up_answers,
    made_up_matrix,
    stratified,
    unstratified,
)
from fercourse.classroom.checks.shared.compare import (
    as_array,
    as_list,
    as_number,
    as_texts,
    as_whole,
    expect,
    expect_secret,
    plain,
    same,
    short,
)
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.judge import expect_better
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import OFFICIAL_COUNTS
from fercourse.errors import CheckFailed
from fercourse.learn.augment import Augment
from fercourse.learn.fitting import fit
from fercourse.learn.models import Standardise

TESTS = ("interval", "faces", "seeds", "chance")
RIGHT_TESTS = ("interval", "faces", "seeds", "chance", "seeds", "faces")
MISTAKEN = {
    (1, "faces"): "there is one network only, and nothing to pair it with",
    (2, "seeds"): "no other training is asked about: these two files are the question",
    (2, "interval"): "two intervals may overlap although one of the two is right on faces where the other is wrong",
    (3, "faces"): "it says that these two networks differ; the next two of the same recipes will differ otherwise",
    (3, "interval"): "it knows the chance of the faces, and not that of the next training",
    (4, "interval"): "it is about the accuracy; the question is whether the error of calibration is more than chance",
    (5, "faces"): "it takes two networks; here are twelve, and the question is about all that will be trained",
    (6, "interval"): "two intervals may overlap although one of the two is right on faces where the other is wrong",
    (6, "seeds"): "no other training is asked about: the two networks are fixed",
}
"""What speaks against a wrong test for the question of that number."""

SHARE_OFF = 0.03  # of the temperature
COVERAGE = 0.6

TEMPERED = {
    "a network that is too sure, with some wrong labels": {"temperature": 2.4, "wrong": 0.1},
    "a network that is not sure enough, with some wrong labels": {"temperature": 0.45, "wrong": 0.1},
    "a network that is far too sure": {"temperature": 6.5},
    "a network so sure that some probabilities are 0": {"temperature": 2.4, "dtype": np.float32, "has_zeros": True},
}
"""The cases of 07.3. Wrong labels part the loss from what else may look like it, such as squares."""


def which_test(tests, least_p, fewest):
    """07.1: the test for each of six questions, the least p of four pairs, and the fewest pairs that can convince."""
    texts, tests = as_texts(tests), plain(tests)
    if tests is None:
        raise CheckFailed("tests: came None: nothing is written yet")
    if texts is None:
        raise CheckFailed(f"tests: expected a list of six names such as 'seeds', came {short(tests)}")
    expect(len(texts), len(RIGHT_TESTS), "tests, the number of names")
    names = [name.strip().lower() for name in texts]
    for number, (name, right) in enumerate(zip(names, RIGHT_TESTS, strict=True), start=1):
        if name not in TESTS:
            raise CheckFailed(f"tests, question {number}: expected one of {', '.join(TESTS)}; came {short(name)}")
        if name != right:
            why = MISTAKEN.get((number, name), "it answers another question")
            raise CheckFailed(f"tests, question {number}: not {name!r}: {why}")
    slips = {
        0.0625: "that is one way in sixteen; the mirrored case, all the other way, is as extreme",
        0.25: "that is for three pairs",
    }
    came = plain(least_p)
    for slip, what in slips.items():
        if same(came, slip):
            raise CheckFailed(f"tests are right. least_p: came {slip}: {what}")
    if same(came, 12.5):
        raise CheckFailed("tests are right. least_p: write a share from 0 to 1, not percent")
    expect_secret(least_p, 2 / 2**4, "tests are right. least_p, for four pairs", atol=1e-9)
    if as_whole(plain(fewest)) == 5:
        raise CheckFailed("fewest: came 5: of 2⁵ = 32 ways two are as extreme, p = 0.0625. Are both sides counted?")
    expect_secret(fewest, 6, "tests and least_p are right. fewest")


def macro_f1_interval(answer):
    """07.2: an interval for macro-F1 from resamples of each class by itself, against 20,000 of them at once."""
    always = np.repeat([0, 1], 20)
    one = answer(always, np.zeros(40, int), 0.95, 50, 0)
    expect(_pair(one, "all answers 0"), [1 / 3, 1 / 3], "20 faces of each of two classes, all answered 0", atol=1e-6)
    strange = np.repeat([0, 5], 10)
    where = "ten faces of class 0, all right, and ten of class 1, all answered 5, which none of them is"
    came = _pair(answer(np.repeat([0, 1], 10), strange, 0.95, 50, 0), where)
    if same(came, [1 / 3, 1 / 3], atol=1e-6):
        raise CheckFailed(f"{where}: came 1/3. The mean is over the two classes that occur in y_true")
    expect(came, [0.5, 0.5], where, atol=1e-6)
    y_true, y_pred = made_up_answers(1, (31, 6, 34, 60, 40, 27, 42))
    _expect_interval(answer, y_true, y_pred, 0.6, 0.25, "240 answers to seven classes, level 0.6")
    rare_true = np.repeat([2, 5], [8, 72])
    rare_pred = np.repeat([2, 5, 2], [8, 54, 18])
    _expect_interval(answer, rare_true, rare_pred, 0.8, 0.45, "8 faces of a rare class and 72 of another, level 0.8")
    once, again, other = (_pair(answer(y_true, y_pred, 0.6, 100, seed), f"seed {seed}") for seed in (0, 0, 1))
    if not same(again, once):
        raise CheckFailed("the same seed, twice: expected the same interval, came two different ones")
    if same(other, once):
        raise CheckFailed("another seed: expected other resamples, came the same interval to the last digit")


def tempered(answer):
    """07.3: a temperature from one half's probabilities and labels, and the other half's probabilities at it."""
    for number, (which, how) in enumerate(TEMPERED.items()):
        first, labels, second = halves(number, **how)
        came = plain(answer(first.copy(), labels.copy(), second.copy()))
        pair = as_list(came)
        where = f"tempered, {which}"
        if came is None:
            raise CheckFailed(f"{where}: expected a pair, came None: nothing is written, or nothing returned")
        if pair is None or len(pair) != 2:
            raise CheckFailed(f"{where}: expected a pair (temperature, probabilities), came {short(came)}")
        best, came_temperature = best_temperature(first, labels), as_number(pair[0])
        _name_the_slip(came_temperature, best, first, labels, where)
        expect(pair[0], best, f"{where}, the temperature", atol=SHARE_OFF * best)
        expected = at_temperature(second, came_temperature)
        expect(as_array(pair[1]), expected, f"{where}, the second half's probabilities", atol=1e-3)


def scored_on(answer):
    """07.5: the split whose faces a confusion matrix counts, in rows or columns, in any order; None where none fits."""
    splits = {name: list(counts) for name, counts in OFFICIAL_COUNTS.items()}
    splits["both tests"] = [one + other for one, other in zip(splits["PublicTest"], splits["PrivateTest"], strict=True)]
    public, private = (made_up_matrix(splits[name], seed) for seed, name in enumerate(("PublicTest", "PrivateTest")))
    order = [4, 0, 6, 2, 5, 1, 3]
    short_of_five, moved, halved = private.copy(), public.copy(), private.copy()
    short_of_five[3, 3] -= 4
    short_of_five[6, 4] -= 1
    short_of_two = private.copy()
    short_of_two[3, 3] -= 2
    moved[0, 0] -= 1
    moved[4, 4] += 1
    one_more = short_of_five.copy()
    one_more[1] += [1, 0, 0, 0, 0, 0, 0]
    one_more[4, 4] -= 1
    halved = halved // 2
    own = made_up_matrix([512, 512, 512, 512, 512, 512, 517], 9)
    cases = [
        ("PublicTest as it is", public, 64, "PublicTest"),
        ("PrivateTest as it is", private, 64, "PrivateTest"),
        ("both together", public + private, 64, "both tests"),
        ("Training", made_up_matrix(splits["Training"], 5), 64, "Training"),
        ("PrivateTest, true emotions in columns", private.T, 64, "PrivateTest"),
        ("PublicTest, emotions in another order", public[np.ix_(order, order)], 64, "PublicTest"),
        ("both at once", private[np.ix_(order, order)].T, 64, "PrivateTest"),
        ("PrivateTest without its last batch of 5", short_of_five, 64, "PrivateTest"),
        ("the same in columns and another order", short_of_five[np.ix_(order, order)].T, 64, "PrivateTest"),
        ("two faces missing, which is no last batch of 64", short_of_two, 64, None),
        ("five faces missing in batches of 32", short_of_five, 32, "PrivateTest"),
        ("five faces missing in batches of 100", short_of_five, 100, None),
        ("five faces missing where each face is a batch", short_of_five, 1, None),
        ("PublicTest with one Angry face counted as Sad", moved, 64, None),
        ("five faces missing, but one Disgust too many", one_more, 64, None),
        ("half of the faces", halved, 64, None),
        ("3,589 faces of somebody's own", own, 64, None),
        (
            "a model that answers Happy to everybody",
            np.eye(7, dtype=int)[3] * np.array(splits["PublicTest"])[:, None],
            64,
            "PublicTest",
        ),
    ]
    for which, matrix, batch, expected in cases:
        given = {name: list(counts) for name, counts in splits.items()}
        expect(answer(matrix.copy(), given, batch), expected, f"scored_on, {which}")


def surer(network):
    """07.6: the student's network against the baseline on practice faces, of which each answers the surest."""
    expect_better("07.6", network)


def small_cnn():
    """The network that is to be beaten: three convolutions, 23,591 weights."""
    layers, channels = [Standardise(0.5, 0.25), nn.AvgPool2d(2)], 1
    for wider in (16, 32, 32):
        layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = wider
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(288, 64), nn.ReLU(), nn.Linear(64, 7))


def trained_small_cnn():
    """Trained on 2,000 faces, mirrored half of the time and changed in no other way."""
    torch.manual_seed(0)
    model = small_cnn()
    faces = drawn_faces(2_000, 500, 0, seed=76)
    fit(model, faces, epochs=30, lr=1e-3, batch_size=64, augment=Augment(flip=0.5), device="cpu")
    return model


BASELINES = {
    "07.6": Baseline("the mirrored network", network=small_cnn, train=trained_small_cnn, coverage=COVERAGE),
}

CHECKS = {
    "07.1": which_test,
    "07.2": macro_f1_interval,
    "07.3": tempered,
    "07.5": scored_on,
    "07.6": surer,
}


def _pair(came, where):
    """An interval as a list of two numbers."""
    came = plain(came)
    if came is None:
        raise CheckFailed(f"{where}: expected a pair (low, high), came None: nothing is written, or nothing returned")
    ends = as_list(came)
    pair = [as_number(end) for end in ends] if ends is not None and len(ends) == 2 else [None]
    if None in pair:
        raise CheckFailed(f"{where}: expected a pair of numbers (low, high), came {short(came)}")
    return pair


def _expect_interval(answer, y_true, y_pred, level, tolerance, where):
    """Raise CheckFailed where an end is further than `tolerance` standard deviations from that of many resamples."""
    came = _pair(answer(y_true.copy(), y_pred.copy(), level, 1000, 0), where)
    tails = [(1 - level) / 2, (1 + level) / 2]
    figures = stratified(y_true, y_pred)
    expected, spread = np.quantile(figures, tails).tolist(), figures.std()
    if np.abs(np.subtract(came, expected)).max() <= tolerance * spread:
        return
    if same(came, expected[::-1], atol=tolerance * spread):
        raise CheckFailed(f"{where}: expected (low, high), came (high, low)")
    what = f"{where}: expected [{expected[0]:.3f}, {expected[1]:.3f}], came [{came[0]:.3f}, {came[1]:.3f}]"
    figure, width = macro_f1(confusion(y_true, y_pred)[None])[0], came[1] - came[0]
    slips = {
        "from all faces together, not from each class by itself": np.quantile(unstratified(y_true, y_pred), tails),
        "of level 0.95": np.quantile(figures, [0.025, 0.975]),
        "with the whole of 1 − level in each tail": np.quantile(figures, [1 - level, level]),
    }
    if not came[0] <= figure <= came[1]:
        raise CheckFailed(f"{what}, which leaves out the macro-F1 of all answers, {figure:.3f}: is that the figure?")
    if width < 1e-9:
        raise CheckFailed(f"{what}: all resamples are alike. Drawn with replacement, by one generator for all of them?")
    for slip, interval in slips.items():
        if same(came, interval.tolist(), atol=tolerance * spread):
            raise CheckFailed(f"{what}, an interval {slip}")
    side = "narrow" if width < expected[1] - expected[0] else "wide"
    raise CheckFailed(f"{what}, too {side}" if abs(width / np.diff(expected)[0] - 1) > 0.2 else what)


def _name_the_slip(came, best, first, labels, where):
    if came is None or abs(came - best) <= SHARE_OFF * best:
        return
    if abs(came - 1 / best) <= SHARE_OFF / best:
        raise CheckFailed(f"{where}: came {came:.3g}, one over the temperature: the power is 1 / temperature")
    if not came > 0:
        raise CheckFailed(f"{where}: expected a temperature, a number over 0; came {came:.3g}")
    theirs, least = (loss_at(first, labels, each) for each in (came, best))
    side = "high" if came > best else "low"
    raise CheckFailed(
        f"{where}: came temperature {came:.4g}, too {side}: on the first half it leaves a loss of {theirs:.4f}, and "
        f"another one {least:.4f}"
    )
