"""NumPy's container: three splits as `convert` and the cache write them, or the arrays pixels, emotion and usage."""

import json
import zipfile
from contextlib import contextmanager

import numpy as np

from fercourse.data.archives import MOST_BYTES, reading
from fercourse.data.faces import EMOTIONS, SIDE, SPLITS, USAGES, Faces, Split, frozen
from fercourse.data.rows import Rows
from fercourse.errors import DataMismatch


def write_npz(faces, path, *, record=None):
    """Write `faces` to `path`, stored and not deflated; `record` is a dict for JSON that `read_record` gives back."""
    about = {"source": faces.source, "official": faces.official, "drawn": faces.drawn, "record": record or {}}
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for split in faces:
        arrays |= {f"{split.name}_images": split.images, f"{split.name}_labels": split.labels}
        if split.votes is not None:
            arrays[f"{split.name}_votes"] = split.votes
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def read_npz(path):
    """Faces, or Rows where the file holds the arrays pixels, emotion and usage; raises DataMismatch for others."""
    with arrays_in(path) as arrays:
        if "about" in arrays:
            return faces_of(arrays)
        missing = {"pixels", "emotion", "usage"}.difference(arrays)
        if missing:
            raise DataMismatch(
                f"{path}: expected the arrays pixels, emotion and usage, found {', '.join(arrays) or 'none'}. "
                "Rename them, or get the file again."
            )
        return rows_of(arrays["pixels"], arrays["emotion"], arrays["usage"], path)


def read_record(path):
    """The `record` that `write_npz` was given."""
    with arrays_in(path) as arrays:
        return json.loads(arrays["about"].tobytes())["record"]


@contextmanager
def arrays_in(path):
    """Yield the arrays of the npz at `path`, read when asked for; DataMismatch where it is damaged or too large."""
    with reading(path):
        try:
            with zipfile.ZipFile(path) as archive:
                if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
                    raise DataMismatch(
                        f"{path}: expected at most {MOST_BYTES:,} bytes, found more: this is no FER2013. Get it again."
                    )
            with np.load(path, allow_pickle=False) as arrays:
                yield arrays
        except (ValueError, KeyError) as error:
            raise DataMismatch(f"{path}: expected arrays of numbers, found {error}. Get the file again.") from error


def faces_of(arrays):
    about = json.loads(arrays["about"].tobytes())
    splits = [
        Split(
            frozen(arrays[f"{name}_images"]),
            frozen(arrays[f"{name}_labels"]),
            name,
            about["source"],
            frozen(arrays.get(f"{name}_votes")),
        )
        for name in SPLITS
    ]
    return Faces(*splits, about["source"], official=about["official"], drawn=about["drawn"])


def rows_of(pixels, emotion, usage, path):
    rows = len(pixels)
    good = (
        pixels.dtype == np.uint8
        and pixels.size == rows * SIDE * SIDE
        and emotion.shape == usage.shape == (rows,)
        and emotion.dtype.kind in "iu"
        and usage.dtype.kind in "iu"
    )
    if not good:
        raise DataMismatch(
            f"{path}: expected pixels uint8 (N, {SIDE}, {SIDE}), emotion and usage integers (N,), found "
            f"{pixels.dtype} {pixels.shape}, {emotion.dtype} {emotion.shape} and {usage.dtype} {usage.shape}."
        )
    for column, codes, names in (("emotion", emotion, EMOTIONS), ("usage", usage, USAGES)):
        outside = (codes < 0) | (codes >= len(names))
        if outside.any():
            row = int(outside.argmax())
            raise DataMismatch(
                f"{path}, row {row + 1}: expected {column} codes from 0 to {len(names) - 1}, found {codes[row]}. "
                "Correct it, or get the file again."
            )
    return Rows(pixels.reshape(rows, SIDE, SIDE), emotion.astype(np.int64), usage.astype(np.uint8))
