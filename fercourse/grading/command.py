"""The command `grade`: its signature and docstring are the command line and its help."""

import sys
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from fercourse.errors import GradingError, ParameterError
from fercourse.executors import HERE
from fercourse.shortage import say_shortages

TOLD = ("fercourse", "Python", "numpy", "pandas", "scikit-learn", "torch", "tensorflow", "tensorflow_cpu", "keras")


def grade(
    submissions: Positional[Path],
    *,
    solution: Path,
    out: Path,
    jobs: int = 2,
    cell_seconds: float = 10,
    total_seconds: float = 90,
    memory_mb: int = 3000,
    disk_mb: int = 256,
    sandbox: Literal["auto", "bwrap", "none"] = "auto",
    assignment: str | None = None,
    on: str = "processes",
):
    """Grade the notebooks of a class: marks, a feedback page for each student, a class report.

    Args:
        submissions: a folder or a zip of notebooks, one a student, also as Moodle, Canvas and nbgrader export them
        solution: the solved notebook, such as solutions/03_cnns_adam_sgd.ipynb
        out: the folder of marks, feedback/ and report.html; a second run regrades only what has changed
        jobs: submissions graded at once
        cell_seconds: the longest that one cell may run
        total_seconds: the longest that one submission may run
        memory_mb: memory of a submission's kernel
        disk_mb: what a submission may write
        sandbox: bwrap isolates the students' code; none runs it unprotected, and is never chosen by auto
        assignment: the assignment's name in Canvas, such as "CNNs (4711)"; by default the sheet's title
        on: processes of this machine, or dask=ADDRESS: the workers of that scheduler
    """
    if sys.platform == "win32":
        raise GradingError("grading needs Linux or macOS; on Windows, run it in WSL")
    from fercourse.grading.grade_class import grade_class
    from fercourse.grading.marking import grade_submission
    from fercourse.grading.sandbox.bubblewrap import Limits, choose_sandbox
    from fercourse.grading.sheet import read_sheet

    _check(jobs=jobs, cell_seconds=cell_seconds, total_seconds=total_seconds, memory_mb=memory_mb, disk_mb=disk_mb)
    sheet = read_sheet(solution)
    if on == HERE:
        say_shortages(out, notebooks=jobs)
    limits = Limits(
        cell_seconds=cell_seconds,
        total_seconds=total_seconds,
        memory_mb=memory_mb,
        disk_mb=disk_mb,
        sandbox=choose_sandbox(sandbox, hidden=(submissions, solution, out)),
    )
    try:
        rows = grade_class(
            submissions,
            sheet=sheet,
            grader=grade_submission,
            limits=limits,
            out=out,
            jobs=jobs,
            seconds=2 * total_seconds + 60,  # what the grader needs at most where all goes well
            about=_about(limits, sheet),
            assignment=assignment or sheet.title,
            progress=sys.stderr.isatty(),
            on=on,
        )
    except KeyboardInterrupt:
        print(f"stopped; what is graded is kept in {out}: run the same command again to go on", file=sys.stderr)
        raise
    print(summary(rows, out))
    return 1 if any(row["status"] == "grader error" for row in rows) else 0


def _check(**limits):
    for name, value in limits.items():
        if not value > 0:
            raise ParameterError(f"--{name.replace('_', '-')} is more than 0; found {value}")


def _about(limits, sheet):
    """How a batch is graded, in words, for the report."""
    from fercourse.grading.batch import versions

    sandbox = {"none": "none: the students' code ran unprotected"}.get(limits.sandbox, limits.sandbox)
    installed = versions()
    return {
        "Solution": f"{sheet.name}, SHA-256 {sheet.digest[:12]}",
        "Sandbox": sandbox,
        "Limits": f"{limits.cell_seconds:g} s a cell, {limits.total_seconds:g} s a submission, "
        f"{limits.memory_mb} MB memory, {limits.disk_mb} MB disk",
        "Versions": ", ".join(f"{name} {installed[name]}" for name in TOLD if name in installed),
    }


def summary(rows, out):
    """The end of a batch in words."""
    from collections import Counter

    from fercourse.grading.tables.lms import is_final

    statuses = Counter(row["status"] for row in rows)
    waiting = sum(len(row["by_hand"]) for row in rows)
    lines = [", ".join(f"{count} {status}" for status, count in statuses.items())]
    lines += [f"{row['student']}: {'; '.join(row['remarks'])}" for row in rows if row["status"] != "graded"]
    if waiting:
        lines.append(f"{waiting} to be read by a person: enter marks in {out / 'by_hand.csv'}, run this again")
    if left_out := sum(not is_final(row) for row in rows):
        lines.append(f"{left_out} of {len(rows)} students have no grade yet and are in no file for Moodle or Canvas")
    lines.append(f"Marks: {out / 'marks.csv'}   Report: {out / 'report.html'}")
    return "\n".join(lines)
