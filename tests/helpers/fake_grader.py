"""A grader for the tests of what stands around it: reads a toy submission, gives points, and can be told to misbehave.

The students' code does not run: an answer is right where it is the right one, letter by letter.
"""

import json
import os
import signal
import time
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

from toy_sheet import BY_HAND, NAMES, POINTS, RIGHT


@dataclass(frozen=True)
class Limits:
    """The limits that the digest of a result depends on.

    trace: a file where each grading leaves a line. go: a file at whose appearance a grading that hangs ends.
    """

    cell_seconds: float = 1
    total_seconds: float = 1
    trace: str = ""
    go: str = ""


def grade(path, sheet, limits):
    """A result as `grade_submission` gives it; `sheet` is not used."""
    if limits.trace:
        with open(limits.trace, "a") as file:
            file.write(f"{Path(path).read_bytes()[-40:]!r}\n")
    notebook = json.loads(Path(path).read_bytes())
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    answers = {id: cells[id]["source"] for id in NAMES if id in cells}
    _misbehave("\n".join(answers.values()), may_end=limits.go)
    right = {id: answers.get(id, "").strip() == RIGHT[name].strip() for id, name in NAMES.items()}
    marks = {id: _marked(id, points, right) for id, points in POINTS.items()}
    for id, points in BY_HAND.items():
        unanswered = not answers.get(id, "").strip()
        marks[id] = {
            "exercise": "00.5",
            "points": 0 if unanswered else None,
            "max": points,
            "why": "unanswered" if unanswered else "",
            "kind": "hand",
        }
    return {
        "status": "graded",
        "remarks": [],
        "cells": marks,
        "answers": answers,
        "guesses": [output["metadata"]["fercourse"] for cell in cells.values() for output in cell.get("guesses", [])],
        "notebook": notebook,
        "sandbox": "none",
        "timed_out": "time.sleep" in "".join(answers.values()),
    }


def _marked(id, points, right):
    answer = f"{id.rpartition('-')[0]}-answer"
    kind = id.rpartition("-")[2]
    reached, why = (points, "passed") if right[answer] else (0, f"{NAMES[answer]} is wrong <b>here</b>")
    return {"exercise": id[:4].replace("-", "."), "points": reached, "max": points, "why": why, "kind": kind}


def _misbehave(source, *, may_end):
    """Do what a comment in the source says; one that hangs ends four minutes later, or when there is a file `may_end`.

    What "# kill its worker" kills is the process that this one works for, with "once" the first time only.
    """
    if "# crash" in source:
        raise ValueError("the grader has a bug")
    if "# die" in source:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "# kill its worker" in source and ("once" not in source or _is_first(Path(may_end).with_name("killed"))):
        os.kill(parent_process().pid, signal.SIGKILL)
        time.sleep(60)  # it is killed as well
    end = time.monotonic() + 240
    while "# hang" in source and time.monotonic() < end and not (may_end and Path(may_end).exists()):
        time.sleep(0.05)
    if "# slow" in source:
        time.sleep(0.4)


def _is_first(path):
    """Whether there was no such file; there is one now."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
