"""`load`: one door to FER2013, whatever form it lies in."""

import os
from dataclasses import replace

from fercourse.data.archives import csv_streams, reading
from fercourse.data.cache import cached
from fercourse.data.csv_reader import read_csv
from fercourse.data.drawn import drawn_faces
from fercourse.data.faces import Faces
from fercourse.data.find import CURE, looked_at, recognise
from fercourse.data.folders import read_folders
from fercourse.data.members import refuse_third_table
from fercourse.data.notes import marked_if_drawn
from fercourse.data.npz import read_npz
from fercourse.data.rows import faces_by_usage, faces_with_carved_valid
from fercourse.data.votes import join_votes, votes_beside
from fercourse.errors import DataMismatch, DataNotFound, ParameterError

DRAWN = "drawn"
"""The `source`, or the value of $FERCOURSE_DATA, that stands for drawn faces."""

DRAWN_SIZES = {"smoke": (2_800, 350, 350), "lesson": (8_000, 1_000, 1_000), "full": (28_709, 3_589, 3_589)}
"""Faces in train, valid and test for each `scale` of drawn faces."""


def load(source="auto", *, scale="lesson", seed=0, cache=True, votes="auto"):
    """FER2013 as Faces: images uint8 (N, 48, 48), labels int64 (N,), in train, valid and test. Never downloads.

    source: "auto" looks at $FERCOURSE_DATA (a path, or the word "drawn"), then at ./data and the usual Kaggle and Colab
            folders, then draws faces and says so; "drawn" draws them; a path reads that file or folder, recognised by
            its content: fer2013.csv (plain, .gz, in a tar.gz or zip), icml_face_data.csv, train.csv with test.csv,
            image folders, Hugging Face parquet, npz
    scale:  "smoke", "lesson" or "full": how many faces are drawn; real data is always whole
    seed:   of the drawing, and of carving `valid` out of `train` where the layout has no PublicTest
    cache:  whether to keep what was read in $FERCOURSE_CACHE or ~/.cache/fercourse
    votes:  "auto" joins fer2013new.csv (FER+) where it lies beside the data, a path joins that file, None joins none

    Raises DataNotFound where nothing is there or it cannot be read, DataMismatch where it is not FER2013, naming file
    and row, NotWritten where the cache cannot be written, ParameterError for another `scale`.
    Source: Goodfellow et al. 2013, "Challenges in representation learning"; votes: Barsoum et al. 2016 (FER+).
    """
    if scale not in DRAWN_SIZES:
        raise ParameterError(f"scale={scale!r}: choose one of {', '.join(map(repr, DRAWN_SIZES))}")
    found = find_automatically() if source == "auto" else None if source == DRAWN else recognise(source)
    faces = drawn(scale, seed, votes) if found is None else read_or_kept(found, votes, seed=seed, cache=cache)
    return without_votes(faces) if votes is None else faces


def read_or_kept(found, votes, *, seed, cache):
    """Faces of what was found, from the cache where that is wanted and they are there; prints of unofficial splits."""
    joined = votes_beside(found, votes)
    sources = (*found.sources, joined) if joined else found.sources

    def read():
        return read_found(found, joined, seed=seed, insist=votes != "auto")

    with reading(found.path):
        faces = cached(found.path, sources, read, seed=seed) if cache and found.layout != "npz" else read()
        faces = marked_if_drawn(faces, found.path)
    if joined and votes != "auto" and faces.train.votes is None:
        raise DataMismatch(f"{found.path}: expected a Usage column, to join {votes} by, found none. Use votes=None.")
    if not faces.official and not (faces.drawn and faces.test.labelled):
        print(unofficial(faces, seed))
    return faces


def find_automatically():
    """What "auto" finds first; None, with one loud line, where the faces are to be drawn."""
    if os.environ.get("FERCOURSE_DATA") == DRAWN:
        return None
    found = next((found for _, found in looked_at() if found), None)
    if found is None:
        print(f"fercourse: NO FER2013 HERE: these are DRAWN FACES, and no figure from them is one of FER2013. {CURE}")
    return found


def drawn(scale, seed, votes):
    """Drawn faces in the size of `scale`; they bring votes of their own."""
    if votes not in ("auto", None):
        raise ParameterError(f"votes={str(votes)!r}: drawn faces bring votes of their own; use 'auto' or None")
    return drawn_faces(*DRAWN_SIZES[scale], seed=seed)


def unofficial(faces, seed):
    """One line about splits that are not FER2013's own."""
    sizes = " / ".join(f"{len(split):,}" for split in faces)
    unlabelled = "" if faces.test.labelled else " The test faces have no labels."
    return (
        f"fercourse: {faces.source} does not hold FER2013's official splits: train, valid and test are {sizes} faces; "
        f"without a PublicTest, valid is a tenth of each class of the training faces, chosen by seed {seed}."
        f"{unlabelled} No figure from them compares with a published one."
    )


def without_votes(faces):
    train, valid, test = (replace(split, votes=None) for split in faces)
    return replace(faces, train=train, valid=valid, test=test)


def read_found(found, votes, *, seed, insist):
    """Faces of what was found, with the votes of the file `votes` joined where the rows carry their usage.

    insist: whether a file that has votes of its own is an error, and not left as it is
    """
    if found.layout == "folders":
        return read_folders(found.path, seed=seed)
    if found.layout == "parquet":
        from fercourse.data.parquet import read_parquet  # here, as pyarrow takes long to import

        return read_parquet(found.sources, found.path.name, seed=seed)
    source = found.path.name
    rows, test = (read_npz(found.path), None) if found.layout == "npz" else read_rows(found.path)
    if isinstance(rows, Faces):
        if votes and insist:
            raise DataMismatch(f"{found.path} keeps the votes that it was written with: use votes='auto' or None.")
        return rows
    if votes and rows.usages is not None:
        rows = join_votes(rows, votes, source)
    return faces_by_usage(rows, source) if test is None else faces_with_carved_valid(rows, test, source, seed=seed)


def read_rows(path):
    """The rows of a CSV file or archive, and those of its test.csv where it has no Usage column (else None)."""
    with csv_streams(path) as streams:
        tables = [read_csv(open_stream(), name) for name, open_stream in streams.items()]
    rows, *test = tables
    if rows.usages is not None:
        return rows, None
    if (rows.labels == -1).all():
        raise DataMismatch(
            f"{path}: expected columns emotion and pixels, found pixels alone: these are faces without labels. "
            "Give train.csv, with test.csv beside it."
        )
    return rows, test[0] if test else read_test_beside(path)


def read_test_beside(path):
    refuse_third_table(path)
    beside = path.with_name("test.csv")
    if not beside.is_file():
        raise DataNotFound(
            f"{path} has no Usage column, so its test faces are expected in {beside.name} beside it; there is none. "
            "Put it there, or use fer2013.csv, which holds everything."
        )
    with open(beside, "rb", buffering=0) as file:
        rows = read_csv(file, beside.name)
    if rows.usages is not None:
        raise DataMismatch(
            f"{beside}: expected the test faces of {path.name} alone, found a column Usage: it holds splits of its "
            "own. Load it by its path, or take the column out."
        )
    return rows
