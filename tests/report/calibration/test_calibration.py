"""Temperature, calibration by chance, risk and coverage: against SciPy, simulation, and counting by hand."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import softmax

import fercourse as fc
from fercourse.errors import DataMismatch, ParameterError


def answered(n=600, *, sharpness=3.0, seed=0):
    """Labels drawn from the softmax of logits, and answers from logits that are `sharpness` times as large."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.2, (n, 7))
    edges = softmax(logits, axis=1).cumsum(1)
    labels = (generator.random((n, 1)) * edges[:, -1:] > edges).sum(1)
    return logits * sharpness, fc.Predictions(softmax(logits * sharpness, axis=1), labels, "drawn")


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5, 9.0])
def test_a_temperature_divides_the_logits_without_knowing_them(temperature):
    logits, sure = answered()
    expected = softmax(logits / temperature, axis=1)
    np.testing.assert_allclose(sure.tempered(temperature).probabilities, expected, atol=2e-6)


@pytest.mark.parametrize("temperature", [0.05, 0.5, 3.0, 40.0])
def test_no_temperature_changes_an_answer(temperature):
    _, sure = answered(seed=1)
    assert (sure.tempered(temperature).y_pred == sure.y_pred).all()


@pytest.mark.parametrize("sharpness", [0.6, 1.0, 3.0])
def test_the_fitted_temperature_is_scipys_minimum_and_near_the_truth(sharpness):
    logits, sure = answered(3000, sharpness=sharpness)

    def loss(temperature):
        shares = softmax(logits / temperature, axis=1)
        return -np.log(shares[np.arange(len(logits)), sure.y_true]).mean()

    best = minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-9}).x
    assert fc.fit_temperature(sure) == pytest.approx(best, rel=1e-4)
    assert best == pytest.approx(sharpness, rel=0.1)


def test_a_temperature_of_one_half_helps_on_the_other():
    _, sure = answered(2000)
    halves = (slice(1000), slice(1000, None))
    first, second = (fc.Predictions(sure.probabilities[half], sure.y_true[half], "drawn") for half in halves)
    cooler = second.tempered(fc.fit_temperature(first))
    assert cooler.loss < second.loss
    assert cooler.expected_calibration_error < second.expected_calibration_error / 2


def test_without_a_best_temperature_it_is_said_which_way_it_would_go():
    rows = np.full((40, 7), 0.1 / 6)
    rows[np.arange(40), np.arange(40) % 7] = 0.9
    with pytest.raises(DataMismatch, match="100 % right answers, the colder the better"):
        fc.fit_temperature(fc.Predictions(rows, np.arange(40) % 7, "drawn"))
    with pytest.raises(DataMismatch, match="0 % right answers, the hotter the better"):
        fc.fit_temperature(fc.Predictions(rows, (np.arange(40) + 1) % 7, "drawn"))


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "2"])
def test_a_temperature_is_a_number_over_0(wrong):
    with pytest.raises(ParameterError, match="temperature"):
        answered(20)[1].tempered(wrong)


def test_the_error_by_chance_is_that_of_labels_drawn_from_the_probabilities():
    _, sure = answered(400, sharpness=1.5)
    generator, errors = np.random.default_rng(3), []
    edges = sure.probabilities.astype(float).cumsum(1)
    for _ in range(1500):
        labels = (generator.random((400, 1)) * edges[:, -1:] > edges).sum(1)
        errors.append(fc.Predictions(sure.probabilities, labels, "drawn").expected_calibration_error)
    found = sure.calibration_by_chance(repeats=3000)
    np.testing.assert_allclose(found, np.quantile(errors, [0.025, 0.5, 0.975]), atol=0.004)


def test_fewer_faces_have_a_larger_error_by_chance():
    middles = [answered(n, sharpness=1.0)[1].calibration_by_chance()[1] for n in (50, 500, 5000)]
    assert middles[0] > 2 * middles[1] > 4 * middles[2]


def test_risk_and_coverage_are_those_of_every_threshold():
    _, sure = answered(300)
    table = sure.risk_coverage()
    for row in table.itertuples():
        given = sure.confidence >= row.threshold
        assert given.sum() == row.faces
        assert row.coverage == given.mean()
        assert row.risk == pytest.approx((sure.y_pred != sure.y_true)[given].mean())
    assert table["coverage"].iloc[-1] == 1


def test_equal_confidences_are_answered_together():
    rows = np.repeat(np.eye(7)[:2] * 0.65 + 0.05, 3, axis=0)
    table = fc.Predictions(rows, np.array([0, 0, 1, 1, 0, 0]), "drawn").risk_coverage()
    assert (len(table), table["faces"].tolist(), table["risk"].tolist()) == (1, [6], [0.5])
