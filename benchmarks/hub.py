"""Does one server serve a class? One lesson alone, then the same lesson in several kernels at once.

It claims: n kernels at once on c cores take at most 1.3 · n / c times as long as one alone (1.3 times where there are
cores enough), until the last one has ended. Each kernel is started as a hub starts it, in a process and a session of
its own, with OMP_NUM_THREADS=1 as docs/hub.md has it set; `--threads default` leaves the course its own choice, which
on a machine without limits for each user is a thread for each core.

`python benchmarks/hub.py --kernels 8` takes about four minutes on two quiet cores. Exit code 1: it was not so.
"""

import argparse
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

from fercourse.course.kernels import kernel_config
from fercourse.course.outputs import shown_in
from fercourse.processor import usable_cores

LIMIT = 1.3
STARTED = {"FERCOURSE_HEADLESS": "1", "FERCOURSE_DATA": "drawn", "TQDM_DISABLE": "1"}


def wait_for_all(barrier):
    """In a new process: what it imports is loaded by now; all kernels are to be started at one moment."""
    global together
    together = barrier


def executed(path, scale, threads):
    """(seconds on the clock, MB of memory at most) of a fresh kernel that executes every cell of a notebook."""
    os.setsid()  # a user of its own: Linux deals cores out by session
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "FERCOURSE_"))}
    environment |= STARTED | {"FERCOURSE_SCALE": scale} | ({} if threads == "default" else {"OMP_NUM_THREADS": threads})
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder, TemporaryDirectory() as sockets:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=None,
            startup_timeout=300,
            config=kernel_config(sockets),
            resources={"metadata": {"path": folder}},
        )
        together.wait()
        started = time.perf_counter()
        client.execute(env=environment)
        return time.perf_counter() - started, shown_in(notebook)["stamp"]["peak_memory_mb"]


def at_once(kernels, *how):
    """Seconds until the last of so many kernels has ended, the seconds of each, and the MB of each."""
    context = get_context("spawn")
    start = {"initializer": wait_for_all, "initargs": (context.Barrier(kernels),)}
    with ProcessPoolExecutor(kernels, mp_context=context, **start) as pool:
        found = [each.result() for each in [pool.submit(executed, *how) for _ in range(kernels)]]
    each, memories = zip(*found, strict=True)
    return max(each), each, memories


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notebook", default="notebooks/02_mlp_baseline.ipynb")
    parser.add_argument("--kernels", type=int, nargs="+", default=[8])
    parser.add_argument("--scale", default="smoke", choices=["smoke", "lesson"])
    parser.add_argument("--threads", default="1", help="OMP_NUM_THREADS of each kernel, or default")
    options = parser.parse_args()
    how = options.notebook, options.scale, options.threads
    cores = usable_cores()
    print(f"{options.notebook} at {options.scale} scale, {options.threads} threads for each kernel, {cores} cores")
    executed_once, *_ = at_once(1, *how)  # what is read from the disk for the first time is nobody's
    alone, _, (memory,) = at_once(1, *how)
    print(f"  alone: {alone:6.1f} s, {memory:,} MB (the first time {executed_once:.1f} s)", flush=True)
    failed = False
    for kernels in options.kernels:
        last, each, memories = at_once(kernels, *how)
        fair = alone * max(1, kernels / cores)
        verdict = f", more than {LIMIT}" if last > LIMIT * fair else ""
        failed |= bool(verdict)
        print(
            f"{kernels:3} at once: {last:6.1f} s, the median {statistics.median(each):.1f} s, {sum(memories):,} MB "
            f"together; {last / fair:.2f} × the fair share of {fair:.1f} s{verdict}",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
