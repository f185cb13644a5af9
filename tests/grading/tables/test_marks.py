"""Marks as tables: CSV and JSON, what Moodle and Canvas take in, and the marks that a person enters."""

import csv
import json
import zipfile
from types import SimpleNamespace

import pytest
from toy_class import enter, graded, hand_in, table
from toy_sheet import handed_in, write

from fercourse.errors import GradingError
from fercourse.grading.tables.lms import is_final
from fercourse.grading.tables.marks import row_of, write_marks
from fercourse.grading.text import defused, number, one_line, undefused
from fercourse.pages.text import clean


def moodle_class(root, **answers):
    """Two students out of Moodle; the second one gives these answers."""
    for name, given in (("Anna Smith_101", {}), ("=Eve_102", answers)):
        write(root / "in" / f"{name}_assignsubmission_file_" / "x.ipynb", handed_in(**given))


def test_a_row_has_total_exercises_cells_and_what_waits_for_a_person(tmp_path):
    hand_in(tmp_path, "anna", side="def side():\n    return 0")
    graded(tmp_path)
    (row,) = table(tmp_path / "marks" / "marks.csv")
    assert (row["student"], row["status"], row["total"], row["maximum"]) == ("anna", "graded", "9", "15")
    assert (row["00.3"], row["00.4"], row["00.5"]) == ("0", "3", "")
    assert (row["00-3-check"], row["00-4-hidden"], row["00-5-answer"]) == ("0", "2", "")
    assert row["by hand"] == "00-5-answer"
    record = json.loads((tmp_path / "marks" / "marks.json").read_text(encoding="utf-8"))
    assert record["sheet"] == "00_toy"
    assert record["students"][0]["cells"]["00-4-hidden"] == {
        "exercise": "00.4",
        "kind": "hidden",
        "points": 2,
        "maximum": 2,
        "why": "passed",
    }


def uploads(root):
    """What an upload would change: students named in moodle.csv, canvas.csv and moodle_feedback.zip."""
    folder, found = root / "marks", []
    if (folder / "moodle.csv").exists():
        found += [row["Identifier"] for row in table(folder / "moodle.csv")]
        with zipfile.ZipFile(folder / "moodle_feedback.zip") as archive:
            found += archive.namelist()
    if (folder / "canvas.csv").exists():
        found += [row["ID"] or row["SIS Login ID"] for row in table(folder / "canvas.csv")[1:]]
    return found


def test_no_number_of_remarks_makes_a_cell_too_long_and_what_is_not_the_students_doing_stays(tmp_path):
    """Excel holds 32,767 characters."""
    submission = SimpleNamespace(key="anna", student="anna", moodle="", canvas="", remarks=("late",), reason="")
    sheet = SimpleNamespace(graded=[], exercises={}, of_exercise=lambda _: [], name="00", title="00")
    found = [f"the cell {number} was left out: {'x' * 1000}" for number in range(1500)]
    result = {"status": "graded", "remarks": found, "cells": {}}
    marked = {"00-5-answer": {"mark": None, "comment": "", "remark": "it must be marked again"}}
    row = row_of(submission, result, sheet, marked=marked)
    assert row["remarks"][0] == "late"
    assert row["remarks"][-2:] == ["1,491 more", "it must be marked again"]
    assert len(row["remarks"]) == 12
    write_marks(tmp_path, [row], sheet)
    assert max(len(text) for cells in table(tmp_path / "marks.csv") for text in cells.values()) < 5000
    few = {"status": "graded", "remarks": found[:9] + found[:9], "cells": {}}
    assert len(row_of(submission, few, sheet)["remarks"]) == 10


def test_moodle_gets_its_worksheet(tmp_path):
    moodle_class(tmp_path, words="")
    graded(tmp_path)
    (eve,) = table(tmp_path / "marks" / "moodle.csv")
    # mod/assign/feedback/offline/importgradeslib.php refuses a file that lacks one of these columns.
    assert {"Identifier", "Grade", "Last modified (grade)"} <= eve.keys()
    assert (eve["Identifier"], eve["Full name"], eve["Grade"]) == ("Participant 102", "'=Eve", "12")
    assert (eve["Maximum Grade"], eve["Last modified (grade)"]) == ("15", "")
    assert "00.1: 3 / 3<br>" in eve["Feedback comments"]
    assert "00.5: 0 / 3" in eve["Feedback comments"]
    assert not (tmp_path / "marks" / "canvas.csv").exists()


def test_an_upload_changes_nothing_for_whose_marks_are_not_complete(tmp_path):
    """Moodle writes comments and pages without a grade, and an empty comment; Canvas clears by an empty cell."""
    for platform, names in {
        "moodle": [f"{name}_assignsubmission_file_/x" for name in ("Anna_1", "Ben_2", "Cleo_3", "Dan_4")],
        "canvas": ["anna_1_901_x", "ben_2_902_x", "cleo_3_903_x", "dan_4_904_x"],
        "mail": ["anna/x", "ben/x", "cleo/x", "dan/x"],
    }.items():
        root = tmp_path / platform
        answers = ({}, {"words": ""}, {"total": "# crash", "words": ""}, {"total": "# crash"})
        for name, given in zip(names, answers, strict=True):
            write(root / "in" / f"{name}.ipynb", handed_in(**given))
        graded(root)
        found = uploads(root)
        assert len(found) == (2 if platform == "moodle" else 1)
        assert all("2" in one or one == "ben" for one in found)
        enter(root, **{key: ("3", "") for key in ("anna", "anna_1")})
        graded(root)
        assert len(uploads(root)) == 2 * len(found)


@pytest.mark.parametrize("status", ["grader error", "another sheet"])
def test_who_has_no_marks_of_this_sheet_is_in_no_upload(status):
    row = {"by_hand": [], "status": "graded"}
    assert is_final(row)
    assert not is_final(row | {"status": status})


def test_where_no_marks_are_complete_an_upload_is_empty(tmp_path):
    moodle_class(tmp_path)
    graded(tmp_path)
    assert uploads(tmp_path) == []


def test_moodle_gets_the_feedback_pages_under_names_that_it_knows(tmp_path):
    moodle_class(tmp_path)
    graded(tmp_path)
    enter(tmp_path, anna_smith_101=("3", ""), eve_102=("0", ""))
    graded(tmp_path)
    path = tmp_path / "marks" / "moodle_feedback.zip"
    before = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        anna, eve = sorted(archive.namelist())
        assert (anna, eve) == (
            "anna-smith_101_assignsubmission_file_/feedback.html",
            "eve_102_assignsubmission_file_/feedback.html",
        )
        assert "Anna Smith" in archive.read(anna).decode()
    graded(tmp_path)
    assert path.read_bytes() == before


def test_students_of_one_name_are_told_apart_wherever_they_stand(tmp_path):
    for id, name in enumerate(("Anna Dubois", "Anna Dubois", "Rene\u0301", "Ren\u00e9", "Ben"), start=101):
        folder = tmp_path / "in" / f"{name}_{id}_assignsubmission_file_"
        write(folder / "x.ipynb", handed_in(**({"words": ""} if id % 2 else {})))
    graded(tmp_path)
    with_numbers = {"Anna Dubois (101)", "Anna Dubois (102)", "Rene\u0301 (103)", "Ren\u00e9 (104)", "Ben"}
    marks = tmp_path / "marks"
    assert {row["student"] for row in table(marks / "marks.csv")} == with_numbers
    assert {row["student"] for row in table(marks / "by_hand.csv")} == {"Anna Dubois (102)", "Ren\u00e9 (104)"}
    assert {row["Full name"] for row in table(marks / "moodle.csv")} < with_numbers
    report = (marks / "report.html").read_text(encoding="utf-8")
    assert all(report.count(f">{name}<") == 1 for name in with_numbers)


def test_canvas_gets_its_gradebook(tmp_path):
    write(tmp_path / "in" / "smithanna_11_901_x.ipynb", handed_in(words=""))
    write(tmp_path / "in" / "cleo_12_902_x.ipynb", handed_in())
    write(tmp_path / "in" / "bob" / "x.ipynb", handed_in(words="", side=""))
    graded(tmp_path)
    header, points, bob, anna = list(
        csv.reader((tmp_path / "marks" / "canvas.csv").read_text(encoding="utf-8-sig").splitlines())
    )
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "A toy (4711)"]
    assert points == ["    Points Possible", "", "", "", "", "15"]
    assert bob == ["bob", "", "", "bob", "", "9"]
    assert anna == ["smithanna", "11", "", "", "", "12"]
    assert not (tmp_path / "marks" / "moodle.csv").exists()


def test_a_mark_that_a_person_enters_is_taken_in_kept_and_shown(tmp_path):
    moodle_class(tmp_path)
    graded(tmp_path)
    enter(tmp_path, anna_smith_101=("2,5", "-1 for <b>brevity</b>"))
    rows = graded(tmp_path)
    assert rows["anna-smith-101"]["total"] == 14.5
    assert rows["anna-smith-101"]["by_hand"] == []
    assert rows["anna-smith-101"]["cells"]["00-5-answer"]["why"] == "-1 for <b>brevity</b>"
    assert rows["eve-102"]["by_hand"] == ["00-5-answer"]
    page = (tmp_path / "marks" / "feedback" / "anna-smith-101.html").read_text(encoding="utf-8")
    assert "-1 for &lt;b&gt;brevity&lt;/b&gt;" in page
    before = (tmp_path / "marks" / "by_hand.csv").read_bytes()
    graded(tmp_path)
    graded(tmp_path)
    assert (tmp_path / "marks" / "by_hand.csv").read_bytes() == before
    assert [row["Grade"] for row in table(tmp_path / "marks" / "moodle.csv")] == ["14.5"]


def test_a_spreadsheets_semicolons_and_code_page_are_read(tmp_path):
    hand_in(tmp_path, "anna")
    graded(tmp_path)
    path = tmp_path / "marks" / "by_hand.csv"
    rows = table(path)
    rows[0] |= {"mark": "1,5", "comment": "zu kurz, schön"}
    with open(path, "w", encoding="cp1252", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    rows = graded(tmp_path)
    assert rows["anna"]["cells"]["00-5-answer"]["points"] == 1.5
    assert rows["anna"]["cells"]["00-5-answer"]["why"] == "zu kurz, schön"


def test_an_answer_that_changed_loses_its_mark_and_says_so_until_it_has_a_new_one(tmp_path):
    hand_in(tmp_path, "anna")
    graded(tmp_path)
    enter(tmp_path, anna=("2", "good"))
    assert graded(tmp_path)["anna"]["total"] == 14
    hand_in(tmp_path, "anna", words="Something else.")
    for _ in range(2):
        row = graded(tmp_path)["anna"]
        assert (row["total"], row["by_hand"]) == (12, ["00-5-answer"])
        assert row["remarks"] == ["00-5-answer: the answer has changed since it got 2; it must be marked again"]
    enter(tmp_path, anna=("3", "better"))
    row = graded(tmp_path)["anna"]
    assert (row["total"], row["by_hand"], row["remarks"]) == (15, [], [])


@pytest.mark.parametrize("mark", ["4", "-1", "five", "nan", "inf", "1e9"])
def test_a_mark_that_cannot_be_is_named_before_anything_runs(tmp_path, mark):
    hand_in(tmp_path, "anna")
    graded(tmp_path)
    enter(tmp_path, anna=(mark, ""))
    before = (tmp_path / "marks" / "by_hand.csv").read_bytes()
    with pytest.raises(GradingError, match=r"by_hand.csv, row 2 \(anna, 00-5-answer\): .* from 0 to 3, found"):
        graded(tmp_path)
    assert (tmp_path / "marks" / "by_hand.csv").read_bytes() == before


def test_an_answer_that_is_there_twice_or_a_lost_column_is_named(tmp_path):
    hand_in(tmp_path, "anna")
    graded(tmp_path)
    path = tmp_path / "marks" / "by_hand.csv"
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text + text.splitlines()[1] + "\n")
    with pytest.raises(GradingError, match=r"row 3 \(anna, 00-5-answer\): expected each answer once"):
        graded(tmp_path)
    path.write_text(text.replace("mark,", "points,"))
    with pytest.raises(GradingError, match="mark is missing"):
        graded(tmp_path)


def test_the_marks_of_a_student_who_is_gone_for_a_day_are_not_lost(tmp_path):
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "bob")
    graded(tmp_path)
    enter(tmp_path, bob=("3", ""))
    (tmp_path / "in" / "bob.ipynb").rename(tmp_path / "bob.ipynb")
    assert set(graded(tmp_path)) == {"anna"}
    (tmp_path / "bob.ipynb").rename(tmp_path / "in" / "bob.ipynb")
    assert graded(tmp_path)["bob"]["total"] == 15


def test_no_cell_of_a_table_is_a_formula(tmp_path):
    write(tmp_path / "in" / "=1+1" / "x.ipynb", handed_in(words="@SUM(A1:A9)\n=2", side="# crash"))
    write(tmp_path / "in" / "-x" / "\t=cmd" / "+.pdf", {})
    write(tmp_path / "in" / "+_7_assignsubmission_file_" / "x.ipynb", handed_in(words="\n=3"))
    graded(tmp_path)
    for path in (tmp_path / "marks").glob("*.csv"):
        with open(path, encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert cells
        assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_texts_lose_what_does_not_belong_on_a_line():
    assert clean("\x1b[31mred\x1b[0m \x1b]0;title\x07\x00\u202eab\ud800") == "red ab\\ud800"
    assert one_line(" a\r\n b\t c ") == "a b c"
    assert one_line("x" * 50, longest=10) == "x" * 9 + "…"
    assert [number(value) for value in (2.0, 2.50, 1 / 3, 0, None)] == ["2", "2.5", "0.333", "0", ""]
    assert [undefused(defused(text)) for text in ("=1", "it's", "'x", "-3")] == ["=1", "it's", "'x", "-3"]


def test_points_that_binary_fractions_cannot_hold_add_up_and_reasons_are_plain(tmp_path):
    from fercourse.grading.tables.marks import row_of

    cells = tuple(SimpleNamespace(id=f"c{number}", exercise="00.1", role="check", points=0.1) for number in range(3))
    sheet = SimpleNamespace(graded=cells, exercises={"00.1": ""}, of_exercise=lambda _: cells)
    found = {cell.id: {"points": 0.1, "why": '00.1 · 3 is wrong · Stuck? fc.hint("00.1")'} for cell in cells}
    submission = SimpleNamespace(key="a", student="a", moodle="", canvas="", remarks=(), reason="")
    row = row_of(submission, {"status": "graded", "cells": found, "remarks": []}, sheet)
    assert (row["total"], row["maximum"]) == (0.3, 0.3)
    assert row["cells"]["c1"]["why"] == "3 is wrong"  # what helps only in the notebook is left out
