"""The two benchmarks of lesson 10, as their users call them: on drawn faces, and rehearsed without a GPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fercourse as fc

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def called(script, *arguments):
    surroundings = os.environ | {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    surroundings |= {"PYTHONPATH": str(BENCHMARKS.parent)}
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True)


@pytest.fixture(scope="module")
def raced(tmp_path_factory):
    path = tmp_path_factory.mktemp("speedrun") / "new folder" / "speedrun.json"
    done = called(
        "speedrun.py", "--data", "drawn", "--faces", 20, "--epochs", 2, "--seeds", 0, 1, "--targets", 2, 99.5,
        "--trainings", "Fast network, CPU recipe", "CNN, offline copies", "--out", path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, json.loads(path.read_text(encoding="utf-8"))


def test_its_table_says_what_was_passed_by_how_many_seeds_and_what_by_none(raced):
    lines = raced[0].splitlines()
    assert "n = 50 valid faces" in lines[1]
    rows = [line for line in lines if " of  2" in line]
    assert [row.split("%")[0].split()[-1] for row in rows] == ["2", "99.5"] * 2
    assert all(row.split()[-4:] == ["–"] * 4 and " 0 of  2" in row for row in rows[1::2])
    assert all(" 2 of  2" in row for row in rows[::2])


def test_its_record_has_each_epoch_with_its_operations_and_says_what_is_claimed_where_on_how_many_faces(raced):
    record = raced[1]
    assert record["claim"].startswith("on FER2013 the fast network")
    assert "65 %" in record["claim"]
    assert record["claim"].endswith("has all recorded trainings.)")
    assert (record["n"], record["drawn"], record["targets"]) == (50, True, [2, 99.5])
    assert {"device", "threads", "bfloat16"} == record["hardware"].keys()
    assert [(run["training"][:4], run["seed"]) for run in record["runs"]] == [
        ("Fast", 0), ("Fast", 1), ("CNN,", 0), ("CNN,", 1),
    ]  # fmt: skip
    expected = {
        "Fast network, CPU recipe": ([32, 40], fc.fast(), 20),
        "CNN, offline copies": ([48, 48], fc.cnn(0.5, 0.25), 3 * 20),
    }
    for run in record["runs"]:
        sides, model, faces = expected[run["training"]]
        assert [row["side"] for row in run["epochs"]] == sides
        assert run["epochs"][-1]["flops"] == fc.training_flops(model, faces=faces, sides=sides)
        assert run["epochs"][0]["flops"] == fc.training_flops(model, faces=faces, sides=sides[:1])
        seconds = [row["seconds"] for row in run["epochs"]]
        assert seconds == sorted(seconds)


def test_without_a_gpu_the_round_says_so_and_measures_nothing(tmp_path):
    done = called("gpu_round.py", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "no GPU that torch can use" in done.stdout
    assert not (tmp_path / "out").exists()


def test_the_round_is_rehearsed_with_all_its_steps(tmp_path):
    done = called("gpu_round.py", "--rehearse", "--seeds", 4, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "gpu_round.json").read_text(encoding="utf-8"))
    assert record["rehearsed"]
    assert record["tests"]["passed"], record["tests"]["said"]
    assert " passed" in record["tests"]["said"]
    assert record["timings"]["tiny, bfloat16"]["faces_per_second"] > 0
    assert record["trainings"]["4"]["epochs"] == 2
    assert record["verdict"].startswith("tests passed; 'Fast network, GPU recipe', mean of 1 seed(s)")
    [kept] = (tmp_path / "full").glob("*.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["seed"] == 4
