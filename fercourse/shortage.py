"""Too little free disk or memory for a lesson: said before something long starts, not after an hour."""

import shutil
from pathlib import Path

from fercourse.processor import control_groups

NEEDED = 2_000_000_000
"""Bytes, of disk and for each notebook of memory: what a large lesson takes. An environment takes more disk."""

MEMORY = Path("/proc/meminfo")
LIMITS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Of a control group, v2 and v1: its limit, what it uses, and what of that the system takes back when asked."""


def shortages(folder: str | Path, *, notebooks: int = 1, disk: int = NEEDED) -> list[tuple[str, str]]:
    """What is missing, as pairs of a sentence and its remedy: of disk below `folder`, and of memory; mostly none.

    folder: one that is to be written into; it need not be there yet. notebooks: how many run at once. disk: bytes.
    """
    found = []
    if (free := free_disk(folder)) < disk:
        found.append((
            f"{_gb(free)} of disk are free at {Path(folder).resolve()}, and {_gb(disk)} are needed",
            "Free some space, or write to another disk",
        ))  # fmt: skip
    free, needed = free_memory(), notebooks * NEEDED
    if free is not None and free < needed:
        found.append((
            f"{_gb(free)} of memory are free, and {_gb(needed)} are needed: the system may end the kernel",
            'Shut down other notebooks (Kernel, Shut Down All Kernels) and programs, or use SCALE = "smoke"',
        ))  # fmt: skip
    return found


def say_shortages(folder: str | Path, *, notebooks: int = 1, disk: int = NEEDED) -> None:
    """Print what `shortages` finds, a line each."""
    for what, remedy in shortages(folder, notebooks=notebooks, disk=disk):
        print(f"Before it starts: {what}. {remedy}.", flush=True)


def free_disk(folder: str | Path) -> int:
    """Bytes that can still be written into `folder`, or into the nearest folder above it that is there."""
    folder = Path(folder).resolve()
    return shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.is_dir())).free


def free_memory() -> int | None:
    """Bytes that a new program can have, by the system and by this process's control groups; None where nothing says.

    Source: the Linux kernel's documentation of /proc/meminfo and of the memory controllers of cgroup v2 and v1.
    """
    free = [int(limit) for folder in control_groups("memory") for limit in _left(folder)]
    if MEMORY.exists():
        lines = dict(line.split(":", 1) for line in MEMORY.read_text().splitlines() if ":" in line)
        free.append(int(lines["MemAvailable"].split()[0]) * 1024)
    elif not free:
        try:
            import psutil
        except ModuleNotFoundError:  # an extra
            return None
        free.append(psutil.virtual_memory().available)
    return min(free)


def _left(folder):
    """What one control group has left, where it has a limit; both ways of writing it."""
    for most, now, cached in LIMITS:
        if all((folder / name).is_file() for name in (most, now, "memory.stat")):
            limit, used = ((folder / name).read_text().strip() for name in (most, now))
            numbers = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            if limit != "max":
                yield int(limit) - int(used) + int(numbers.get(cached, 0))


def _gb(bytes_):
    return f"{bytes_ / 1e9:.1f} GB"
