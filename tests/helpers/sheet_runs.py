"""Run an exercise of a built sheet with another answer in place of the solution, as a notebook would."""

import importlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

from fercourse.errors import FercourseError

COURSE = Path(__file__).parents[2]
SHEETS = sorted(path.stem for path in (COURSE / "lessons" / "exercises").glob("[0-9][0-9]_*.py"))


@cache
def sheet(stem, folder="solutions"):
    """The built notebook of a sheet."""
    return nbformat.read(COURSE / folder / f"{stem}.ipynb", as_version=4)


def answers_to(stem):
    """(RIGHT, WRONG) of a sheet: exercise → sources; exercise → what is wrong → source."""
    module = importlib.import_module(f"answers.lesson_{stem[:2]}")
    return module.RIGHT, module.WRONG


def checked_exercises(notebook):
    """The exercises of a sheet that have a check on an answer, in order; a trained network is judged apart."""
    exercises = notebook.metadata["fercourse"]["exercises"]
    return [id for id in exercises if _cells(notebook, id, "check") and id not in improvements(notebook)]


def improvements(notebook):
    """The exercises of a sheet for which a network is trained and handed in."""
    return [id for id, about in notebook.metadata["fercourse"]["exercises"].items() if about["kind"] == "improve"]


def verdict(stem, id, answer=None, *, folder="solutions"):
    """What the check and the hidden tests of exercise `id` say to `answer`, a source; None where they pass.

    Without an answer, to the one that stands in the notebook. Skips where TensorFlow is missing and the sheet needs it.
    """
    if stem.startswith("06") and find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    notebook, namespace = sheet(stem, folder), dict(_prepared(stem, id, folder))
    (place,) = _cells(notebook, id, "answer")
    graded = _cells(notebook, id, "check") + _cells(notebook, id, "hidden")
    for cell in notebook.cells[notebook.cells.index(place) : max(map(notebook.cells.index, graded)) + 1]:
        source = answer if cell is place and answer is not None else cell.source
        if cell is place or cell in graded:
            if said := _run(source, cell.id, namespace):
                return said
        elif _is_preparation(cell):
            _run(source, cell.id, namespace)
    return None


def _prepared(stem, id, folder):
    """The names that the locked cells before the answer to `id` define; never to be changed."""
    notebook = sheet(stem, folder)
    (place,) = _cells(notebook, id, "answer")
    return _prepared_before(stem, folder, notebook.cells.index(place))


@cache
def _prepared_before(stem, folder, end):
    """The names that the locked cells before the cell number `end` define, going on from the answer before it."""
    cells = sheet(stem, folder).cells
    start = max((place for place, cell in enumerate(cells[:end]) if cell.id.endswith("-answer")), default=0)
    namespace = dict(_prepared_before(stem, folder, start)) if start else {}
    for cell in cells[start:end]:
        if _is_preparation(cell):
            _run(cell.source, cell.id, namespace)  # a demonstration may miss another exercise's answer
    return namespace


def _is_preparation(cell):
    about = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and about["locked"] and not about["grade"] and not trains(cell)


def trains(cell):
    """Whether a cell trains, or prepares a training."""
    return "training" in cell.metadata.get("tags", ())


def _cells(notebook, id, kind):
    base = f"{id.replace('.', '-')}-{kind}"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in code if cell.id == base or cell.id.startswith(f"{base}-")]


def _run(source, name, namespace):
    try:
        exec(compile(source, name, "exec"), namespace)
    except FercourseError as error:
        return str(error)
    except Exception as error:  # what an answer raises is part of the verdict
        return f"{type(error).__name__}: {error}"
    return None
