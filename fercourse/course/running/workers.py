"""Worker processes that execute notebooks by papermill, one after another, and the generator that feeds them.

A worker lives for many notebooks, so that papermill is imported once. One that dies takes only its notebook with it.
"""

import logging
import os
import signal
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from fercourse.course.kernels import kernel_config

POLL = 0.2  # seconds between two looks at whether to stop


@dataclass(frozen=True)
class Task:
    """One notebook to execute, the folder it runs in and is kept in, and the parameters set from outside."""

    notebook: str
    folder: str
    parameters: dict


@dataclass(frozen=True)
class Event:
    """Something about the task of this position: "started", "cell" (so many are done), "ended" and how; or a "tick".

    outcome: "executed", or the reason why the notebook could not be executed to its end or its failing cell.
    """

    position: int
    kind: str
    cells: int = 0
    seconds: float = 0.0
    outcome: str = ""


def work(tasks, *, processes, environment, stopped):
    """Execute `tasks` in so many processes; yield an Event whenever something happens.

    stopped: a function; when it returns True, running notebooks and their kernels are killed: they end "interrupted".
    """
    waiting, busy, idle = deque(enumerate(tasks)), {}, []
    sockets = TemporaryDirectory()
    try:
        while (waiting or busy) and not stopped():
            while waiting and len(busy) < processes:
                worker = idle.pop() if idle else _Worker(environment, sockets.name)
                position, task = waiting.popleft()
                worker.begin(position, task)
                busy[worker.connection] = worker
                yield Event(position, "started")
            ready = wait(list(busy), timeout=POLL)
            if not ready:
                yield Event(-1, "tick")
            for connection in ready:
                event = busy[connection].next_event()
                if event.kind == "ended":
                    worker = busy.pop(connection)
                    idle += [worker] if worker.process.is_alive() else []
                yield event
        for worker in busy.values():
            worker.kill()
            yield worker.ended("interrupted")
    finally:
        for worker in busy.values():
            worker.kill()
        for worker in idle:
            worker.dismiss()
        sockets.cleanup()


class _Worker:
    """The near end of one worker process."""

    def __init__(self, environment, sockets):
        context = get_context("spawn")  # never fork: the parent may have threads
        self.connection, far_end = context.Pipe()
        self.process = context.Process(target=serve, args=(far_end, environment, sockets), daemon=True)
        self.process.start()
        far_end.close()

    def begin(self, position, task):
        self.position, self.started = position, perf_counter()
        self.connection.send(task)

    def next_event(self):
        try:
            kind, value, seconds = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return self.ended(f"the worker process died with exit code {self.process.exitcode} (out of memory?)")
        if kind == "cell":
            return Event(self.position, "cell", cells=value)
        return Event(self.position, "ended", seconds=seconds, outcome=value)

    def ended(self, outcome):
        """The end of a notebook whose worker cannot tell it itself."""
        return Event(self.position, "ended", seconds=perf_counter() - self.started, outcome=outcome)

    def dismiss(self):
        self.connection.close()
        self.process.join(timeout=5)
        self.kill()

    def kill(self):
        """Kill the process and its descendants: kernels, and what these started."""
        import psutil

        try:
            descendants = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            descendants = []
        self.process.kill()
        for process in descendants:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.join()


@contextmanager
def stop_signals():
    """Until the block ends, Ctrl-C and SIGTERM are only remembered: yields a list of the signals that came."""
    came = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(connection, environment, sockets):
    """A worker's life, in its own process: execute the tasks that come through `connection` until it is closed.

    sockets: the folder for the kernels' sockets.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which decides what to do
    os.environ.clear()
    os.environ.update(environment)
    import papermill  # here: its 3 seconds are no lesson's

    papermill.log.logger.setLevel(logging.CRITICAL)  # what it would say is in the outcome and in the notebook
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        started = perf_counter()
        with _stderr_into(Path(task.folder) / "kernel.log"):
            outcome = _execute(task, connection, sockets)
        connection.send(("ended", outcome, perf_counter() - started))


@contextmanager
def _stderr_into(path):
    """Send what this process and its kernels write to stderr into a file; no file where they wrote nothing.

    What a cell writes is in its outputs. This is the rest: a library's last words in a crash, the kernel's own log.
    """
    terminal = os.dup(2)
    with open(path, "wb") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        if path.stat().st_size == 0:
            path.unlink()


def _execute(task, connection, sockets):
    from nbclient.exceptions import DeadKernelError
    from papermill import PapermillExecutionError, execute_notebook

    def tell(cell, cell_index, execute_reply):
        connection.send(("cell", cell_index + 1, 0.0))

    try:
        execute_notebook(
            task.notebook,
            f"{task.folder}/notebook.ipynb",
            parameters=task.parameters,
            progress_bar=False,
            cwd=task.folder,
            kernel_name="python3",
            start_timeout=120,
            config=kernel_config(sockets),
            on_cell_executed=tell,
        )
    except PapermillExecutionError:
        return "executed"  # up to a failing cell: papermill kept the notebook with its error
    except DeadKernelError as error:
        return f"the kernel died: {error}"
    return "executed"
