"""Start a file in several processes of this machine, from a notebook or a test, and have its errors in plain words."""

import os
import re
import socket
import subprocess
import sys
from os import PathLike

from fercourse.errors import FercourseError, ParameterError
from fercourse.settings import whole

LAST_SECONDS = 15  # for torchrun to end its processes
ERROR = re.compile(r"^(?:\[rank\d+\]:\s*)?(\w[\w.]*(?:Error|Exception|Mismatch|Interrupt|Diverged)\b.*)$", re.MULTILINE)


def torchrun(file: str | PathLike, *arguments: object, processes: int = 2, seconds: float = 600) -> str:
    """Run a Python file in so many processes of this machine by torchrun, and return what they printed to stdout.

    Each computes in one thread, unless OMP_NUM_THREADS says otherwise. The port by which they meet is a free one.
    Processes that print at the same time mix their lines, as torchrun buffers nothing: let rank 0 print.
    seconds: after which all are ended.

    Where one process fails, torchrun ends the others, and this raises FercourseError with the error of the first.
    Raises it as well where this machine does not let programs listen on 127.0.0.1, as some sandboxes do not, and where
    `seconds` are over.
    """
    processes = whole("processes", processes)
    if not os.path.isfile(file):
        raise ParameterError(f"expected a Python file to run, found none at {os.fspath(file)}")
    _check_sockets()
    meeting = ["--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0", "--local-addr=127.0.0.1"]
    command = [sys.executable, "-m", "torch.distributed.run", *meeting, f"--nproc-per-node={processes}"]
    here = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"} | os.environ
    started = subprocess.Popen(
        [*command, os.fspath(file), *map(str, arguments)],
        env=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    try:
        out, said = started.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise FercourseError(
            f"{file}: {processes} processes were not done after {seconds:g} s and were ended"
        ) from None
    finally:
        _end(started)
    if started.returncode:
        raise FercourseError(f"{file} failed in {processes} processes. {_first_error(said)}")
    return out


def _check_sockets():
    """Raise FercourseError where processes here cannot reach each other."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5):
            pass
    except OSError as error:
        raise FercourseError(
            f"processes cannot talk to each other here: opening a port on 127.0.0.1 failed ({error}). Sandboxes and "
            "some hubs forbid it. Run this in JupyterLab on your own machine or in Colab, or read the executed lesson"
        ) from error


def _end(started):
    """Have torchrun end its processes where it still runs: on Ctrl-C, and where the time is over."""
    if started.poll() is None:
        started.terminate()  # torchrun passes it on
        try:
            started.communicate(timeout=LAST_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.communicate()


def _first_error(said):
    """The error that one of the processes raised; the end of what was said where none can be told."""
    mine, _, _ = said.partition("ChildFailedError")
    errors = [error for error in ERROR.findall(mine) if "SignalException" not in error]
    return errors[0] if errors else "It said: " + " ".join(said.split())[-500:]
