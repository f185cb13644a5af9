"""`load`: one door to FER2013, whatever form it lies in."""

from dataclasses import replace
from os import PathLike

from fercourse.data.cache import cached, cached_drawing
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.drawn.note import marked
from fercourse.data.faces import Faces
from fercourse.data.find import DRAWN, find_first, recognise
from fercourse.data.layouts.archives import csv_streams, kind_of, reading
from fercourse.data.layouts.csv.reader import read_csv
from fercourse.data.layouts.folders import read_folders
from fercourse.data.layouts.npz import read_npz
from fercourse.data.official import settled, unofficial
from fercourse.data.recognise import beside, refuse_third_table
from fercourse.data.rows import faces_by_usage, faces_with_carved_valid
from fercourse.data.votes import left_out, votes_beside, with_votes
from fercourse.errors import DataMismatch, DataNotFound, ParameterError
from fercourse.settings import SCALES, Scale, choice, flag, seed_number

DRAWN_SIZES = dict(zip(SCALES, ((2_800, 350, 350), (8_000, 1_000, 1_000), (28_709, 3_589, 3_589)), strict=True))
"""Faces in train, valid and test for each `scale` of drawn faces."""


def load(
    source: str | PathLike = "auto",
    *,
    scale: Scale = "lesson",
    seed: int = 0,
    cache: bool = True,
    votes: str | PathLike | None = "auto",
) -> Faces:
    """FER2013 as Faces: images uint8 (N, 48, 48), labels int64 (N,), in train, valid and test. Never downloads.

    source: "auto" looks at $FERCOURSE_DATA (a path, or the word "drawn"), then into data/ of the working folder and of
            those above it up to the course's own, then into the usual Kaggle and Colab folders, passing over what is
            not FER2013; then it draws faces, and says what it saw. "drawn" draws them. A path, seen from one of these
            working folders, reads that file or folder, recognised by its content: fer2013.csv (plain, .gz, in a tar.gz
            or zip), icml_face_data.csv, train.csv with test.csv, image folders, Hugging Face parquet, npz
    scale:  "smoke", "lesson" or "full": how many faces are drawn; real data is always whole
    seed:   of the drawing, and of carving `valid` out of `train` where the layout has no PublicTest
    cache:  whether to keep what was read or drawn in $FERCOURSE_CACHE or ~/.cache/fercourse
    votes:  "auto" joins fer2013new.csv (FER+) where it lies beside the data, a path joins that file, None joins none

    Prints one line where the splits are not FER2013's own, and one for what was left out. Raises DataNotFound where
    nothing is there or it cannot be read, DataMismatch where it is not FER2013 or not whole, naming file and row,
    ParameterError for arguments of another kind. Warns where the cache cannot be written.
    Source: Goodfellow et al. 2013, "Challenges in representation learning"; votes: Barsoum et al. 2016 (FER+).
    """
    check_paths(source, votes)
    scale, seed, cache = choice("scale", scale, SCALES), seed_number(seed), flag("cache", cache)
    found = None if source == DRAWN else find_first() if source == "auto" else recognise(source)
    faces = drawn(scale, seed, votes, cache) if found is None else read_or_kept(found, votes, seed=seed, cache=cache)
    return without_votes(faces) if votes is None else faces


def check_paths(source, votes):
    """Raise ParameterError where these are no paths, nor what stands for one; the empty text is none."""
    if not isinstance(source, (str, PathLike)) or not str(source).strip():
        raise ParameterError(f"expected source: 'auto', 'drawn' or a path; found source={source!r}")
    if votes is not None and (not isinstance(votes, (str, PathLike)) or not str(votes).strip()):
        raise ParameterError(f"expected votes: 'auto', None or a path; found votes={votes!r}")


def read_or_kept(found, votes, *, seed, cache):
    """Faces of what was found, from the cache where that is wanted and they are there; prints what there is to say."""
    joined, insist = votes_beside(found, votes), votes != "auto"
    sources = (*found.sources, joined) if joined else found.sources

    def read():
        return settled(read_found(found, joined, seed=seed, insist=insist), found.path)

    with reading(found.path):
        faces = cached(found.path, sources, read, seed=seed) if cache and found.layout != "npz" else read()
        if joined and insist and faces.train.votes is None:  # kept when nobody insisted: reading says why
            faces = read()
        if faces.carved is not None and found.layout == "csv" and kind_of(found.path) in ("csv", "gz"):
            refuse_third_table(found.path)  # here, as it may have come since the faces were kept
        faces = marked(faces, found.path)
    for remark in faces.remarks:
        print(remark)
    if not faces.official and not (faces.drawn and faces.test.labelled):
        print(unofficial(faces))
    return faces


def drawn(scale, seed, votes, cache):
    """Drawn faces in the size of `scale`; they bring votes of their own."""
    if votes not in ("auto", None):
        raise ParameterError(
            f"drawn faces bring votes of their own: expected votes='auto' or None; found {str(votes)!r}"
        )

    def draw():
        return drawn_faces(*DRAWN_SIZES[scale], seed=seed)

    return cached_drawing(f"drawn-{scale}", draw, seed=seed) if cache else draw()


def without_votes(faces):
    train, valid, test = (replace(split, votes=None) for split in faces)
    return replace(faces, train=train, valid=valid, test=test)


def read_found(found, votes, *, seed, insist):
    """Faces of what was found, with the votes of the file `votes` joined where the rows carry their usage.

    insist: whether votes that cannot be joined are an error, and not left out with a remark
    """
    if found.layout == "folders":
        return left_out(read_folders(found.path, seed=seed), votes, "image folders keep no order of rows to join it by")
    if found.layout == "parquet":
        from fercourse.data.layouts.parquet import read_parquet  # here, as pyarrow takes long to import

        faces = read_parquet(found.sources, found.path.name, seed=seed)
        return left_out(faces, votes, "Parquet keeps no order of rows to join it by")
    source = found.path.name
    rows, test = (read_npz(found.path), None) if found.layout == "npz" else read_rows(found.path)
    if isinstance(rows, Faces):
        if votes and insist:
            raise DataMismatch(f"{found.path} keeps the votes that it was written with: use votes='auto' or None.")
        return left_out(rows, votes, f"{source} was written without votes; convert fer2013.csv with them beside it")
    rows, remarks = with_votes(rows, votes, source, insist=insist)
    faces = faces_by_usage(rows, source) if test is None else faces_with_carved_valid(rows, test, source, seed=seed)
    return replace(faces, remarks=remarks)


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
    test = beside(path, "test.csv")
    if test is None:
        raise DataNotFound(
            f"{path} has no Usage column, so its test faces are expected in test.csv beside it; there is none. "
            "Put it there, or use fer2013.csv, which holds everything."
        )
    with open(test, "rb", buffering=0) as file:
        rows = read_csv(file, test.name)
    if rows.usages is not None:
        raise DataMismatch(
            f"{test}: expected the test faces of {path.name} alone, found a column Usage: it holds splits of its "
            "own. Load it by its path, or take the column out."
        )
    return rows
