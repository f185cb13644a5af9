"""How FER2013 is recognised in a folder: by the names of files, their first line, and what lies in folders."""

import zipfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from PIL import Image

from fercourse.data.faces import SIDE
from fercourse.data.layouts.archives import DAMAGED, csv_streams, kind_of
from fercourse.data.layouts.csv.rows import shortened
from fercourse.data.layouts.folders import faces_under, is_image_folder, part_folders
from fercourse.data.layouts.members import HEADER, header, is_packed, may_be_csv
from fercourse.data.layouts.parquet_parts import parquet_files, parts_in_name
from fercourse.data.names import emotion_code, part_code, visible
from fercourse.errors import DataMismatch

CHALLENGE = "challenges-in-representation-learning-facial-expression-recognition-challenge"

FILES = (
    "fer2013.csv",
    "fer2013",
    "fer2013.csv.gz",
    "*fer2013*.tar.gz",
    "*fer2013*.tgz",
    "*fer2013*.tar",
    "fer2013.zip",
    "icml_face_data.csv",
    f"{CHALLENGE}.tar.gz",
    f"{CHALLENGE}.zip",
    "train.csv",
    "*.parquet",
    "fer2013.npz",
)
"""What a folder is searched for, in this order, in small letters or capitals; image folders (train/<emotion>/…) come
next, and last of all tables under other names whose first line names the columns emotion and pixels."""

TARS = ("fer2013.tar.gz", f"{CHALLENGE}.tar.gz")
"""What Kaggle calls them: others have to be unpacked to the end before one knows what they are."""

COMMON_NAMES = ("train.csv", "*.parquet")
"""Those of `FILES` that many another data set has, too: they count by their columns only."""

IS_DAMAGED = "a damaged file"

NO_TABLE = {
    "zip": "a zip in which no table can be read: unpack it",
    "tar": "another name",  # as it would have to be unpacked to its end to be known
    "tar.gz": "another name",
}
"""Why a file that holds no table is passed over, by its kind."""

TABLES = ("", ".csv", ".txt", ".gz", ".zip")
"""Endings of files under other names whose first line is looked at."""


@dataclass(frozen=True)
class Found:
    """A data set that was recognised: `layout` is "csv" (archives too), "npz", "parquet" or "folders"."""

    path: Path
    layout: str
    sources: tuple[Path, ...]


def recognised_file(path):
    kind = kind_of(path)
    if kind in ("npz", "parquet"):
        return Found(path, kind, (path,))
    test = beside(path, "test.csv")
    return Found(path, "csv", (path, test) if test else (path,))


def named_fer2013(path):
    """`recognised_file`, but what cannot be opened counts as well: reading it will say what is wrong."""
    try:
        return recognised_file(path)
    except (OSError, *DAMAGED):
        return Found(path, "csv", (path,))


def beside(path, name):
    """The file of this name, in small letters or capitals, in the folder of `path`; None where there is none."""
    try:
        files = list(path.parent.iterdir())
    except PermissionError:  # a folder that shows nobody what lies in it
        files = [path.with_name(name)]
    same = [file for file in files if file.name.lower() == name and file.is_file()]
    return min(same, key=lambda file: file.name != name, default=None)


def refuse_third_table(path):
    """Raise DataMismatch where another table lies beside train.csv and its test.csv: its faces would be left out.

    That is one of validation faces by its name, or one of faces that does not say which split they are of.
    """
    known = (path.name.lower(), "test.csv")
    tables = [file for file in visible(path.parent) if file.suffix.lower() in (".csv", ".txt", ".gz")]
    others = [file for file in tables if file.name.lower().removesuffix(".gz") not in known]
    if third := [file.name for file in others if part_code(file.name.partition(".")[0]) == 1 or is_part(file)]:
        raise DataMismatch(
            f"{path}: expected train.csv with test.csv, found {third[0]} beside them. Move it elsewhere, or join "
            "them into one CSV with a column Usage (Training, PublicTest, PrivateTest)."
        )


def is_part(path):
    """Whether a table of faces does not say which split they are of."""
    try:
        columns = columns_in(first_line(path))
    except (DataMismatch, OSError, *DAMAGED):
        return False
    return "pixels" in columns and "usage" not in columns


def look_right_into(folder, *, closely):
    """Candidates, pairs of rank and `Found`, the best first, and pairs of a name and why it was passed over.

    closely: whether to look into tables of other names as well
    """
    ranked, passed = [], []
    for path in (path for path in visible(folder) if not path.is_dir()):
        if why := why_not(path, closely=closely):
            passed.append((path.name, why))
        elif path.suffix.lower() != ".parquet":
            ranked.append((rank_of(path), named_fer2013(path)))
    parquet, others = parquet_with_faces(folder)
    if parquet:
        ranked.append((FILES.index("*.parquet"), Found(folder, "parquet", parquet)))
    if is_image_folder(folder):
        ranked.append((len(FILES), Found(folder, "folders", (folder,))))
    return sorted(ranked, key=lambda candidate: candidate[0]), passed + others


def rank_of(path):
    """The place of a file's name in `FILES`; one more than image folders have where it is not there."""
    name = path.name.lower()
    return next((rank for rank, pattern in enumerate(FILES) if fnmatchcase(name, pattern)), len(FILES) + 1)


def why_not(path, *, closely):
    """Why a file is passed over; empty where its name is FER2013's, or its columns are. Parquet is judged elsewhere."""
    if not path.is_file():
        return "a link to nothing, or no file"
    rank = rank_of(path)
    if rank < len(FILES) and FILES[rank] != "train.csv":
        return ""
    if rank > len(FILES) and (not closely or path.suffix.lower() not in TABLES):
        return "another name"
    try:
        kind = kind_of(path)
        line = first_line(path)
    except DataMismatch:
        return NO_TABLE.get(kind, "no table")
    except (OSError, *DAMAGED) as error:
        return getattr(error, "strerror", None) or "no table, or a damaged file"
    if "\0" in line:
        return "UTF-16 text or binary data"
    return "" if {"emotion", "pixels"} <= columns_in(line) else f"its first line is {shortened(line.strip())}"


def columns_in(line):
    return {column.strip(' \t\r\n"').lower() for column in line.lstrip("\ufeff").split(",")}


def first_line(path):
    """The first line of a table, plain, gzipped or in a zip. Raises DataMismatch where there is none."""
    if kind_of(path) not in ("csv", "gz", "zip"):
        raise DataMismatch(f"{path}: expected a table")
    with csv_streams(path) as streams:
        start = next(iter(streams.values()))().read(1_000)
    return start.decode("utf-8", "replace").partition("\n")[0]


def parquet_with_faces(folder):
    """The parquet files of faces in `folder` and in its folders of splits, and pairs of name and why of the others.

    A part of the set, by its name, that has no faces in it is not passed over: reading it says what is wrong.
    """
    reasons = {path: why_no_faces(path) for path in parquet_files(folder)}
    is_set = not all(reasons.values())
    kept = [path for path, why in reasons.items() if why in ("", IS_DAMAGED) or (is_set and parts_in_name(path))]
    return tuple(kept), [(str(path.relative_to(folder)), why) for path, why in reasons.items() if path not in kept]


def why_no_faces(path):
    """Why a parquet file is passed over; empty where it has columns of faces, and classes that are emotions."""
    import pyarrow  # here, as it takes long to import
    import pyarrow.parquet

    from fercourse.data.layouts.parquet import IMAGES, LABELS, class_names

    try:
        schema = pyarrow.parquet.read_schema(path)
    except (pyarrow.ArrowException, OSError):
        return IS_DAMAGED
    columns = {name.lower(): name for name in schema.names}
    label = next((columns[name] for name in LABELS if name in columns), None)
    if label is None or not {*IMAGES}.intersection(columns):
        return f"its columns are {shortened(', '.join(schema.names))}"
    classes = class_names(schema, label) or {}
    if classes and all(emotion_code(name) is None for name in classes.values()):
        return f"its classes are {shortened(', '.join(map(str, classes.values())))}"
    return ""


def is_doubtful(found):
    """Whether any other data set is better: folders or Parquet without FER2013's classes or size, Parquet with a wrong
    part, a zip of pictures, which mostly lies beside the folders that were unpacked from it."""
    if found.layout == "parquet":
        return any(map(why_no_faces, found.sources)) or not begins_with_a_face(found.sources[0])
    if found.layout == "csv":
        return is_without_table(found.path)
    if found.layout != "folders":
        return False
    try:
        return any(size_of_first(faces_under(top)) != (SIDE, SIDE) for top, _ in part_folders(found.path))
    except (DataMismatch, OSError):
        return True


def begins_with_a_face(path):
    """Whether the first row of a parquet file is a face of FER2013's size with an emotion as its label."""
    from fercourse.data.layouts.parquet import check_first_row

    try:
        check_first_row(path)
    except (DataMismatch, OSError):
        return False
    return True


def is_without_table(path):
    """Whether the file is a whole zip in which no table of faces is, nor a tar.gz that may hold one; or a tar that is
    not called as Kaggle calls it, in which no table is."""
    name = path.name.lower()
    if name.endswith((".tar.gz", ".tgz", ".tar")) and name not in TARS:
        return not holds_table(path)
    try:
        if kind_of(path) != "zip":
            return False
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            starts = (archive.open(name).read(HEADER) for name in names if may_be_csv(name))
            return not any(map(is_packed, names)) and not any(b"pixels" in header(start) for start in starts)
    except (OSError, RuntimeError, *DAMAGED):  # RuntimeError: a password
        return False


def holds_table(path):
    try:
        with csv_streams(path):
            return True
    except (DataMismatch, OSError, *DAMAGED):
        return False


def size_of_first(pictures):
    """Width and height of the first picture, of pairs of path and label; None where there is none."""
    for path, _ in pictures:
        with Image.open(path) as image:
            return image.size
    return None
