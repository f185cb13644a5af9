"""Image folders: train/<emotion>/* and test/<emotion>/*, as most copies of FER2013 have them.

The classes are mapped by name, never by position: sorted folders put Neutral at 4 and Sad at 5. Where every file name
begins with Training_, PublicTest_ or PrivateTest_, those are the official splits, whatever the folders are called.

Nothing is left out: what lies in a folder of a split is a folder of an emotion, what lies there is a picture, or the
whole is refused. Only hidden files and those of `names.LEFT_BEHIND` are passed over.
"""

import re

import numpy as np

from fercourse.data.faces import EMOTIONS, SIDE, USAGES
from fercourse.data.layouts.pictures import grey_face
from fercourse.data.names import emotion_code, part_code, visible
from fercourse.data.rows import Rows, faces_of
from fercourse.errors import DataMismatch


def is_image_folder(folder):
    """Whether `folder` has a training folder with a folder named after an emotion, or numbered like one, in it."""
    return any(code == 0 and has_emotions(path) for path, code in part_folders(folder))


def has_emotions(folder):
    names = {path.name for path in visible(folder) if path.is_dir()}
    return any(emotion_code(name) is not None for name in names) or names == set("0123456")


def shows_emotions(folder):
    """`has_emotions`, but not of what may not be read: `lost+found` on a disk of its own is root's alone."""
    try:
        return has_emotions(folder)
    except PermissionError:
        return False


def read_folders(folder, *, seed):
    """Faces of an image folder; the order is that of the numbers in the file names, then of the names.

    The splits are those of the file-name prefixes, else those of the folders; without validation faces a part of the
    training faces is carved into `valid` by `seed`. Raises DataMismatch naming what is no folder of a split or an
    emotion, a folder without pictures, and the file that is no 48×48 grey picture.
    """
    files = [(path, part, label) for top, part in split_folders(folder) for path, label in faces_under(top)]
    files.sort(key=lambda file: number_and_name(file[0]))
    usages = prefixed_usages([path for path, _, _ in files])
    if usages is None:
        usages = np.array([part for _, part, _ in files], np.uint8)
    labels = np.array([label for _, _, label in files], np.int64)
    rows = Rows(images_of([path for path, _, _ in files]), labels, usages)
    return faces_of(rows, folder.name, seed=seed)


def part_folders(folder):
    """The folders right in `folder` that are named like a split, sorted: pairs of path and code into `USAGES`."""
    pairs = [(path, part_code(path.name)) for path in visible(folder) if path.is_dir()]
    return [(path, code) for path, code in pairs if code is not None]


def split_folders(folder):
    """`part_folders`, one a split. Raises DataMismatch for a second one, and for faces in a folder beside them."""
    parts = part_folders(folder)
    codes = [code for _, code in parts]
    if twice := [path.name for path, code in parts if codes.count(code) > 1]:
        raise DataMismatch(
            f"{folder}: expected one folder for each split, found {' and '.join(twice)} for the same one. Keep one."
        )
    beside = set(visible(folder)) - {path for path, _ in parts}
    if unknown := sorted(path.name for path in beside if path.is_dir() and shows_emotions(path)):
        raise DataMismatch(
            f"{folder}: expected folders named train, validation and test, found faces in {' and '.join(unknown)} too. "
            "Name the folder after its split, or move it elsewhere."
        )
    return parts


def faces_under(top):
    """Picture files of one split folder, each with its label."""
    return [(path, label) for place, label in emotion_folders(top) for path in picture_files(place)]


def emotion_folders(top):
    """The folders of the emotions in `top`, pairs of path and label. Raises DataMismatch where one is missing, is there
    under two names, or has something else beside it.
    """
    pairs = [(path, emotion_code(path.name) if path.is_dir() else None) for path in visible(top)]
    labels = [label for _, label in pairs]
    other = [path.name for path, label in pairs if label is None]
    twice = [path.name for path, label in pairs if label is not None and labels.count(label) > 1]
    missing = [emotion for label, emotion in enumerate(EMOTIONS) if label not in labels]
    if other or twice or missing:
        found = [f"{listed(other)} there"] if other else []
        found += [f"{' and '.join(twice)} for the same one"] if twice else []
        found += [f"none for {', '.join(missing)}"] if missing else []
        raise DataMismatch(
            f"{top}: expected one folder for each of {', '.join(EMOTIONS)} and nothing else, found {'; '.join(found)}. "
            "Rename or add the folders by the names of the emotions (numbers stand for different ones in different "
            "copies), and move the rest elsewhere."
        )
    return pairs


def picture_files(place):
    """The files in the folder of an emotion. Raises DataMismatch where there is none, or something that is no file."""
    paths = visible(place)
    other = [described(path) for path in paths if not path.is_file()]
    if other or not paths:
        raise DataMismatch(
            f"{place}: expected pictures and nothing else, found {listed(other) if other else 'none'}. "
            "It was not copied or unpacked whole, or in another place than it was meant for: get the faces again."
        )
    return paths


def described(path):
    """A path that is no file, with the number of files in it where it is a folder."""
    return (
        f"{path.name}/ with {sum(file.is_file() for file in path.rglob('*')):,} files" if path.is_dir() else path.name
    )


def listed(names, most=8):
    """Names in one line, the rest of a long list as a number."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


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
    """Grey levels uint8 (N, 48, 48) of picture files. Raises DataMismatch with the first that is none, and how many."""
    images = np.empty((len(paths), SIDE, SIDE), np.uint8)
    first, refused = None, 0
    for row, path in enumerate(paths):
        try:
            images[row] = grey_face(path, path)
        except DataMismatch as error:
            first, refused = first or error, refused + 1
    if first:
        raise DataMismatch(f"{first} (The first of {refused:,} such files among {len(paths):,}.)") from first
    return images
