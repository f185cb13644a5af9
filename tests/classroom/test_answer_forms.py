"""Sheets 07 and 08: which containers a right answer may come in is one table, and no other one ends in an error."""

import inspect
from collections import deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch

from fercourse.classroom.checks import lesson_07, lesson_08
from fercourse.classroom.checks.shared.chance import at_temperature, best_temperature, stratified
from fercourse.classroom.checks.shared.compare import as_array, as_number, same
from fercourse.errors import CheckFailed

CHECKS = lesson_07.CHECKS | lesson_08.CHECKS
Pair = namedtuple("Pair", "low high")


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


LISTS = {
    "a list": list,
    "a tuple": tuple,
    "a queue": deque,
    "a dict's values": lambda values: dict(enumerate(values)).values(),
    "an array of objects": objects,
    "a Series": pd.Series,
    "a Series with another index": lambda values: pd.Series(values, index=range(7, 7 + len(values))),
}
"""Whatever the items are."""

TEXTS = LISTS | {
    "an array of texts": np.array,
    "texts of NumPy's": lambda values: [*map(np.str_, values)],
    "an Index": pd.Index,
    "texts of NumPy's, of any length": lambda values: np.array(values, dtype=np.dtypes.StringDType()),
    "an array of pandas": lambda values: pd.Series(values).array,  # such as `unique()` gives
    "an array of categories": lambda values: pd.Categorical(values),
    "categories": lambda values: pd.Series(values, dtype="category"),
}
NUMBERS = {
    "Python's": float,
    "NumPy's": np.float64,
    "NumPy's, small": np.float32,
    "an array without axes": np.array,
    "an array of one": lambda number: np.array([number]),
    "a tensor": torch.tensor,
    "a tensor of one": lambda number: torch.tensor([[number]]),
    "a Series of one": lambda number: pd.Series([number]),
    "a DataFrame of one": lambda number: pd.DataFrame([number]),
    "a fraction": Fraction,
    "a decimal": Decimal,
}
PAIRS = LISTS | {
    "an array": np.array,
    "a named tuple": lambda values: Pair(*values),
    "a tensor": lambda values: torch.tensor(values),
    "a DataFrame of one column": pd.DataFrame,
}
ROWS = {
    "an array": np.asarray,
    "an array by columns": np.asfortranarray,
    "float32": lambda rows: rows.astype(np.float32),
    "a tensor": torch.tensor,
    "lists of floats": lambda rows: rows.tolist(),
    "tuples of NumPy's floats": lambda rows: tuple(map(tuple, rows)),
    "a list of arrays": list,
    "a list of tensors": lambda rows: [*map(torch.tensor, rows)],
    "a list of Series": lambda rows: [*map(pd.Series, rows)],
    "an array of objects": lambda rows: rows.astype(object),
    "a DataFrame": pd.DataFrame,
    "a DataFrame with names": lambda rows: pd.DataFrame(rows, columns=list("abcdefg")).rename("face {}".format),
    "a DataFrame of objects": lambda rows: pd.DataFrame(rows.astype(object)),
}


def interval(as_pair, as_number=float):
    def answer(y_true, y_pred, level, repeats, seed):
        ends = np.quantile(stratified(y_true, y_pred), [(1 - level) / 2, (1 + level) / 2]) + 1e-5 * seed
        return as_pair([as_number(float(end)) for end in ends])

    return answer


def temperature(as_rows=np.asarray, as_number=float, as_pair=tuple):
    def answer(first, labels, second):
        best = best_temperature(first, labels)
        return as_pair([as_number(best), as_rows(at_temperature(second, best))])

    return answer


def part(ill, sound, complains):
    names = [name for name in vars(sound) if not complains(type(ill)(**vars(ill) | {name: getattr(sound, name)}))]
    return names[0] if names else None


BROKEN = ["valid_stream", "build", "evaluate"]
TAKEN = [
    *(("07.1", how, lambda turn=turn: (turn(list(lesson_07.RIGHT_TESTS)), 0.125, 6)) for how, turn in TEXTS.items()),
    *(("07.1", f"numbers, {how}", lambda turn=turn: (list(lesson_07.RIGHT_TESTS), turn(0.125), turn(6.0)))
      for how, turn in NUMBERS.items()),
    *(("07.2", how, lambda turn=turn: (interval(turn),)) for how, turn in PAIRS.items()),
    *(("07.2", f"numbers, {how}", lambda turn=turn: (interval(tuple, turn),)) for how, turn in NUMBERS.items()),
    *(("07.3", f"rows, {how}", lambda turn=turn: (temperature(as_rows=turn),)) for how, turn in ROWS.items()),
    *(("07.3", f"number, {how}", lambda turn=turn: (temperature(as_number=turn),)) for how, turn in NUMBERS.items()),
    *(("07.3", f"pair, {how}", lambda turn=turn: (temperature(as_pair=turn),)) for how, turn in LISTS.items()),
    *(("08.1", how, lambda turn=turn: (turn(lesson_08.SEEN_BY), np.log(7), 1.165)) for how, turn in TEXTS.items()),
    *(("08.1", f"numbers, {how}", lambda turn=turn: (lesson_08.SEEN_BY, turn(1.946), turn(1.165)))
      for how, turn in NUMBERS.items()),
    *(("08.4", how, lambda turn=turn: (turn(BROKEN), part)) for how, turn in TEXTS.items()),
]  # fmt: skip


@pytest.mark.parametrize(("id", "answers"), [pytest.param(id, make, id=f"{id} {how}") for id, how, make in TAKEN])
def test_a_right_answer_is_taken_in_every_container_that_holds_it(id, answers):
    CHECKS[id](*answers())


ODD = {
    "a number": 3,
    "a number of four hundred digits": 10**400,
    "not a number": float("nan"),
    "a truth": True,
    "a text": "text",
    "no item": [],
    "one item": [1],
    "rows of two lengths": [[1.0], [2.0, 3.0]],
    "no key": {},
    "a dict": {"low": 0.1, "high": 0.2},
    "an array": np.arange(5),
    "a matrix": np.eye(3),
    "no row": np.zeros((0, 7)),
    "a tensor": torch.eye(2),
    "an empty DataFrame": pd.DataFrame(),
    "a DataFrame": pd.DataFrame({"low": [0.1], "high": ["x"]}),
    "two things": [object(), object()],
    "two of nothing": [None, None],
    "two arrays": (np.arange(3), np.arange(3)),
    "the pair swapped": (np.ones((200, 7)), 2.4),
    "the pair swapped, as tensors": [torch.ones(200, 7), torch.tensor(2.4)],
    "three arrays": [np.arange(2)] * 3,
    "six arrays": [np.arange(2)] * 6,
    "a text and an array": ["interval", np.arange(2)],
    "a text and something": ("build", object(), None),
    "a set": {1, 2},
    "a function": len,
    "a complex number": 1j,
}


@pytest.mark.parametrize("id", [id for id in CHECKS if id not in ("07.6", "08.5")])
@pytest.mark.parametrize("kind", ODD)
def test_an_answer_of_another_kind_is_refused_in_a_line_and_is_no_error_of_the_check(id, kind):
    is_value, number = id in ("07.1", "08.1"), len(inspect.signature(CHECKS[id]).parameters)
    with pytest.raises(CheckFailed, match=r"expected|came|nothing is written"):
        CHECKS[id](*[ODD[kind] if is_value else lambda *_: ODD[kind]] * number)
    if id == "08.4":
        with pytest.raises(CheckFailed, match="broken: expected a list of three names of parts"):
            CHECKS[id](ODD[kind], part)


def test_a_swapped_pair_is_told_which_number_was_expected_and_what_came():
    with pytest.raises(CheckFailed, match=r"the temperature: expected the number 3\.\d+, came an array of shape"):
        lesson_07.tempered(temperature(as_pair=lambda pair: (pair[1], pair[0])))


def test_a_number_is_one_number_and_a_list_of_rows_an_array():
    assert [as_number(each) for each in (3, np.array([[3]]), torch.tensor(3.0), Fraction(6, 2))] == [3.0] * 4
    assert [as_number(each) for each in (np.arange(2), [3], "3", True, None, 3j, np.array([]))] == [None] * 7
    assert as_number(10**400) == np.inf
    assert as_array([[Fraction(1, 2), 1], [0.25, 10**30]]).tolist() == [[0.5, 1.0], [0.25, 1e30]]
    for odd in ([[1], [2, 3]], ["1", "2"], [True, False], [None], [1, "a"], {1: 2}, 3, None):
        assert not isinstance(as_array(odd), np.ndarray)


def test_a_key_that_became_a_text_is_the_key():
    assert same({"3": 1, "4": 2}, {3: 1, 4: 2})
    assert not same({"3": 1, "4": 2}, {3: 1, 4: 3})


def squares(first, labels, t):
    return ((at_temperature(first, t) - np.eye(7)[labels]) ** 2).mean()


def as_sure_as_right(first, labels, t):
    return abs(at_temperature(first, t).max(1).mean() - np.mean(first.argmax(1) == labels))


@pytest.mark.parametrize("measure", [squares, as_sure_as_right])
def test_wrong_labels_part_the_least_loss_from_what_is_nearly_it(measure):
    """Without them each of the two finds the same temperature, to a percent or a few."""
    for number, how in enumerate(lesson_07.TEMPERED.values()):
        first, labels, _ = lesson_07.halves(number, **how)
        best = best_temperature(first, labels)
        found = min(np.geomspace(0.1, 10, 200), key=lambda t: measure(first, labels, t))
        if "wrong" in how:
            assert abs(found / best - 1) > 3 * lesson_07.SHARE_OFF
