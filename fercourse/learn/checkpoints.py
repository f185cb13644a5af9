"""One file from which a killed run goes on as if nothing had happened."""

import pickle
from pathlib import Path

import torch

from fercourse.errors import CheckpointMismatch
from fercourse.files import written_aside


def save_checkpoint(path, state):
    """Write `state` (tensors, numbers, strings, lists and dicts of them) aside and move it into place.

    Raises NotWritten where the disk is full or the folder not writable; the old file then stays.
    """
    with written_aside(path) as aside, open(aside, "wb") as file:
        torch.save(state, file)


def load_checkpoint(path, *, recipe):
    """The state saved at `path`, if it was saved by the same `recipe` (a flat dict).

    Raises CheckpointMismatch with one line for each setting that differs, or where the file is damaged.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        saved = state["recipe"]
    except (RuntimeError, KeyError, EOFError, TypeError, pickle.UnpicklingError) as error:
        raise CheckpointMismatch(
            f"{path} is not a checkpoint of this course, or it is damaged ({type(error).__name__}). "
            "Delete it to start from the beginning."
        ) from error
    differences = [
        f"  {key}: {saved.get(key, 'not set')} in the checkpoint, {recipe.get(key, 'not set')} now"
        for key in sorted(saved.keys() | recipe.keys())
        if saved.get(key) != recipe.get(key)
    ]
    if differences:
        raise CheckpointMismatch(
            f"{path} was written by another run:\n"
            + "\n".join(differences)
            + "\nResume with the old settings, or give this run a checkpoint of its own."
        )
    return state


def refuse_to_overwrite(path):
    """Raise CheckpointMismatch where `path` holds an earlier run that was not asked to go on."""
    if Path(path).exists():
        raise CheckpointMismatch(f"{path} holds an earlier run. Pass resume=True to go on with it, or delete it.")
