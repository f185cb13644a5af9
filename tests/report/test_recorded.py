"""Histories of real trainings come with the package: what the records hold, to the digit."""

import json

import pytest

from fercourse.errors import DataNotFound, ParameterError
from fercourse.report import recorded
from fercourse.report.recorded import TRAININGS


@pytest.fixture(scope="module")
def records():
    return [json.loads(path.read_text()) for path in sorted(TRAININGS.glob("*.json"))]


def test_every_recorded_training_is_found_by_its_name_and_seed(records):
    assert len(records) > 20
    for record in records:
        history = recorded.recorded(record["name"], seed=record["seed"])
        assert history["valid_accuracy"] == [row["valid_accuracy"] for row in record["history"]]
        assert history.source == "FER2013, recorded"
        assert not record["drawn"]


def test_without_a_seed_the_smallest_is_taken():
    assert list(recorded.recorded("CNN, Adam 0.001")) == list(recorded.recorded("CNN, Adam 0.001", seed=0))


def test_a_training_that_was_not_recorded_is_an_error_that_names_those_that_were():
    with pytest.raises(
        DataNotFound, match=r"no training 'CNN' with seed 0 was recorded\. There are 'CNN with augmentation'"
    ):
        recorded.recorded("CNN")
    with pytest.raises(DataNotFound, match=r"with seed 7 was recorded; it was recorded with seed 0, 1, 2"):
        recorded.recorded("CNN, Adam 0.001", seed=7)
    with pytest.raises(ParameterError, match="expected a training's name as a text"):
        recorded.recorded(3)
