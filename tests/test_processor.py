"""Threads on a processor that is shared: asked of PyTorch in fresh processes, and of made-up control groups."""

import os
import subprocess
import sys

import pytest

from fercourse import processor

ASK = """
import os, sys
from pathlib import Path
from fercourse import processor
processor.CGROUPS, processor.MEMBERSHIP = Path(sys.argv[1]), Path(sys.argv[1], "membership")
{before}
import fercourse as fc
fc.setup("02", scale="smoke", device="cpu")
import torch
print(os.environ["THP_MEM_ALLOC_ENABLE"], torch.get_num_threads(), os.environ["OMP_WAIT_POLICY"])
"""
V2, V1 = "0::/hub/student", "4:memory:/hub\n1:cpu,cpuacct:/hub/student\n0::/"
needs_linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="control groups are Linux's")
needs_two = pytest.mark.skipif(processor.usable_cores() < 2, reason="one core is no more than a quota of one")


def make_groups(folder, membership, **files):
    """A folder as /sys/fs/cgroup, with files named by place, "hub__student__cpu.max", and the process's membership."""
    (folder / "membership").write_text(membership + "\n")
    for name, text in files.items():
        path = folder.joinpath(*name.split("__"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


def threads_and_policy(folder, before="", **environment):
    """What a fresh process says after `fc.setup`, in which `before` was run first."""
    code = ASK.format(before=before)
    others = {name: value for name, value in os.environ.items() if not name.endswith(("_NUM_THREADS", "_POLICY"))}
    surroundings = others | environment  # a cluster that other tests started leaves MKL_NUM_THREADS=1 behind
    done = subprocess.run([sys.executable, "-c", code, folder], env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    large_pages, number, policy = done.stdout.split()[-3:]
    assert large_pages == environment.get("THP_MEM_ALLOC_ENABLE", "1")
    return int(number), policy


@needs_linux
@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        (V2, {}, 8),
        (V2, {"hub__student__cpu.max": "max 100000"}, 8),
        (V2, {"hub__student__cpu.max": "200000 100000"}, 2),
        (V2, {"hub__student__cpu.max": "150000 100000"}, 2),
        (V2, {"hub__student__cpu.max": "20000 100000"}, 1),
        (V2, {"hub__student__cpu.max": "6400000 100000"}, 8),
        (V2, {"hub__student__cpu.max": "max 100000", "hub__cpu.max": "300000 100000"}, 3),
        (V2, {"hub__student__cpu.max": "400000 100000", "cpu.max": "100000 50000"}, 2),
        (V2, {"hub__other__cpu.max": "100000 100000"}, 8),
        (V1, {"cpu__hub__student__cpu.cfs_quota_us": "-1", "cpu__hub__student__cpu.cfs_period_us": "100000"}, 8),
        (V1, {"cpu__hub__student__cpu.cfs_quota_us": "300000", "cpu__hub__student__cpu.cfs_period_us": "100000"}, 3),
        (V1, {"cpu__cpu.cfs_quota_us": "100000", "cpu__cpu.cfs_period_us": "100000"}, 1),
    ],
)
def test_a_quota_of_the_container_bounds_the_cores_of_eight(tmp_path, monkeypatch, membership, files, expected):
    make_groups(tmp_path, membership, **files)
    monkeypatch.setattr(processor, "CGROUPS", tmp_path)
    monkeypatch.setattr(processor, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    assert processor.usable_cores() == expected


def test_where_the_system_has_no_control_groups_all_cores_count(tmp_path, monkeypatch):
    monkeypatch.setattr(processor, "MEMBERSHIP", tmp_path / "nothing")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processor.usable_cores() == os.cpu_count()


@needs_linux
def test_a_lesson_bound_to_one_core_has_one_thread_that_does_not_spin(tmp_path):
    bind = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"
    assert threads_and_policy(tmp_path, bind) == (1, "passive")


@needs_linux
@needs_two
@pytest.mark.parametrize("before", ["", "import torch"])
def test_a_quota_of_one_core_gives_a_lesson_one_thread_also_where_torch_was_imported_before(tmp_path, before):
    make_groups(tmp_path, V2, **{"hub__student__cpu.max": "100000 100000"})
    assert threads_and_policy(tmp_path, before) == (1, "passive")


@needs_linux
@needs_two
def test_what_the_user_set_stays(tmp_path):
    make_groups(tmp_path, V2, **{"hub__student__cpu.max": "100000 100000"})
    chosen = dict(OMP_NUM_THREADS="2", OMP_WAIT_POLICY="active", THP_MEM_ALLOC_ENABLE="0")
    assert threads_and_policy(tmp_path, **chosen) == (2, "active")
    (tmp_path / "hub/student/cpu.max").write_text("200000 100000\n")
    assert threads_and_policy(tmp_path, "import torch; torch.set_num_threads(1)") == (1, "passive")


@pytest.mark.parametrize(("jobs", "expected"), [(1, "8"), (3, "2"), (9, "1")])
def test_jobs_at_once_share_the_cores_unless_the_user_says_otherwise(monkeypatch, jobs, expected):
    monkeypatch.setattr(processor, "usable_cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert processor.threads_of_each(jobs) == expected
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert processor.threads_of_each(jobs) == "5"
