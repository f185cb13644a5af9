"""One submission in, one result out: the cells run in a sandbox, the tests here, marks and reasons for each cell."""

from dataclasses import replace

from fercourse.classroom.improve.hand_in import in_place_of_this_session
from fercourse.errors import GradingError
from fercourse.grading.instructor import Instructor
from fercourse.grading.names import (
    changed,
    defined,
    experiments,
    globals_given,
    globals_loaded,
    hands_in,
    is_opaque,
    without_training,
)
from fercourse.grading.sandbox.bubblewrap import Limits, choose_sandbox
from fercourse.grading.sandbox.kernel import KernelLost
from fercourse.grading.sandbox.proxies import Questions
from fercourse.grading.sandbox.replay import EXPERIMENTS_SHARE, Replay
from fercourse.grading.sheet import OTHER_SHEET, Sheet, read_sheet
from fercourse.grading.submissions.matching import match
from fercourse.grading.submissions.reading import StudentNotebook, read_student_notebook

__all__ = ["Limits", "Sheet", "StudentNotebook", "choose_sandbox", "grade_submission", "read_sheet"]
LOCKED_SHARE = 1 / 3  # of the seconds that are left
LONGER_FOR_NETWORKS = 3  # times a cell's seconds, for a trained network to answer some thousand faces
NOT_TRAINED = "[Not trained again: what was handed in with the notebook is judged.]\n"
UNREADABLE, BY_HAND = "the notebook could not be read", "to be marked by hand"


def grade_submission(path, sheet, limits):
    """Grade what was handed in at `path`, whatever it is, and return a dict that JSON can hold.

    {"status": "graded", "unreadable" or "another sheet", "remarks": sentences, "cells": {id: {"exercise", "kind":
    "check", "hidden" or "hand", "points": None where a person is to mark it, "max", "why"}}, "answers": {id: source},
    "guesses": records, "notebook": what was run, with outputs, or None, "sandbox", "timed_out"}.
    Raises GradingError where the grader itself cannot work: the kernel does not start.
    """
    try:
        submission = read_student_notebook(path)
    except GradingError as error:
        return _result(sheet, limits, "unreadable", [str(error)], _nothing(sheet, UNREADABLE))
    found = match(sheet, submission)
    remarks = [*submission.remarks, *found.remarks]
    asked = sheet.guesses  # anything may stand in the outputs of what was handed in
    guesses = [guess for guess in submission.guesses if guess.get("id") in asked]
    result = {"answers": found.answers, "guesses": guesses}
    if not found.related:
        remarks = [*submission.remarks, _another(sheet, found)]
        marks = _nothing(sheet, "not in the notebook")
        if not found.other:  # words may be in it all the same
            marks |= {cell.id: (None, BY_HAND) for cell in sheet.graded if cell.role == "hand"}
        return _result(sheet, limits, OTHER_SHEET, remarks, marks) | result
    session = Replay(limits)
    trained = {id: text for id, text in submission.handed_in.items() if id in sheet.trained}
    try:
        with in_place_of_this_session(trained):
            marks, cells, lost = _run(sheet, found, session, limits)
    finally:
        session.close()
    result |= {"notebook": _notebook(sheet, cells), "timed_out": session.timed_out}
    return _result(sheet, limits, "graded", remarks + lost, marks) | result


def _another(sheet, found):
    what = f"this is sheet {found.other}, not {sheet.name}" if found.other else f"this is not the sheet {sheet.name}"
    return f"{what}: none of its cells is in the notebook"


def _run(sheet, found, session, limits):
    """Run and mark every step; returns the marks, (points, why) by id, the cells with their outputs, and remarks.

    Hidden tests wait until every cell has run: no cell can then show what they were called with.
    """
    instructor = Instructor()
    tests = [cell.source for cell in sheet.cells if cell.role in ("check", "hidden")]
    instructor.prepare((cell.source for cell in sheet.cells if cell.role == "locked" and not cell.trains), graded=tests)
    steps = _without_training(sheet, found.steps)
    experiments = _experiments(steps)
    marks, cells, remarks, waiting, left_out = {}, [], [], [], []
    for place, step in enumerate(steps):
        role = _role(step)
        outputs = []
        if place in experiments and _is_in_vain(step, session):
            left_out.append(step)
        elif _is_run(step):
            seconds = _seconds(steps, place, session, limits)
            is_experiment = role == "own" and place in experiments
            outputs, why = session.run(step.source, seconds=seconds, is_experiment=is_experiment)
            if why:
                remarks.append(f"the cell {step.label} was left out: {why}")
            if why and role == "answer" and sheet.homes[step.cell.id] in sheet.trained:  # it may train all the same
                session.run(without_training(step.source), seconds=seconds)
            if role in ("answer", "own"):
                session.note_new_meanings(defined(step.source))
            if role == "answer" and not step.cell.trains:
                excuse = _excuse(step, outputs)  # of its pieces the last that has one
                instructor.excuses |= dict.fromkeys(defined(step.cell.source), excuse) if excuse else {}
        if role == "hand":
            marks[step.cell.id] = (0, "unanswered") if step.cell.id in found.unanswered else (None, BY_HAND)
        elif role == "check":
            marks[step.id] = _mark(step, instructor, session, limits, key=None, trained=sheet.trained)
        elif role == "hidden":
            waiting.append((place, step))
            _hold(step, instructor, session)
        if step is not found.steps[place]:
            outputs = [*outputs, {"output_type": "stream", "name": "stdout", "text": NOT_TRAINED}]
        cells.append((found.steps[place], outputs))
    marks |= {
        step.id: _mark(step, instructor, session, limits, key=step.id, trained=sheet.trained) for _, step in waiting
    }
    marks |= _marked_in_their_place(waiting, steps, marks, instructor, session, limits, sheet=sheet)
    return marks, cells, remarks + _remark_on(left_out, limits)


def _without_training(sheet, steps):
    """The steps as they are run: of a cell that trains what it defines; beside it, only what something graded needs."""
    made, homes, home = [], [], ""
    for step in steps:
        home = sheet.homes.get(step.cell.id, home) if step.cell else home
        homes.append(home)
        trains = step.cell is not None and step.cell.trains
        made.append(_shortened(step) if trains or hands_in(step.source) else step)
    beside = {place for place in _experiments(made) if made[place].cell is None and homes[place] in sheet.trained}
    return tuple(replace(step, source="") if place in beside else step for place, step in enumerate(made))


def _shortened(step):
    source = without_training(step.source)
    return replace(step, source=source) if source.strip() != step.source.strip() else step


def _role(step):
    return step.cell.role if step.cell else "own"


def _is_run(step):
    role = _role(step)
    return role in ("locked", "answer", "own") or (role == "hand" and step.cell.kind == "code")


def _experiments(steps):
    """The places of cells that only show something: nothing graded needs what they give."""
    places = [place for place, step in enumerate(steps) if _role(step) in ("locked", "own")]
    sources = [steps[place].source for place in places]
    by = [step.source for step in steps if _role(step) in ("answer", "check", "hidden", "hand")]
    return {place for place, is_one in zip(places, experiments(sources, by=by), strict=True) if is_one}


def _is_in_vain(step, session):
    """Whether an experiment is not to be run: it has no time left, or calls what is known never to come back."""
    is_over = _role(step) == "own" and session.experiments_are_over
    return is_over or not all(session.comes_back(name) for name in globals_loaded(step.source))


def _seconds(steps, place, session, limits):
    """How long a cell may run. The instructor's may run longer than the student's: large packages take their time.

    Behind the first answer they may call what the student wrote, so that they leave most of the time to what follows.
    """
    if _role(steps[place]) != "locked":
        return limits.cell_seconds
    is_setup = not any(_role(step) == "answer" for step in steps[:place])
    return max(limits.cell_seconds, session.seconds_left * (1 if is_setup else LOCKED_SHARE))


def _remark_on(left_out, limits):
    """One sentence about all experiments that were not run."""
    if not left_out:
        return []
    cells = left_out[0].label if len(left_out) == 1 else f"{left_out[0].label} and {len(left_out) - 1} more"
    seconds = f"{EXPERIMENTS_SHARE * limits.total_seconds:g}"
    return [
        f"not run, and nothing graded needs them: {cells}; such cells may run {seconds} s together, "
        "and none may call a function that did not come back before"
    ]


def _marked_in_their_place(waiting, steps, marks, instructor, session, limits, *, sheet):
    """New marks for hidden tests that failed behind cells which gave names of their answers another meaning.

    A function looks up what it calls when it is called. So these tests are asked again in a kernel that has come to
    their place and no further, as the student's notebook had when its check was green.
    """
    marked = {}
    for place, step in reversed(waiting):
        known = set().union(*(globals_given(each.source) for each in steps[:place] if _is_run(each)))
        later = [each.source for each in steps[place:] if _role(each) in ("answer", "own")]
        changes = set().union(*(globals_given(source) | changed(source) for source in later))
        is_changed = bool(changes & known) or any(map(is_opaque, later))
        if marks[step.id][0] == 0 and is_changed and session.go_back_to(step.id):
            points, why = _mark(step, instructor, session, limits, key=step.id, trained=sheet.trained)
            marked |= {step.id: (points, why)} if points else {}
    return marked


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


def _mark(step, instructor, session, limits, *, key, trained):
    """(points, why) of a graded cell."""
    seconds = limits.cell_seconds * (LONGER_FOR_NETWORKS if step.cell.exercise in trained else 1)
    questions = Questions(session, key=key, seconds=seconds)
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
