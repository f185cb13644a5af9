"""PyTorch's weights in a Keras model, and the proof that they arrived: both sides' logits of random images."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from fercourse.data.faces import SIDE
from fercourse.errors import DataMismatch, ParameterError

MOVES = (layers.Flatten, layers.Permute, layers.Reshape)
"""The layers that put numbers into another order and do nothing else."""

KINDS = ("weight", "bias", "running_mean", "running_var")
"""What a layer of PyTorch may hold, in the order of Keras' arrays: batch norm has all four, other layers two."""


def copy_from_torch(
    model: keras.Model, original: Any, *, reference: tuple[np.ndarray, np.ndarray] | None = None
) -> None:
    """Put PyTorch's weights into a Keras model of the same layers in the same order, and prove that they arrived.

    original:  the PyTorch network, an nn.Module; or its state_dict alone, and then `reference` as well
    reference: (images, logits): at least two images as the PyTorch network takes them, (B, channels, height, width),
               and its answers to them in evaluation mode, (B, 7). Of a network they are asked for here

    A convolution's (out, in, height, width) becomes (height, width, in, out); a linear layer's (out, in) becomes
    (in, out); batch norm brings its weight, bias, running mean and running variance. Behind Flatten, Permute or Reshape
    what a layer reads follows the channels. Where each Keras layer bears the name of its PyTorch layer, "block1_conv2"
    for block1.conv2, the names say what belongs together, as a network with branches needs it; else the order does.

    Nothing else is copied: build both networks with the same mean and std, padding, strides, activations and epsilon.
    To train on alike, batch norm's momentum has to fit as well: Keras' is one minus PyTorch's.
    Then both answer the same random images, and the copy holds only if no logit differs by more than 1e-4, and by less
    where all logits lie close together.

    Raises DataMismatch where layers or shapes differ, ParameterError for a Keras model that takes channels first, for
    a layer with weights that is no Conv2D, Dense or BatchNormalization, and where the logits differ or prove nothing.
    The Keras model is then as it was.
    """
    stack = _stack(model)
    targets = [layer for layer in stack if layer.weights and not isinstance(layer, layers.Normalization)]
    weights = _in_order(targets, _weights(original))
    _check_channels_last(model.inputs[0].shape[1:], weights)
    copied = _turned(stack, targets, weights)
    images, theirs = _reference(model, original) if reference is None else _given(reference)
    before = [layer.get_weights() for layer in targets]
    try:
        _put(targets, copied)
        ours = _asked("the Keras model", lambda: model(np.moveaxis(images, 1, -1), training=False), images.shape)
    finally:
        _put(targets, before)
    _prove(ours, theirs)
    _put(targets, copied)


def _stack(model):
    """The layers of a model in their order, those of the models inside it in their place."""
    if len(getattr(model, "inputs", None) or ()) != 1:
        raise ParameterError(
            "expected a Keras model that knows its one input: Sequential with keras.Input first, or "
            f"keras.Model(inputs, outputs); found {type(model).__name__}"
        )
    nested = [_stack(layer) if isinstance(layer, keras.Model) else [layer] for layer in model.layers]
    return [layer for part in nested for layer in part]


def _weights(original):
    """What each PyTorch layer holds, as arrays in the order of KINDS: a dict, name to list."""
    if not isinstance(original, Mapping):
        if not hasattr(original, "state_dict"):
            raise ParameterError(f"expected a PyTorch network or its state_dict, found a {type(original).__name__}")
        original = original.state_dict()
    found = {}
    for name, values in original.items():
        layer, _, kind = str(name).rpartition(".")
        if kind in KINDS:
            found.setdefault(layer, {})[kind] = _array(values)
    return {layer: [arrays[kind] for kind in KINDS if kind in arrays] for layer, arrays in found.items()}


def _in_order(targets, weights):
    """PyTorch's arrays in the order of the Keras layers: by their names where all are the same, else as they stand."""
    named = {name.replace(".", "_"): arrays for name, arrays in weights.items()}
    names = [layer.name for layer in targets]
    return [named[name] for name in names] if set(named) == set(names) else list(weights.values())


def _check_channels_last(shape, weights):
    """Raise ParameterError where the channels of PyTorch's first convolution are the first side of Keras' images."""
    channels = weights[0][0].shape[1] if weights and weights[0][0].ndim == 4 else None
    if len(shape) == 3 and shape[0] == channels != shape[2]:
        raise ParameterError(
            f"expected a Keras model of images with channels last, {(*shape[1:], channels)}; found {tuple(shape)}, "
            "channels first as in PyTorch. Give keras.Input and the layers behind it Keras' own order."
        )


def _array(values):
    """A tensor, of either framework and on any device, or an array, as a NumPy array."""
    return values.detach().cpu().float().numpy() if hasattr(values, "detach") else np.asarray(values)


def _turned(stack, targets, weights):
    """The weights in Keras' order, layer by layer; raises DataMismatch where one has no place or another shape."""
    if len(weights) != len(targets):
        raise DataMismatch(f"expected weights for {len(targets)} layers, found {len(weights)} layers from PyTorch")
    pairs = zip(targets, weights, strict=True)
    turned = [_channels_last(stack, layer, arrays) for layer, arrays in pairs]
    for layer, pair in zip(targets, turned, strict=True):
        expected, found = [array.shape for array in layer.get_weights()], [array.shape for array in pair]
        if expected != found:
            alike = "Give both a bias and averages, or neither: bias=False is use_bias=False. "
            alike = "" if len(expected) == len(found) else alike
            raise DataMismatch(
                f"{layer.name}: expected {_listed(expected)}, found {_listed(found)} from PyTorch. {alike}In a network "
                'with branches, name each Keras layer as PyTorch names it, "block1_conv2" for block1.conv2'
            )
    return turned


def _listed(shapes):
    return " and ".join(map(str, shapes))


def _channels_last(stack, layer, arrays):
    """PyTorch's arrays of one layer, in Keras' order."""
    weight, *others = arrays
    if isinstance(layer, layers.Conv2D):
        return [weight.transpose(2, 3, 1, 0) if weight.ndim == 4 else weight, *others]
    if not isinstance(layer, (layers.Dense, layers.BatchNormalization)):
        raise ParameterError(
            f"{layer.name}: only Conv2D, Dense and BatchNormalization are copied, found {type(layer).__name__}"
        )
    order = _order(stack[: stack.index(layer)])
    if order is None or len(order) != weight.shape[-1]:
        order = slice(None)
    if isinstance(layer, layers.BatchNormalization):
        return [array[order] for array in arrays]
    return [weight.T[order], *others]


def _order(before):
    """Which of PyTorch's inputs each of Keras' is, for a layer after the layers `before`; None where nothing moves.

    PyTorch flattens channel by channel. So the places in that order are sent through what reorders them in Keras.
    """
    start = len(before)
    while start and _keeps(before[start - 1]):
        start -= 1
    moves = [layer for layer in before[start:] if isinstance(layer, MOVES)]
    shape = moves[0].input.shape[1:] if moves else (None,)
    if None in shape:
        return None
    places = np.moveaxis(np.arange(np.prod(shape), dtype=np.int32).reshape(shape[-1:] + shape[:-1]), 0, -1)[None]
    for layer in moves:
        places = layer(places)
    return np.ravel(places) if len(places.shape) == 2 else None


def _keeps(layer):
    """Whether numbers come out of a layer as they went in, each by itself, though perhaps elsewhere."""
    learnt = layer.weights and not isinstance(layer, layers.BatchNormalization)
    same = not learnt and getattr(layer.input, "shape", None) == layer.output.shape
    return isinstance(layer, MOVES) or same


def _put(targets, weights):
    for layer, pair in zip(targets, weights, strict=True):
        layer.set_weights(pair)


def _reference(model, original, number=8):
    """Random images, each of another brightness, float32 (B, channels, height, width), and PyTorch's answers."""
    if isinstance(original, Mapping):
        raise ParameterError(
            "weights alone do not say what a network answers, so their copy cannot be proved: give the PyTorch "
            "network itself, copy_from_torch(model, network), or reference=(images, logits)"
        )
    draw = np.random.default_rng(0)
    sides = [side or SIDE for side in model.inputs[0].shape[1:]]
    brightness = draw.random((number, *[1] * len(sides)), np.float32)
    images = np.moveaxis(brightness * draw.random((number, *sides), np.float32), -1, 1)
    return images, _asked("the PyTorch network", lambda: _evaluated(original, images), images.shape)


def _evaluated(network, images):
    """A PyTorch network's answers in evaluation mode; each of its modules is left in the mode that it had."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        return _array(network(next(network.parameters()).new_tensor(images)))
    finally:
        for module, training in modes:
            module.training = training


def _asked(whose, answer, shape):
    """What a network answers, as an array; raises ParameterError where it cannot take the images."""
    try:
        return np.asarray(answer(), np.float64)
    except (RuntimeError, TypeError, ValueError, tf.errors.OpError) as error:
        raise ParameterError(f"{whose} gave no logits for images {shape}, channels first: {error}") from error


def _given(reference):
    try:
        images, logits = (np.asarray(_array(part), np.float32) for part in reference)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"expected reference=(images, logits), two arrays, found another thing: {error}"
        ) from error
    return images, logits.astype(np.float64)


def _prove(ours, theirs):
    """Raise ParameterError unless both networks answered the same, and something that proves it."""
    if ours.shape != theirs.shape:
        raise ParameterError(f"not copied: expected logits {theirs.shape} as in PyTorch, found {ours.shape} from Keras")
    size, spread = np.abs(theirs).max(initial=0), theirs.std(axis=0).max(initial=0) if len(theirs) else 0
    if not spread > 1e-5 * size:
        raise ParameterError(
            "not copied: the PyTorch network answers nearly the same to every random image, or no number (spread "
            f"{spread:.2g} of logits up to {size:.2g}), so equal logits would prove nothing"
        )
    allowed = max(min(1e-4, 1e-4 * spread), 2e-6 * size)  # the last: what float32 leaves to the order of a sum
    apart = np.abs(ours - theirs).max()
    if not apart <= allowed:
        raise ParameterError(
            f"not copied: with PyTorch's weights the logits of {len(theirs)} images differ by up to {apart:.2g}, "
            f"expected at most {allowed:.1g}. The shapes fit: look at what has no weights (standardisation, padding, "
            "strides, activations, epsilon, order at a flatten) and at the order of the layers. Lesson 06 finds the "
            "stage"
        )
