"""The network of lesson 06, and PyTorch's weights for it. Images come in as float32 in [0, 1], (B, 48, 48, 1)."""

import keras
import numpy as np
from keras import layers

from fercourse.data.faces import EMOTIONS, SIDE
from fercourse.errors import DataMismatch, ParameterError


def port_cnn(mean, std):
    """The port of lesson 06: 8 kernels of 4×4, pool 4, 16 kernels of 2×2, pool 2, then 576-120-64-7.

    Takes float32 (B, 48, 48, 1), standardised inside by `mean` and `std` in grey levels of [0, 1]; returns logits
    (B, 7). "Same" padding, ReLU, Glorot's uniform weights, biases of zero.
    Built by hand in lesson 06.
    """
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Normalization(axis=None, mean=mean, variance=std**2),
            layers.Conv2D(8, 4, padding="same", activation="relu"),
            layers.MaxPooling2D(4),
            layers.Conv2D(16, 2, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(len(EMOTIONS)),
        ]
    )


def copy_from_torch(model, state):
    """Put PyTorch's weights into a Keras model of the same layers in the same order.

    state: the state_dict with arrays for tensors, name to float32 array; its "….weight" and "….bias" are taken in
           their order. A convolution's (out, in, height, width) becomes (height, width, in, out); a linear layer's
           (out, in) becomes (in, out); behind a Flatten its inputs move from channels first to channels last.
           The standardisation is not copied: build both networks with the same mean and std.

    Raises DataMismatch where layers or shapes differ, and then changes no weight; ParameterError for a layer with
    weights that is neither Conv2D nor Dense.
    """
    weights = [array for name, array in state.items() if name.endswith(".weight")]
    biases = [array for name, array in state.items() if name.endswith(".bias")]
    targets = [layer for layer in model.layers if layer.weights]
    if not len(weights) == len(biases) == len(targets):
        raise DataMismatch(
            f"expected weights and biases for {len(targets)} layers, found {len(weights)} weights, {len(biases)} biases"
        )
    places = _places_before_flatten(model)
    moved = []
    for layer, weight, bias in zip(targets, weights, biases, strict=True):
        pair = [_channels_last(layer, np.asarray(weight), places.get(layer.name)), np.asarray(bias)]
        for ours, theirs in zip(pair, layer.get_weights(), strict=True):
            if ours.shape != theirs.shape:
                raise DataMismatch(f"{layer.name}: expected {theirs.shape}, found {ours.shape} from PyTorch")
        moved.append(pair)
    for layer, pair in zip(targets, moved, strict=True):
        layer.set_weights(pair)


def _channels_last(layer, weight, places):
    """PyTorch's weight of one layer, in Keras' order; `places` is (height, width, channels) behind a Flatten."""
    if isinstance(layer, layers.Conv2D):
        return weight.transpose(2, 3, 1, 0)
    if not isinstance(layer, layers.Dense):
        raise ParameterError(f"{layer.name}: only Conv2D and Dense are copied, found {type(layer).__name__}")
    if places is None or weight.shape[1] != np.prod(places):
        return weight.T
    height, width, channels = places
    return weight.reshape(-1, channels, height, width).transpose(2, 3, 1, 0).reshape(height * width * channels, -1)


def _places_before_flatten(model):
    """(height, width, channels) of what is flattened, by the name of the Dense that follows the Flatten."""
    found = {}
    for place, layer in enumerate(model.layers):
        if isinstance(layer, layers.Flatten) and len(layer.input.shape) == 4:
            dense = next(later for later in model.layers[place:] if isinstance(later, layers.Dense))
            found[dense.name] = layer.input.shape[1:]
    return found
