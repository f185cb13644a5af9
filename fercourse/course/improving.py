"""Trains what an exercise of the kind improve is judged by, and keeps it: `python -m fercourse improve 03.6`."""

import os
import time
from pathlib import Path

import nbformat

from fercourse.classroom.improve.baselines import baseline_of
from fercourse.classroom.improve.hand_in import arrays_of, handed_in_arrays
from fercourse.classroom.improve.weights import packed
from fercourse.course.checkout import Course, select
from fercourse.errors import CheckFailed, ParameterError
from fercourse.files import written_aside

BASELINES = "fercourse/classroom/improve/kept"
SOLUTIONS = "tests/helpers/answers/improved"


def keep_baseline(id: str, *, course: Course) -> str:
    """Train the baseline of exercise `id` and keep its weights in the package; a line about it."""
    started = time.perf_counter()
    arrays = arrays_of(baseline_of(id).train())
    return f"the baseline: {_kept(course.root / BASELINES / f'{id}.npz', arrays, started, course)}"


def keep_solution(id: str, *, course: Course) -> tuple[bool, str]:
    """Run the solved sheet's own training for `id`, keep its weights for the tests; whether it is better, and lines.

    Raises ParameterError where the built solution has no cell that trains for `id`.
    """
    os.environ.update({"FERCOURSE_HEADLESS": "1", "MPLBACKEND": "agg"})
    (path,) = select([id[:2]], course.root / "solutions", ".ipynb")
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    base, names, started = id.replace(".", "-"), {}, 0.0
    places = [place for place, cell in enumerate(cells) if cell.id.startswith(f"{base}-train")]
    if not places:
        raise ParameterError(f"{path}: expected a cell train={id!r}, found none; build the sheet first")
    for place, cell in enumerate(cells[: places[-1] + 1]):
        started = time.perf_counter() if place <= places[0] else started
        if not cell.metadata.nbgrader["grade"]:
            exec(compile(cell.source, cell.id, "exec"), names)
    file = course.root / SOLUTIONS / f"{id}.npz"
    lines, better = [f"the solution: {_kept(file, handed_in_arrays(id), started, course)}"], True
    for cell in cells[places[-1] + 1 :]:
        if cell.id.startswith((f"{base}-check", f"{base}-hidden")):
            said = _said(cell, names)
            better &= not said
            lines.append(f"{cell.id}: {said or 'passed'}")
    return better, "\n".join(lines)


def _said(cell, names):
    try:
        exec(compile(cell.source, cell.id, "exec"), names)
    except (AssertionError, CheckFailed) as error:
        return str(error)
    return ""


def _kept(path, arrays, started, course):
    data, path = packed(arrays), Path(path)
    with written_aside(path) as aside:
        aside.write_bytes(data)
    numbers = sum(array.size for array in arrays.values())
    seconds = time.perf_counter() - started
    return f"{numbers:,} numbers, {len(data) / 1000:,.0f} kB, in {seconds:.0f} s: {path.relative_to(course.root)}"
