"""What others have set: environment variables, IPython's startup files, Jupyter's kernels."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from fercourse.course.doctor.diagnosis import Diagnosis
from fercourse.processor import usable_cores

FRAMEWORK_FIRST = re.compile(r"^\s*(?:import|from)\s+(tensorflow|keras)\b", re.MULTILINE)


def threads(root):
    """Settings of OpenMP under which a training is slower than it has to be."""
    wanted, cores = os.environ.get("OMP_NUM_THREADS", ""), usable_cores()
    if wanted and not wanted.isdigit():
        yield Diagnosis(f"OMP_NUM_THREADS is {wanted!r}, and no number", "Unset it, or give a number of threads")
    elif wanted and int(wanted) > cores:
        yield Diagnosis(
            f"OMP_NUM_THREADS is {wanted}, and {cores} cores can be used: threads wait for one another",
            f"Unset it, or set it to {cores} at most",
            serious=False,
        )
    if os.environ.get("OMP_WAIT_POLICY", "").lower() == "active":
        yield Diagnosis(
            "OMP_WAIT_POLICY is active: threads that wait keep a core busy, and everything else is slower",
            "Unset it, or set it to passive",
            serious=False,
        )


def variables(root):
    """Variables for those who run and test the course, left over in the environment of somebody who learns."""
    if scale := os.environ.get("FERCOURSE_SCALE"):
        yield Diagnosis(
            f"FERCOURSE_SCALE is {scale}, and overrules SCALE in every notebook",
            "Unset it: unset FERCOURSE_SCALE, and restart Jupyter",
        )
    if os.environ.get("FERCOURSE_HEADLESS") == "1":
        yield Diagnosis(
            "FERCOURSE_HEADLESS is 1: notebooks take it that nobody is there, and fill in your guesses themselves",
            "Unset it: unset FERCOURSE_HEADLESS, and restart Jupyter",
        )


def startup(root):
    """TensorFlow imported before fercourse in each kernel, which ends it without a message once PyTorch compiles."""
    if find_spec("triton") is None:
        return
    folder = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "profile_default" / "startup"
    for path in sorted([*folder.glob("*.py"), *folder.glob("*.ipy")]):
        if found := FRAMEWORK_FIRST.search(path.read_text(encoding="utf-8", errors="replace")):
            yield Diagnosis(
                f"{path} imports {found[1]} at the start of every kernel, and so before fercourse",
                "Put `import fercourse` above it, or remove the line",
            )


def kernels(root):
    """Kernels of Jupyter whose Python is gone, and a "Python 3" that is the Python of another environment."""
    asked = [sys.executable, "-m", "jupyter", "kernelspec", "list", "--json"]
    said = subprocess.run(asked, capture_output=True, text=True, encoding="utf-8")
    if said.returncode:
        return  # Jupyter is not installed, which is said elsewhere
    ours = Path(sys.executable).parent.resolve()
    for name, found in json.loads(said.stdout)["kernelspecs"].items():
        program = Path(found["spec"]["argv"][0])
        if not program.is_absolute() or found["spec"].get("language") != "python":
            continue
        if not program.exists():
            yield Diagnosis(
                f"the kernel {name} of Jupyter starts {program}, which is not there any more",
                f"Remove it: jupyter kernelspec remove {name}",
            )
        elif name == "python3" and program.parent.resolve() != ours:
            yield Diagnosis(
                f'"Python 3" in Jupyter is {program}, and not {sys.executable}, in which the course is installed',
                f"Remove {found['resource_dir']}, because the environment's own kernel is used then",
            )
