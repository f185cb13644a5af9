"""Which parquet files are one data set and which split each holds, told by their names: pyarrow is not needed here."""

import re
from collections import Counter

from fercourse.data.layouts.folders import listed, part_folders
from fercourse.data.names import part_code, visible
from fercourse.errors import DataMismatch

NUMBERED = re.compile(r"(.*)-(\d+)-of-(\d+)")


def parquet_files(folder):
    """The parquet files in `folder` and in the folders of splits right in it: a tuple of paths, in order."""
    places = (folder, *(path for path, _ in part_folders(folder)))
    found = (path for place in places for path in visible(place))
    return tuple(path for path in found if path.suffix.lower() == ".parquet" and path.is_file())


def parts_of(paths):
    """The code into `USAGES` of each file, by its name, else by its folder's; None where neither names a split.

    Raises DataMismatch where the two disagree, where a part of `…-of-00002` is missing or there twice, and where a
    split is there in two forms.
    """
    several = len({path.parent for path in paths}) > 1
    parts = [part_of(path, check_folder=several) for path in paths]
    if None in parts and len(set(parts)) > 1:
        raise DataMismatch(
            f"{paths[parts.index(None)]}: expected a name of file or folder that says train, validation or test, as "
            "others here do, found none: its faces would count twice, or those of another set with them. Rename the "
            "file, or move it elsewhere."
        )
    for part in set(parts):
        refuse_incomplete([path for path, code in zip(paths, parts, strict=True) if code == part])
    return parts


def part_of(path, *, check_folder):
    by_name, by_folder = parts_in_name(path), {part_code(path.parent.name)} - {None}
    codes = by_name | by_folder if check_folder else by_name or by_folder
    if len(codes) > 1:
        raise DataMismatch(
            f"{path}: expected the name of one split in the names of file and folder, found more. Rename the file."
        )
    return next(iter(codes), None)


def parts_in_name(path):
    """The codes into `USAGES` of the splits that are named in the name of a file."""
    return {part_code(word) for word in re.findall("[a-z]+", path.stem.lower())} - {None}


def refuse_incomplete(paths):
    """Raise DataMismatch unless the files of one split are the parts of one whole, each there once."""
    by_form = {}
    for path in paths:
        match = NUMBERED.match(path.stem)
        form = (match[1], int(match[3])) if match else (re.sub(r"\d+", "#", path.stem), None)
        by_form.setdefault(form, []).append((path, match and int(match[2])))
    if len(by_form) > 1:
        some = " and ".join(str(files[0][0]) for files in by_form.values())
        raise DataMismatch(
            f"expected one form of each split, found {some}: its faces would count twice, or those of another "
            "set with them. Keep one."
        )
    ((name, total), files), *_ = by_form.items()
    if total is None:
        return
    numbers = Counter(number for _, number in files)
    first = int(total in numbers)  # most count from 0
    wanted = range(first, first + total)
    missing = [f"{name}-{number:05}-of-{total:05}" for number in wanted if number not in numbers]
    if missing or len(files) != total:
        twice = [path.name for path, number in files if numbers[number] > 1 or number not in wanted]
        found = f"none of {listed(missing)}" if missing else listed(twice)
        raise DataMismatch(
            f"{files[0][0]}: expected {total:,} parts, each once, found {found}. "
            "Get the whole data set, and load the folder that holds all of it."
        )
