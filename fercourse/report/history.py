"""What happened in a training: one row of figures an epoch, whichever framework trained."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isnan, nan
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import overload

import pandas as pd

from fercourse.errors import DataMismatch, DataNotFound, ParameterError
from fercourse.files import written_aside


@dataclass(frozen=True, repr=False)
class History:
    """The epochs of one training; read-only.

    rows: one dict an epoch, column to number: epoch (from 1), train_loss, train_accuracy, valid_loss, valid_accuracy
          (losses in nats a face, accuracies from 0 to 1), seconds, and whatever else the loop measured. A row may
          lack columns that others have.
    source: on which faces, where a figure should say so; empty for the faces of this run

    `history[0]` is a row, `history[2:5]` a History, `history["valid_loss"]` a list of floats.
    Raises ParameterError where a value is not a plain number.

    >>> history = History([{"epoch": 1, "valid_loss": 1.9}, {"epoch": 2, "valid_loss": 1.7}])
    >>> history["valid_loss"]
    [1.9, 1.7]
    >>> history.best("valid_loss")
    {'epoch': 2, 'valid_loss': 1.7}
    """

    rows: tuple[dict[str, float], ...]
    source: str = field(default="", compare=False)

    def __post_init__(self):
        if self.rows is None or isinstance(self.rows, (Mapping, pd.DataFrame)):
            raise ParameterError(
                f"expected rows, one dict an epoch; found a {type(self.rows).__name__}. Of a table of pandas take "
                "table.to_dict('records'); of lists by name, as Keras has them, pd.DataFrame(lists) is one"
            )
        object.__setattr__(self, "rows", tuple(_plain_row(row) for row in self.rows))

    def __len__(self):
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, float]]:
        return (dict(row) for row in self.rows)

    @overload
    def __getitem__(self, key: str) -> list[float]: ...

    @overload
    def __getitem__(self, key: int) -> dict[str, float]: ...

    @overload
    def __getitem__(self, key: slice) -> "History": ...

    def __getitem__(self, key):
        if isinstance(key, str):
            return self._column(key)
        if isinstance(key, slice):
            return History(self.rows[key], self.source)
        return dict(self.rows[key])

    def __repr__(self):
        epochs = f"{len(self)} epoch" + ("" if len(self) == 1 else "s")
        epochs += f" on {self.source}" if self.source else ""
        if "valid_accuracy" not in self.columns or all(map(isnan, self["valid_accuracy"])):
            return f"History({epochs})"
        best = self.best()
        return f"History({epochs}, best valid_accuracy {best['valid_accuracy']:.3f} at {best.get('epoch', '?')})"

    def _repr_html_(self):
        from fercourse.report.show import html_of_history  # here: a script shows none

        return html_of_history(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of all rows, in the order in which they first appear."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))

    def best(self, column: str = "valid_accuracy") -> dict[str, float]:
        """The row with the highest accuracy or the lowest loss; the first of equals.

        Raises ParameterError for a column that is neither, or that holds no number at all.
        """
        values = self._column(column)
        known = [position for position, value in enumerate(values) if not isnan(value)]
        if not known:
            raise ParameterError(f"best({column!r}): not one of the {len(self)} epochs has a number there")
        choose = _better(column)
        return dict(self.rows[choose(known, key=values.__getitem__)])

    def to_frame(self) -> pd.DataFrame:
        """A pandas DataFrame, one row an epoch; NaN where a row lacks a column."""
        return pd.DataFrame(list(self), columns=list(self.columns))

    def to_csv(self, path: str | PathLike) -> None:
        """Write the rows to `path`, every digit of them; an empty cell where a row lacks a column.

        Raises NotWritten where the disk is full or the folder not writable.
        """
        with written_aside(path) as aside, open(aside, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, self.columns)
            table.writeheader()
            table.writerows(self.rows)

    @classmethod
    def from_csv(cls, path: str | PathLike) -> "History":
        """The History that `to_csv` wrote, equal to the digit.

        Raises DataNotFound where there is no such file, DataMismatch where it is no CSV or a cell is not a number.
        """
        path = Path(path)
        if not path.is_file():
            raise DataNotFound(f"{path}: no history there. `history.to_csv(path)` writes one.")
        header, *lines = _lines(path) or [[]]
        if twice := [name for name in header if header.count(name) > 1]:
            raise DataMismatch(f"{path}: expected columns of different names, found {twice[0]!r} twice")
        return cls(
            _parsed(line, header, f"{path}, line {number}") for number, line in enumerate(lines, start=2) if line
        )

    def _column(self, name):
        if name not in self.columns:
            raise ParameterError(f"this history has no column {name!r}; it has {', '.join(self.columns) or 'no rows'}")
        return [float(row.get(name, nan)) for row in self.rows]


def _better(column):
    """Whether more or less of a column is better."""
    if "accuracy" in column:
        return max
    if "loss" in column:
        return min
    raise ParameterError(f"best({column!r}): 'best' is known for columns named accuracy or loss only")


def _plain_row(row):
    return {name: _plain_number(name, value) for name, value in dict(row).items()}


def _plain_number(name, value):
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise ParameterError(
        f"a history holds plain numbers, but {name!r} is a {type(value).__name__}; "
        "of a tensor or an array with one value take .item()"
    )


def _lines(path):
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:  # spreadsheets begin a file with a mark of its own
            return list(csv.reader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataMismatch(f"{path}: expected a history in CSV, found something else ({error})") from error


def _parsed(line, header, where):
    if len(line) != len(header):
        raise DataMismatch(f"{where}: expected {len(header)} cells, found {len(line)}")
    return {name: _number(cell, f"{where}, {name}") for name, cell in zip(header, line, strict=True) if cell}


def _number(cell, where):
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    raise DataMismatch(f"{where}: expected a number, found {cell!r}")
