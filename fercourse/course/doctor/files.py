"""The user's own files: FER2013, and checkpoints of trainings that were stopped."""

import io
from contextlib import redirect_stdout

from fercourse.course.doctor.diagnosis import Diagnosis
from fercourse.data.find import DRAWN, looked_at, wanted_place, working_folders
from fercourse.data.load import load
from fercourse.data.official import differences
from fercourse.errors import CheckpointMismatch, DataMismatch, DataNotFound, NotWritten
from fercourse.settings import plain

SHOWN = 3
AGAIN = "Get the file again; `python -m fercourse data verify PATH` says whether it is whole then"


def fer2013(root):
    """FER2013 that is damaged, is not all of it, or lies under another name; nothing where there is no such file."""
    if wanted_place() == DRAWN:
        return
    try:
        looks = list(looked_at())
    except (DataNotFound, DataMismatch) as error:
        yield Diagnosis(
            f"FERCOURSE_DATA is {wanted_place()}, and notebooks end with an error: {error}",
            "Set it to where FER2013 lies, or unset it",
        )
        return
    first = next((look.found for look in looks if look.sure), None)
    if first is not None:
        yield from _read(first.path)
        return
    own = {folder / "data" for folder in working_folders()}
    for look in looks:
        if look.place in own and look.passed and look.found is None:
            yield Diagnosis(
                f"nothing in {look.place} was taken for FER2013: {', '.join(look.passed[:SHOWN])}",
                "Where one of them is FER2013, name it fer2013.csv, or unpack it; README.md lists what can be read",
            )


def _read(path):
    """A diagnosis where what lies at `path` cannot be read, or is not the published set."""
    try:
        with redirect_stdout(io.StringIO()):
            faces = load(path)
    except (DataMismatch, DataNotFound, NotWritten) as error:
        yield Diagnosis(f"{path} was found and cannot be used: {error}", AGAIN)
        return
    if not faces.official:
        counts = differences(faces)
        more = f"; and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
        said = f"{path} is not FER2013 as it was published: {'; '.join(counts[:SHOWN])}{more}"
        yield Diagnosis(said, AGAIN, serious=False)


def checkpoints(root):
    """Checkpoints below runs/ from which no training can go on: damaged ones, and those of another recipe."""
    for path in sorted((root / "runs").rglob("*.pt")):
        from fercourse.learn.checkpoints import read_checkpoint  # here: it takes PyTorch, and mostly there is none

        try:
            saved = read_checkpoint(path)["recipe"]
        except CheckpointMismatch as error:
            yield Diagnosis(str(error), "Remove it, and the training begins anew")
            continue
        if differing := _differing(path, saved):
            yield Diagnosis(
                f"{path} is a checkpoint of another recipe: {differing}",
                "Remove it, or move it away, and the training begins anew",
            )


def _differing(path, saved):
    """What a checkpoint of `train` has otherwise than the list of trainings; empty for another one's.

    Not its epochs: `train --epochs` has asked for others, and goes on with them.
    """
    from fercourse.course.trainings.listed import TRAININGS

    name = path.stem.rpartition(", seed ")[0]
    recipe = next((each.recipe for each in TRAININGS if each.name == name), {})
    kinds = bool, int, float, str
    return ", ".join(
        f"{key} {saved[key]} in it, {plain(value)} in the list"
        for key, value in recipe.items()
        if key != "epochs" and isinstance(plain(value), kinds) and key in saved and plain(saved[key]) != plain(value)
    )
