"""One submission in, one result out: the cells run in a sandbox, the tests here, marks and reasons for each cell."""

from fercourse.errors import GradingError
from fercourse.grading.graded import Instructor
from fercourse.grading.kernel import KernelLost
from fercourse.grading.matching import defined, is_untouched, match
from fercourse.grading.proxies import Questions
from fercourse.grading.reading import Submission, read_submission
from fercourse.grading.sandbox import Limits, choose_sandbox
from fercourse.grading.session import Session
from fercourse.grading.sheet import Sheet, read_sheet

__all__ = ["Limits", "Sheet", "Submission", "choose_sandbox", "grade_submission", "read_sheet"]
UNREADABLE, BY_HAND = "the notebook could not be read", "to be marked by hand"


def grade_submission(path, sheet, limits):
    """Grade what was handed in at `path`, whatever it is, and return a dict that JSON can hold.

    {"status": "graded" or "unreadable", "remarks": sentences, "cells": {id: {"exercise", "kind": "check", "hidden" or
    "hand", "points": None where a person is to mark it, "max", "why"}}, "answers": {id: source}, "guesses": records,
    "notebook": what was run, with outputs, or None, "sandbox", "timed_out"}.
    Raises GradingError where the grader itself cannot work: the kernel does not start.
    """
    try:
        submission = read_submission(path)
    except GradingError as error:
        return _result(sheet, limits, "unreadable", [str(error)], _nothing(sheet, UNREADABLE))
    found = match(sheet, submission)
    remarks = [*submission.remarks, *found.remarks]
    asked = sheet.guesses  # anything may stand in the outputs of what was handed in
    guesses = [guess for guess in submission.guesses if guess.get("id") in asked]
    result = {"answers": found.answers, "guesses": guesses}
    if not found.related:
        remarks = [*submission.remarks, f"this is not the sheet {sheet.name}: none of its cells is in the notebook"]
        return _result(sheet, limits, "graded", remarks, _nothing(sheet, "not in the notebook")) | result
    session = Session(limits)
    try:
        marks, cells, lost = _run(sheet, found, session, limits)
    finally:
        session.close()
    result |= {"notebook": _notebook(sheet, cells), "timed_out": session.timed_out}
    return _result(sheet, limits, "graded", remarks + lost, marks) | result


def _run(sheet, found, session, limits):
    """Run and mark every step; returns the marks, (points, why) by id, the cells with their outputs, and remarks.

    Hidden tests wait until every cell has run: no cell can then show what they were called with.
    """
    instructor = Instructor()
    tests = [cell.source for cell in sheet.cells if cell.role in ("check", "hidden")]
    instructor.prepare((cell.source for cell in sheet.cells if cell.role == "locked"), graded=tests)
    marks, cells, remarks, waiting, is_setup = {}, [], [], [], True
    for step in found.steps:
        role = step.cell.role if step.cell else "own"
        outputs = []
        if role in ("locked", "answer", "own"):
            # What comes before the student's first line is the instructor's: large packages take their time to load.
            is_setup &= role == "locked"
            seconds = limits.total_seconds if is_setup else limits.cell_seconds
            outputs, why = session.run(step.source, seconds=seconds)
            if why:
                remarks.append(f"the cell {step.label} was left out: {why}")
            if role == "answer":
                instructor.excuses |= dict.fromkeys(defined(step.cell.source), _excuse(step, outputs))
        elif role == "hand":
            marks[step.id] = (0, "unanswered") if is_untouched(step.source, step.cell) else (None, BY_HAND)
        elif role == "check":
            marks[step.id] = _mark(step, instructor, session, limits, key=None)
        elif role == "hidden":
            waiting.append(step)
            _hold(step, instructor, session)
        cells.append((step, outputs))
    marks |= {step.id: _mark(step, instructor, session, limits, key=step.id) for step in waiting}
    return marks, cells, remarks


def _excuse(step, outputs):
    """Why the names that an answer should define are not there, as far as its outputs say."""
    errors = [output for output in outputs if output["output_type"] == "error"]
    if not step.source.strip():
        return f"the cell {step.id} is missing or empty"
    return f"the cell {step.id} ended in {errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else ""


def _hold(step, instructor, session):
    try:
        session.hold(step.id, instructor.wanted(step.source))
    except KernelLost:
        return  # the questions later on say so


def _mark(step, instructor, session, limits, *, key):
    """(points, why) of a graded cell."""
    questions = Questions(session, key=key, seconds=limits.cell_seconds)
    why = instructor.run(step.source, questions, hidden=step.cell.role == "hidden")
    return (0, why) if why else (step.cell.points, "right")


def _notebook(sheet, cells):
    """What was run, as a student may see it: no hidden tests; ids and nbgrader's metadata as in the sheet."""
    made = [_notebook_cell(step, outputs) for step, outputs in cells]
    return {"cells": made, "metadata": sheet.solved.get("metadata", {}), "nbformat": 4, "nbformat_minor": 5}


def _notebook_cell(step, outputs):
    kind, metadata, source = "code", {}, step.source
    if step.cell:
        kind, metadata = step.cell.kind, {"nbgrader": step.cell.nbgrader} if step.cell.nbgrader else {}
        source = source if step.cell.role in ("answer", "hand") else step.cell.stub
    shared = {"cell_type": kind, "id": step.id, "metadata": metadata, "source": source}
    return shared | ({"execution_count": None, "outputs": outputs} if kind == "code" else {})


def _nothing(sheet, why):
    return {cell.id: (0, why) for cell in sheet.graded}


def _result(sheet, limits, status, remarks, marks):
    """The result of a notebook of which nothing was run; marks: (points, why) by id."""
    about = {cell.id: {"exercise": cell.exercise, "kind": cell.role, "max": cell.points} for cell in sheet.graded}
    cells = {id: known | {"points": marks[id][0], "why": marks[id][1]} for id, known in about.items()}
    nothing = {"answers": {}, "guesses": [], "notebook": None, "timed_out": False}
    return {"status": status, "remarks": remarks, "cells": cells, "sandbox": limits.sandbox} | nothing
