"""Too little disk or memory: what is free is asked of the system, and a run says before it starts what is missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import fercourse as fc
from fercourse import processor, shortage
from fercourse.__main__ import main
from fercourse.course import commands
from fercourse.course.running import run as running
from fercourse.course.site import hooks

COURSE = Path(__file__).parents[1]
LITTLE, ENOUGH = 1_300_000_000, 8_000_000_000


@pytest.fixture
def free(monkeypatch):
    """A function that says how much disk and memory there is."""

    def says(disk=ENOUGH, memory=ENOUGH):
        monkeypatch.setattr(shortage, "free_disk", lambda folder: disk)
        monkeypatch.setattr(shortage, "free_memory", lambda: memory)

    return says


def test_the_free_memory_is_what_psutil_reads_where_no_control_group_has_less(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "MEMBERSHIP", tmp_path / "nothing")
    assert shortage.free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)


@pytest.mark.parametrize(
    ("membership", "place", "files", "expected"),
    [
        ("0::/hub/anna", "hub/anna", {"memory.max": 700, "memory.current": 600, "memory.stat": "inactive_file 5"}, 105),
        ("0::/hub/anna", "hub", {"memory.max": 900, "memory.current": 600, "memory.stat": "anon 5"}, 300),
        ("4:memory:/hub", "memory/hub", {"memory.limit_in_bytes": 800, "memory.usage_in_bytes": 600,
                                         "memory.stat": "cache 9\ntotal_inactive_file 100"}, 300),
        ("4:cpu:/hub\n0::/", "", {"memory.max": "max", "memory.current": 6, "memory.stat": "anon 1"}, 4_096_000),
    ],
)  # fmt: skip
def test_a_container_has_what_its_limit_leaves(membership, place, files, expected, monkeypatch, tmp_path):
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (tmp_path / place / name).write_text(f"{text}\n")
    (tmp_path / "membership").write_text(membership + "\n")
    (tmp_path / "meminfo").write_text("MemTotal: 8000 kB\nMemAvailable:  4000 kB\n")
    monkeypatch.setattr(shortage, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(processor, "CGROUPS", tmp_path)
    monkeypatch.setattr(processor, "MEMBERSHIP", tmp_path / "membership")
    assert shortage.free_memory() == expected


def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_of_the_one_above_it(tmp_path):
    asked = shortage.free_disk(tmp_path / "runs" / "full")
    assert asked == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)


def test_each_notebook_at_once_needs_memory_of_its_own(free, tmp_path):
    free(memory=3_000_000_000)
    assert shortage.shortages(tmp_path) == []
    ((what, _),) = shortage.shortages(tmp_path, notebooks=2)
    assert what.startswith("3.0 GB of memory are free, and 4.0 GB are needed")


@pytest.mark.parametrize(
    ("little", "said"),
    [({"disk": LITTLE}, "1.3 GB of disk are free"), ({"memory": LITTLE}, "1.3 GB of memory are free")],
)
def test_what_is_missing_is_a_line_and_enough_is_none(little, said, free, capsys, tmp_path):
    free(**little)
    shortage.say_shortages(tmp_path)
    assert capsys.readouterr().out.startswith(f"Before it starts: {said}")
    free()
    shortage.say_shortages(tmp_path)
    assert capsys.readouterr().out == ""


class Begun(Exception):
    """Raised in the place of the work."""


GRADE = ["grade", ".", "--solution", str(COURSE / "solutions" / "01_data_exploration.ipynb"), "--out", "marks"]


@pytest.mark.parametrize(
    ("words", "work"),
    [
        (["run", "01"], "running.run.run"),
        (["sweep", "01", "-p", "SEED", "0"], "sweeps.sweep.sweep"),
        (["train", "CNN, Adam 0.001", "--data", "drawn"], "trainings.train.train"),
        (["build", "01", "--execute"], "building.build.build"),
        (["slides"], "slides.decks.write_decks"),
        (["improve", "03.6"], "improving.keep_baseline"),
        (["demo"], "fercourse.classroom.demo.network.drawn_network"),
        (["data", "download"], "fercourse.data.command.fetched"),
        (GRADE, "fercourse.grading.grade_class.grade_class"),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else "",
)
def test_every_long_command_says_what_is_missing_before_it_starts(words, work, free, monkeypatch, capsys):
    def begin(*_, **__):
        raise Begun

    free(disk=LITTLE)
    monkeypatch.chdir(COURSE)
    monkeypatch.setattr(work if work.startswith("fercourse.") else f"fercourse.course.{work}", begin)
    with pytest.raises(Begun):
        main(words)
    assert capsys.readouterr().out.startswith("Before it starts: 1.3 GB of disk are free")
    free()
    with pytest.raises(Begun):
        main(words)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("on", ["slurm", "dask=tcp://127.0.0.1:9"])
def test_what_runs_elsewhere_asks_nothing_of_this_machine(on, free, monkeypatch, capsys):
    free(disk=LITTLE)
    monkeypatch.setattr(running, "run", lambda *_, **__: 0)
    commands.run(("01",), on=on)
    assert capsys.readouterr().out == ""


def test_the_site_says_what_is_missing_before_a_page_is_made(free, capsys):
    free(disk=LITTLE)
    hooks.on_startup(command="build", dirty=False)
    assert capsys.readouterr().out.startswith("Before it starts: 1.3 GB of disk are free")


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
@pytest.mark.parametrize(
    ("words", "needed", "work"),
    [
        (["environment"], "9.0 GB", "-m venv .venv"),
        (["environment", "TORCH=cpu"], "4.0 GB", "-m venv .venv"),
        (["lab"], "2.0 GB", "-m jupyterlab notebooks"),
    ],
    ids=str,
)
def test_make_says_what_is_missing_before_it_installs_or_opens(words, needed, work, tmp_path):
    """The line that make hands to Python, run by one whose disk is nearly full, with no package but Python's own."""
    (tmp_path / "full.py").write_text(
        "import shutil\nshutil.disk_usage = lambda _: shutil._ntuple_diskusage(9, 9, 13e8)"
    )
    told = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "TORCH")}
    asked = ["make", "--dry-run", "--always-make", *words]
    shown = subprocess.run(asked, cwd=COURSE, env=told, capture_output=True, text=True, check=True).stdout
    (program,) = re.findall(rf'-c "(from .*disk={needed[0]} .*)"$', shown[: shown.index(work)], re.MULTILINE)
    command = [sys.executable, "-S", "-c", f"import full; {program}"]
    said = subprocess.run(command, cwd=COURSE, env=told | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")
    assert f"1.3 GB of disk are free at {COURSE}, and {needed} are needed" in said.stdout


def test_a_lesson_says_it_in_its_first_cell_and_at_smoke_scale_nothing(free, capsys, monkeypatch):
    monkeypatch.delenv("FERCOURSE_SCALE", raising=False)
    free(memory=LITTLE)
    fc.setup("01", scale="lesson", device="cpu")
    assert "Before it starts: 1.3 GB of memory are free" in capsys.readouterr().out
    fc.setup("01", scale="smoke", device="cpu")
    assert "Before it starts" not in capsys.readouterr().out
