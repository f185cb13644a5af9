"""Which software a figure comes from: the versions that trained, and the commit of the course's own code."""

import os
import subprocess
import sys
from importlib.metadata import version
from platform import python_version

from fercourse import __version__

PACKAGES = ("torch", "numpy", "pandas", "matplotlib")


def versions():
    """The versions that a figure depends on: a dict, name to version; TensorFlow's and timm's where they are loaded."""
    found = {"Python": python_version(), "fercourse": __version__} | {name: version(name) for name in PACKAGES}
    for name in ("tensorflow", "timm"):  # by the module, as TensorFlow is installed under more than one name
        if name in sys.modules:
            found[name] = sys.modules[name].__version__
    return found


def commit(folder):
    """The commit of the checkout whose code lies in `folder`, with "+" where the code was changed since.

    Where that is no checkout: the environment variable FERCOURSE_COMMIT, for copies in containers and on clusters;
    None where it is not set.
    """
    if not _git("ls-files", folder=folder):  # installed, perhaps into another project's checkout: not its code
        return os.environ.get("FERCOURSE_COMMIT") or None
    return _git("describe", "--always", "--exclude=*", "--dirty=+", folder=folder)


def _git(*words, folder):
    command = ["git", "--no-optional-locks", *words]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):  # no git, no checkout, or a disk that does not answer
        return None
    return done.stdout.strip() or None
