"""Where tasks run: in threads here, on an executor that is handed in, on dask's workers, as jobs of Slurm.

All must have this code.
"""

import asyncio
import platform
import socket
import sys
from concurrent.futures import BrokenExecutor, CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Event

import fercourse
from fercourse.errors import FercourseError, ParameterError
from fercourse.files import sources_digest

HERE = "processes"
SLURM = "slurm"
SLURM_MINUTES = 240  # of a job, where the variable SBATCH_TIMELIMIT does not say otherwise
CONNECT_SECONDS = 5
POLL = 0.5  # seconds between two looks at a job
COMPARED = ("numpy", "pandas", "scikit-learn", "torch", "tensorflow", "tensorflow_cpu", "keras")
CURE = "Install the same commit of the course with constraints.txt there, and start the worker again"


@contextmanager
def executor_of(on, *, jobs):
    """The executor that `on` means, until the block ends: a concurrent.futures.Executor.

    on: "processes", `jobs` of them on this machine; "dask=ADDRESS", the workers of that scheduler; "slurm", a job for
    each task, of which at most `jobs` are in its queue; or an executor.
    Raises ParameterError where it is none of these, no scheduler with workers answers there, or Slurm is not here.
    """
    if on == HERE:
        with ThreadPoolExecutor(jobs) as threads:  # each waits for a process
            yield threads
    elif on == SLURM:
        with Queue(_slurm(), jobs) as queue:
            yield queue
    elif isinstance(on, str):
        with _client(on) as client:
            yield client.get_executor(pure=False)  # pure: what has been asked before would not be run again
    elif hasattr(on, "submit"):
        yield on
    else:
        raise ParameterError(f"expected on, processes, dask=ADDRESS, slurm or an executor; found {on!r}")


def _client(on):
    kind, _, address = on.partition("=")
    if kind != "dask" or not address:
        raise ParameterError(f"--on is processes, slurm or dask=ADDRESS, as dask=tcp://192.168.0.5:8786; found {on}")
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise _missing(on, error) from error
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


def _missing(on, error):
    cure = 'pip install -c constraints.txt -e ".[cluster]"'
    return ParameterError(f"--on {on}: {error.name} is missing. In the course's folder: {cure}")


def _slurm():
    """submitit's executor for Slurm. Partition, account and time are those of sbatch's variables, SBATCH_PARTITION."""
    try:
        from submitit import SlurmExecutor
    except ModuleNotFoundError as error:
        raise _missing(SLURM, error) from error
    if SlurmExecutor.affinity() < 1:
        raise ParameterError("--on slurm: no command srun is here. Run this on a login node of the cluster")
    queue = SlurmExecutor(Path("runs", SLURM).resolve())  # where its jobs find what to do: all machines see it
    queue.update_parameters(time=SLURM_MINUTES, job_name="fercourse")
    return queue


class Queue(ThreadPoolExecutor):
    """An executor of submitit as one of concurrent.futures: a thread waits for each job. To be used in a `with` block.

    submitit hands all its jobs over at once (facebookincubator/submitit#1685); here at most `jobs` are under way. When
    the block ends, those that are not done are cancelled.
    """

    def __init__(self, queue, jobs):
        super().__init__(jobs)
        self._queue, self._closed = queue, Event()

    def submit(self, function, /, *arguments):
        return super().submit(self._wait, function, arguments)

    def _wait(self, function, arguments):
        job = self._queue.submit(function, *arguments)
        while not job.done():
            if self._closed.wait(POLL):
                job.cancel()
                raise CancelledError
        return job.result()

    def __exit__(self, *error):
        self._closed.set()
        return super().__exit__(*error)


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
