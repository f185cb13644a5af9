"""One file from which a killed run goes on as if nothing had happened."""

import io
import re
import tempfile
import zipfile
import zlib
from difflib import get_close_matches
from pathlib import Path
from pickle import PicklingError, UnpicklingError

import numpy as np
import torch
from torch.serialization import safe_globals

from fercourse.errors import CheckpointMismatch, NotWritten, ParameterError
from fercourse.files import written_aside
from fercourse.settings import plain

HOLDS = {"recipe", "training", "best", "generator", "noise", "rows"}
NUMPY = [np.dtype, np._core.multiarray.scalar, *{type(np.dtype(code)) for code in "?bhilqBHILQefdgU"}]
"""What a NumPy scalar is made of: settings of that type were once kept as they came."""
SHOWN = 12  # differences in one message


def save_checkpoint(path, state):
    """Write `state` (tensors, numbers, strings, lists and dicts of them) aside and move it into place.

    Raises NotWritten where the disk is full or the folder not writable; the old file then stays.
    """
    with written_aside(path) as aside, open(aside, "wb") as file:
        torch.save(state, file)


def check_writable(path):
    """Raise NotWritten where no file can be written beside `path`; the folder is made."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise NotWritten(
            f"the checkpoint {path} could not be written: {error.strerror or error}. Nothing was trained. Choose a "
            "folder that you may write to."
        ) from error


def check_readable(name, state):
    """Raise ParameterError where a checkpoint with `state`, that of what `name` names, could not be read again."""
    file = io.BytesIO()
    try:
        torch.save(state, file)
        file.seek(0)
        torch.load(file, weights_only=True)
    except (UnpicklingError, PicklingError, RuntimeError, TypeError, AttributeError) as error:
        raise ParameterError(
            f"a checkpoint holds tensors, numbers, texts, lists and dicts, and the state of the {name} holds more, so "
            f"that it could not be resumed: {_reason(error)}. Train without a checkpoint."
        ) from error


def load_checkpoint(path, *, recipe):
    """The state saved at `path`, if it was saved by the same `recipe` (a flat dict).

    Raises CheckpointMismatch with one line for each setting that differs, or where the file is damaged, or whole and
    something else.
    """
    state = read_checkpoint(path)
    saved = {key: _as_now(value) for key, value in state["recipe"].items()}
    layers = {key: value for key, value in recipe.items() if key.startswith("layer ")}
    if not any(key.startswith("layer ") for key in saved):
        saved |= layers  # an earlier version kept the shapes of the weights alone, under "model"
    saved.setdefault("frozen", recipe.get("frozen"))  # an earlier version did not keep it
    differences = [
        f"  {key}: {saved.get(key, 'not set')} in the checkpoint, {recipe.get(key, 'not set')} now"
        for key in sorted(saved.keys() | recipe.keys())
        if saved.get(key) != recipe.get(key)
    ]
    if differences:
        more = [f"  and {len(differences) - SHOWN} more"] if len(differences) > SHOWN else []
        raise CheckpointMismatch(
            f"{path} was written by another run:\n"
            + "\n".join(differences[:SHOWN] + more)
            + "\nResume with the old settings, or give this run a checkpoint of its own."
        )
    return state | {"rows": [{name: plain(value) for name, value in row.items()} for row in state["rows"]]}


def earlier_run(path, *, resume, recipe, epochs):
    """The state to go on from, or None to begin: as `resume`, True, False or "auto", has it.

    Raises ParameterError where `resume` is True and nothing is there, naming what is, or where the run is longer than
    `epochs`; CheckpointMismatch where a run is there that was not asked to go on, or another one.
    """
    path = Path(path)
    if path.is_dir():
        raise ParameterError(f"expected a file as checkpoint, found the folder {path}")
    if path.exists() and not resume:
        raise CheckpointMismatch(
            f"{path} holds an earlier run. Pass resume=True to go on with it, or give this run a checkpoint of its own."
        )
    if path.exists():
        saved = load_checkpoint(path, recipe=recipe)
        if len(saved["rows"]) > epochs:
            raise ParameterError(f"{path} is {len(saved['rows'])} epochs long already, found epochs={epochs}")
        return saved
    if resume is True:
        raise ParameterError(
            f"resume=True goes on from a checkpoint, and there is no {path}; {_beside(path)}. "
            'Mend the name; resume="auto" begins where there is none yet.'
        )
    return None


def _beside(path):
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    names = [each.name for each in path.parent.iterdir() if each.is_file()]
    if not names:
        return f"{path.parent} holds no file"
    nearest = get_close_matches(path.name, names, n=SHOWN, cutoff=0)
    return f"of the {len(names)} files in {path.parent} the nearest by name: {', '.join(nearest)}"


def read_checkpoint(path):
    """What is in a checkpoint, whichever recipe wrote it; first by the checksums of its file, then by its content.

    Raises CheckpointMismatch where the file is damaged, or whole and something else.
    """
    try:
        with open(path, "rb") as file:
            broken = _damage(file)
    except OSError as error:
        raise CheckpointMismatch(f"{path} could not be read: {error.strerror or error}.") from error
    if broken:
        raise CheckpointMismatch(
            f"{path} is no checkpoint, or it is damaged, as by a copy that was cut short ({broken}). "
            "Bring a whole copy back, or give this run a checkpoint of its own."
        )
    try:
        with safe_globals(NUMPY):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError) as error:
        raise CheckpointMismatch(
            f"{path} is whole, but no checkpoint that `fit` wrote: it holds more than tensors, numbers, texts, lists "
            "and dicts, and reading such a file could run code. Nothing was changed. Give this run a checkpoint of its "
            "own; if you know who wrote the file, torch.load(path, weights_only=False) reads it.\n"
            f"torch says: {_reason(error)}"
        ) from error
    if isinstance(state, dict) and "drawn" in state:
        state["generator"] = state.pop("drawn")  # as an earlier version called it
    if not isinstance(state, dict) or not state.keys() >= HOLDS or not isinstance(state["recipe"], dict):
        found = f"a dict of {', '.join(map(str, list(state)[:SHOWN]))}" if isinstance(state, dict) else type(state)
        raise CheckpointMismatch(
            f"{path} is whole, but no checkpoint that `fit` wrote: expected {', '.join(sorted(HOLDS))}; found {found}. "
            "Nothing was changed. Give this run a checkpoint of its own."
        )
    return state


def _damage(file):
    """What is wrong with the archive that a checkpoint is, by its own checksums; None where it is whole."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        return error


def _reason(error):
    """The line of torch's long message that says what was refused."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "Unsupported" in line or "got" in line), lines[0])


def _as_now(value):
    """A setting as this version keeps it: a NumPy scalar, or the repr of one inside a schedule's, is a plain number."""
    value = plain(value)
    return re.sub(r"np\.\w+\(([^()]*)\)", r"\1", value) if isinstance(value, str) else value
