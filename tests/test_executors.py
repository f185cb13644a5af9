"""The same marks and results on any executor: threads, processes, and a cluster of dask whose workers are killed."""

import shutil
import socket
import sys
from concurrent.futures import CancelledError, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import fake_grader
import pool_tasks
import pytest
from test_processes import is_alive, wait_until, written
from toy_class import graded, hand_in
from toy_course import SETUP, STAMP, lesson, publish, toy_course
from toy_sheet import RIGHT, handed_in, solution, write

from fercourse import executors
from fercourse.__main__ import main
from fercourse.course.building.build import build
from fercourse.course.running.run import run
from fercourse.errors import FercourseError, ParameterError
from fercourse.executors import executor_of
from fercourse.processes import Task, work
from fercourse.report.records import read_records

NOWHERE = "dask=tcp://127.0.0.1:9"


@pytest.fixture(scope="module")
def dask():
    """Where a cluster of two workers, each in a process of its own, is: the text for `on`."""
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed: the extra cluster")
    from dask import config

    with (
        config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
    ):
        yield f"dask={cluster.scheduler_address}"


@pytest.fixture(scope="module")
def pools():
    """name → an executor that is handed in."""
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        yield {"threads": threads, "processes": processes}


@pytest.fixture(params=["dask", "threads", "processes"])
def on(request):
    if request.param == "dask":
        return request.getfixturevalue("dask")
    return request.getfixturevalue("pools")[request.param]


def shown(folder):
    """The bytes of every file in a folder of marks, without what a run keeps for itself."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and "state" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_class_gets_the_same_marks_byte_for_byte(tmp_path, on):
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "bob", total="def total(values):\n    return 0")
    hand_in(tmp_path, "cleo", total="# crash\n")
    hand_in(tmp_path, "dora", total="import time\ntime.sleep(9)")  # the fake grader says that its time ran out
    (tmp_path / "in" / "emil").mkdir()
    here = graded(tmp_path, out="here")
    there = graded(tmp_path, out="there", on=on)
    assert here == there
    assert [row["status"] for row in there.values()] == ["graded", "graded", "grader error", "graded", "unreadable"]
    assert shown(tmp_path / "here") == shown(tmp_path / "there")
    assert "marks.csv" in shown(tmp_path / "there")


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_the_real_grader_gives_the_same_marks_on_a_cluster(tmp_path, dask, capsys):
    write(tmp_path / "private" / "00_toy.ipynb", solution())
    write(tmp_path / "in" / "anna.ipynb", handed_in())
    write(tmp_path / "in" / "bob.ipynb", handed_in(side="def side(size, kernel, stride):\n    return 46"))
    for out, more in (("here", []), ("there", ["--on", dask])):
        arguments = [str(tmp_path / "in"), "--solution", str(tmp_path / "private" / "00_toy.ipynb")]
        assert main(["grade", *arguments, "--out", str(tmp_path / out), *more]) == 0
    assert "2 graded" in capsys.readouterr().out
    assert shown(tmp_path / "here") == shown(tmp_path / "there")
    assert b"46" in (tmp_path / "there" / "feedback" / "bob.html").read_bytes()


def test_the_task_of_a_worker_that_is_killed_is_run_again_and_the_marks_are_the_same(tmp_path, dask):
    hand_in(tmp_path, "anna", side="# kill its worker once\n")
    for name in ("bob", "cleo"):
        hand_in(tmp_path, name, total=f"{RIGHT['total']}\n# slow {name}")
    limits = fake_grader.Limits(go=str(tmp_path / "go"), trace=str(tmp_path / "trace"))
    graded(tmp_path, out="there", on=dask, limits=limits)
    assert (tmp_path / "killed").exists()
    assert len((tmp_path / "trace").read_text().splitlines()) >= 4  # three, and one once more
    graded(tmp_path, out="here", limits=limits)  # there is a file `killed`: nobody is killed again
    assert shown(tmp_path / "here") == shown(tmp_path / "there")


def test_a_task_that_kills_every_worker_is_its_students_row_and_no_other(tmp_path, dask):
    hand_in(tmp_path, "anna", side="# kill its worker\n")
    hand_in(tmp_path, "bob")
    rows = graded(tmp_path, on=dask, jobs=1)
    assert rows["anna"]["status"] == "grader error"
    assert rows["anna"]["remarks"] == ["the grader failed (each worker that it ran on was killed)"]
    assert rows["bob"]["status"] == "graded"


def test_a_grader_that_hangs_on_a_worker_is_killed_there(tmp_path, dask):
    hand_in(tmp_path, "anna", total="# hang\n")
    rows = graded(tmp_path, on=dask, seconds=1)
    assert rows["anna"]["remarks"] == ["the grader did not end within 1 s and was stopped"]


FIGURE = {"kind": "figure", "name": "accuracy", "value": 0.61234, "unit": "%", "low": 0.5, "high": 0.7, "n": 350}
HELD = {"id": "01.two", "sentence": "One and one is two.", "status": "held", "source": "drawn"}
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = f"""\
import os
from base64 import b64decode
from pathlib import Path
from IPython.display import Image, display
display(Image(b64decode({DOT!r})))
os.write(2, b"a library's last words")
Path("more").mkdir()
Path("more/kept.txt").write_text(f"seed {{SEED}}");
"""


@pytest.fixture(scope="module")
def run_here(tmp_path_factory):
    """A course of two notebooks, one of which fails, and the folder of its results as this machine has them."""
    course = toy_course(
        tmp_path_factory.mktemp("course"),
        passes_01=lesson(publish(FIGURE), publish({"kind": "claims", "claims": [HELD]}), PICTURE),
        fails_02=lesson("print('before')", "1 / 0"),
    )
    build(course=course, setup=SETUP, stamp=STAMP)
    assert run(course=course, seed=5, jobs=2, out=course.root / "here") == 1
    return course, course.root / "here"


def test_notebooks_have_the_same_results(tmp_path, on, run_here):
    course, here = run_here
    assert run(course=course, seed=5, jobs=2, out=tmp_path, on=on) == 1
    both = [[record | {"seconds": None} for record in read_records(out)] for out in (here, tmp_path)]
    assert both[0] == both[1]
    assert [record["status"] for record in both[1]] == ["passed", "failed"]
    assert (both[1][0]["figures"], both[1][0]["claims"]) == ([FIGURE], [HELD])
    files = [{path.relative_to(out).as_posix() for path in out.rglob("*.*")} for out in (here, tmp_path)]
    assert files[0] ^ files[1] <= {"02_fails/kernel.log"}  # a kernel that is killed may have time for a last word
    for name in ("more/kept.txt", *both[1][0]["pictures"]):
        assert (here / "01_passes" / name).read_bytes() == (tmp_path / "01_passes" / name).read_bytes()
    logs = [(out / "01_passes" / "kernel.log").read_bytes() for out in (here, tmp_path)]
    assert all(log.startswith(b"a library's last words") for log in logs)  # zmq may add a line when a kernel ends


def test_what_is_stopped_is_killed_on_the_cluster_as_well(tmp_path, dask):
    with executor_of(dask, jobs=1) as executor:
        task = Task("hangs", pool_tasks.hangs, (str(tmp_path),))
        events = list(work([task], executor=executor, jobs=1, stopped=(tmp_path / "pids").exists))
    assert events[-1].value.why == "interrupted"
    wait_until(lambda: not any(map(is_alive, written(tmp_path / "pids"))))


def test_a_worker_with_other_code_is_refused_by_its_name(tmp_path, dask, monkeypatch):
    hand_in(tmp_path, "anna")
    here = executors.code_here() | {"fercourse": "0.0.1 (sources 0123456789ab)"}
    monkeypatch.setattr("fercourse.processes.code_here", lambda: here)
    said = rf"the worker on {socket.gethostname()} has fercourse .* instead of 0\.0\.1 \(sources 0123456789ab\)\. Inst"
    with pytest.raises(ParameterError, match=said):
        graded(tmp_path, on=dask)
    assert not (tmp_path / "marks" / "marks.csv").exists()


def test_a_pool_that_breaks_ends_the_run_with_a_message_and_what_is_graded_is_kept(tmp_path):
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "bob", total="# kill its worker\n")
    with ProcessPoolExecutor(1) as pool, pytest.raises(FercourseError, match="executor is lost"):
        graded(tmp_path, on=pool, jobs=1)
    assert [path.name for path in (tmp_path / "marks" / "state").glob("*.json")] == ["anna.json"]


@pytest.mark.parametrize("command", ["run", "grade"])
def test_a_scheduler_that_is_not_there_is_said_at_once_and_nothing_is_written(tmp_path, monkeypatch, capsys, command):
    pytest.importorskip("distributed", reason="dask.distributed is not installed: the extra cluster")
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 1)
    monkeypatch.setattr("fercourse.grading.sandbox.bubblewrap.choose_sandbox", lambda *_, **__: "none")
    build(course=toy_course(tmp_path, toy_01=lesson("x = 1")), setup=SETUP, stamp=STAMP)
    monkeypatch.chdir(tmp_path)
    hand_in(tmp_path, "anna")
    write(Path("00_toy.ipynb"), solution())
    arguments = {"run": ["run"], "grade": ["grade", "in", "--solution", "00_toy.ipynb"]}[command]
    assert main([*arguments, "--out", "out", "--on", NOWHERE]) == 2
    assert f"--on {NOWHERE}: no scheduler of dask answers there" in capsys.readouterr().err
    assert not Path("out").exists()


def use(on):
    with executor_of(on, jobs=1):
        pass


@pytest.mark.parametrize("wrong", ["dask", "dask=", "threads", "Processes"])
def test_what_is_no_executor_is_refused(wrong):
    with pytest.raises(ParameterError, match=f"--on is processes, slurm or dask=ADDRESS, .* found {wrong}"):
        use(wrong)
    with pytest.raises(ParameterError, match="slurm or an executor; found 3"):
        use(3)


def test_without_dask_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParameterError, match=r'pip install -c constraints\.txt -e "\.\[cluster\]"'):
        use(NOWHERE)


def test_a_job_of_slurm_says_what_it_is_and_leaves_the_rest_to_the_variables_of_sbatch(tmp_path, monkeypatch):
    pytest.importorskip("submitit", reason="submitit is not installed: the extra cluster")
    (tmp_path / "srun").write_text("#!/bin/sh\n")
    (tmp_path / "srun").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    script = executors._slurm()._make_submission_file_text("python job.py", "an_id")
    assert "#SBATCH --time=240\n" in script
    assert "#SBATCH --job-name=fercourse\n" in script
    assert "--partition" not in script
    assert f"#SBATCH --output='{tmp_path}/runs/slurm/" in script, "quoted, since a path may have blanks"


def test_what_a_job_of_a_queue_returns_or_raises_is_its_futures_and_a_closed_queue_cancels_the_rest():
    class Job:
        def __init__(self, is_done, value):
            self.is_done, self.value, self.is_cancelled = is_done, value, False

        def done(self):
            return self.is_done

        def cancel(self):
            self.is_cancelled = True

        def result(self):
            if isinstance(self.value, Exception):
                raise self.value
            return self.value

    class Jobs:
        def submit(self, job):
            return job

    waiting = Job(False, None)
    with executors.Queue(Jobs(), 3) as queue:
        good, bad, never = (queue.submit(job) for job in (Job(True, 3), Job(True, ValueError("a bug")), waiting))
        assert good.result(10) == 3
        assert executors.problem_of(bad) == "failed (ValueError: a bug)"
    assert waiting.is_cancelled
    assert isinstance(never.exception(10), CancelledError)
