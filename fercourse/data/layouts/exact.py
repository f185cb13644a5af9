"""Numbers of any type as grey levels and codes: exactly, or not at all. Nothing wraps around, nothing is rounded."""

import numpy as np

from fercourse.data.faces import EMOTIONS, SIDE, USAGES
from fercourse.data.layouts.csv.rows import is_digits
from fercourse.data.names import emotion_code, part_code
from fercourse.errors import DataMismatch

SHAPES = ((SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE), (SIDE * SIDE,))
"""Shapes in which one face comes."""

CHUNK = 1_024
"""Faces that are converted at once."""

REMEDY = "Undo what changed them, or get the file again."


def grey_levels(array, path, name):
    """Images uint8 (N, 48, 48) of an array of N faces in one of `SHAPES`.

    Takes whole numbers from 0 to 255 of any type, and fractions k/255. Raises DataMismatch naming file and row.
    """
    if array.ndim == 0 or array.shape[1:] not in SHAPES or array.dtype.kind not in "iuf":
        raise DataMismatch(
            f"{path}: expected {name} as grey levels (N, {SIDE}, {SIDE}), found {array.dtype} {array.shape}. {REMEDY}"
        )
    array = array.reshape(-1, SIDE, SIDE)
    if array.dtype == np.uint8:
        return array
    scaled = array.dtype.kind == "f" and array.size > 0 and array.min() >= 0 and array.max() <= 1
    images = np.empty(array.shape, np.uint8)
    for start in range(0, len(array), CHUNK):
        part = array[start : start + CHUNK]
        levels = np.rint(part * 255.0 if scaled else part)
        off = abs(levels / 255 - part) > np.finfo(part.dtype).eps if scaled else levels != part
        wrong = ~(levels >= 0) | ~(levels <= 255) | off  # so that what is not a number is wrong, too
        if wrong.any():
            face = int(wrong.any(axis=(1, 2)).argmax())
            raise DataMismatch(
                f"{path}, row {start + face + 1}: expected {name} as whole grey levels from 0 to 255, or these divided "
                f"by 255, found {part[face][wrong[face]][0]}. {REMEDY}"
            )
        images[start : start + CHUNK] = levels
    return images


def emotion_codes(array, path, name, *, numbered):
    """Labels int64 (N,) of names, or where `numbered` of codes 0 to 6 as numbers of any type, digits or one-hot rows.

    numbered: whether numbers are the codes of fer2013.csv; elsewhere their order is not known, and they are refused
    """
    if array.dtype.kind not in "US" and not numbered:
        raise DataMismatch(
            f"{path}: expected names of emotions in {name}, found numbers ({array.dtype}) without names. The order of "
            "the classes differs between copies: save the names, or the codes of fer2013.csv as 'emotion'."
        )
    return codes(array, path, name, EMOTIONS, emotion_code, numbered=numbered)


def usage_codes(array, path, name):
    """Usages uint8 (N,) of codes 0 to 2, or of names of splits."""
    return codes(array, path, name, USAGES, part_code, numbered=True).astype(np.uint8)


def codes(array, path, name, words, code_of, *, numbered):
    """Codes int64 (N,) into `words` of the array called `name`. Raises DataMismatch naming file and row."""
    if array.ndim == 2 and array.shape[1] == len(words) and array.dtype.kind in "biuf":
        array = positions_of_ones(array, path, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "iufUS":
        raise DataMismatch(f"{path}: expected {name} integers or names (N,), found {array.dtype} {array.shape}.")
    found = np.empty(len(array), np.int64)
    for row, value in enumerate(array.tolist()):
        code = code_of_value(value, code_of, numbered=numbered)
        if code is None or not 0 <= code < len(words):
            raise DataMismatch(
                f"{path}, row {row + 1}: expected {name} codes from 0 to {len(words) - 1}, found {str(value)[:40]}. "
                f"Correct it ({', '.join(f'{code} {word}' for code, word in enumerate(words))}), or get the file again."
            )
        found[row] = code
    return found


def code_of_value(value, code_of, *, numbered):
    """The code that one value stands for, or None."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return int(value) if numbered and is_digits(value.strip()) else code_of(value.strip())
    return int(value) if numbered and isinstance(value, int | float) and value == value // 1 else None


def positions_of_ones(array, path, name):
    """The position of the one in each row of an array of zeros and ones, int64 (N,)."""
    wrong = ((array != 0) & (array != 1)).any(axis=1) | ((array == 1).sum(axis=1) != 1)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataMismatch(
            f"{path}, row {row + 1}: expected one 1 among zeros in {name}, found {array[row].tolist()}. {REMEDY}"
        )
    return array.argmax(axis=1)
