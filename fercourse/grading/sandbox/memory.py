"""How much memory a process holds, as the system says; 0 where it is gone or the system does not say."""

from pathlib import Path


def held(process):
    """Bytes that a process (psutil's) holds and that are no file's, those that it shares with others in full."""
    found = _kilobytes(f"/proc/{process.pid}/status", ("RssAnon:", "RssShmem:"))
    return _resident(process) if found is None else found * 1024


def held_alone(process):
    """As `held`, but of what a process shares with others only its share."""
    found = _kilobytes(f"/proc/{process.pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:"))
    return held(process) if found is None else found * 1024


def _kilobytes(path, names):
    """The sum of the lines of a file of /proc that begin with one of the names; None where there is no such file."""
    try:
        lines = [line.split() for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return None
    found = [int(line[1]) for line in lines if line and line[0] in names]
    return sum(found) if found else None


def _resident(process):
    import psutil

    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
