"""The exercises of lesson 12: who computes what, uneven shares, a sampler that pads, and a ring that does not close."""

import numpy as np

from fercourse.classroom.checks.shared.compare import as_whole, expect, expect_secret, plain, same, short
from fercourse.errors import CheckFailed

LETTERS, EQUAL = "ABCDEF", "AD"
MESSAGES, MEGABYTES = 6, 36
ABOUT = {
    "A": "it is what the lesson did",
    "B": "does a face of rank 0 count as much as one of rank 1?",
    "C": "by which faces does each process standardise?",
    "D": "what does DistributedDataParallel do before the first step?",
    "E": "both take equal steps, but from where?",
    "F": "is each face in exactly one of the two halves?",
}
FEWEST_FACES, MOST_PROCESSES, POINTS = 100, 64, 0.15


def the_training_of_one(equal, messages, megabytes):
    """12.1: which trainings in two processes are that of one, and what a ring sends."""
    letters = _letters(equal)
    wrong = [letter for letter in LETTERS if (letter in letters) != (letter in EQUAL)]
    if wrong:
        right = len(LETTERS) - len(wrong)
        raise CheckFailed(
            f"equal: {right} of {len(LETTERS)} are judged rightly. Think again about {wrong[0]}: {ABOUT[wrong[0]]}"
        )
    slips = {3: "the sums have to go round as well", 8: "after the last round nobody has to send on"}
    if what := slips.get(as_whole(plain(messages))):
        raise CheckFailed(f"equal is right. messages: came {short(plain(messages))}: {what}")
    expect_secret(messages, MESSAGES, "equal is right. messages")
    slips = {144: "each message is only a piece", 18: "both ways round are counted", 24: "a ring sends more than once"}
    for slip, what in slips.items():
        if same(megabytes, slip, atol=0.01):
            raise CheckFailed(f"equal and messages are right. megabytes: came {short(plain(megabytes))}: {what}")
    expect_secret(megabytes, MEGABYTES, "equal and messages are right. megabytes", atol=0.01)


def _letters(equal):
    """The letters of an answer, as a set."""
    came = plain(equal)
    came = came.tolist() if isinstance(came, np.ndarray) else came
    if came is None or came == "":
        raise CheckFailed('equal: expected a text such as "BC": nothing is written yet')
    if isinstance(came, (list, tuple, set)) and all(isinstance(each, str) for each in came):
        came = "".join(came)
    if not isinstance(came, str):
        raise CheckFailed(f'equal: expected a text such as "BC", came {short(came)}')
    letters = set(came.upper()) - set(" ,;+&\n")
    if strange := letters - set(LETTERS):
        raise CheckFailed(f"equal: expected letters from A to F, came {min(strange)!r}")
    return letters


def whole_gradient(answer):
    """12.2: the gradient of a batch from the means of shares that are not equally large."""
    expect_whole(answer, [4, 3], 5, "whole_gradient, shares of 4 and 3 faces", seed=12)
    expect_whole(answer, [32, 32, 32], 4, "whole_gradient, three equal shares", seed=13)
    expect_whole(answer, [2, 0, 1], 3, "whole_gradient, a process without a face", seed=14)
    expect_whole(answer, [7], 3, "whole_gradient, one process", seed=15)


def expect_whole(answer, counts, numbers, where, *, seed):
    """Raise CheckFailed where `answer` is not the mean over all faces of processes that had so many."""
    faces = [np.random.default_rng([seed, rank]).normal(size=(count, numbers)) for rank, count in enumerate(counts)]
    gradients = np.array([part.mean(0) if len(part) else np.full(numbers, np.nan) for part in faces])
    expected, given = np.concatenate(faces).mean(0), (gradients.copy(), np.array(counts))
    came = answer(*given)
    if plain(came) is None:
        raise CheckFailed(f"{where}: expected an array, came None: nothing is written, or nothing returned")
    came = _numbers(came, where)
    if np.isnan(came).any():
        raise CheckFailed(f"{where}: came nan. A process without a face counts for nothing, and 0 times nan is nan")
    if same(came, np.nanmean(gradients, 0), atol=1e-9) and not same(expected, np.nanmean(gradients, 0), atol=1e-9):
        raise CheckFailed(f"{where}: that is the mean of the means; a face of a small share counts for more in it")
    if not (np.array_equal(given[0], gradients, equal_nan=True) and given[1].tolist() == counts):
        raise CheckFailed(f"{where}: the arrays that came in have changed; they should stay as they are")
    expect(came, expected, where, atol=1e-9)


def fifteen_points(right, world):
    """12.3: faces and a number of processes for which a sampler that pads is far off."""
    if plain(right) is None or plain(world) is None:
        raise CheckFailed("right, world: expected a list of True and False, and a whole number: nothing is written yet")
    answers, processes = _numbers(right, "right"), as_whole(plain(world))
    if answers.ndim != 1 or not np.isin(answers, (0, 1)).all():
        raise CheckFailed(f"right: expected a list of True and False, came {short(plain(right))}")
    if len(answers) < FEWEST_FACES:
        raise CheckFailed(f"right: expected at least {FEWEST_FACES} faces, came {len(answers)}")
    if processes is None or not 1 <= processes <= MOST_PROCESSES:
        raise CheckFailed(f"world: expected a whole number from 1 to {MOST_PROCESSES}, came {short(plain(world))}")
    each = -(-len(answers) // processes)
    true, padded = answers.mean(), np.resize(answers, each * processes).mean()
    if abs(padded - true) < POINTS - 1e-9:
        raise CheckFailed(
            f"right and world: {100 * true:.1f} % are right, and {100 * padded:.1f} % of {each * processes} answers: "
            f"{100 * abs(padded - true):.1f} points apart, expected {100 * POINTS:.0f} or more"
        )


def closed_ring(answer):
    """12.4: an all-reduce by a ring, for any number of processes and of numbers."""
    for world, numbers in ((2, 4), (3, 6), (4, 10), (5, 3), (1, 4)):
        rows = np.random.default_rng([12, world]).integers(-9, 9, (world, numbers)).astype(float)
        where, given = f"ring, {world} processes and {numbers} numbers", [row.copy() for row in rows]
        came = answer(given)
        if plain(came) is None:
            raise CheckFailed(f"{where}: expected a list of arrays, came None: nothing is written, or nothing returned")
        found = _numbers(came, where)
        if found.shape != rows.shape:
            raise CheckFailed(f"{where}: expected {world} arrays of {numbers} numbers, came {short(plain(came))}")
        if not all(np.array_equal(one, row) for one, row in zip(given, rows, strict=True)):
            raise CheckFailed(f"{where}: the arrays that came in have changed; they should stay as they are")
        for rank, row in enumerate(found):
            expect(row, rows.sum(0), f"{where}, what rank {rank} has", atol=1e-9)


def _numbers(value, where):
    """An array, a list of numbers or a list of arrays, as one array of floats."""
    came = plain(value)
    try:
        return np.array([plain(each) for each in came] if isinstance(came, (list, tuple)) else came, float)
    except (ValueError, TypeError):
        raise CheckFailed(f"{where}: expected numbers, came {short(came)}") from None


CHECKS = {"12.1": the_training_of_one, "12.2": whole_gradient, "12.3": fifteen_points, "12.4": closed_ring}
