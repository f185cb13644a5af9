"""Other forms of a right answer: the same numbers as NumPy's, as tensors, as fractions, in classes of one's own.

`in_form(answer, name)` turns a value, or whatever a function returns; what a function raises comes as a subclass.
`once(answer, id)` computes for the first form alone. This file imports nothing of the tests: its source is also run
inside a student's kernel.
"""

import pickle
import sys
from collections import Counter, OrderedDict, UserDict, UserList, deque, namedtuple
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from types import ModuleType

import numpy as np
import pandas as pd
import torch


class OwnInt(int):
    def __eq__(self, other):
        raise RuntimeError("a number that does not want to be compared")

    __hash__ = int.__hash__


class OwnFloat(float):
    def __sub__(self, other):
        raise RuntimeError("a number that does not want to be compared")


class OwnText(str):
    __slots__ = ()


class OwnList(list):
    def __iter__(self):
        raise RuntimeError("a list that does not want to be read")


class OwnDict(dict):
    def items(self):
        raise RuntimeError("a dict that does not want to be read")


class OwnArray(np.ndarray):
    pass


class OwnTensor(torch.Tensor):
    pass


def own_tuple(values):
    return namedtuple("Own", [f"part_{place}" for place in range(len(values))])(*values)


def regular_array(values):
    """An array where a list holds numbers, or rows of equally many numbers; else the list itself."""
    flat = [item for value in values for item in (value if isinstance(value, (list, tuple)) else [value])]
    is_regular = len({len(value) if isinstance(value, (list, tuple)) else 0 for value in values}) == 1
    return np.array(values) if is_regular and all(type(item) in (int, float) for item in flat) else values


def regular_tensor(values):
    array = regular_array(values)
    return torch.tensor(array) if isinstance(array, np.ndarray) else values


def series(values):
    array = regular_array(values)
    return pd.Series(array) if isinstance(array, np.ndarray) and array.ndim == 1 else values


FORMS = {
    "numpy": {
        bool: np.bool_, int: np.int64, float: np.float64, str: np.str_, list: tuple, tuple: list, dict: OrderedDict,
        torch.Tensor: lambda tensor: tensor.numpy(), np.ndarray: np.asfortranarray,
    },
    "arrays of one": {bool: np.array, int: lambda n: np.array([n]), float: lambda x: np.array([[x]])},
    "tensors of none and of one": {
        bool: torch.tensor, int: torch.tensor, float: lambda x: torch.tensor([x], dtype=torch.float64),
        np.ndarray: lambda array: torch.tensor(np.ascontiguousarray(array)),
        torch.Tensor: lambda tensor: tensor.clone().requires_grad_(tensor.is_floating_point()),
    },
    "small and large types": {
        int: lambda n: np.uint32(n) if n >= 0 else np.int16(n), float: np.longdouble,
        np.ndarray: lambda array: array.astype(array.dtype.newbyteorder(">")),
    },
    "arrays for lists": {list: regular_array, tuple: regular_array},
    "tensors for lists": {list: regular_tensor, tuple: regular_tensor},
    "series": {list: series, tuple: series, dict: pd.Series},
    "queues": {list: deque, tuple: UserList, dict: UserDict},
    "views": {list: lambda values: dict(enumerate(values)).values(), tuple: own_tuple, dict: Counter},
    "classes of one's own": {
        int: OwnInt, float: OwnFloat, str: OwnText, list: OwnList, dict: OwnDict, tuple: own_tuple,
        np.ndarray: lambda array: array.view(OwnArray), torch.Tensor: lambda tensor: tensor.as_subclass(OwnTensor),
    },
    "fractions": {int: Fraction, float: Fraction},
    "decimals": {int: Decimal, float: Decimal},
}  # fmt: skip


SLOW = ("07.2", "07.3", "08.5")
"""Exercises whose solutions work for long, and change nothing of what they get."""

_kept = vars(sys.modules.setdefault("what_slow_answers_gave", ModuleType("what_slow_answers_gave")))


def once(answer, id):
    """`answer`, a function, or what the same solution gave before to the same arguments; so all forms are of one value.

    Arguments that cannot be compared, such as a training, are taken for the same where the call has the same number.
    """
    if isinstance(answer, type) or not callable(answer) or id not in SLOW:
        return answer
    calls = []

    @wraps(answer)
    def wrapped(*arguments, **named):
        calls.append(1)
        try:
            given = pickle.dumps((arguments, named))
        except (AttributeError, TypeError, pickle.PicklingError):  # a training has functions
            given = len(calls)
        key = f"{id} {answer.__name__} {given!r}"
        if key not in _kept:
            _kept[key] = answer(*arguments, **named)
        return deepcopy(_kept[key])

    return wrapped


def in_form(answer, name):
    """An answer in the form `name` of FORMS: a function that returns that form, or a value in it; a class as it is."""
    if isinstance(answer, type) or not callable(answer):
        return answer if isinstance(answer, type) else _turned(answer, FORMS[name])

    @wraps(answer)
    def wrapped(*arguments, **named):
        try:
            return _turned(answer(*arguments, **named), FORMS[name])
        except Exception as error:
            raise type("Own", (type(error),), {})(*error.args) from error

    return wrapped


def _turned(value, form):
    """The innermost values first; a container is turned unless what it holds hides that it is one of numbers."""
    turn = form.get(type(value), lambda same: same)
    if type(value) in (list, tuple):
        value = type(value)(_turned(item, form) for item in value) if int in form else value
    elif type(value) is dict:
        value = {key: _turned(item, form) for key, item in value.items()}
    return turn(value)
