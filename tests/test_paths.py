"""A folder may have any name that a system allows: the data, checkpoints, networks, records, caches and results in it.

Every test has such a folder (`tmp_path` in conftest.py); here are the harder names, and the way from data to results.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from toy_course import SETUP, STAMP, lesson, toy_course

import fercourse as fc
from fercourse.course.building.build import build
from fercourse.data.layouts.convert import LAYOUTS, convert
from fercourse.report.records import read_records

NAMES = {
    "blanks": "  Eigene Dateien ",
    "umlauts": "Übung für Größe ñ é",
    "decomposed": "U\u0308bung",  # as macOS once wrote it: two characters
    "Chinese": "表情 数据",
    "quotes": 'Ada\'s "data"',
    "pattern": "[x] fer* {a,b}?",
    "address": "100% #1 & a+b=c;@~ %20",
    "shell": "$HOME `ls` -rf",
    "long": "w" * 200,
}
PATIENT = 240  # seconds


@pytest.fixture(params=NAMES)
def place(request, tmp_path, monkeypatch):
    """A folder with a hard name, in which one works."""
    folder = tmp_path / NAMES[request.param]
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FERCOURSE_CACHE", str(folder / "cache"))
    return folder


def test_data_of_every_layout_are_read_there_and_kept_and_read_again(place, photographs):
    for layout in LAYOUTS:
        path = convert(photographs, place / layout / place.name, layout=layout)
        first, again = fc.load(path), fc.load(path)
        assert np.array_equal(first.train.images[:9], again.train.images[:9])
        if layout not in ("train-test", "jpeg-folders"):
            assert first.fingerprint == again.fingerprint == photographs.fingerprint
    assert any((place / "cache").iterdir())


def test_data_are_found_there_by_looking_and_by_the_environment(place, photographs, monkeypatch):
    convert(photographs, place / "data" / place.name / "fer2013.csv", layout="csv")
    monkeypatch.delenv("FERCOURSE_DATA")
    assert fc.load("auto").fingerprint == photographs.fingerprint
    monkeypatch.setenv("FERCOURSE_DATA", str(place / "data"))
    monkeypatch.chdir(place.parent)
    assert fc.load().fingerprint == photographs.fingerprint


def test_a_training_is_kept_there_and_goes_on_and_is_exported(place, faces):
    def network():
        torch.manual_seed(0)
        return fc.mlp(0.5, 0.25, hidden=(8,))

    recipe = {"lr": 1e-3, "seed": 0}
    where = {"checkpoint": place / "runs" / place.name / "a run.pt", "device": "cpu"}
    next(fc.iter_fit(network(), faces, epochs=2, **where))
    model = network()
    history = fc.fit(model, faces, epochs=2, **where, resume=True)
    assert len(history) == 2
    fc.save_run("a run", recipe, faces, history, lambda split: fc.predict(model, split), folder=place / "records")
    assert fc.load_run("a run", recipe, faces, folder=place / "records").history.rows == history.rows
    history.to_csv(place / "history.csv")
    small = fc.quantise(
        fc.export_onnx(model, place / "network.onnx", faces.valid), place / "small.onnx", faces.train, faces.valid
    )
    again = fc.OnnxNetwork(place / "network.onnx")
    assert np.allclose(
        again.predict(faces.valid).probabilities, fc.predict(model, faces.valid).probabilities, atol=1e-5
    )
    assert small.megabytes < again.megabytes


SPAWNED = """\
import multiprocessing
multiprocessing.get_all_start_methods = lambda: ["spawn"]
"""
READS = """\
import os
import fercourse as fc
assert fc.load(DATA).fingerprint == "{fingerprint}"
print(os.getcwd())
"""


@pytest.mark.parametrize("name", ["umlauts", "address"])
def test_a_run_on_data_there_writes_its_results_there_also_where_processes_are_spawned(name, tmp_path, faces):
    root = tmp_path / NAMES[name]
    course = toy_course(root, reads_01=lesson(READS.format(fingerprint=faces.fingerprint)))
    build(course=course, setup=SETUP, stamp=STAMP)
    data = convert(faces, root / "Daten" / f"{NAMES[name]}.csv", layout="csv")
    out = root / "Ergebnisse" / NAMES[name]
    (tmp_path / "sitecustomize.py").write_text(SPAWNED)
    command = [sys.executable, "-m", "fercourse", "run", "--data", data, "--out", out]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "FERCOURSE_CACHE": str(root / "cache")}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=PATIENT)
    assert (done.returncode, done.stderr) == (0, "")
    (record,) = read_records(out)
    assert record["status"] == "passed"
    assert (out / "results.html").is_file()
