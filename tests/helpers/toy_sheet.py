"""A toy exercise sheet of five exercises: as the instructor has it, solved, and as students hand it in."""

import json
import re
from copy import deepcopy
from textwrap import dedent

SECRET = "marigold-5e1f0c"  # stands in all that a student must never see: solutions, hidden tests, the mark scheme
HIDDEN_NUMBER = 8675309  # an argument that only a hidden test passes

SOLVED = {
    "total": f'''\
def total(values):
    """The sum of a list of numbers."""
    ### BEGIN SOLUTION
    return sum(values)  # {SECRET}
    ### END SOLUTION''',
    "softmax": f'''\
def softmax(logits):
    """The softmax of each row of an array (rows, classes)."""
    ### BEGIN SOLUTION
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))  # {SECRET}
    return powers / powers.sum(axis=1, keepdims=True)
    ### END SOLUTION''',
    "side": f'''\
def side(size, kernel, stride):
    """The side of what a convolution without padding returns."""
    ### BEGIN SOLUTION
    return (size - kernel) // stride + 1  # {SECRET}
    ### END SOLUTION''',
    "colours": f"""\
### BEGIN SOLUTION
colours = ["red", "green", "blue"]  # {SECRET}
### END SOLUTION""",
    "words": f"""\
Why is the largest logit subtracted first?

### BEGIN SOLUTION
Without it, exp overflows. {SECRET}

**Rubric**: 3 points for the overflow. {SECRET}
### END SOLUTION""",
}
CHECKS = {
    "total": 'assert total([1, 2, 3.5]) == 6.5, f"total([1, 2, 3.5]) should be 6.5, not {total([1, 2, 3.5])!r}"',
    "softmax": """\
rows = softmax(np.array([[0.0, 1.0], [2.0, 2.0]]))
assert rows.shape == (2, 2), "softmax keeps the shape"
assert np.allclose(rows.sum(axis=1), 1), "each row should sum to 1"
""",
    "side": 'assert side(48, 3, 1) == 46, "side(48, 3, 1) should be 46"',
    "colours": 'assert colours[0] == "red", f"colours should begin with red: {colours}"',
}
HIDDEN = {
    "total": f"""\
assert total([-2, 2, {HIDDEN_NUMBER}]) == {HIDDEN_NUMBER}, "negative numbers count as well"
assert total([]) == 0 and "{SECRET}"
""",
    "softmax": """\
assert np.allclose(softmax(np.array([[1000.0, 0.0]])), [[1, 0]]), "large logits overflow"
assert np.allclose(softmax(np.array([[0.0, 0.0, 0.0, 0.0]])), 0.25), "equal logits share equally"
""",
    "side": """\
assert_sides({(3, 3, 2): 1, (4, 3, 2): 1, (5, 3, 2): 2}, "a stride of 2 rounds down")
assert type(side(9, 5, 2)) is int, "a side is a whole number"
""",
    "colours": 'assert colours == ["red", "green", "blue"], "red, green, blue, in this order"',
}
HELPER = """\
def assert_sides(cases, message):
    for case, expected in cases.items():
        assert side(*case) == expected, message"""
RIGHT = {
    "total": "def total(values):\n    return sum(values)",
    "softmax": """\
def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)""",
    "side": "def side(size, kernel, stride):\n    return (size - kernel) // stride + 1",
    "colours": 'colours = ["red", "green", "blue"]',
    "words": "Because the exponential of a large number is infinite.",
}
STUBS = {
    name: re.sub(r"(?ms)^( *)### BEGIN SOLUTION.*### END SOLUTION", r"\1# Write your answer here.\n\1pass", source)
    for name, source in SOLVED.items()
} | {"words": "Why is the largest logit subtracted first?\n\nWrite your answer here."}
NUMBERS = {name: number for number, name in enumerate(SOLVED, start=1)}
NAMES = {f"00-{number}-answer": name for name, number in NUMBERS.items()}
POINTS = {f"00-{NUMBERS[name]}-{part}": points for name in CHECKS for part, points in (("check", 1), ("hidden", 2))}
BY_HAND = {"00-5-answer": 3}


def solution():
    """The solved sheet, in nbgrader's format."""
    cells = [_locked("markdown", "00-intro", "# A toy sheet"), _locked("code", "00-setup", "import numpy as np")]
    for name, number in NUMBERS.items():
        if name == "words":
            cells.append(cell("markdown", "00-5-answer", SOLVED[name], grade=True, solution=True, points=3))
            continue
        hidden = f"### BEGIN HIDDEN TESTS\n# {SECRET}\n{HIDDEN[name]}\n### END HIDDEN TESTS"
        cells += [
            *([_locked("code", "00-helper", HELPER)] if name == "side" else []),
            cell("code", f"00-{number}-answer", SOLVED[name], solution=True),
            cell("code", f"00-{number}-check", CHECKS[name], grade=True, locked=True, points=1),
            cell("code", f"00-{number}-hidden", hidden, grade=True, locked=True, points=2),
        ]
    return notebook(cells)


def handed_in(*, first="", last="", **answers):
    """The sheet with the right answers, or with those of `answers` (name → source).

    `first` is a cell of the student's own before the answers, `last` one behind everything.
    """
    answers = RIGHT | {name: dedent(source) for name, source in answers.items()}
    sheet = solution()
    for found in sheet["cells"]:
        if found["id"] in NAMES:
            found["source"] = answers[NAMES[found["id"]]]
        elif found["id"].endswith("hidden"):
            found["source"] = ""
    sheet["cells"][2:2] = _own("first", first)
    sheet["cells"] += _own("last", last)
    return sheet


def notebook(cells, *, kernel="python3", language="python"):
    """A notebook of format 4.5 as plain data."""
    kernelspec = {"display_name": kernel, "language": language, "name": kernel}
    titles = {f"00.{number}": {"title": name, "kind": "code"} for name, number in NUMBERS.items()}
    about = {"sheet": "00", "title": "A toy sheet", "exercises": titles}
    metadata = {"kernelspec": kernelspec, "language_info": {"name": language}, "fercourse": about}
    return {"cells": deepcopy(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def cell(kind, id, source, **nbgrader):
    """A cell; with keywords also nbgrader's metadata under the cell's id."""
    made = {"cell_type": kind, "id": id, "metadata": {}, "source": source}
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    if nbgrader:
        base = {"schema_version": 3, "grade_id": id, "grade": False, "solution": False, "locked": False, "task": False}
        made["metadata"]["nbgrader"] = base | nbgrader
    return made


def write(path, sheet):
    """Write a notebook, or anything else that is JSON, without asking whether it is valid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sheet, indent=1), encoding="utf-8")


def _own(id, source):
    return [cell("code", id, dedent(source))] if source else []


def _locked(kind, id, source):
    return cell(kind, id, source, locked=True)
