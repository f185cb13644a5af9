"""What has to be right before anything else can be asked. Written so that a Python 3.9 can still read it."""

import os
import sys

from fercourse.course.doctor.diagnosis import Diagnosis

OLDEST = (3, 11)
COMMON = (
    *("torch", "torchvision", "numpy", "pandas", "matplotlib", "PIL", "sklearn", "scipy", "seaborn", "tqdm"),
    *("IPython", "tensorflow", "keras", "fercourse"),
)
"""What the lessons import, by the names that a file could have."""


def python():
    """A Python that is too old, or built for 32 bits."""
    if sys.version_info < OLDEST:
        number = ".".join(map(str, sys.version_info[:3]))
        yield Diagnosis(
            f"Python {number} is too old: the course needs 3.11 or newer",
            "Install a newer Python, remove the folder .venv, and name the new one: make lab PYTHON=python3.12",
        )
    if sys.maxsize < 2**32:
        yield Diagnosis("this is a Python of 32 bits, and PyTorch is built for 64 alone", "Install a Python of 64 bits")


def shadowing(folders):
    """Files that are imported in place of a package, because they lie where a notebook or a command is started."""
    known = {*COMMON, *getattr(sys, "stdlib_module_names", ())}
    for folder in dict.fromkeys(map(os.path.abspath, folders)):
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            stem, ending = os.path.splitext(name)
            if ending == ".py" and stem in known:
                yield Diagnosis(
                    f"{os.path.join(folder, name)} is imported in place of Python's or a package's own {stem}",
                    f"Rename it, such as my_{name}, and restart the kernel",
                )
