"""Bounds for the grader's own work on what a student's code returned: a small array may lead to a large one."""

import signal
import sys
import threading
from contextlib import contextmanager, nullcontext


class TookTooLong(BaseException):
    """The grader's own work took longer than it may. No `except Exception` in a test goes on in spite of it."""


@contextmanager
def bounded(*, seconds, megabytes):
    """Raise TookTooLong in the block after `seconds` of work, MemoryError where it takes more than `megabytes` besides.

    Whoever goes on in spite of it is stopped again after each further second. Waiting is no work.
    Seconds need the main thread, memory needs Linux; elsewhere that bound is left out.
    """
    with _memory_bounded(megabytes) if sys.platform == "linux" else nullcontext():
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
            yield
            return
        before = signal.signal(signal.SIGPROF, _stop)
        signal.setitimer(signal.ITIMER_PROF, seconds, 1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)


def _stop(*_):
    raise TookTooLong("it took too long")


@contextmanager
def _memory_bounded(megabytes):
    import resource

    with open("/proc/self/status", encoding="utf-8", errors="replace") as status:
        held = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))
    before = resource.getrlimit(resource.RLIMIT_DATA)
    most = held + megabytes * 2**20
    if before[1] != resource.RLIM_INFINITY:
        most = min(most, before[1])
    resource.setrlimit(resource.RLIMIT_DATA, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
