"""The notebooks stay nbgrader's: its own `validate` and `autograde` take a sheet and give it the marks it deserves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy_sheet import BY_HAND, NAMES, POINTS, RIGHT, solution, write

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install 'fercourse[grade]'")

# In a process of its own, since nbgrader and its database layer warn.
PROGRAM = """
import json, sys
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.validator import Validator
from traitlets.config import Config

step, root = sys.argv[1:]
config = Config({"CourseDirectory": {"root": root}})
api = NbGraderAPI(CourseDirectory(config=config), config=config)
if step == "release":
    done = api.generate_assignment("toy")
else:
    validated = Validator().validate(f"{root}/submitted/ada/toy/sheet.ipynb")
    done = api.autograde("toy", "ada")
print(done.get("log", ""), file=sys.stderr)
if not done["success"]:
    sys.exit(str(done))
if step == "grade":
    with Gradebook(api.coursedir.db_url) as book:
        handed_in = book.find_submission("toy", "ada")
        grades = {grade.name: grade.auto_score for sheet in handed_in.notebooks for grade in sheet.grades}
        print(json.dumps({"validated": validated, "score": handed_in.score, "grades": grades}))
"""


def test_nbgrader_validates_and_grades_a_good_submission(tmp_path):
    write(tmp_path / "source" / "toy" / "sheet.ipynb", solution())
    nbgrader("release", tmp_path)
    sheet = json.loads((tmp_path / "release" / "toy" / "sheet.ipynb").read_text(encoding="utf-8"))
    for cell in sheet["cells"]:
        if cell["id"] in NAMES:
            cell["source"] = RIGHT[NAMES[cell["id"]]]
    write(tmp_path / "submitted" / "ada" / "toy" / "sheet.ipynb", sheet)
    found = json.loads(nbgrader("grade", tmp_path))
    assert found["validated"] == {}  # neither failed, nor changed, nor passed that should not
    assert found["score"] == sum(POINTS.values())
    assert found["grades"] == POINTS | dict.fromkeys(BY_HAND)


def nbgrader(step, root):
    """Run a step of PROGRAM in the course folder `root`; what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by its name
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, step, str(root)]
    environment = os.environ | {"PATH": path, "JUPYTER_CONFIG_DIR": str(root), "OMP_NUM_THREADS": "1"}
    finished = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
