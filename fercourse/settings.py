"""Settings at the border: numbers come in as Python's, NumPy's or torch's, and are Python's from there on."""

import sys
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Literal, get_args

import numpy as np

from fercourse.errors import ParameterError

Scale = Literal["smoke", "lesson", "full"]

SCALES = get_args(Scale)
"""How much of everything a run does, from the smallest to the largest: sizes and epochs change, nothing else."""

SEEDS = 2**64  # as many as torch knows
MOST = 2**63  # torch and NumPy count no further


def plain(value):
    """A scalar of NumPy, torch or TensorFlow as the Python number, bool or text that it is; anything else as it is.

    The float32 0.1 becomes 0.1, the shortest number that is rounded to it, and so one setting with Python's 0.1.
    """
    if getattr(value, "ndim", None) == 0 and hasattr(value, "numpy") and not hasattr(value, "tolist"):
        value = value.numpy()  # TensorFlow's
    if getattr(value, "ndim", None) == 0 and hasattr(value, "tolist"):
        narrow = {"float16": np.float16, "float32": np.float32}.get(str(value.dtype).removeprefix("torch."))
        value = value.tolist() if narrow is None else float(str(narrow(value.tolist())))
    for kind, numbers in ((bool, bool), (int, Integral), (float, Real), (str, str)):
        if isinstance(value, numbers):
            return kind(value)
    return value


def is_number(value):
    """Whether `value` is a finite int or float; a bool is none."""
    kind = isinstance(value, (int, float)) and not isinstance(value, bool)
    return kind and abs(value) <= sys.float_info.max  # NaN and infinity are not


def is_whole(value):
    """Whether `value` is an int; neither a bool nor 3.0 is one."""
    return isinstance(value, int) and not isinstance(value, bool)


def number(name, value, rule, allowed):
    """`value` as a float. Raises ParameterError where it is no finite number or not `allowed`; `rule` says so."""
    value = plain(value)
    if not is_number(value) or not allowed(value):
        raise ParameterError(f"expected {name} {rule}; found {name}={value!r}")
    return float(value)


def whole(name, value, *, least=1):
    """`value` as an int. Raises ParameterError for text, bools, fractions, less than `least`, and 2**63 or more."""
    value = plain(value)
    if not is_whole(value) or value < least:
        raise ParameterError(f"expected {name}, a whole number ≥ {least}; found {name}={value!r}")
    if value >= MOST:
        found = f"a number of {value.bit_length()} bits"
        raise ParameterError(f"expected {name}, a whole number under 2**63; found {name}={found}")
    return value


def seed_number(value):
    """A seed as an int. Raises ParameterError for text, bools, fractions, and for what torch has no room for."""
    value = plain(value)
    if not is_whole(value) or not 0 <= value < SEEDS:
        raise ParameterError(f"expected seed, a whole number from 0 to 2**64 - 1; found seed={value!r}")
    return value


def in_grey_levels(name, value):
    """The mean or the std, as `name` says, of faces in [0, 1]. ParameterError for others, as those of 0 to 255."""
    rule = f"from 0 to 1, in grey levels of [0, 1]: of a split, split.images.{name}() / 255"
    value = number(name, value, rule, lambda value: 0 <= value <= 1)
    if name == "std" and value == 0:
        raise ParameterError(
            "expected std over 0; found 0.0: all pixels are equal, and nothing can be learned from them"
        )
    return value


def share(name, value):
    """`value` as a float from 0 to 1. Raises ParameterError for anything else, as NaN or 20 for 20 %."""
    return number(name, value, "from 0 to 1", lambda value: 0 <= value <= 1)


def whole_numbers(name, values, *, least):
    """A list of ints. Raises ParameterError for text, for what is no sequence or array, and where `whole` does."""
    values = values.tolist() if isinstance(values, np.ndarray) else values
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ParameterError(f"expected {name}, a list of whole numbers; found {name}={plain(values)!r}")
    return [whole(f"each of {name}", value, least=least) for value in values]


def flag(name, value):
    """`value` as a bool. Raises ParameterError for anything else: the text "False" would count as true."""
    value = plain(value)
    if not isinstance(value, bool):
        raise ParameterError(f"expected {name}=True or False; found {name}={value!r}")
    return value


def choice(name, value, known):
    """`value`, one of the words `known`. Raises ParameterError for another one, or for no word at all."""
    value = plain(value)
    if not isinstance(value, str) or value not in known:
        *others, last = known
        raise ParameterError(f"expected {name}: {', '.join(others)} or {last}; found {value!r}")
    return value
