"""What published tools find of the clinic's bugs: the records that were measured, their reader, and the benchmark."""

import json
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch

from fercourse import clinic
from fercourse.errors import DataMismatch, DataNotFound
from fercourse.learn.clinic import published

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "clinic_tools.py"
RECORD = {"tool": "toy", "version": "1.0", "caught": ["a", "b"], "alarms": ["seed 3"]}
RECORD |= {"bugs": 4, "clean": 10, "seconds": 2}


@pytest.fixture(scope="module")
def benchmark():
    spec = spec_from_file_location("clinic_tools", BENCHMARK)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(published, "PUBLISHED", tmp_path)
    return tmp_path


def keep(folder, **changes):
    record = {name: value for name, value in (RECORD | changes).items() if value is not ...}
    (folder / f"{record.get('tool')}.json").write_text(json.dumps(record), encoding="utf-8")


def test_each_tool_is_a_row_and_what_catches_most_stands_first(folder):
    keep(folder)
    keep(folder, tool="naive", version=None, caught=["a", "b", "c"], alarms=[])
    keep(folder, tool="calm", alarms=[])
    table = clinic.published_tools()
    assert list(table.index) == ["naive", "calm", "toy"]
    assert table.loc["toy"].to_dict() == {
        "caught": 2, "bugs": 4, "alarms": 1, "clean": 10, "score": pytest.approx(2 / 4 - 1 / 10), "version": "1.0",
        "names": ["a", "b"], "seconds": 2,
    }  # fmt: skip
    assert table.loc["naive", "version"] == ""


def test_where_nothing_was_measured_the_benchmark_is_named(folder):
    with pytest.raises(DataNotFound, match=r"found none: python benchmarks/clinic_tools.py naive"):
        clinic.published_tools()


@pytest.mark.parametrize(
    ("name", "value"), [("caught", ...), ("alarms", "none"), ("bugs", None), ("clean", "20"), ("seconds", ...)]
)
def test_a_damaged_record_is_named(folder, name, value):
    keep(folder, **{name: value})
    with pytest.raises(DataMismatch, match=rf"toy.json: expected the record of a tool; {name} is missing or damaged"):
        clinic.published_tools()


def test_the_records_that_travel_with_the_package_are_of_the_courses_own_bugs():
    table = clinic.published_tools()
    assert set(table.index) == {"naive", "torchtest", "torcheck", "torch-audit", "torchtest2"}
    known = {mutant.name for mutant in clinic.all_mutants()}
    assert set().union(*table["names"]) <= known
    assert table["bugs"].nunique() == table["clean"].nunique() == 1
    assert (table["caught"] == table["names"].map(len)).all()


def test_what_is_recorded_of_a_tool_is_what_its_score_says(benchmark):
    def audit(pipeline):
        images, _ = benchmark.first_batch(pipeline)
        return ["pixels"] * bool(images.max() > 1)

    chosen = [mutant for mutant in clinic.all_mutants() if mutant.name in ("raw_pixels", "never_eval")]
    score = clinic.score(audit, mutants=chosen, seeds=1, choices=["no dropout"])
    record = json.loads(json.dumps(benchmark.record_of("naive", score, 3.25)))
    assert record["caught"] == ["raw_pixels"]
    assert (record["bugs"], record["clean"], record["alarms"], record["crashes"]) == (2, 2, [], {})
    assert record["complaints"] == {"raw_pixels": ["pixels"]}
    assert record["versions"]["torch"] == torch.__version__


def test_the_naive_audit_lets_the_clean_training_pass_and_finds_weights_that_never_move(benchmark):
    clean = clinic.clean_pipeline(seed=3)
    (mutant,) = (each for each in clinic.all_mutants() if each.name == "optimizer_of_another_network")
    assert clinic.ask(benchmark.naive, clean).complaints == ()
    assert clinic.ask(benchmark.naive, mutant.plant(clean)).complains


def test_a_tool_that_is_not_installed_is_named_with_how_to_install_it(benchmark):
    missing = [tool for tool, module in benchmark.MODULES.items() if not find_spec(module)]
    if not missing:
        pytest.skip("all of them are installed")
    command = [sys.executable, BENCHMARK, missing[0]]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout) == (1, "")
    install = f"python -m pip install --no-deps --target tools {missing[0]}"
    assert finished.stderr == f"{missing[0]} is not installed: {install}\n"


@pytest.mark.parametrize(
    ("tool", "catches"),
    [
        ("torchtest", "optimizer_of_another_network"),
        ("torcheck", "optimizer_of_another_network"),
        ("torch-audit", "raw_pixels"),
        ("torchtest2", "batch_norm_without_memory"),
    ],
)
def test_a_tool_that_is_installed_lets_the_clean_training_pass_and_catches_a_bug(benchmark, tool, catches):
    if not find_spec(benchmark.MODULES[tool]):
        pytest.skip(f"{tool} is not installed: python -m pip install --no-deps --target tools {tool}")
    clean = clinic.clean_pipeline(seed=3)
    (mutant,) = (each for each in clinic.all_mutants() if each.name == catches)
    assert clinic.ask(benchmark.AUDITS[tool], clean).complaints == ()
    assert clinic.ask(benchmark.AUDITS[tool], mutant.plant(clean)).complains
    assert catches in clinic.published_tools().loc[tool, "names"]
