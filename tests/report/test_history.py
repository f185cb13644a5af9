"""A history keeps what a training measured, to the digit."""

import csv
from math import isnan, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fercourse.errors import DataMismatch, DataNotFound, ParameterError
from fercourse.report.history import History

ROWS = (
    {"epoch": 1, "train_loss": 1.9, "valid_loss": 1.8, "valid_accuracy": 0.25, "seconds": 3.0},
    {"epoch": 2, "train_loss": 1.5, "valid_loss": 1.6, "valid_accuracy": 0.40, "seconds": 2.5},
    {"epoch": 3, "train_loss": 1.1, "valid_loss": 1.7, "valid_accuracy": 0.40},
)


def test_a_row_a_slice_and_a_column_are_read_by_index():
    history = History(ROWS)
    assert len(history) == 3
    assert list(history) == list(ROWS)
    assert history[-1] == ROWS[-1]
    assert history[1:] == History(ROWS[1:])
    assert history["train_loss"] == [1.9, 1.5, 1.1]
    assert [type(value) for value in history["epoch"]] == [float, float, float]


def test_a_history_is_made_from_a_generator_of_rows():
    assert History(dict(row) for row in ROWS) == History(ROWS)


def test_columns_are_those_of_all_rows_in_order_of_appearance():
    assert History([{"epoch": 1, "loss": 2.0}, {"lr": 0.1, "epoch": 2}]).columns == ("epoch", "loss", "lr")


def test_a_missing_value_is_nan_in_its_column():
    seconds = History(ROWS)["seconds"]
    assert seconds[:2] == [3.0, 2.5]
    assert isnan(seconds[2])


def test_best_takes_the_highest_accuracy_the_lowest_loss_and_the_first_of_equals():
    history = History(ROWS)
    assert history.best()["epoch"] == 2
    assert history.best("valid_loss")["epoch"] == 2
    assert history.best("train_loss")["epoch"] == 3


def test_best_passes_over_epochs_that_diverged():
    rows = [{"epoch": 1, "valid_loss": nan}, {"epoch": 2, "valid_loss": 2.0}, {"epoch": 3, "valid_loss": nan}]
    assert History(rows).best("valid_loss")["epoch"] == 2
    with pytest.raises(ParameterError, match="not one of the 1 epochs"):
        History(rows[:1]).best("valid_loss")


def test_best_is_refused_where_better_has_no_direction():
    with pytest.raises(ParameterError, match="accuracy or loss"):
        History(ROWS).best("seconds")


def test_an_unknown_column_is_answered_with_the_columns_there_are():
    with pytest.raises(ParameterError, match="no column 'val_loss'; it has epoch, train_loss, valid_loss"):
        History(ROWS)["val_loss"]
    with pytest.raises(ParameterError, match="no rows"):
        History([]).best()


def test_nothing_that_a_reader_does_to_a_row_changes_the_history():
    source = [dict(row) for row in ROWS]
    history = History(source)
    source[0]["train_loss"] = history[0]["valid_loss"] = next(iter(history))["epoch"] = 99
    assert history == History(ROWS)
    with pytest.raises(AttributeError):
        history.rows = ()


def test_numpy_numbers_become_plain_ones_and_anything_else_is_refused():
    history = History([{"epoch": np.int64(1), "valid_loss": np.float32(0.5)}])
    assert [type(value) for value in history[0].values()] == [int, float]
    for wrong in (np.array([0.5]), "0.5", None):
        with pytest.raises(ParameterError, match="'valid_loss' is a"):
            History([{"valid_loss": wrong}])


def test_the_repr_says_how_long_and_how_good():
    assert repr(History(ROWS)) == "History(3 epochs, best valid_accuracy 0.400 at 2)"
    assert repr(History([{"epoch": 1, "train_loss": 2.0}])) == "History(1 epoch)"
    assert repr(History([])) == "History(0 epochs)"
    assert repr(History([{"epoch": 1, "valid_accuracy": nan}])) == "History(1 epoch)"


def test_the_frame_is_the_one_that_pandas_makes_of_the_rows():
    pd.testing.assert_frame_equal(History(ROWS).to_frame(), pd.DataFrame(list(ROWS)))


NUMBERS = st.one_of(st.integers(-(10**6), 10**6), st.floats(allow_nan=False))


@given(rows=st.lists(st.dictionaries(st.sampled_from(["epoch", "train_loss", "lr", "a, b"]), NUMBERS), max_size=5))
def test_a_history_comes_back_from_csv_to_the_digit(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("history") / "run" / "history.csv"
    history = History([{"epoch": 1, "seconds": 0.1}, *rows])
    history.to_csv(path)
    again = History.from_csv(path)
    assert again == history
    assert [[type(value) for value in row.values()] for row in again] == [
        [type(row[name]) for name in history.columns if name in row] for row in history
    ]


def test_the_csv_is_one_that_other_programs_read(tmp_path):
    History(ROWS).to_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["seconds"] for row in table] == ["3.0", "2.5", ""]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "history.csv"), History(ROWS).to_frame())


def test_a_history_that_is_missing_or_damaged_says_where(tmp_path):
    path = tmp_path / "history.csv"
    with pytest.raises(DataNotFound, match=r"history\.csv"):
        History.from_csv(path)
    path.write_text("epoch,loss\n1,2.0\n2,oops\n")
    with pytest.raises(DataMismatch, match=r"history\.csv, line 3, loss: expected a number, found 'oops'"):
        History.from_csv(path)
    path.write_text("epoch,loss\n1,2.0,3\n")
    with pytest.raises(DataMismatch, match=r"line 2: expected 2 cells, found 3"):
        History.from_csv(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataMismatch, match="expected a history in CSV"):
        History.from_csv(path)


def test_a_file_that_a_spreadsheet_saved_begins_with_its_first_column(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,valid_loss\n1,1.9\n", encoding="utf-8-sig")
    assert History.from_csv(path).rows == ({"epoch": 1, "valid_loss": 1.9},)


def test_of_two_columns_of_one_name_none_is_dropped_in_silence(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,loss\n1,1.9,2.5\n")
    with pytest.raises(DataMismatch, match=r"history\.csv: expected columns of different names, found 'loss' twice"):
        History.from_csv(path)


@pytest.mark.parametrize("rows", [{"loss": [2.0, 1.0]}, pd.DataFrame({"loss": [2.0, 1.0]}), None], ids=type)
def test_columns_by_name_are_no_rows_and_the_error_says_what_makes_rows_of_them(rows):
    with pytest.raises(ParameterError, match=rf"found a {type(rows).__name__}.*to_dict\('records'\)"):
        History(rows)
    assert History(pd.DataFrame({"loss": [2.0, 1.0]}).to_dict("records"))["loss"] == [2.0, 1.0]
