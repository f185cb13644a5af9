"""An exercise sheet as the grader needs it: the solved notebook in nbgrader's format, and what students were given."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from textwrap import indent

from fercourse.errors import GradingError

GRADER_ERROR, OTHER_SHEET = "grader error", "another sheet"
"""What a student's row says in place of "graded" where a person must look before any mark counts."""

GRADED = ("check", "hidden", "hand")
"""The roles of cells that have points."""

TRAINING = "training"
"""The tag of cells that train, or prepare a training."""

STUBS = {"code": "# Write your answer here.\npass", "markdown": "Write your answer here."}
GUESS = re.compile(r"""\b(?:guess|reveal)\(\s*["']([^"']+)["']""")
_BETWEEN = r"^([ \t]*){0} BEGIN {1}.*?(?:^[ \t]*{0} END {1}[^\n]*\n?|\Z)"
SOLUTION, HIDDEN, SCHEME = (
    re.compile(_BETWEEN.format(sign, name), re.DOTALL | re.MULTILINE)
    for sign, name in (("###", "SOLUTION"), ("###", "HIDDEN TESTS"), ("===", "MARK SCHEME"))
)


@dataclass(frozen=True)
class SheetCell:
    """One cell of a sheet. `id`: its grade id, or its cell id where it has none; `stub`: its source as handed out.

    role: "locked" (the instructor's), "answer" (code of the student's), "check", "hidden" (tests), "hand" (marked by
    a person), "text" (the rest). points: what a graded cell is worth, else 0. nbgrader: its metadata as it is.
    trains: whether it has the tag "training": a grader runs only what it defines.
    """

    id: str
    cell_id: str
    kind: str
    role: str
    source: str
    stub: str
    points: float
    exercise: str
    nbgrader: dict
    trains: bool = False


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, the solved notebook as plain data, its cells in order, the SHA-256 of its file."""

    name: str
    solved: dict
    cells: tuple
    digest: str

    @property
    def title(self):
        """What it is called, such as "Exercise sheet 3 · CNNs"; its name where it says nothing."""
        return " · ".join(filter(None, (self._described.get("sheet"), self._described.get("title")))) or self.name

    @cached_property
    def graded(self):
        """The cells that have points."""
        return tuple(cell for cell in self.cells if cell.role in GRADED)

    @cached_property
    def exercises(self):
        """exercise → its title, in order."""
        titles = {id: about.get("title", "") for id, about in self._described.get("exercises", {}).items()}
        return {cell.exercise: titles.get(cell.exercise, "") for cell in self.graded}

    @cached_property
    def answers(self):
        """The cells that students fill in: id → cell, with the solution as its source."""
        return {cell.id: cell for cell in self.cells if cell.role in ("answer", "hand")}

    @cached_property
    def homes(self):
        """The exercise that each cell belongs to which is no plain text, by id.

        An answer that is no exercise of its own belongs to the next graded cell, as in an instructor's own notebook.
        """
        homes, following = {}, ""
        for cell in reversed(self.cells):
            following = cell.exercise if cell.exercise in self.exercises else following
            if cell.role != "text":
                homes[cell.id] = following
        return homes

    @cached_property
    def trained(self):
        """The exercises for which a network is trained and handed in."""
        return frozenset(self.homes[cell.id] for cell in self.cells if cell.trains and cell.role == "answer")

    @property
    def imports(self):
        """The packages that its code imports."""
        code = "\n".join(cell.source for cell in self.cells if cell.kind == "code")
        return tuple(sorted(set(re.findall(r"^\s*(?:import|from)\s+(\w+)", code, re.MULTILINE))))

    @property
    def marks(self):
        """What a notebook that answers it has in it, as bytes: ids of cells, names that answers define."""
        names = defined_in(cell.source for cell in self.answers.values())
        return tuple(f'"{id}"'.encode() for id in self.homes) + tuple(f" {name}".encode() for name in names)

    @property
    def guesses(self):
        """The ids of the guesses that its cells ask for."""
        return frozenset(id for cell in self.cells for id in GUESS.findall(cell.source))

    @property
    def _described(self):
        return self.solved.get("metadata", {}).get("fercourse", {})

    def titled(self, exercise):
        """An exercise with its title, such as "3.1 A convolution by hand"."""
        return f"{exercise} {self.exercises[exercise]}".strip()

    def of_exercise(self, exercise):
        """The graded cells of an exercise."""
        return [cell for cell in self.graded if cell.exercise == exercise]


def read_sheet(path):
    """Read a solved notebook. Raises GradingError where it is none or has no graded cells."""
    path = Path(path)
    try:
        content = path.read_bytes()
        solved = json.loads(content.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise GradingError(f"{path}: expected a solved notebook to grade by; {error}") from error
    if not isinstance(solved, dict) or solved.get("nbformat") != 4 or not solved.get("cells"):
        raise GradingError(f"{path}: expected a notebook of format 4 with cells, such as solutions/03_….ipynb")
    cells = tuple(_sheet_cell(cell, place) for place, cell in enumerate(solved["cells"]))
    _check(cells, path)
    return Sheet(path.stem, solved, cells, sha256(content).hexdigest())


def as_text(source):
    """The source of a cell as one text; notebooks hold it as a text or as a list of lines."""
    return source if isinstance(source, str) else "".join(source)


def defined_in(sources):
    """The names of functions and classes that these sources define at their outermost level, line by line."""
    return re.findall(r"^(?:def|class)\s+(\w+)", "\n".join(sources), re.MULTILINE)


def whole_points(points):
    """2 for 2.0, and 0.3 for what binary fractions made of it."""
    points = round(points, 6)
    return int(points) if points == int(points) else points


def _sheet_cell(cell, place):
    known = cell["metadata"].get("nbgrader") or {}
    id = str(known.get("grade_id") or cell.get("id") or f"cell-{place}")
    source = as_text(cell["source"])
    role = _role(cell, known, source)
    points = whole_points(float(known.get("points") or 0)) if role in GRADED else 0
    found = re.fullmatch(r"(\d+)-(\d+)-.*", id)
    exercise = f"{found[1]}.{found[2]}" if found else id
    kind, stub = cell["cell_type"], _stub(source, cell["cell_type"], role)
    trains = TRAINING in (cell["metadata"].get("tags") or ())
    return SheetCell(id, str(cell.get("id") or ""), kind, role, source, stub, points, exercise, dict(known), trains)


def _stub(source, kind, role):
    """The source without solution, hidden tests and mark scheme, as nbgrader hands it out."""
    stub = STUBS["code" if kind == "code" else "markdown"]
    source = SCHEME.sub("", HIDDEN.sub("", source))
    if role in ("answer", "hand"):
        source, found = SOLUTION.subn(lambda match: indent(stub, match[1]) + "\n", source)
        source = source if found else stub
    return source.strip("\n")


def _role(cell, known, source):
    if known.get("task") or (known.get("grade") and known.get("solution")):
        return "hand"
    if known.get("grade"):
        return "hidden" if HIDDEN.search(source) else "check"
    if known.get("solution"):
        return "answer"
    return "locked" if cell["cell_type"] == "code" else "text"


def _check(cells, path):
    ids = [cell.id for cell in cells]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    if twice:
        raise GradingError(f"{path}: expected each grade id once; found twice: {', '.join(twice)}")
    if not any(cell.role in GRADED for cell in cells):
        raise GradingError(f"{path}: no cell is graded: none has nbgrader's metadata with points. Is it the solution?")
    for cell in cells:
        if cell.role == "check" and cell.kind != "code":
            raise GradingError(f"{path}: {cell.id} is graded, but is neither code nor an answer")


def check_solved(sheet):
    """Raise GradingError where a sheet is a student's: no answer of it is solved."""
    if not any("### BEGIN SOLUTION" in cell.source for cell in sheet.answers.values()):
        raise GradingError(
            f"--solution {sheet.name}: expected a solved sheet, found none of its answers: is it a student's sheet? "
            "Give the notebook from solutions/."
        )
