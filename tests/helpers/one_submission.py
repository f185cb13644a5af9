"""One submission: what it may use, a sheet of one exercise, and what came out of grading it."""

from toy_sheet import cell, notebook

from fercourse.grading.marking import Limits

LIMITS = Limits(cell_seconds=2, total_seconds=30, memory_mb=600, disk_mb=40)


def points(result):
    return {id: found["points"] for id, found in result["cells"].items()}


def why(result, id):
    return result["cells"][id]["why"]


def graded_by(test, *, answer, setup="import numpy as np", hidden=False):
    """A solved sheet of one exercise with this test."""
    test = f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS" if hidden else test
    return notebook(
        [
            cell("code", "00-setup", setup, locked=True),
            cell("code", "00-1-answer", answer, solution=True),
            cell("code", "00-1-check", test, grade=True, locked=True, points=1),
        ]
    )
