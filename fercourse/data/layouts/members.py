"""Which members of an archive are the data set, told by names and first bytes; never one of several in silence."""

from pathlib import PurePosixPath

from fercourse.data.names import is_left_behind
from fercourse.errors import DataMismatch

HEADER = 4_000
"""Bytes in which the header of a CSV stands."""

ONE_OF_THEM = "Unpack and load the one that you mean, or join them into one CSV with a column Usage."

CSV_STEMS = ("fer2013", "icml_face_data", "train")
"""What the CSV is mostly called; train.csv comes with test.csv."""


def may_be_csv(name):
    return name.lower().endswith(".csv") and not any(map(is_left_behind, PurePosixPath(name).parts))


def is_packed(name):
    return name.lower().endswith((".tar.gz", ".tgz")) and not any(map(is_left_behind, PurePosixPath(name).parts))


def wanted_members(names, starts, path):
    """Positions of the members to read, by their `names` and first bytes `starts`; empty where there is no such CSV.

    The one CSV with pixels and Usage; else train.csv with test.csv; else the one with pixels; else one that is called
    like them, whose header will be refused in detail. Raises DataMismatch for two that could be meant, and for names
    that lead elsewhere.
    """
    refuse_elsewhere(names, path)
    tables = [position for position, name in enumerate(names) if may_be_csv(name)]
    faces = [position for position in tables if b"pixels" in header(starts[position])]
    whole = [position for position in faces if b"usage" in header(starts[position])]
    if not faces:
        return [position for position in tables if stem(names[position]) in CSV_STEMS][:1]
    candidates = whole or faces
    pair = sorted(candidates, key=lambda position: stem(names[position]), reverse=True)
    if len(candidates) == 1 or (not whole and [stem(names[position]) for position in pair] == ["train", "test"]):
        return pair
    raise DataMismatch(
        f"{path}: expected one data set, found {len(candidates)}: {', '.join(names[one] for one in candidates)}. "
        + ONE_OF_THEM
    )


def header(start):
    return start.partition(b"\n")[0].lower()


def stem(name):
    return PurePosixPath(name).stem.lower()


def refuse_elsewhere(names, path):
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise DataMismatch(
                f"{path}: expected members inside the archive's own folder, found {name!r}. "
                "Whoever packed this meant to write elsewhere: get the file from a source you trust."
            )


def packed_inside(names, path):
    """The name of the one tar.gz among the members. Raises DataMismatch where there is none, or several."""
    inner = list(filter(is_packed, names))
    if not inner:
        raise nothing_inside(path, names)
    if len(inner) > 1:
        raise DataMismatch(f"{path}: expected one data set, found {len(inner)}: {', '.join(inner)}. {ONE_OF_THEM}")
    return inner[0]


def described(name, path):
    return f"{PurePosixPath(name).name} in {path.name}"


def nothing_inside(path, names):
    some = ", ".join(sorted(names)[:5]) or "nothing"
    return DataMismatch(
        f"{path}: expected an archive with {'.csv or '.join(CSV_STEMS)}.csv in it, found {some}. Image folders and "
        "other files are read unpacked: unpack it and load the folder."
    )


def two_archives(path):
    return DataMismatch(
        f"{path}: expected one archive, found two joined in one file, of which tools show one. Get the file again."
    )
