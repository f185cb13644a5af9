"""Names in the wild: of the emotions, of the splits, and of files that systems leave behind and nobody means."""

import re

from fercourse.settings import is_whole, plain

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

LEFT_BEHIND = ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir")
"""What macOS, Windows and Synology put into folders, in lower case."""


def emotion_code(name):
    """The code 0 to 6 of an emotion by its name, also one with a number before it (`3_happy`); None for another."""
    return ALIASES.get(re.sub(r"^\d+[\W_]*", "", str(name).strip().lower()))


def out_of_order(names):
    """Whether these are all emotions, by name or by code, and stand in another order than their codes.

    A table or a column of pandas carries such names, and nothing asks for them once it is an array.
    """
    codes = [plain(name) if is_whole(plain(name)) else emotion_code(name) for name in names]
    every = list(range(max(ALIASES.values()) + 1))
    return codes != every and None not in codes and sorted(codes) == every


def part_code(name):
    """The code into `USAGES` of a split by its name; None for another."""
    return PARTS.get(name.lower())


def is_left_behind(name):
    """Whether a file or folder of this name is no data: hidden (`._1.png`, `.ipynb_checkpoints`), or a system's own."""
    return name.startswith(".") or name.lower() in LEFT_BEHIND


def visible(folder):
    """The paths in `folder`, sorted, without what systems leave behind."""
    return sorted(path for path in folder.iterdir() if not is_left_behind(path.name))
