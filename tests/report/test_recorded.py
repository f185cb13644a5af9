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
        assert [row["valid_accuracy"] for row in history] == [row["valid_accuracy"] for row in record["history"]]
        assert history.source == "FER2013, recorded"
        assert not record["drawn"]


def test_without_a_seed_the_smallest_is_taken():
    assert list(recorded.recorded("CNN, Adam 0.001")) == list(recorded.recorded("CNN, Adam 0.001", seed=0))


def test_a_training_that_was_not_recorded_is_an_error_that_names_those_that_were():
    with pytest.raises(
        DataNotFound, match=r"no training 'CNN' with seed 0 was recorded\. There are .*'CNN with augmentation'"
    ):
        recorded.recorded("CNN")
    with pytest.raises(DataNotFound, match=r"with seed 7 was recorded; it was recorded with seed 0, 1, 2"):
        recorded.recorded("CNN, Adam 0.001", seed=7)
    with pytest.raises(ParameterError, match="expected a training's name as a text"):
        recorded.recorded(3)


def test_which_faces_were_answered_rightly_is_known_for_each_split_that_was_read(records):
    for split in ("valid", "test"):
        kept = [record for record in records if record[split] and "rights" in record[split]]
        assert kept
        for record in kept:
            rights = recorded.recorded_rights(record["name"], split=split, seed=record["seed"])
            assert (rights.dtype, rights.shape, rights.sum()) == (bool, (3589,), record[split]["right"])


def test_where_it_is_not_known_which_faces_were_right_the_error_says_why():
    with pytest.raises(DataNotFound, match=r"'CNN, Adam 0\.001' answered rightly is not known: it is older"):
        recorded.recorded_rights("CNN, Adam 0.001")
    with pytest.raises(DataNotFound, match="it did not read these faces"):
        recorded.recorded_rights("CNN, SGD 0.01", split="test")
    with pytest.raises(ParameterError, match="split"):
        recorded.recorded_rights("CNN, Adam 0.001", split="train")
