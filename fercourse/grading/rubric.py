"""What marks, tables and pages need to know of a sheet: its graded cells in order, its exercises, its answers."""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fercourse.errors import GradingError


@dataclass(frozen=True)
class GradedCell:
    """A cell that gives points; kind: "check" (students see it), "hidden", or "hand" (read by a person)."""

    id: str
    exercise: str
    kind: str
    maximum: float


@dataclass(frozen=True)
class Rubric:
    """A solved sheet. exercises: id → title; answers: id → (kind of cell, solved source).

    homes: id of each cell that is no plain text → the exercise that it belongs to. imports: packages of the code.
    """

    name: str
    title: str
    digest: str
    cells: tuple
    exercises: dict
    answers: dict
    homes: dict
    imports: tuple

    @property
    def marks(self):
        """What a notebook that answers this sheet has in it, as bytes: ids of cells, names that answers define."""
        solved = "\n".join(source for _, source in self.answers.values())
        names = re.findall(r"^(?:def|class)\s+(\w+)", solved, re.MULTILINE)
        return tuple(f'"{id}"'.encode() for id in self.homes) + tuple(f" {name}".encode() for name in names)

    def of_exercise(self, exercise):
        """The graded cells of an exercise."""
        return [cell for cell in self.cells if cell.exercise == exercise]


def rubric_of(sheet, path):
    """The rubric of a `Sheet` that was read from `path`. Raises GradingError where it is a student's sheet."""
    answers = {cell.id: (cell.kind, cell.source) for cell in sheet.cells if cell.role in ("answer", "hand")}
    if not any("### BEGIN SOLUTION" in source for _, source in answers.values()):
        raise GradingError(
            f"--solution {path}: expected a solved sheet, found none of its answers: is it a student's sheet? "
            "Give the notebook from solutions/."
        )
    described = sheet.solved.get("metadata", {}).get("fercourse", {})
    titles = {id: about.get("title", "") for id, about in described.get("exercises", {}).items()}
    graded = tuple(GradedCell(cell.id, cell.exercise, cell.role, whole(cell.points)) for cell in sheet.graded)
    return Rubric(
        name=sheet.name,
        title=" · ".join(filter(None, (described.get("sheet"), described.get("title")))) or sheet.name,
        digest=sha256(Path(path).read_bytes()).hexdigest(),
        cells=graded,
        exercises={cell.exercise: titles.get(cell.exercise, "") for cell in graded},
        answers=answers,
        homes=_homes(sheet),
        imports=_imports(sheet),
    )


def whole(points):
    """2 for 2.0, and 0.3 for what binary fractions made of it."""
    points = round(points, 6)
    return int(points) if points == int(points) else points


def _homes(sheet):
    """An answer that is no exercise of its own belongs to the next graded cell, as in an instructor's own notebook."""
    exercises, homes, following = {cell.exercise for cell in sheet.graded}, {}, ""
    for cell in reversed(sheet.cells):
        following = cell.exercise if cell.exercise in exercises else following
        if cell.role != "text":
            homes[cell.id] = following
    return homes


def _imports(sheet):
    code = "\n".join(cell.source for cell in sheet.cells if cell.kind == "code")
    return tuple(sorted(set(re.findall(r"^\s*(?:import|from)\s+(\w+)", code, re.MULTILINE))))
