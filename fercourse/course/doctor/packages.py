"""The packages: whether all are there, in versions that the course can use and was tested with, and from here."""

import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from fercourse.course.doctor.diagnosis import Diagnosis
from fercourse.files import PACKAGE
from fercourse.hosted import in_colab, in_kaggle

SHOWN = 5
USED_BY = {
    "cluster": "running on several machines, and one cell of lesson 12",
    "course": "the commands run, build, sweep and train",
    "deploy": "lessons 11 and 11b and the demo",
    "download": "the command data download",
    "grade": "grading",
    "lab": "make lab; VS Code has a notebook editor of its own",
    "test": "the tests",
    "tf": "lessons 06 and 06b",
    "transfer": "lessons 09 and 09b",
}
"""Each extra, and what does not work without it."""


def installed(root):
    """A Python in which the course was never installed, or in which another copy of it was."""
    try:
        version("fercourse")
    except PackageNotFoundError:
        yield Diagnosis(
            f"the course is not installed in {sys.executable}",
            'Start the Python of its folder, .venv/bin/python, or run: pip install -e ".[lab,course]"',
        )
    if (root / "fercourse").is_dir() and (root / "fercourse").resolve() != PACKAGE:
        yield Diagnosis(
            f"in {root} another copy of the course is imported, that in {PACKAGE.parent}",
            'Start the Python of this folder, .venv/bin/python, or run here: pip install -e "."',
        )


def requirements(root):
    """Packages that are missing or too old. In Colab and Kaggle nothing but the course's own packages is asked for."""
    hosted = in_colab() or in_kaggle()
    for extra, wanted in _wanted(root).items():
        missing, other = _compared(wanted)
        command = f'pip install -c constraints.txt -e ".[{extra}]"' if extra else "pip install -c constraints.txt -e ."
        if missing and not (extra and hosted):
            used = f"; without it there is no use of {USED_BY[extra]}" if extra in USED_BY else ""
            yield Diagnosis(
                f"not installed: {', '.join(missing)}{f', of the extra {extra}' if extra else ''}{used}",
                f"In the course's folder: {command}",
                serious=extra in ("", "course"),
            )
        for each in other:
            yield Diagnosis(each, f"In the course's folder: {command}")


def tested(root):
    """Versions that are not those that the course was tested with."""
    path = root / "constraints.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pinned = dict(line.split("==") for line in lines if "==" in line)
    found = {name: _version(name) for name in pinned}
    others = [f"{name} {found[name]} (tested: {pin})" for name, pin in pinned.items() if _differs(found[name], pin)]
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        yield Diagnosis(
            f"{len(others)} packages are of other versions than the tested ones: {', '.join(others[:SHOWN])}{more}",
            "Where something fails, install the tested ones: make environment, or pip install -c constraints.txt -e .",
            serious=False,
        )


def _wanted(root):
    """Extra → its requirements; "" for what everybody needs. By pyproject.toml, or by what was installed."""
    from packaging.requirements import Requirement

    if (root / "pyproject.toml").is_file():
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        texts = {"": project["dependencies"]} | project.get("optional-dependencies", {})
    else:
        try:
            texts = {"": [text for text in requires("fercourse") or () if "extra ==" not in text]}
        except PackageNotFoundError:
            texts = {}
    wanted = {extra: map(Requirement, each) for extra, each in texts.items()}
    return {extra: [one for one in all_ if not one.marker or one.marker.evaluate()] for extra, all_ in wanted.items()}


def _compared(wanted):
    """(names that are not installed, sentences about those that are too old or too new)."""
    found = [(each, _version(each.name)) for each in wanted]
    missing = [each.name for each, number in found if number is None]
    return missing, [
        f"{each.name} is {number}, and the course needs {each.specifier}"
        for each, number in found
        if number is not None and not each.specifier.contains(number, prereleases=True)
    ]


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _differs(found, pinned):
    """Whether a version is another one; builds of one version, such as 2.14.1+cpu, are the same."""
    return found is not None and found.split("+")[0] != pinned.split("+")[0]


def no_course(folder: Path):
    """A diagnosis where `folder` lies in no checkout, so that data, results and links of notebooks lead nowhere."""
    if not (in_colab() or in_kaggle()):
        yield Diagnosis(
            f"{folder} lies in no folder of the course: notebooks opened here find neither data/ nor their links",
            "Go to the course's folder, the one that holds lessons/, and start Jupyter there: make lab",
        )
