"""Is a student's network better than the baseline? Both answer the same drawn faces; the paired test decides.

Only images go to where the student's code runs. Labels, and the baseline's answers, stay on this side.
"""

import time
from dataclasses import dataclass

import numpy as np

from fercourse.classroom.improve.alone import expect_alone
from fercourse.classroom.improve.baselines import baseline_of
from fercourse.classroom.improve.exam import SILENT, answers_of, exam_of
from fercourse.classroom.improve.hand_in import handed_in_arrays
from fercourse.data.faces import EMOTIONS
from fercourse.errors import CheckFailed, DataMismatch, ParameterError
from fercourse.report.intervals import paired

PRACTICE_FACES = 1_000
HIDDEN_FACES = 2_000
LEAST_SEED = 10**12
"""Of hidden faces: the faces of small seeds could all be drawn beforehand, and looked up."""

LEVEL = 0.05
SLOW = 5  # seconds for the practice faces


@dataclass(frozen=True)
class Verdict:
    """Whether a network is better than the baseline, and why, in a sentence or two. Unpacks into both."""

    better: bool
    why: str

    def __iter__(self):
        return iter((self.better, self.why))


def practice_seed(id: str) -> int:
    """The seed of an exercise's practice faces, such as 306 for "03.6"."""
    sheet, _, number = id.partition(".")
    return 100 * int(sheet) + int(number)


def expect_better(id: str, network: object) -> None:
    """Raise CheckFailed where what was handed in for `id` is not better than the baseline on the practice faces.

    Also where the function uses what only the training made.
    network: the function of the student's that it belongs to
    """
    expect_alone(network)
    exam_of(id, seed=practice_seed(id), faces=PRACTICE_FACES)  # drawn beforehand, so that only answers take time
    started = time.perf_counter()
    verdict = _verdict(id, network, PRACTICE_FACES, practice_seed(id), "practice faces")
    seconds = time.perf_counter() - started
    if not verdict.better:
        raise CheckFailed(verdict.why)
    print("\n".join(verdict.why.split("; ")))
    if seconds > SLOW:
        print(f"It took {seconds:.0f} s, and a grader waits 30 s for twice as many faces: make it quicker")


def judge(id: str, network: object, *, seed: int, faces: int = HIDDEN_FACES) -> Verdict:
    """The verdict on what was handed in for `id`, on faces that are drawn from a seed which no student knows.

    Raises ParameterError for a seed under 10**12, whatever the student's own code raises, and CheckFailed where what
    it answers is no list of emotions.
    """
    if seed < LEAST_SEED:
        raise ParameterError(f"expected the seed of hidden faces, a number from {LEAST_SEED:,} on; found {seed:,}")
    return _verdict(id, network, faces, seed, "faces that it has not seen")


def _verdict(id, network, faces, seed, called):
    baseline = baseline_of(id)
    try:
        arrays = handed_in_arrays(id)
    except DataMismatch as error:
        return Verdict(False, str(error))
    exam = exam_of(id, seed=seed, faces=faces)
    came = answers_of(id, network, arrays, exam.images)
    answered = int((exam.theirs != SILENT).sum())
    if came is None:
        shape = f"({faces}, {len(EMOTIONS)})"
        codes = f"{faces} codes from 0 to 6, or " if answered == faces else ""
        neither = "neither" if codes else "something else"
        return Verdict(False, f"expected {codes}finite scores of shape {shape}; came {neither}")
    part = "" if answered == faces else f", of which each answers the {answered:,} surest"
    return _compared(came, exam.theirs, exam.labels, f"{faces:,} {called}{part}", baseline.called)


def _compared(came, theirs, labels, called, name):
    right, theirs_right, answered = came == labels, theirs == labels, theirs != SILENT
    score, their_score = right.sum() / answered.sum(), theirs_right.sum() / answered.sum()
    wins, losses = int((right & ~theirs_right).sum()), int((theirs_right & ~right).sum())
    p_value = paired(wins, losses).p_value
    shares = f"On {called}: yours {100 * score:.1f} %, {name} {100 * their_score:.1f} %"
    commonest = np.bincount(labels).argmax()
    floor = (labels == commonest).mean()
    if score <= floor:
        lazy = f"who answers {EMOTIONS[commonest]} to every face reaches {100 * floor:.1f} %"
        return Verdict(False, f"{shares}; {lazy}: was the network trained when it was handed in?")
    if (came == theirs).all():
        return Verdict(False, f"{shares}; it answers every face as {name} does, so that it is the baseline itself")
    counts = f"{wins} faces only yours got right, {losses} only {name}, p {_in_words(p_value)}"
    if wins > losses and p_value < LEVEL:
        return Verdict(True, f"{shares}; {counts}: yours is better")
    if wins <= losses:
        return Verdict(False, f"{shares}; {counts}: yours is not ahead")
    missing = next(more for more in range(len(labels)) if paired(wins + more, losses).p_value < LEVEL)
    why = f"such a lead is often chance, p must be under {LEVEL}; {missing} more faces right would be enough"
    return Verdict(False, f"{shares}; {counts}: {why}")


def _in_words(p_value):
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"
