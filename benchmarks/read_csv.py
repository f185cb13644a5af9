"""Reading fer2013.csv: this package against the usual ways, side by side in one process.

    python benchmarks/read_csv.py [PATH]        PATH: a fer2013.csv; without it, drawn faces are exported and read

The ways take turns; the figures are medians of CPU seconds (the slow ways run fewer times). Memory is measured in a
process of its own for each way: the peak above that of an interpreter that has imported the same and read nothing.
"""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import USAGES
from fercourse.data.layouts.convert import convert
from fercourse.data.layouts.csv.reader import read_csv
from fercourse.data.load import load

INDEXED = "READ_CSV_INDEXED"
"""The environment variable by which the processes know where the copy with an index column is."""


def ours(path):
    """fercourse: blocks, verified."""
    with open(path, "rb", buffering=0) as file:
        rows = read_csv(file, "fer2013.csv")
    return rows.images.reshape(len(rows), -1)


def indexed(path):
    """fercourse: with an index column."""
    return ours(os.environ[INDEXED])


def fromstring(path):
    """np.fromstring a row."""
    with open(path) as file:
        next(file)
        rows = [line.rstrip("\n").split(",") for line in file]
    labels, usages = [int(row[0]) for row in rows], [USAGES.index(row[2]) for row in rows]
    assert len(labels) == len(usages)
    return np.stack([np.fromstring(row[1], dtype=np.uint8, sep=" ") for row in rows])


def int_loop(path):
    """csv module and int loop."""
    with open(path, newline="") as file:
        rows = [(int(row["emotion"]), row["pixels"], row["Usage"]) for row in csv.DictReader(file)]
    images = np.empty((len(rows), 2304), np.uint8)
    for image, row in zip(images, rows, strict=True):
        image[:] = [int(value) for value in row[1].split()]
    return images


def apply_list(path):
    """A: pandas, apply(list of int)."""
    import pandas as pd

    frame = pd.read_csv(path)
    return np.array(frame.pixels.apply(lambda text: [int(value) for value in text.split()]).tolist())


def cached(path):
    """fercourse: load from its cache."""
    return load(path).train.images.reshape(-1, 2304)


WAYS = {way.__name__: way for way in (ours, indexed, fromstring, int_loop, apply_list, cached)}
REPEATS = {"ours": 7, "indexed": 7, "fromstring": 7, "int_loop": 2, "apply_list": 1, "cached": 7}


def timed(path):
    """Way to CPU seconds, one figure a run; in every round each way that still has runs left takes its turn."""
    load(path)
    expected = ours(path)
    for way in (indexed, fromstring, int_loop):
        assert np.array_equal(way(path), expected), way.__doc__
    seconds = {name: [] for name in WAYS}
    for turn in range(max(REPEATS.values())):
        for name, way in WAYS.items():
            if turn < REPEATS[name]:
                start = time.process_time()
                way(path)
                seconds[name].append(time.process_time() - start)
    return seconds


def peak_megabytes(name, path):
    """Peak resident memory of one way above that of a process that does nothing, in MB."""
    peaks = []
    for argument in ("nothing", name):
        command = [sys.executable, __file__, str(path), "--only", argument]
        peaks.append(int(subprocess.check_output(command, text=True).split()[-1]))
    return (peaks[1] - peaks[0]) / 1e6


def only(name, path):
    """Run one way in this process and print its peak memory in bytes."""
    import pandas  # noqa: F401, so that every way starts from the same memory

    if name != "nothing":
        WAYS[name](path)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def table(path):
    memory = {name: peak_megabytes(name, path) for name in WAYS}  # first: a child starts with its parent's peak
    seconds = timed(path)
    size = os.stat(path).st_size / 1e6
    base = median(seconds["ours"])
    print(
        f"{Path(path).name}, {size:,.0f} MB: median CPU seconds, ratio to the first, peak memory above the interpreter"
    )
    for name, way in WAYS.items():
        middle = median(seconds[name])
        runs = f"{len(seconds[name])} runs"
        print(f"{way.__doc__:<32}{middle:8.2f} s {middle / base:8.2f} × {memory[name]:8,.0f} MB   {runs}")
    print(f"an index column takes {median(seconds['indexed']) / base:.2f} of the seconds without, reach 1.5")
    print(f"ours is {base / median(seconds['fromstring']):.2f} of np.fromstring, reach 0.65")
    print(f"ours is 1/{median(seconds['int_loop']) / base:.1f} of the int loop, reach 1/8")
    print(f"ours is 1/{median(seconds['apply_list']) / base:.1f} of A's way, reach 1/10")


def write_indexed(path, to):
    """Write the CSV at `path` as pandas does by default: with the number of the row in a column without a name."""
    with open(path, "rb") as file, open(to, "wb") as copy:
        copy.write(b"," + next(file))
        copy.writelines(b"%d,%s" % numbered for numbered in enumerate(file))


def main():
    arguments = sys.argv[1:]
    if "--only" in arguments:
        return only(arguments[2], arguments[0])
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("FERCOURSE_CACHE", folder)
        os.environ[INDEXED] = str(Path(folder) / "indexed.csv")
        path = arguments[0] if arguments else convert(drawn_faces(), Path(folder) / "fer2013.csv", layout="csv")
        write_indexed(path, os.environ[INDEXED])
        return table(path)


if __name__ == "__main__":
    main()
