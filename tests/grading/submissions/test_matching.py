"""A sheet's cells are found in what was handed in, however it was saved, moved or damaged."""

import json
from pathlib import Path

import pytest
from edited_sheet import place, renumber, strip_nbgrader
from toy_sheet import RIGHT, cell, handed_in, notebook, solution, write

from fercourse.course.building.sheets import released
from fercourse.errors import GradingError
from fercourse.grading.sheet import read_sheet
from fercourse.grading.submissions.matching import match
from fercourse.grading.submissions.reading import read_student_notebook

COURSE = Path(__file__).parents[3]
ANSWERS = {f"00-{number}-answer": source for number, source in enumerate(RIGHT.values(), start=1)}


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    path = tmp_path_factory.mktemp("toy") / "00_toy.ipynb"
    write(path, solution())
    return read_sheet(path)


@pytest.fixture
def matched(sheet, tmp_path):
    """A function that matches a notebook to the toy sheet."""

    def matched(content):
        write(tmp_path / "x.ipynb", content)
        return match(sheet, read_student_notebook(tmp_path / "x.ipynb"))

    return matched


def ran(found):
    """The ids of the steps that run, in order; own cells by their source."""
    return [step.id if step.cell else step.source for step in found.steps if not step.cell or step.cell.role != "text"]


def test_a_sheet_is_read_with_the_roles_and_points_of_its_cells(sheet):
    roles = {cell.id: (cell.role, cell.points, cell.exercise) for cell in sheet.cells}
    assert roles["00-setup"] == ("locked", 0, "00-setup")
    assert roles["00-1-answer"] == ("answer", 0, "00.1")
    assert roles["00-1-check"] == ("check", 1, "00.1")
    assert roles["00-1-hidden"] == ("hidden", 2, "00.1")
    assert roles["00-5-answer"] == ("hand", 3, "00.5")
    assert sheet.name == "00_toy"


def test_a_solution_that_an_editor_of_windows_has_saved_is_read(tmp_path, sheet):
    text = json.dumps(solution(), indent=1).replace("\n", "\r\n")
    (tmp_path / "00_toy.ipynb").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_sheet(tmp_path / "00_toy.ipynb").cells == sheet.cells


def test_what_is_handed_out_is_what_nbgrader_makes_of_the_sheet(sheet):
    given = json.loads(released(json.dumps(solution())))
    assert [cell.stub for cell in sheet.cells] == ["".join(cell["source"]).strip("\n") for cell in given["cells"]]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("no JSON", "expected a solved notebook"),
        ("[]", "format 4"),
        ('{"nbformat": 3, "worksheets": []}', "format 4"),
        (json.dumps(notebook([cell("code", "a", "1")])), "no cell is graded"),
        (json.dumps(notebook([cell("code", "a", "1", grade=True, points=1)] * 2)), "found twice: a"),
        (json.dumps(notebook([cell("markdown", "a", "1", grade=True, points=1)])), "neither code nor an answer"),
    ],
)
def test_a_solution_that_cannot_be_graded_by_is_refused(tmp_path, content, complaint):
    (tmp_path / "00.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(GradingError, match=complaint):
        read_sheet(tmp_path / "00.ipynb")


def test_a_good_submission_matches_without_a_remark(matched):
    found = matched(handed_in())
    assert found.answers == ANSWERS
    assert found.remarks == ()
    assert found.related


def as_colab(content):
    strip_nbgrader(content)
    for found in content["cells"]:
        found["metadata"] = {"id": found.pop("id")}


def sign_again(content):
    for found in content["cells"]:
        found["metadata"].get("nbgrader", {}).update(points=100, checksum="0" * 32, locked=False, solution=False)


def reverse(content):
    content["cells"].reverse()


@pytest.mark.parametrize("change", [strip_nbgrader, as_colab, renumber, sign_again, reverse])
def test_answers_are_found_however_the_notebook_was_saved(matched, sheet, change):
    content = handed_in()
    change(content)
    found = matched(content)
    assert found.answers == ANSWERS
    assert ran(found) == [cell.id for cell in sheet.cells if cell.role != "text"]


def test_without_any_ids_answers_are_found_by_what_they_define(matched):
    content = handed_in()
    strip_nbgrader(content)
    renumber(content)
    found = matched(content)
    assert found.answers == ANSWERS
    assert "the cell 00-2-answer was found by what it defines: softmax" in found.remarks
    assert "the answer cell 00-5-answer is missing: what stands below its heading waits for a person" in found.remarks
    assert not found.unanswered


def test_an_answer_that_took_the_id_of_a_test_is_found_by_what_it_defines(matched):
    content = handed_in()
    answer = content["cells"][place(content, "00-2-answer")]
    answer["id"] = "other"
    answer["metadata"]["nbgrader"]["grade_id"] = "00-2-hidden"
    del content["cells"][place(content, "00-2-hidden")]
    found = matched(content)
    assert found.answers == ANSWERS
    assert "the cell 00-2-answer was found by what it defines: softmax" in found.remarks
    assert ran(found).count("00-2-hidden") == 1


def test_an_answer_turned_into_text_is_run_as_code(matched):
    content = handed_in()
    content["cells"][place(content, "00-2-answer")]["cell_type"] = "markdown"
    found = matched(content)
    assert found.answers["00-2-answer"] == RIGHT["softmax"]
    assert "no code cell any more" in found.remarks[0]


def test_locked_cells_that_were_edited_or_deleted_are_the_instructors_again(matched):
    content = handed_in()
    content["cells"][place(content, "00-setup")]["source"] = "np = None"
    content["cells"][place(content, "00-1-check")]["source"] = "pass"
    del content["cells"][place(content, "00-2-hidden")]
    found = matched(content)
    sources = {step.id: step.source for step in found.steps}
    assert sources["00-setup"] == "import numpy as np"
    assert "assert total" in sources["00-1-check"]
    assert "overflow" in sources["00-2-hidden"]
    assert found.remarks == (
        "locked and changed: 00-setup, 00-1-check; the instructor's version was run",
        "locked and missing: 00-2-hidden; the instructor's version was run",
    )


def test_cells_of_their_own_run_where_students_put_them(matched):
    content = handed_in(first="import math", last="total([1])")
    content["cells"].insert(place(content, "00-2-answer"), cell("code", "mine", "helper = 1"))
    content["cells"].insert(0, cell("code", "top", "%pip list"))
    order = ran(matched(content))
    assert order[:3] == ["%pip list", "00-setup", "import math"]
    assert order[order.index("helper = 1") - 1] == "00-1-hidden"
    assert order[-1] == "total([1])"


def test_a_missing_answer_is_said_to_be_missing(matched):
    content = handed_in()
    del content["cells"][place(content, "00-2-answer")]
    found = matched(content)
    assert "00-2-answer" not in found.answers
    assert found.remarks == ("the answer cell 00-2-answer is missing",)


def test_another_sheets_notebook_is_not_related(matched):
    found = matched(notebook([cell("code", "07-1-answer", "def other():\n    pass", solution=True)]))
    assert not found.related
    assert found.answers == {}
    assert found.other == "07"


def exercises(number, *changes):
    """A sheet of this course as it is handed out, changed."""
    (path,) = (COURSE / "exercises").glob(f"{number}_*.ipynb")
    content = json.loads(path.read_text(encoding="utf-8"))
    for change in changes:
        change(content)
    return content


def forget_the_sheet(content):
    del content["metadata"]["fercourse"]


def without_title(content):
    del content["cells"][0]


BARE = (strip_nbgrader, renumber)


@pytest.mark.parametrize(
    "changes",
    [(), (as_colab,), BARE, (*BARE, forget_the_sheet), (*BARE, without_title)],
    ids=["ids", "Colab", "no ids", "nor metadata", "nor title"],
)
@pytest.mark.parametrize(("theirs", "ours"), [("02", "03"), ("01", "04"), ("06", "04"), ("03", "02")])
def test_another_sheet_of_the_course_is_named_and_none_of_its_names_taken(tmp_path, theirs, ours, changes):
    (path,) = (COURSE / "solutions").glob(f"{ours}_*.ipynb")
    write(tmp_path / "x.ipynb", exercises(theirs, *changes))
    found = match(read_sheet(path), read_student_notebook(tmp_path / "x.ipynb"))
    assert (found.other, found.related, found.answers) == (theirs, False, {})


def test_a_cell_brought_along_from_another_sheet_is_the_students_own(tmp_path):
    (path,) = (COURSE / "solutions").glob("03_*.ipynb")
    content = exercises("03")
    brought = cell("code", "02-2-answer", "def adam(*_): return 1", grade_id="02-2-answer", solution=True)
    content["cells"].insert(3, brought)
    write(tmp_path / "x.ipynb", content)
    found = match(read_sheet(path), read_student_notebook(tmp_path / "x.ipynb"))
    assert found.related
    assert "return 1" not in found.answers["03-3-answer"]
    assert brought["source"] in ran(found)


def test_a_notebook_of_ones_own_has_words_for_a_person(matched):
    found = matched(notebook([cell("markdown", "a", "Exp overflows."), cell("code", "b", "import numpy as np")]))
    assert not found.related
    assert not found.other
    assert found.answers == {"00-5-answer": "Exp overflows."}
