"""What a student in Colab or Kaggle does, in kernels on machines that look like theirs.

With the packages of this environment, and a lesson and a sheet for all: `benchmarks/rehearsal.py` does it with Colab's
own versions, and for every one.
"""

import shutil
import subprocess
import sysconfig
import venv
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hosted_machine import COURSE, Machine, setup_of
from nbformat.v4 import new_code_cell, new_notebook, new_output
from rehearsal import CASES, rehearsed, unexplained, versions, wrong_in_case

import fercourse as fc
from fercourse.files import PACKAGE

ABOUT = {
    "METADATA": f"Metadata-Version: 2.1\nName: fercourse\nVersion: {fc.__version__}\n",
    "WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "RECORD": "",
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment with every package of this one but the course."""
    place = tmp_path_factory.mktemp("hosted") / "environment"
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "fercourse" not in path.name:
            (packages / path.name).symlink_to(path)
    return place


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The course as a file that pip installs without a network: what GitHub's address gives elsewhere."""
    path = tmp_path_factory.mktemp("wheel") / f"fercourse-{fc.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in PACKAGE.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(PACKAGE.parent))
        for name, text in ABOUT.items():
            archive.writestr(f"fercourse-{fc.__version__}.dist-info/{name}", text)
    return path


@pytest.fixture(scope="module")
def with_course(environment, wheel, tmp_path_factory):
    """The same environment as a first session leaves it: the course is installed."""
    place = tmp_path_factory.mktemp("later") / "environment"
    shutil.copytree(environment, place, symlinks=True)
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel]
    subprocess.run([place / "bin" / "python", *install], check=True)
    return place


@pytest.fixture
def machine(environment, wheel, tmp_path):
    """A function that gives the machine of a name. Where nothing else is said, the course is not installed there."""

    def machine(name, kaggle=False, installed=None):
        drive, copy = tmp_path / "My Drive", tmp_path / name / "environment"
        drive.mkdir(exist_ok=True)
        if not (copy.exists() or installed):
            shutil.copytree(environment, copy, symlinks=True)
        offline = {"FERCOURSE_SPEC": str(wheel), "PIP_NO_INDEX": "1"}
        return Machine(copy.parent, installed or environment, kaggle, drive, offline)

    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed (Debian: apt-get install bubblewrap)")
    tried = subprocess.run([*machine("tried").command(), "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"bubblewrap may not imitate a machine here: {tried.stderr.strip()}")
    return machine


@pytest.mark.parametrize("name", ["notebooks/01_data_exploration.ipynb", "exercises/12_past_one_machine.ipynb"])
def test_a_notebook_that_is_opened_alone_installs_the_course_and_nothing_else_and_runs_to_its_end(
    name, machine, environment
):
    before = versions(environment)
    assert "torch" in before
    assert "fercourse" not in before
    row = rehearsed(COURSE.root / name, machine("alone"), before)
    assert (row["wrong"], row["new"]) == ([], [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_data_are_found_and_what_is_written_is_kept(case, machine, with_course, tmp_path):
    csv = fc.convert(fc.drawn_faces(210, 70, 70, seed=7), tmp_path / "fer2013.csv", layout="csv")
    setup = setup_of(COURSE.notebooks / "02_mlp_baseline.ipynb")
    assert wrong_in_case(case, partial(machine, installed=with_course), setup, csv) == []


@pytest.mark.parametrize(
    ("id", "source", "error", "is_wrong"),
    [
        ("01-check", 'fc.check("01.1", total)', "CheckFailed", False),
        ("01-check", 'fc.check("01.1", total)', "TypeError", True),
        ("01-check", 'fc.check("01.1", other)', "CheckFailed", True),
        ("01-sum", "share = total([1])", "TypeError", False),
        ("01-sum", "import numpy", "ModuleNotFoundError", True),
        ("01-sum", "total = len(words)", "NameError", True),
    ],
)
def test_in_an_unanswered_sheet_only_what_an_open_answer_explains_is_right(id, source, error, is_wrong):
    def cell(id, source, *, answer=False, error=None):
        made = new_code_cell(source, id=id, metadata={"nbgrader": {"solution": answer}})
        made.outputs = [new_output("error", ename=error, evalue="so", traceback=[])] if error else []
        return made

    answer = cell("01-answer", "def total(values):\n    pass", answer=True)
    sheet = new_notebook(
        cells=[answer, cell(id, source, error=error), cell("01-after", "1 + share", error="NameError")]
    )
    found = unexplained(sheet)
    assert [problem for problem in found if f"cell {id}: " in problem] == [f"cell {id}: {error}: so"] * is_wrong
    assert ("cell 01-after: NameError: so" in found) == ("share" not in source), "what uses a cell that used the answer"
