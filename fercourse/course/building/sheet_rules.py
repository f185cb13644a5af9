"""What an exercise sheet has to hold, so that nothing is handed out by mistake. Every error names the sheet."""

import ast
import re
from pathlib import Path

from fercourse.errors import ParameterError
from fercourse.grading.names import without_magics

MARKS = ("answer", "train", "check", "hidden", "hints")
KINDS = ("recall", "code", "break", "debug", "improve")
DESCRIPTION = {"title": str, "kind": str, "difficulty": int, "minutes": int}
REGIONS = {"answer": "SOLUTION", "train": "SOLUTION", "hidden": "HIDDEN TESTS"}
"""What kind of region the cells with a mark hold, one each."""
ONE_FORM = ("type", "isinstance", "issubclass")
"""What a test must not ask: a right answer may be a number of NumPy's, a tensor, a subclass."""


def described_exercises(found: dict, path: Path) -> dict[str, dict]:
    """The exercises of a sheet's front matter: id → title, kind, difficulty, minutes. Raises ParameterError."""
    if set(found) != {"title", "exercises"} or not isinstance(found["exercises"], list) or not found["exercises"]:
        raise ParameterError(f"{path}: the front matter of a sheet is a title and a list of exercises; found {found}")
    exercises = {}
    for entry in found["exercises"]:
        if not isinstance(entry, dict):
            raise ParameterError(f"{path}: an exercise is described by id, {', '.join(DESCRIPTION)}; found {entry!r}")
        described = {name: value for name, value in entry.items() if name != "id"}
        _check_description(entry.get("id"), described, path)
        exercises[entry["id"]] = described
    return exercises


def check_cells(sheet) -> None:
    """Raise ParameterError where a cell's mark, its points or its region does not fit, or an exercise lacks a part."""
    for cell in sheet.cells:
        _check_mark_and_points(cell, sheet)
        _check_regions(cell, sheet)
        if {"check", "hidden"} & set(cell.metadata):
            _check_test(cell, sheet)
    for id in sheet.exercises:
        marks = [mark for cell in sheet.cells for mark in MARKS if cell.metadata.get(mark) == id]
        steps = [step for cell in sheet.cells if cell.metadata.get("hints") == id for step in hint_steps(cell.source)]
        if "answer" not in marks or not steps:
            raise ParameterError(f"{sheet.path}: exercise {id} needs hints and an answer; found {marks}, {steps}")
        if (sheet.exercises[id]["kind"] == "improve") != ("train" in marks):
            raise ParameterError(
                f"{sheet.path}: exercises of kind improve, and no others, have a cell train={id!r}; found {marks}"
            )


def hint_steps(source: str) -> list[str]:
    """The items of a list of hints, each as one line."""
    steps = re.split(r"^- ", source, flags=re.MULTILINE)
    return [" ".join(step.split()) for step in steps if step.strip()]


def _check_description(id, described, path):
    if not re.fullmatch(rf"{path.stem[:2]}\.\d+", str(id)):
        raise ParameterError(f"{path}: expected ids such as {path.stem[:2]}.1, found {id!r}")
    if set(described) != set(DESCRIPTION) or not all(isinstance(described[key], DESCRIPTION[key]) for key in described):
        raise ParameterError(f"{path}: exercise {id} needs {', '.join(DESCRIPTION)}; found {described}")
    if described["kind"] not in KINDS or described["difficulty"] not in (1, 2, 3):
        raise ParameterError(f"{path}: exercise {id}: kind is one of {KINDS}, difficulty 1 to 3; found {described}")


def _check_mark_and_points(cell, sheet):
    for mark in MARKS:
        if mark in cell.metadata and cell.metadata[mark] not in sheet.exercises:
            raise ParameterError(f"{sheet.path}: {mark}={cell.metadata[mark]!r} is none of the listed exercises")
    by_hand = "answer" in cell.metadata and cell.cell_type == "markdown"
    if bool({"check", "hidden"} & set(cell.metadata) or by_hand) != ("points" in cell.metadata):
        raise ParameterError(f"{sheet.path}: graded cells and no others have points; see {cell.source[:60]!r}")
    if not isinstance(cell.metadata.get("points", 0), (int, float)):
        raise ParameterError(f"{sheet.path}: points are a number; found {cell.metadata['points']!r}")


def _check_regions(cell, sheet):
    """Without this a marker with a slip of the pen hands out the hidden tests or the solution."""
    found = re.findall(r"### (BEGIN|END) (.+)", cell.source)
    name = next((REGIONS[mark] for mark in REGIONS if mark in cell.metadata), None)
    expected = [] if name is None else [("BEGIN", name), ("END", name)]
    if [(edge, text.strip()) for edge, text in found] != expected:
        wanted = (
            f"one region ### BEGIN {name} … ### END {name}" if name else "no region of a solution or of hidden tests"
        )
        raise ParameterError(f"{sheet.path}: expected {wanted} in the cell {cell.source[:60]!r}; found {found}")


def _check_test(cell, sheet):
    """What a check takes a hidden test has to take as well: np.True_ is not True, and no int of NumPy's is an int."""
    try:
        tree = ast.parse(without_magics(cell.source))
    except SyntaxError as error:
        raise ParameterError(f"{sheet.path}: the test {cell.source[:60]!r} is no Python: {error}") from error
    for node in ast.walk(tree):
        if _asks_for_one_form(node):
            raise ParameterError(
                f"{sheet.path}: a test asks `{ast.unparse(node)}`, and a right answer may come in another form. "
                "Ask same(came, expected), of fercourse.classroom.checks.shared.compare."
            )


def _asks_for_one_form(node):
    if isinstance(node, ast.Compare) and any(isinstance(sign, (ast.Is, ast.IsNot)) for sign in node.ops):
        sides = (node.left, *node.comparators)
        return any(isinstance(side, ast.Constant) and side.value is not None for side in sides)
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in ONE_FORM
    return isinstance(node, ast.Attribute) and node.attr == "__class__"
