"""Intervals by drawing test faces again, against SciPy's bootstrap, Wilson, and tests whose truth is known."""

from functools import partial
from inspect import signature

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

import fercourse as fc
from fercourse.errors import DataMismatch, ParameterError

SHARES = np.array([12, 2, 12, 25, 17, 11, 21]) / 100


def answered(labels, *, skill=0.5, seed=0):
    """Answers that are right with probability `skill`, and else any class."""
    generator = np.random.default_rng(seed)
    answers = np.where(generator.random(len(labels)) < skill, labels, generator.integers(0, 7, len(labels)))
    return fc.Predictions(np.eye(7)[answers], labels, "drawn")


def labels_of(n, *, seed=1):
    return np.random.default_rng(seed).choice(7, n, p=SHARES)


def test_the_values_are_scikit_learns():
    guess = answered(labels_of(500))
    expected = [
        accuracy_score(guess.y_true, guess.y_pred),
        balanced_accuracy_score(guess.y_true, guess.y_pred),
        f1_score(guess.y_true, guess.y_pred, average="macro"),
    ]
    table = fc.bootstrap(guess, repeats=10)
    np.testing.assert_allclose(table["value"], expected)
    assert table.index.tolist() == ["accuracy", "balanced accuracy", "macro-F1"]
    assert table["value"]["balanced accuracy"] == pytest.approx(guess.balanced_accuracy)
    assert table["value"]["macro-F1"] == pytest.approx(guess.report().loc["macro", "F1"])


def test_the_intervals_are_those_of_drawing_faces_one_by_one():
    """Within each emotion SciPy draws faces; the three figures are taken of all of them together."""
    guess = answered(labels_of(400))
    parts = [guess.y_pred[guess.y_true == code] for code in range(7)]
    true = np.repeat(np.arange(7), [len(part) for part in parts])

    def figures(*drawn):
        said = np.concatenate(drawn)
        macro = f1_score(true, said, average="macro", zero_division=0)
        return [accuracy_score(true, said), balanced_accuracy_score(true, said), macro]

    how = {"vectorized": False, "method": "percentile", "n_resamples": 1500}
    how["rng" if "rng" in signature(scipy.stats.bootstrap).parameters else "random_state"] = 5  # before SciPy 1.15
    found = scipy.stats.bootstrap(parts, figures, **how).confidence_interval
    table = fc.bootstrap(guess, repeats=20_000)
    np.testing.assert_allclose(table["low"], found.low, atol=0.008)
    np.testing.assert_allclose(table["high"], found.high, atol=0.008)


@pytest.mark.parametrize("figure", ["accuracy", "balanced accuracy", "macro-F1"])
def test_the_intervals_hold_the_truth_about_as_often_as_they_say(figure):
    """The truth is the figure of a huge test of the same kind. Each test has the class shares of all."""
    labels = np.repeat(np.arange(7), (SHARES * 1000).astype(int))
    truth = fc.bootstrap(answered(np.repeat(labels, 300), seed=99), repeats=1)["value"][figure]
    tables = [fc.bootstrap(answered(labels, seed=seed), repeats=400).loc[figure] for seed in range(300)]
    inside = np.mean([table["low"] <= truth <= table["high"] for table in tables])
    assert 0.91 <= inside <= 0.98


def test_balanced_accuracy_is_less_certain_than_accuracy_because_few_faces_decide_it():
    table = fc.bootstrap(answered(labels_of(1000)))
    width = table["high"] - table["low"]
    assert width["balanced accuracy"] > 1.2 * width["accuracy"]


def test_the_interval_of_an_accuracy_is_nearly_wilsons():
    guess = answered(labels_of(3000))
    table = fc.bootstrap(guess, repeats=20_000)
    np.testing.assert_allclose(table.loc["accuracy", ["low", "high"]].astype(float), guess.interval(), atol=0.003)


def test_a_narrower_level_gives_a_shorter_interval_and_one_seed_the_same_again():
    guess = answered(labels_of(300))
    wide, narrow = fc.bootstrap(guess), fc.bootstrap(guess, level=0.5)
    assert (narrow["low"] > wide["low"]).all()
    assert (narrow["high"] < wide["high"]).all()
    assert fc.bootstrap(guess).equals(wide)
    assert not fc.bootstrap(guess, seed=1).equals(wide)


def test_an_emotion_without_faces_stays_out_and_one_that_is_never_answered_counts_nothing():
    labels = np.repeat([0, 3, 6], 50)
    guess = fc.Predictions(np.eye(7)[np.where(labels == 6, 3, labels)], labels, "drawn")
    table = fc.bootstrap(guess, repeats=50)
    np.testing.assert_allclose(table["value"], [2 / 3, 2 / 3, (1 + 2 / 3 + 0) / 3])
    assert (table["low"] == table["high"]).all()  # every emotion is right on all faces or on none


def test_without_labels_there_is_nothing_to_judge():
    with pytest.raises(DataMismatch, match="have no labels"):
        fc.bootstrap(fc.Predictions(np.eye(7)[[0, 1]], None, "photos"))


@pytest.mark.parametrize("wrong", [{"level": 0}, {"level": 1}, {"level": "95 %"}, {"repeats": 0}, {"repeats": 2.5}])
def test_a_level_or_a_number_that_cannot_be_is_refused(wrong):
    guess = answered(labels_of(50))
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        partial(fc.bootstrap, guess)(**wrong)
