"""The pages for people: each command in them is one that runs as it is written, and what they name is there."""

import inspect
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from toy_class import graded
from toy_sheet import handed_in, solution, write

from fercourse import __main__ as command_line
from fercourse.course import commands
from fercourse.course.doctor import examine
from fercourse.data import command as data_command
from fercourse.errors import GradingError
from fercourse.grading import command as grade_command

DATA_COMMANDS = ("find", "verify", "summary", "convert", "export_drawn", "download")
COURSE = Path(__file__).parents[1]
PYTHON = ".venv/bin/python"
STARTS = (PYTHON, "python", "python3", "pip", "pytest", "make", ".venv/")


def commands_of(name):
    """Every command of a page, each once: lines of blocks, and what is set as code in a sentence."""
    text = (COURSE / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    sentences = re.findall(r"`([^`]+)`", re.sub(r"^```\n.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    found = [" ".join(line.split("  #")[0].split()) for line in (*lines, *sentences)]
    return [line for line in dict.fromkeys(found) if " " in line and line.startswith(STARTS) and "\\" not in line]


GUIDE, CONTRIBUTING = map(commands_of, ("docs/instructors.md", "CONTRIBUTING.md"))
STUDENT = [line for page in ("README", "docs/systems", "docs/data", "docs/use") for line in commands_of(f"{page}.md")]
ALL = sorted({*GUIDE, *STUDENT, *CONTRIBUTING, *commands_of("docs/hub.md")})
PAGES = sorted(path for path in (*COURSE.glob("*.md"), *COURSE.glob("docs/*.md")))


def options_of_grade():
    """The options that the guide names in its sentences, with a value where it names none."""
    text = "".join((COURSE / "docs" / page).read_text(encoding="utf-8") for page in ("instructors.md", "sandbox.md"))
    found = [option for option in re.findall(r"`(--[^`]+)`", text) if not option.startswith("--user")]
    return [option if " " in option else f"{option} 2" for option in dict.fromkeys(found)]


def test_the_pages_have_commands_and_none_leaves_its_python_to_chance():
    assert len(GUIDE) >= 7
    assert len(STUDENT) >= 10
    assert len(CONTRIBUTING) >= 10
    for line in ALL:
        assert line.startswith((f"{PYTHON} ", "make ", "python3 -m venv .venv", ".venv/bin/"))


@pytest.mark.parametrize("line", [line for line in ALL if line.startswith("make ")])
def test_what_is_made_is_in_the_makefile(line):
    targets = re.search(r"^\.PHONY: (.*)$", (COURSE / "Makefile").read_text(), re.MULTILINE)[1].split()
    assert line.split()[1] in targets


@pytest.mark.parametrize("line", [line for line in ALL if f"{PYTHON} -m fercourse" in line])
def test_a_command_of_the_course_is_understood_by_the_real_command_line(line, monkeypatch):
    called = understood(shlex.split(line)[3:], monkeypatch)
    assert called


def understood(arguments, monkeypatch):
    """What the real command line makes of the arguments: pairs of a function's name and its arguments, not run."""
    called = []
    names = ("build", "run", "sweep", "train", "results", "grade", "demo", "clinic", "improve")
    places = [(commands, name) for name in names] + [(examine, "doctor")]
    places += [(data_command, name) for name in DATA_COMMANDS]
    for module, name in places:
        monkeypatch.setattr(module, name, stand_in(getattr(module, name), called))
    assert command_line.main(arguments) == 0
    return called


def stand_in(function, called):
    """A function with the signature and the help of another that only notes that it is called."""

    def noted(*arguments, **options):
        called.append((function.__name__, options))
        return 0

    noted.__signature__ = inspect.signature(function)
    noted.__doc__, noted.__name__, noted.__annotations__ = function.__doc__, function.__name__, function.__annotations__
    return noted


@pytest.mark.parametrize("option", options_of_grade())
def test_an_option_that_the_guide_names_is_one_of_the_command(option, monkeypatch):
    given = shlex.split(option)
    needed = {"--solution": "solutions/03_cnns_adam_sgd.ipynb", "--out": "marks/03"}
    needed.pop(given[0], None)
    ((name, options),) = understood(
        ["grade", "handed_in/", *(word for pair in needed.items() for word in pair), *given], monkeypatch
    )
    assert name == "grade"
    assert str(options[given[0].lstrip("-").replace("-", "_")]) in (given[1], f"{given[1]}.0")


@pytest.mark.parametrize("line", [line for line in ALL if re.search(r"-m (pytest|pip)|docs/|nbconvert", line)])
def test_what_another_command_names_is_there(line):
    words = shlex.split(line)
    files = [word for word in words if (word.endswith((".py", ".txt")) and "/" in word) or word == "constraints.txt"]
    assert all((COURSE / word).is_file() for word in files)
    known = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extras in re.findall(r"\.\[([\w,]+)\]", line):
        assert set(extras.split(",")) <= known.keys()


@pytest.mark.parametrize("line", [line for line in ALL if "-m ruff" in line])
def test_ruff_understands_what_it_is_told(line):
    words = [sys.executable, *shlex.split(line)[1:], "--help"]
    assert subprocess.run(words, capture_output=True).returncode == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_file_that_is_not_there(page):
    """Its links are followed in tests/prose/test_links.py."""
    text = page.read_text(encoding="utf-8")
    folders = "docs|fercourse|lessons|tests|notebooks|solutions|exercises|benchmarks|binder|\\.github|\\.devcontainer"
    for name in re.findall(rf"`((?:{folders})/[^`*… ]*)`", text):
        assert "NN" in name or (COURSE / name).exists(), f"{page.name} names {name}"


def test_the_tests_that_a_page_names_are_there():
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (COURSE / "tests").rglob("test_*.py"))
    named = [name for page in PAGES for name in re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))]
    assert named
    assert all(f"def {name}(" in tests for name in named)


def test_a_lesson_is_moved_by_the_commands_of_the_page(tmp_path):
    text = (COURSE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (moving,) = re.findall(r"^```\n(git mv .*?)^```", text, re.DOTALL | re.MULTILINE)
    folders = ("lessons", "notebooks", "docs/lessons", "solutions", "exercises")
    named = [path for folder in folders for path in (COURSE / folder).rglob("02_mlp_baseline.*")]
    assert len(named) == 6
    for path in (*named, *(COURSE / name for name in ("pyproject.toml", "README.md", "lessons/records.json"))):
        there = tmp_path / path.relative_to(COURSE)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, there)
    (tmp_path / "fercourse" / "classroom").mkdir(parents=True)  # the hints are built there; not a package
    moving = moving.replace(PYTHON, f"PYTHONPATH={shlex.quote(str(COURSE))} {shlex.quote(sys.executable)} -P")
    subprocess.run(["bash", "-ec", f"git init --quiet . && git add . && {moving}"], cwd=tmp_path, check=True)
    check = [sys.executable, "-P", "-m", "fercourse", "build", "--check"]
    found = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(COURSE)})
    assert found.stdout == "every notebook is what its lesson builds\n"
    old = (COURSE / "docs/lessons/02_mlp_baseline.ipynb").read_text()
    new = next(tmp_path.glob("docs/lessons/*")).read_text()
    assert new == old.replace("02_mlp_baseline", "02_first_network"), "outputs and the header stay"
    assert "02_mlp_baseline" not in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("line", [line for line in ALL if line.startswith(".venv/bin/dask ")])
def test_a_command_that_starts_a_cluster_is_understood_by_dask(line):
    pytest.importorskip("distributed", reason="dask.distributed is not installed: the extra cluster")
    _, name, *arguments = shlex.split(line)
    command = import_module(f"distributed.cli.dask_{name}").main
    given = command.make_context(name, arguments).params
    assert "8786" in f"{given.get('port')} {given.get('scheduler')}"


@pytest.mark.parametrize("line", [line for line in ALL if "fercourse grade" in line])
def test_the_command_that_grades_runs_as_it_is_written(line, tmp_path, monkeypatch, capsys):
    """On one who handed in nothing and one who sent a letter: whose notebooks run is proved elsewhere, and slowly."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fercourse.grading.sandbox.bubblewrap.choose_sandbox", lambda *_, **__: "none")
    for folder in ("solutions", "private"):
        (tmp_path / folder).symlink_to(COURSE / "solutions")
    (tmp_path / "handed_in" / "anna").mkdir(parents=True)
    (tmp_path / "handed_in" / "bob.docx").write_bytes(b"PK")
    assert command_line.main(shlex.split(line)[3:]) == 0
    assert "2 unreadable" in capsys.readouterr().out
    promised = set(re.findall(r"^\| `([\w.]+)`", (COURSE / "docs/instructors.md").read_text(), re.MULTILINE))
    made = {path.name for path in (tmp_path / "marks" / "03").iterdir()}
    # Nothing waits for a person, and nobody is in Moodle.
    assert {"report.html", "marks.csv", "rubric.html"} <= promised
    assert promised - {"by_hand.csv", "moodle.csv"} <= made


def test_the_command_says_which_options_it_needs(tmp_path, capsys):
    for missing, given in (("--solution", ["--out", "x"]), ("--out", ["--solution", "x"])):
        with pytest.raises(SystemExit) as end:
            command_line.main(["grade", "handed_in", *given])
        assert end.value.code == 2
        assert missing in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command_line.main(["grade", "--help"])
    offered = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert re.search(r"--solution PATH [^(]*\(required\)", offered)
    assert re.search(r"--out PATH [^(]*\(required\)", offered)
    with pytest.raises(GradingError):
        grade_command.grade(tmp_path, solution=tmp_path / "none.ipynb", out=tmp_path / "marks")


def test_the_end_of_the_command_counts_who_is_left_out_of_the_uploads(tmp_path):
    write(tmp_path / "00_toy.ipynb", solution())
    write(tmp_path / "in" / "anna.ipynb", handed_in())
    write(tmp_path / "in" / "bob.ipynb", handed_in(words=""))
    said = grade_command.summary(list(graded(tmp_path).values()), tmp_path / "marks")
    assert "1 of 2 students have no grade yet and are in no file for Moodle or Canvas" in said
