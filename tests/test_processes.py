"""The pool: every task ends with a result or a reason, alone, and nothing that it started outlives it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pool_tasks
import psutil
import pytest

from fercourse import processes
from fercourse.executors import executor_of
from fercourse.processes import Task, kill_tree, work

PATIENT = 5  # seconds: in which a process that is spawned begins, also on a machine that is busy


def outcomes(*tasks, jobs=2, **options):
    """Run tasks on this machine; return name → Outcome, and all events."""
    with executor_of("processes", jobs=jobs) as executor:
        events = [event for event in work(tasks, executor=executor, jobs=jobs, **options) if event.kind != "tick"]
    return {event.task.name: event.value for event in events if event.kind == "ended"}, events


def wait_until(happened, *, seconds=30):
    end = time.monotonic() + seconds
    while not (value := happened()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return value


def written(path):
    """The process numbers that a task wrote down, as soon as they are there."""
    return [int(number) for number in wait_until(lambda: path.exists() and path.read_text().split())]


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(params=["forkserver", "spawn"])
def start(request, monkeypatch):
    """How processes begin here and on macOS, and on Windows, which can only spawn them."""
    if request.param == "spawn":
        monkeypatch.setattr(processes, "get_all_start_methods", lambda: ["spawn"])


@pytest.mark.usefixtures("start")
def test_each_task_ends_by_itself_with_its_result_its_log_or_the_reason(tmp_path):
    ended, _ = outcomes(
        Task("adds", pool_tasks.adds, (1, 2)),
        Task("fails", pool_tasks.fails, ()),
        Task("leaves", pool_tasks.leaves, (7,)),
        Task("hangs", pool_tasks.hangs, (str(tmp_path),), seconds=PATIENT),
        Task("after", pool_tasks.adds, ("a", "b")),
    )
    assert {name: (found.result, found.why) for name, found in ended.items()} == {
        "adds": (3, ""),
        "fails": (None, "failed (exit code 1)"),
        "leaves": (None, "failed (exit code 7)"),
        "hangs": (None, f"did not end within {PATIENT} s and was stopped"),
        "after": ("ab", ""),
    }
    assert ended["adds"].log == b"adding\n"
    assert b"ValueError: a bug" in ended["fails"].log
    assert PATIENT <= ended["hangs"].seconds < PATIENT + 9
    wait_until(lambda: not any(map(is_alive, written(tmp_path / "pids"))), seconds=5)  # the system may take a moment


@pytest.mark.usefixtures("start")
def test_tasks_tell_how_far_they_are_and_each_has_a_process_of_its_own():
    tasks = [Task(name, pool_tasks.tells, (3,)) for name in ("first", "second")]
    ended, events = outcomes(*tasks, jobs=1)
    assert [(event.kind, event.task.name) for event in events] == [
        (kind, name) for name in ("first", "second") for kind in ("started", "told", "told", "told", "ended")
    ]
    assert [event.value for event in events if event.kind == "told"] == [0, 1, 2, 0, 1, 2]
    assert len({ended["first"].result, ended["second"].result, os.getpid()}) == 3


def test_no_more_tasks_than_asked_for_are_under_way_and_each_is_made_when_its_turn_comes():
    made, running, most = [], 0, 0

    def tasks():
        for number in range(6):
            made.append(number)
            yield Task(str(number), pool_tasks.adds, (number, 0))

    with executor_of("processes", jobs=2) as executor:
        for event in work(tasks(), executor=executor, jobs=2):
            running += {"started": 1, "ended": -1}.get(event.kind, 0)
            most = max(most, running)
            assert event.kind != "started" or len(made) <= int(event.task.name) + 1
    assert (made, most, running) == ([0, 1, 2, 3, 4, 5], 2, 0)


@pytest.mark.parametrize("fail", [False, True])
def test_what_a_task_leaves_behind_is_killed_whether_it_returns_or_fails(tmp_path, fail):
    ended, _ = outcomes(Task("leaves", pool_tasks.leaves_a_program_behind, (str(tmp_path), fail)))
    assert ended["leaves"].why == ("failed (exit code 1)" if fail else "")
    wait_until(lambda: not any(map(is_alive, written(tmp_path / "pids"))), seconds=5)  # the system may take a moment


def test_a_task_finds_loaded_what_was_asked_for_and_nothing_else():
    """In a process of its own, since the first task of a process decides what is loaded."""
    program = """
import pool_tasks
from fercourse.executors import executor_of
from fercourse.processes import Task, work
with executor_of("processes", jobs=1) as executor:
    tasks = [Task(name, pool_tasks.is_loaded, (name,), preload=("wave",)) for name in ("wave", "mailbox")]
    print(*(event.value.result for event in work(tasks, executor=executor, jobs=1) if event.kind == "ended"))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent / "helpers")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["True", "False"], "")


def test_what_is_stopped_is_killed_with_all_that_it_started_and_says_so(tmp_path):
    pids = tmp_path / "pids"
    ended, _ = outcomes(Task("hangs", pool_tasks.hangs, (str(tmp_path),)), stopped=pids.exists)
    assert ended["hangs"].why == "interrupted"
    wait_until(lambda: not any(map(is_alive, written(pids))), seconds=5)  # the system may take a moment


def test_a_generator_that_is_closed_leaves_nothing_running(tmp_path):
    with executor_of("processes", jobs=2) as executor:
        tasks = [Task("hangs", pool_tasks.hangs, (str(tmp_path),)), Task("adds", pool_tasks.adds, (1, 2))]
        with closing(work(tasks, executor=executor, jobs=2)) as events:
            next(event for event in events if event.kind == "ended")
            pids = written(tmp_path / "pids")
    wait_until(lambda: not any(map(is_alive, pids)), seconds=5)  # the system may take a moment


GUARDED = """
import sys, pool_tasks
from fercourse import processes
from fercourse.executors import executor_of
processes.get_all_start_methods = lambda: ["spawn"]
if __name__ == "__main__":
    with executor_of("processes", jobs=1) as executor:
        tasks = [processes.Task("adds", pool_tasks.adds, (1, 2))]
        *_, last = processes.work(tasks, executor=executor, jobs=1)
    print(last.value.result, last.value.log.decode() if last.value.why else "")
"""


def test_a_program_in_a_file_has_spawned_processes(tmp_path):
    """They read the file again, as a module that is not the program."""
    (tmp_path / "program.py").write_text(GUARDED)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent / "helpers")}
    command = [sys.executable, tmp_path / "program.py"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (finished.stdout.split(), finished.stderr) == (["3"], "")


PROGRAM = """
import signal, sys, pool_tasks
from fercourse.executors import executor_of
from fercourse.processes import Task, work
signal.signal(signal.SIGINT, signal.default_int_handler)  # which what a shell starts in the background ignores
with executor_of("processes", jobs=1) as executor:
    list(work([Task("hangs", pool_tasks.hangs, (sys.argv[1],))], executor=executor, jobs=1))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_tasks_end_with_the_process_that_they_work_for_however_it_ends(tmp_path, number):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent / "helpers"), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM, tmp_path]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        pids = written(tmp_path / "pids")
        process.send_signal(number)
    wait_until(lambda: not any(map(is_alive, pids)))
    wait_until(lambda: not list(tmp_path.glob("fercourse-*")))


@pytest.mark.parametrize("length", [104, 200], ids="{} bytes".format)
def test_tasks_run_where_the_folder_for_temporary_files_has_a_long_path(tmp_path, length):
    folder = tmp_path / ("d" * (length - len(str(tmp_path)) - 1))
    folder.mkdir()
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent / "helpers"), "TMPDIR": str(folder)}
    program = PROGRAM.replace("hangs", "adds").replace("(sys.argv[1],)", "(1, 2)")
    program = program.replace("list(work", "events = list(work") + "print(events[-1].value.result)"
    finished = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (finished.stdout, finished.stderr) == ("3\n", "")
    assert list(folder.iterdir()) == []


def test_where_nobody_may_write_in_tmp_the_folder_for_temporary_files_has_to_do(monkeypatch):
    def closed():
        raise OSError(30, "Read-only file system", tempfile.gettempdir())

    monkeypatch.setattr(tempfile, "tempdir", "/" + "d" * 80)
    monkeypatch.setattr(processes, "get_temp_dir", closed)
    processes._keep_socket_paths_short()
    assert tempfile.gettempdir() == "/" + "d" * 80


def test_a_tree_is_killed_to_its_last_leaf_and_one_that_has_ended_is_no_error(tmp_path):
    program = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"
    leaf = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(99)"
    with subprocess.Popen([sys.executable, "-c", program, "-c", leaf, tmp_path / "pid"]) as process:
        (pid,) = written(tmp_path / "pid")
        kill_tree(process.pid)
    assert process.returncode == -signal.SIGKILL
    wait_until(lambda: not is_alive(pid))
    kill_tree(pid)


def test_an_executor_that_cannot_take_a_task_takes_no_other_with_it():
    broken = ThreadPoolExecutor(1)
    broken.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        list(work([Task("adds", pool_tasks.adds, (1, 2))], executor=broken, jobs=1))
