"""A network is better than the baseline where the paired test says so, and one that nobody trained never is."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
import toy_improve
from scipy.stats import binomtest
from torch import nn
from toy_improve import SEED, blocks, fitted, fitted_arrays, linear, small_answer, small_network, trained

import fercourse as fc
from fercourse.classroom.improve.alone import expect_alone
from fercourse.classroom.improve.judge import judge, practice_seed
from fercourse.classroom.improve.weights import packed
from fercourse.classroom.plain import Opaque
from fercourse.errors import CheckFailed, ParameterError


@pytest.fixture(autouse=True)
def _sheet(monkeypatch, tmp_path):
    toy_improve.install(monkeypatch, tmp_path)
    monkeypatch.setattr("fercourse.classroom.improve.hand_in._held", [{}])


def wide():
    return linear(2)


def wide_answer(images, arrays):
    return blocks(images, 2) @ arrays["weights"].T + arrays["bias"]


def said(id, network):
    with pytest.raises(CheckFailed) as caught:
        fc.check(id, network)
    return str(caught.value)


def test_an_honest_attempt_is_better_and_the_line_gives_both_accuracies(capsys):
    fc.hand_in("09.1", trained(2000, 2))
    fc.check("09.1", wide)
    faces = fc.drawn_faces(0, 0, 1000, seed=practice_seed("09.1")).test
    right = []
    for number, side in ((2000, 2), (300, 4)):  # by a computation of its own, without a network
        weights, bias = fitted(number, side)
        right.append((blocks(faces.images, side) @ weights.T + bias).argmax(1) == faces.labels)
    mine, small = right
    wins, losses = (mine & ~small).sum(), (small & ~mine).sum()
    assert binomtest(int(wins), int(wins + losses)).pvalue < 0.001
    shown = capsys.readouterr().out
    line = f"On 1,000 practice faces: yours {100 * mine.mean():.1f} %, the small network {100 * small.mean():.1f} %\n"
    assert line in shown
    assert f"{wins} faces only yours got right, {losses} only the small network, p < 0.001: yours is better" in shown
    assert "09.1 is right" in shown


def test_plain_arrays_are_judged_by_the_function_that_answers_with_them():
    fc.hand_in("09.2", fitted_arrays(2000, 2))
    fc.check("09.2", wide_answer)
    fc.check("09.2", lambda images, arrays: wide_answer(images, arrays).argmax(1).tolist())
    assert judge("09.2", wide_answer, seed=SEED).better


def test_a_network_that_nobody_trained_is_told_from_one_that_is_not_good_enough():
    torch.manual_seed(0)
    fc.hand_in("09.1", wide())
    line = said("09.1", wide)
    assert "who answers Happy to every face reaches 25.0 %: was the network trained when it was handed in?" in line
    better, why = judge("09.1", wide, seed=SEED)
    assert (better, "was the network trained" in why) == (False, True)


def test_the_baseline_itself_is_no_improvement():
    fc.hand_in("09.1", trained())
    assert "it answers every face as the small network does, so that it is the baseline itself" in said(
        "09.1", small_network
    )
    assert not judge("09.1", small_network, seed=SEED).better


def test_nothing_handed_in_is_said_to_be_missing():
    assert 'no network is handed in yet: train it, then run fc.hand_in("09.1", …)' in said("09.1", wide)
    assert judge("09.1", wide, seed=SEED).better is False


def test_a_lead_that_chance_explains_is_not_enough_and_the_line_says_what_is_missing():
    faces = fc.drawn_faces(0, 0, 1000, seed=practice_seed("09.2")).test
    fc.hand_in("09.2", {"weights": np.ones((1, 1))})
    arrays = fitted_arrays()
    small = small_answer(faces.images, arrays).argmax(1)
    wrong = np.flatnonzero(small != faces.labels)

    def ahead(number):
        mine = small.copy()
        mine[wrong[:number]] = faces.labels[wrong[:number]]
        return lambda images, _: mine

    line = said("09.2", ahead(3))
    assert "3 faces only yours got right, 0 only the small classifier, p = 0.250" in line
    assert "3 more faces right would be enough" in line  # 6 of 6: 2 / 64 = 0.031; 5 of 5: 2 / 32 = 0.0625
    assert "p = 0.062" in said("09.2", ahead(5))
    fc.check("09.2", ahead(6))


def test_a_network_that_is_worse_is_said_to_be_behind():
    faces = fc.drawn_faces(0, 0, 1000, seed=practice_seed("09.2")).test
    worse = small_answer(faces.images, fitted_arrays()).argmax(1)
    spoilt = np.flatnonzero(worse == faces.labels)[:2]
    worse[spoilt] = (worse[spoilt] + 1) % 7
    fc.hand_in("09.2", {"weights": np.ones((1, 1))})
    line = said("09.2", lambda images, arrays: worse)
    assert "0 faces only yours got right, 2 only the small classifier, p = 0.500: yours is not ahead" in line


def test_weights_of_another_network_do_not_fit_and_the_line_names_the_first():
    fc.hand_in("09.1", trained(2000, 2))
    line = said("09.1", small_network)
    assert "2.weight is (7, 144) in the network and (7, 576) in what was handed in" in line
    fc.hand_in("09.1", nn.Sequential(linear(2), nn.Linear(7, 7)))
    assert "the weights do not fit network(): 2.weight is (7, 576) in the network and not there" in said("09.1", wide)


@pytest.mark.parametrize(
    "answer",
    [
        lambda images, arrays: None,
        lambda images, arrays: [7] * len(images),
        lambda images, arrays: [3] * 10,
        lambda images, arrays: np.full((len(images), 7), np.nan),
        lambda images, arrays: np.zeros((len(images), 6)),
        lambda images, arrays: ["Happy"] * len(images),
        lambda images, arrays: np.zeros(()),
        lambda images, arrays: 3,
    ],
    ids=["nothing", "no code", "too few", "NaN", "six scores", "texts", "a number without sides", "a number"],
)
def test_what_is_no_answer_is_refused(answer):
    fc.hand_in("09.2", fitted_arrays())
    assert "expected 1000 codes from 0 to 6, or finite scores of shape (1000, 7); came neither" in said("09.2", answer)


def test_a_network_gets_images_and_no_label_and_cannot_change_what_the_baseline_sees():
    seen = []

    def answer(images, arrays):
        seen.append((images.shape, str(images.dtype), sorted(arrays)))
        images[:] = 0
        for array in arrays.values():
            array[:] = 0
        return [3] * len(images)

    fc.hand_in("09.2", fitted_arrays())
    before = judge("09.2", small_answer, seed=SEED).why
    assert not judge("09.2", answer, seed=SEED).better
    assert seen == [((2000, 48, 48), "uint8", ["bias", "weights"])]
    assert judge("09.2", small_answer, seed=SEED).why == before


CELL = """
import fercourse as fc
from torch import nn

faces, model, mean = fc.drawn_faces(20, 0, 0), nn.Linear(2, 1), 0.5

def of_faces():
    return nn.Sequential(fc.Standardise(faces.train.images.mean() / 255, 0.25), nn.Flatten())

def of_model():
    return [model for _ in range(3)][0]

class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = helper(mean)  # an attribute of that name is no name of the notebook's

def by_a_class():
    return Inner()

def helper(number):
    return nn.Linear(3, 2) if number else by_a_class()
"""


def test_a_network_that_needs_the_faces_or_the_trained_model_is_named_before_a_grader_finds_out():
    names = {"__name__": "__main__"}
    exec(CELL, names)
    for function, used in (("of_faces", "faces"), ("of_model", "model")):
        fc.hand_in("09.1", linear(2))
        assert f"{function} uses {used}, which your training made" in said("09.1", names[function])
    for network in (names["by_a_class"], names["Inner"], wide, Opaque("a proxy of a grader's"), 3):
        expect_alone(network)
    exec("def helper(number):\n    return model", names)
    with pytest.raises(CheckFailed, match="by_a_class uses model"):
        expect_alone(names["by_a_class"])


def test_the_baseline_is_asked_once_and_a_damaged_or_another_ones_cache_is_not_believed(monkeypatch, tmp_path):
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))
    asked = []

    def counted(images, arrays):
        asked.append(len(images))
        return small_answer(images, arrays)

    monkeypatch.setitem(toy_improve.BASELINES, "09.2", toy_improve.Baseline("it", counted, fitted_arrays))
    fc.hand_in("09.2", fitted_arrays(2000, 2))
    first = judge("09.2", wide_answer, seed=SEED)
    assert judge("09.2", wide_answer, seed=SEED) == first
    assert asked == [2000]
    assert judge("09.2", wide_answer, seed=SEED + 1).why != first.why
    assert asked == [2000, 2000]
    for path in (tmp_path / "cache").iterdir():
        assert str(SEED) not in path.name
        path.write_bytes(path.read_bytes()[:1000])
    assert judge("09.2", wide_answer, seed=SEED) == first
    assert asked == [2000] * 3
    (tmp_path / "09.2.npz").write_bytes(packed(fitted_arrays(200)))
    assert judge("09.2", wide_answer, seed=SEED) != first
    monkeypatch.setenv("FERCOURSE_CACHE", "/proc/nowhere")
    assert judge("09.2", wide_answer, seed=SEED) != first


def test_hidden_faces_have_a_seed_that_nobody_tries_out():
    fc.hand_in("09.1", trained())
    with pytest.raises(ParameterError, match="expected the seed of hidden faces"):
        judge("09.1", small_network, seed=4711)


def test_a_network_of_keras_is_handed_in_and_judged_like_one_of_pytorch(monkeypatch):
    if find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    import fercourse.tf  # noqa: F401  before TensorFlow itself

    import keras  # isort: skip

    def network():
        layers = [keras.Input((48, 48, 1)), keras.layers.AveragePooling2D(2), keras.layers.Flatten()]
        return keras.Sequential([*layers, keras.layers.Dense(7)])

    weights, bias = fitted(2000, 2)
    model = network()
    model.set_weights([weights.T, bias])
    fc.hand_in("09.1", model)
    fc.check("09.1", network)
    ours = judge("09.1", network, seed=SEED).why
    fc.hand_in("09.1", trained(2000, 2))
    assert judge("09.1", wide, seed=SEED).why == ours
