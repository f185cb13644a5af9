"""A class of toy sheets: handed in, graded by the fake grader, its tables read and filled in as people do."""

import csv
from pathlib import Path

import fake_grader
from toy_sheet import handed_in, solution, write

from fercourse.grading import grade_class
from fercourse.grading.sheet import read_sheet

ABOUT = {"Sandbox": "none"}


def hand_in(root, student, **answers):
    """Write the toy sheet with the right answers, or these, as one student's submission."""
    write(Path(root) / "in" / f"{student}.ipynb", handed_in(**answers))


def graded(root, *, jobs=2, seconds=30, place="in", out="marks", limits=None, progress=False, on="processes"):
    """Grade root/in into root/marks with the fake grader; return key → row."""
    root = Path(root)
    path = root / "00_toy.ipynb"
    if not path.exists():
        write(path, solution())
    sheet = read_sheet(path)
    rows = grade_class.grade_class(
        root / place,
        grader=fake_grader.grade,
        sheet=sheet,
        limits=limits or fake_grader.Limits(go=str(root / "go")),
        out=root / out,
        jobs=jobs,
        seconds=seconds,
        about=ABOUT,
        assignment="A toy (4711)",
        progress=progress,
        on=on,
    )
    return {row["key"]: row for row in rows}


def table(path, **options):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, **options))


def enter(root, **marks):
    """Enter marks as a person does: key → mark, comment."""
    path = root / "marks" / "by_hand.csv"
    rows = table(path)
    for row in rows:
        row["mark"], row["comment"] = marks.get(row["key"].replace("-", "_"), (row["mark"], row["comment"]))
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
