"""Execute a built notebook at its default parameters, keep its outputs in the repository, and measure what it costs."""

import platform
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from fercourse.course.building.build import (
    built_text,
    notebook_path,
    page_path,
    page_text,
    parse_notebook,
    read_build_records,
    write_notebook,
)
from fercourse.course.building.compose import SETUP, STAMP
from fercourse.course.building.lesson import read_lesson
from fercourse.course.building.lesson_rules import untied
from fercourse.course.checkout import Course
from fercourse.course.kernels import kernel_config, kernel_environment
from fercourse.course.outputs import problems_in, shown_in
from fercourse.errors import CheckFailed
from fercourse.files import written_aside
from fercourse.processor import processor_seconds, usable_cores
from fercourse.report.records import write_record


def execute(lesson_path: Path, *, course: Course, setup: str = SETUP, stamp: str = STAMP) -> dict:
    """Run a lesson's notebook on drawn faces in an empty folder; store outputs, record and header.

    Returns the record's entry: scale, seconds on the clock and of the processor, peak memory, device, cores, source,
    date, versions.
    Raises CheckFailed where a cell fails, warns, writes to stderr or publishes a claim that does not hold: the
    committed notebook and record then stay as they were, and the refused one is kept under build/refused/.
    """
    executed = parse_notebook(built_text(lesson_path, course=course, setup=setup, stamp=stamp))
    if loose := untied(read_lesson(lesson_path)):
        raise CheckFailed(f"{lesson_path.stem} is not executed:\n  " + "\n  ".join(loose))
    started, used = perf_counter(), processor_seconds()
    died = _run(executed)
    seconds, used = perf_counter() - started, processor_seconds() - used
    problems = problems_in(executed) or died
    if problems:
        refused = course.root / "build" / "refused" / f"{lesson_path.stem}.ipynb"
        _write_refused(refused, executed)
        listed = "\n  ".join([*problems, f"see {refused}"])
        raise CheckFailed(f"{lesson_path.stem} was executed and refused:\n  {listed}")
    entry = _entry(executed, seconds, used)
    records = _with_entry(read_build_records(course), lesson_path.stem, entry)
    how = {"course": course, "setup": setup, "stamp": stamp, "records": records}
    write_notebook(page_path(lesson_path, course=course), page_text(lesson_path, **how, executed=executed))
    write_notebook(notebook_path(lesson_path, course=course), built_text(lesson_path, **how))
    write_record(course.records, records)
    return entry


def _run(notebook):
    """Execute every cell in place up to the first that fails; say what ended the kernel where it is no cell's error."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    with TemporaryDirectory(prefix="fercourse-") as folder, TemporaryDirectory() as sockets:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=None,
            startup_timeout=120,
            config=kernel_config(sockets),
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute(env=kernel_environment(FERCOURSE_DATA="drawn"))
        except CellExecutionError:
            return []  # the notebook holds the error
        except DeadKernelError as error:
            return [f"the kernel died: {error}"]
    return []


def _write_refused(path, notebook):
    """Write a notebook of any size, for its author to look at."""
    import nbformat

    with written_aside(path) as aside:
        aside.write_text(nbformat.writes(notebook), encoding="utf-8")


def _entry(notebook, seconds, used):
    """What the header and the docs say about the cost of a lesson; the stamp knows more than this process does."""
    stamp = shown_in(notebook)["stamp"] or {}
    return {
        "scale": stamp.get("scale", "lesson"),
        "seconds": round(seconds, 1),
        "processor_seconds": round(used, 1),
        "peak_memory_mb": stamp.get("peak_memory_mb"),
        "device": stamp.get("device", "cpu"),
        "cores": usable_cores(),
        "source": stamp.get("source", ""),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": stamp.get("versions", {"Python": platform.python_version()}),
    }


def _with_entry(records, name, entry):
    kind = "cpu" if entry["device"].startswith("cpu") else "gpu"
    return records | {name: records.get(name, {}) | {kind: entry}}
