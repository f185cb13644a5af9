"""A class is graded: every student gets a row whatever happens, and a run goes on where an earlier one was stopped."""

import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import fake_grader
import psutil
import pytest
from toy_class import graded, hand_in
from toy_sheet import RIGHT, cell, handed_in, notebook, solution, write

from fercourse.errors import GradingError
from fercourse.grading import batch, grade_class

PROGRAM = """
import signal, sys
from toy_class import graded
signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in a shell's background it is ignored
graded(sys.argv[1], jobs=2, seconds=300)  # more than a crowded machine takes for the others
"""


def contents(folder):
    """Every file below a folder and the digest of its bytes."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def shown(folder):
    """The same without what a run keeps for itself."""
    return {name: digest for name, digest in contents(folder).items() if not name.startswith("state/")}


def test_each_student_gets_points_or_a_reason(tmp_path):
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "bob", total="def total(values):\n    return 0")
    (tmp_path / "in" / "cleo").mkdir()
    rows = graded(tmp_path)
    assert [rows[key]["total"] for key in ("anna", "bob", "cleo")] == [12, 9, 0]
    assert rows["anna"]["maximum"] == 15
    assert rows["anna"]["by_hand"] == ["00-5-answer"]
    assert rows["bob"]["exercises"]["00.1"] == {"points": 0, "maximum": 3}
    assert rows["bob"]["cells"]["00-1-hidden"]["why"] == "total is wrong <b>here</b>"
    assert rows["cleo"]["status"] == "unreadable"
    assert rows["cleo"]["remarks"] == ["no notebook was handed in"]
    assert {cell["points"] for cell in rows["cleo"]["cells"].values()} == {0}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("# crash", "the grader failed (exit code 1); state/bob.log says why"),
        ("# die", "the grader failed (exit code -11)"),
    ],
)
def test_a_grader_that_breaks_takes_one_row_with_it_and_tries_again_next_time(tmp_path, bad, why):
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "bob", total=f"{bad}\n")
    hand_in(tmp_path, "cleo")
    rows = graded(tmp_path)
    assert [rows[key]["status"] for key in ("anna", "bob", "cleo")] == ["graded", "grader error", "graded"]
    assert rows["bob"]["remarks"] == [why]
    log = tmp_path / "marks" / "state" / "bob.log"
    assert bad == "# die" or "the grader has a bug" in log.read_text()
    trace = tmp_path / "trace"
    graded(tmp_path, limits=fake_grader.Limits(trace=str(trace)))
    trace.unlink()
    graded(tmp_path, limits=fake_grader.Limits(trace=str(trace)))
    assert len(trace.read_text().splitlines()) == 1


def test_a_grader_that_does_not_end_is_killed_and_the_others_go_on(tmp_path):
    hand_in(tmp_path, "anna", total="# hang\n")
    hand_in(tmp_path, "bob")
    began = time.monotonic()
    rows = graded(tmp_path, seconds=3, jobs=1)
    assert time.monotonic() - began < 25
    assert rows["anna"]["status"] == "grader error"
    assert rows["anna"]["remarks"] == ["the grader did not end within 3 s and was stopped"]
    assert rows["bob"]["status"] == "graded"


def test_a_second_run_grades_only_what_changed_and_changes_no_byte_else(tmp_path):
    for name in ("anna", "bob", "cleo"):
        hand_in(tmp_path, name)
    trace = tmp_path / "trace"
    limits = fake_grader.Limits(trace=str(trace))
    graded(tmp_path, limits=limits)
    before = contents(tmp_path / "marks")
    assert len(trace.read_text().splitlines()) == 3
    graded(tmp_path, limits=limits)
    assert contents(tmp_path / "marks") == before
    assert len(trace.read_text().splitlines()) == 3
    hand_in(tmp_path, "bob", side="def side():\n    ...")
    assert graded(tmp_path, limits=limits)["bob"]["total"] == 9
    assert len(trace.read_text().splitlines()) == 4
    changed = {name for name, digest in contents(tmp_path / "marks").items() if before.get(name) != digest}
    assert changed == {"marks.csv", "marks.json", "report.html", "feedback/bob.html", "state/bob.json"}


@pytest.mark.parametrize(("jobs", "times"), [(1, 1), (2, 2)])
def test_one_whose_time_ran_out_beside_others_is_graded_again_alone_and_that_counts(tmp_path, jobs, times):
    hand_in(tmp_path, "anna", total="import time\ntime.sleep(9)")  # the fake grader says that its time ran out
    hand_in(tmp_path, "bob")
    trace = tmp_path / "trace"
    for _ in range(2):  # the second run finds what the first one kept
        rows = graded(tmp_path, jobs=jobs, limits=fake_grader.Limits(trace=str(trace)))
        assert [row["status"] for row in rows.values()] == ["graded", "graded"]
        assert len(trace.read_text().splitlines()) == times + 1
    assert json.loads((tmp_path / "marks" / "state" / "anna.json").read_text())["alone"]


def test_a_notebook_that_changes_while_the_class_is_graded_is_no_mark_and_is_graded_the_next_time(
    tmp_path, monkeypatch
):
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "bob")
    read_file = batch.read_file

    def changed(path, most):
        if Path(path).stem == "bob":
            Path(path).write_bytes(Path(path).read_bytes() + b" ")
        return read_file(path, most)

    with monkeypatch.context() as patch:
        patch.setattr(batch, "read_file", changed)
        rows = graded(tmp_path)
    assert [row["status"] for row in rows.values()] == ["graded", "grader error"]
    assert "was changed or removed while the class was graded" in rows["bob"]["remarks"][0]
    assert [row["total"] for row in graded(tmp_path).values()] == [12, 12]


def test_other_limits_another_solution_and_a_damaged_state_grade_again(tmp_path):
    hand_in(tmp_path, "anna")
    trace = tmp_path / "trace"

    def count(**limits):
        graded(tmp_path, limits=fake_grader.Limits(trace=str(trace), **limits))
        return len(trace.read_text().splitlines())

    assert [count(), count(), count(cell_seconds=2), count(cell_seconds=2)] == [1, 1, 2, 2]
    changed = solution()
    changed["cells"][0]["source"] += "!"
    write(tmp_path / "00_toy.ipynb", changed)
    assert count(cell_seconds=2) == 3
    (tmp_path / "marks" / "state" / "anna.json").write_text('{"digest"')
    assert count(cell_seconds=2) == 4


@pytest.mark.parametrize("changed", ["torch", "numpy", "Python", "system", "six"])
def test_what_other_versions_have_graded_is_graded_again(tmp_path, monkeypatch, changed):
    hand_in(tmp_path, "anna")
    trace = tmp_path / "trace"
    known = batch.versions()
    assert {"torch", "numpy", "pandas", "scikit-learn", "Python", "system", "fercourse"} <= known.keys()
    for installed in (known, known | {changed: "0.0.1"}, known | {changed: "0.0.1"}):
        monkeypatch.setattr(batch, "versions", lambda installed=installed: installed)
        graded(tmp_path, limits=fake_grader.Limits(trace=str(trace)))
    assert len(trace.read_text().splitlines()) == 2


def test_a_forked_grader_finds_loaded_what_a_sheet_needs():
    """Else each submission of a class pays for it anew: PyTorch's first optimiser alone imports 700 modules."""
    program = """
import sys
from pathlib import Path
from fercourse.grading.batch import WARM
from fercourse.grading.marking import grade_submission
from fercourse.grading.sandbox.bubblewrap import Limits
from fercourse.grading.sheet import read_sheet
from importlib import import_module

path = Path("solutions/03_cnns_adam_sgd.ipynb")
sheet = read_sheet(path)
for name in sheet.imports:
    for module in WARM.get(name, ()):
        import_module(module)
before = set(sys.modules)
grade_submission(path, sheet, Limits(sandbox="none", cell_seconds=60, total_seconds=300))
print(*sorted(name for name in set(sys.modules) - before if not name.startswith(("fercourse.", "encodings."))))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert (done.stdout.split(), done.returncode) == ([], 0), done.stderr


def test_the_same_marks_whatever_the_number_of_workers_and_nothing_is_written_beside_the_submissions(tmp_path):
    for number in range(5):
        hand_in(tmp_path, f"student{number}", total="# slow\n" if number == 0 else RIGHT["total"])
    before = contents(tmp_path / "in")
    graded(tmp_path, jobs=1, out="one")
    graded(tmp_path, jobs=3, out="three")
    assert shown(tmp_path / "one") == shown(tmp_path / "three")
    assert contents(tmp_path / "in") == before


def test_killed_in_the_middle_it_goes_on_and_the_marks_are_the_same_byte_for_byte(tmp_path):
    hand_in(tmp_path, "student0", total="# hang\n")
    for number in range(1, 10):
        hand_in(tmp_path, f"student{number}", total=f"{RIGHT['total']}\n# slow {number}\n")
    for number in (1, 2):
        hand_in(tmp_path, f"Moodle_{number}_assignsubmission_file_/x", total=f"# slow m{number}\n", words="")
    state = tmp_path / "marks" / "state"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "helpers")}
    with subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path], env=environment) as process:
        wait_until(lambda: state.is_dir() and len(list(state.glob("s*.json"))) >= 3)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, children)), seconds=20)
    (tmp_path / "go").touch()
    kept = len(list(state.glob("s*.json")))
    assert 3 <= kept < 10
    assert not (tmp_path / "marks" / "marks.csv").exists()
    graded(tmp_path)
    graded(tmp_path, out="at_once")
    assert shown(tmp_path / "marks") == shown(tmp_path / "at_once")
    assert {"marks.csv", "marks.json", "moodle.csv", "moodle_feedback.zip", "canvas.csv"} <= shown(
        tmp_path / "marks"
    ).keys()


@pytest.mark.parametrize(
    "step", ["write_by_hand", "write_marks", "write_platforms", "write_feedback", "write_report", "write_feedback_zip"]
)
def test_stopped_while_it_writes_it_writes_the_same_the_next_time_and_no_mark_of_a_person_is_lost(tmp_path, step):
    hand_in(tmp_path, "anna")
    for number in (1, 2):
        hand_in(tmp_path, f"Moodle_{number}_assignsubmission_file_/x", words="" if number == 1 else RIGHT["words"])
    graded(tmp_path)
    by_hand = tmp_path / "marks" / "by_hand.csv"
    by_hand.write_text(by_hand.read_text(encoding="utf-8").replace(",3,,,,", ",3,2,good,,"), encoding="utf-8")
    shutil.copytree(tmp_path / "marks", tmp_path / "undisturbed")
    assert [row["total"] for row in graded(tmp_path, out="undisturbed").values()] == [14, 12, 14]

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade_class, step, stopped)
        with pytest.raises(KeyboardInterrupt):
            graded(tmp_path)
    graded(tmp_path)
    assert shown(tmp_path / "marks") == shown(tmp_path / "undisturbed")


def test_the_versions_are_those_of_the_environment_whatever_a_program_adds_to_its_path(tmp_path, monkeypatch):
    known = batch.versions()
    assert {"numpy", "torch", "Python"} <= known.keys()
    (tmp_path / "other-7.dist-info").mkdir()
    (tmp_path / "other-7.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert batch.versions() == known


def test_ctrl_c_stops_the_workers_and_keeps_what_is_graded(tmp_path):
    hand_in(tmp_path, "student0", total="# hang\n")
    for number in range(1, 8):
        hand_in(tmp_path, f"student{number}", total=f"# slow {number}\n")
    state = tmp_path / "marks" / "state"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "helpers")}
    command = [sys.executable, "-c", PROGRAM, tmp_path]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        wait_until(lambda: state.is_dir() and len(list(state.glob("s*.json"))) >= 2)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert b"KeyboardInterrupt" in process.stderr.read()
        assert time.monotonic() - began < 20
    wait_until(lambda: not any(map(is_alive, children)), seconds=20)
    (tmp_path / "go").touch()
    kept = {path.name: path.stat().st_mtime_ns for path in state.glob("s*.json")}
    assert 2 <= len(kept) < 8
    graded(tmp_path)
    assert kept.items() <= {path.name: path.stat().st_mtime_ns for path in state.glob("s*.json")}.items()


def is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(happened, *, seconds=60):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_hundred_submissions_cost_the_batch_little(tmp_path):
    for number in range(100):
        hand_in(tmp_path, f"student{number:03}")
    graded(tmp_path, out="warm_up")
    began = time.monotonic()
    rows = graded(tmp_path)
    assert len(rows) == 100
    assert (time.monotonic() - began) / 100 < 0.25
    assert len(list((tmp_path / "marks" / "feedback").iterdir())) == 100


def test_a_folder_of_marks_belongs_to_one_sheet_and_lies_outside_the_submissions(tmp_path):
    hand_in(tmp_path, "anna")
    graded(tmp_path)
    (tmp_path / "marks" / "sheet.json").write_text(json.dumps({"sheet": "02_mlp"}))
    with pytest.raises(GradingError, match="expected the marks of 00_toy, found those of 02_mlp"):
        graded(tmp_path)
    with pytest.raises(GradingError, match="nothing is to be written"):
        graded(tmp_path, out="in/marks")
    assert contents(tmp_path / "in").keys() == {"anna.ipynb"}
    with pytest.raises(GradingError, match="found a file"):
        graded(tmp_path, out="00_toy.ipynb")


def test_a_solution_of_another_sheet_is_named_and_nothing_is_claimed_for_it(tmp_path):
    for name in ("anna", "bob"):
        write(tmp_path / "in" / f"{name}.ipynb", notebook([cell("code", "07-1-answer", "def other():\n    return 1")]))
    with pytest.raises(GradingError, match="found 2 notebooks without any cell of it"):
        graded(tmp_path)
    assert not (tmp_path / "marks").exists()
    hand_in(tmp_path, "cleo")
    assert graded(tmp_path)["anna"]["status"] == "graded"


def test_a_students_sheet_is_no_solution(tmp_path):
    hand_in(tmp_path, "anna")
    write(tmp_path / "00_toy.ipynb", handed_in())
    with pytest.raises(GradingError, match="found none of its answers: is it a student's sheet"):
        graded(tmp_path)


def test_two_runs_at_once_do_not_write_into_the_same_folder(tmp_path):
    hand_in(tmp_path, "anna")
    graded(tmp_path)
    with open(tmp_path / "marks" / "state" / ".lock") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(GradingError, match="another run is grading into"):
            graded(tmp_path)


def test_a_student_who_is_gone_loses_the_row_and_the_page(tmp_path):
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "bob")
    graded(tmp_path)
    (tmp_path / "in" / "bob.ipynb").unlink()
    assert set(graded(tmp_path)) == {"anna"}
    assert [path.name for path in (tmp_path / "marks" / "feedback").iterdir()] == ["anna.html"]


def test_the_marks_name_no_place_and_no_time(tmp_path):
    hand_in(tmp_path, "anna")
    (tmp_path / "in" / "bob").mkdir()
    graded(tmp_path)
    for name in ("marks.csv", "marks.json", "report.html", "feedback/anna.html"):
        text = (tmp_path / "marks" / name).read_text(encoding="utf-8")
        assert str(tmp_path) not in text
        assert time.strftime("%Y") not in text
    with open(tmp_path / "marks" / "marks.csv", encoding="utf-8-sig", newline="") as file:
        assert [row["student"] for row in csv.DictReader(file)] == ["anna", "bob"]
