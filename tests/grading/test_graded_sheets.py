"""Every sheet of the course, graded: the solution against itself gets everything, the untouched sheet nothing."""

import csv
import json
import shutil
from contextlib import contextmanager

import pytest
from improved import kept_text, with_networks
from sheet_runs import COURSE, SHEETS, improvements, sheet

from fercourse.grading.command import grade
from fercourse.grading.marking import Limits, choose_sandbox, grade_submission, read_sheet


@pytest.fixture(scope="module")
def sandbox():
    from fercourse.errors import GradingError

    try:
        return choose_sandbox("auto")
    except GradingError as error:
        pytest.skip(str(error))


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@contextmanager
def entered(path):
    """The rows of a CSV, to be changed in place and written back, as a spreadsheet would."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        table, heads = list(reader), reader.fieldnames
    yield table
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, heads)
        writer.writeheader()
        writer.writerows(table)


@pytest.mark.parametrize("stem", SHEETS)
def test_an_untouched_sheet_gets_nothing_and_nothing_of_it_waits_for_a_person(stem, sandbox):
    marked = read_sheet(COURSE / "solutions" / f"{stem}.ipynb")
    result = grade_submission(COURSE / "exercises" / f"{stem}.ipynb", marked, Limits(30, 180, sandbox=sandbox))
    assert result["status"] == "graded"
    assert {id for id, cell in result["cells"].items() if cell["points"] != 0} == set()


@pytest.mark.parametrize("stem", ["03_cnns_adam_sgd", "06_tensorflow_port"])
def test_a_class_of_a_solution_and_an_untouched_sheet_is_graded_and_what_is_read_by_hand_added(stem, tmp_path, sandbox):
    handed_in, out, solution = tmp_path / "handed in", tmp_path / "marks", COURSE / "solutions" / f"{stem}.ipynb"
    for student, folder in (("solved", "solutions"), ("untouched", "exercises")):
        (handed_in / student).mkdir(parents=True)
        shutil.copy(COURSE / folder / f"{stem}.ipynb", handed_in / student)
    trained = {id: kept_text(id) for id in improvements(sheet(stem))}
    notebook = with_networks(json.loads(solution.read_text(encoding="utf-8")), trained)
    (handed_in / "solved" / f"{stem}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    assert grade(handed_in, solution=solution, out=out, jobs=2, cell_seconds=30, total_seconds=180) == 0

    solved, untouched = (rows(out / "marks.csv")[student] for student in ("solved", "untouched"))
    assert float(untouched["total"]) == 0
    assert solved["status"] == untouched["status"] == "graded"
    with entered(out / "by_hand.csv") as table:
        assert [row["student"] for row in table] == ["solved"]
        by_hand = sum(float(row["maximum"]) for row in table)
        for row in table:
            row["mark"] = row["maximum"]
    assert float(solved["total"]) == float(solved["maximum"]) - by_hand

    assert grade(handed_in, solution=solution, out=out, jobs=2, cell_seconds=30, total_seconds=180) == 0
    solved = rows(out / "marks.csv")["solved"]
    assert solved["total"] == solved["maximum"]
