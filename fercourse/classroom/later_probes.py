"""Probes of the later lessons; what a probe is, stands in `fercourse.classroom.probes`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fercourse.classroom.probes import LONGEST_ERROR

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


def layer_asked(answer: Callable, model: "Module", place: int, images: "Tensor", codes: "Tensor") -> dict:
    """What `answer(model, model[place], images, codes)` returns, or the error that it raises, and what it left changed.

    {"came": a list for a pair; "error": a text, or None; "left": what of the model and the images is not as before}.
    """

    def now():
        layers, held = list(model.modules()), [images, *model.parameters()]
        hooks = [(layer._forward_hooks, layer._forward_pre_hooks, layer._backward_hooks) for layer in layers]
        return {
            "modes of layers": [layer.training for layer in layers],
            "hooks": [[list(each) for each in of_layer] for of_layer in hooks],
            "gradients": [[each.requires_grad, None if each.grad is None else each.grad.tolist()] for each in held],
            "the images, weights or averages": [each.tolist() for each in (images, *model.state_dict().values())],
        }

    before, came, error = now(), None, None
    try:
        came = answer(model, model[place], images, codes)
    except Exception as raised:  # whatever a student's code raises is the outcome
        error = f"{type(raised).__name__}: {raised}"[:LONGEST_ERROR]
    return {"came": came, "error": error, "left": [name for name, value in now().items() if value != before[name]]}


def averages(answer: Callable, model: "Module", keep: float, states: list[dict]) -> dict:
    """What the average `answer(model, keep)` says while `model` has one of `states` after another; {} for no class yet.

    "states": what it says after each; "later": the same dicts once the model is 0, and "again": what it says then;
    "model": its state before; "trains": whether it takes gradients.
    """
    if isinstance(answer, type) and answer.__init__ is object.__init__:
        return {}
    average, said, then = answer(model, keep), [], []
    for state in states:
        model.load_state_dict(state)
        average.update(model)
        said.append(average.state() or {})
        then.append({name: value.detach().clone() for name, value in said[-1].items()})
    came = {"states": then, "later": said, "trains": all(each.requires_grad for each in model.parameters())}
    came["model"] = {name: value.clone() for name, value in model.state_dict().items()}
    [value.zero_() for value in model.state_dict().values()]
    return came | {"again": average.state()}


def training_arithmetic(answer: Callable, faces: int, sides: list[int]) -> int:
    """The operations of training the network `answer()` on so many faces at each of `sides`."""
    from fercourse.learn.costs import training_flops

    return training_flops(answer(), faces=faces, sides=sides)


def resumed_sweeps(answer: Callable, calls: list[dict], outcomes: list, killed: int) -> list[dict]:
    """What the sweep `answer(run, root, **axes)` does when it is called with each of `calls` in turn, in one folder.

    outcomes: pairs of settings and what `run` makes of them: a number is returned, a text is that of a ValueError
    killed:   in which of its runs, counted from 1, the first call gets a KeyboardInterrupt
    One dict for each call: "begun", the settings that came to `run`, or a list where they came without names; "came",
    what it returned; "killed", whether the kill came out of it; "error", what else did, or None; "files", how many lie
    in the folder afterwards.
    """
    said = []
    with TemporaryDirectory() as folder:
        for axes in calls:
            said.append(_swept(answer, Path(folder), axes, outcomes, killed=0 if said else killed))
            said[-1]["files"] = sum(path.is_file() for path in Path(folder).rglob("*"))
    return said


def sweeps_after_kills(answer: Callable, axes: dict, outcomes: list) -> list[dict]:
    """What a call says after each kill that would have left the folder of the sweep `answer` in another state.

    What lies in the folder when a function written in C is called, as `open` and `write` are, is what a kill at that
    moment leaves there. Each such state is made anew, and a call goes on from it. The last one is that of a sweep that
    was not killed. Dicts as those of `resumed_sweeps`, with "held", a dict: file or folder → bytes in it, at first.
    """
    sizes, states = [], []
    with TemporaryDirectory() as folder:

        def look(frame, event, argument):
            if event == "c_call" and (found := _sizes(folder)) not in sizes:
                sizes.append(found)
                states.append(_held(found))

        before = sys.getprofile()
        sys.setprofile(look)
        try:
            _swept(answer, Path(folder), axes, outcomes)
        finally:
            sys.setprofile(before)
        states.append(_held(_sizes(folder)))
        states = [{os.path.relpath(path, folder): content for path, content in held.items()} for held in states]
    return [_swept_from(held, answer, axes, outcomes) for held in states]


def _swept(answer, root, axes, outcomes, *, killed=0):
    begun, came, error, was_killed = [], None, None, False

    def run(*values, **settings):
        begun.append(list(values) or settings)
        if len(begun) == killed:
            raise KeyboardInterrupt
        outcome = next((outcome for known, outcome in outcomes if known == settings), 0)
        if isinstance(outcome, str):
            raise ValueError(outcome)
        return outcome

    try:
        came = answer(run, root, **{name: list(values) for name, values in axes.items()})
    except KeyboardInterrupt:
        if not 0 < killed <= len(begun):  # somebody pressed the stop button
            raise
        was_killed = True
    except Exception as raised:  # whatever a student's code raises is the outcome
        error = f"{type(raised).__name__}: {raised}"[:LONGEST_ERROR]
    return {"begun": begun, "came": came, "killed": was_killed, "error": error}


def _sizes(folder):
    """What lies in a folder: path → its bytes, counted, or None for a folder, which comes before what lies in it."""
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            found[entry.path] = None if entry.is_dir() else entry.stat().st_size
            found |= _sizes(entry.path) if entry.is_dir() else {}
    return found


def _held(sizes):
    return {path: None if size is None else Path(path).read_bytes() for path, size in sizes.items()}


def _swept_from(held, answer, axes, outcomes):
    with TemporaryDirectory() as folder:
        for name, content in held.items():
            if content is None:
                Path(folder, name).mkdir()
            else:
                Path(folder, name).write_bytes(content)
        said = _swept(answer, Path(folder), axes, outcomes)
    return said | {"held": {name: len(content or b"") for name, content in held.items()}}
