"""Tasks, each in a process of its own, on whatever executor takes them; how a process is killed with all it started.

A task that crashes, hangs or is killed takes nothing else with it. An executor only decides where `run_task` is called:
in a thread here, or on a worker of a cluster. Written here because pebble, loky and concurrent.futures do not kill what
a task's process has started, nor end a task together with the process that it works for.
"""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from concurrent import futures
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import current_process, get_all_start_methods, get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.util import get_temp_dir
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic
from uuid import uuid4

from fercourse.executors import code_here, is_forgotten, problem_of, refuse_other_code

POLL = 0.2  # seconds between two looks at whether to stop
LONGEST_TMPDIR = 70  # bytes: multiprocessing adds 32 for its folder and the name of a socket
LAST_SECONDS = 10  # for a process to end by itself, or to be killed
MOST_LOG = 1_000_000  # bytes
_starting = Lock()  # multiprocessing's own lists of processes are not made for threads
_batches = {}  # those under way in this process, by their names
_connection = None  # in a task's process: to the one that it works for


@dataclass(frozen=True)
class Task:
    """function(*arguments) in a process of its own; both, and what is returned, are plain values that can be pickled.

    seconds: when the process and all that it started are killed. preload: modules that it finds loaded.
    """

    name: str
    function: Callable
    arguments: tuple
    seconds: float = float("inf")
    preload: tuple = ()


@dataclass(frozen=True)
class Outcome:
    """What a task returned, or why it did not; what its process wrote to stdout and stderr; its seconds."""

    result: object = None
    why: str = ""
    log: bytes = b""
    seconds: float = 0.0


@dataclass(frozen=True)
class Event:
    """Something about a task: "started", "told" and its value, or "ended" and its Outcome; or a "tick" of the clock."""

    kind: str
    task: Task | None = None
    value: object = None


@dataclass
class _Batch:
    """What `run_task` shares with `work` where both are in one process."""

    events: SimpleQueue = field(default_factory=SimpleQueue)
    is_stopped: bool = False


def work(tasks, *, executor, jobs, stopped=lambda: False):
    """Run tasks, `jobs` at once; yield an Event whenever something happens. A task is taken when its turn comes.

    executor: of `executor_of`. stopped: a function; when it returns True, tasks under way are killed, and end
    "interrupted". When the generator is closed, nothing is left running here, and a cluster forgets what it still has.
    Raises ParameterError where a worker has other code, FercourseError where the executor is lost.
    """
    name, batch = uuid4().hex, _Batch()
    waiting, running = iter(tasks), {}
    _batches[name] = batch
    try:
        while not stopped():
            for task in islice(waiting, jobs - len(running)):
                future = executor.submit(run_task, task, name, code_here())
                running[future] = task, monotonic()
                future.add_done_callback(batch.events.put)
                yield Event("started", task)
            if not running:
                return
            yield _next_event(batch, running)
        _stop(batch, running)
        for future, (task, began) in running.items():
            is_known = future.done() and not future.cancelled()
            yield Event("ended", task, _outcome(future, began) if is_known else _interrupted(began))
    finally:
        _stop(batch, running)
        del _batches[name]


def _next_event(batch, running):
    try:
        found = batch.events.get(timeout=POLL)
    except Empty:
        return Event("tick")
    if isinstance(found, Event):
        return found
    task, began = running.pop(found)
    return Event("ended", task, _outcome(found, began))


def _outcome(future, began):
    why = problem_of(future)
    return Outcome(why=why, seconds=monotonic() - began) if why else future.result()


def _interrupted(began):
    return Outcome(why="interrupted", seconds=monotonic() - began)


def _stop(batch, running):
    """Have every task under way killed: here at once, on a cluster when its worker next looks."""
    batch.is_stopped = True
    futures.wait([future for future in running if not future.cancel()], timeout=LAST_SECONDS)


def run_task(task, batch, code):
    """Run a task in a process of its own and return its Outcome. An executor calls it, on this machine or on another.

    Raises ParameterError where `code` is not what is installed here.
    """
    refuse_other_code(code)
    batch, began = _batches.get(batch) or _Batch(), monotonic()
    with tempfile.TemporaryDirectory(prefix="fercourse-", ignore_cleanup_errors=True) as scratch:
        process, near = _started(task, scratch)
        try:
            result, why = _followed(task, process, near, batch, until=began + task.seconds)
        finally:
            _end(process)
            near.close()
        if why is None:
            why = f"failed (exit code {process.exitcode})"
        return Outcome(result, why, _tail(Path(scratch, "log")), monotonic() - began)


def _started(task, scratch):
    with _starting:
        context = _warm_context(task.preload)
        near, far = context.Pipe(duplex=False)
        with _children_allowed():
            process = context.Process(target=_live, args=(task, far, scratch, dict(os.environ)))
            process.start()
    far.close()
    return process, near


def _warm_context(preload):
    """The context whose processes are forked from one that has loaded what is needed; spawned where that cannot be."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    from multiprocessing import forkserver

    context = get_context("forkserver")
    context.set_forkserver_preload([__name__, *preload])  # the first task decides: there is one such process
    _keep_socket_paths_short()
    try:
        with _one_thread():
            forkserver.ensure_running()
    except ChildProcessError:  # this process was itself forked from one that has such a process, which serves no other
        return get_context("spawn")
    return context


def _keep_socket_paths_short():
    """Have multiprocessing's sockets in /tmp where TMPDIR is long: a socket's path has at most 104 bytes on macOS."""
    usual = tempfile.gettempdir()
    if len(os.fsencode(usual)) <= LONGEST_TMPDIR:
        return
    tempfile.tempdir = "/tmp"
    try:
        with suppress(OSError):  # where this process may not write there, the usual folder has to do
            get_temp_dir()  # made by the first call, kept for all that follow, removed when this process ends
    finally:
        tempfile.tempdir = usual


@contextmanager
def _one_thread():
    """What a process started here loads counts on one core: the tasks share them."""
    threads = os.environ.get("OMP_NUM_THREADS")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        yield
    finally:
        if threads is None:
            del os.environ["OMP_NUM_THREADS"]


@contextmanager
def _children_allowed():
    """Workers of dask are daemons, which may have no children lest these outlive them: a task's process does not."""
    about = current_process()._config
    daemon = about.pop("daemon", None)
    try:
        yield
    finally:
        about |= {} if daemon is None else {"daemon": daemon}


def _followed(task, process, near, batch, *, until):
    """What a task's process returned, and "" or why there is nothing: None where it died."""
    while not batch.is_stopped and not is_forgotten():
        if monotonic() >= until:
            return None, f"did not end within {task.seconds:.0f} s and was stopped"
        if wait([near, process.sentinel], timeout=min(POLL, max(0, until - monotonic()))):
            try:
                kind, value = near.recv()
            except (EOFError, OSError):
                kind, value = "died", None
            if kind == "told":
                batch.events.put(Event(kind, task, value))
            else:
                wait([process.sentinel], timeout=LAST_SECONDS)
                return value, None if kind == "died" else ""
    return None, "interrupted"


def _end(process):
    """Kill a process that has not ended, and in any case what it started."""
    if wait([process.sentinel], timeout=0):
        _kill_group(process.pid)
    else:
        kill_tree(process.pid)
    with _starting:
        process.join()


def kill_tree(pid):
    """Kill a process, its descendants, and its process group where it leads one."""
    import psutil

    _kill_descendants(pid)
    _kill_group(pid)
    with suppress(psutil.Error):  # it has ended
        psutil.Process(pid).kill()


def _kill_descendants(pid):
    import psutil

    try:
        found = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for process in found:
        with suppress(psutil.Error):
            process.kill()


def _kill_group(pid):
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # mostly nothing is left of it
            os.killpg(pid, signal.SIGKILL)


def _tail(path):
    """The last `MOST_LOG` bytes of a file; nothing where there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - MOST_LOG))
            return file.read()
    except FileNotFoundError:
        return b""


def _live(task, connection, scratch, environment):
    """The life of a task's process: what it writes goes into a file, what it makes for itself into `scratch`."""
    global _connection
    if hasattr(os, "setsid"):
        os.setsid()  # its own process group, which is killed as a whole; Ctrl-C does not reach it
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, args=(scratch,), daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = scratch
    log = os.open(Path(scratch, "log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    _connection = connection
    try:
        result = task.function(*task.arguments)
    finally:
        _kill_descendants(os.getpid())  # afterwards nobody could tell whose they are
        sys.stdout.flush()
    connection.send(("returned", result))


def tell(value):
    """In a task's process: a value for those who watch the task. Where they are on another machine, it is lost."""
    _connection.send(("told", value))


def _end_with_parent(scratch):
    """Where the process that it works for is killed, a task's process and its descendants do not go on."""
    wait([parent_process().sentinel])
    _kill_descendants(os.getpid())
    shutil.rmtree(scratch, ignore_errors=True)
    kill_tree(os.getpid())
