"""Parquet, as Hugging Face data sets have it: images as encoded bytes with a label, or the three columns of the CSV.

Several files are one data set: `train-00000-of-00002.parquet` and the like are put together by the names of their
splits. Labels are mapped by name; a number without a name for it is refused, as folders sorted by name count otherwise.
"""

import io
import json
import re
from contextlib import contextmanager

import numpy as np
import pyarrow
import pyarrow.parquet

from fercourse.data.archives import reading
from fercourse.data.csv_reader import MOST_ROWS
from fercourse.data.csv_rows import AGAIN, parse_emotion, parse_pixels, parse_usage
from fercourse.data.faces import EMOTIONS, SIDE
from fercourse.data.folders import ALIASES, PARTS, faces_of, grey_face
from fercourse.data.rows import Rows
from fercourse.errors import DataMismatch

IMAGES = ("image", "img")
LABELS = ("label", "labels", "emotion")
BATCH = 1_024


def read_parquet(paths, source, *, seed):
    """Faces of one or several parquet files; `seed` carves `valid` where there is no validation split.

    Reads `image` (struct of bytes and path, or bytes) with `label` (a ClassLabel, or names), and emotion, pixels,
    Usage as in the CSV. Raises DataMismatch for another schema, naming the file and, where there is one, the row.
    """
    parts = [read_file(path) for path in paths]
    rows = Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return faces_of(rows, source, official=all(map(has_usages, paths)), seed=seed)


def read_file(path):
    """Images, labels and usages of one file, as in `Rows`."""
    with opened(path) as file:
        names = {name.lower(): name for name in file.schema_arrow.names}
        image = next((names[name] for name in (*IMAGES, "pixels") if name in names), None)
        label = next((names[name] for name in LABELS if name in names), None)
        if image is None or label is None:
            raise DataMismatch(
                f"{path}: expected columns image and label, or emotion, pixels and Usage, found "
                f"{', '.join(file.schema_arrow.names)}. Rename the columns, or get FER2013 in another layout."
            )
        if not 0 < file.metadata.num_rows <= MOST_ROWS:
            raise DataMismatch(f"{path}: expected 1 to {MOST_ROWS:,} rows, found {file.metadata.num_rows:,}. {AGAIN}")
        face = face_of_pixels if image.lower() == "pixels" else face_of_image
        code = parse_code if image.lower() == "pixels" else label_parser(file.schema_arrow, label, path)
        usage = names.get("usage")
        all_from_here = None if usage else usage_of_file(path)
        images = np.empty((file.metadata.num_rows, SIDE, SIDE), np.uint8)
        labels = np.empty(len(images), np.int64)
        usages = np.full(len(images), all_from_here or 0, np.uint8)
        row = 0
        for batch in file.iter_batches(BATCH, columns=[column for column in (image, label, usage) if column]):
            for record in batch.to_pylist():
                where = f"{path}, row {row + 1}"
                images[row] = face(record[image], where)
                labels[row] = code(record[label], where)
                if usage:
                    usages[row] = parse_usage(str(record[usage]), where)
                row += 1
    return images, labels, usages


@contextmanager
def opened(path):
    """Yield the parquet file; DataMismatch where it is damaged."""
    try:
        with reading(path), pyarrow.parquet.ParquetFile(path) as file:
            yield file
    except pyarrow.ArrowException as error:
        raise DataMismatch(f"{path}: expected a whole parquet file, found a damaged one ({error}). {AGAIN}") from error


def has_usages(path):
    with opened(path) as file:
        return "usage" in map(str.lower, file.schema_arrow.names)


def usage_of_file(path):
    """The code into `USAGES` of a file named after its split, such as train-00000-of-00001.parquet."""
    word = re.match(r"[a-z]*", path.name.lower())[0]
    if word not in PARTS:
        raise DataMismatch(
            f"{path}: expected a Usage column, or a file name that starts with train, validation or test, found none. "
            "Rename the file after its split."
        )
    return PARTS[word]


def label_parser(schema, column, path):
    """A function from a label and its place to the code: by the names of the ClassLabel, or the labels themselves."""
    names = class_names(schema, column)
    if names is None and pyarrow.types.is_integer(schema.field(column).type):
        raise DataMismatch(
            f"{path}: expected names of emotions, found {column} as numbers without names (no ClassLabel in the "
            "schema). The order of the classes differs between copies: map the numbers to names, and save again."
        )

    def parse(value, where):
        name = value if names is None else names.get(value)
        code = ALIASES.get(str(name).strip().lower())
        if code is None:
            raise DataMismatch(
                f"{where}: expected a label among {', '.join(EMOTIONS)}, found {value!r} ({name}). {AGAIN}"
            )
        return code

    return parse


def class_names(schema, column):
    """Names of the classes by number, from the metadata that Hugging Face's `datasets` writes; None without them."""
    features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    names = features.get(column, {}).get("names")
    return None if names is None else dict(enumerate(names))


def parse_code(value, where):
    return parse_emotion(str(value), where)


def face_of_pixels(value, where):
    """Grey levels uint8 (48, 48) of a string of numbers or a list of them."""
    text = value if isinstance(value, str) else " ".join(map(str, value))
    return np.frombuffer(parse_pixels(text, where), np.uint8).reshape(SIDE, SIDE)


def face_of_image(value, where):
    """Grey levels uint8 (48, 48) of an encoded image: bytes, or a struct with bytes."""
    encoded = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(encoded, bytes):
        raise DataMismatch(f"{where}: expected the bytes of an image, found {type(encoded).__name__}. {AGAIN}")
    return grey_face(io.BytesIO(encoded), where)
