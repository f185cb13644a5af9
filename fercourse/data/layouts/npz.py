"""NumPy's container: three splits as `convert` and the cache write them, or the arrays of others, by their names."""

import json
import re
import zipfile
from contextlib import contextmanager

import numpy as np

from fercourse.data.faces import SPLITS, USAGES, Faces, Split, frozen
from fercourse.data.layouts.archives import MOST_BYTES, reading, refuse_joined_zips
from fercourse.data.layouts.exact import emotion_codes, grey_levels, usage_codes
from fercourse.data.names import part_code
from fercourse.data.rows import Rows
from fercourse.errors import DataMismatch

WORDS = {
    **dict.fromkeys(("x", "image", "images", "pixels", "faces"), "images"),
    **dict.fromkeys(("y", "label", "labels", "emotion", "emotions"), "labels"),
    **dict.fromkeys(("usage", "usages", "split"), "usages"),
}
"""Words by which an array is known."""


def write_npz(faces, path, *, header=None):
    """Write `faces` to `path`, stored and not deflated; `header` is a dict for JSON that `read_header` gives back."""
    about = {"source": faces.source, "official": faces.official, "drawn": faces.drawn, "header": header or {}}
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for split in faces:
        arrays |= {f"{split.name}_images": split.images, f"{split.name}_labels": split.labels}
        if split.votes is not None:
            arrays[f"{split.name}_votes"] = split.votes
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def read_npz(path):
    """Faces, or Rows where the file holds images, labels and usages, or images and labels of each split.

    Arrays are known by the words of their names (`WORDS` and the names of splits): pixels, emotion, usage;
    train_images, train_labels, …; x_train, y_train, …. Values of any type are read where that is exact. Raises
    DataMismatch for others, naming the arrays and, where there is one, the row.
    """
    with arrays_in(path) as arrays:
        if "about" in arrays:
            return faces_as_written(arrays)
        by_role = {role_of(name): name for name in arrays}
        whole = {("images", None), ("labels", None), ("usages", None)}
        parts = {(kind, part) for kind in ("images", "labels") for part in range(len(USAGES))}
        if len(by_role) < len(arrays.files) or set(by_role) not in (whole, parts):
            raise DataMismatch(
                f"{path}: expected the arrays pixels, emotion and usage (or images and labels of train, valid and "
                f"test), found {', '.join(arrays) or 'none'}. Rename them and take out others, or get the file again."
            )
        if set(by_role) == whole:
            return rows_of(arrays, by_role, path, None)
        return concatenated([rows_of(arrays, by_role, path, part) for part in range(len(USAGES))])


def role_of(name):
    """What the array called `name` holds: ("images", "labels" or "usages", code of its split or None), or the name."""
    words = re.findall("[a-z]+", name.lower())
    kinds = [WORDS[word] for word in words if word in WORDS]
    parts = [part_code(word) for word in words if part_code(word) is not None]
    understood = len(kinds) == 1 and len(parts) <= 1 and len(kinds) + len(parts) == len(words)
    return (kinds[0], parts[0] if parts else None) if understood else name


def read_header(path):
    """The `header` that `write_npz` was given."""
    with arrays_in(path) as arrays:
        return json.loads(arrays["about"].tobytes())["header"]


@contextmanager
def arrays_in(path):
    """Yield the arrays of the npz at `path`, read when asked for; DataMismatch where it is damaged or too large."""
    with reading(path):
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                refuse_joined_zips(archive, path)
            if sum(info.file_size for info in members) > MOST_BYTES:
                raise DataMismatch(
                    f"{path}: expected at most {MOST_BYTES:,} bytes, found more: this is no FER2013. Get it again."
                )
            if len({info.filename for info in members}) < len(members):
                raise DataMismatch(f"{path}: expected one array of each name, found two. Get the file again.")
            with np.load(path, allow_pickle=False) as arrays:
                yield arrays
        except DataMismatch:  # a ValueError, too
            raise
        except (ValueError, KeyError) as error:
            raise DataMismatch(f"{path}: expected arrays of numbers, found {error}. Get the file again.") from error


def faces_as_written(arrays):
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


def rows_of(arrays, by_role, path, part):
    """The rows of the whole file (`part` None), or of the split with that code."""
    images, labels = by_role["images", part], by_role["labels", part]
    pixels = grey_levels(arrays[images], path, images)
    emotion = emotion_codes(arrays[labels], path, labels, numbered="emotion" in labels.lower())
    if part is None:
        usages = usage_codes(arrays[by_role["usages", None]], path, by_role["usages", None])
    else:
        usages = np.full(len(emotion), part, np.uint8)
    if not len(pixels) == len(emotion) == len(usages):
        raise DataMismatch(
            f"{path}: expected as many labels and usages as images, found {len(pixels):,} images in {images}, "
            f"{len(emotion):,} labels in {labels} and {len(usages):,} usages. Get the file again."
        )
    return Rows(pixels, emotion, usages)


def concatenated(parts):
    """The rows of several `Rows`, one after the other."""
    return Rows(
        *(np.concatenate([getattr(rows, column) for rows in parts]) for column in ("images", "labels", "usages"))
    )
