"""Tasks for the tests of the pool: importable, since a task's function travels by its name."""

import os
import subprocess
import sys
import time
from pathlib import Path

from fercourse.processes import tell


def adds(one, two):
    print("adding")
    return one + two


def tells(count):
    for number in range(count):
        tell(number)
    return os.getpid()


def fails():
    raise ValueError("a bug")


def leaves(code):
    os._exit(code)


def is_loaded(module):
    return module in sys.modules


def leaves_a_program_behind(folder, fail):
    hangs(folder, seconds=0)
    if fail:
        raise ValueError("a bug")


def hangs(folder, seconds=300):
    """Start a program in a session of its own, write both process numbers down, and wait."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
    Path(folder, "aside").write_text(f"{os.getpid()} {child.pid}")
    os.replace(Path(folder, "aside"), Path(folder, "pids"))
    time.sleep(seconds)
