"""Probes of the later lessons; what a probe is, stands in `fercourse.classroom.probes`."""

from collections.abc import Callable
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
