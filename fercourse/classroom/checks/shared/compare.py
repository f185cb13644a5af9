"""Compare what a student's code gives with what it should give; one line says how far off it is.

The checks and the hidden tests of the sheets have one idea of what is equal: `expect`, which says what is wrong, and
`same`, which only says whether.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from fercourse.classroom.encoding import encode
from fercourse.classroom.plain import TOO_MUCH, NotPlain, decode
from fercourse.classroom.probes import outcome_of
from fercourse.errors import CheckFailed

NUMBERS = (int, float, Fraction, Decimal)


def plain(value: object) -> Any:
    """What came, in its plainest form: numbers, texts, lists, tuples, dicts and arrays, as in a grader.

    A number is Python's, in whatever form it came; a tensor or a DataFrame is an array; a Series with texts as its
    index is a dict.
    What is no such data is an `Opaque`. Raises CheckFailed where it is too much.
    """
    try:
        return _plainest(decode(*encode(value)))
    except NotPlain as error:
        raise CheckFailed(f"{TOO_MUCH}: {error}") from error


def same(came: object, expected: object, *, atol: float = 0.0, whole: bool = False) -> bool:
    """Whether `expect` would take `came`."""
    try:
        expect(came, expected, "", atol=atol, whole=whole)
    except CheckFailed:
        return False
    return True


def ask(probe: Callable, answer: object, *arguments: object) -> Any:
    """`probe(answer, *arguments)` where the answer lives: here in a notebook, in the student's kernel when graded.

    probe: a function of fercourse.classroom.probes; what it returns is numbers, texts, arrays, tensors, lists, dicts.
    """
    inside = getattr(answer, "ask_inside", None)
    return probe(answer, *arguments) if inside is None else inside(probe, *arguments)


def expect_secret(came: object, expected: object, where: str, *, atol: float = 0.0) -> None:
    """As `expect`, for a number that the student is to find: the line does not give it away."""
    try:
        expect(came, expected, where, atol=atol)
    except CheckFailed:
        came = _single(plain(came))
        side = ""
        if type(came) in NUMBERS and type(expected) in NUMBERS:
            side = ", which is too large" if came > expected else ", which is too small" if came < expected else ""
        nothing = ": nothing is written yet" if came is None else ""
        raise CheckFailed(f"{where}: came {short(came)}{side}{nothing}") from None


def expect(came: object, expected: object, where: str, *, atol: float = 0.0, whole: bool = False) -> None:
    """Raise CheckFailed where `came` is not `expected`: "<where>: expected 24, came 23, 1 too small".

    expected: None, a bool, number, text, array or tensor, or a list, tuple or dict of them
    atol:     how far a number may be off
    whole:    whether 24.0 is no answer where 24 is expected
    What comes may have any form that `plain` knows: a list may be an array, a number a tensor that holds one.
    """
    came, expected = plain(came), plain(expected)
    if came is None and expected is not None:
        raise CheckFailed(f"{where}: expected {short(expected)}, came None: nothing is written, or nothing returned")
    if isinstance(expected, dict):
        names = sorted(map(str, expected))
        if not isinstance(came, dict):
            raise CheckFailed(f"{where}: expected {short(names)}, came {short(came)}")
        _expect_same(sorted(map(str, came)), names, where)
        came = {str(key): value for key, value in came.items()}  # "3" stands for 3, as in JSON
        for key, value in expected.items():
            expect(came[str(key)], value, f"{where}, {key}", atol=atol, whole=whole)
    elif isinstance(expected, (list, tuple)):
        if not isinstance(came, (list, tuple, np.ndarray)):
            raise CheckFailed(f"{where}: expected {short(expected)}, came {short(came)}")
        _expect_same(len(came), len(expected), f"{where}, the number of items")
        for place, (one, other) in enumerate(zip(came, expected, strict=True)):
            expect(one, other, f"{where}, item {place}", atol=atol, whole=whole)
    elif isinstance(expected, np.ndarray):
        _expect_array(came, expected, where, atol)
    elif type(expected) in NUMBERS:
        _expect_number(_single(came), expected, where, atol, whole)
    else:
        _expect_same(_single(came), expected, where)


def expect_error(answer: object, arguments: tuple, kind: type[Exception], where: str) -> None:
    """Raise CheckFailed where `answer(*arguments)` raises no `kind`, of that class or of one that comes from it."""
    outcome, came = ask(outcome_of, answer, kind, *arguments)
    if outcome == "value":
        raise CheckFailed(f"{where}: expected a {kind.__name__}, came {short(plain(came))} and no error")
    if outcome != "as asked":
        own = " of your own, which is none" if came == kind.__name__ else ""
        raise CheckFailed(f"{where}: expected a {kind.__name__}, came a {came}{own}")


def as_whole(number: object) -> int | None:
    """3 for 3, for 3.0 and for an array that holds it alone; None for what is no whole number."""
    number = _single(number)
    return int(number) if type(number) in (int, float) and number % 1 == 0 else None


def as_number(value: object) -> float | None:
    """The float of a number in whatever form, also of an array that holds it alone; None for what is no number."""
    value = _single(plain(value))
    return _as_float(value) if type(value) in NUMBERS else None


def as_array(value: object) -> Any:
    """The array that a list of rows stands for, whatever holds a row; anything else, in plain form."""
    value = plain(value)
    if not isinstance(value, (list, tuple)):
        return value
    try:
        array = np.array(value)
    except ValueError:  # rows of different lengths
        return value
    if array.dtype == object and all(type(item) in NUMBERS for item in array.ravel()):
        array = np.vectorize(_as_float, otypes=[float])(array)  # fractions
    return array if array.dtype.kind in "iuf" else value


def as_list(value: object) -> list | None:
    """The items of a list, a tuple, an array or a Series, in plain form; None for what is nothing of the kind."""
    value = plain(value)
    return list(value) if isinstance(value, (list, tuple, np.ndarray)) else None


def as_texts(value: object) -> list[str] | None:
    """The texts in a list, a tuple, an array of one axis or a Series; None for anything else."""
    texts = as_list(value)
    return [str(text) for text in texts] if texts is not None and all(isinstance(each, str) for each in texts) else None


def short(value: object) -> str:
    """A value in at most sixty characters."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)) and all(type(item) is float for item in value):
        text = f"[{', '.join(f'{item:.6g}' for item in value)}]"
    else:
        text = f"{value:.6g}" if type(value) is float else " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "…"


def _plainest(value):
    """Tensors as arrays, what holds one number as that number, in lists and dicts as well."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plainest, value))
    if isinstance(value, dict):
        return {key: _plainest(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return type(value)(_plainest(item) if getattr(item, "ndim", 0) == 0 else item for item in value)
    if hasattr(value, "detach"):
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, (Fraction, Decimal)) and value == int(value):
        value = int(value)
    return None if value is ... else value


def _single(came):
    """The number of an array that holds one alone; anything else as it is."""
    return came.item() if isinstance(came, np.ndarray) and came.size == 1 else came


def _expect_same(came, expected, where):
    if type(came) is not type(expected) or came != expected:
        raise CheckFailed(f"{where}: expected {short(expected)}, came {short(came)}")


def _expect_number(came, expected, where, atol, whole):
    if type(came) not in NUMBERS:
        raise CheckFailed(f"{where}: expected the number {short(expected)}, came {short(came)}")
    if whole and type(came) is not int:
        raise CheckFailed(f"{where}: expected the whole number {expected}, came {came!r}, a {type(came).__name__}")
    if came == expected:
        return
    off = came - expected if type(came) is type(expected) is int else _as_float(came) - _as_float(expected)
    if abs(off) <= atol:
        return
    if type(came) is float and not math.isfinite(came):
        far = "not a finite number"
    else:
        far = f"{'far' if off in (math.inf, -math.inf) else short(abs(off))} too {'large' if off > 0 else 'small'}"
    raise CheckFailed(f"{where}: expected {short(expected)}, came {short(came)}, {far}")


def _as_float(number):
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _expect_array(came, expected, where, atol):
    if not isinstance(came, np.ndarray):
        raise CheckFailed(f"{where}: expected {short(expected)}, came {short(came)}")
    _expect_same(came.shape, expected.shape, f"{where}, the shape")
    if (came.dtype.kind == "b") != (expected.dtype.kind == "b") or came.dtype.kind not in "biuf":
        raise CheckFailed(f"{where}: expected numbers like {expected.dtype}, came {came.dtype}")
    came, expected = came.astype(float), expected.astype(float)
    wrong = ~np.isclose(came, expected, rtol=0, atol=atol, equal_nan=True)
    if wrong.any():
        with np.errstate(invalid="ignore"):  # of two infinities
            off = np.where(wrong, np.nan_to_num(np.abs(came - expected), nan=np.inf, posinf=np.inf), 0)
        worst = np.unravel_index(np.argmax(off), off.shape)
        place = ", ".join(map(str, worst))
        values = f"expected {expected[worst]:.6g}, came {came[worst]:.6g}"
        raise CheckFailed(f"{where}: at [{place}] {values}; {wrong.mean():.0%} of the numbers are off")
