"""What comes back from a student's kernel: the same data, or nothing that could do harm."""

import json

import numpy as np
import pytest
import torch

from fercourse.classroom.encoding import encode
from fercourse.classroom.plain import MOST_KEYS, NotPlain, Opaque, decode
from fercourse.grading.wire import BrokenWire, Unpacker, packed


def sent(value):
    """A value after its way through both halves of the wire."""
    tree, buffers = encode(value)
    [(head, found)] = Unpacker().feed(packed({"value": tree}, buffers))
    return decode(head["value"], found)


class Liar(int):
    def __eq__(self, _):
        return True

    __hash__ = int.__hash__


class Always(np.ndarray):
    def __eq__(self, _):
        return np.ones((), bool)


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


@pytest.mark.parametrize("value", [Liar(3), object(), len, torch.float32, np.array([None]), torch.nn.ReLU(), 10**2000])
def test_what_is_no_plain_data_arrives_as_something_that_equals_nothing(value):
    arrived = sent(value)
    assert type(arrived) is Opaque
    assert arrived != value
    assert arrived != arrived  # not even itself
    assert [arrived].count(value) == 0
    with pytest.raises(NotPlain, match="neither true nor false"):
        bool(arrived)
    with pytest.raises(AttributeError, match="no attribute 'shape'"):
        arrived.shape  # noqa: B018


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
    ],
    ids=["endless", "many", "wide array", "wide tensor", "long", "many keys"],
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
