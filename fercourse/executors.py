"""Where tasks run: in threads here, on an executor that is handed in, or on dask's workers; all must have this code."""

import asyncio
import platform
import socket
import sys
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import fercourse
from fercourse.errors import FercourseError, ParameterError
from fercourse.files import sources_digest

HERE = "processes"
CONNECT_SECONDS = 5
COMPARED = ("numpy", "pandas", "scikit-learn", "torch", "tensorflow", "tensorflow_cpu", "keras")
CURE = "Install the same commit of the course with constraints.txt there, and start the worker again"


@contextmanager
def executor_of(on, *, jobs):
    """The executor that `on` means, until the block ends: a concurrent.futures.Executor.

    on: "processes", `jobs` of them on this machine; "dask=ADDRESS", the workers of that scheduler; or an executor.
    Raises ParameterError where it is none of these, or no scheduler with workers answers there.
    """
    if on == HERE:
        with ThreadPoolExecutor(jobs) as threads:  # each waits for a process
            yield threads
    elif isinstance(on, str):
        with _client(on) as client:
            yield client.get_executor(pure=False)  # pure: what has been asked before would not be run again
    elif hasattr(on, "submit"):
        yield on
    else:
        raise ParameterError(f"expected on, processes, dask=ADDRESS or an executor with submit; found {on!r}")


def _client(on):
    kind, _, address = on.partition("=")
    if kind != "dask" or not address:
        raise ParameterError(f"--on is processes or dask=ADDRESS, such as dask=tcp://192.168.0.5:8786; found {on}")
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        cure = 'pip install -c constraints.txt -e ".[cluster]"'
        raise ParameterError(f"--on {on}: {error.name} is missing. In the course's folder: {cure}") from error
    try:
        with ThreadPoolExecutor(1) as thread:  # a notebook has an event loop of its own
            scheduler = thread.submit(asyncio.run, _identity(address)).result()
    except (OSError, ValueError, MemoryError) as error:  # the last where what answers is something else
        raise ParameterError(
            f"--on {on}: no scheduler of dask answers there ({type(error).__name__}: {error})"
        ) from error
    if not scheduler["workers"]:
        raise ParameterError(f"--on {on}: the scheduler has no workers. Start one: .venv/bin/dask worker {address}")
    return Client(address, set_as_default=False)


async def _identity(address):
    from distributed.core import rpc

    async with asyncio.timeout(CONNECT_SECONDS), rpc(address) as scheduler:
        return await scheduler.identity()


@cache
def code_here():
    """name → version of what computes results in this process, fercourse itself by its sources as well."""
    found = {"fercourse": f"{fercourse.__version__} (sources {sources_digest()[:12]})"}
    found["Python"] = platform.python_version()
    for name in COMPARED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def refuse_other_code(code):
    """Raise ParameterError where `code`, another process's `code_here`, is not what is here, naming this machine."""
    here = code_here()
    found = [f"{name} {here[name]} instead of {code[name]}" for name in code if here[name] != code[name]]
    if found:
        raise ParameterError(f"the worker on {socket.gethostname()} has {', '.join(found)}. {CURE}.")


def problem_of(future):
    """ "" where an executor's future has a result, else why it has none.

    Raises the FercourseError that ended it, and one where the executor itself is lost.
    """
    error = None if future.cancelled() else future.exception()
    if isinstance(error, FercourseError):
        raise error
    if "No module named 'fercourse" in f"{error!r} {error and error.__cause__!r}":
        raise ParameterError(f"a worker has no fercourse. {CURE}.") from error
    if future.cancelled() or isinstance(error, BrokenExecutor):
        raise FercourseError("the executor is lost, and its tasks with it. Mend it and run the same command again")
    if error is None:
        return ""
    if type(error).__name__ == "KilledWorker":
        return "failed (each worker that it ran on was killed)"
    return f"failed ({type(error).__name__}: {error})"


def is_forgotten():
    """Whether this thread works for dask, and nobody waits for its task any more."""
    distributed = sys.modules.get("distributed")
    try:
        worker = distributed and distributed.get_worker()
    except ValueError:  # none
        return False
    task = worker and worker.state.tasks.get(worker.get_current_task())
    return bool(worker) and (task is None or task.state == "cancelled")
