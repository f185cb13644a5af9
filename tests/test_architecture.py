"""The rooms of the package: who may import whom, what an import costs, what a name promises, what is installed."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path

import pytest

import fercourse as fc
from fercourse.grading.sandbox import bubblewrap
from fercourse.report.show import KINDS

PACKAGE = Path(fc.__file__).parent
COURSE = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in MODULES})
PROJECT = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ["data", "report", "learn", "tf", "classroom", "grading", "course"]
SHARED = {"errors", "executors", "files", "hosted", "pages", "processes", "processor", "settings", "shortage"}
SHARED |= {"triton_first"}
FRAMEWORKS = {"torch", "torchvision", "tensorflow", "keras"}
ALLOWED_ROOMS = {
    "pages": set(),
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
READ_INSIDE = ("grading/inside/", "classroom/encoding.py", "classroom/plain.py", "errors.py", "files.py", "settings.py")
READ_INSIDE += ("triton_first.py", "__init__.py", "classroom/__init__.py", "grading/__init__.py")
"""What the grader's part in a student's process may be made of."""
TESTED_IN = {
    "classroom/checks/shared": "classroom/test_checks.py",
    "classroom/checks": "classroom/test_checks.py",
    "data/drawn": "data/test_drawn.py",
    "data/layouts/csv": "data/layouts/test_layouts.py",
    "grading/inside": "grading/sandbox/test_sandbox.py",
    "learn/clinic/afterwards": "learn/clinic/test_clinic_scoring.py",
    "learn/clinic/reference": "learn/clinic/test_clinic_mutants.py",
}
TESTED_IN |= {
    f"learn/clinic/mutants/{stage}": "learn/clinic/test_clinic_mutants.py"
    for stage in ("augmentation", "data", "keeping", "loop", "measuring", "network")
}
"""Folders whose tests lie elsewhere, because they are tested through what is there."""
TESTS_OF_NO_ROOM = {"helpers", "helpers/answers", "lessons", "prose"}
OPTIONAL = {"triton"}  # comes with torch, where there is one for the machine, and is imported only where it is there
OPTIONAL |= {"lightning", "skorch"}  # peers that a benchmark races where somebody has installed them
OPTIONAL |= {"torchtest", "torcheck", "torch-audit", "torchtest2"}  # tools that benchmarks/clinic_tools.py measures
FOREIGN_CODE = (
    "classroom/checking.py",
    "classroom/probes.py",
    "classroom/later_probes.py",
    "grading/",
    "learn/clinic/asking.py",
)
"""Where a student's code runs, which may raise anything."""


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path):
    """(module, whether at the top level) for each import of a file."""
    tree = tree_of(path)
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            yield name, node in tree.body


def modules_imported(path, *, late):
    """The files of the package that a file imports: for `from a import b` the modules a and a.b, where it is one.

    late: whether what is imported when a function is called counts as well.
    """
    tree = tree_of(path)
    for node in ast.walk(tree) if late else tree.body:
        if isinstance(node, ast.ImportFrom):
            submodules = [file_of(f"{node.module}.{alias.name}") for alias in node.names]
            yield from (file for file in [*submodules, file_of(node.module)] if file)
        elif isinstance(node, ast.Import):
            yield from (file for alias in node.names if (file := file_of(alias.name)))


def file_of(module):
    """The file of a module of the package; None for any other module, and for what is none."""
    place = COURSE.joinpath(*module.split("."))
    found = [path for path in (place.with_suffix(".py"), place / "__init__.py") if path in MODULES]
    return found[0] if found else None


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


@named([path for path in MODULES if room_of(path) in ("classroom", "grading") and "checks" not in path.parts])
def test_classroom_and_grading_import_frameworks_only_where_they_use_them(path):
    at_the_top = {name.split(".")[0] for name, top in imports(path) if top}
    rooms = ("fercourse.learn", "fercourse.tf")
    learning_rooms = {name for name, top in imports(path) if top and name.startswith(rooms)}
    assert not at_the_top & FRAMEWORKS
    assert not learning_rooms


def test_no_module_imports_itself_by_way_of_others():
    graph = {path: set(modules_imported(path, late=False)) for path in MODULES}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@named(MODULES)
def test_a_module_can_be_read_at_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 320


@named(FOLDERS)
def test_a_folder_can_be_seen_at_a_glance(path):
    files = [file.name for file in path.iterdir() if file.is_file() and file.name != "__init__.py"]
    assert len(files) <= 14


@named(FOLDERS[1:])
def test_the_tests_of_a_folder_lie_in_a_folder_of_its_name(path):
    folder = path.relative_to(PACKAGE).as_posix()
    elsewhere = TESTED_IN.get(folder)
    tests = COURSE / "tests" / (elsewhere or folder)
    assert tests.is_file() if elsewhere else [*tests.glob("test_*.py")]
    assert not elsewhere or not (COURSE / "tests" / folder).exists(), "its tests have a folder by now"


def test_no_two_files_of_tests_share_a_name():
    names = sorted(path.name for path in (COURSE / "tests").rglob("test_*.py"))
    assert [name for name, following in pairwise(names) if name == following] == []


def test_a_folder_of_tests_has_the_name_of_what_it_tests():
    folders = {path.parent.relative_to(COURSE / "tests").as_posix() for path in (COURSE / "tests").rglob("*.py")}
    rooms = {path.relative_to(PACKAGE).as_posix() for path in FOLDERS}
    assert folders - rooms == TESTS_OF_NO_ROOM


def test_what_runs_beside_a_students_code_is_made_of_nothing_else_of_the_grader():
    seen, waiting = set(), [path for path in MODULES if path.parent == PACKAGE / "grading" / "inside"]
    while waiting:
        path = waiting.pop()
        assert path.relative_to(PACKAGE).as_posix().startswith(READ_INSIDE), f"{path} is imported inside"
        seen.add(path)
        waiting += set(modules_imported(path, late=True)) - seen
    assert PACKAGE / "classroom" / "encoding.py" in seen


def test_the_sandbox_shows_that_folder_of_the_grader_and_no_other():
    words = bubblewrap._hidden()
    grader = str(PACKAGE / "grading")
    shown = [words[place + 1] for place, word in enumerate(words) if word == "--ro-bind"]
    assert words[words.index(grader) - 1] == "--tmpfs"
    assert [path for path in shown if path.startswith(grader)] == [f"{grader}/__init__.py", f"{grader}/inside"]


@named(MODULES)
def test_no_error_is_swallowed_whole_but_where_foreign_code_runs_and_a_comment_says_so(path):
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            if ast.unparse(node.type) in ("Exception", "BaseException"):
                assert path.relative_to(PACKAGE).as_posix().startswith(FOREIGN_CODE), f"{path.name}:{node.lineno}"
                assert "  # " in text.splitlines()[node.lineno - 1], f"{path.name}:{node.lineno} gives no reason"


def test_no_two_classes_of_the_package_have_one_name():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULES]
    names = [node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert {name for name in names if names.count(name) > 1} == set()


def test_importing_the_course_loads_no_framework_and_says_nothing():
    program = """
import sys, fercourse as fc
assert not {"torch", "tensorflow", "pandas", "matplotlib", "IPython"} & sys.modules.keys(), sorted(sys.modules)
fc.EMOTIONS, fc.Split
assert "torch" not in sys.modules
"""
    finished = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_every_public_name_is_there_and_sorted():
    assert fc.__all__ == sorted(fc.__all__)
    assert all(hasattr(fc, name) for name in fc.__all__)


@pytest.mark.parametrize("name", fc.__all__)
def test_a_public_name_is_documented_and_says_what_comes_back(name):
    value = getattr(fc, name)
    if isinstance(value, (tuple, int, dict)):
        return
    first, *rest = inspect.getdoc(value).splitlines()
    assert first.endswith("."), "the first line is a sentence"
    assert not rest or not rest[0], "the first line stands alone"
    if inspect.isfunction(value):
        assert inspect.signature(value).return_annotation is not inspect.Signature.empty


def test_the_kinds_of_metadata_are_those_that_are_shown():
    shown = set()
    for path in (path for path in MODULES if room_of(path) in ("report", "classroom")):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                shown |= {ast.unparse(value) for key, value in pairs if key and ast.unparse(key) == "'kind'"}
    assert shown == set(map(repr, KINDS))


def packages_imported(folders):
    """The packages of others that the files below these folders import, each with the names it is installed by."""
    files = [path for folder in folders for path in (COURSE / folder).rglob("*.py")]
    roots = {name.split(".")[0] for path in files for name, _ in imports(path)}
    installed = packages_distributions()
    ours = {"fercourse"} | {path.stem for path in (COURSE / "benchmarks").glob("*.py")}
    return {root: installed.get(root, [root]) for root in roots - sys.stdlib_module_names - ours}


def distribution(requirement):
    """The name of what a requirement such as "scikit-learn>=1.5" asks for, as pip compares names."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def test_what_is_installed_for_everybody_is_imported_by_the_package_a_lesson_or_a_sheet():
    imported = {distribution(name) for names in packages_imported(["fercourse", "lessons"]).values() for name in names}
    assert {distribution(text) for text in PROJECT["project"]["dependencies"]} <= imported


def test_what_is_imported_is_declared():
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [
        *PROJECT["project"]["dependencies"],
        *(text for name in extras if name != "test" for text in extras[name]),
    ]
    declared = {distribution(text) for text in wanted}
    for root, names in packages_imported(["fercourse", "lessons", "benchmarks"]).items():
        assert {distribution(name) for name in names} & (declared | OPTIONAL), f"{root} is not declared"


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
    assert "version" not in PROJECT["project"]
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "fercourse.__version__"}
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
