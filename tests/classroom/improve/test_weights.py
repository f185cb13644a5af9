"""Weights as a file: what goes in comes out, whoever reads it; what is none is refused without harm."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from fercourse.classroom.improve.weights import LARGEST, packed, unpacked
from fercourse.errors import DataMismatch, ParameterError

GENERATOR = np.random.default_rng(0)
ARRAYS = {
    "0.weight": GENERATOR.normal(0, 0.1, (40, 30)),
    "0.bias": GENERATOR.normal(size=40),
    "1.num_batches_tracked": np.array(17),
    "faces": GENERATOR.integers(0, 256, (3, 48, 48), dtype=np.uint8),
    "mask": np.array([True, False]),
    "tiny": np.full((2, 2), 1e-9),
    "huge": np.full((2, 2), 1e30),
}


def npz(**members):
    """A zip whose members are these bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def npy(array, *, allow_pickle=False):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def test_arrays_come_back_as_they_were_but_for_the_precision_of_matrices():
    came = unpacked(packed(ARRAYS))
    assert list(came) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert came[name].shape == array.shape
        assert np.allclose(came[name], array, rtol=1e-3, atol=1e-4 * np.abs(array).max())
    kinds = {name: str(array.dtype) for name, array in came.items()}
    assert kinds == {
        "0.weight": "float16", "0.bias": "float32", "1.num_batches_tracked": "int64", "faces": "uint8", "mask": "bool",
        "tiny": "float32", "huge": "float32",
    }  # fmt: skip


def test_numpy_reads_the_file_and_ours_reads_numpys():
    with np.load(io.BytesIO(packed(ARRAYS)), allow_pickle=False) as theirs:
        for name, array in unpacked(packed(ARRAYS)).items():
            assert np.array_equal(theirs[name], array)
    file = io.BytesIO()
    np.savez_compressed(file, a=np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    assert np.array_equal(unpacked(file.getvalue())["a"], np.arange(6.0).reshape(2, 3))


def test_the_same_arrays_are_the_same_bytes():
    assert packed(ARRAYS) == packed({name: array.copy() for name, array in ARRAYS.items()})


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "at least one array"),
        ({"a": np.array([1.0, np.nan])}, "a holds NaN or infinite numbers: did the training diverge?"),
        ({"a": np.array([{}], object)}, "a: expected an array of numbers, found object"),
        ({"a": np.array(["x"])}, "a: expected an array of numbers"),
        ({"../a": np.ones(2)}, "expected names of letters, digits, dots and underscores; found '../a'"),
        ({"a": np.ones((1000, 600)), "b": np.ones(3)}, "found 600,003 numbers, 1.2 MB. The largest array is a, (1000,"),
        ({f"a{n}": np.ones(1) for n in range(501)}, "at most 500 arrays of weights, found 501"),
    ],
    ids=["nothing", "NaN", "objects", "texts", "a path", "too large", "too many"],
)  # fmt: skip
def test_what_cannot_be_handed_in_is_refused_with_the_reason(arrays, said):
    with pytest.raises(ParameterError) as caught:
        packed(arrays)
    assert said in str(caught.value)


SPRUNG = []


class Trap:
    """Leaves a trace where somebody unpickles it."""

    def __reduce__(self):
        return SPRUNG.append, (1,)


LYING = npy(np.zeros(8)).replace(b"(8,), }", b"(9,), }")
BAD = {
    "no zip": b"no zip at all",
    "nothing": b"",
    "a pickle": npy(np.array([Trap()], object), allow_pickle=True),
    "a pickle in the zip": npz(a=npy(np.array([Trap()], object), allow_pickle=True)),
    "no member": npz(),
    "a member that is no array": npz(a=b"text"),
    "a shape that is a lie": npz(a=LYING),
    "complex numbers": npz(a=npy(np.ones(2, complex))),
    "NaN": npz(a=npy(np.array([np.nan]))),
    "records": npz(a=npy(np.zeros(2, [("x", "<f4")]))),
    "a path": npz(**{"../../a": npy(np.ones(2))}),
    "too large": npz(a=npy(np.zeros(LARGEST, np.uint16))),
    "cut off": packed(ARRAYS)[:-40],
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_none_is_refused_and_nothing_in_it_is_run(name):
    with pytest.raises(DataMismatch):
        unpacked(BAD[name])
    assert SPRUNG == []


def test_a_bomb_is_not_unpacked():
    bombs = [npz(a=npy(np.zeros(5_000_000)))]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", npy(np.zeros(5_000_000)))
    bombs.append(file.getvalue().replace((40_000_128).to_bytes(4, "little"), (800).to_bytes(4, "little")))
    tracemalloc.start()
    for bomb in bombs:
        with pytest.raises(DataMismatch):
            unpacked(bomb)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_file_in_which_anything_was_changed_is_read_or_refused():
    good = packed({name: ARRAYS[name] for name in ("0.bias", "mask", "tiny")})
    generator, refused = np.random.default_rng(1), 0
    for _ in range(1500):
        bad = bytearray(good)
        for place in generator.integers(0, len(bad), generator.integers(1, 4)):
            bad[place] = generator.integers(0, 256)
        try:
            unpacked(bytes(bad))
        except DataMismatch:
            refused += 1
    assert refused > 1000
