"""What is handed in stays in the notebook through saving and opening, and nothing else takes its place."""

import json

import nbformat
import numpy as np
import pytest
import torch
import toy_improve
from improved import PREPARED, handed_in_output
from nbclient import NotebookClient
from torch import nn

import fercourse as fc
from fercourse.classroom.improve import hand_in as handing
from fercourse.classroom.improve.hand_in import arrays_of, found_in, handed_in_arrays, in_place_of_this_session
from fercourse.errors import DataMismatch, ParameterError


@pytest.fixture(autouse=True)
def _sheet(monkeypatch, tmp_path):
    (tmp_path / "kept here").mkdir()
    toy_improve.install(monkeypatch, tmp_path / "kept here")
    monkeypatch.setattr(handing, "_held", [{}])
    monkeypatch.chdir(tmp_path)


def test_a_network_that_was_trained_in_a_kernel_is_in_the_file_that_nbformat_saves_and_opens_again(tmp_path):
    training = 'fc.hand_in("09.1", toy_improve.trained(2000, 2))'
    cells = [nbformat.v4.new_code_cell(source) for source in (PREPARED, training, 'fc.saved("09.1")')]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    nbformat.validate(notebook)
    path = tmp_path / "09_toy.ipynb"
    for _ in range(2):
        nbformat.write(notebook, path)
        notebook = nbformat.read(path, as_version=4)
    found = found_in(json.loads(path.read_text(encoding="utf-8"))["cells"])
    with in_place_of_this_session(found):
        arrays = handed_in_arrays("09.1")
    for name, array in arrays_of(toy_improve.trained(2000, 2)).items():
        assert np.allclose(arrays[name], array, rtol=1e-3, atol=1e-3)
    (shown,) = notebook.cells[1].outputs
    assert shown.data["text/plain"].startswith("Handed in for 09.1: 4,039 numbers, ")
    assert "cannot be seen from here" in notebook.cells[2].outputs[0].data["text/plain"]


def test_the_last_that_is_handed_in_counts_and_in_a_file_the_latest():
    fc.hand_in("09.1", nn.Linear(2, 1))
    fc.hand_in("09.1", nn.Linear(3, 1))
    assert handed_in_arrays("09.1")["weight"].shape == (1, 3)
    cells = [{"outputs": [handed_in_output("09.1", text, at=at)]} for text, at in (("b", 2), ("c", 3), ("a", 1))]
    assert found_in(cells) == {"09.1": "c"}
    assert found_in([*cells, {"outputs": [handed_in_output("09.1", "d", at=3)]}]) == {"09.1": "d"}


def test_whatever_stands_in_a_notebook_nothing_but_text_is_taken_from_it():
    record = {"kind": "hand_in", "id": "09.1", "weights": "text"}
    strange = [None, 3, [], {}, {"outputs": 3}, {"outputs": [None, {"metadata": []}, {"metadata": {"fercourse": 3}}]}]
    strange += [{"outputs": [{"metadata": {"fercourse": record | change}}]}
                for change in ({"kind": "guess"}, {"id": 3}, {"weights": None}, {"id": []})]  # fmt: skip
    assert found_in(strange) == {}
    assert found_in([{"outputs": [{"metadata": {"fercourse": record | {"at": "late"}}}]}]) == {"09.1": "text"}


@pytest.mark.parametrize(
    "model",
    [
        nn.Linear(3, 2),
        torch.compile(nn.Linear(3, 2)),
        {"weight": torch.zeros(2, 3), "bias": np.zeros(2)},
        nn.Linear(3, 2).state_dict(),
        nn.Linear(3, 2).to(torch.bfloat16),
        {"weight": [[0.0, 1, 2], [3, 4, 5]], "bias": [0, 1]},
    ],
    ids=["module", "compiled", "tensors", "state", "bfloat16", "lists"],
)
def test_weights_come_in_many_forms(model):
    fc.hand_in("09.1", model)
    assert {name: array.shape for name, array in handed_in_arrays("09.1").items()} == {"weight": (2, 3), "bias": (2,)}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (None, "found None: does network() return a network?"),
        (toy_improve.small_network, "found the function small_network"),
        (nn.Linear, "found the function Linear"),
        (3, "found a int"),
        ({"a": "text"}, "a: expected an array of numbers"),
        (nn.Linear(2304, 1000), "make that layer narrower"),
    ],
    ids=["nothing", "the function", "a class", "a number", "text", "too large"],
)
def test_what_is_no_trained_network_is_refused(model, said):
    with pytest.raises(ParameterError) as caught:
        fc.hand_in("09.1", model)
    assert said in str(caught.value)
    assert handing._held == [{}]


def test_an_exercise_that_judges_no_network_takes_none():
    for id in ("03.1", "09.7", "9.1", 3):
        with pytest.raises(ParameterError):
            fc.hand_in(id, nn.Linear(2, 1))
        with pytest.raises(ParameterError):
            fc.saved(id)


def test_the_file_that_was_saved_is_told_from_one_that_was_not(tmp_path, monkeypatch, capsys):
    def line(*path):
        fc.saved("09.1", *path)
        return capsys.readouterr().out.strip()

    cell = {"cell_type": "code", "id": "09-1-answer", "outputs": []}
    path = tmp_path / "mine.ipynb"
    assert line() == 'Nothing is handed in for 09.1 in this session: run the training and fc.hand_in("09.1", …).'
    fc.hand_in("09.1", nn.Linear(2, 1))
    capsys.readouterr()
    assert line().startswith("The file of this notebook cannot be seen from here.")
    path.write_text(json.dumps({"cells": [cell]}))
    assert line().startswith("mine.ipynb holds no network for 09.1: save the notebook (Ctrl+S)")
    text = handing._held[-1]["09.1"]
    path.write_text(json.dumps({"cells": [cell | {"outputs": [handed_in_output("09.1", text)]}]}))
    assert line() == "mine.ipynb holds the network that you handed in for 09.1: this file can be handed in."
    monkeypatch.setenv("HOME", str(tmp_path))
    assert line(path) == line() == line("~/mine.ipynb")
    fc.hand_in("09.1", nn.Linear(3, 1))
    capsys.readouterr()
    assert line().startswith("mine.ipynb holds an earlier network for 09.1: save the notebook")
    with pytest.raises(ParameterError, match=r"found no file at 'elsewhere\.ipynb'"):
        fc.saved("09.1", "elsewhere.ipynb")
    path.write_text('"09-1-answer"')
    with pytest.raises(ParameterError, match="expected a notebook"):
        fc.saved("09.1")


def test_jupyters_own_word_about_the_notebook_comes_first(tmp_path, monkeypatch, capsys):
    cell = {"cell_type": "code", "id": "09-1-answer", "outputs": []}
    (tmp_path / "sub").mkdir()
    for name in ("sub/this.ipynb", "newer.ipynb"):
        (tmp_path / name).write_text(json.dumps({"cells": [cell]}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "sub" / "this.ipynb"))
    fc.hand_in("09.1", nn.Linear(2, 1))
    fc.saved("09.1")
    assert "this.ipynb holds no network" in capsys.readouterr().out


def test_the_notebook_that_colab_saved_into_the_drive_is_found(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(handing, "DRIVE", tmp_path / "MyDrive")
    (tmp_path / "MyDrive" / "Colab Notebooks").mkdir(parents=True)
    cell = {"cell_type": "code", "id": "09-1-answer", "outputs": []}
    (tmp_path / "MyDrive" / "Colab Notebooks" / "Copy of 09.ipynb").write_text(json.dumps({"cells": [cell]}))
    fc.hand_in("09.1", nn.Linear(2, 1))
    fc.saved("09.1")
    assert "Copy of 09.ipynb holds no network" in capsys.readouterr().out


def test_a_grader_sees_what_came_with_the_notebook_and_nothing_of_its_own():
    fc.hand_in("09.1", nn.Linear(2, 1))
    with in_place_of_this_session({}), pytest.raises(DataMismatch, match="no trained network came with the notebook"):
        handed_in_arrays("09.1")
    for text in ("no base64!", "AAAA", "A" * 3_000_000):
        with in_place_of_this_session({"09.1": text}), pytest.raises(DataMismatch):
            handed_in_arrays("09.1")
    assert handed_in_arrays("09.1")["weight"].shape == (1, 2)
