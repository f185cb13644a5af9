"""Image folders: train/<emotion>/*.png and test/<emotion>/*.png, as most copies of FER2013 have them.

The classes are mapped by name, never by position: sorted folders put Neutral at 4 and Sad at 5. Where every file name
begins with Training_, PublicTest_ or PrivateTest_, those are the official splits, whatever the folders are called.
"""

import re
from dataclasses import replace

import numpy as np
from PIL import Image

from fercourse.data.faces import EMOTIONS, SIDE, USAGES
from fercourse.data.rows import Rows, faces_by_usage, faces_with_carved_valid, has_official_counts
from fercourse.errors import DataMismatch

ALIASES = {
    "angry": 0,
    "anger": 0,
    "disgust": 1,
    "disgusted": 1,
    "fear": 2,
    "fearful": 2,
    "happy": 3,
    "happiness": 3,
    "sad": 4,
    "sadness": 4,
    "surprise": 5,
    "surprised": 5,
    "neutral": 6,
}
"""Names of the emotions in the wild, in lower case, and their codes."""

PARTS = {
    "training": 0,
    "train": 0,
    "publictest": 1,
    "validation": 1,
    "valid": 1,
    "val": 1,
    "privatetest": 2,
    "test": 2,
}
"""Names of the splits in the wild, in lower case, and their codes into `USAGES`."""

ENDINGS = (".png", ".jpg", ".jpeg")
GREY_AS_COLOUR = ("1", "LA", "P", "RGB", "RGBA")
"""Modes of PIL in which some tools save a grey image."""

REMEDY = "Replace or remove it, or load 'drawn'."


def is_image_folder(folder):
    """Whether `folder` has a training folder with a folder named after an emotion in it."""
    return any(code == 0 and emotion_folders(path) for path, code in part_folders(folder))


def read_folders(folder, *, seed):
    """Faces of an image folder; the order is that of the numbers in the file names, then of the names.

    The official splits are recovered from file-name prefixes or from folders named Training, PublicTest and
    PrivateTest. Else a part of the training faces is carved into `valid` by `seed`, and `official` is False; so it is
    with folders of other names for all three. Raises DataMismatch naming the file that is no 48×48 grey image.
    """
    source = folder.name
    files = [(path, part, label) for top, part in part_folders(folder) for path, label in faces_under(top)]
    files.sort(key=lambda file: number_and_name(file[0]))
    usages = prefixed_usages([path for path, _, _ in files])
    official = usages is not None or {top.name.lower() for top, _ in part_folders(folder)} >= set(
        map(str.lower, USAGES)
    )
    if usages is None:
        usages = np.array([part for _, part, _ in files], np.uint8)
    labels = np.array([label for _, _, label in files], np.int64)
    rows = Rows(images_of([path for path, _, _ in files]), labels, usages)
    return faces_of(rows, source, official=official, seed=seed)


def faces_of(rows, source, *, official, seed):
    """Faces by usage; where there is no `valid` or no `test`, the one there is becomes `test` and `valid` is carved.

    Splits with FER2013's class counts are official under whatever names.
    """
    if len(np.unique(rows.usages)) == len(USAGES):
        faces = faces_by_usage(rows, source)
        return replace(faces, official=official or has_official_counts(faces))
    train, held_out = rows.where(rows.usages == 0), rows.where(rows.usages > 0)
    if len(held_out) == 0:
        raise DataMismatch(
            f"{source}: expected a test folder beside train (or file names that begin with {', '.join(USAGES)}), found "
            "none. Put test/<emotion>/… there: a course without test faces measures nothing."
        )
    return faces_with_carved_valid(train, held_out, source, seed=seed)


def part_folders(folder):
    """The folders right in `folder` that are named like a split, sorted: pairs of path and code into `USAGES`."""
    paths = sorted(path for path in folder.iterdir() if path.is_dir())
    return [(path, PARTS[path.name.lower()]) for path in paths if path.name.lower() in PARTS]


def emotion_folders(folder):
    """The folders in `folder` that are named after an emotion: pairs of path and label."""
    paths = sorted(path for path in folder.iterdir() if path.is_dir())
    return [(path, ALIASES[path.name.lower()]) for path in paths if path.name.lower() in ALIASES]


def faces_under(top):
    """Image files of one split folder, each with its label. Raises DataMismatch for a folder of an unknown emotion."""
    known = emotion_folders(top)
    unknown = {path.name for path in top.iterdir() if path.is_dir()} - {path.name for path, _ in known}
    unknown = {name for name in unknown if not name.startswith((".", "__"))}
    missing = set(range(len(EMOTIONS))) - {label for _, label in known}
    if unknown or missing:
        raise DataMismatch(
            f"{top}: expected one folder for each of {', '.join(EMOTIONS)}, found "
            f"{', '.join(sorted(unknown | {path.name for path, _ in known})) or 'none'}. Rename or add the folders."
        )
    return [(path, label) for place, label in known for path in place.iterdir() if path.suffix.lower() in ENDINGS]


def number_and_name(path):
    """The sort key of an image file: the last number in its name (all those without one after), then its name."""
    numbers = re.findall(r"\d+", path.stem)
    return (not numbers, int(numbers[-1]) if numbers else 0, path.name)


def prefixed_usages(paths):
    """Usage codes uint8 (N,) from the prefixes of the file names, or None unless every file has one of the three."""
    codes = {usage.lower(): code for code, usage in enumerate(USAGES)}
    prefixes = [path.name.partition("_")[0].lower() for path in paths]
    return np.array([codes[prefix] for prefix in prefixes], np.uint8) if set(prefixes) == set(codes) else None


def images_of(paths):
    """Grey levels uint8 (N, 48, 48) of image files."""
    images = np.empty((len(paths), SIDE, SIDE), np.uint8)
    for row, path in enumerate(paths):
        images[row] = grey_face(path, path)
    return images


def grey_face(file, name):
    """Grey levels uint8 (48, 48) of an image, a path or a binary file; `name` stands in messages.

    A colour image counts as grey where its channels are equal. Raises DataMismatch where it is damaged, truly in
    colour, or of another size.
    """
    try:
        with Image.open(file) as image:
            if image.size != (SIDE, SIDE):
                width, height = image.size
                raise DataMismatch(
                    f"{name}: expected {SIDE} × {SIDE} pixels, found {width} × {height}. FER2013 was published at "
                    f"{SIDE} × {SIDE}: get a copy that was not resized. {REMEDY}"
                )
            mode = image.mode
            pixels = np.asarray(image if mode == "L" else image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataMismatch(
            f"{name}: expected a readable PNG or JPEG, found a damaged one ({error}). {REMEDY}"
        ) from error
    if mode == "L":
        return pixels
    if mode not in GREY_AS_COLOUR or (pixels != pixels[..., :1]).any():
        raise DataMismatch(
            f"{name}: expected a grey image (mode L), found mode {mode}, in colour. FER2013 is grey: get a copy that "
            f"was not coloured. {REMEDY}"
        )
    return pixels[..., 0]
