"""Run one lesson with every combination of some parameters, repeat nothing that is finished, and make one table."""

from dataclasses import dataclass, replace
from pathlib import Path

from fercourse.course.checkout import select
from fercourse.course.running.run import Plan, executed, plan, settled_values, stop_signals
from fercourse.course.running.terminal import reasons
from fercourse.course.sweeps.grid import axes_of, code_of, combinations, data_key, folder_name
from fercourse.course.sweeps.table import rows_of, shown, write_table
from fercourse.errors import ParameterError
from fercourse.executors import HERE
from fercourse.report.records import read_record
from fercourse.settings import whole

FINISHED = ("passed", "claim failed", "failed")


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep: its plan, and the values of the swept parameters."""

    plan: Plan
    values: dict

    @property
    def record(self):
        """What it left, or None where it is not finished: it never began, or was stopped or killed on the way."""
        path = self.plan.folder / "record.json"
        record = read_record(path) if path.is_file() else {}
        whole = record.get("status") in FINISHED and isinstance(record.get("figures"), list)  # of this version
        return record if whole else None


def sweep(
    lesson,
    given,
    *,
    course,
    scale=None,
    data=None,
    device=None,
    on=HERE,
    at_once=1,
    retry=False,
    out=None,
):
    """Run a lesson with every combination and return the exit code: 0 all finished, 1 some failed, 130 by Ctrl-C.

    given: texts [(NAME, VALUE, …), …], all values of one parameter each. scale, data, device: as in `run`.
    on: where, as `executor_of` has it. at_once: how many runs are under way. retry: whether to repeat what failed.
    out: the folder of the results; runs/sweep_ and the lesson's name where None.

    A run is finished when its record is there, which is written last and moved into place; a finished one is never
    repeated. A claim that does not hold with other parameters than the lesson's own fails nothing.
    Raises ParameterError for an unknown lesson or parameter, wrong types, and where nothing runs on `on`.
    """
    at_once = whole("at_once", at_once)
    [notebook] = select([lesson], course.notebooks, ".ipynb")
    out = Path(out or course.root / "runs" / f"sweep_{notebook.stem}").resolve()
    common = {"SCALE": scale, "DATA": data, "DEVICE": device}
    runs = planned(notebook, given, settled_values(common, {}), out=out)
    waiting = [run.plan for run in runs if run.record is None or (retry and run.record["status"] == "failed")]
    print(f"{len(runs) - len(waiting)} of {len(runs)} runs of {notebook.stem} are finished", flush=True)
    with stop_signals() as came:
        if waiting:
            executed(waiting, course=course, on=on, jobs=at_once, came=came)
        code = _report(runs, out)
    return 128 + came[0] if came else code


def planned(notebook, given, common, *, out):
    """The runs of a sweep, in the order of the values that were given; each in a folder of its own."""
    import nbformat
    from papermill import inspect_notebook

    given = [(name, *(settled_values({}, {name: value})[name] for value in values)) for name, *values in given]
    axes = axes_of(given, inspect_notebook(notebook), notebook=notebook.name)
    if twice := axes.keys() & common.keys():
        raise ParameterError(f"{', '.join(sorted(twice))}: given twice, by an option of its own and by -p")
    code, runs, keys = code_of(nbformat.read(notebook, as_version=4)), [], {}
    for values in combinations(axes):
        each = plan(notebook, common | values, out=out)
        place = each.parameters["DATA"]
        keys[place] = keys.get(place) or data_key(place)
        name = folder_name(values, code=code, parameters=each.parameters, data=keys[place])
        runs.append(SweepRun(replace(each, folder=out / name), values))
    return runs


def _report(runs, out):
    """Write the table, print it and why runs failed; return the exit code."""
    finished = [(run, run.record) for run in runs]
    rows = rows_of([(run.values, record) for run, record in finished])
    write_table(out / "table.csv", rows)
    failed = [(run, record) for run, record in finished if record and record["status"] == "failed"]
    missing = sum(record is None for _, record in finished)
    print("\n".join(["", shown(rows), ""]))
    for run, record in failed:
        print(f"failed: {run.plan.name}: {_why(record)}")
    print(f"{len(runs) - missing} of {len(runs)} runs are finished, {len(failed)} of them failed. {out / 'table.csv'}")
    return 1 if failed or missing else 0


def _why(record):
    error = record["error"]
    return f"cell {error['cell']}: {error['ename']}: {error['evalue']}" if error else "; ".join(reasons(record))
