"""What comes back from a student's kernel: the same data, or nothing that could do harm."""

import json
import sys
from abc import ABCMeta
from collections import Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque, namedtuple
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from fercourse.classroom.encoding import encode
from fercourse.classroom.plain import MOST_KEYS, NotPlain, Opaque, decode
from fercourse.grading.inside.wire import BrokenWire, Unpacker, packed


def sent(value):
    """A value after its way through both halves of the wire."""
    tree, buffers = encode(value)
    [(head, found)] = Unpacker().feed(packed({"value": tree}, buffers))
    return decode(head["value"], found)


class Armed(type):
    """A class of which nothing may be called, once it is armed: neither its instances' methods, nor its own."""

    armed = False

    def _trap(cls, *_, **__):
        if Armed.armed:
            raise AssertionError("the student's own code ran")
        return NotImplemented

    __eq__ = __instancecheck__ = __subclasscheck__ = _trap

    def __hash__(cls):
        cls._trap()
        return 0


def armed(base):
    """A subclass of `base` that overrides whatever can be overridden."""
    kept = ("__new__", "__init__", "__init_subclass__", "__del__", "__torch_function__", "__array_finalize__")
    names = {name for name in dir(base) if callable(getattr(base, name, None)) and name not in kept}

    def trap(self, *_, **__):
        if Armed.armed:
            raise AssertionError("the student's own code ran")
        return NotImplemented

    def getattribute(self, name):
        trap(self)
        return base.__getattribute__(self, name)

    members = dict.fromkeys(names - {"__class__", "__subclasshook__", "__getattribute__", "__call__"}, trap)
    members |= {"__class__": property(trap), "__getattribute__": getattribute}
    return Armed(base.__name__, (base,), members)


@contextmanager
def nothing_of_the_students_may_run():
    Armed.armed = True
    try:
        yield
    finally:
        Armed.armed = False


class Always(np.ndarray):
    def __eq__(self, _):
        return np.ones((), bool)


class Callable(dict):
    def __call__(self):
        return 7


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -(10**40),
        0.1,
        float("inf"),
        "día ∀ \ud800",
        2 - 3j,
        [1, (2, {"a": [None, {3, 4}], (1, 2): frozenset({"b"})})],
        ...,
    ],
)
def test_plain_data_arrives_as_it_was_sent(value):
    arrived = sent(value)
    assert arrived == value
    assert type(arrived) is type(value)


@pytest.mark.parametrize("kind", ["?", "i1", "u2", "i8", ">f4", "f2", "f8", "c16"])
def test_an_array_arrives_with_its_shape_and_numbers_and_can_be_written(kind):
    value = (np.arange(12).reshape(3, 4) % 3).astype(kind).T
    arrived = sent(value)
    np.testing.assert_array_equal(arrived, value)
    assert arrived.dtype == value.dtype.newbyteorder("=")
    arrived[0] = 0


@pytest.mark.parametrize("value", [np.float32(1.5), np.int64(-3), np.bool_(True)])
def test_a_numpy_number_stays_one(value):
    assert sent(value) == value
    assert type(sent(value)) is type(value)
    assert sent(np.str_("Happy")) == "Happy"


def test_an_array_of_names_arrives():
    names = np.array([["Happy", "Sad"], ["", "Überraschung"]])
    np.testing.assert_array_equal(sent(names), names)
    assert sent(np.zeros((0, 3), dtype="U5")).shape == (0, 3)


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(6).reshape(2, 3).T,
        torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        torch.tensor([True, False]),
        torch.zeros(2, 0, 3),
        torch.tensor([1 + 2j]).conj(),
    ],
)
def test_a_tensor_arrives_with_its_type_and_shape(value):
    arrived = sent(value)
    assert arrived.dtype == value.dtype
    assert arrived.shape == value.shape
    assert torch.equal(arrived, value)


def test_what_a_layer_computes_arrives_without_its_graph():
    weight = torch.nn.Linear(2, 1).weight
    assert torch.equal(sent(weight), weight.detach())
    assert not sent(weight * 2).requires_grad
    assert sent(weight.shape) == (1, 2)


@pytest.mark.parametrize(
    "value",
    [
        *(
            object(),
            len,
            int,
            torch.float32,
            torch.nn.ReLU(),
            torch.eye(2).to_sparse(),
            10**2000,
            iter([1]),
            b"ab",
            Callable(a=1),
        ),
        *(Fraction(1, 10**2000), Decimal("1e99999"), Decimal("nan"), pd.DataFrame({"a": [1]}).groupby("a")),
        *(np.array(["2026-01-01"], "M8[D]"), np.ma.masked_array([1, 2], [True, False])),
    ],
)
def test_what_is_no_plain_data_arrives_as_something_that_equals_nothing(value):
    arrived = sent(value)
    assert type(arrived) is Opaque
    assert arrived != value
    assert arrived != arrived  # not even itself
    assert repr(sent(arrived)) == repr(arrived)
    assert [arrived].count(value) == 0
    with pytest.raises(NotPlain, match="neither true nor false"):
        bool(arrived)
    with pytest.raises(AttributeError, match="no attribute 'shape'"):
        arrived.shape  # noqa: B018


def test_a_package_whose_classes_are_abstract_asks_nothing_of_the_students_own(monkeypatch):
    """TensorFlow's are: `issubclass` would ask a class for its hash. It is there in the kernels of sheet 06."""
    abstract = SimpleNamespace(Tensor=ABCMeta("Tensor", (), {}), Variable=ABCMeta("Variable", (), {}))
    monkeypatch.setitem(sys.modules, "tensorflow", abstract)
    for value in PLAIN:
        test_a_subclass_arrives_as_its_base_and_nothing_of_its_own_runs(value)


PLAIN = [{"a": 1}, [1, 2], (1, 2), {1, 2}, frozenset({3}), "Happy", 7, 0.5, 2 - 3j, Decimal("0.5")]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_a_subclass_arrives_as_its_base_and_nothing_of_its_own_runs(value):
    own = armed(type(value))(value)
    with nothing_of_the_students_may_run():
        arrived = sent([own])[0]
    assert arrived == value
    assert type(arrived) is type(value)


def test_an_array_a_tensor_and_a_queue_of_ones_own_class_are_read_without_it():
    own_array, own_queue = np.arange(3.0).view(armed(np.ndarray)), armed(deque)([1, 2])
    own_tensor = torch.arange(3.0).as_subclass(type("Own", (torch.Tensor,), {"detach": 7, "__torch_function__": 7}))
    with nothing_of_the_students_may_run():
        array, tensor, queue = sent([own_array, own_tensor, own_queue])
    np.testing.assert_array_equal(array, [0, 1, 2])
    assert torch.equal(tensor, torch.arange(3.0))
    assert queue == [1, 2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (namedtuple("Pair", "before after")(1, 2), (1, 2)),
        (torch.Size([1, 2]), (1, 2)),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (Counter("aa"), {"a": 2}),
        (UserDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (UserList([1]), [1]),
        (UserString("Happy"), "Happy"),
        (range(3), [0, 1, 2]),
        (deque([1, 2]), [1, 2]),
        ({"a": 1}.items(), [("a", 1)]),
        (np.array([1, None], object), [1, None]),
        (np.array(0, object), 0),
        (pd.Series({"a": 1.5, "b": 2.5}), {"a": 1.5, "b": 2.5}),
        (pd.Series(["Sad", "Happy"]), ["Sad", "Happy"]),
        (Fraction(3, 20), Fraction(3, 20)),
        (Fraction(np.int64(3), 4), Fraction(3, 4)),
        (Decimal("0.10"), Decimal("0.10")),
    ],
    ids=repr,
)
def test_what_is_like_plain_data_arrives_as_such(value, expected):
    arrived = sent(value)
    assert arrived == expected
    assert type(arrived) is type(expected)


def test_a_view_keeps_the_order_of_its_owner():
    ordered = OrderedDict(a=1, b=2)
    ordered.move_to_end("a")
    assert sent(ordered.keys()) == ["b", "a"]


@pytest.mark.parametrize(
    "value", [pd.Series([2, 1], index=[5, 6]), pd.Index([2, 1]), pd.Series([2, 1], index=["a", "a"])]
)
def test_a_series_without_names_of_its_own_arrives_as_an_array(value):
    np.testing.assert_array_equal(sent(value), [2, 1])


def test_a_long_double_arrives_as_a_double():
    assert sent(np.longdouble(0.5)) == 0.5
    np.testing.assert_array_equal(sent(np.ones(2, np.longdouble)), [1, 1])


def test_a_subclass_of_an_array_arrives_as_an_array():
    assert type(sent(np.zeros(3).view(Always))) is np.ndarray
    assert type(sent(torch.nn.Parameter(torch.zeros(2)))) is torch.Tensor


def circle():
    ring = []
    ring.append(ring)
    return ring


@pytest.mark.parametrize(
    "value",
    [
        circle(),
        list(range(10**6 + 1)),
        np.broadcast_to(np.zeros(1), (10**5, 10**5)),
        torch.zeros(1).expand(10**5, 10**5),
        "x" * 60_000_000,
        dict.fromkeys(range(MOST_KEYS + 1)),
        Counter(range(MOST_KEYS + 1)),
        np.broadcast_to(np.array(None), (10**5, 10**5)),
        np.broadcast_to(np.array("Happy"), (10**5, 10**5)),
    ],
    ids=[
        *("endless", "many", "wide array", "wide tensor", "long", "many keys", "many counts"),
        *("wide array of objects", "wide array of texts"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_sent(value):
    with pytest.raises(NotPlain):
        encode(value)


@pytest.mark.parametrize(
    "tree",
    [
        {"list": []},
        [],
        [[]],
        ["list", 7],
        ["dict", [[["list", []], 1]]],
        ["dict", [[n * (2**61 - 1), 0] for n in range(MOST_KEYS + 1)]],
        ["set", [["dict", []]]],
        ["complex", "x", {}],
        ["opaque"],
        ["eval", "1"],
        ["fraction", 1, 0],
        ["fraction", 1.5, 2],
        ["fraction", 10**2000, 1],
        ["decimal", "1e99999999"],
        ["decimal", "snan"],
        ["decimal", "9" * 2000],
        ["decimal", 7],
        ["decimal"],
        ["array", "|O", [1], 0],
        ["array", "O", [1], 0],
        ["array", "V8", [1], 0],
        ["array", "<f8", [-1], 0],
        ["array", "<f8", [10**12], 0],
        ["array", "<f8", [2**45, 0], 0],
        ["array", "<f8", [True], 0],
        ["array", "<f8", [2], 0],
        ["array", "<f8", [1], 7],
        ["array", "<f8", [1], "0"],
        ["array", "<f8", "1", 0],
        ["array", ["<f8"], [1], 0],
        ["tensor", "quint8", [8], 0],
        ["tensor", "load", [8], 0],
        ["texts", [1], [2]],
        ["texts", ["x" * 10**6] * 100 + ["y"], [101]],
    ],
)
def test_a_tree_that_no_honest_kernel_sends_is_refused(tree):
    with pytest.raises(NotPlain):
        decode(tree, [bytes(8)])


def test_a_tree_that_is_nested_deeply_is_refused():
    tree = 1
    for _ in range(60):
        tree = ["list", [tree]]
    with pytest.raises(NotPlain):
        decode(tree, [])


def test_a_message_may_come_in_any_pieces():
    data = packed({"a": 1}, [b"xy", b""]) + packed({"b": 2})
    unpacker = Unpacker()
    found = [message for byte in data for message in unpacker.feed(bytes([byte]))]
    assert found == [({"a": 1}, [b"xy", b""]), ({"b": 2}, [])]


def broken(text, body=b""):
    return len(text).to_bytes(4, "big") + len(body).to_bytes(4, "big") + text + body


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 8,
        broken(b"{"),
        broken(b"[]"),
        broken(b"{}"),
        broken(json.dumps({"sizes": [3]}).encode(), b"xy"),
        broken(json.dumps({"sizes": [-1, 3]}).encode(), b"xy"),
        broken(b'{"sizes": [], "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        broken(b'{"sizes": [], "a": ' + b"1" * 10_000 + b"}"),
        broken(b"\xff\xfe"),
    ],
)
def test_bytes_that_are_no_message_are_refused(data):
    with pytest.raises(BrokenWire):
        list(Unpacker().feed(data))
