"""Run an exercise of a built sheet with another answer in place of the solution, as a notebook would."""

import importlib
from pathlib import Path

import nbformat

from fercourse.errors import FercourseError

COURSE = Path(__file__).parents[1]
SHEETS = sorted(path.stem for path in (COURSE / "lessons" / "exercises").glob("[0-9][0-9]_*.py"))


def sheet(stem, folder="solutions"):
    """The built notebook of a sheet."""
    return nbformat.read(COURSE / folder / f"{stem}.ipynb", as_version=4)


def answers_to(stem):
    """(RIGHT, WRONG) of a sheet: exercise → sources; exercise → what is wrong → source."""
    module = importlib.import_module(f"answers.lesson_{stem[:2]}")
    return module.RIGHT, module.WRONG


def checked_exercises(notebook):
    """The exercises of a sheet that have a check, in order."""
    return [id for id in notebook.metadata["fercourse"]["exercises"] if _cells(notebook, id, "check")]


def verdict(notebook, id, answer=None):
    """What the check and the hidden tests of exercise `id` say to `answer`, a source; None where they pass.

    Without an answer, to the one that stands in the notebook. Of the cells before them, those that prepare are run too.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    graded = _cells(notebook, id, "check") + _cells(notebook, id, "hidden")
    namespace = {}
    for cell in code[: max(map(code.index, graded)) + 1]:
        about, source = cell.metadata["nbgrader"], cell.source
        if cell in graded:
            if said := _run(source, cell.id, namespace):
                return said
        elif cell in _cells(notebook, id, "answer"):
            if said := _run(source if answer is None else answer, cell.id, namespace):
                return said
        elif not about["grade"] and not about["solution"]:
            _run(source, cell.id, namespace)  # a demonstration may miss another exercise's answer
    return None


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
