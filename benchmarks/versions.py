"""Does the course work with other versions? A new environment for each Python and set of packages, then what must pass.

`python benchmarks/versions.py 3.12 3.13 lowest --into FOLDER` makes the environments below FOLDER, outside the course's
own: with the tested versions of constraints.txt for a Python of that number, and for "lowest" with the oldest versions
that pyproject.toml allows, on Python 3.11. In each it runs lesson 01 at smoke scale and the tests of the rooms, and
prints a line with the minutes. uv takes a Python of that number from the PATH, or downloads it. Exit code 1: something
failed; its last lines are printed.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

COURSE = Path(__file__).parents[1]
EXTRAS = "course,deploy,grade,lab,transfer,test"
ROOMS = ("data", "report", "learn", "classroom", "course/building")
UV = [sys.executable, "-m", "uv"]


def environment(name, folder):
    """The Python of a new environment, with the course and its packages in it."""
    place = folder / name
    number = "3.11" if name == "lowest" else name
    subprocess.run([*UV, "venv", "--quiet", "--clear", "--python", number, place], check=True)
    python = place / ("Scripts/python" if os.name == "nt" else "bin/python")
    which = ["--resolution", "lowest-direct"] if name == "lowest" else ["--constraint", "constraints.txt"]
    install = [*UV, "pip", "install", "--quiet", "--system-certs", "--python", python, *which]
    subprocess.run([*install, "--editable", f".[{EXTRAS}]"], cwd=COURSE, check=True)
    return python


def asked(name, folder):
    """What is run in an environment: a word for it, and the words behind its Python."""
    out = str(folder / f"run-{name}")
    yield "lesson 01", ["-m", "fercourse", "run", "01", "--scale", "smoke", "--data", "drawn", "--out", out]
    # Old packages warn about new ones, and the tests end at a warning.
    quiet = ["-o", "filterwarnings=default"] if name == "lowest" else []
    for room in ROOMS:
        yield f"tests/{room}", ["-m", "pytest", "-q", "-p", "no:cacheprovider", *quiet, f"tests/{room}"]


def _minutes(began):
    return f"{(monotonic() - began) / 60:4.1f} min"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", help='such as 3.12, or "lowest"')
    parser.add_argument("--into", type=Path, required=True, help="a folder outside the course's")
    options = parser.parse_args()
    failed = False
    for name in options.names:
        began = monotonic()
        try:
            python = environment(name, options.into.resolve())
        except subprocess.CalledProcessError as error:
            failed = True
            print(f"{name:7} {'installs':21} {_minutes(began)}  FAILS: {error.cmd[3]} ended with {error.returncode}")
            continue
        print(f"{name:7} {'installs':21} {_minutes(began)}  passes", flush=True)
        for what, words in asked(name, options.into.resolve()):
            began = monotonic()
            done = subprocess.run([python, *words], cwd=COURSE, capture_output=True, text=True)
            lines = (done.stderr + done.stdout).strip().splitlines()  # pytest says at the end of stdout how it went
            failed |= done.returncode != 0
            said = "passes" if done.returncode == 0 else "FAILS"
            print(f"{name:7} {what:21} {_minutes(began)}  {said}: {lines[-1]}", flush=True)
            print("\n".join(lines[-30:]) if done.returncode else "", end="\n" if done.returncode else "", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
