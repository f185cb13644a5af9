"""What was measured on FER2013 and travels with the package: whole trainings, and the figures of each lesson's run."""

from functools import cache

import numpy as np

from fercourse.errors import DataNotFound, ParameterError
from fercourse.files import PACKAGE
from fercourse.report.history import History
from fercourse.report.records import read_record
from fercourse.report.trainings import history_in, read_training, rights_in
from fercourse.settings import choice, seed_number

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
    record, path = _found(name, seed)
    return History(history_in(record, path), source="FER2013, recorded")


def recorded_rights(name: str, *, split: str = "valid", seed: int | None = None) -> np.ndarray:
    """Which faces of FER2013 a recorded training answered rightly: (3589,) bool, in the order of the file.

    split: "valid", PublicTest, or "test", PrivateTest. name, seed: as in `recorded`
    Two of them make a paired test of two trainings that somebody else ran, without the faces. Raises DataNotFound
    where there is no such training, where it did not read the split, and for records of before this was kept.
    """
    split = choice("split", split, ("valid", "test"))
    record, path = _found(name, seed)
    rights = record[split] and rights_in(record[split])
    if rights is None:
        why = "did not read these faces" if record[split] is None else "is older than such lists"
        raise DataNotFound(
            f"{path.name}: which faces of the {split} split {name!r} answered rightly is not known: it {why}"
        )
    return rights


def _found(name, seed):
    """(the record, its path) of a training with a seed, the smallest where it is None."""
    if not isinstance(name, str):
        raise ParameterError(f"expected a training's name as a text, found {name!r}")
    found = _trainings()
    seeds = sorted(of for named, of in found if named == name)
    wanted = (seeds or [0])[0] if seed is None else seed_number(seed)
    if wanted not in seeds:
        known = ", ".join(sorted({repr(named) for named, _ in found}))
        there = f"; it was recorded with seed {', '.join(map(str, seeds))}" if seeds else ""
        raise DataNotFound(f"no training {name!r} with seed {wanted} was recorded{there}. There are {known}.")
    return found[name, wanted]


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
