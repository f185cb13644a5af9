"""Run notebooks: each in its own folder with its record, then one page and one table for all of them."""

import signal
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter

from fercourse.course.building.build import is_outdated
from fercourse.course.building.parameters import defaults, parse_assignments, typed
from fercourse.course.checkout import select
from fercourse.course.running.execution import WARM, execute
from fercourse.course.running.harvest import harvest
from fercourse.course.running.page import write_run_page
from fercourse.course.running.progress import Bars
from fercourse.course.running.terminal import summary
from fercourse.errors import ParameterError
from fercourse.executors import HERE, executor_of
from fercourse.files import written_aside
from fercourse.processes import Task, work
from fercourse.processor import threads_of_each
from fercourse.report.records import read_records
from fercourse.settings import SCALES, is_whole, seed_number


@dataclass(frozen=True)
class Plan:
    """A notebook to run: its file, the folder of its results, its parameters, and how many cells it will have.

    given: the parameters that are set from outside; parameters: all, defaults included.
    """

    notebook: Path
    folder: Path
    given: dict
    parameters: dict
    cells: int

    @property
    def lesson(self):
        return self.notebook.stem

    @property
    def name(self):
        """The lesson's; in a sweep, where one lesson is run many times, that of the run's folder."""
        return self.folder.name


def run(names=(), *, course, scale=None, data=None, seed=None, device=None, parameters=(), jobs=1, out=None, on=HERE):
    """Execute the named notebooks, or all, and return the exit code: 0 all passed, 1 not all, 130 stopped by Ctrl-C.

    scale, data, seed, device: the notebooks' SCALE, DATA, SEED and DEVICE; their own defaults where None.
    parameters: texts NAME=VALUE for the lessons' own parameters. jobs: notebooks executed at once.
    on: where, as `executor_of` has it. DATA and FERCOURSE_DATA name the same files on other machines; what a notebook
    writes into its folder there comes back when it has ended.
    out: the folder of the results; a new one, named by date and time, under runs/ where None.
    A lesson fails by a cell's error and by a claim that does not hold; the others are still run.
    Raises ParameterError for unknown names, wrong types and where nothing runs on `on`, before anything is run.
    """
    began = perf_counter()
    if not is_whole(jobs) or jobs < 1:
        raise ParameterError(f"--jobs is at least 1; found {jobs!r}")
    out = Path(out or course.root / "runs" / datetime.now().strftime("%Y-%m-%d-%H-%M-%S")).resolve()
    common = {"SCALE": scale, "DATA": data, "SEED": seed, "DEVICE": device}
    given = settled_values(common, parse_assignments(parameters))
    plans = [plan(path, given, out=out) for path in select(names, course.notebooks, ".ipynb")]
    with stop_signals() as came:
        records = executed(plans, course=course, on=on, jobs=jobs, came=came)
        write_run_page(out / "results.html", read_records(out))
        lessons = [each.lesson for each in plans]
        print(summary(lessons, records, seconds=perf_counter() - began, page=out / "results.html"))
    if came:
        return 128 + came[0]
    return 0 if all(record["status"] == "passed" for record in records.values()) else 1


def executed(plans, *, course, on, jobs, came):
    """Execute the notebook of each plan, show how it goes, and return name → record of those that were begun.

    came: of `stop_signals`; where a signal came, what is under way is killed, and its record says "interrupted".
    Raises ParameterError where nothing runs on `on`, before anything is run.
    """
    threads = {"OMP_NUM_THREADS": threads_of_each(jobs)} if on == HERE else {}  # elsewhere it says itself
    for notebook in sorted({each.notebook for each in plans}):
        if is_outdated(notebook, course=course):
            print(
                f"{notebook.name} was built before its lesson was changed: run it again after python -m fercourse build"
            )
    with executor_of(on, jobs=jobs) as executor:
        for each in plans:
            _make_fresh(each.folder)
        tasks = _tasks(plans, environment=threads | _data_variable(course), in_place=on == HERE)
        events = work(tasks, executor=executor, jobs=jobs, stopped=lambda: bool(came))
        return _collect(events, plans)


def settled_values(common, parameters):
    """All parameters that were set, those of `common` that are None left out; DATA as kernels can use it."""
    common = {name: value for name, value in common.items() if value is not None}
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
    return Plan(path.resolve(), out / path.stem, values, defaults(known) | values, cells)


def _tasks(plans, *, environment, in_place):
    """The task of each plan. in_place: whether its notebook runs in the folder of its results."""
    for each in plans:
        text = each.notebook.read_text(encoding="utf-8")
        arguments = (each.lesson, text, each.given, environment, str(each.folder) if in_place else None)
        yield Task(each.name, execute, arguments, preload=WARM)


def _collect(events, plans):
    """Show events until there are no more; return name → record of the notebooks that were begun."""
    records, plan_of = {}, {each.name: each for each in plans}
    with closing(events), Bars({each.name: each.cells for each in plans}) as bars:
        for event in events:
            bars.show(event)
            if event.kind == "ended":
                name = event.task.name
                records[name] = record = _harvest(plan_of[name], event.value)
                bars.say(f"{name}: {record['status']} in {record['seconds']:.0f} s")
    return records


def _harvest(plan, ended):
    """Write what a notebook's process returned into the folder of its results, and its record; return the record."""
    result = ended.result or {"files": {}, "seconds": ended.seconds}
    for name, data in (result["files"] | ({"kernel.log": ended.log} if ended.log else {})).items():
        with written_aside(plan.folder / name) as aside:
            aside.write_bytes(data)
    why = ended.why if ended.why == "interrupted" else f"the process that executed it {ended.why}"
    return harvest(
        plan.folder,
        lesson=plan.lesson,
        parameters=plan.parameters,
        seconds=result["seconds"],
        outcome=why if ended.why else result["outcome"],
    )


@contextmanager
def stop_signals():
    """Until the block ends, Ctrl-C and SIGTERM are only remembered: yields a list of the signals that came."""
    came = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
    # Empty is as good as none, and hides what another machine may say.
    return {"FERCOURSE_DATA": str(course.root / "data") if look_into(course.root / "data").found else ""}
