"""What `python -m fercourse data …` does: find, verify, summarise, convert, export and download FER2013."""

import shutil
from pathlib import Path

from fercourse.data.drawn.note import has_note
from fercourse.data.faces import EMOTIONS, USAGES
from fercourse.data.find import DRAWN, data_folder, looked_at, recognise, wanted_place
from fercourse.data.layouts.convert import convert as write_layout
from fercourse.data.layouts.csv.writer import write_votes
from fercourse.data.load import load
from fercourse.data.official import copies, differences
from fercourse.data.recognise import CHALLENGE
from fercourse.data.votes import VOTES_FILE
from fercourse.errors import DataMismatch, DataNotFound, NotWritten, ParameterError
from fercourse.files import written_aside
from fercourse.settings import Scale
from fercourse.shortage import say_shortages

COPY = "msambare/fer2013"
"""A public copy on Kaggle, in image folders, for those who have not joined the challenge."""

BY_HAND = (
    f"Sign in at kaggle.com, accept the rules of {CHALLENGE}, create a token (Settings, API) and try again; "
    "or download fer2013.tar.gz there with a browser and put it into data/. Without either, load 'drawn'."
)


def find():
    """List every place that "auto" looks at, what was found there, and what was passed over, with the reason."""
    if wanted_place() == DRAWN:
        print("FERCOURSE_DATA is 'drawn': faces are drawn, and no folder is looked into")
        return
    for look in looked_at():
        print(look)


def verify(path: Path):
    """Compare the data at PATH with FER2013: class counts and grey levels of each usage, duplicates, fingerprint.

    Raises DataMismatch, so that the command fails, where a count or a mean grey level is not the official one.
    """
    faces = load(str(path))  # as text, since 'drawn' and 'auto' are no paths
    summary_of(faces)
    print(f"{copies(faces):,} faces are exact copies of another one")
    if not faces.official:
        raise DataMismatch(f"{path} is not FER2013: {'; '.join(differences(faces))}. Get the file again.")
    print("every class count is the official one, and so is every mean grey level")


def summary(path: Path):
    """Print the faces of each emotion and usage at PATH, and the fingerprint."""
    summary_of(load(str(path)))


def summary_of(faces):
    print(faces)
    print(f"{'':<12}" + "".join(f"{emotion:>10}" for emotion in (*EMOTIONS, "together")))
    for split, usage in zip(faces, USAGES, strict=True):
        numbers = [*split.counts().values()] if split.labelled else ["?"] * len(EMOTIONS)
        print(f"{usage:<12}" + "".join(f"{number:>10}" for number in (*numbers, len(split))))
    votes = "with FER+ votes" if faces.train.votes is not None else "without FER+ votes"
    print(f"{votes}; {'official splits' if faces.official else 'not the official splits'}")


def convert(path: Path, to: Path, *, layout: str):
    """Write the data at PATH to TO in another layout: csv, csv.gz, tar.gz, zip, icml, train-test, png-folders,
    jpeg-folders, parquet or npz.

    Raises NotWritten where TO is there already: it may be the only copy.
    """
    if to.exists():
        raise NotWritten(f"{to} is there already. Remove it, or choose another name.")
    print(f"written: {write_layout(load(str(path)), to, layout=layout)}")


def export_drawn(to: Path, *, scale: Scale = "lesson", seed: int = 0):
    """Write drawn faces into the folder TO as fer2013.csv, with their votes as fer2013new.csv.

    scale: smoke, lesson or full

    Raises NotWritten where such a file is there that was not drawn.
    """
    if to.suffix == ".csv":
        raise ParameterError(f"TO is the folder that fer2013.csv is written into; found {to}. Give its folder.")
    table = to / "fer2013.csv"
    if there := next((file for file in (table, to / VOTES_FILE) if file.exists() and not has_note(table)), None):
        raise NotWritten(f"{there} is there already, and was not drawn. Choose another folder for drawn faces.")
    faces = load("drawn", scale=scale, seed=seed)
    write_layout(faces, table, layout="csv")
    with written_aside(to / VOTES_FILE) as aside, open(aside, "wb") as file:
        write_votes(faces, file)
    print(f"written: {table} and {to / VOTES_FILE}, {faces}")


def download(to: Path | None = None):
    """Download FER2013 from Kaggle into the folder TO, by default the course's data/: the challenge's own files, else
    a public copy of them.

    Needs a network, `pip install -e ".[download]"` and mostly an account at Kaggle; raises DataNotFound saying
    what to do without.
    """
    to = to or data_folder()
    say_shortages(to, notebooks=0)
    found = recognise(fetched())
    if found.path.is_dir():
        with written_aside(to / "fer2013") as aside:
            shutil.copytree(found.path, aside)
    for file in () if found.path.is_dir() else found.sources:
        with written_aside(to / file.name) as aside:
            shutil.copyfile(file, aside)
    verify(to)


def fetched():
    """The folder into which kagglehub has downloaded FER2013."""
    try:
        import kagglehub
        from kagglehub import exceptions
    except ImportError as error:
        raise DataNotFound(
            f'kagglehub is not installed: pip install -e ".[download]" in the folder of the course. {BY_HAND}'
        ) from error
    refusals = (
        OSError,  # no network, and what requests raises
        exceptions.BackendError,
        exceptions.CredentialError,
        exceptions.DataCorruptionError,
        exceptions.KaggleEnvironmentError,
        exceptions.NotFoundError,
        exceptions.UnauthenticatedError,
        exceptions.UserCancelledError,
    )
    reasons = []
    for fetch, handle in ((kagglehub.competition_download, CHALLENGE), (kagglehub.dataset_download, COPY)):
        try:
            return Path(fetch(handle))
        except refusals as error:
            reasons.append(f"{handle}: {type(error).__name__}: {error}")
    raise DataNotFound(f"Kaggle gave no FER2013 ({'; '.join(reasons)}). {BY_HAND}")
