"""Kernels that begin with something of a test's: a device that is not there, a clock that tells nothing."""

import os
from pathlib import Path

APPLE_DEVICE = """
from apple import apple_device
_apple = apple_device()
_apple.__enter__()
"""
"""As on a GPU, a tensor that was left on the processor is an error."""

EQUAL_TIMES = """
import itertools, time
_looks = itertools.count()
time.perf_counter = time.process_time = lambda: float(next(_looks))
"""
"""A clock by which everything takes equally long: a second passes from one look at it to the next."""


def kernels_that_begin_with(folder, source):
    """Environment variables with which each kernel first runs `source`, which IPython finds in `folder`."""
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00_start.py").write_text(source)  # IPython looks into this folder first: no module's name may lie there
    found_first = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    return {"IPYTHONDIR": str(folder), "PYTHONPATH": os.pathsep.join(filter(None, found_first))}
