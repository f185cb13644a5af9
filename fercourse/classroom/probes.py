"""Probes: work that a check needs done where a student's answer lives, its class, its model, its exception.

In a notebook they are called as they are; a grader calls them inside the student's kernel. They hold no solutions, and
return numbers, texts, arrays, tensors, lists and dicts, because nothing else comes back from there.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor
    from torch.nn import Module

LONGEST_ERROR = 200  # characters of what an audit ended with
AT_ONCE = 250
"""Faces that a network is asked about together: what it computes on the way has to fit into memory."""


def outcome_of(answer: Callable, kind: type[BaseException], *arguments: object) -> list:
    """["value", what `answer(*arguments)` returns], or what it raises: [how, the name of its class].

    how: "as asked" where that is a `kind`, of that class or of one that comes from it, else "error".
    """
    try:
        return ["value", answer(*arguments)]
    except kind as error:
        return ["as asked", type(error).__name__]
    except Exception as error:  # whatever a student's code raises is the outcome
        return ["error", type(error).__name__]


def answer_and_modes(answer: Callable, model: "Module", *arguments: object) -> list:
    """[what `answer(model, *arguments)` returns, whether each module of `model` is in training mode afterwards]."""
    came = answer(model, *arguments)
    return [came, [module.training for module in model.modules()]]


def answer_modes_and_state(answer: Callable, model: "Module", *arguments: object) -> list:
    """As `answer_and_modes`; and whether every tensor in the state of `model` has the same numbers afterwards."""
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    came, modes = answer_and_modes(answer, model, *arguments)
    return [came, modes, all(bool((before[name] == tensor).all()) for name, tensor in model.state_dict().items())]


def audited(answer: Callable, names: list[str], seed: int, seconds: float) -> list[list]:
    """What `answer` says of each small training that fercourse.learn.clinic.ward makes of `names` and `seed`, in turn.

    ["value", what it returns], ["error", how it ended], an AssertionError as ["value", [its text]], or ["late"] for
    each that is left when `seconds` of processor time are used up. What it yields is a list.
    """
    import time

    import torch

    from fercourse.learn.clinic.ward import training
    from fercourse.learn.device import random_numbers_aside

    said, used = [], 0.0
    for name in names:
        audit_of = training(name, seed=seed)
        with random_numbers_aside(torch.device("cpu")):
            torch.manual_seed(seed)
            begin = time.thread_time()
            said.append(["late"] if used > seconds else _said(answer, audit_of))
            used += time.thread_time() - begin
    return said


def _said(answer, training):
    try:
        came = answer(training)
        return ["value", list(came) if isinstance(came, Iterator) else came]
    except AssertionError as error:
        return ["value", [str(error) or "an assertion does not hold"]]
    except Exception as error:  # whatever a student's audit raises is what it says
        return ["error", f"{type(error).__name__}: {error}"[:LONGEST_ERROR]]


def parts_named(answer: Callable, cases: list[list[str]]) -> list:
    """What `answer(ill, sound, complains)` returns for trainings in which the named parts are broken, one a case."""
    from fercourse.learn.clinic.ward import is_ill, of_answers

    return [answer(of_answers(broken), of_answers([]), is_ill) for broken in cases]


def module_shapes(answer: Callable | None, arguments: tuple) -> dict[str, list[int]] | None:
    """The shape of each tensor in the state of the module `answer(*arguments)`: name → list of sides.

    None where `answer` is None, or a class that has got no `__init__` yet but that of nn.Module.
    """
    from torch.nn import Module

    if answer is None or (isinstance(answer, type) and answer.__init__ is Module.__init__):
        return None
    return {name: list(tensor.shape) for name, tensor in answer(*arguments).state_dict().items()}


def module_outputs(answer: Callable, arguments: tuple, state: dict, images: "Tensor") -> dict[str, "Tensor"]:
    """What the module `answer(*arguments)` with `state` makes of `images`, in training and after it; and the images."""
    module, given = answer(*arguments), images.clone()
    module.load_state_dict(state)
    in_training = module.train()(given).detach().clone()
    afterwards = module.eval()(given).detach().clone()
    return {"in training": in_training, "afterwards": afterwards, "the images that came in": given.detach()}


def module_stages(answer: Callable, arguments: tuple, state: dict, images: "Tensor") -> dict[str, "Tensor"]:
    """What each layer of the module `answer(*arguments)` with `state` gives in training: name → output, as they run.

    Only the module's own children are listened to, and each by its last call.
    """
    module, stages = answer(*arguments), {}
    module.load_state_dict(state)
    for name, layer in module.named_children():
        layer.register_forward_hook(lambda _, __, output, name=name: stages.update({name: output.detach().clone()}))
    module.train()(images.clone())
    return stages


def grey_layer(answer: Callable, convolution: "Module", grey: "Tensor") -> dict:
    """What the layer `answer(convolution)` is, what it gives for grey pictures, and what became of the old one.

    grey: (B, 1, height, width). {"class": the name of its class, None for None}; of a module also "weight", the shape
    of its kernels, or None; "output" for `grey`, and its "type", None where its kernels have another number of channels
    than one; "expected", what the old one gave for the picture repeated three times; "kept", whether it still does;
    "shared", whether the two share a tensor; "trains", whether each weight of the new one takes a gradient.
    """
    import torch

    colour = grey.repeat(1, 3, 1, 1)
    before = {name: tensor.clone() for name, tensor in convolution.state_dict().items()}
    expected, came = convolution(colour).detach(), answer(convolution)
    if not isinstance(came, torch.nn.Module):
        return {"class": None if came is None else type(came).__name__}
    after, weight = convolution.state_dict(), getattr(came, "weight", None)
    kept = convolution.in_channels == 3 and all(torch.equal(before[name], after[name]) for name in before)
    kept = kept and torch.equal(convolution(colour), expected)
    places = [{each.untyped_storage().data_ptr() for each in layer.parameters()} for layer in (convolution, came)]
    fits = isinstance(weight, torch.Tensor) and weight.ndim == 4 and weight.shape[1] == 1
    output = came(grey.clone()).detach() if fits else None
    return {
        "class": type(came).__name__,
        "weight": list(weight.shape) if isinstance(weight, torch.Tensor) else None,
        "output": output,
        "type": None if output is None else str(output.dtype).removeprefix("torch."),
        "expected": expected,
        "kept": kept,
        "shared": bool(places[0] & places[1]),
        "trains": all(each.requires_grad for each in came.parameters()),
    }


def frozen_training(answer: Callable, body: "Module", head: "Module", stream: list[tuple]) -> dict:
    """What the pair (model, optimizer) of `answer(body, head)` does in two epochs over `stream`, each evaluated.

    {"pair": whether it is one, "class": of what it is made, None for None}; of a pair {"pair", "returns": whether
    train() and eval() return the model}; and where they do, also "library", whether Frozen is in it; "head", "others":
    how many tensors of the head, and others, the optimizer holds, and its "rates"; "moved": the names of tensors, but
    the head's, that moved; "still": those of the head that did not; "gradients": whether another weight than the head's
    got one; "in training", "for answers": pairs of what the model gives in that mode, and what the head gives for the
    body's evaluation.
    """
    import copy

    import torch

    from fercourse.learn.loop import evaluate, train_epoch
    from fercourse.learn.transfer.frozen import Frozen

    alone, images = copy.deepcopy(body).eval(), stream[0][0]
    came = answer(body, head)
    parts = list(came) if hasattr(came, "__iter__") and not isinstance(came, torch.nn.Module) else []
    if len(parts) != 2 or not isinstance(parts[0], torch.nn.Module) or not hasattr(parts[1], "param_groups"):
        kinds = " and ".join(f"<{type(part).__name__}>" for part in parts[:3] or [came])
        return {"pair": False, "class": None if came is None else kinds}
    model, optimizer = parts
    returns = [model.train() is model, model.eval() is model]
    if not all(returns):
        return {"pair": True, "returns": False}
    of_head = {tensor.data_ptr(): name for name, tensor in head.state_dict().items()}
    held = [tensor.data_ptr() in of_head for group in optimizer.param_groups for tensor in group["params"]]
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for _ in range(2):
        train_epoch(model, stream, optimizer)
        evaluate(model, stream)
    after = model.state_dict()
    moved = {after[name].data_ptr(): name for name in before if not torch.equal(before[name], after[name])}
    others = [weights for weights in model.parameters() if weights.data_ptr() not in of_head]
    answers = {}
    for name, mode in (("in training", True), ("for answers", False)):
        answers[name] = []
        model.train(mode)
        for network in (model, lambda faces, mode=mode: head.train(mode)(alone(faces))):
            torch.manual_seed(9)  # a dropout of the head drops the same both times
            with torch.no_grad():
                answers[name].append(network(images.clone()).clone())
    return {
        "pair": True,
        "library": any(isinstance(layer, Frozen) for layer in model.modules()),
        "returns": True,
        "head": sum(held),
        "others": len(held) - sum(held),
        "rates": [float(group["lr"]) for group in optimizer.param_groups],
        "moved": [name for place, name in moved.items() if place not in of_head],
        "still": [name for place, name in of_head.items() if place not in moved],
        "gradients": any(weights.grad is not None for weights in others),
    } | answers


def trained_answers(answer: Callable, arrays: dict, images: "np.ndarray", takes_images: bool) -> Any:
    """What a network with the weights `arrays` answers to images, uint8 (N, 48, 48): an array, scores or codes.

    answer: `answer(images, arrays)` where `takes_images`; else `answer()` gives a PyTorch module or a Keras model, and
            gets float32 in [0, 1], (B, 1, 48, 48) and (B, 48, 48, 1).
    Raises ValueError where the weights do not fit the network.
    """
    import numpy as np

    if takes_images:
        return answer(images.copy(), {name: np.array(array) for name, array in arrays.items()})
    model = answer()
    _check_weights(model, arrays)
    ask = _asked_keras if hasattr(model, "get_weights") else _asked_torch
    parts = np.array_split(images, -(-len(images) // AT_ONCE))
    return np.concatenate([np.asarray(scores) for scores in ask(model, arrays, parts)])


def _check_weights(model, arrays):
    if hasattr(model, "get_weights"):
        wanted = {f"{place:03}": array.shape for place, array in enumerate(model.get_weights())}
    elif hasattr(model, "state_dict"):
        wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    else:
        raise ValueError(f"expected a PyTorch module or a Keras model from network(), came a {type(model).__name__}")
    came = {name: array.shape for name, array in arrays.items()}
    for name in (*wanted, *came):
        if wanted.get(name) != came.get(name):
            raise ValueError(
                f"the weights do not fit network(): {name} is {wanted.get(name, 'not there')} in the network and "
                f"{came.get(name, 'not there')} in what was handed in. Was it trained and handed in by this code?"
            )


def _asked_torch(model, arrays, parts):
    import torch

    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    model = model.cpu().float().eval()
    for images in parts:
        with torch.no_grad():
            yield model(torch.from_numpy(images.copy())[:, None].float() / 255)


def _asked_keras(model, arrays, parts):
    model.set_weights([arrays[name] for name in sorted(arrays)])
    for images in parts:
        yield model(images[..., None].astype("float32") / 255, training=False)


def keras_step(
    answer: Callable, weights: "np.ndarray", bias: "np.ndarray", parts: list[tuple], rate: float
) -> list["Tensor | np.ndarray"]:
    """[what `answer(model, parts, rate)` returns, weights, bias afterwards] of a Keras model of one dense layer.

    parts: pairs of arrays, images (N, inputs) and labels (N,); the answer gets them as TensorFlow's tensors
    """
    from fercourse.tf.quiet import load_tensorflow

    load_tensorflow()
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((weights.shape[0],)), keras.layers.Dense(weights.shape[1])])
    model.set_weights([weights, bias])
    came = answer(model, [(tf.constant(images), tf.constant(labels)) for images, labels in parts], rate)
    return [came, *model.get_weights()]


def keras_layer(answer: Callable, arguments: tuple, maps: "np.ndarray") -> dict | None:
    """What the Keras layer `answer(*arguments)` makes of `maps` in evaluation, and its running mean after one batch.

    {"layer": the name of its class, "evaluated": array, "mean": array or None}; None where the answer is None.
    """
    layer = answer(*arguments)
    if layer is None:
        return None
    kind = type(layer).__name__
    if kind != "BatchNormalization":
        return {"layer": kind}
    evaluated = layer(maps, training=False)
    layer(maps, training=True)
    return {"layer": kind, "evaluated": evaluated, "mean": layer.moving_mean.numpy()}
