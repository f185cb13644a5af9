"""Grades the submissions of a class: a fresh process for each, forked from a warm one; each result is kept.

A grader that crashes or does not end takes only its submission with it; a batch that is killed goes on where it was.
"""

import json
import os
import platform
import signal
import site
import sys
import sysconfig
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.metadata import distributions
from multiprocessing import forkserver, get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from platform import python_version
from threading import Thread
from time import monotonic

import fercourse
from fercourse.files import written_aside

WARM = {name: (name,) for name in ("numpy", "pandas", "matplotlib", "sklearn", "scipy", "torchvision")} | {
    "fercourse": ("fercourse.classroom.session", "fercourse.classroom.checking", "ipywidgets", "psutil"),
    "torch": ("torch", "torch._dynamo"),  # its first optimiser imports the second
}
"""What the process that is forked loads beforehand, by what the sheet imports; TensorFlow does not survive a fork."""


@dataclass(frozen=True)
class Task:
    """One submission to grade: grader(path, sheet, limits) → result, which is kept in the file `target`.

    alone: whether nothing else is graded meanwhile.
    """

    grader: Callable
    path: str
    sheet: object
    limits: object
    digest: str
    target: Path
    alone: bool = True


def versions():
    """name → version of all that computes a result: Python, the system, every package that a notebook could import."""
    # Of the interpreter's own folders, not of sys.path, which grows while a program runs.
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    folders |= {site.getusersitepackages()} if site.ENABLE_USER_SITE else set()
    packages = {found.name: found.version for found in distributions(path=sorted(folders))}
    return packages | {"Python": python_version(), "system": f"{platform.system()} {platform.machine()}"}


def digests(submissions, *, sheet, limits):
    """For each key what the result depends on: submission, solution, limits, the code of fercourse, and `versions`."""
    common = sha256()
    for path in sorted(Path(fercourse.__file__).parent.rglob("*.py")):
        common.update(path.read_bytes())
    common.update(json.dumps([sheet.digest, asdict(limits), versions()], sort_keys=True).encode())
    return {
        submission.key: sha256(f"{common.hexdigest()} {submission.fingerprint}".encode()).hexdigest()
        for submission in submissions
    }


def kept(target, digest):
    """The result kept in the file `target`; None where there is none, or one of something else.

    None as well where time ran out beside others: these may have taken it.
    """
    state = _state(target, digest)
    return None if state is None or (state["result"].get("timed_out") and not state["alone"]) else state["result"]


def _state(target, digest):
    try:
        state = json.loads(Path(target).read_text(encoding="utf-8"))
        return state if state["digest"] == digest else None
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or no longer what was written
        return None


def grade_batch(tasks, *, jobs, seconds, imports=()):
    """Run each task in a process of its own, `jobs` at once; yield (task, "" or why the grader failed) as they end.

    One whose time ran out is run again at the end, alone: what runs beside it changes nobody's marks.
    seconds: when a process and all that it started are killed. imports: what the sheet imports.
    When the generator is closed, or Ctrl-C comes, nothing is left running, and what has ended is kept.
    """
    context, again = _warm_context(imports), []
    first = [replace(task, alone=jobs == 1) for task in tasks]
    with closing(_run(first, context=context, jobs=jobs, seconds=seconds)) as ended:
        for task, why in ended:
            if why or kept(task.target, task.digest) is not None:
                yield task, why
            else:
                again.append(replace(task, alone=True))
    yield from _run(again, context=context, jobs=1, seconds=seconds)


def _run(tasks, *, context, jobs, seconds):
    waiting, running = deque(tasks), {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                task = waiting.popleft()
                process = context.Process(target=work, args=(task,), daemon=False)
                process.start()
                running[process.sentinel] = process, task, monotonic() + seconds
            next_deadline = min(deadline for *_, deadline in running.values())
            ended = wait(list(running), timeout=max(0, next_deadline - monotonic()))
            late = [one for one, (*_, deadline) in running.items() if deadline <= monotonic() and one not in ended]
            for sentinel in (*ended, *late):
                process, task, _ = running.pop(sentinel)
                yield task, _end(process, task, seconds if sentinel in late else None)
    finally:
        for process, *_ in running.values():
            _kill(process)


def _warm_context(imports):
    """The context whose processes are forked from one that has loaded what grading needs."""
    context = get_context("forkserver")
    warm = [module for name, modules in WARM.items() if name in imports for module in modules]
    context.set_forkserver_preload(["fercourse.grading.marking", *warm])
    threads = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = threads or "1"  # the workers share the cores
    try:
        forkserver.ensure_running()
    finally:
        if threads is None:
            del os.environ["OMP_NUM_THREADS"]
    return context


def _end(process, task, seconds):
    """Wait for a process that has ended, or kill one that took too many `seconds`; say what was wrong, if anything."""
    if seconds is not None:
        _kill(process)
        return f"the grader did not end within {seconds:.0f} s and was stopped"
    process.join()
    with suppress(ProcessLookupError, PermissionError):  # mostly nothing is left of its group
        os.killpg(process.pid, signal.SIGKILL)
    if process.exitcode == 0 and _state(task.target, task.digest) is not None:
        log_of(task.target).unlink(missing_ok=True)
        return ""
    log = log_of(task.target)
    reason = f"; state/{log.name} says why" if log.exists() else ""
    return f"the grader failed (exit code {process.exitcode}){reason}"


def _kill(process):
    """Kill a worker and its descendants: kernels, and what these started."""
    import psutil

    try:
        found = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        found = []
    with suppress(ProcessLookupError, PermissionError):  # it may end by itself at this moment
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    for each in found:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.join()


def log_of(target):
    """Where a worker's stdout and stderr go, beside its result."""
    return Path(target).with_suffix(".log")


def work(task):
    """A worker's life, in its own process: grade one submission, keep the result."""
    os.setsid()  # its own process group, which is killed as a whole; Ctrl-C does not reach it
    Thread(target=_end_with_parent, daemon=True).start()
    log = os.open(log_of(task.target), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    result = task.grader(task.path, task.sheet, task.limits)
    with written_aside(task.target) as aside:
        state = {"digest": task.digest, "alone": task.alone, "result": result}
        aside.write_text(json.dumps(state), encoding="utf-8")
    sys.stdout.flush()


def _end_with_parent():
    """Where the batch itself is killed, its workers and their kernels do not go on."""
    wait([parent_process().sentinel])
    os.killpg(0, signal.SIGKILL)
