"""What an exercise is judged by is trained by a command: baselines for the package, solutions for the tests."""

import re

import numpy as np
import pytest
import toy_improve
from toy_course import lesson, toy_course

from fercourse.__main__ import main
from fercourse.classroom.improve.hand_in import arrays_of
from fercourse.classroom.improve.weights import unpacked
from fercourse.course.building.build_sheets import build_sheets

BASELINE, SOLUTION = "fercourse/classroom/improve/kept/09.1.npz", "tests/helpers/answers/improved/09.1.npz"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with the toy sheet 09, in whose folder commands are typed."""
    made = toy_course(tmp_path, toy_09=lesson("1 + 1"))
    (tmp_path / "kept").mkdir()
    toy_improve.install(monkeypatch, tmp_path / "kept")
    monkeypatch.setattr("fercourse.classroom.improve.hand_in._held", [{}])
    for name in ("FERCOURSE_HEADLESS", "MPLBACKEND"):
        monkeypatch.setenv(name, "1" if name == "FERCOURSE_HEADLESS" else "agg")
    monkeypatch.chdir(made.root)
    return made


def write(course, text=toy_improve.SHEET):
    (course.lessons / "exercises").mkdir(exist_ok=True)
    (course.lessons / "exercises" / "09_toy.py").write_text(text)
    build_sheets(course=course)


def test_the_command_keeps_the_weights_of_both_and_says_whether_the_solution_is_better(course, capsys):
    write(course)
    assert main(["improve", "09.1"]) == 0
    for path, model in ((BASELINE, toy_improve.trained()), (SOLUTION, toy_improve.trained(2000, 2))):
        kept = unpacked((course.root / path).read_bytes())
        for name, array in arrays_of(model).items():
            assert np.allclose(kept[name], array, rtol=1e-3, atol=1e-3)
    lines = capsys.readouterr().out
    assert re.search(rf"the baseline: 1,015 numbers, 2 kB, in \d+ s: {BASELINE}\n", lines)
    assert f": {SOLUTION}\n09-1-check: passed\n09-1-hidden: passed" in lines


def test_only_one_of_the_two_is_trained_where_that_is_asked_for(course):
    write(course)
    assert main(["improve", "09.1", "--only", "baseline"]) == 0
    assert (course.root / BASELINE).is_file()
    assert not (course.root / SOLUTION).exists()
    (course.root / BASELINE).unlink()
    assert main(["improve", "09.1", "--only", "solution"]) == 0
    assert not (course.root / BASELINE).exists()


def test_a_solution_that_is_not_better_ends_with_1_and_the_reason(course, capsys):
    write(course, toy_improve.SHEET.replace("weights = np.linalg.solve(", "weights = 0 * np.linalg.solve("))
    assert main(["improve", "09.1", "--only", "solution"]) == 1
    assert "09-1-hidden: On 2,000 faces that it has not seen: yours " in capsys.readouterr().out


def test_an_exercise_without_a_training_is_named(course, capsys):
    write(course)
    assert main(["improve", "09.2", "--only", "solution"]) == 2
    assert "expected a cell train='09.2', found none; build the sheet first" in capsys.readouterr().err
    assert main(["improve", "09.3"]) == 2
    assert "no exercise that judges a network '09.3'; there are 09.1, 09.2" in capsys.readouterr().err
