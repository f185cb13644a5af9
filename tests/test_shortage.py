"""Too little disk or memory: what is free is asked of the system, and a run says before it starts what is missing."""

import shutil

import psutil
import pytest

import fercourse as fc
from fercourse import processor, shortage
from fercourse.course import commands
from fercourse.course.running import run as running

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
def test_a_run_says_what_is_missing_before_it_starts(little, said, free, monkeypatch, capsys, tmp_path):
    free(**little)
    monkeypatch.setattr(running, "run", lambda *_, **__: print("running") or 0)
    commands.run(("01",), out=str(tmp_path))
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"Before it starts: {said}")
    assert second == "running"
    free()
    commands.run(("01",), out=str(tmp_path))
    assert capsys.readouterr().out == "running\n"


def test_a_lesson_says_it_in_its_first_cell_and_at_smoke_scale_nothing(free, capsys, monkeypatch):
    monkeypatch.delenv("FERCOURSE_SCALE", raising=False)
    free(memory=LITTLE)
    fc.setup("01", scale="lesson", device="cpu")
    assert "Before it starts: 1.3 GB of memory are free" in capsys.readouterr().out
    fc.setup("01", scale="smoke", device="cpu")
    assert "Before it starts" not in capsys.readouterr().out
