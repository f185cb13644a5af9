"""A machine of Colab or Kaggle, imitated by bubblewrap: what a notebook meets that is opened there alone."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from fercourse.course.checkout import find_course
from fercourse.course.kernels import kernel_config

COURSE = find_course(Path(__file__).parents[1])
MODULES = {
    "drive": """import os

def mount(mountpoint, force_remount=False, timeout_ms=120000, readonly=False):
    os.makedirs(mountpoint, exist_ok=True)
    os.symlink(os.environ["REHEARSAL_DRIVE"], f"{mountpoint}/My Drive")
    os.symlink("My Drive", f"{mountpoint}/MyDrive")
    print(f"Mounted at {mountpoint}")
""",
    "files": """import os, pathlib

def upload(target_dir=""):
    given = {path.name: path.read_bytes() for path in pathlib.Path(os.environ["REHEARSAL_UPLOADS"]).iterdir()}
    for name, data in given.items():
        pathlib.Path(target_dir, name).write_bytes(data)
    return given
""",
    "__init__": "from google.colab import drive, files\n",
}
"""Of google.colab what a student calls. No google/__init__.py, as other packages have parts of google, too."""
COUNTS = """import json, os
_used = []
def _count(result):
    _used.append(sum(os.times()[:4]))
    open(os.path.expanduser("~/processor.json"), "w").write(json.dumps(_used))
get_ipython().events.register("post_run_cell", _count)
"""
"""Keeps, for each cell, the processor seconds of the kernel and of the programs that it started, up to its end."""


@dataclass
class Machine:
    """A machine of Colab or Kaggle for one session: /content or /kaggle, a home, and an environment.

    folder: holds all of it. environment: the folder of a virtual environment without the course
    drive: the folder that is the student's Drive, which outlives machines
    variables: more environment variables for the kernel
    """

    folder: Path
    environment: Path
    kaggle: bool = False
    drive: Path | None = None
    variables: dict = field(default_factory=dict)

    def __post_init__(self):
        for name in ("content", "home", "uploads", "kaggle/input", "kaggle/working", "google/colab"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in MODULES.items():
            (self.folder / "google" / "colab" / f"{name}.py").write_text(text)
        startup = self.folder / "home" / ".ipython" / "profile_default" / "startup" / "00.py"
        startup.parent.mkdir(parents=True, exist_ok=True)
        startup.write_text(COUNTS + ("" if self.kaggle else "import google.colab\n"))
        kernel = self.folder / "jupyter" / "kernels" / "hosted" / "kernel.json"
        kernel.parent.mkdir(parents=True, exist_ok=True)
        start = [
            *self.command(),
            f"{self.environment}/bin/python",
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
        ]
        kernel.write_text(json.dumps({"argv": start, "display_name": "Python 3", "language": "python"}))

    def command(self):
        """The words before a program that is started on this machine."""
        words = ["bwrap", "--die-with-parent", "--clearenv"]
        for path in sorted(Path("/").iterdir()):
            if path.name not in ("content", "kaggle"):
                link = ["--symlink", os.readlink(path)] if path.is_symlink() else ["--dev-bind-try", str(path)]
                words += [*link, str(path)]
        own = self.folder / "kaggle" if self.kaggle else self.folder / "content"
        words += ["--bind", str(own), f"/{own.name}", "--chdir", "/kaggle/working" if self.kaggle else "/content"]
        if self.kaggle:
            words += ["--ro-bind", str(own / "input"), "/kaggle/input"]
        if (copy := self.folder / "environment").is_dir():
            words += ["--bind", str(copy), str(self.environment)]
        for name, text in self._surroundings().items():
            words += ["--setenv", name, text]
        return words

    def _surroundings(self):
        """The environment variables of a kernel; what the network needs here comes along."""
        kept = {name: text for name, text in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
        kept |= {name: text for name, text in os.environ.items() if name.lower().endswith("_proxy")}
        kept |= {
            "PATH": f"{self.environment}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "COLAB_RELEASE_TAG": "rehearsal",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "OMP_NUM_THREADS": "1",
            "FERCOURSE_SCALE": "smoke",
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": f"url.file://{COURSE.root}.insteadOf",
            "GIT_CONFIG_VALUE_0": COURSE.repository,
            "GIT_CONFIG_KEY_1": "uploadpack.allowFilter",  # as GitHub lets pip leave out what it does not check out
            "GIT_CONFIG_VALUE_1": "true",
        }
        if self.kaggle:
            kept |= {"KAGGLE_KERNEL_RUN_TYPE": "Interactive", "KAGGLE_URL_BASE": "https://www.kaggle.com"}
        else:
            kept |= {"PYTHONPATH": str(self.folder), "REHEARSAL_UPLOADS": str(self.folder / "uploads")}
            kept |= {"REHEARSAL_DRIVE": str(self.drive)} if self.drive else {}
        return kept | self.variables

    def run(self, notebook):
        """Execute every cell of a notebook, in place, also behind one that fails. Returns whether the kernel lived."""
        with TemporaryDirectory() as sockets, patch.dict(os.environ, JUPYTER_PATH=str(self.folder / "jupyter")):
            client = NotebookClient(
                notebook,
                kernel_name="hosted",
                timeout=900,
                startup_timeout=120,
                allow_errors=True,
                config=kernel_config(sockets),
                resources={"metadata": {"path": str(self.folder)}},
            )
            try:
                client.execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            except DeadKernelError:
                return False
        return True


def cells(*sources):
    """A notebook with these cells of code."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def setup_of(path):
    """The parameters and the setup cell of a notebook; of a sheet the setup cell alone."""
    notebook = nbformat.read(path, as_version=4)
    found = [cell.source for cell in notebook.cells if re.fullmatch(r"\d\d\w?-(parameters|setup|course)", cell.id)]
    return found
