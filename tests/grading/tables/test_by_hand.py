"""by_hand.csv goes through spreadsheets and hands: each mark in it counts or is named with its row, none is dropped."""

import csv
import re
import shutil
from types import SimpleNamespace

import pytest
from toy_class import enter, graded, hand_in, table

from fercourse.errors import GradingError
from fercourse.grading import grade_class
from fercourse.grading.tables.by_hand import read_by_hand
from fercourse.grading.text import kept_as_text

CELL = "00-5-answer"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
DATE = re.compile(
    r"\d{1,2}[-./]\d{1,2}([-./]\d{2,4})?|(jan|mar|may|dec)[a-z]*[-.]?\d{1,4}|\d{1,2}[-.](jan|mar|may|dec)[a-z]*"
)


def as_spreadsheets_do(text):
    """What a spreadsheet makes of a cell of a CSV that it opens and saves again."""
    if NUMBER.fullmatch(text):
        value = float(text)
        return f"{value:.2E}" if "e" in text.lower() or abs(value) >= 1e12 else f"{value:g}"
    if text.lower() in ("true", "false"):
        return text.upper()
    return "04. Mrz" if DATE.fullmatch(text.lower()) else text


def rewritten(root, change):
    """Let `change` rewrite by_hand.csv: from its rows, heads among them, as lists to the bytes of the new file."""
    path = root / "marks" / "by_hand.csv"
    with open(path, encoding="utf-8-sig", newline="") as file:
        path.write_bytes(change(list(csv.reader(file))))


def as_csv(rows, **options):
    """The rows as bytes of a CSV, in UTF-8."""
    from io import StringIO

    text = StringIO()
    csv.writer(text, **options).writerows(rows)
    return text.getvalue().encode()


def one_open(root, mark="2.5", comment=""):
    """Anna's answer waits, and this mark is entered for it."""
    hand_in(root, "anna")
    graded(root)
    enter(root, anna=(mark, comment))


ODD_NAMES = [
    "0012345", "007", "1e5", "2E10", "3-4", "10.11.12", "123456789012345678901", "12.50", "true", "false", "may-3",
    "mar1", "dec2024", "3-mar", "12", "1_000",
]  # fmt: skip


def test_names_that_a_spreadsheet_takes_for_numbers_or_dates_keep_their_marks(tmp_path):
    for name in ODD_NAMES:
        hand_in(tmp_path, name)
    graded(tmp_path)
    rewritten(tmp_path, lambda rows: as_csv([[as_spreadsheets_do(cell) for cell in row] for row in rows]))
    path = tmp_path / "marks" / "by_hand.csv"
    rows = table(path)
    for points, row in enumerate(rows):
        row["mark"] = str(points % 4)
    path.write_bytes(as_csv([list(rows[0]), *(row.values() for row in rows)]))
    marked = graded(tmp_path)
    assert len(marked) == len(ODD_NAMES)
    assert [marked[row["key"].removeprefix("'")]["total"] for row in rows] == [
        12 + each % 4 for each in range(len(rows))
    ]


def test_names_of_people_stand_in_the_table_as_they_are():
    for name in (
        "anna",
        "student0",
        "anna-smith-101",
        "mark2",
        "maria1",
        "julia-7",
        "s1234567",
        "12-anna",
        "may-lee-3",
    ):
        assert kept_as_text(name) == name


@pytest.mark.parametrize("key", ["12345", "1.00E+05", "04. Mrz", "", "nobody"])
def test_a_mark_whose_key_is_no_students_is_an_error_with_its_row(tmp_path, key):
    hand_in(tmp_path, "bob")
    one_open(tmp_path)
    rewritten(tmp_path, lambda rows: as_csv([rows[0], [key, *rows[1][1:]], *rows[2:]]))
    with pytest.raises(GradingError, match=rf"by_hand.csv, row 2 \(anna, {CELL}\): expected the key of a student"):
        graded(tmp_path)


@pytest.mark.parametrize(
    ("cell", "why"), [("5-answer", "no cell of the sheet"), ("", "no cell of the sheet"), ("00-1-check", "the tests'")]
)
def test_a_mark_for_a_cell_that_no_person_marks_is_an_error_with_its_row(tmp_path, cell, why):
    one_open(tmp_path)
    rewritten(tmp_path, lambda rows: as_csv([rows[0], [*rows[1][:3], cell, *rows[1][4:]]]))
    with pytest.raises(GradingError, match=rf"row 2 \(anna, {cell}\): .*{why}"):
        graded(tmp_path)


def test_a_mark_for_an_answer_that_waits_for_nobody_is_an_error_with_its_row(tmp_path):
    hand_in(tmp_path, "bob", words="")
    (tmp_path / "in" / "cleo").mkdir()
    one_open(tmp_path)
    for other in ("bob", "cleo"):
        rewritten(tmp_path, lambda rows, other=other: as_csv([*rows[:2], [other, other, *rows[1][2:]]]))
        with pytest.raises(GradingError, match=rf"row 3 \({other}, {CELL}\): the mark 2.5 is for an answer that waits"):
            graded(tmp_path)


def test_a_persons_mark_never_stands_in_for_the_machines(tmp_path):
    one_open(tmp_path)
    assert graded(tmp_path)["anna"]["total"] == 14.5
    hand_in(tmp_path, "anna", words="")
    for _ in range(2):
        row = graded(tmp_path)["anna"]
        assert (row["total"], row["cells"][CELL]["points"], row["cells"][CELL]["why"]) == (12, 0, "unanswered")
        assert row["remarks"] == [f"{CELL}: the mark 2.5 does not count any more: unanswered"]
    hand_in(tmp_path, "anna")
    assert graded(tmp_path)["anna"]["total"] == 14.5


def test_a_persons_mark_of_a_cell_that_the_machine_marks_is_not_counted():
    from fercourse.grading.tables.marks import row_of

    cells = (
        SimpleNamespace(id="open", exercise="1", role="hand", points=3),
        SimpleNamespace(id="empty", exercise="1", role="hand", points=3),
    )
    sheet = SimpleNamespace(graded=cells, exercises={"1": ""}, of_exercise=lambda _: cells)
    result = {
        "status": "graded",
        "remarks": [],
        "cells": {"open": {"points": None}, "empty": {"points": 0, "why": "x"}},
    }
    submission = SimpleNamespace(key="a", student="a", moodle="", canvas="", remarks=(), reason="")
    marked = {id: {"mark": 2, "comment": "", "remark": ""} for id in ("open", "empty")}
    row = row_of(submission, result, sheet, marked=marked)
    assert (row["cells"]["open"]["points"], row["cells"]["empty"]["points"], row["total"]) == (2, 0, 2)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("2,5", 2.5),
        ("2.5 ", 2.5),
        ("\u00a02.5", 2.5),
        ("'2.5", 2.5),
        ("+1", 1),
        ("2.", 2),
        (",5", 0.5),
        ("0", 0),
        ("3", 3),
    ],
)
def test_marks_as_people_write_them_count(tmp_path, text, points):
    one_open(tmp_path, mark=text)
    assert graded(tmp_path)["anna"]["cells"][CELL]["points"] == points


@pytest.mark.parametrize(
    "text",
    ["½", "-", "3/3", "2.5/3", "50%", "01. Mai", "1_0", "0x1", "1e0", "2 points", "TRUE", "?", "−1", "1.2.3", "3.01"],
)
def test_what_is_no_mark_is_an_error_with_its_row(tmp_path, text):
    one_open(tmp_path, mark=text)
    with pytest.raises(
        GradingError, match=rf"row 2 \(anna, {CELL}\): expected as the mark a number from 0 to 3, found"
    ):
        graded(tmp_path)


def test_a_blank_is_no_mark_and_no_error(tmp_path):
    one_open(tmp_path, mark="  ")
    assert graded(tmp_path)["anna"]["by_hand"] == [CELL]


def test_a_row_whose_mark_had_counted_is_not_lost_with_the_row(tmp_path):
    hand_in(tmp_path, "bob")
    one_open(tmp_path)
    graded(tmp_path)
    path = tmp_path / "marks" / "by_hand.csv"
    before = path.read_bytes()
    for change in (lambda rows: as_csv([rows[0], *rows[2:]]), lambda rows: as_csv([rows[0]]), lambda _: b""):
        rewritten(tmp_path, change)
        with pytest.raises(
            GradingError, match=f"(key anna and the cell {CELL} is gone, whose mark was 2.5|is missing)"
        ):
            graded(tmp_path)
        path.write_bytes(before)
    path.unlink()
    with pytest.raises(GradingError, match=r"is gone, whose mark was 2\.5\. Put it back"):
        graded(tmp_path)
    path.write_bytes(before)
    enter(tmp_path, anna=("", ""))  # on purpose
    assert graded(tmp_path)["anna"]["by_hand"] == [CELL]
    rewritten(tmp_path, lambda rows: as_csv([rows[0]]))
    assert set(graded(tmp_path)) == {"anna", "bob"}


def test_a_table_that_a_person_saves_while_the_class_is_graded_is_looked_at_as_well(tmp_path, monkeypatch):
    hand_in(tmp_path, "bob")
    one_open(tmp_path)
    graded(tmp_path)
    run = grade_class.grade_batch

    def meanwhile(*arguments, **options):
        rewritten(tmp_path, lambda rows: as_csv([rows[0], *rows[2:]]))
        yield from run(*arguments, **options)

    monkeypatch.setattr(grade_class, "grade_batch", meanwhile)
    with pytest.raises(GradingError, match=r"is gone, whose mark was 2\.5"):
        graded(tmp_path)


def test_a_decimal_comma_that_makes_two_cells_of_one_is_an_error_with_its_row(tmp_path):
    one_open(tmp_path, mark="MARK")
    path = tmp_path / "marks" / "by_hand.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace("MARK", "2,5"), encoding="utf-8")
    with pytest.raises(GradingError, match=r"by_hand\.csv, row 2: expected 10 cells, found 11"):
        graded(tmp_path)


@pytest.mark.parametrize("cut", [b'2.5,"', b'2.5,"good"x'])
def test_a_quotation_mark_that_is_missing_is_named(tmp_path, cut):
    one_open(tmp_path)
    path = tmp_path / "marks" / "by_hand.csv"
    path.write_bytes(path.read_bytes().replace(b"2.5,", cut))
    with pytest.raises(GradingError, match="expected a table as CSV"):
        graded(tmp_path)


SAVED_BY = {
    "Excel on Windows, German": lambda rows: as_csv(rows, delimiter=";").decode().encode("cp1252"),
    "Excel, Unicode text": lambda rows: as_csv(rows, delimiter="\t").decode().encode("utf-16"),
    "Excel on old Macs": lambda rows: as_csv(rows, lineterminator="\r"),
    "LibreOffice, everything quoted": lambda rows: as_csv(rows, quoting=csv.QUOTE_ALL),
    "columns in another order": lambda rows: as_csv([row[::-1] for row in rows]),
    "a column of one's own": lambda rows: as_csv([[*row, "note"] for row in rows]),
    "Excel, which leaves out empty cells at the end": lambda rows: as_csv([[*rows[0], "note", ""], *rows[1:]]),
    "rows in another order": lambda rows: as_csv([rows[0], *rows[:0:-1]]),
    "empty rows": lambda rows: as_csv([*rows, [""] * len(rows[0]), []]),
}


@pytest.mark.parametrize("program", SAVED_BY)
def test_whatever_saved_the_table_its_marks_are_read(tmp_path, program):
    hand_in(tmp_path, "bob", words='Zwei\nZeilen; mit "Zeichen", schön')
    one_open(tmp_path, mark="1,5")
    rewritten(tmp_path, SAVED_BY[program])
    rows = graded(tmp_path)
    assert (rows["anna"]["total"], rows["bob"]["by_hand"]) == (13.5, [CELL])


def test_what_a_person_wrote_in_columns_of_their_own_stays(tmp_path):
    hand_in(tmp_path, "bob")
    one_open(tmp_path)
    for _ in range(2):
        notes = {"key": ["note", "", "note"], "anna": ["ask her", "=1+1", ""], "bob": ["", "", "second"]}
        rewritten(tmp_path, lambda rows, notes=notes: as_csv([[*row[:10], *notes[row[0]]] for row in rows]))
        for _ in range(2):
            assert graded(tmp_path)["anna"]["total"] == 14.5
            with open(tmp_path / "marks" / "by_hand.csv", encoding="utf-8-sig", newline="") as file:
                rows = [row[10:] for row in csv.reader(file)]
            assert rows == [notes["key"], ["ask her", "'=1+1", ""], notes["bob"]]
    (tmp_path / "in" / "bob.ipynb").unlink()
    graded(tmp_path)
    assert "second" in (tmp_path / "marks" / "by_hand.csv").read_text("utf-8")


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "utf-8", "utf-16"])
@pytest.mark.parametrize(
    "comment",
    [
        "schön begründet, außer am Schluß",
        "très bien, ça marche",
        "niño – año",
        "fine",
        "you don’t say",
        "fine – but",
        "“good” …",
        "15 €",
    ],
)
def test_a_comment_is_read_in_the_code_page_in_which_it_was_saved(tmp_path, comment, encoding):
    one_open(tmp_path, comment=comment)
    rewritten(tmp_path, lambda rows: as_csv(rows, delimiter=";").decode().encode(encoding))
    sheet = SimpleNamespace(graded=[SimpleNamespace(id=CELL, role="hand", points=3)])
    assert [row["comment"] for row in read_by_hand(tmp_path / "marks", sheet).values()] == [comment]


@pytest.mark.parametrize("name", ["by_hand.xlsx", "by_hand.ods"])
def test_a_table_saved_beside_in_another_format_is_named(tmp_path, name):
    one_open(tmp_path)
    other = tmp_path / "marks" / name
    other.write_bytes(b"PK")
    with pytest.raises(GradingError, match=f"{name} is newer than by_hand.csv, and is not read"):
        graded(tmp_path)
    other.unlink()
    shutil.copy(tmp_path / "marks" / "by_hand.csv", tmp_path / "marks" / "backup.xlsx")
    assert graded(tmp_path)["anna"]["total"] == 14.5


@pytest.mark.parametrize("name", ["mark", "key"])
def test_a_column_that_is_there_twice_is_named(tmp_path, name):
    one_open(tmp_path)
    rewritten(tmp_path, lambda rows: as_csv([[*rows[0], name], *([*row, "1"] for row in rows[1:])]))
    with pytest.raises(GradingError, match=f"expected each column once, found {name} again"):
        graded(tmp_path)


def test_a_table_without_its_heads_is_named(tmp_path):
    one_open(tmp_path)
    rewritten(tmp_path, lambda rows: as_csv(rows[1:]))
    with pytest.raises(GradingError, match="expected the columns key, student"):
        graded(tmp_path)


def test_a_comment_alone_stays_where_its_student_is_gone(tmp_path):
    hand_in(tmp_path, "bob")
    one_open(tmp_path, mark="", comment="ask me")
    (tmp_path / "in" / "anna.ipynb").unlink()
    graded(tmp_path)
    assert [row["comment"] for row in table(tmp_path / "marks" / "by_hand.csv")] == ["", "ask me"]


def test_a_grader_that_fails_for_once_does_not_cost_a_mark(tmp_path):
    one_open(tmp_path)
    assert graded(tmp_path)["anna"]["total"] == 14.5
    hand_in(tmp_path, "anna", total="# crash")
    assert graded(tmp_path)["anna"]["status"] == "grader error"
    hand_in(tmp_path, "anna")
    assert graded(tmp_path)["anna"]["total"] == 14.5
