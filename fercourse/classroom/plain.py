"""Plain data between a student's code and what judges it: a tree for JSON, and bytes. Nothing that is decoded can run.

A tree is None, a bool, int, float or str, or a list `[tag, …]`; arrays and tensors point into a list of buffers.
What is no plain data arrives as an `Opaque`, which equals nothing. `encode` in fercourse.classroom.encoding makes
trees: in a student's kernel, and in a notebook, where a check sees an answer as a grader would.
"""

from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Any

MOST_BYTES = 50_000_000  # of arrays and tensors in one value
MOST_ITEMS = 1_000_000
MOST_KEYS = 20_000  # of a dict or a set: keys that collide on purpose take the square of their number
DEEPEST = 40
LONGEST_NUMBER = 1000  # digits
TOO_MUCH = "what your code returned is too much to be tested"
ARRAY_TYPES = frozenset(
    ["|b1", "|i1", "|u1", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"]
)  # little-endian, and nothing that holds objects
TENSOR_TYPES = frozenset(
    [
        *("bool", "uint8", "int8", "int16", "int32", "int64"),
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    ]
)
SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class NotPlain(ValueError):
    """Data that is too large, too deep, or not what an honest kernel sends."""


class Opaque:
    """Something of the student's that is no plain data: equal to nothing, neither true nor false.

    name: of its class; it is shown as "<Name>".
    """

    __slots__ = ("_name",)

    def __init__(self, name):
        self._name = "".join(letter if letter.isprintable() else "?" for letter in name[:100])

    def __repr__(self):
        return f"<{self._name}>"

    def __getattr__(self, name):
        raise AttributeError(f"{self!r} has no attribute {name!r} here: your code did not return plain data")

    def __eq__(self, _):
        return False

    __hash__ = object.__hash__

    def __bool__(self):
        raise NotPlain(f"{self!r} is neither true nor false")


def decode(tree: object, buffers: list[bytes]) -> Any:
    """The value of a tree and its buffers. Raises NotPlain for anything that `encode` would not have made."""
    try:
        return _decoded(tree, buffers, DEEPEST)
    except (TypeError, ValueError, KeyError, IndexError, ArithmeticError) as error:
        raise NotPlain(f"expected plain data; found {type(error).__name__}: {error}") from error


def exact(*parts: object) -> Decimal | Fraction:
    """The Decimal of a text, or the Fraction of two whole numbers; finite, and of a size that can be worked with."""
    if len(parts) == 2 and all(type(part) is int and part.bit_length() < 3 * LONGEST_NUMBER for part in parts):
        return Fraction(*parts)
    if len(parts) == 1 and type(parts[0]) is str and len(parts[0]) < LONGEST_NUMBER:
        number = Decimal(parts[0])
        if number.is_finite() and abs(number.adjusted()) < LONGEST_NUMBER:
            return number
    raise NotPlain("expected a finite number")


def _decoded(tree, buffers, depth):
    if tree is None or type(tree) in (bool, int, float, str):
        return tree
    if depth == 0 or type(tree) is not list:
        raise NotPlain("expected a tree")
    tag, *parts = tree
    if tag in SEQUENCES:
        (items,) = parts
        if tag in ("set", "frozenset"):
            _check_number(items)
        return SEQUENCES[tag](_decoded(item, buffers, depth - 1) for item in items)
    if tag == "dict":
        (pairs,) = parts
        _check_number(pairs)
        return {_decoded(key, buffers, depth - 1): _decoded(value, buffers, depth - 1) for key, value in pairs}
    if tag == "complex":
        return complex(*map(float, parts))
    if tag in ("decimal", "fraction"):
        return exact(*parts)
    if tag == "ellipsis":
        return ...
    if tag == "opaque":
        return Opaque(str(parts[0]))
    if tag == "texts":
        return _decoded_texts(*parts)
    return _decoded_array(tag, *parts, buffers)


def _check_number(keys):
    if len(keys) > MOST_KEYS:
        raise NotPlain(f"more than {MOST_KEYS:,} keys")


def _decoded_array(tag, kind, shape, place, buffers):
    shape = _checked_shape(shape)
    if tag == "tensor":
        return _decoded_tensor(kind, shape, buffers[place])
    if kind not in ARRAY_TYPES or tag not in ("array", "number"):
        raise NotPlain(f"expected an array of numbers, found {kind!r}")
    array = _numbers(buffers[place], kind, shape)
    return array if tag == "array" else array[()]


def _decoded_texts(texts, shape):
    import numpy

    longest = max((len(text) for text in texts if type(text) is str), default=0)
    if longest * len(texts) > MOST_BYTES // 4:  # an array takes the length of the longest for each
        raise NotPlain("too much text")
    return numpy.array([str(text) for text in texts], dtype=str).reshape(_checked_shape(shape))


def _decoded_tensor(kind, shape, buffer):
    import torch

    if kind not in TENSOR_TYPES:
        raise NotPlain(f"expected a tensor of numbers, found {kind!r}")
    dtype = getattr(torch, kind)
    same_in_numpy = torch.zeros(0, dtype=torch.int16 if kind == "bfloat16" else dtype).numpy().dtype
    return torch.from_numpy(_numbers(buffer, same_in_numpy, shape)).view(dtype)


def _numbers(buffer, kind, shape):
    """An array of its own; raises ValueError unless the buffer holds exactly the shape."""
    import numpy

    dtype = numpy.dtype(kind)
    if prod(shape) * dtype.itemsize != len(buffer):
        raise NotPlain("expected a buffer of another size")
    return numpy.frombuffer(buffer, dtype).reshape(shape).copy()


def _checked_shape(shape):
    if type(shape) is not list or len(shape) > 32 or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise NotPlain("expected a shape")
    return tuple(shape)
