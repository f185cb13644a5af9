"""Plain data between a student's kernel and the grader: a tree for JSON, and bytes. Nothing that is decoded can run.

A tree is None, a bool, int, float or str, or a list `[tag, …]`; arrays and tensors point into a list of buffers.
What is no plain data arrives as an `Opaque`, which equals nothing.
"""

import sys
from math import prod

MOST_BYTES = 50_000_000  # of arrays and tensors in one value
MOST_ITEMS = 1_000_000
MOST_KEYS = 20_000  # of a dict or a set: keys that collide on purpose take the square of their number
DEEPEST = 40
LONGEST_NUMBER = 1000  # digits
ARRAY_TYPES = frozenset(
    ["|b1", "|i1", "|u1", "<i2", "<i4", "<i8", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"]
)  # little-endian, and nothing that holds objects
TENSOR_TYPES = frozenset(
    [
        *("bool", "uint8", "int8", "int16", "int32", "int64"),
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    ]
)
_SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class NotPlain(ValueError):
    """Data that is too large, too deep, or not what an honest kernel sends."""


class Opaque:
    """Something of the student's that is no plain data: equal to nothing, neither true nor false."""

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


def encode(value):
    """A value as (tree, list of bytes). Raises NotPlain where it is too large or too deep."""
    buffers, room = [], [MOST_ITEMS, MOST_BYTES]
    return _encoded(value, buffers, room, DEEPEST), buffers


def decode(tree, buffers):
    """The value of a tree and its buffers. Raises NotPlain for anything that `encode` would not have made."""
    try:
        return _decoded(tree, buffers, DEEPEST)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError) as error:
        raise NotPlain(f"expected plain data; found {type(error).__name__}: {error}") from error


def _encoded(value, buffers, room, depth):
    _take(room, 0, 1, "more than a million items")
    if depth == 0:
        raise NotPlain(f"nested deeper than {DEEPEST}")
    kind = type(value)
    if value is None or kind in (bool, float):
        return value
    if kind is int:
        return value if value.bit_length() < 3 * LONGEST_NUMBER else ["opaque", "an int of very many digits"]
    if kind is str:
        _take(room, 1, len(value), "too much text")
        return value
    if kind in (dict, set, frozenset) and len(value) > MOST_KEYS:
        raise NotPlain(f"more than {MOST_KEYS:,} keys")
    if kind in _SEQUENCES.values():
        return [kind.__name__, [_encoded(item, buffers, room, depth - 1) for item in value]]
    if kind is dict:
        return ["dict", [[_encoded(part, buffers, room, depth - 1) for part in pair] for pair in value.items()]]
    if kind is complex:
        return ["complex", value.real, value.imag]
    if value is ...:
        return ["ellipsis"]
    return _encoded_array(value, buffers, room) or ["opaque", f"{kind.__module__}.{kind.__qualname__}"]


def _encoded_array(value, buffers, room):
    """The tree of an array, a NumPy number or a tensor; None for anything else. Imports neither NumPy nor torch."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if torch and isinstance(value, torch.Size):
        return ["tuple", list(value)]
    if torch and isinstance(value, torch.Tensor):
        return _encoded_tensor(value.detach(), buffers, room, torch)
    if numpy and isinstance(value, numpy.str_):
        return _encoded(str(value), buffers, room, 1)
    if numpy and isinstance(value, numpy.generic):
        tree = _encoded_array(numpy.asarray(value), buffers, room)
        return ["number", *tree[1:]] if tree and tree[0] == "array" else tree
    if not numpy or not isinstance(value, numpy.ndarray):
        return None
    if value.dtype.kind == "U":
        return ["texts", [_encoded(text, buffers, room, 2) for text in value.ravel().tolist()], list(value.shape)]
    kind = value.dtype.newbyteorder("<").str
    if kind not in ARRAY_TYPES:
        return ["opaque", f"numpy.ndarray of {value.dtype}"]
    _take(room, 1, value.nbytes, "more than 50 MB")
    buffers.append(value.astype(kind).tobytes())
    return ["array", kind, list(value.shape), len(buffers) - 1]


def _encoded_tensor(value, buffers, room, torch):
    kind = str(value.dtype).removeprefix("torch.")
    if kind not in TENSOR_TYPES or value.layout is not torch.strided or value.device.type == "meta":
        return ["opaque", f"torch.Tensor of {kind}, {value.layout}, {value.device.type}"]
    _take(room, 1, value.numel() * value.element_size(), "more than 50 MB")
    value = value.cpu().resolve_conj().resolve_neg().contiguous()
    shape = list(value.shape)
    buffers.append((value.view(torch.int16) if kind == "bfloat16" else value).numpy().tobytes())
    return ["tensor", kind, shape, len(buffers) - 1]


def _take(room, place, amount, complaint):
    room[place] -= amount
    if room[place] < 0:
        raise NotPlain(complaint)


def _decoded(tree, buffers, depth):
    if tree is None or type(tree) in (bool, int, float, str):
        return tree
    if depth == 0 or type(tree) is not list:
        raise NotPlain("expected a tree")
    tag, *parts = tree
    if tag in _SEQUENCES:
        (items,) = parts
        if tag in ("set", "frozenset"):
            _check_number(items)
        return _SEQUENCES[tag](_decoded(item, buffers, depth - 1) for item in items)
    if tag == "dict":
        (pairs,) = parts
        _check_number(pairs)
        return {_decoded(key, buffers, depth - 1): _decoded(value, buffers, depth - 1) for key, value in pairs}
    if tag == "complex":
        return complex(*map(float, parts))
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
