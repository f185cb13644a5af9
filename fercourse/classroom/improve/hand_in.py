"""`hand_in`: the weights of a trained network go into the output of a cell, and so into the file of the notebook.

A file beside the notebook would be lost where a course takes one file from each student. Nothing that is handed in is
run when it is read: it holds arrays of numbers and no code.
"""

import base64
import binascii
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fercourse.classroom.hints import is_graded
from fercourse.classroom.improve.baselines import baseline_of
from fercourse.classroom.improve.weights import LARGEST, packed, unpacked
from fercourse.errors import DataMismatch, ParameterError
from fercourse.hosted import DRIVE, SAVED
from fercourse.report.show import show

MOST_CELLS = 2000
LARGEST_NOTEBOOK = 100_000_000  # bytes that `saved` reads
_held = [{}]  # id → the weights as text: of this session; on top of it, while a notebook is graded, what came with it


def hand_in(id: str, model: object) -> None:
    """Hand in a trained network for exercise `id`: its weights are kept in the output of this cell.

    model: a PyTorch module, a Keras model, or a dict of NumPy arrays; the last one that is handed in counts

    Raises ParameterError for an exercise that judges no network, and for weights that are no finite numbers or more
    than 1 MB in half precision.
    """
    if is_graded():
        return
    baseline_of(id)
    data = packed(arrays_of(model))
    arrays = unpacked(data)  # as they will be judged
    text = _held[-1][id] = base64.b64encode(data).decode()
    numbers = sum(array.size for array in arrays.values())
    line = (
        f"Handed in for {id}: {numbers:,} numbers, {len(data) / 1000:,.0f} kB. They are in this cell's output: "
        "save the notebook, and do not clear its outputs."
    )
    metadata = {"kind": "hand_in", "id": id, "at": int(time.time()), "weights": text}
    show(metadata, text=line, html=f"<div>{escape(line)}</div>")


def saved(id: str, path: str | os.PathLike | None = None) -> None:
    """Say whether the notebook's file holds what was handed in for exercise `id` in this session.

    path: of the notebook, where it is not found by itself, as a copy that was downloaded from Colab
    Raises ParameterError for an exercise that judges no network, and for a path at which no notebook is.
    """
    if is_graded():
        return
    baseline_of(id)
    line, is_there = _where_it_is(
        id, _notebook_of(id) if path is None else Path(path).expanduser(), asked=path is not None
    )
    sign, colour = ("✓", "#1a7f37") if is_there else ("✗", "#cf222e")
    html = f"<div><b style='color: {colour}'>{sign}</b> {escape(line)}</div>"
    show({"kind": "saved", "id": id, "there": is_there}, text=line, html=html)


def handed_in_arrays(id: str) -> dict[str, np.ndarray]:
    """What was handed in for exercise `id`: name → array. Raises DataMismatch where it is nothing, or damaged."""
    text = _held[-1].get(id)
    if text is None and len(_held) > 1:
        raise DataMismatch(
            "no trained network came with the notebook: it was saved before fc.hand_in had run, or its outputs were "
            "cleared. Run the training once more, save, and hand in the notebook with its outputs"
        )
    if text is None:
        raise DataMismatch(f'no network is handed in yet: train it, then run fc.hand_in("{id}", …)')
    try:
        if len(text) > 2 * LARGEST:
            raise DataMismatch(f"expected weights of at most {LARGEST // 1_000_000} MB; found more")
        return unpacked(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        if isinstance(error, DataMismatch):
            raise
        raise DataMismatch("the weights are damaged: they are no file of arrays") from error


def found_in(cells: list) -> dict[str, str]:
    """What is handed in in the outputs of raw cells, whatever they are: id → the weights as text, the latest of each.

    Nothing is believed or opened here.
    """
    found = {}
    for cell in cells[:MOST_CELLS]:
        outputs = cell.get("outputs") if type(cell) is dict else None
        for output in outputs if type(outputs) is list else ():
            metadata = output.get("metadata") if type(output) is dict else None
            record = metadata.get("fercourse") if type(metadata) is dict else None
            if type(record) is not dict or record.get("kind") != "hand_in":
                continue
            id, weights, at = record.get("id"), record.get("weights"), record.get("at")
            at = at if type(at) is int else 0
            if type(id) is str and type(weights) is str and at >= found.get(id, (0, ""))[0]:
                found[id] = (at, weights)
    return {id: weights for id, (_, weights) in found.items()}


@contextmanager
def in_place_of_this_session(texts: Mapping[str, str]) -> Iterator[None]:
    """Until the block ends, `texts` (id → the weights as text) are what was handed in: a grader's work."""
    _held.append(dict(texts))
    try:
        yield
    finally:
        _held.pop()


def arrays_of(model: Any) -> dict[str, np.ndarray]:
    """The weights of a PyTorch module, a Keras model, a dict or a list of arrays: name → array.

    Raises ParameterError for anything else.
    """
    model = getattr(model, "_orig_mod", model)  # what torch.compile has wrapped
    if model is None:
        raise ParameterError("expected what was trained, found None: does network() return a network?")
    if isinstance(model, type) or not (isinstance(model, (Mapping, list, tuple)) or _has_weights(model)):
        raise ParameterError(
            "expected what was trained: a PyTorch module, a Keras model, or a dict of arrays; found "
            f"{'the function ' + model.__name__ if hasattr(model, '__name__') else 'a ' + type(model).__name__}"
        )
    if hasattr(model, "get_weights"):
        model = model.get_weights()
    elif hasattr(model, "state_dict"):
        model = model.state_dict()
    pairs = model.items() if isinstance(model, Mapping) else ((f"{n:03}", each) for n, each in enumerate(model))
    return {name: _as_array(value) for name, value in pairs}


def _has_weights(model):
    return hasattr(model, "state_dict") or hasattr(model, "get_weights")


def _as_array(value):
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    return value.numpy() if hasattr(value, "numpy") and not isinstance(value, np.ndarray) else np.asarray(value)


def _notebook_of(id):
    """The file of the notebook in which this runs, as far as it can be known; else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    named = [os.environ.get("JPY_SESSION_NAME"), shell.user_ns.get("__vsc_ipynb_file__") if shell else None]
    paths = [Path(name) for name in named if name]
    found = [path for folder in (Path(), DRIVE / SAVED) for path in folder.glob("*.ipynb")]
    paths += sorted(found, key=lambda path: -path.stat().st_mtime)
    mark = f'"{id.replace(".", "-")}-answer"'.encode()
    return next((path for path in paths if path.is_file() and mark in _bytes(path)), None)


def _bytes(path):
    with open(path, "rb") as file:
        return file.read(LARGEST_NOTEBOOK)


def _where_it_is(id, path, *, asked):
    """(a sentence, whether the weights of this session are in the file)."""
    if asked and not path.is_file():
        raise ParameterError(f"expected the path of the notebook, found no file at {str(path)!r}")
    if id not in _held[-1]:
        return f'Nothing is handed in for {id} in this session: run the training and fc.hand_in("{id}", …).', False
    if path is None:
        return (
            f'The file of this notebook cannot be seen from here. Save or download it, and run fc.saved("{id}", '
            '"its path"); or open what you hand in once more, and see that the output of fc.hand_in is there.'
        ), False
    try:
        cells = json.loads(_bytes(path).decode("utf-8"))["cells"]
        found = found_in(cells).get(id) if type(cells) is list else None
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError(f"{path}: expected a notebook; {type(error).__name__}: {error}") from error
    if found == _held[-1][id]:
        return f"{path.name} holds the network that you handed in for {id}: this file can be handed in.", True
    what = "no network" if found is None else "an earlier network"
    return f"{path.name} holds {what} for {id}: save the notebook (Ctrl+S), then run this cell once more.", False
