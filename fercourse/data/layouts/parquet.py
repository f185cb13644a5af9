"""Parquet, as Hugging Face data sets have it: images as encoded bytes with a label, or the three columns of the CSV.

Several files are one data set: `train-00000-of-00002.parquet` and the like are put together by the names of their
splits, none left out. Labels are mapped by name; a number without a name for it is refused, as folders sorted by name
count otherwise.
"""

import io
import json
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pyarrow
import pyarrow.parquet

from fercourse.data.faces import EMOTIONS, SIDE
from fercourse.data.layouts.archives import reading
from fercourse.data.layouts.csv.block import parse_block
from fercourse.data.layouts.csv.reader import MOST_ROWS
from fercourse.data.layouts.csv.rows import AGAIN, PIXELS, other_format, parse_pixels, parse_usage
from fercourse.data.layouts.exact import code_of_value
from fercourse.data.layouts.parquet_parts import parts_of
from fercourse.data.layouts.pictures import grey_face
from fercourse.data.names import emotion_code, part_code
from fercourse.data.rows import Rows, faces_of
from fercourse.errors import DataMismatch

IMAGES = ("image", "img", "pixels")
LABELS = ("label", "labels", "emotion")
USAGE = ("usage", "split")
BATCH = 1_024


def read_parquet(paths, source, *, seed):
    """Faces of one or several parquet files; `seed` carves `valid` where there is no validation split.

    Reads `image` (struct of bytes and path, or bytes) with `label` (a ClassLabel, or names), and emotion, pixels,
    Usage as in the CSV. Raises DataMismatch for another schema, naming the file and, where there is one, the row, and
    for a part that is missing or there twice.
    """
    parts = [read_file(path, part) for path, part in zip(paths, parts_of(paths), strict=True)]
    rows = Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return faces_of(rows, source, seed=seed)


def read_file(path, part):
    """Images, labels and usages of one file, as in `Rows`; `part` is the code of its split where no column tells it."""
    with opened(path) as file:
        image, label, usage = columns_of(file.schema_arrow.names, path)
        if not 0 < file.metadata.num_rows <= MOST_ROWS:
            raise DataMismatch(f"{path}: expected 1 to {MOST_ROWS:,} rows, found {file.metadata.num_rows:,}. {AGAIN}")
        if usage is None and part is None:
            raise DataMismatch(
                f"{path}: expected a Usage column, or a file or folder name that says train, validation or test, found "
                "none. Rename the file after its split."
            )
        face, code = parsers(file.schema_arrow, image, label, path)
        images = np.empty((file.metadata.num_rows, SIDE, SIDE), np.uint8)
        labels = np.empty(len(images), np.int64)
        usages = np.full(len(images), part or 0, np.uint8)
        row = 0
        for batch in file.iter_batches(BATCH, columns=[column for column in (image, label, usage) if column]):
            for values in batch.to_pylist():
                where = f"{path}, row {row + 1}"
                images[row] = face(values[image], where)
                labels[row] = code(values[label], where)
                if usage:
                    usages[row] = parse_part(values[usage], where)
                row += 1
    return images, labels, usages


def check_first_row(path):
    """Raise DataMismatch where the first row of a file is no face, or its label no emotion."""
    with opened(path) as file:
        image, label, _ = columns_of(file.schema_arrow.names, path)
        face, code = parsers(file.schema_arrow, image, label, path)
        rows = (values for batch in file.iter_batches(1, columns=[image, label]) for values in batch.to_pylist())
        for values in islice(rows, 1):
            face(values[image], path)
            code(values[label], path)


def parsers(schema, image, label, path):
    """The functions from a value of the column `image` to a face, and from one of `label` to a code."""
    face = face_of_pixels if image.lower() == "pixels" else face_of_image
    return face, label_parser(schema, label, path, numbered=(image.lower(), label.lower()) == ("pixels", "emotion"))


def columns_of(names, path):
    """Names of the columns of images, labels and usages (or None). Raises DataMismatch where there is none, or two."""
    found = [[name for name in names if name.lower() in wanted] for wanted in (IMAGES, LABELS, USAGE)]
    if not found[0] or not found[1]:
        raise DataMismatch(
            f"{path}: expected columns image and label, or emotion, pixels and Usage, found {', '.join(names)}. "
            "Rename the columns, or get FER2013 in another layout."
        )
    if twice := next((same for same in found if len(same) > 1), None):
        raise DataMismatch(f"{path}: expected one such column, found {' and '.join(twice)}. Take the others out.")
    return found[0][0], found[1][0], found[2][0] if found[2] else None


@contextmanager
def opened(path):
    """Yield the parquet file; DataMismatch where it is damaged."""
    try:
        with reading(path), pyarrow.parquet.ParquetFile(path) as file:
            yield file
    except pyarrow.ArrowException as error:
        with open(path, "rb") as file:
            start = file.read(512)
        other = "" if b"\0" in start else other_format(start)  # a pointer or a page, not bytes that were damaged
        found = other or f"a damaged one ({error}). {AGAIN}"
        raise DataMismatch(f"{path}: expected a whole parquet file, found {found}") from error


def label_parser(schema, column, path, *, numbered):
    """A function from a label and its place to the code: by the names of the ClassLabel, or the labels themselves.

    numbered: whether numbers without names are the codes of fer2013.csv
    """
    names = class_names(schema, column)
    if names is None and not numbered and pyarrow.types.is_primitive(schema.field(column).type):
        raise DataMismatch(
            f"{path}: expected names of emotions, found {column} as numbers without names (no ClassLabel in the "
            "schema). The order of the classes differs between copies: map the numbers to names, and save again."
        )

    def parse(value, where):
        name = value if names is None else names.get(value)
        code = code_of_value(name, emotion_code, numbered=numbered)
        if code is None or code >= len(EMOTIONS):
            raise DataMismatch(
                f"{where}: expected a label among {', '.join(EMOTIONS)}, found {value!r} ({name}). {AGAIN}"
            )
        return code

    return parse


def class_names(schema, column):
    """Names of the classes by number, from the metadata that Hugging Face's `datasets` writes; None without them."""
    try:
        names = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"][column]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return dict(enumerate(names))


def parse_part(value, where):
    code = part_code(str(value).strip())
    return parse_usage(str(value), where) if code is None else code


def face_of_pixels(value, where):
    """Grey levels uint8 (48, 48) of numbers as text, as a list or as bytes."""
    if not isinstance(value, str | bytes | list):
        raise DataMismatch(f"{where}: expected grey levels as text or a list, found {value!r}. {AGAIN}")
    levels = levels_at_once(value)
    if levels is None:
        text = value if isinstance(value, str) else " ".join(map(str, value))
        levels = np.frombuffer(parse_pixels(text, where), np.uint8)
    return levels.reshape(SIDE, SIDE)


def levels_at_once(value):
    """2,304 grey levels, uint8, where all of them are as they should be; else None: one by one tells what is wrong."""
    if isinstance(value, str):
        parsed = parse_block(value.encode() + b"\n", ("pixels",))
        return None if parsed is None or len(parsed[1]) > 1 else parsed[1]
    is_whole = len(value) == PIXELS and set(map(type, value)) == {int} and min(value) >= 0 and max(value) <= 255
    return np.array(list(value), np.uint8) if is_whole else None


def face_of_image(value, where):
    """Grey levels uint8 (48, 48) of an encoded image: bytes, or a struct with bytes."""
    encoded = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(encoded, bytes):
        raise DataMismatch(f"{where}: expected the bytes of an image, found {type(encoded).__name__}. {AGAIN}")
    return grey_face(io.BytesIO(encoded), where)
