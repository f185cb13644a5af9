"""One page for each student: their answers and outputs, the marks with reasons, hints for what failed.

And one for those who mark the answers in words.
"""

import json
import re

from fercourse.errors import FercourseError
from fercourse.grading.pages.coloured import shown_cell
from fercourse.grading.sheet import as_text
from fercourse.grading.tables.marks import is_open
from fercourse.pages.page import write_page

HINTS_SHOWN = 2
MOST_OF_OWN_CELLS = 500_000  # characters of the cells that a student added, so that any page opens at once
SIGNS = re.compile(r"^[ \t]*(###|===) (BEGIN|END) .*\n?", re.MULTILINE)  # around what students do not get
KINDS = {"check": "check in the sheet", "hidden": "further test", "hand": "read by a person"}


def write_feedback(path, row, result, sheet):
    """Write the page of the student in `row`; result: of `grade_submission`, or None where there is nothing to show."""
    cells, left_out = _cells_by_exercise(result, sheet)
    exercises = [_exercise(exercise, row, cells.pop(exercise, []), sheet) for exercise in sheet.exercises]
    others = [_shown(cell) for group in cells.values() for cell in group]
    values = {"sheet": sheet, "row": row, "exercises": exercises, "others": others, "left_out": left_out}
    write_page(path, "feedback.html", values | {"kinds": KINDS})


def write_rubric(path, sheet):
    """Write what each answer that a person marks is marked by: the sheet's solution, for instructors only."""
    answers = [
        {
            "id": cell.id,
            "title": sheet.titled(cell.exercise),
            "maximum": cell.points,
            "cell": shown_cell(cell.kind, SIGNS.sub("", cell.source)),
        }
        for cell in sheet.graded
        if cell.role == "hand"
    ]
    write_page(path, "rubric.html", {"sheet": sheet, "answers": answers})


def _exercise(exercise, row, cells, sheet):
    """A section: the marks of one exercise, hints where something failed, the student's cells."""
    graded = [cell for cell in row["cells"].values() if cell["exercise"] == exercise]
    reached = row["exercises"][exercise]
    return {
        "title": sheet.titled(exercise),
        "points": None if is_open(row, exercise) else reached["points"],
        "maximum": reached["maximum"],
        "graded": graded,
        "hints": _hints(exercise, graded),
        "cells": [_shown(cell) for cell in cells],
    }


def _hints(exercise, graded):
    """The first hints where a test failed, in pieces: text, code, text, ….

    The last rung of the ladder is the solution, and never shown.
    """
    failed = [cell for cell in graded if cell["kind"] != "hand" and cell["points"] < cell["maximum"]]
    hints = _ladder(exercise)[:-1][:HINTS_SHOWN] if failed else []
    return [re.split(r"`([^`]+)`", hint) for hint in hints]


def _ladder(exercise):
    from fercourse.classroom.hints import ladder

    try:
        return ladder(exercise)
    except FercourseError:  # an instructor's own exercise has none
        return []


def _cells_by_exercise(result, sheet):
    """The student's cells in their order, exercise → cells, and how many of their own are left out of the page.

    Those before the first answer are under "". All answers are kept, and as many other cells as there is room for.
    """
    groups, current, room, left_out = {}, "", MOST_OF_OWN_CELLS, 0
    for cell in ((result or {}).get("notebook") or {}).get("cells", []):
        grade_id = _grade_id(cell)
        current = sheet.homes.get(grade_id, current)
        is_answer = grade_id in sheet.answers
        if not is_answer and (grade_id in sheet.homes or cell.get("cell_type") != "code"):
            continue  # the instructor's
        room -= 0 if is_answer else len(json.dumps([cell.get("source"), cell.get("outputs")]))
        if is_answer or room >= 0:
            groups.setdefault(current, []).append(cell)
        else:
            left_out += 1
    return groups, left_out


def _grade_id(cell):
    metadata = cell.get("metadata") or {}
    return (metadata.get("nbgrader") or {}).get("grade_id") or cell.get("id", "")


def _shown(cell):
    return shown_cell(cell.get("cell_type"), as_text(cell.get("source", "")), cell.get("outputs"))
