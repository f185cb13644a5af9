"""Exercise sheets: from an author's file to the solved notebook, the student's and the hints, the same every time."""

import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from textwrap import indent

import nbformat
import pytest
from toy_course import lesson, toy_course

from fercourse.__main__ import main
from fercourse.course.building.build_sheets import HINTS, build_sheets, sheet_drift, texts
from fercourse.course.building.sheets import STUB, read_authored_sheet, released
from fercourse.errors import ParameterError

FRONT = """\
# ---
# title: two toys
# exercises:
#   - {id: "01.1", title: Add, kind: code, difficulty: 1, minutes: 5}
#   - {id: "01.2", title: "Why?", kind: break, difficulty: 3, minutes: 15}
# ---
"""
CELLS = '''
# %%
numbers = [1, 2]

# %% [markdown]
# ## 01.1 · Add
#
# Write `total`, and name what it is for.

# %% answer="01.1"
def total(values):
    """The sum."""
    ### BEGIN SOLUTION
    found = sum(values)  # marigold
    return found
    ### END SOLUTION


# %% answer="01.1"
purpose = None
### BEGIN SOLUTION
purpose = "marigold"
### END SOLUTION

# %% check="01.1" points=2
fc.check("01.1", total, purpose)

# %% hidden="01.1" points=1
# More numbers come along here.
### BEGIN HIDDEN TESTS
assert total([-1]) == -1, "marigold"
### END HIDDEN TESTS

# %% [markdown] hints="01.1"
# - Begin with nothing.
# - Add the first,
#   then the next.
# - There is a function.

# %% [markdown] answer="01.2" points=4
# ### BEGIN SOLUTION
# Because. A marigold.
#
# **Rubric**: 4 points.
# ### END SOLUTION

# %% [markdown] hints="01.2"
# - Ask why.
'''
TOY = FRONT + CELLS
STEM = "01_toy"

# In a process of its own, since nbgrader and its database layer warn.
GENERATE = """
import sys
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

root, stub = sys.argv[1:]
stubs = {"code_stub": {"python": stub}, "text_stub": "Write your answer here."}
config = Config({"CourseDirectory": {"root": root}, "ClearSolutions": stubs})
done = NbGraderAPI(CourseDirectory(config=config), config=config).generate_assignment("toy")
print(done.get("log", ""), file=sys.stderr)
sys.exit(not done["success"])
"""


def write_sheet(course, text, stem=STEM):
    """Put a sheet into the course; its path."""
    path = course.lessons / "exercises" / f"{stem}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def course(tmp_path):
    """A course of one lesson and its sheet."""
    made = toy_course(tmp_path, toy_01=lesson("1 + 1"))
    write_sheet(made, TOY)
    return made


def cells(course, folder="solutions"):
    """The cells of the built sheet by their ids."""
    notebook = nbformat.read(course.root / folder / f"{STEM}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return {cell.id: cell for cell in notebook.cells}


def test_a_sheet_becomes_a_solved_notebook_a_released_one_and_hints(course):
    built = [str(path.relative_to(course.root)) for path in build_sheets(course=course)]
    assert built == [f"solutions/{STEM}.ipynb", f"exercises/{STEM}.ipynb", HINTS]


def test_a_sheet_leads_to_each_part_of_its_lesson(course):
    (course.lessons / "01b_more.py").touch()
    (course.lessons / "02_other.py").touch()
    build_sheets(course=course)
    opening = cells(course)["01-title"].source
    assert "[lesson 01b](../notebooks/01b_more.ipynb)" in opening
    assert "02_other" not in opening


def test_the_solved_notebook_has_an_opening_a_setup_cell_the_authors_cells_and_a_progress_line(course):
    build_sheets(course=course)
    found = cells(course)
    assert list(found) == [
        "01-title", "01-course", "01-numbers-1-2", "01-01-1-add", "01-1-answer", "01-1-answer-2", "01-1-check",
        "01-1-hidden", "01-2-answer", "01-progress",
    ]  # fmt: skip
    assert found["01-title"].source.startswith("# 01 · Exercises: two toys\n")
    address = "https://colab.research.google.com/github/fercourse/fercourse/blob/main"
    assert f"colab-badge.svg)]({address}/exercises/{STEM}.ipynb)\n" in found["01-title"].source
    assert f"[lesson 01](../notebooks/{STEM}.ipynb) <sup>[in Colab]({address}/" in found["01-title"].source
    assert "| 01.1 Add | code | ●○○ | 5 | 3 |" in found["01-title"].source
    assert "| 01.2 Why? | break | ●●● | 15 | 4 |" in found["01-title"].source
    assert "git+https://github.com/fercourse/fercourse" in found["01-course"].source
    assert found["01-course"].source.endswith("import fercourse as fc\n\nfc.use_drive()")
    assert found["01-progress"].source == 'fc.progress("01")'
    assert all(not cell.get("outputs") for cell in found.values())


def test_every_cell_tells_nbgrader_what_it_is(course):
    build_sheets(course=course)
    found = {id: cell.metadata.get("nbgrader") for id, cell in cells(course).items()}
    assert found.pop("01-title") is None
    assert found.pop("01-01-1-add") is None
    kinds = {id: tuple(known[name] for name in ("grade", "solution", "locked")) for id, known in found.items()}
    locked, answer, graded = (False, False, True), (False, True, False), (True, False, True)
    assert kinds == {
        "01-course": locked, "01-numbers-1-2": locked, "01-1-answer": answer, "01-1-answer-2": answer,
        "01-1-check": graded, "01-1-hidden": graded, "01-2-answer": (True, True, False), "01-progress": locked,
    }  # fmt: skip
    assert all(known["grade_id"] == id and known["schema_version"] == 3 for id, known in found.items())
    points = {id: known["points"] for id, known in found.items() if "points" in known}
    assert points == {"01-1-check": 2, "01-1-hidden": 1, "01-2-answer": 4}


def test_the_notebook_describes_its_exercises(course):
    build_sheets(course=course)
    about = nbformat.read(course.root / "solutions" / f"{STEM}.ipynb", as_version=4).metadata.fercourse
    assert about == {
        "sheet": "01",
        "title": "two toys",
        "exercises": {
            "01.1": {"title": "Add", "kind": "code", "difficulty": 1, "minutes": 5},
            "01.2": {"title": "Why?", "kind": "break", "difficulty": 3, "minutes": 15},
        },
    }


def test_the_released_sheet_has_stubs_for_solutions_and_no_hidden_test(course):
    build_sheets(course=course)
    found = cells(course, "exercises")
    stub = indent(STUB, "    ")
    assert found["01-1-answer"].source == f'def total(values):\n    """The sum."""\n{stub}'
    assert found["01-1-answer-2"].source == f"purpose = None\n{STUB}"
    assert found["01-2-answer"].source == "Write your answer here."
    assert found["01-1-check"].source == 'fc.check("01.1", total, purpose)'
    assert found["01-1-hidden"].source == "# More numbers come along here."
    text = (course.root / "exercises" / f"{STEM}.ipynb").read_text(encoding="utf-8")
    assert not any(secret in text for secret in ("marigold", "Rubric", "BEGIN", "HIDDEN"))
    assert list(found) == list(cells(course))


def test_the_release_is_what_nbgraders_own_generate_assignment_makes(course, tmp_path):
    pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install 'fercourse[grade]'")
    build_sheets(course=course)
    root = tmp_path / "hub"
    source = root / "source" / "toy" / f"{STEM}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_bytes((course.root / "solutions" / f"{STEM}.ipynb").read_bytes())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by its name
    environment = os.environ | {"PATH": path, "JUPYTER_CONFIG_DIR": str(root)}
    command = [sys.executable, "-W", "ignore", "-c", GENERATE, str(root), STUB]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    theirs = (root / "release" / "toy" / f"{STEM}.ipynb").read_bytes()
    assert theirs == (course.root / "exercises" / f"{STEM}.ipynb").read_bytes()


def test_the_hints_are_the_listed_ones_each_on_one_line_and_then_the_solution(course):
    build_sheets(course=course)
    hints = json.loads((course.root / HINTS).read_text(encoding="utf-8"))
    assert hints == {
        "01.1": {
            "title": "Add",
            "hints": ["Begin with nothing.", "Add the first, then the next.", "There is a function."],
            "solution": 'found = sum(values)  # marigold\nreturn found\n\npurpose = "marigold"',
        },
        "01.2": {"title": "Why?", "hints": ["Ask why."], "solution": "Because. A marigold.\n\n**Rubric**: 4 points."},
    }


def test_building_again_gives_the_same_text_and_changes_nothing(course):
    first = texts(course)
    assert texts(course) == first
    build_sheets(course=course)
    assert build_sheets(course=course) == []
    assert {path: path.read_text(encoding="utf-8") for path in first} == first
    solution = first[course.root / "solutions" / f"{STEM}.ipynb"]
    assert released(solution) == released(solution) == first[course.root / "exercises" / f"{STEM}.ipynb"]


def test_outputs_of_a_solution_that_was_run_are_not_released(course):
    build_sheets(course=course)
    path = course.root / "solutions" / f"{STEM}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="marigold")]
            cell.execution_count = 7
    run = nbformat.writes(notebook)
    assert released(run) == (course.root / "exercises" / f"{STEM}.ipynb").read_text(encoding="utf-8")


def test_drift_is_empty_after_a_build_and_names_each_file_that_was_touched(course):
    assert sheet_drift(course=course) == [f"{name}: not what its sheet builds" for name in drifting(course)]
    build_sheets(course=course)
    assert sheet_drift(course=course) == []
    for name in ("solutions", "exercises"):
        path = course.root / name / f"{STEM}.ipynb"
        built = path.read_text(encoding="utf-8")
        path.write_text(built.replace("total", "sum_up", 1), encoding="utf-8")
        assert sheet_drift(course=course) == [f"{name}/{STEM}.ipynb: not what its sheet builds"]
        path.write_text(built, encoding="utf-8")
    (course.root / HINTS).unlink()
    assert sheet_drift(course=course) == ["classroom/hints.json: not what its sheet builds"]


def drifting(course):
    """What a course that was never built lacks, in the order of the build."""
    return [f"solutions/{STEM}.ipynb", f"exercises/{STEM}.ipynb", "classroom/hints.json"]


def test_a_changed_sheet_drifts_in_all_that_it_makes(course):
    build_sheets(course=course)
    write_sheet(course, TOY.replace("return found", "return 0 + found"))
    assert sheet_drift(course=course) == [
        f"solutions/{STEM}.ipynb: not what its sheet builds",
        "classroom/hints.json: not what its sheet builds",
    ], "another solution is no other sheet for students"
    write_sheet(course, TOY.replace("numbers = [1, 2]", "numbers = [1, 2, 3]"))
    assert len(sheet_drift(course=course)) == 2
    build_sheets(course=course)
    assert sheet_drift(course=course) == []


@pytest.mark.parametrize("folder", ["solutions", "exercises"])
def test_a_notebook_without_a_sheet_is_named(course, folder):
    build_sheets(course=course)
    (course.root / folder / "07_stray.ipynb").write_text("{}", encoding="utf-8")
    assert sheet_drift(course=course) == [f"{folder}/07_stray.ipynb: no sheet of that name"]


def test_the_command_builds_the_sheets_and_its_check_finds_their_drift_without_writing(course, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    assert main(["build"]) == 0
    assert f"built exercises/{STEM}.ipynb" in capsys.readouterr().out
    assert main(["build", "--check"]) == 0
    path = course.root / "exercises" / f"{STEM}.ipynb"
    path.write_text("{}", encoding="utf-8")
    assert main(["build", "--check"]) == 1
    assert f"exercises/{STEM}.ipynb: not what its sheet builds" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == "{}"


def test_a_course_without_sheets_builds_nothing_and_has_no_drift(tmp_path):
    course = toy_course(tmp_path, toy_01=lesson("1 + 1"))
    assert build_sheets(course=course) == []
    assert sheet_drift(course=course) == []


def test_two_sheets_share_one_file_of_hints(course):
    write_sheet(course, TOY.replace("01.", "02."), "02_toy")
    build_sheets(course=course)
    assert list(json.loads((course.root / HINTS).read_text(encoding="utf-8"))) == ["01.1", "01.2", "02.1", "02.2"]
    second = nbformat.read(course.root / "solutions" / "02_toy.ipynb", as_version=4)
    assert second.cells[0].id == "02-title"
    assert second.cells[-1].source == 'fc.progress("02")'


MALFORMED = {
    "no front matter": (FRONT, "", "line 1: expected YAML front matter"),
    "front matter that is no YAML": ("title: two toys", "title: [two toys", "is not YAML"),
    "no title": ("# title: two toys\n", "", "a title and a list of exercises"),
    "a field too many": ("# title: two toys\n", "# title: two toys\n# author: me\n", "a title and a list of exercises"),
    "another lesson's id": ("01.1", "02.1", "expected ids such as 01.1, found '02.1'"),
    "an id that is no number": ('{id: "01.1"', '{id: "01.a"', "expected ids such as 01.1, found '01.a'"),
    "an exercise without minutes": (", minutes: 5}", "}", "01.1 needs title, kind, difficulty, minutes"),
    "minutes in words": ("minutes: 5}", "minutes: five}", "01.1 needs title, kind, difficulty, minutes"),
    "an unknown kind": ("kind: code", "kind: quiz", "kind is one of"),
    "a difficulty of four": ("difficulty: 3", "difficulty: 4", "difficulty 1 to 3"),
    "no hints": (' hints="01.2"', "", "01.2 needs hints and an answer"),
    "no answer": ('[markdown] answer="01.2" points=4', "[markdown]", "no region of a solution"),
    "an answer to an unlisted exercise": ('check="01.1"', 'check="01.3"', "check='01.3' is none of the listed"),
    "a check without points": ('check="01.1" points=2', 'check="01.1"', "graded cells and no others have points"),
    "hidden tests without points": ('hidden="01.1" points=1', 'hidden="01.1"', "graded cells and no others"),
    "words to be marked without points": ('answer="01.2" points=4', 'answer="01.2"', "graded cells and no others"),
    "points on an answer in code": ('answer="01.1"', 'answer="01.1" points=2', "graded cells and no others"),
    "a hidden test that asks for True itself": ("== -1", "is True", "a test asks `total([-1]) is True`"),
    "a hidden test that asks for anything but False": ("total([-1]) == -1", "False is not total([])", "same(came, exp"),
    "a hidden test that asks for a type": ("== -1", "== 1 and type(total([1])) is int", "asks `type(total([1]))`"),
    "a hidden test that asks for a class": ("== -1", "+ isinstance(total([1]), int)", "`isinstance(total([1]), int)`"),
    "a hidden test that looks at a class": ("== -1", ".__class__ == int", "a test asks `total([-1]).__class__`"),
    "a check that asks for False itself": (
        "total, purpose)\n",
        "total, purpose is False)\n",
        "asks `purpose is False`",
    ),
    "a hidden test that is no Python": ("== -1", "=== -1", "is no Python"),
    "points on a cell that is not graded": ("# %%\nnumbers", "# %% points=1\nnumbers", "graded cells and no others"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_sheet_is_refused_by_its_name_and_nothing_is_built(course, name):
    right, wrong, message = MALFORMED[name]
    assert right in TOY
    path = write_sheet(course, TOY.replace(right, wrong, 1))
    with pytest.raises(ParameterError) as caught:
        build_sheets(course=course)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert not (course.root / "solutions").exists()


def test_a_test_may_ask_whether_nothing_came(course):
    write_sheet(course, TOY.replace("total([-1]) == -1", "total([-1]) is not None and total([]) is None"))
    assert build_sheets(course=course)


def test_reading_a_sheet_leaves_its_cells_as_the_author_wrote_them(course):
    sheet = read_authored_sheet(course.lessons / "exercises" / f"{STEM}.py")
    before = deepcopy(sheet.cells)
    texts(course)
    assert sheet.cells == before
    assert (sheet.number, sheet.title, list(sheet.exercises)) == ("01", "two toys", ["01.1", "01.2"])


LEAKING_OR_BROKEN = {
    "hidden tests without a beginning": ("### BEGIN HIDDEN TESTS\n", ""),
    "hidden tests without an end": ("### END HIDDEN TESTS\n", ""),
    "an answer without an end": ("    ### END SOLUTION\n\n\n", "\n\n"),
    "an answer without a region": (
        '### BEGIN SOLUTION\npurpose = "marigold"\n### END SOLUTION',
        'purpose = "marigold"',
    ),
    "a region in a cell that is no answer": ("numbers = [1, 2]", "### BEGIN SOLUTION\n1\n### END SOLUTION"),
    "a list of exercises that is none": (FRONT.split("title: two toys\n")[1], "# exercises:\n# ---\n"),
    "an exercise that is a text": ('{id: "01.1", title: Add, kind: code, difficulty: 1, minutes: 5}', '"01.1"'),
    "points in words": ("points=2", 'points="two"'),
    "no hint in the list of hints": ("# - Ask why.\n", "#\n"),
}


@pytest.mark.parametrize("name", LEAKING_OR_BROKEN)
def test_a_sheet_that_would_leak_or_break_is_refused_by_its_name(course, name):
    right, wrong = LEAKING_OR_BROKEN[name]
    assert right in TOY
    path = write_sheet(course, TOY.replace(right, wrong, 1))
    with pytest.raises(ParameterError) as caught:
        texts(course)
    assert str(path) in str(caught.value)
