"""Every figure of `Predictions` against scikit-learn, SciPy, or a number from a textbook."""

import copy
import pickle
import time
import zipfile

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)

from fercourse.data.faces import EMOTIONS
from fercourse.errors import DataMismatch, NotWritten, ParameterError
from fercourse.report.intervals import wilson
from fercourse.report.predictions import Predictions

LABELS = np.random.default_rng(1).integers(0, 7, 400)


def answered(labels, *, skill, seed=0, never=None):
    """Predictions that are better than chance by `skill`; `never` is a class that is never answered."""
    logits = np.random.default_rng(seed).normal(size=(len(labels), 7))
    logits[np.arange(len(labels)), labels] += skill
    if never is not None:
        logits[:, never] = -9
    odds = np.exp(logits)
    return Predictions((odds / odds.sum(axis=1, keepdims=True)).astype(np.float32), labels, "drawn faces, seed 0", True)


def right_on(right):
    """Predictions for faces that are all Angry, right where `right` is True."""
    answers = np.where(right, 0, 3)
    return Predictions(np.eye(7, dtype=np.float32)[answers], np.zeros(len(right), np.int64), "drawn")


@pytest.fixture(params=[None, 1], ids=["all answered", "disgust never answered"])
def predictions(request):
    return answered(LABELS, skill=1.0, never=request.param)


def test_the_report_is_scikit_learns(predictions):
    table = predictions.report()
    expected = precision_recall_fscore_support(LABELS, predictions.y_pred, labels=range(7), zero_division=0)
    for column, values in zip(["precision", "recall", "F1", "support"], expected, strict=True):
        np.testing.assert_allclose(table[column].to_numpy()[:7], values, atol=1e-12)
    macro = precision_recall_fscore_support(LABELS, predictions.y_pred, average="macro", zero_division=0)[:3]
    np.testing.assert_allclose(table.loc["macro", ["precision", "recall", "F1"]].astype(float), macro, atol=1e-12)
    assert table.index.tolist() == [*EMOTIONS, "macro"]
    assert table["support"].dtype.kind == "i"
    assert table.loc["macro", "support"] == 400


def test_confusion_balanced_accuracy_and_loss_are_scikit_learns(predictions):
    answers = predictions.y_pred
    np.testing.assert_array_equal(predictions.confusion(), confusion_matrix(LABELS, answers, labels=range(7)))
    assert predictions.confusion().index.name == "true"
    assert predictions.balanced_accuracy == pytest.approx(balanced_accuracy_score(LABELS, answers))
    assert predictions.accuracy == pytest.approx((answers == LABELS).mean())
    doubles = predictions.probabilities.astype(np.float64)
    doubles /= doubles.sum(axis=1, keepdims=True)  # scikit-learn wants sums of 1 to more digits than float32 has
    assert predictions.loss == pytest.approx(log_loss(LABELS, doubles, labels=range(7)), rel=1e-6)


def test_an_emotion_without_faces_has_no_recall_and_stays_out_of_the_means():
    labels = LABELS[LABELS != 1]
    predictions = answered(labels, skill=0.5)
    assert (predictions.y_pred == 1).any()
    table, present = predictions.report(), [0, 2, 3, 4, 5, 6]
    assert table.loc["Disgust", ["recall", "F1"]].isna().all()
    assert table.loc["Disgust", ["precision", "support"]].tolist() == [0, 0]
    macro = precision_recall_fscore_support(labels, predictions.y_pred, labels=present, average="macro")[:3]
    np.testing.assert_allclose(table.loc["macro", ["precision", "recall", "F1"]].astype(float), macro)
    assert predictions.balanced_accuracy == pytest.approx(macro[1])


def test_wilson_agrees_with_the_textbook_and_with_scipy():
    # Newcombe 1998, table I, method 3: 81 of 263 and 15 of 148
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    for right, n in [(0, 1), (0, 20), (20, 20), (7, 29), (2153, 3589)]:
        for level in (0.5, 0.95, 0.99):
            expected = binomtest(right, n).proportion_ci(level, method="wilson")
            assert wilson(right, n, level=level) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert wilson(0, 0) == (0, 1)


def test_wilson_covers_the_true_share_as_often_as_it_says():
    right = np.random.default_rng(0).binomial(350, 0.4, size=4000)
    bounds = np.array([wilson(int(r), 350) for r in right])
    assert np.mean((bounds[:, 0] <= 0.4) & (bounds[:, 1] >= 0.4)) == pytest.approx(0.95, abs=0.015)


def test_the_interval_is_that_of_the_accuracy():
    predictions = right_on(np.arange(29) < 7)
    assert predictions.interval() == wilson(7, 29)
    low, high = predictions.interval(level=0.99)
    assert low < predictions.interval()[0] < predictions.interval()[1] < high
    with pytest.raises(ParameterError, match="level 95"):
        predictions.interval(level=95)


def test_the_paired_test_of_a_whole_training_set_is_quick():
    even = np.arange(28_709) % 2 == 0
    one, other = right_on(even), right_on(~even)
    began = time.process_time()
    paired = one.versus(other)
    assert time.process_time() - began < 5  # summing the binomials took a minute
    assert (paired.wins, paired.losses) == (14_355, 14_354)
    assert paired.p_value == 1.0


@pytest.mark.parametrize(
    ("wins", "losses", "p_value"),
    [
        (0, 0, 1),
        (1, 0, 1),
        (0, 5, 2 / 32),
        (5, 5, 1),
        (9, 2, 2 * (1 + 11 + 55) / 2**11),
        (2, 9, 2 * (1 + 11 + 55) / 2**11),
    ],
)
def test_the_paired_test_is_the_textbooks_sum_of_coins(wins, losses, p_value):
    kinds = np.repeat([0, 1, 2], [wins, losses, 3])
    paired = right_on(np.isin(kinds, [0, 2])).versus(right_on(np.isin(kinds, [1, 2])))
    assert paired.p_value == pytest.approx(p_value, rel=1e-12)


def test_the_paired_test_is_scipys_binomial_test():
    for wins, losses in [(0, 0), (1, 0), (5, 5), (9, 2), (2, 9), (60, 31), (700, 640)]:
        kinds = np.repeat([0, 1, 2, 3], [wins, losses, 10, 10])
        first, second = right_on(np.isin(kinds, [0, 2])), right_on(np.isin(kinds, [1, 2]))
        paired = first.versus(second)
        assert (paired.wins, paired.losses) == (wins, losses)
        assert paired.p_value == pytest.approx(binomtest(wins, wins + losses).pvalue if wins + losses else 1)


def test_a_rank_is_refused_while_the_intervals_overlap():
    strong, weak = right_on(np.arange(400) < 300), right_on(np.arange(400) < 200)
    near = right_on(np.arange(400) < 290)
    assert strong.beats(weak) is True
    assert weak.beats(strong) is False
    assert strong.beats(near) is None
    assert near.beats(strong) is None
    assert strong.versus(near).p_value < 0.01  # the paired test sees what the intervals cannot


def test_models_are_compared_on_the_same_faces_only():
    first, second = answered(LABELS, skill=1), answered(LABELS[::-1], skill=1)
    for compare in (first.beats, first.versus):
        with pytest.raises(DataMismatch, match="same faces"):
            compare(second)


def test_worst_are_the_faces_with_the_least_probable_truth(predictions):
    true = predictions.probabilities[np.arange(400), LABELS]
    assert set(predictions.worst(5)) == set(np.argsort(true)[:5])
    assert (np.diff(true[predictions.worst(400)]) >= 0).all()
    with pytest.raises(ParameterError, match="400 faces"):
        predictions.worst(401)


def test_a_probability_of_zero_for_the_truth_costs_much_but_not_everything():
    assert right_on(np.array([False])).loss == pytest.approx(87.34, abs=0.01)


def test_calibration_counts_every_face_once_in_the_bin_of_its_confidence(predictions):
    table = predictions.calibration(bins=5)
    confidence, right = predictions.probabilities.max(axis=1), predictions.y_pred == LABELS
    assert table["faces"].sum() == 400
    for row in table.itertuples():
        inside = (confidence > row.low) & (confidence <= row.high)
        assert row.faces == inside.sum()
        if inside.any():
            assert row.accuracy == pytest.approx(right[inside].mean())
            assert row.confidence == pytest.approx(confidence[inside].mean(), rel=1e-5)
        else:
            assert np.isnan(row.accuracy)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it():
    half, sure = np.array([0.5, 0.3, 0.2, 0, 0, 0, 0]), np.eye(7)[0]
    table = Predictions(np.stack([half, sure]), np.array([0, 0]), "drawn").calibration(bins=2)
    assert table[["low", "high", "faces"]].to_numpy().tolist() == [[0, 0.5, 1], [0.5, 1, 1]]


def test_the_calibration_error_by_hand():
    rows = np.full((4, 7), 0.2 / 6, np.float32)
    rows[:, 3] = 0.8
    predictions = Predictions(rows, np.array([3, 3, 0, 0]), "drawn")  # 80 % sure, 50 % right
    assert predictions.expected_calibration_error == pytest.approx(0.3, abs=1e-6)


def test_answers_that_are_as_right_as_they_are_sure_have_almost_no_calibration_error():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.full(7, 0.3), 20_000).astype(np.float32)
    labels = (probabilities.cumsum(axis=1) < generator.random((20_000, 1))).sum(axis=1).clip(max=6)
    assert Predictions(probabilities, labels, "drawn").expected_calibration_error < 0.02


def test_predictions_are_read_only_and_leave_the_callers_arrays_alone():
    probabilities, labels = np.eye(7, dtype=np.float32), np.arange(7)
    predictions = Predictions(probabilities, labels, "drawn")
    with pytest.raises(ValueError, match="read-only"):
        predictions.probabilities[0, 0] = 0
    probabilities[0, 0] = 0.5
    labels[0] = 3
    assert predictions.accuracy == 1
    for again in (copy.deepcopy(predictions), pickle.loads(pickle.dumps(predictions))):
        assert np.array_equal(again.probabilities, predictions.probabilities)
        for array in (again.probabilities, again.y_true):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_doubles_and_small_integers_are_converted():
    predictions = Predictions(np.eye(7), np.arange(7, dtype=np.uint8), "FER2013")
    assert (predictions.probabilities.dtype, predictions.y_true.dtype) == (np.float32, np.int64)
    assert predictions.drawn is None, "nobody said"


def broken(row, *values):
    rows = np.full((5, 7), 1 / 7)
    rows[row, : len(values)] = values
    return rows


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        (broken(3, 0.5), [0] * 5, "row 3: expected probabilities that sum to 1, found a sum of 1.357"),
        (broken(2, np.nan), [0] * 5, "row 2: expected probabilities from 0 to 1"),
        (broken(1, -0.1, 1 / 7 + 0.1 + 1 / 7), [0] * 5, "row 1: .* softmax"),
        (broken(0), [0, 0, 0, 0, 7], "row 4: expected a label from 0 to 6, found 7"),
        (broken(0), [-1] * 5, "row 0: expected a label from 0 to 6, found -1"),
        (broken(0), [0] * 4, r"labels of int64 \(5,\)"),
        (broken(0), [0.0] * 5, "found float64"),
        (broken(0)[:, :6], [0] * 5, r"\(N, 7\), found float64 \(5, 6\)"),
        (np.eye(7, dtype=int), list(range(7)), "found int64"),
        (np.empty((0, 7)), np.empty(0, int), "at least one face"),
    ],
)
def test_what_is_no_prediction_is_refused_with_its_row(probabilities, labels, message):
    with pytest.raises(DataMismatch, match=message):
        Predictions(probabilities, labels, "drawn")


def test_a_table_whose_columns_are_emotions_in_another_order_is_refused():
    table = pd.DataFrame(answered(LABELS, skill=1.0).probabilities, columns=list(EMOTIONS))
    np.testing.assert_array_equal(Predictions(table, LABELS, "drawn").probabilities, table.to_numpy())
    for other in (table[sorted(EMOTIONS)], table[sorted(EMOTIONS)].rename(columns=str.lower)):
        with pytest.raises(DataMismatch, match=r"in the order of fc\.EMOTIONS, .*found .*appy, .eutral, .ad, .urprise"):
            Predictions(other, LABELS, "drawn")
    codes = table.rename(columns=dict(zip(EMOTIONS, range(7), strict=True)))
    with pytest.raises(DataMismatch, match="found 6, 5, 4, 3, 2, 1, 0"):
        Predictions(codes[codes.columns[::-1]], LABELS, "drawn")
    nameless = table.set_axis([f"p{code}" for code in range(7)], axis=1)
    assert len(Predictions(nameless, LABELS, "drawn")) == len(LABELS)


def test_a_tensor_that_numpy_cannot_look_at_is_refused_with_what_makes_it_one():
    import torch

    probabilities = torch.tensor(answered(LABELS, skill=1.0).probabilities)
    assert len(Predictions(probabilities, torch.tensor(LABELS), "drawn")) == len(LABELS)
    for tensor in (probabilities.clone().requires_grad_(), probabilities.bfloat16()):
        with pytest.raises(
            DataMismatch, match=r"expected arrays; of a tensor take \.detach\(\)\.float\(\)\.cpu\(\)\.numpy\(\)"
        ):
            Predictions(tensor, LABELS, "drawn")


def test_what_rounding_leaves_of_a_probability_is_one():
    sure = np.array([[np.nextafter(np.float32(1), 2), 0, 0, 0, 0, 0, -1e-9]], np.float32)  # as a mean of float32 gives
    guess = Predictions(sure, np.array([0]), "drawn")
    assert guess.probabilities.tolist() == [[1, 0, 0, 0, 0, 0, 0]]
    with pytest.raises(DataMismatch, match=r"row 0: expected probabilities from 0 to 1, found \[1\.01"):
        Predictions(np.array([[1.01, 0, 0, 0, 0, 0, -0.01]]), np.array([0]), "drawn")


def test_what_is_no_number_of_faces_or_bins_and_no_level_is_refused():
    guess = answered(LABELS, skill=1.0)
    for k in (2.5, "3", True, -1):
        with pytest.raises(ParameterError, match="expected k, a whole number ≥ 0"):
            guess.worst(k)
    for bins in (2.5, "10", True, 0):
        with pytest.raises(ParameterError, match="expected bins, a whole number ≥ 1"):
            guess.calibration(bins=bins)
    for level in ("0.95", True, None, float("nan")):
        with pytest.raises(ParameterError, match="a level lies between 0 and 1"):
            guess.interval(level=level)


def test_only_predictions_are_compared_with_predictions():
    guess = answered(LABELS, skill=1.0)
    for other in (guess.probabilities, LABELS, None):
        for compare in (guess.beats, guess.versus, guess.disagreement):
            with pytest.raises(ParameterError, match="expected Predictions to compare with, found a"):
                compare(other)


def test_the_repr_carries_the_interval_and_the_source():
    assert repr(right_on(np.arange(29) < 7)) == "Predictions(29 faces, accuracy 24.1 % (12.2–42.1), drawn)"


FIGURES = {
    "losses": lambda guess: guess.losses,
    "loss": lambda guess: guess.loss,
    "accuracy": lambda guess: guess.accuracy,
    "balanced accuracy": lambda guess: guess.balanced_accuracy,
    "interval": lambda guess: guess.interval(),
    "confusion": lambda guess: guess.confusion(),
    "report": lambda guess: guess.report(),
    "worst": lambda guess: guess.worst(3),
    "calibration": lambda guess: guess.calibration(),
    "calibration error": lambda guess: guess.expected_calibration_error,
    "beats": lambda guess: guess.beats(guess),
    "versus": lambda guess: guess.versus(guess),
    "versus the known": lambda guess: answered(LABELS, skill=1.0).versus(guess),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_that_needs_labels_says_so_where_there_are_none(name):
    guess = Predictions(answered(LABELS, skill=1.0).probabilities, None, "some faces")
    with pytest.raises(DataMismatch, match="the 400 faces of some faces have no labels"):
        FIGURES[name](guess)


def test_without_labels_the_answers_and_the_length_are_known():
    known = answered(LABELS, skill=1.0)
    guess = Predictions(known.probabilities, None, "some faces")
    np.testing.assert_array_equal(guess.y_pred, known.y_pred)
    assert (len(guess), guess.labelled, known.labelled) == (400, False, True)
    assert repr(guess) == "Predictions(400 faces without labels, some faces)"
    with pytest.raises(DataMismatch, match="row 2: expected probabilities from 0 to 1"):
        Predictions(broken(2, np.nan), None, "some faces")
    with pytest.raises(DataMismatch, match="at least one face"):
        Predictions(np.empty((0, 7)), None, "some faces")


def test_scikit_learn_reads_the_labels_and_the_answers_under_its_own_names(predictions):
    found = f1_score(predictions.y_true, predictions.y_pred, average="macro", zero_division=0)
    assert found == pytest.approx(predictions.report().loc["macro", "F1"])
    assert np.array_equal(predictions.y_true, LABELS)


def test_the_frame_has_a_row_for_each_face(predictions):
    frame = predictions.to_frame()
    assert frame.columns.tolist() == ["true", "predicted", *EMOTIONS, "loss"]
    assert frame["true"].tolist() == [EMOTIONS[label] for label in LABELS]
    assert frame["predicted"].tolist() == [EMOTIONS[code] for code in predictions.probabilities.argmax(1)]
    np.testing.assert_array_equal(frame[[*EMOTIONS]].to_numpy(), predictions.probabilities)
    np.testing.assert_array_equal(frame["loss"], predictions.losses)
    counts = pd.crosstab(frame["true"], frame["predicted"], dropna=False)
    np.testing.assert_array_equal(counts, predictions.confusion())
    assert counts.index.tolist() == [*EMOTIONS], "in the order of the codes, not of the alphabet"


def test_the_frame_of_faces_without_labels_lacks_what_is_not_known():
    known = answered(LABELS, skill=1.0)
    frame = Predictions(known.probabilities, None, "some faces").to_frame()
    assert frame[["true", "loss"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(frame[["predicted", *EMOTIONS]], known.to_frame()[["predicted", *EMOTIONS]])


def test_a_submission_has_a_code_for_each_face_in_their_order(tmp_path, monkeypatch):
    guess = right_on(np.array([True, False, True]))
    guess.to_csv(tmp_path / "new" / "submission.csv")
    assert (tmp_path / "new" / "submission.csv").read_bytes() == b"emotion\n0\n3\n0\n"
    guess.to_csv(tmp_path / "named.csv", columns=("Id", "Emotion"), first=1)
    assert (tmp_path / "named.csv").read_bytes() == b"Id,Emotion\n1,0\n2,3\n3,0\n"
    guess.to_csv(tmp_path / "bare.csv", columns=())
    assert (tmp_path / "bare.csv").read_bytes() == b"0\n3\n0\n"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    guess.to_csv("~/submission.csv", columns=None)
    assert (tmp_path / "home" / "submission.csv").read_bytes() == b"0\n3\n0\n"
    guess.to_csv(str(tmp_path / "named.csv"), columns="label")
    assert (tmp_path / "named.csv").read_bytes() == b"label\n0\n3\n0\n"


@pytest.mark.parametrize("name", ["submission.csv.gz", "submission.csv.GZ", "submission.csv.xz", "submission.csv.zip"])
def test_a_submission_with_the_name_of_a_packed_file_is_packed(name, tmp_path):
    right_on(np.array([True, False, True])).to_csv(tmp_path / name)
    assert pd.read_csv(tmp_path / name)["emotion"].tolist() == [0, 3, 0]
    if name.endswith("zip"):
        assert zipfile.ZipFile(tmp_path / name).namelist() == ["submission.csv"]


def test_a_submission_that_cannot_be_written_is_refused_and_the_old_one_stays(tmp_path):
    guess = right_on(np.array([True]))
    (tmp_path / "file").write_text("old")
    with pytest.raises(NotWritten, match=r"submission\.csv could not be written"):
        guess.to_csv(tmp_path / "file" / "submission.csv")
    turned = {"columns": ("emotion", "id")}  # the codes come last
    for wrong in ({"columns": ("a", "b", "c")}, {"columns": (1,)}, turned, {"first": -1}, {"first": "0"}):
        with pytest.raises(ParameterError, match=r"expected (columns|first)"):
            guess.to_csv(tmp_path / "file", **wrong)
    assert (tmp_path / "file").read_text() == "old"


def test_two_models_may_be_right_equally_often_and_disagree():
    one = right_on(np.array([True, True, False, False]))
    other = right_on(np.array([False, True, True, False]))
    assert one.accuracy == other.accuracy
    assert one.disagreement(other) == 0.5
    assert one.disagreement(one) == 0
    with pytest.raises(DataMismatch, match="same faces in the same order"):
        one.disagreement(answered(LABELS, skill=1.0))
