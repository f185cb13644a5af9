"""How often answers of each sureness were right, and from which sureness on a network may answer."""

import json

import numpy as np
import pytest

import fercourse as fc
from fercourse.errors import DataMismatch
from fercourse.report.calibration.sureness import FEW, Sureness, sureness, sureness_in


def noted(right, faces=100):
    """Ten tenths of `faces` faces each."""
    return Sureness(1.0, (faces,) * 10, tuple(right), "somewhere")


def test_a_confidence_belongs_to_the_tenth_that_ends_with_it():
    found = noted(range(10))
    assert [found.of(confidence)[0] for confidence in (0.0, 0.1, 0.1001, 0.55, 0.9, 0.91, 1.0)] == [0, 0, 1, 5, 8, 9, 9]


def test_from_the_threshold_on_half_of_all_answers_were_right_in_every_tenth():
    assert noted([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]).threshold == 0.5
    assert noted([90, 90, 90, 30, 60, 60, 60, 70, 80, 90]).threshold == 0.4
    assert noted([50] * 10).threshold == 0.0


def test_where_the_surest_answers_are_wrong_no_answer_is_given():
    assert noted([90] * 9 + [40]).threshold == 1.0


def test_a_tenth_with_few_faces_decides_nothing():
    assert noted([0] * 10, faces=FEW - 1).threshold == 1.0
    faces = (100, 100, 100, 100, 100, 100, 100, 100, 100, FEW - 1)
    assert Sureness(1.0, faces, (0, 0, 0, 0, 0, 80, 80, 80, 80, 0), "").threshold == 0.5


def test_one_half_of_the_faces_fits_and_the_other_is_counted():
    """Answers that are 90 % sure and right three times in five on every face: the same temperature on both halves."""
    probabilities = np.full((400, 7), 0.1 / 6, np.float32)
    probabilities[:, 2] = 0.9
    labels = np.where(np.arange(400) % 5 < 3, 2, 4)
    predictions = fc.Predictions(probabilities, labels, "somewhere", drawn=True)
    found = sureness(predictions)
    assert found.temperature > 1.5
    assert sum(found.faces) == 200
    assert sum(found.right) == (labels[1::2] == 2).sum()
    confidence = found.answers(probabilities[:1]).max()
    assert confidence == pytest.approx(0.6, abs=0.01), "as sure as it is often right"
    assert found.of(confidence) == (120, 200)
    assert sureness_in(json.loads(json.dumps(found.as_numbers()))) == found


def test_where_no_temperature_is_best_none_is_used():
    probabilities = np.full((20, 7), 0.5 / 6, np.float32)
    probabilities[:, 3] = 0.5
    found = sureness(fc.Predictions(probabilities, np.full(20, 3), ""))
    assert found.temperature == 1
    assert found.of(0.5) == (10, 10)


def test_other_numbers_are_refused():
    good = noted([1] * 10).as_numbers()
    assert sureness_in(good) == noted([1] * 10)
    for change in ({"right": [101] * 10}, {"faces": [-1] * 10}, {"temperature": None}, {"other": 1}):
        with pytest.raises(DataMismatch):
            sureness_in(good | change)
