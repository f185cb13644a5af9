"""The machine: its disk, its memory, its clock, its ports, and whether a GPU and PyTorch know of each other."""

import os
import re
import shutil
import socket
import sys
import tempfile
import time
import urllib.request
from importlib.machinery import PathFinder
from pathlib import Path

from fercourse.course.doctor.diagnosis import Diagnosis
from fercourse.data.cache import cache_folder
from fercourse.shortage import shortages

PORT = 8899
"""Of the demo, where nobody asks for another."""

LONGEST = 100
"""Characters of the course's folder on Windows, where a whole path may have 260: TensorFlow's own are that long."""

NVIDIA = Path("/proc/driver/nvidia/version")


def space(root):
    """Less disk or memory than a large lesson takes."""
    for what, remedy in shortages(root):
        yield Diagnosis(what, remedy)


def writable(root):
    """Folders that the course writes into, and may not."""
    wanted = (root, root / "runs", cache_folder())
    nearest = [next(place for place in (folder, *folder.parents) if place.exists()) for folder in wanted]
    for there in dict.fromkeys(nearest):
        try:
            tempfile.TemporaryFile(dir=there).close()
        except OSError as error:
            yield Diagnosis(
                f"nothing can be written into {there}: {error.strerror or error}",
                "Give yourself the right to write there (chmod, chown), or copy the course into a folder of your own",
            )


def clock(root):
    """Files from the future: the clock was wrong when they were written, or is wrong now, as after a long sleep."""
    newest = max((path.stat().st_mtime for path in (root / "lessons").glob("*.py")), default=0)
    if newest > time.time() + 86_400:
        day = time.strftime("%Y-%m-%d", time.localtime(newest))
        yield Diagnosis(
            f"the clock says {time.strftime('%Y-%m-%d')}, and files in {root / 'lessons'} are of {day}",
            "Set the clock, because certificates and downloads are refused by a wrong one; in WSL: wsl --shutdown",
        )


def encoding(root):
    """A terminal whose alphabet lacks the signs that the course prints."""
    name = sys.stdout.encoding or "ascii"
    try:
        "·→✗".encode(name)
    except UnicodeEncodeError:
        yield Diagnosis(
            f"what is printed is written in {name}, which has no signs such as · and →",
            "Set the environment variable PYTHONUTF8=1; on Linux a locale of UTF-8 as well, such as LANG=C.UTF-8",
        )


def path(root):
    """A folder whose name other programs cannot use."""
    text = str(root)
    if os.pathsep in text:
        yield Diagnosis(
            f"the path {text} has {os.pathsep!r} in it, which separates paths: Python makes no environment there",
            "Rename that folder; blanks and letters such as ü do no harm",
        )
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        yield Diagnosis(
            f"the path {text.encode('ascii', 'backslashreplace').decode()} has bytes in it that are no letters",
            "Rename that folder; blanks and letters such as ü do no harm",
        )
    if os.name == "nt" and len(text) > LONGEST:
        yield Diagnosis(
            f"the path {text} has {len(text)} characters, and below it files of packages would pass Windows' 260",
            "Move the course to a short path, such as C:\\fercourse",
        )


def ports(root):
    """A port that the demo asks for and others use; no ports at all; a proxy that is asked for this very machine."""
    for number in (0, PORT):
        try:
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", number))
        except OSError as error:
            yield Diagnosis(
                *(
                    f"port {PORT} of this machine is in use, and the demo asks for it: {error.strerror or error}",
                    "Give the demo another: python -m fercourse demo --port 8900",
                    False,
                )
                if number
                else (
                    f"no program can listen on 127.0.0.1 here, and kernels do: {error.strerror or error}",
                    "Ask who looks after this machine to allow it; a firewall or a container may forbid it",
                )
            )
    asked = urllib.request.getproxies_environment()
    if asked.get("http") and not urllib.request.proxy_bypass_environment("127.0.0.1", asked):
        yield Diagnosis(
            f"http_proxy is {asked['http']}, and NO_PROXY does not except 127.0.0.1, where Jupyter and the demo answer",
            "Set NO_PROXY=localhost,127.0.0.1",
            serious=False,
        )


def gpu(root):
    """A build of PyTorch for GPUs without one, one for processors beside a GPU, or a GPU that it cannot use."""
    cuda, there = _cuda_of_torch(), NVIDIA.exists() or shutil.which("nvidia-smi") is not None
    if cuda is None:
        return
    if cuda and not there:
        yield Diagnosis(
            f"PyTorch is the build for CUDA {cuda}, and no GPU is here: 4 GB of the environment are of no use",
            "Nothing has to be done; to have them back, remove .venv and run: make lab TORCH=cpu",
            serious=False,
        )
    if there and not cuda:
        yield Diagnosis(
            "a GPU is here, and PyTorch is the build for processors: lessons do not use the GPU",
            "Remove .venv and run: make lab",
            serious=False,
        )
    if there and cuda and not _sees_a_gpu():
        yield Diagnosis(
            f"a GPU is here, and PyTorch for CUDA {cuda} cannot use it, mostly because NVIDIA's driver is older",
            f"Update the driver to one for CUDA {cuda} (nvidia-smi says which it knows), or train with DEVICE = 'cpu'",
        )


def builds(root):
    """A torchvision of another build than PyTorch's: where pip took one of them from PyTorch's server, one not."""
    said = re.compile(r"^__version__ = '(.*\+(.*))'", re.MULTILINE)
    torch, vision = (said.search(_about(name)) for name in ("torch", "torchvision"))
    if torch and vision and torch[2] != vision[2]:
        yield Diagnosis(
            f"torchvision {vision[1]} is of another build than PyTorch {torch[1]}: it "
            'cannot be imported ("operator torchvision::nms does not exist")',
            "Install both from one place: remove .venv and run make lab, or make lab TORCH=cpu without a GPU",
        )


def _cuda_of_torch():
    """The version of CUDA that PyTorch was built for; empty for none, None where PyTorch is not there."""
    text = _about("torch")
    found = re.search(r"^cuda.*= *'([\d.]+)'", text, re.MULTILINE)
    return None if not text else found[1] if found else ""


def _about(package):
    """What a package of PyTorch's says of its build; empty where it is not there. It is not imported."""
    spec = PathFinder.find_spec(package)
    if spec is None or not spec.origin:
        return ""
    return Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")


def _sees_a_gpu():
    from fercourse.learn.device import choose_device

    return choose_device("auto").type == "cuda"
