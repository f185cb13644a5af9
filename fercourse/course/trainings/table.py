"""The list of trainings for a terminal: what each is, how long it takes, which seeds are recorded."""

from collections.abc import Iterable

from fercourse.course.trainings.hours import estimate
from fercourse.course.trainings.listed import NOT_SHOWN, TRAININGS, Listed
from fercourse.report.trainings import plain_recipe

HEADS = ("lesson", "name", "held against", "test", "epochs", "hours", "seeds")


def table(records: Iterable[dict]) -> str:
    """The list as lines of text; `records` are the training records that the course keeps."""
    records = list(records)
    rows = [HEADS, *(_row(training, records) for training in TRAININGS)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"{training.name}: {training.note}" for training in TRAININGS if training.note]
    missing = [f"{figure}: is not in the list, as {why}" for figure, why in NOT_SHOWN.items()]
    return "\n".join([*lines, "", *notes, *missing, "", *LEGEND])


LEGEND = (
    "test: whether PrivateTest is read, once, when the training is over. seeds: those with a record.",
    "hours: of one seed, at the speed of a recorded training of the same network, else at the median speed of all.",
    'To train: python -m fercourse train "CNN, Adam 0.001" --data data/fer2013.csv --seed 1 --out runs/full',
)


def seeds_of(training: Listed, records: Iterable[dict]) -> list[int]:
    """The seeds of the records that have this training's name and recipe."""
    return sorted(record["seed"] for record in records if recorded_by(training, record))


def recorded_by(training: Listed, record: dict) -> bool:
    """Whether a record is one of this training: of its name, and of its recipe, whichever the seed."""
    return record["name"] == training.name and record["recipe"] == plain_recipe(training.recorded(record["seed"]))


def _row(training, records):
    expected = estimate(training, training.recipe["epochs"], records)
    return (
        training.lesson,
        training.name,
        training.reproduces or "–",
        "read" if training.test else "–",
        str(training.recipe["epochs"]),
        "?" if expected is None else f"{expected.hours:.1f}",
        ", ".join(map(str, seeds_of(training, records))) or "–",
    )
