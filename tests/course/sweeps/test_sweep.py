"""A sweep: every combination once, whatever stops it and wherever it runs, and the same table byte for byte."""

import csv
import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from statistics import mean, stdev

import pytest
from test_processes import is_alive, wait_until
from toy_course import SETUP, STAMP, lesson, toy_course

import fercourse as fc
from fercourse.__main__ import main
from fercourse.course.building.build import build
from fercourse.course.sweeps.grid import axes_of, combinations, folder_name
from fercourse.course.sweeps.sweep import FINISHED, planned, sweep
from fercourse.course.sweeps.table import rows_of, shown, write_table
from fercourse.errors import ParameterError
from fercourse.executors import Queue
from fercourse.report.records import read_record

KNOWN = {
    name: {"name": name, "inferred_type_name": kind, "default": default}
    for name, kind, default in (("RATE", "float", "0.1"), ("SEED", "int", "0"), ("SCALE", "str", '"smoke"'))
}
GRID = [("RATE", "0.1", "0.01"), ("SEED", "0", "1")]
WORK = """\
import os
from pathlib import Path
from IPython.display import display

with open("{course}/ran.txt", "a") as file:
    print(RATE, SEED, os.getpid(), file=file)
if (RATE, SEED) == (0.01, 1) and not Path("{course}/mended").exists():
    raise ValueError("this rate cannot work")
right = {{"kind": "figure", "name": "accuracy", "value": 100 * RATE + SEED / 7, "unit": "%"}}
display({{"text/plain": ""}}, metadata={{"fercourse": right}}, raw=True)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    course = toy_course(folder / "toys", toy_05=lesson(WORK.format(course=folder / "toys")))
    build(course=course, setup=SETUP, stamp=STAMP)
    return course


def ran(course):
    """(rate, seed) of each run that was begun, in their order, since this was asked for the last time."""
    path = course.root / "ran.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [tuple(map(float, line.split()[:2])) for line in lines]


@pytest.fixture(scope="module")
def undisturbed(course):
    """The folder of a sweep that nothing stopped, and its exit code."""
    out = course.root / "undisturbed"
    return out, sweep("05", GRID, course=course, out=out, at_once=2)


def test_one_table_has_mean_and_spread_over_seeds_and_failures_keep_their_error(course, undisturbed, capsys):
    out, code = undisturbed
    assert code == 1
    assert sorted(ran(course)) == [(0.01, 0), (0.01, 1), (0.1, 0), (0.1, 1)]
    first, second = csv.DictReader((out / "table.csv").read_text().splitlines())
    values = [10, 10 + 1 / 7]
    assert first == {
        "RATE": "0.1", "figure": "accuracy", "unit": "%", "mean": f"{mean(values):.6g}", "sd": f"{stdev(values):.6g}",
        "seeds": "2", "without": "0",
    }  # fmt: skip
    assert second == first | {"RATE": "0.01", "mean": "1", "sd": "", "seeds": "1", "without": "1"}
    assert sweep("05", GRID, course=course, out=out) == 1
    assert ran(course) == []
    said = capsys.readouterr().out
    assert "4 of 4 runs of 05_toy are finished\n" in said
    assert "RATE  figure    mean ± sd      seeds\n0.1   accuracy  10.07 ± 0.1 %  2\n0.01  accuracy  1 %" in said
    assert "1 (1 without)" in said
    assert "failed: RATE-0.01_SEED-1_" in said
    assert "ValueError: this rate cannot work" in said


def test_a_failed_run_is_repeated_on_demand_and_alone(course, undisturbed, tmp_path):
    copytree(undisturbed[0], tmp_path / "copy")
    ran(course)
    (course.root / "mended").touch()
    try:
        assert sweep("05", GRID, course=course, out=tmp_path / "copy", retry=True) == 0
    finally:
        (course.root / "mended").unlink()
    assert ran(course) == [(0.01, 1)]


def started(course, out):
    command = [sys.executable, "-m", "fercourse", "sweep", "05", "-p", *GRID[0], "-p", *GRID[1], "--out", str(out)]
    return subprocess.Popen(command, cwd=course.root, stdout=subprocess.PIPE, text=True)


def records(out):
    """The paths of the records of finished runs."""
    return [path for path in sorted(out.glob("*/record.json")) if read_record(path)["status"] in FINISHED]


def stopped_after(count, number, course, out):
    """Start the sweep, send it a signal once so many records are there; (exit code, what is kept of finished runs)."""
    process = started(course, out)
    wait_until(lambda: len(records(out)) >= count)
    process.send_signal(number)
    process.communicate(timeout=60)
    pids = [int(line.split()[2]) for line in (course.root / "ran.txt").read_text().splitlines()]
    wait_until(lambda: not any(map(is_alive, pids)))
    return process.returncode, {path: path.stat().st_mtime_ns for path in records(out)}


def test_a_sweep_that_is_stopped_and_then_killed_repeats_nothing_and_goes_on_as_jobs_of_a_queue(
    course, undisturbed, tmp_path
):
    submitit = pytest.importorskip("submitit", reason="submitit is not installed: the extra cluster")
    ran(course)
    code, _ = stopped_after(1, signal.SIGINT, course, tmp_path / "out")
    assert code == 130
    assert (tmp_path / "out" / "table.csv").read_text().startswith("RATE,figure,unit,mean,sd,seeds,without\n0.1,acc")
    code, kept = stopped_after(2, signal.SIGKILL, course, tmp_path / "out")
    assert code == -signal.SIGKILL
    with Queue(submitit.LocalExecutor(tmp_path / "jobs"), 2) as queue:
        assert sweep("05", GRID, course=course, out=tmp_path / "out", at_once=2, on=queue) == 1
    assert len(records(tmp_path / "out")) == 4
    assert len(kept) >= 2
    assert all(path.stat().st_mtime_ns == moment for path, moment in kept.items())
    assert ran(course).count((0.1, 0)) == 1
    assert (tmp_path / "out" / "table.csv").read_bytes() == (undisturbed[0] / "table.csv").read_bytes()


def test_the_workers_of_dask_give_the_same_table(course, undisturbed, tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed: the extra cluster")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        on = f"dask={cluster.scheduler_address}"
        assert sweep("05", GRID, course=course, out=tmp_path, at_once=2, on=on) == 1
    assert (tmp_path / "table.csv").read_bytes() == (undisturbed[0] / "table.csv").read_bytes()
    assert len(records(tmp_path)) == 4


def test_where_slurm_is_not_here_the_command_says_so(course, capsys, monkeypatch):
    pytest.importorskip("submitit", reason="submitit is not installed: the extra cluster")
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(course.root)
    assert main(["sweep", "05", "-p", "SEED", "0", "--on", "slurm", "--out", "nowhere"]) == 2
    assert "error: --on slurm: no command srun is here" in capsys.readouterr().err
    assert not Path("nowhere").exists()


def test_the_grid_is_every_combination_in_the_types_of_the_lesson():
    axes = axes_of([("RATE", "1", "1e-2"), ("SEED", "3", "4")], KNOWN, notebook="05.ipynb")
    assert combinations(axes) == [
        {"RATE": 1.0, "SEED": 3}, {"RATE": 1.0, "SEED": 4}, {"RATE": 0.01, "SEED": 3}, {"RATE": 0.01, "SEED": 4},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("RAET", "1")], r"05\.ipynb has no parameter RAET; it has RATE: float = 0\.1, SEED: int = 0, SCALE"),
        ([("SEED", "0.5")], r"05\.ipynb: SEED is int \(default 0\); found '0\.5'"),
        ([("SEED", "0", "-1")], "expected seed, a whole number from 0"),
        ([("RATE", "0.1", "1e-1")], r"-p RATE: 0\.1 is given twice"),
        ([("SEED", "0"), ("SEED", "1")], "-p SEED is given twice; all its values stand behind one -p SEED"),
        ([("SEED",)], "found -p SEED without a value"),
        ([], r"expected -p NAME VALUE …, such as -p SEED 0 1 2; found no -p"),
    ],
)
def test_what_cannot_be_swept_is_refused(given, said):
    with pytest.raises(ParameterError, match=said):
        axes_of(given, KNOWN, notebook="05.ipynb")


def test_a_parameter_with_an_option_of_its_own_is_given_once(course, tmp_path):
    with pytest.raises(ParameterError, match="SCALE: given twice, by an option of its own and by -p"):
        sweep("05", [("SCALE", "smoke")], course=course, scale="smoke", out=tmp_path)
    with pytest.raises(ParameterError, match="expected at_once, a whole number ≥ 1; found at_once=0"):
        sweep("05", GRID, course=course, at_once=0, out=tmp_path)


def test_a_folder_is_named_by_code_parameters_and_faces_and_not_by_where_they_lie():
    about = {"code": ["1 + 1"], "parameters": {"RATE": 0.1, "DATA": "/a/fer2013.csv"}, "data": "ab12"}
    name = folder_name({"RATE": 0.1}, **about)
    assert name.startswith("RATE-0.1_")
    assert name == folder_name({"RATE": 0.1}, **about | {"parameters": {"RATE": 0.1, "DATA": "/b/fer2013.csv"}})
    others = [{"code": ["1 + 2"]}, {"parameters": {"RATE": 0.1, "DATA": "", "EPOCHS": 3}}, {"data": "ab13"}]
    assert len({name, *(folder_name({"RATE": 0.1}, **about | other) for other in others)}) == 4
    assert "/" not in folder_name({"TEXT": "../../etc"}, **about)


def figures(**values):
    found = [{"name": name, "value": value, "unit": ""} for name, value in values.items()]
    return {"status": "passed", "figures": found}


def test_what_diverged_or_is_not_there_is_counted_and_left_out(tmp_path):
    runs = [figures(loss=1.0), figures(loss=None), None, figures(loss=4.0, late=2)]
    rows = rows_of([({"SEED": seed}, record) for seed, record in enumerate(runs)])
    assert [(row["figure"], row["mean"], row["seeds"], row["without"]) for row in rows] == [
        ("loss", 2.5, 2, 2),
        ("late", 2, 1, 3),
    ]
    write_table(tmp_path / "table.csv", rows)
    assert (tmp_path / "table.csv").read_bytes() == (
        b"figure,unit,mean,sd,seeds,without\nloss,,2.5,2.12132,2,2\nlate,,2,,1,3\n"
    )
    nothing = rows_of([({"RATE": 1, "SEED": 0}, None)])
    assert shown(nothing).splitlines()[1].split() == ["1", "–", "–", "0", "(1", "without)"]


def test_data_and_scale_are_settled_as_by_the_options_of_their_own(course, tmp_path, monkeypatch, faces):
    monkeypatch.chdir(tmp_path)
    fc.convert(faces, "faces.npz", layout="npz")
    [notebook] = course.notebooks.glob("*05*.ipynb")
    [run] = planned(notebook, [("DATA", "faces.npz")], {}, out=tmp_path / "out")
    assert run.plan.given["DATA"] == str(tmp_path / "faces.npz"), "runs have folders of their own"
    for given, said in (
        (("DATA", "faces.npz", "./faces.npz"), "-p DATA: .*faces.npz is given twice"),
        (("DATA", "elsewhere.npz"), "a path that exists; found elsewhere.npz"),
        (("SCALE", "smoke", "huge"), "SCALE is one of smoke, lesson, full; found 'huge'"),
    ):
        with pytest.raises(ParameterError, match=said):
            planned(notebook, [given], {}, out=tmp_path / "out")


@pytest.mark.parametrize("text", ['{"lesson": "05"}', '{"status": "passed"}', '{"status": "passed", "figures": null}'])
def test_a_record_of_another_version_is_no_finished_run(course, tmp_path, text):
    [notebook] = course.notebooks.glob("*05*.ipynb")
    [run] = planned(notebook, [("RATE", "0.1")], {}, out=tmp_path)
    run.plan.folder.mkdir(parents=True)
    (run.plan.folder / "record.json").write_text(text)
    assert run.record is None


def test_a_list_that_is_swept_has_its_rows_in_the_table():
    runs = [({"WIDTHS": widths, "SEED": seed}, figures(loss=seed)) for widths in ([8], [8, 16]) for seed in (1, 2)]
    assert [(row["WIDTHS"], row["mean"], row["seeds"]) for row in rows_of(runs)] == [([8], 1.5, 2), ([8, 16], 1.5, 2)]
    assert shown(rows_of(runs)).splitlines()[2].startswith("[8, 16]  loss")


@pytest.mark.parametrize("text", ["{[]: 1}", "1" + "0" * 400, "[" * 9000, "nan", "1e999"], ids=range(5))
def test_what_means_no_number_is_refused_by_the_name_of_the_parameter(text):
    with pytest.raises(ParameterError, match=r"05\.ipynb: RATE is float \(default 0\.1\); found"):
        axes_of([("RATE", text)], KNOWN, notebook="05.ipynb")
