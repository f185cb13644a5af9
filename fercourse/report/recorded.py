"""What was measured on FER2013 and travels with the package: whole trainings, and the figures of each lesson's run."""

from functools import cache

from fercourse.errors import DataNotFound, ParameterError
from fercourse.files import PACKAGE
from fercourse.report.history import History
from fercourse.report.records import read_record
from fercourse.report.trainings import history_in, read_training
from fercourse.settings import seed_number

TRAININGS = PACKAGE / "records" / "trainings"
"""Where the records of full-scale trainings lie: one JSON file for each training and seed."""

LESSONS = PACKAGE / "records" / "lessons"
"""Where the records of lessons run on FER2013 lie: NN.json holds the figures and the verdicts of claims."""


def recorded(name: str, *, seed: int | None = None) -> History:
    """The `History` of a training on FER2013 at full scale that the course has run; needs neither data nor network.

    name: as in docs/results.md, such as "CNN, Adam 0.001". seed: of several the smallest where it is None.
    Its `source` says that it is FER2013's. Raises DataNotFound where no such training was recorded, naming those
    that were.
    """
    if not isinstance(name, str):
        raise ParameterError(f"expected a training's name as a text, found {name!r}")
    found = _trainings()
    seeds = sorted(of for named, of in found if named == name)
    wanted = (seeds or [0])[0] if seed is None else seed_number(seed)
    if wanted not in seeds:
        known = ", ".join(sorted({repr(named) for named, _ in found}))
        there = f"; it was recorded with seed {', '.join(map(str, seeds))}" if seeds else ""
        raise DataNotFound(f"no training {name!r} with seed {wanted} was recorded{there}. There are {known}.")
    record, path = found[name, wanted]
    return History(history_in(record, path), source="FER2013, recorded")


def all_recorded():
    """The record, a dict, of every training that the package carries."""
    return [record for record, _ in _trainings().values()]


@cache
def _trainings():
    """(name, seed) → (record, its path); read once, as a lesson asks for many."""
    records = [(read_training(path), path) for path in sorted(TRAININGS.glob("*.json"))]
    return {(record["name"], record["seed"]): (record, path) for record, path in records}


@cache
def of_lesson(lesson):
    """The record of a lesson's run on FER2013: {"scale", "figures": name → figure, "claims": (id, sentence) → status}.

    Empty where there is none.
    """
    path = LESSONS / f"{lesson}.json"
    if not lesson or not path.is_file():
        return {"scale": None, "figures": {}, "claims": {}}
    record = read_record(path)
    figures = {figure["name"]: figure for figure in record["figures"]}
    claims = {(claim["id"], claim["sentence"]): claim["status"] for claim in record["claims"]}
    return record | {"figures": figures, "claims": claims}
