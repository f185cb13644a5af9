"""Trained weights as a file that can travel in a notebook: NumPy's npz, without pickle, and checked when it is read.

NumPy's own reader believes what a file says of its sizes. Here every size is known before anything is unpacked.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from math import prod

import numpy as np

from fercourse.classroom.plain import ARRAY_TYPES
from fercourse.errors import DataMismatch, ParameterError

LARGEST = 1_000_000  # bytes of all arrays together, as they are kept
MOST_ARRAYS = 500
LARGEST_HEADER = 10_000  # bytes of an array's description
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
TYPES = frozenset(kind for kind in ARRAY_TYPES if kind[1] != "c")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same arrays are the same bytes
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, TypeError, LookupError, ArithmeticError,
           RuntimeError, EOFError, OSError, MemoryError)  # fmt: skip
"""What Python and NumPy raise for bytes that are no npz file."""

HALF_IS_ENOUGH = 1e-3  # of the largest number of an array may be lost


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays by their names as the bytes of an npz file; matrices and kernels in half precision.

    Raises ParameterError where one is no array of finite numbers, has no plain name, or together they are too large.
    """
    kept = {name: _kept(name, array) for name, array in arrays.items()}
    if not kept:
        raise ParameterError("expected at least one array of weights, found none")
    if len(kept) > MOST_ARRAYS:
        raise ParameterError(f"expected at most {MOST_ARRAYS} arrays of weights, found {len(kept)}")
    size = sum(array.nbytes for array in kept.values())
    if size > LARGEST:
        largest = max(kept, key=lambda name: kept[name].nbytes)
        raise ParameterError(
            f"expected weights of at most {LARGEST // 1_000_000} MB, about {LARGEST // 2:,} numbers; found "
            f"{sum(array.size for array in kept.values()):,} numbers, {size / 1e6:.1f} MB. The largest array is "
            f"{largest}, {kept[largest].shape}: make that layer narrower"
        )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in kept.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            about = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, member.getvalue())
    return file.getvalue()


def unpacked(data: bytes) -> dict[str, np.ndarray]:
    """The arrays in the bytes of an npz file: name → array. Raises DataMismatch for anything that `packed` refuses."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_sizes(members)
            return {_name_of(about): _array(archive, about) for about in members}
    except DataMismatch:
        raise
    except DAMAGED as error:
        raise DataMismatch("the weights are damaged: they are no file of arrays") from error


def _kept(name, value):
    """The array as it is kept: little-endian, floats in half precision where that loses nothing that counts."""
    array = np.asarray(value)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ParameterError(f"expected names of letters, digits, dots and underscores; found {str(name)[:60]!r}")
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise ParameterError(f"{name}: expected an array of numbers, found {array.dtype}")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise ParameterError(f"{name} holds NaN or infinite numbers: did the training diverge? Lower its rate")
        array = _rounded(array)
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)


def _rounded(array):
    if array.ndim >= 2 and array.size:
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if np.abs(half - array).max() <= HALF_IS_ENOUGH * np.abs(array).max():
            return half
    return array.astype(np.float32)


def _check_sizes(members):
    names = [about.filename for about in members]
    if not names or len(names) > MOST_ARRAYS or len(set(names)) < len(names):
        raise DataMismatch(f"expected 1 to {MOST_ARRAYS} arrays of weights, each once; found {len(names)}")
    if any(about.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for about in members):
        raise ValueError("packed in a way that cannot be unpacked piece by piece")
    size = sum(about.file_size for about in members)
    if size > LARGEST + 200 * len(members):
        raise DataMismatch(f"expected weights of at most {LARGEST // 1_000_000} MB; found {size / 1e6:.1f} MB")


def _name_of(about):
    name = about.filename.removesuffix(".npy")
    if name == about.filename or not NAME.fullmatch(name):
        raise DataMismatch("expected arrays under plain names in the weights, found something else")
    return name


def _array(archive, about):
    with archive.open(about) as member:
        data = member.read(about.file_size + 1)
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError("no array as it was packed")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=LARGEST_HEADER)
    if dtype.str not in TYPES:
        raise DataMismatch(f"expected arrays of numbers in the weights, found {str(dtype)[:40]}")
    content = data[file.tell() :]
    if not all(0 <= side < 2**31 for side in shape) or prod(shape) * dtype.itemsize != len(content):
        raise ValueError("an array of another size than it says")
    array = np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C").copy()
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataMismatch("the weights hold NaN or infinite numbers")
    return array
