"""Where a network may stay silent: who answers which faces, how sure it is, and what is no answer there."""

import numpy as np
import pytest
import toy_improve
from scipy.special import softmax
from scipy.stats import binomtest
from toy_improve import SEED, Baseline, blocks, fitted_arrays, small_answer

import fercourse as fc
from fercourse.classroom.improve.exam import SILENT, answers_of, exam_of
from fercourse.classroom.improve.judge import judge, practice_seed
from fercourse.classroom.improve.weights import packed, unpacked
from fercourse.errors import CheckFailed

ARRAYS = unpacked(packed(fitted_arrays()))


def sharp_answer(images, arrays):
    """Logits of the toy's own classifier: large ones, so that their softmax tells the sure from the unsure."""
    return 4 * small_answer(images, arrays)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Faces and what the baseline answers to them, once for all tests here."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _sheet(monkeypatch, tmp_path, cache):
    toy_improve.install(monkeypatch, tmp_path)
    monkeypatch.setenv("FERCOURSE_CACHE", str(cache))
    monkeypatch.setattr("fercourse.classroom.improve.hand_in._held", [{}])
    baseline = Baseline("the small classifier", network=sharp_answer, train=fitted_arrays, coverage=0.6)
    monkeypatch.setitem(toy_improve.BASELINES, "09.2", baseline)


@pytest.fixture
def images():
    return fc.drawn_faces(0, 0, 300, seed=9).test.images


def wide_answer(images, arrays):
    return 4 * (blocks(images, 2) @ arrays["weights"].T + arrays["bias"])


def test_the_surest_three_fifths_are_answered_and_all_others_are_silent(images):
    codes = answers_of("09.2", sharp_answer, ARRAYS, images)
    chances = softmax(sharp_answer(images, ARRAYS), axis=1)
    answered = codes != SILENT
    assert answered.sum() == 180
    assert (codes[answered] == chances.argmax(1)[answered]).all()
    assert chances.max(1)[answered].min() >= chances.max(1)[~answered].max()
    assert SILENT not in range(7)


def test_equally_sure_answers_are_taken_in_the_order_of_the_faces(images):
    codes = answers_of("09.2", lambda images, _: np.tile(np.eye(7)[2], (len(images), 1)), ARRAYS, images)
    assert codes.tolist() == [2] * 180 + [SILENT] * 120


def test_logits_and_their_probabilities_are_the_same_answer(images):
    def probabilities(images, arrays):
        return softmax(sharp_answer(images, arrays), axis=1).astype(np.float32)

    def logarithms(images, arrays):
        return np.log(softmax(sharp_answer(images, arrays), axis=1))

    codes = answers_of("09.2", sharp_answer, ARRAYS, images)
    assert (answers_of("09.2", probabilities, ARRAYS, images) == codes).all()
    assert (answers_of("09.2", logarithms, ARRAYS, images) == codes).all()


def test_the_largest_probability_says_how_sure_an_answer_is_and_not_the_largest_logit(images):
    """The first 120 faces have the largest logits, and seven of them alike."""

    def answer(images, _):
        scores = np.zeros((len(images), 7))
        scores[:, 3] = 2
        scores[:120] = 50
        return scores

    assert answers_of("09.2", answer, ARRAYS, images).tolist() == [SILENT] * 120 + [3] * 180


def test_rows_that_sum_to_1_and_hold_less_than_0_are_logits(images):
    """Taken as probabilities, the first faces would be the surest: 5 against 4.9."""

    def answer(images, _):
        scores = np.tile([-0.65, 4.9, *[-0.65] * 5], (len(images), 1))
        scores[:120] = [-4, 5, 0, 0, 0, 0, 0]
        return scores

    assert answers_of("09.2", answer, ARRAYS, images).tolist() == [SILENT] * 120 + [1] * 180


def test_positive_scores_whose_rows_do_not_sum_to_1_are_logits(images):
    """Taken as probabilities, the first faces would be the surest: 0.5 against 0.4."""

    def answer(images, _):
        scores = np.full((len(images), 7), 0.49)
        scores[:, 1] = 0.5
        scores[120:] = 0.1
        scores[120:, 1] = 0.4
        return scores

    assert answers_of("09.2", answer, ARRAYS, images).tolist() == [SILENT] * 120 + [1] * 180


@pytest.mark.parametrize(
    "answer",
    [
        lambda images, arrays: sharp_answer(images, arrays).argmax(1),
        lambda images, arrays: sharp_answer(images, arrays).argmax(1)[:, None].tolist(),
        lambda images, arrays: np.full(len(images), SILENT),
        lambda images, arrays: np.full((len(images), 7), np.nan),
        lambda images, arrays: sharp_answer(images, arrays)[:10],
        lambda images, arrays: [[0.0], *[[0.0, 1.0]] * (len(images) - 1)],
    ],
    ids=["codes", "codes in a column", "silence", "NaN", "ten faces", "rows of two lengths"],
)
def test_codes_tell_nothing_of_sureness_and_are_refused_with_a_line_that_asks_for_scores(answer):
    fc.hand_in("09.2", ARRAYS)
    with pytest.raises(CheckFailed) as caught:
        fc.check("09.2", answer)
    assert "expected finite scores of shape (1000, 7); came something else" in str(caught.value)
    assert "codes" not in str(caught.value)
    better, why = judge("09.2", answer, seed=SEED)
    assert (better, "finite scores of shape (2000, 7)" in why) == (False, True)


def test_both_are_judged_by_the_faces_that_each_answers(capsys):
    arrays = unpacked(packed(fitted_arrays(2000, 2)))  # in half precision, as they travel
    fc.hand_in("09.2", arrays)
    fc.check("09.2", wide_answer)
    faces = fc.drawn_faces(0, 0, 1000, seed=practice_seed("09.2")).test
    right = []
    for logits in (wide_answer(faces.images, arrays), sharp_answer(faces.images, ARRAYS)):
        order = np.argsort(-softmax(logits, axis=1).max(1), kind="stable")[:600]
        is_right = np.zeros(1000, bool)
        is_right[order] = logits.argmax(1)[order] == faces.labels[order]
        right.append(is_right)
    mine, theirs = right
    wins, losses = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    assert binomtest(wins, wins + losses).pvalue < 0.05
    shown = capsys.readouterr().out
    shares = f"yours {mine.sum() / 6:.1f} %, the small classifier {theirs.sum() / 6:.1f} %"
    assert f"On 1,000 practice faces, of which each answers the 600 surest: {shares}" in shown
    assert f"{wins} faces only yours got right, {losses} only the small classifier" in shown


def test_what_the_baseline_answers_is_kept_for_each_coverage_by_itself(monkeypatch):
    silent = exam_of("09.2", seed=5, faces=100).theirs
    assert (silent == SILENT).sum() == 40
    assert (exam_of("09.2", seed=5, faces=100).theirs == silent).all()
    whole = Baseline("it", network=sharp_answer, train=fitted_arrays)
    monkeypatch.setitem(toy_improve.BASELINES, "09.2", whole)
    assert (exam_of("09.2", seed=5, faces=100).theirs != SILENT).all()
