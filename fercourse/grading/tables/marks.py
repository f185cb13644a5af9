"""The marks of a class: one row for each student, as CSV and JSON; the same bytes for the same submissions."""

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

from fercourse.files import written_aside
from fercourse.grading.sheet import GRADER_ERROR, whole_points
from fercourse.grading.text import defused, few, number, one_line
from fercourse.pages.text import clean

LONGEST_REMARK = 400

UNREADABLE = "unreadable"


def told_apart(submissions):
    """The submissions, those of students of one name with their numbers behind it."""
    names = Counter(normalize("NFC", one.student) for one in submissions)
    return [
        replace(one, student=f"{one.student} ({one.moodle or one.canvas or one.key})")
        if names[normalize("NFC", one.student)] > 1
        else one
        for one in submissions
    ]


def row_of(submission, result, sheet, *, failed="", marked=None):
    """One student's row: a dict with key, student, status, total, maximum, exercises, cells, by_hand and remarks.

    result: of `grade_submission`, or None with the reason in the submission or in `failed`, the grader's own failure.
    marked: the marks that a person gave, grade id → {"mark", "comment", "remark"}.
    """
    status, why = _status(submission, result, failed)
    found = (result or {}).get("cells", {})
    cells = {cell.id: _cell(cell, found.get(cell.id), why, (marked or {}).get(cell.id)) for cell in sheet.graded}
    exercises = {
        exercise: {
            "points": _sum(cells[cell.id]["points"] for cell in sheet.of_exercise(exercise)),
            "maximum": _sum(cell.points for cell in sheet.of_exercise(exercise)),
        }
        for exercise in sheet.exercises
    }
    told = few(_lines([*submission.remarks, *(result or {}).get("remarks", ())]))  # a student may cause any number
    told += [why] if why and not result else []
    told += [entry["remark"] for entry in (marked or {}).values() if entry.get("remark")]
    return {
        "key": submission.key,
        "student": submission.student,
        "moodle": submission.moodle,
        "canvas": submission.canvas,
        "status": status,
        "total": _sum(cell["points"] for cell in cells.values()),
        "maximum": _sum(cell.points for cell in sheet.graded),
        "exercises": exercises,
        "cells": cells,
        "by_hand": [id for id, cell in cells.items() if cell["points"] is None],
        "remarks": _lines(told),
    }


def _lines(texts):
    """Each text once, on one line."""
    return list(dict.fromkeys(one_line(text, longest=LONGEST_REMARK) for text in texts))


def _status(submission, result, failed):
    """The status and, where there is no result, the reason."""
    if failed:
        return GRADER_ERROR, failed
    if result is None:
        return UNREADABLE, submission.reason
    return result["status"], ""


def _cell(cell, found, why, entry):
    points = 0 if found is None else found["points"]
    points = points if points is None else whole_points(points)
    reason = (found or {}).get("why") or why
    if entry and entry.get("mark") is not None and points is None:
        points, reason = entry["mark"], entry["comment"] or "marked by a person"
    about = {"exercise": cell.exercise, "kind": cell.role, "points": points, "maximum": cell.points}
    return about | {"why": _plain_reason(one_line(reason, longest=600), cell.exercise)}


def _plain_reason(reason, exercise):
    """A check's line without what only helps in the notebook: which exercise it is, and where there is a hint."""
    return reason.removeprefix(f"{exercise} · ").removesuffix(f' · Stuck? fc.hint("{exercise}")')


def _sum(points):
    """The points that there are so far."""
    return whole_points(sum(each or 0 for each in points))


def write_marks(folder, rows, sheet):
    """Write marks.csv and marks.json into `folder`."""
    folder = Path(folder)
    heads = ["student", "status", "total", "maximum", *sheet.exercises, *_columns(sheet), "by hand", "remarks", "key"]
    write_csv(folder / "marks.csv", [heads, *(_csv_row(row, sheet) for row in rows)])
    content = {
        "sheet": sheet.name,
        "title": sheet.title,
        "maximum": _sum(cell.points for cell in sheet.graded),
        "students": rows,
    }
    with written_aside(folder / "marks.json") as aside:
        aside.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _columns(sheet):
    """The graded cells that are not an exercise of their own."""
    return [cell.id for cell in sheet.graded if cell.id not in sheet.exercises]


def _csv_row(row, sheet):
    return [
        row["student"],
        row["status"],
        row["total"],
        row["maximum"],
        *("" if is_open(row, exercise) else row["exercises"][exercise]["points"] for exercise in sheet.exercises),
        *(number(row["cells"][id]["points"]) for id in _columns(sheet)),
        " ".join(row["by_hand"]),
        "; ".join(row["remarks"]),
        row["key"],
    ]


def is_open(row, exercise):
    """Whether an exercise has an answer that still waits for a person."""
    return any(row["cells"][id]["exercise"] == exercise for id in row["by_hand"])


def write_csv(path, rows):
    """Write rows as UTF-8 CSV with a mark that Excel needs; no text of them is taken for a formula."""
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(
        [defused(clean(cell)) if isinstance(cell, str) else number(cell) for cell in row] for row in rows
    )
    with written_aside(path) as aside:
        aside.write_text(table.getvalue(), encoding="utf-8-sig")
