"""What a training of the list would take: from its arithmetic, and the speed that recorded ones had."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from statistics import mean, median

from fercourse.course.trainings.listed import NOT_SHOWN, TRAININGS, Listed
from fercourse.data.faces import OFFICIAL_COUNTS, SIDE
from fercourse.learn.costs import PASSES, cost


@dataclass(frozen=True)
class Estimate:
    """hours, and in words by which recorded trainings they are computed."""

    hours: float
    like: str


def estimate(training: Listed, epochs: int, records: Iterable[dict]) -> Estimate | None:
    """The time of `epochs` epochs of a training on FER2013; None where no record can say, or its
    network is not installed.

    At the speed, in operations a second, of the recorded training of the same network, the one of the same name before
    others, the longest of these; where there is none, at the median speed of all. Other networks, and machines that
    do other things besides, may be some times as fast or as slow.
    """
    known = {each.name: each for each in TRAININGS if each.installed}
    timed = [(known[record["name"]], record) for record in records if record["name"] in known]
    timed = [pair for pair in timed if pair[0].framework == training.framework and pair[1]["seconds"] > 0]
    if not timed or not training.installed:
        return None
    same = [pair for pair in timed if _flops(pair[0]) == _flops(training)]
    if same:
        like = max(same, key=lambda pair: (pair[0].name == training.name, pair[1]["seconds"]))
        speed, words = _speed(*like), f"as {like[0].name!r} on {like[1]['device']}"
    else:
        speed, words = median(_speed(*pair) for pair in timed), f"at the median speed of {len(timed)} trainings"
    return Estimate(_work(training) * epochs / speed / 3600, words)


def operations(training: Listed, record: dict) -> list[int] | None:
    """Floating-point operations spent on FER2013 after each epoch of a recorded training; None where they are unknown.

    Forward three times, each epoch at the side that its row has. Those of other frameworks are not counted, nor those
    of a network that is not installed, nor those of several networks: their accuracies are of each, not of their mean.
    """
    if training.framework != "torch" or not training.installed or training.networks > 1:
        return None
    faces = sum(OFFICIAL_COUNTS["Training"]) * training.copies
    sides = [int(row.get("side", SIDE)) for row in record["history"]]
    return list(accumulate(PASSES * _counted(training.network, side) * faces for side in sides))


def to_repeat(figure: str, records: Iterable[dict]) -> str:
    """In words, what it would take to train as long as a published figure was; `figure` is a key of PUBLISHED."""
    if figure in NOT_SHOWN:
        return f"cannot be repeated, as {NOT_SHOWN[figure]}"
    training = next((each for each in TRAININGS if each.reproduces == figure), None)
    expected = training and estimate(training, training.epochs_to_repeat, records)
    if expected is None:
        return "hours not known, as nothing like it was recorded"
    hours = f"{expected.hours:,.1f}" if expected.hours < 10 else f"{expected.hours:,.0f}"
    return f"{hours} hours for {training.epochs_to_repeat} epochs, {expected.like}"


def _speed(training, record):
    """Operations a second of a recorded training."""
    return _work(training) * len(record["history"]) / record["seconds"]


def _work(training):
    """Operations of one epoch on FER2013, forward and backward."""
    return PASSES * _flops(training) * sum(OFFICIAL_COUNTS["Training"]) * training.copies * training.networks


def _flops(training):
    """Operations of one face, forward; a mean where the side changes. Keras' networks are not counted: each is one."""
    if training.framework != "torch":
        return 1
    return mean(_counted(training.network, side) for side in training.recipe.get("sides", [SIDE]))


@cache
def _counted(network, side):
    return cost(network(0.5, 0.25), side=side).flops
