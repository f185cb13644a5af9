"""PyTorch on a processor that is shared: its threads and its memory, settled where a lesson or a run begins."""

import os
from math import ceil
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def settle_processor():
    """Let PyTorch have no more threads than `usable_cores`, none that spins while it waits, and memory in large pages.

    Best before its import. What the user set stays: OMP_NUM_THREADS, OMP_WAIT_POLICY, THP_MEM_ALLOC_ENABLE, and fewer
    threads by torch.set_num_threads.
    """
    # Threads that spin while they wait are slower than one, once anything else runs. OpenMP asks when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Linux hands out and clears the memory of each large activation anew, at every step; in large pages it costs less.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    if "OMP_NUM_THREADS" not in os.environ:
        import torch

        torch.set_num_threads(min(torch.get_num_threads(), usable_cores()))


def threads_of_each(jobs):
    """OMP_NUM_THREADS for each of so many jobs at once: what the user set, or an equal part of `usable_cores`."""
    return os.environ.get("OMP_NUM_THREADS") or str(max(1, usable_cores() // jobs))


def usable_cores():
    """The cores that this process may use at once: those it is bound to, and no more than its container's quota."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min([bound, *(max(1, ceil(quota)) for quota in _quotas())])


def _quotas():
    """Each limit, in cores, on the processor time of this process's control groups and of those around them.

    Source: the Linux kernel's documentation of cgroup v2 (cpu.max) and of v1 (cpu.cfs_quota_us).
    """
    for folder in control_groups("cpu"):
        yield from _quota(folder)


def control_groups(controller):
    """The folders of this process's control groups of a `controller`, "cpu" or "memory", and of those around them."""
    groups = MEMBERSHIP.read_text().splitlines() if MEMBERSHIP.exists() else []
    for _, controllers, path in (line.split(":", 2) for line in groups):
        if controllers and controller not in controllers.split(","):
            continue
        base = CGROUPS / controller if controllers else CGROUPS  # v2 names no controllers
        place = base / path.strip("/")
        yield from (folder for folder in (place, *place.parents) if folder.is_relative_to(base))


def _quota(folder):
    """The limit of one control group, in cores, where it has one; both ways of writing it."""
    files = [folder / "cpu.max"], [folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"]
    for ways in files:
        if all(file.is_file() for file in ways):
            time, period = " ".join(file.read_text() for file in ways).split()
            if time not in ("max", "-1"):
                yield int(time) / int(period)


def processor_seconds() -> float:
    """What this process, and its children that have ended, have used of the cores so far."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
