"""Exercise sheets: authored solved in lessons/exercises/, built into solutions/, released without answers.

An author marks cells in their headers: `answer="03.2"` is the student's, `check="03.2" points=2` and
`hidden="03.2" points=1` are graded, `[markdown] answer="03.3" points=3` is answered in words and marked by hand, and
`[markdown] hints="03.2"` is a list that goes into the package, where `fc.hint` finds it. All other code is locked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from textwrap import dedent
from typing import TYPE_CHECKING

from fercourse.course.building.compose import METADATA, badge, give_ids, linked_from_anywhere
from fercourse.course.building.lesson import FORMAT, front_matter
from fercourse.course.building.sheet_rules import MARKS, check_cells, described_exercises, hint_steps
from fercourse.grading.sheet import TRAINING

if TYPE_CHECKING:
    from nbformat import NotebookNode

SETUP = """\
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("fercourse") is None:  # as in Colab
    address = os.environ.get("FERCOURSE_SPEC", "git+$repository")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*install, address], check=True)

import fercourse as fc

fc.use_drive()"""
STUB = "# Write your answer here.\npass"
WRITTEN = ("answer", "train")
"""The marks of cells that a student writes."""
SOLUTION = re.compile(r"^[ \t]*### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION", re.DOTALL | re.MULTILINE)


IMPROVE = (
    " For *improve* you train a network of your own. Its weights are kept in the notebook, so save the notebook before "
    "you hand it in, with its outputs."
)


@dataclass(frozen=True)
class AuthoredSheet:
    """The exercises of one lesson as their author wrote them, solved; `exercises` maps "03.2" to its description."""

    path: Path
    title: str
    exercises: dict
    cells: tuple

    @property
    def number(self) -> str:
        """The lesson's two digits, as text."""
        return self.path.stem[:2]


def read_authored_sheet(path: str | Path) -> AuthoredSheet:
    """Read a sheet and check its front matter and its marks. Raises ParameterError, naming the sheet."""
    import jupytext

    path = Path(path)
    front, *cells = jupytext.reads(path.read_text(encoding="utf-8"), fmt=FORMAT).cells or [None]
    found = front_matter(front, path)
    sheet = AuthoredSheet(path, found.get("title"), described_exercises(found, path), tuple(cells))
    check_cells(sheet)
    return sheet


def solved(sheet: AuthoredSheet, *, repository: str) -> "NotebookNode":
    """The solved notebook of a sheet, an nbformat node without outputs, in nbgrader's format."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    number, taken = sheet.number, {}
    setup = new_code_cell(Template(SETUP).substitute(repository=repository))
    cells = [(f"{number}-title", new_markdown_cell(_opening(sheet, repository))), (f"{number}-course", setup)]
    for authored in sheet.cells:
        mark = next((mark for mark in MARKS if mark in authored.metadata), None)
        if mark == "hints":
            continue
        id = None if mark is None else _graded_id(authored.metadata[mark], mark, taken)
        cells.append((id, _built(authored, mark)))
    cells.append((f"{number}-progress", new_code_cell(f'fc.progress("{number}")')))
    give_ids(cells, number=number, path=sheet.path)
    for _, cell in cells:
        _name_for_nbgrader(cell)
    about = {"sheet": number, "title": sheet.title, "exercises": sheet.exercises}
    return new_notebook(cells=[cell for _, cell in cells], metadata=METADATA | {"fercourse": about})


def released(text: str) -> str:
    """The student's sheet, from the text of a solved notebook: no answers, no hidden tests, no outputs.

    By nbgrader's own preprocessors, in the order of its `generate_assignment`; the same text for the same text.
    """
    import nbformat
    from nbgrader import preprocessors
    from traitlets.config import Config

    settings = Config({"ClearSolutions": {"code_stub": {"python": STUB}, "text_stub": "Write your answer here."}})
    notebook, resources = nbformat.reads(text, as_version=4), {"nbgrader": {}, "metadata": {}}
    for name in (
        "LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ComputeChecksums", "ClearHiddenTests",
        "ClearMarkScheme", "ComputeChecksums", "CheckCellMetadata",
    ):  # fmt: skip
        notebook, resources = getattr(preprocessors, name)(config=settings).preprocess(notebook, resources)
    return nbformat.writes(notebook, version=4) + "\n"


def hints(sheets: Iterable[AuthoredSheet]) -> dict[str, dict]:
    """For each exercise its hints, the easiest first, and its solution: what `fc.hint` shows, one after the other."""
    found = {}
    for sheet in sheets:
        for id, described in sheet.exercises.items():
            rungs = [
                step for cell in sheet.cells if cell.metadata.get("hints") == id for step in hint_steps(cell.source)
            ]
            answers = [cell for cell in sheet.cells if id in (cell.metadata.get(mark) for mark in WRITTEN)]
            solutions = [_solution(cell.source) for cell in answers]
            found[id] = {"title": described["title"], "hints": rungs, "solution": "\n\n".join(solutions)}
    return found


def _graded_id(exercise, mark, taken):
    """ "03-2-answer" for the first answer of 03.2, "03-2-answer-2" for the next one."""
    base = f"{exercise.replace('.', '-')}-{mark}"
    taken[base] = taken.get(base, 0) + 1
    return base if taken[base] == 1 else f"{base}-{taken[base]}"


def _built(authored, mark):
    """The cell without the author's marks; what nbgrader is to know of it waits under "nbgrader" for its name."""
    from nbformat.v4 import new_code_cell, new_markdown_cell

    new_cell = new_code_cell if authored.cell_type == "code" else new_markdown_cell
    cell = new_cell(authored.source.strip("\n"))
    if mark == "train" or TRAINING in authored.metadata.get("tags", ()):
        cell.metadata["tags"] = [TRAINING]
    if mark is None and cell.cell_type == "markdown":
        return cell
    kind = {"grade": "points" in authored.metadata, "solution": mark in WRITTEN, "locked": mark not in WRITTEN}
    points = {"points": authored.metadata["points"]} if kind["grade"] else {}
    cell.metadata["nbgrader"] = {"schema_version": 3, "task": False, **kind, **points}
    return cell


def _name_for_nbgrader(cell):
    known = cell.metadata.get("nbgrader")
    if known is None and cell.cell_type == "code":
        known = {"schema_version": 3, "task": False, "grade": False, "solution": False, "locked": True}
    if known is not None:
        cell.metadata["nbgrader"] = known | {"grade_id": cell.id}


def _opening(sheet, repository):
    """The first cell: the lesson, what there is to do, how hard it is, and how a check and a hint are asked for."""
    points = {id: 0 for id in sheet.exercises}
    for cell in sheet.cells:
        for mark in ("answer", "check", "hidden"):
            if mark in cell.metadata:
                points[cell.metadata[mark]] += cell.metadata.get("points", 0)
    rows = [
        f"| {id} {about['title']} | {about['kind']} | {'●' * about['difficulty']}{'○' * (3 - about['difficulty'])} "
        f"| {about['minutes']} | {points[id]:g} |"
        for id, about in sheet.exercises.items()
    ]
    first, name = next(iter(sheet.exercises)), f"{sheet.path.stem}.ipynb"
    title = f"# {sheet.number} · Exercises: {sheet.title}"
    parts = sorted(path.stem for path in sheet.path.parent.parent.glob(f"{sheet.number}*.py")) or [sheet.path.stem]
    links = [f"[lesson {part.partition('_')[0]}](../notebooks/{part}.ipynb)" for part in parts]
    lesson = linked_from_anywhere(
        f"These exercises belong to {', '.join(links)}.", folder="exercises", repository=repository
    )
    return "\n".join(
        [
            "\n\n".join(filter(None, [title, badge(repository, f"exercises/{name}"), lesson])),
            "",
            "| exercise | kind | level | min | points |",  # narrow: a phone cuts off what is wider
            "|---|---|---|---|---|",
            *rows,
            "",
            "Write in the cells that ask for an answer. The cell below each one checks it at once and says how far off "
            "you are. Run the cells one by one: where an answer is open, its check ends in an error, as do cells below "
            "that use the answer, and *Run all* stops at the first of them. "
            f'Stuck? `fc.hint("{first}")` in a cell of your own gives a hint, the next call a stronger one, the last '
            "one the solution. *break* ends with an explanation in words, which a person reads."
            + (IMPROVE if "improve" in {about["kind"] for about in sheet.exercises.values()} else ""),
        ]
    )


def _solution(source):
    parts = SOLUTION.findall(source)
    return "\n".join(dedent(part).rstrip() for part in parts)
