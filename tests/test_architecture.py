"""The rooms of the package: who may import whom, what an import costs, what a name promises."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fercourse as fc

PACKAGE = Path(fc.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = ["data", "report", "learn", "tf", "classroom", "grading", "course"]
SHARED = {"errors", "files", "processor", "settings", "triton_first"}
FRAMEWORKS = {"torch", "torchvision", "tensorflow", "keras"}
ALLOWED_ROOMS = {
    "data": {"data"},
    "report": {"data", "report"},
    "learn": {"data", "report", "learn"},
    "tf": {"data", "report", "tf"},
    "classroom": {"data", "report", "learn", "tf", "classroom"},
    "grading": {"data", "report", "classroom", "grading"},
    "course": {"data", "report", "learn", "tf", "classroom", "grading", "course"},
}
ALLOWED_FRAMEWORKS = {"learn": {"torch", "torchvision"}, "tf": {"tensorflow", "keras"}, "classroom": FRAMEWORKS}
ALLOWED_FRAMEWORKS |= {"grading": {"torch"}}
FOREIGN_CODE = ("classroom/checking.py", "classroom/probes.py", "grading/")
"""Where a student's code runs, which may raise anything."""


def imports(path):
    """(module, whether at the top level) for each import of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            yield name, node in tree.body


def room_of(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else None


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(PACKAGE)))


@named([path for path in MODULES if room_of(path)])
def test_a_room_imports_only_the_rooms_above_it(path):
    for name, _ in imports(path):
        if name.startswith("fercourse."):
            imported = name.split(".")[1]
            assert imported in ALLOWED_ROOMS[room_of(path)] | SHARED, f"{path.name} imports {name}"


@named([path for path in MODULES if room_of(path)])
def test_a_framework_stays_in_its_room(path):
    allowed = ALLOWED_FRAMEWORKS.get(room_of(path), set())
    for name, _ in imports(path):
        assert name.split(".")[0] not in FRAMEWORKS - allowed, f"{path.name} imports {name}"


@named([path for path in MODULES if room_of(path) in ("classroom", "grading") and path.parent.name != "checks"])
def test_classroom_and_grading_import_frameworks_only_where_they_use_them(path):
    at_the_top = {name.split(".")[0] for name, top in imports(path) if top}
    rooms = ("fercourse.learn", "fercourse.tf")
    learning_rooms = {name for name, top in imports(path) if top and name.startswith(rooms)}
    assert not at_the_top & FRAMEWORKS
    assert not learning_rooms


@named(MODULES)
def test_a_module_can_be_read_at_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 320


@named(MODULES)
def test_no_error_is_swallowed_whole_but_where_foreign_code_runs_and_a_comment_says_so(path):
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            if ast.unparse(node.type) in ("Exception", "BaseException"):
                assert path.relative_to(PACKAGE).as_posix().startswith(FOREIGN_CODE), f"{path.name}:{node.lineno}"
                assert "  # " in text.splitlines()[node.lineno - 1], f"{path.name}:{node.lineno} gives no reason"


def test_importing_the_course_loads_no_framework_and_says_nothing():
    program = """
import sys, fercourse as fc
assert not {"torch", "tensorflow", "pandas", "matplotlib", "IPython"} & sys.modules.keys(), sorted(sys.modules)
fc.EMOTIONS, fc.Split
assert "torch" not in sys.modules
"""
    finished = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_every_public_name_is_there_sorted_and_documented():
    assert fc.__all__ == sorted(fc.__all__)
    for name in fc.__all__:
        value = getattr(fc, name)
        assert isinstance(value, (tuple, int)) or value.__doc__, f"{name} has no docstring"


STAR = """
import sys
import fercourse as fc
sys.modules["tensorflow"] = sys.modules["keras"] = None  # as where they are not installed
from fercourse import *
assert {"fit", "load", "plots", "ParameterError"} <= globals().keys()
assert "tf" not in globals() and "tf" in dir(fc)
"""


def test_everything_can_be_imported_at_once_without_tensorflow():
    finished = subprocess.run([sys.executable, "-W", "error", "-c", STAR], capture_output=True, text=True)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert dir(fc) == sorted({*fc.__all__, "tf"})


def test_the_version_stands_in_one_place():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "fercourse.__version__"}
    assert fc.__version__.count(".") == 2


def test_a_name_that_is_not_there_says_which_are():
    with pytest.raises(AttributeError, match="train_epoch"):
        fc.train_epochs  # noqa: B018


def test_every_error_of_the_course_is_one_family():
    from fercourse import errors

    family = [value for value in vars(errors).values() if isinstance(value, type)]
    assert len(family) >= 8
    assert all(issubclass(error, errors.FercourseError) for error in family)
    assert all(error.__name__ in errors.__doc__ for error in family)
