"""The network of lesson 06. Images come in as float32 in [0, 1], (B, 48, 48, 1)."""

from functools import wraps

import keras
from keras import layers

from fercourse.data.faces import EMOTIONS, SIDE
from fercourse.settings import in_grey_levels


def port_cnn(mean: float, std: float) -> keras.Sequential:
    """The port of lesson 06: 8 kernels of 4×4, pool 4, 16 kernels of 2×2, pool 2, then 576-120-64-7.

    Takes float32 (B, 48, 48, 1), standardised inside by `mean` and `std` in grey levels of [0, 1]; returns logits
    (B, 7). "Same" padding, ReLU, Glorot's uniform weights, biases of zero.
    Raises ParameterError for a mean or a std that is no grey level of [0, 1]. Built by hand in lesson 06.
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


def _of_grey_levels(build):
    @wraps(build)
    def built(mean: float, std: float) -> keras.Sequential:
        return build(in_grey_levels("mean", mean), in_grey_levels("std", std))

    return built


port_cnn = _of_grey_levels(port_cnn)  # no decorator above: those lines are the lesson's, and stay the lesson's
