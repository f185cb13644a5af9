"""The marks as Moodle and Canvas take them in, and the feedback pages as Moodle does."""

from html import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from fercourse.files import written_aside
from fercourse.grading.sheet import GRADER_ERROR, OTHER_SHEET
from fercourse.grading.tables.marks import write_csv
from fercourse.grading.text import file_name, number

MOODLE = ("Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)", "Feedback comments")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def write_platforms(folder, rows, *, assignment):
    """Write moodle.csv where students came out of Moodle, canvas.csv where they came from elsewhere.

    assignment: the assignment's name in Canvas. Who has no grade yet is left out, see `is_final`.
    """
    in_moodle = [row for row in rows if row["moodle"]]
    others = [row for row in rows if not row["moodle"]]
    _write(folder / "moodle.csv", moodle_table(in_moodle) if in_moodle else None)
    _write(folder / "canvas.csv", canvas_table(others, assignment=assignment) if others else None)


def _write(path, table):
    if table is None:
        path.unlink(missing_ok=True)  # of an earlier run
    else:
        write_csv(path, table)


def is_final(row):
    """Whether a student's grade is known: no answer waits for a person, the sheet is this one, the grader did not fail.

    Anybody else has no row in an upload, which alone changes nothing. To Moodle an empty grade with a comment is a
    grading, with a date that later keeps the grade out, and an empty comment clears one; to Canvas an empty cell
    clears a grade.
    """
    return not row["by_hand"] and row["status"] not in (GRADER_ERROR, OTHER_SHEET)


def moodle_table(rows):
    """Rows of Moodle's offline grading worksheet. Moodle insists on the column of dates, and reads an empty one."""
    return [
        MOODLE,
        *(
            (f"Participant {row['moodle']}", row["student"], number(row["total"]), row["maximum"], "", _comment(row))
            for row in filter(is_final, rows)
        ),
    ]


def canvas_table(rows, *, assignment):
    """Rows of a Canvas gradebook. Canvas finds students by ID, else by login, else by name."""
    maximum = rows[0]["maximum"]
    return [
        (*CANVAS, assignment),
        ("    Points Possible", "", "", "", "", maximum),
        *((row["student"], row["canvas"], "", _login(row), "", number(row["total"])) for row in filter(is_final, rows)),
    ]


def _login(row):
    return "" if row["canvas"] else row["student"]


def _comment(row):
    """The marks of each exercise and the remarks, in HTML, which Moodle takes."""
    lines = [
        f"{exercise}: {number(each['points'])} / {number(each['maximum'])}"
        for exercise, each in row["exercises"].items()
    ]
    return "<br>".join(escape(line, quote=False) for line in [*lines, *row["remarks"]])


def write_feedback_zip(folder, rows):
    """Write moodle_feedback.zip: the page of each student with a grade, under a name by which Moodle knows whose it is.

    A page would make a grading record of those who have none, as a comment does.
    """
    in_moodle = [row for row in rows if row["moodle"]]
    path = folder / "moodle_feedback.zip"
    if not in_moodle:
        path.unlink(missing_ok=True)
        return
    with written_aside(path) as aside, ZipFile(aside, "w") as archive:
        for row in filter(is_final, in_moodle):
            name = file_name(row["student"]).replace("_", "-")
            member = ZipInfo(f"{name}_{row['moodle']}_assignsubmission_file_/feedback.html")  # dated 1980, as ever
            member.compress_type = ZIP_DEFLATED
            archive.writestr(member, (folder / "feedback" / f"{row['key']}.html").read_bytes())
