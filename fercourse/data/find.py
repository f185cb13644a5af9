"""Where FER2013 is looked for, and how what lies there is recognised."""

import glob
import os
from dataclasses import dataclass
from pathlib import Path

from fercourse.data.archives import kind_of, reading
from fercourse.data.folders import is_image_folder
from fercourse.data.parquet_parts import parquet_files
from fercourse.errors import DataNotFound

CHALLENGE = "challenges-in-representation-learning-facial-expression-recognition-challenge"

FILES = (
    "fer2013.csv",
    "fer2013.csv.gz",
    "fer2013.tar.gz",
    "fer2013.zip",
    "icml_face_data.csv",
    f"{CHALLENGE}.tar.gz",
    f"{CHALLENGE}.zip",
    "train.csv",
    "*.parquet",
    "fer2013.npz",
)
"""What a folder is searched for, in this order; image folders (train/<emotion>/…) come last."""

PLACES = (
    "data",
    "/kaggle/input/*",
    "/kaggle/input/datasets/*/*",
    "/content",
    "/content/data",
    "/content/fer2013",
    "/content/drive/MyDrive",
    "/content/drive/MyDrive/data",
    "/content/drive/MyDrive/fer2013",
)
"""Where "auto" looks after $FERCOURSE_DATA, in this order."""

CURE = "Put one there, set FERCOURSE_DATA to its place, or load 'drawn'."


@dataclass(frozen=True)
class Found:
    """A data set that was recognised: `layout` is "csv" (archives too), "npz", "parquet" or "folders"."""

    path: Path
    layout: str
    sources: tuple[Path, ...]


def recognise(path):
    """What lies at `path`, a file or a folder. Raises DataNotFound where there is nothing, or nothing known."""
    path = Path(path).expanduser()
    with reading(path):
        if path.is_dir():
            found = found_in(path)
            if found is None:
                raise nothing_known(path)
            return found
        return recognised_file(path)


def found_in(folder):
    """The first of the known names in `folder`, then in the folders right under it; None where there is none."""
    below = sorted(path for path in folder.iterdir() if path.is_dir())
    return next((found for place in (folder, *below) if (found := found_right_in(place))), None)


def found_right_in(folder):
    for pattern in FILES:
        by_name = tuple(path for path in sorted(folder.glob(pattern)) if path.is_file())
        paths = parquet_files(folder) if pattern == "*.parquet" else by_name
        if pattern == "*.parquet" and paths:
            return Found(folder, "parquet", paths)
        if paths and (pattern != "train.csv" or has_pixels(paths[0])):
            return recognised_file(paths[0])
    return Found(folder, "folders", (folder,)) if is_image_folder(folder) else None


def recognised_file(path):
    kind = kind_of(path)
    if kind in ("npz", "parquet"):
        return Found(path, kind, (path,))
    test = path.with_name("test.csv")
    return Found(path, "csv", (path, test) if test.is_file() else (path,))


def has_pixels(path):
    """Whether the first line names a column of pixels: many another data set has a train.csv."""
    with open(path, "rb") as file:
        return b"pixels" in file.readline(1_000).lower()


def looked_at():
    """Yield every place that "auto" looks at, with what was found there or None.

    With $FERCOURSE_DATA set that is the only one, and DataNotFound is raised where nothing is there.
    """
    if wanted := os.environ.get("FERCOURSE_DATA"):
        yield Path(wanted), recognise(wanted)
        return
    for pattern in PLACES:
        for place in map(Path, sorted(glob.glob(pattern)) or [pattern]):
            with reading(place):
                found = found_at(place)
            yield place, found


def found_at(place):
    if not place.is_dir():
        return None
    return found_right_in(place) if place.is_relative_to("/content") else found_in(place)


def nothing_known(folder):
    there = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
    return DataNotFound(
        f"no FER2013 in {folder}. Looked for {', '.join(FILES)} and folders train/<emotion>, there and one folder "
        f"deeper; found {there}. {CURE}"
    )
