"""The exercises of lesson 12: who computes what, uneven shares, a sampler that pads, a ring, and a sweep."""

from itertools import product

import numpy as np

from fercourse.classroom.checks.shared.compare import as_list, as_whole, ask, expect, expect_secret, plain, same, short
from fercourse.classroom.later_probes import resumed_sweeps, sweeps_after_kills
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


TOO_LARGE = "the loss is too large"
"""What a run that fails says."""
_HALF = "Is a file taken for a record that is not written to its end?"


def resumed_sweep(answer):
    """12.5: a sweep that repeats nothing, whenever it is killed, and keeps what failed."""
    axes = {"rate": [0.1, 0.01, 0.012], "seed": [0, 1]}
    more = {"rate": [0.3, 0.1, 0.01, 0.012], "seed": [0, 1, 2]}
    expect_sweep(answer, axes, more, "sweep", failing=(1, 5), killed=4)
    axes = {"width": [1, 11], "depth": [11, 1], "optimiser": ["sgd", "adam"]}
    expect_sweep(answer, axes, axes | {"depth": [111, 11, 1]}, "sweep, three lists", failing=(), killed=2)
    expect_kills_survived(answer, {"rate": [0.1, 0.01], "seed": [0]}, "sweep")


def expect_sweep(answer, axes, more, where, *, failing, killed):
    """Raise CheckFailed where a sweep of `axes`, killed in that run and called again, is not right.

    more: the axes of the last call, with values beside those of `axes`; failing: the places of runs that raise
    """
    every = {name: [*axes[name], *(value for value in more[name] if value not in axes[name])] for name in axes}
    failed = [settings for place, settings in enumerate(_combinations(axes)) if place in failing]
    outcomes = [
        (settings, TOO_LARGE if settings in failed else 0.5 + place / 64)
        for place, settings in enumerate(_combinations(every))
    ]
    first, second, third, fourth = plain(ask(resumed_sweeps, answer, [axes, axes, axes, more], outcomes, killed))
    _expect_begun(first, outcomes, where)
    _expect_no_error(first, where)
    if len(first["begun"]) < killed:
        raise CheckFailed(
            f"{where}: {len(_combinations(axes))} combinations, and calls of run: {len(first['begun'])}. Do two "
            "combinations share a file, or does the loop end too early?"
        )
    if not first["killed"]:
        raise CheckFailed(
            f"{where}: the kill in run {killed} did not come out of it. A bare except and one of BaseException catch "
            "a KeyboardInterrupt; except Exception does not"
        )
    finished = first["begun"][:-1]
    missing = [settings for settings in _combinations(axes) if settings not in finished]
    _expect_resumed(second, missing, finished, failed, f"{where}, called again after a kill in run {killed}")
    _expect_records(second, _combinations(axes), outcomes, f"{where}, called again after a kill")
    if second["files"] < len(_combinations(axes)):
        raise CheckFailed(
            f"{where}: {len(_combinations(axes))} combinations have left {second['files']} files in root; each record "
            "has to be kept in a file of its own"
        )
    _expect_resumed(third, [], _combinations(axes), failed, f"{where}, called when nothing is missing")
    _expect_records(third, _combinations(axes), outcomes, f"{where}, called when nothing is missing")
    new = [settings for settings in _combinations(more) if settings not in _combinations(axes)]
    _expect_resumed(fourth, new, _combinations(axes), failed, f"{where}, called with more values")
    _expect_records(fourth, _combinations(more), outcomes, f"{where}, called with more values")


def _combinations(axes):
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def _expect_begun(first, outcomes, where):
    """The first call begins runs, by the names of their settings."""
    if not first["begun"]:
        if first["error"]:
            raise CheckFailed(f"{where}: it ended with {first['error']} before the first run")
        if first["came"] is None:
            raise CheckFailed(
                f"{where}: expected a list of records, came None: nothing is written, or nothing returned"
            )
        raise CheckFailed(f"{where}: expected a list of records, came {short(first['came'])} without a single run")
    for settings in first["begun"]:
        if not isinstance(settings, dict):
            raise CheckFailed(f"{where}: run was given {short(settings)} without names; expected run(**settings)")
        if not any(settings == known for known, _ in outcomes):
            raise CheckFailed(f"{where}: run was given {short(settings)}, which is none of the combinations")


def _expect_no_error(said, where, why=""):
    if said["error"] and TOO_LARGE in said["error"]:
        raise CheckFailed(f"{where}: a run that raises has ended the whole sweep; expected its error as its record")
    if said["error"]:
        raise CheckFailed(f"{where}: it ended with {said['error'][:100]}{why}")


def _expect_resumed(said, missing, finished, failed, where):
    """A later call begins what is missing, once, and nothing else."""
    _expect_no_error(said, where, f". {_HALF}")
    again = [settings for settings in said["begun"] if settings in finished]
    if again and all(settings in failed for settings in again):
        raise CheckFailed(f"{where}: {short(again[0])} has failed before and is begun again; its error is its record")
    if again and len(again) == len(finished):
        raise CheckFailed(f"{where}: all is begun again; keep each record in root as soon as its run is over")
    if again:
        raise CheckFailed(
            f"{where}: {short(again[0])} was finished and is begun again: its file was not found by its settings"
        )
    for settings in missing:
        if (times := said["begun"].count(settings)) > 1:
            raise CheckFailed(f"{where}: {short(settings)} is begun {times} times")
        if not times:
            raise CheckFailed(
                f"{where}: {short(settings)} is not begun, and never came to its end. Which file is taken for its "
                "record: one that was there before the run was over, or that of another combination?"
            )


def _expect_records(said, combinations, outcomes, where):
    """A call returns one record for each combination, in order: the settings, and "result" or "error"."""
    records = as_list(said["came"])
    if records is None or not all(isinstance(record, dict) for record in records):
        none = ": nothing is returned" if said["came"] is None else ""
        raise CheckFailed(f"{where}: expected a list of dicts, came {short(said['came'])}{none}")
    if len(records) != len(combinations):
        raise CheckFailed(
            f"{where}: expected {len(combinations)} records, one for each combination of this call, came {len(records)}"
        )
    for settings, record in zip(combinations, records, strict=True):
        outcome = next(outcome for known, outcome in outcomes if known == settings)
        _expect_record(record, settings, outcome, f"{where}, the record of {short(settings)}")


def _expect_record(record, settings, outcome, where):
    kind = "error" if isinstance(outcome, str) else "result"
    if set(record) != {*settings, kind}:
        raise CheckFailed(f"{where}: expected {short([*settings, kind])}, came {short(list(record))}")
    if other := [name for name, value in settings.items() if not same(record[name], value, atol=1e-9)]:
        raise CheckFailed(
            f"{where}: {other[0]} is {short(record[other[0]])} in it. Is it that of another combination, in the order "
            "of the files or because two share one file?"
        )
    if kind == "result":
        expect(record[kind], outcome, f"{where}, result", atol=1e-9)
    elif not (isinstance(record[kind], str) and "ValueError" in record[kind] and outcome in record[kind]):
        raise CheckFailed(f"{where}, error: expected 'ValueError: {outcome}', came {short(record[kind])}")


def expect_kills_survived(answer, axes, where):
    """Raise CheckFailed where a sweep does not go on rightly after a kill at whatever moment."""
    outcomes = [(settings, 0.25 + place / 64) for place, settings in enumerate(_combinations(axes))]
    after = plain(ask(sweeps_after_kills, answer, axes, outcomes))
    whole = after[-1]["held"]
    for said in after:
        half = [name for name, size in said["held"].items() if size < whole.get(name, 0)]
        when = f"with {len(said['held'])} files in root"
        if half:
            when = f"with {said['held'][half[0]]} of {whole[half[0]]} bytes in {short(half[0])}"
        if said["error"]:
            raise CheckFailed(f"{where}, killed {when}: the next call ended with {said['error'][:100]}. {_HALF}")
        try:
            _expect_records(said, _combinations(axes), outcomes, f"{where}, called again after a kill {when}")
        except CheckFailed as failed:
            raise CheckFailed(f"{failed}. {_HALF}") from None


CHECKS = {
    "12.1": the_training_of_one,
    "12.2": whole_gradient,
    "12.3": fifteen_points,
    "12.4": closed_ring,
    "12.5": resumed_sweep,
}
