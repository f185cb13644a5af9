"""What a student's code returns, as plain data: fercourse.classroom.plain says what that is, and takes it back.

A subclass counts as the class that it comes from, read by that class's own methods, none of the student's.
"""

import sys
from array import array
from collections import OrderedDict, UserDict, UserList, UserString, deque
from decimal import Decimal
from fractions import Fraction
from operator import index
from types import MappingProxyType

from fercourse.classroom import plain
from fercourse.classroom.plain import SEQUENCES, NotPlain, Opaque, exact

_VIEWS = [type(view) for owner in (OrderedDict(), {}) for view in (owner.keys(), owner.values(), owner.items())]
_WRAPPERS = (UserDict, UserList, UserString)
_ATOMS = (str, int, float, complex, Decimal, Fraction)
_BASES = (*SEQUENCES.values(), dict, deque, array, range, *_VIEWS, *_ATOMS, *_WRAPPERS)
_BASE_BY_ID = {id(base): base for base in _BASES}  # to hash or compare a class could run what a student wrote
_NAME_OF_CLASS = type.__dict__["__name__"].__get__


def encode(value: object) -> tuple[object, list[bytes]]:
    """A value as (tree, list of bytes). Raises NotPlain where it is too large or too deep."""
    buffers, room = [], [plain.MOST_ITEMS, plain.MOST_BYTES]
    return _encoded(value, buffers, room, plain.DEEPEST), buffers


def _encoded(value, buffers, room, depth):
    _take(room, 0, 1, "more than a million items")
    if depth == 0:
        raise NotPlain(f"nested deeper than {plain.DEEPEST}")
    if value is None or value is True or value is False:
        return value
    base = _BASE_BY_ID.get(id(type(value)))
    if base is None:
        tree = _encoded_other(value, buffers, room, depth)
        if tree is not NotImplemented:
            return tree
        base = next((base for base in _BASES if issubclass(type(value), base)), None)
    if base is None:
        return _opaque(value)
    if base in _ATOMS:
        return _encoded_atom(value, base, room)
    if base in _WRAPPERS:
        return _encoded(value.data, buffers, room, depth - 1)
    if base in (dict, set, frozenset) and base.__len__(value) > plain.MOST_KEYS:
        raise NotPlain(f"more than {plain.MOST_KEYS:,} keys")
    if base is dict:
        return ["dict", [[_encoded(part, buffers, room, depth - 1) for part in pair] for pair in dict.items(value)]]
    tag = base.__name__ if base in SEQUENCES.values() else "list"
    return [tag, [_encoded(item, buffers, room, depth - 1) for item in base.__iter__(value)]]


def _opaque(value):
    return ["opaque", _NAME_OF_CLASS(type(value))]


def _encoded_atom(value, base, room):
    """A number or a text of class `base`, or of one that comes from it."""
    if base is str:
        _take(room, 1, str.__len__(value), "too much text")
        return str.__str__(value)
    if base is float:
        return float.__float__(value)
    if base is complex:
        return ["complex", complex.real.__get__(value), complex.imag.__get__(value)]
    if base is int:
        return int.__int__(value) if int.bit_length(value) < 3 * plain.LONGEST_NUMBER else _very_many_digits("int")
    parts = [*map(index, Fraction.as_integer_ratio(value))] if base is Fraction else [Decimal.__str__(value)]
    try:
        exact(*parts)
        return [base.__name__.lower(), *parts]
    except NotPlain:
        return _very_many_digits(base.__name__)


def _very_many_digits(name):
    return ["opaque", f"{name} of very many digits"]


def _encoded_other(value, buffers, room, depth):
    """The tree of what has a class of a package; NotImplemented for anything else. Imports none of the packages."""
    names = ("numpy", "torch", "pandas", "tensorflow", "keras")
    numpy, torch, pandas, tensorflow, keras = map(sys.modules.get, names)
    if value is ...:
        return ["ellipsis"]
    if issubclass(type(value), Opaque):
        return ["opaque", value._name]
    if callable(value):
        return _opaque(value)
    if type(value) is MappingProxyType:
        return _encoded(dict(value), buffers, room, depth - 1)
    if torch and issubclass(type(value), torch.Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            return _encoded_tensor(torch.Tensor.detach(value), buffers, room, torch)
    if pandas and issubclass(type(value), _tables_of(pandas)):
        return _encoded(_of_pandas(value, pandas), buffers, room, depth - 1)
    if tensorflow and _comes_from(type(value), (tensorflow.Tensor, tensorflow.Variable)):
        value = value.numpy()
    if keras and _comes_from(type(value), (keras.Variable,)):  # what `layer.kernel` is
        value = value.numpy()
    if numpy and issubclass(type(value), numpy.ndarray):
        if issubclass(type(value), numpy.ma.MaskedArray) and numpy.ma.is_masked(value):
            return _opaque(value)
        return _encoded_array(numpy.ndarray.view(value, numpy.ndarray), buffers, room, depth)
    if numpy and issubclass(type(value), numpy.generic) and not issubclass(type(value), str):
        tree = _encoded_array(numpy.asarray(value), buffers, room, depth)
        return ["number", *tree[1:]] if tree[0] == "array" else _opaque(value)
    return NotImplemented


def _tables_of(pandas):
    """Its classes that hold numbers or texts; the last is what `unique()` of a column gives."""
    return pandas.Series, pandas.Index, pandas.DataFrame, pandas.api.extensions.ExtensionArray


def _comes_from(kind, bases):
    """`issubclass` for bases that are abstract: it would ask the student's own class for its hash."""
    return any(each is base for each in type.__dict__["__mro__"].__get__(kind) for base in bases)


def _encoded_array(value, buffers, room, depth):
    if value.dtype.kind in "UTO":
        _take(room, 0, value.size, "more than a million items")
    if value.dtype.kind in "UT":
        return ["texts", [_encoded(text, buffers, room, 2) for text in value.ravel().tolist()], list(value.shape)]
    if value.dtype.kind == "O":
        return _encoded(value.tolist(), buffers, room, depth - 1)
    kind = value.dtype.newbyteorder("<").str
    kind = {"<f16": "<f8", "<c32": "<c16"}.get(kind, kind)  # a long double
    if kind not in plain.ARRAY_TYPES:
        return ["opaque", f"ndarray of {value.dtype}"]
    _take(room, 1, value.nbytes, "more than 50 MB")
    buffers.append(value.astype(kind).tobytes())
    return ["array", kind, list(value.shape), len(buffers) - 1]


def _of_pandas(value, pandas):
    """A dict where texts name the numbers of a Series, else an array; of a DataFrame its cells, without names."""
    names = list(value.index) if issubclass(type(value), pandas.Series) else []
    if names and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return dict(zip(names, value.tolist(), strict=True))
    return value.to_numpy()


def _encoded_tensor(value, buffers, room, torch):
    kind = str(value.dtype).removeprefix("torch.")
    if kind not in plain.TENSOR_TYPES or value.layout is not torch.strided or value.device.type == "meta":
        return ["opaque", f"Tensor of {kind}, {value.layout}, {value.device.type}"]
    _take(room, 1, value.numel() * value.element_size(), "more than 50 MB")
    value = value.cpu().resolve_conj().resolve_neg().contiguous()
    shape = list(value.shape)
    buffers.append((value.view(torch.int16) if kind == "bfloat16" else value).numpy().tobytes())
    return ["tensor", kind, shape, len(buffers) - 1]


def _take(room, place, amount, complaint):
    room[place] -= amount
    if room[place] < 0:
        raise NotPlain(complaint)
