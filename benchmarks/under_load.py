"""What does a lesson take on a machine that others use too, as on a hub or in CI?

It claims: beside n busy processes a lesson takes at most 1.5 times its fair share. Each busy process is one thread that
never waits, and a user of its own: Linux deals cores out by session, a hub by container, whatever the threads inside.
So a lesson of t threads gets what the others leave of c cores, or as much as each of them: min(t, max(c − n,
c / (n + 1))). With half the share it may take twice as long: seconds / (quiet seconds · quiet share / share) ≤ 1.5.

Each run is a whole notebook at smoke scale in a kernel as a hub starts it, which sets no variable of OpenMP;
"default" are the threads that the course chooses then, the other columns are OMP_NUM_THREADS. float32 is the processor
as if it had AVX2 alone (ONEDNN_MAX_CPU_ISA), where precision="auto" means float32; bfloat16 is run where the
processor has it. `python benchmarks/under_load.py` takes about 12 minutes on two quiet cores.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import torch
from nbclient import NotebookClient

from fercourse.course.kernels import kernel_config
from fercourse.processor import usable_cores

LIMIT = 1.5
PRECISIONS = {"float32": {"ONEDNN_MAX_CPU_ISA": "AVX2"}, "bfloat16": {}}
SURROUNDINGS = {"FERCOURSE_HEADLESS": "1", "FERCOURSE_SCALE": "smoke", "FERCOURSE_DATA": "drawn", "TQDM_DISABLE": "1"}


@contextmanager
def busy_processes(number):
    """So many processes that compute as long as the block lasts, each in a session of its own.

    Linux deals the processor out by session first, so that two in one session would count as one.
    """
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command, start_new_session=True) for _ in range(number)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def seconds(path, *, threads, precision):
    """Seconds on the clock in which a fresh kernel executes every cell of the notebook."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "FERCOURSE_"))}
    environment |= SURROUNDINGS | PRECISIONS[precision]
    environment |= {} if threads == "default" else {"OMP_NUM_THREADS": threads}
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder, TemporaryDirectory() as sockets:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=None,
            config=kernel_config(sockets),
            resources={"metadata": {"path": folder}},
        )
        started = time.perf_counter()
        client.execute(env=environment)
        return time.perf_counter() - started


def share(threads, busy):
    """The cores that a lesson of so many threads gets beside so many busy users, where all users get the same."""
    cores = usable_cores()
    return min(threads, max(cores - busy, cores / (busy + 1)))


def threads_of(name):
    """How many threads a kernel of these has; "default" is asked in a fresh process, after `fc.setup`."""
    if name != "default":
        return int(name)
    code = "import fercourse as fc; fc.setup('03', scale='smoke'); import torch; print(torch.get_num_threads())"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return int(answer.stdout.split()[-1])


def processor():
    """The processor's name, where the system says it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "processor")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notebook", default="notebooks/03_cnns_adam_sgd.ipynb")
    parser.add_argument(
        "--busy", type=int, nargs="+", default=[0, 1, 2], help="busy processes; the first is compared with"
    )
    parser.add_argument("--threads", nargs="+", default=["default", "1", "2"])
    parser.add_argument("--precisions", nargs="+", default=list(PRECISIONS), choices=PRECISIONS)
    parser.add_argument("--rounds", type=int, default=1, help="of which the median is taken")
    options = parser.parse_args()
    print(f"{processor()}, {usable_cores()} cores; {options.notebook} at smoke scale, median of {options.rounds}")
    for precision in options.precisions:
        if precision == "bfloat16" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            print("bfloat16: skipped, this processor has no instructions for it")
            continue
        for threads in options.threads:
            number, quiet = threads_of(threads), None
            for busy in options.busy:
                with busy_processes(busy):
                    runs = [
                        seconds(options.notebook, threads=threads, precision=precision) for _ in range(options.rounds)
                    ]
                taken = statistics.median(runs)
                quiet = quiet or taken
                fair = quiet * share(number, options.busy[0]) / share(number, busy)
                verdict = "" if taken / fair <= LIMIT else f"  more than {LIMIT}"
                print(
                    f"{precision:8}  {threads:>7} ({number} threads)  beside {busy}: {taken:6.1f} s"
                    f"   {taken / fair:4.2f} × its fair share{verdict}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
