"""Run notebooks: each in its own folder with its record, then one page and one table for all of them."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter

from fercourse.course.harvest import harvest
from fercourse.course.home import select
from fercourse.course.kernels import kernel_environment
from fercourse.course.parameters import defaults, parse_assignments, typed
from fercourse.course.progress import Bars
from fercourse.course.results_page import write_results_page
from fercourse.course.summary import summary
from fercourse.course.workers import Task, stop_signals, work
from fercourse.errors import ParameterError
from fercourse.processor import threads_of_each
from fercourse.report.claims import SCALES
from fercourse.report.records import read_records
from fercourse.settings import is_whole, seed_number


@dataclass(frozen=True)
class Plan:
    """A notebook to run: its lesson, the worker's task, all of its parameters, and how many cells it will have."""

    lesson: str
    task: Task
    parameters: dict
    cells: int


def run(names=(), *, course, scale=None, data=None, seed=None, device=None, parameters=(), jobs=1, out=None):
    """Execute the named notebooks, or all, and return the exit code: 0 all passed, 1 not all, 130 stopped by Ctrl-C.

    scale, data, seed, device: the notebooks' SCALE, DATA, SEED and DEVICE; their own defaults where None.
    parameters: texts NAME=VALUE for the lessons' own parameters. jobs: notebooks executed at once.
    out: the folder of the results; a new one, named by date and time, under runs/ where None.
    A lesson fails by a cell's error and by a claim that does not hold; the others are still run.
    Raises ParameterError for unknown names and wrong types, before anything is run.
    """
    began = perf_counter()
    if not is_whole(jobs) or jobs < 1:
        raise ParameterError(f"--jobs is at least 1; found {jobs!r}")
    out = Path(out or course.root / "runs" / datetime.now().strftime("%Y-%m-%d-%H-%M-%S")).resolve()
    common = {"SCALE": scale, "DATA": data, "SEED": seed, "DEVICE": device}
    given = _given({name: value for name, value in common.items() if value is not None}, parse_assignments(parameters))
    plans = [plan(path, given, out=out) for path in select(names, course.notebooks, ".ipynb")]
    environment = kernel_environment(OMP_NUM_THREADS=threads_of_each(jobs), **_data_variable(course))
    with stop_signals() as came:
        records = _run(plans, jobs=jobs, environment=environment, stopped=lambda: bool(came))
        write_results_page(out / "results.html", read_records(out))
        lessons = [each.lesson for each in plans]
        print(summary(lessons, records, seconds=perf_counter() - began, page=out / "results.html"))
    if came:
        return 128 + came[0]
    return 0 if all(record["status"] == "passed" for record in records.values()) else 1


def _given(common, parameters):
    """All parameters that were set; DATA as kernels can use it."""
    if twice := common.keys() & parameters.keys():
        raise ParameterError(f"{', '.join(sorted(twice))}: given twice, by an option of its own and by --param")
    given = common | parameters
    if "SCALE" in given and given["SCALE"] not in SCALES:
        raise ParameterError(f"SCALE is one of {', '.join(SCALES)}; found {given['SCALE']!r}")
    return given | ({"DATA": _data(given["DATA"])} if "DATA" in given else {})


def plan(path, given, *, out):
    """The plan of one notebook, with the `given` parameters checked against those that it has."""
    import nbformat
    from papermill import inspect_notebook

    known = inspect_notebook(path)
    values = typed(given, known, notebook=path.name)
    if "SEED" in values:
        seed_number(values["SEED"])
    cells = len(nbformat.read(path, as_version=4).cells) + bool(values)  # papermill adds a cell for the values
    task = Task(str(path.resolve()), str(out / path.stem), values)
    return Plan(path.stem, task, defaults(known) | values, cells)


def _run(plans, *, jobs, environment, stopped):
    """Execute every plan until all have ended or `stopped()`; return lesson → record of those that were begun."""
    records = {}
    for each in plans:
        _make_fresh(Path(each.task.folder))
    events = work([each.task for each in plans], processes=jobs, environment=environment, stopped=stopped)
    with closing(events), Bars([(each.lesson, each.cells) for each in plans]) as bars:
        for event in events:
            bars.show(event)
            if event.kind == "ended":
                record = _harvest(plans[event.position], event)
                records[record["lesson"]] = record
                bars.say(f"{record['lesson']}: {record['status']} in {record['seconds']:.0f} s")
    return records


def _harvest(plan, event):
    return harvest(
        plan.task.folder,
        lesson=plan.lesson,
        parameters=plan.parameters,
        seconds=event.seconds,
        outcome=event.outcome,
    )


def _make_fresh(folder):
    """A folder without the record, notebook and figures of an earlier run; whatever else lies there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in [
        *(folder / name for name in ("record.json", "notebook.ipynb", "kernel.log")),
        *folder.glob("figures/*.png"),
    ]:
        old.unlink(missing_ok=True)


def _data(data):
    """DATA as kernels can use it, which run elsewhere: a path made absolute, "auto" and "drawn" as they are."""
    if data in ("auto", "drawn"):
        return data
    if not str(data).strip() or not Path(data).exists():
        raise ParameterError(f"--data is auto, drawn or a path that exists; found {data}")
    return str(Path(data).resolve())


def _data_variable(course):
    """FERCOURSE_DATA as kernels can use it: they run in folders of their own, where ./data is not the course's."""
    from fercourse.data.find import look_into, wanted_place

    if wanted := wanted_place():
        return {"FERCOURSE_DATA": str(Path(wanted).resolve()) if Path(wanted).exists() else wanted}
    return {"FERCOURSE_DATA": str(course.root / "data")} if look_into(course.root / "data").found else {}
