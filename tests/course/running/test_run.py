"""The runner: notebooks in, folders with records, a page and a table out, whatever fails or interrupts."""

import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest
from toy_course import SETUP, STAMP, lesson, publish, toy_course

from fercourse.__main__ import main
from fercourse.course.building.build import build, read_notebook
from fercourse.course.building.parameters import defaults, typed
from fercourse.course.running.page import run_page
from fercourse.course.running.run import run
from fercourse.errors import ParameterError
from fercourse.report.records import read_records

MEET = """\
import time
from pathlib import Path

Path("../{mine}.here").touch()
started = time.monotonic()
while not Path("../{other}.here").exists():
    assert time.monotonic() < started + 90, "nobody else is running"
    time.sleep(0.05)
"""
PICTURE = """\
from base64 import b64decode
from IPython.display import Image
Image(b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="))
"""
SURROUNDINGS = """\
import os
print(os.getcwd(), os.environ["OMP_NUM_THREADS"], os.environ["TQDM_DISABLE"], SCALE, SEED, EPOCHS)
"""
HELD = {"id": "01.two", "sentence": "One & one <is> two.", "status": "held", "source": "drawn"}
FALSE = HELD | {"id": "03.three", "sentence": "One and one is three.", "status": "failed"}
FIGURE = {"kind": "figure", "name": "accuracy", "value": 0.61234, "unit": "%", "low": 0.5, "high": 0.7, "n": 350}
GUESS = {"kind": "guess", "id": "01.g", "question": "How many?", "answer": None, "truth": "2"}
DONE = {"kind": "stamp", "peak_memory_mb": 1234, "source": "drawn", "device": "cpu", "versions": {}}


def claiming(*claims):
    return {"kind": "claims", "claims": list(claims)}


def build_toys(folder, **lessons):
    course = toy_course(folder, **lessons)
    build(course=course, setup=SETUP, stamp=STAMP)
    return course


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Four toys run two at once: one passes, one fails in a cell, one claims too much, one kills its kernel."""
    published = [publish(record) for record in (claiming(HELD), FIGURE, GUESS, DONE)]
    course = build_toys(
        tmp_path_factory.mktemp("course"),
        passes_01=lesson(MEET.format(mine="passes", other="fails"), SURROUNDINGS, PICTURE, *published),
        fails_02=lesson(MEET.format(mine="fails", other="passes"), "print('before')", "1 / 0", "print('after')"),
        claims_03=lesson(publish(claiming(FALSE, FALSE | {"id": "03.later", "status": "untested"}))),
        dies_04=lesson("print('alive')", "import os\nos._exit(7)"),
    )
    out = course.root / "runs" / "batch"
    command = ["run", "--scale", "full", "--seed", "5", "--param", "EPOCHS=7", "--jobs", "2", "--out"]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-m", "fercourse", *command, out],
        cwd=course.root, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    records = {record["lesson"]: record for record in read_records(out)}
    page = (out / "results.html").read_text()
    return SimpleNamespace(out=out, done=done, records=records, page=page)


def test_each_notebook_runs_in_its_own_folder_with_the_parameters_given(batch):
    notebook = read_notebook(batch.out / "01_passes" / "notebook.ipynb")
    said = next(cell.outputs[0].text for cell in notebook.cells if cell.id == "01-import-os")
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    assert said == f"{batch.out / '01_passes'} {threads} 1 full 5 7\n"


def test_a_record_holds_what_was_run_and_everything_its_cells_published(batch):
    record = batch.records["01_passes"]
    assert record["status"] == "passed"
    assert record["error"] is None
    assert (record["scale"], record["data"], record["seed"]) == ("full", "auto", 5)
    assert record["parameters"] == {
        "DATA": "auto", "SCALE": "full", "SEED": 5, "DEVICE": "auto", "EPOCHS": 7, "RATE": 0.1,
    }  # fmt: skip
    assert (record["claims"], record["figures"], record["guesses"]) == ([HELD], [FIGURE], [GUESS])
    assert record["stamp"] == DONE
    assert record["seconds"] > 0


def test_pictures_are_kept_as_files(batch):
    assert batch.records["01_passes"]["pictures"] == ["figures/01-from-base64-import-b64decode.png"]
    picture = batch.out / "01_passes" / "figures" / "01-from-base64-import-b64decode.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_two_notebooks_run_at_once(batch):
    # The first two wait for each other, so that the one passing shows that the other was running.
    assert batch.records["01_passes"]["status"] == "passed"


def test_a_failing_notebook_is_kept_with_its_error_and_the_others_go_on(batch):
    record = batch.records["02_fails"]
    assert record["status"] == "failed"
    assert record["error"] == {"cell": "02-1-0", "ename": "ZeroDivisionError", "evalue": "division by zero"}
    kept = read_notebook(batch.out / "02_fails" / "notebook.ipynb")
    outputs = {cell.id: cell.outputs for cell in kept.cells if "outputs" in cell}
    assert outputs["02-print-before"][0].text == "before\n"
    assert outputs["02-1-0"][0].ename == "ZeroDivisionError"
    assert outputs["02-print-after"] == []
    assert batch.done.returncode == 1


def test_a_false_claim_fails_the_lesson_and_is_shown(batch):
    record = batch.records["03_claims"]
    assert (record["status"], record["error"]) == ("claim failed", None)
    assert "03_claims: claim 03.three failed: One and one is three." in batch.done.stdout


def test_a_dead_kernel_fails_its_lesson_alone(batch):
    record = batch.records["04_dies"]
    assert record["status"] == "failed"
    assert "died" in record["error"]["evalue"]
    assert record["error"]["cell"] == "04-import-os"


def test_a_notebook_whose_lesson_was_changed_later_is_run_and_the_change_is_named(tmp_path, capsys):
    course = build_toys(tmp_path / "course", edited_01=lesson("print('before')"), same_02=lesson("x = 1"))
    source = course.lessons / "01_edited.py"
    source.write_text(source.read_text().replace("before", "after"))
    later = time.time() + 5
    os.utime(source, (later, later))
    assert run(course=course, out=tmp_path / "out") == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "built before its lesson was changed" in line]
    assert [line.split()[0] for line in said] == ["01_edited.ipynb"]


def test_the_terminal_ends_with_a_table_and_a_count(batch):
    table = re.sub(r" +", " ", batch.done.stdout)
    assert re.search(r"^01_passes passed \d+ 1,234 1 held$", table, re.MULTILINE)
    assert re.search(r"^03_claims claim failed \d+ 1 failed, 1 untested$", table, re.MULTILINE)
    assert re.search(r"^1 of 4 lessons passed in \d+ s$", table.splitlines()[-1])
    assert batch.done.stderr == ""


def test_the_page_shows_every_lesson_claim_figure_picture_and_error(batch):
    for text in (
        "1 of 4 lessons passed",
        '<a href="02_fails/notebook.ipynb">02_fails</a>',
        "ZeroDivisionError: division by zero",
        "One &amp; one &lt;is&gt; two.",
        '<span class="status untested">untested</span>',
        "0.6123 %",
        "0.5 – 0.7",
        'src="data:image/png;base64,iVBORw0KGgo',
        "prefers-color-scheme: dark",
    ):
        assert text in batch.page
    assert not re.search(r'(src|href)="(https?:|//)', batch.page)


def test_the_page_is_built_from_the_records_alone(batch):
    assert run_page(read_records(batch.out), folder=batch.out) == batch.page


def test_ctrl_c_keeps_what_is_finished_marks_what_runs_and_kills_its_kernel(tmp_path):
    course = build_toys(
        tmp_path / "course",
        quick_01=lesson("print('done')"),
        slow_02=lesson(
            "print('begun')",
            "import os, time\nfrom pathlib import Path\n\nPath('pid').write_text(str(os.getpid()))\ntime.sleep(600)",
        ),
        never_03=lesson("x = 1"),
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "fercourse", "run", "--out", out]
    process = subprocess.Popen(command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        kernel = wait_for(lambda: (out / "02_slow" / "pid").exists() and (out / "02_slow" / "pid").read_text())
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.terminate()  # where the test failed; it kills its kernels, too
    assert process.returncode == 130
    assert stderr == ""
    assert wait_for(lambda: has_ended(int(kernel)))
    records = {record["lesson"]: record for record in read_records(out)}
    assert {name: record["status"] for name, record in records.items()} == {
        "01_quick": "passed",
        "02_slow": "interrupted",
    }
    finished = read_notebook(out / "01_quick" / "notebook.ipynb")
    assert finished.cells[-1].outputs[0].text == "the end of 01\n"
    assert "begun" in (out / "02_slow" / "notebook.ipynb").read_text()
    assert "interrupted" in (out / "results.html").read_text()
    assert re.search(r"03_never +not run", stdout)
    assert re.search(r"^1 of 3 lessons passed in \d+ s$", stdout.splitlines()[-1])


def wait_for(condition, seconds=90):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return value


def has_ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """A course whose notebooks are never run: for what is refused before."""
    course = build_toys(tmp_path_factory.mktemp("idle"), toy_01=lesson("raise AssertionError"))
    yield course
    assert not (course.root / "runs").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--param", "EPOHCS=2"], '01_toy.ipynb has no parameter EPOHCS; it has DATA: str = "auto", SCALE: str'),
        (["--param", "EPOCHS=many"], "01_toy.ipynb: EPOCHS is int (default 3); found 'many'"),
        (["--param", "EPOCHS=2.5"], "EPOCHS is int (default 3); found '2.5'"),
        (["--param", "EPOCHS"], "expected --param NAME=VALUE"),
        (["--data", "no/such/file.csv"], "--data is auto, drawn or a path that exists; found no/such/file.csv"),
        (["--data", ""], "--data is auto, drawn or a path that exists"),
        (["--param", "DATA=no/such/file.csv"], "--data is auto, drawn or a path that exists; found no/such/file.csv"),
        (["--param", "SEED=3.0"], "SEED is int (default 0); found '3.0'"),
        (["--param", "SEED='3'"], "SEED is int (default 0); found \"'3'\""),
        (["--param", "SEED=-1"], "expected seed, a whole number from 0 to 2**64 - 1; found seed=-1"),
        (["--seed", str(2**64)], "expected seed, a whole number from 0 to 2**64 - 1"),
        (["--param", "SEED=True"], "SEED is int (default 0); found 'True'"),
        (["--param", "RATE=1e999"], "RATE is float (default 0.1); found '1e999'"),
        (["--param", "RATE=nan"], "RATE is float (default 0.1); found 'nan'"),
        (["--param", "SCALE=big"], "SCALE is one of smoke, lesson, full; found 'big'"),
        (["--param", "EPOCHS=1", "EPOCHS=2"], "--param EPOCHS is given twice: '1' and '2'"),
        (["--seed", "1", "--param", "SEED=2"], "SEED: given twice"),
        (["--jobs", "0"], "--jobs is at least 1; found 0"),
        (["17"], "no lesson '17'"),
        (["01.1"], "no lesson '01.1'"),
        (["01_toy.csv"], "no lesson '01_toy.csv'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(idle, options, said, monkeypatch, capsys):
    monkeypatch.chdir(idle.root)
    assert main(["run", *options]) == 2
    assert said in capsys.readouterr().err


def test_parameters_get_the_type_that_the_notebook_declares():
    kinds = {"A": "int", "B": "float", "C": "bool", "D": "str", "E": "list[int]"}
    texts = {"A": "1", "B": "0.1", "C": "True", "D": "'x'", "E": "[1]"}
    known = {name: {"inferred_type_name": kind, "default": texts[name]} for name, kind in kinds.items()}
    given = {"A": "2", "B": "3", "C": "false", "D": "4", "E": "[5, 6]"}
    assert typed(given, known, notebook="toy") == {"A": 2, "B": 3.0, "C": False, "D": "4", "E": [5, 6]}
    assert defaults(known) == {"A": 1, "B": 0.1, "C": True, "D": "x", "E": [1]}
    for name, wrong in {"A": "True", "B": "fast", "C": "1", "E": "[5, 0.5]"}.items():
        with pytest.raises(ParameterError, match=f"toy: {name} is"):
            typed({name: wrong}, known, notebook="toy")


@pytest.mark.parametrize("jobs", ["2", 1.5, True, None])
def test_a_number_of_notebooks_that_is_none_is_refused(idle, jobs):
    with pytest.raises(ParameterError, match="--jobs is at least 1"):
        run(course=idle, jobs=jobs)


def test_data_given_as_a_path_reaches_kernels_as_an_absolute_one(tmp_path, monkeypatch):
    course = build_toys(tmp_path, toy_01=lesson("from pathlib import Path\nassert Path(DATA).read_text() == 'faces'"))
    (tmp_path / "faces.csv").write_text("faces")
    monkeypatch.chdir(tmp_path)
    for given in ({"data": "faces.csv"}, {"parameters": ["DATA=faces.csv"]}):
        assert run(course=course, **given, out="runs/here") == 0
        assert read_records("runs/here")[0]["data"] == str(tmp_path / "faces.csv")
    assert not (tmp_path / "runs" / "here" / "01_toy" / "figures").exists()


def test_the_help_is_quick_and_says_what_each_command_does():
    command = [sys.executable, "-X", "importtime", "-m", "fercourse", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    for text in ("Build notebooks/, solutions/, exercises/", "Run notebooks, each in its own folder", "data"):
        assert text in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"torch", "pandas", "papermill", "jupytext", "matplotlib"}


@pytest.mark.parametrize("arguments", [["--help"], ["data", "--help"], ["data", "find"]])
def test_a_command_ends_quietly_where_nobody_reads_on(arguments):
    command = [sys.executable, "-m", "fercourse", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()  # as `head` does when it has seen enough
        assert process.stderr.read() == ""
    assert process.returncode == 128 + signal.SIGPIPE


def test_the_data_commands_are_offered_as_functions_of_their_own(capsys):
    with pytest.raises(SystemExit) as end:
        main(["data", "--help"])
    assert end.value.code == 0
    offered = capsys.readouterr().out
    assert all(name in offered for name in ("find", "verify", "summary", "convert", "download"))
