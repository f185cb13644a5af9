"""What the loop would train on otherwise than it says, refused in words before it begins."""

import random

import keras
import numpy as np
import tensorflow as tf

from fercourse.data.faces import MOST_OUTSIDE, check_codes
from fercourse.errors import ParameterError

DARK = 0.01  # the scale of a first layer that is meant for grey levels from 0 to 255: 1/255, 2/255


def check_losses(model, images):
    """Raise ParameterError where the loop would leave out a loss of the model's own, or add up losses in 16 bits.

    And for a first layer that would divide faces in [0, 1] by 255 once more.
    """
    logits = model(images[:8], training=False)
    first = next(
        (layer for layer in getattr(model, "layers", ()) if not isinstance(layer, keras.layers.InputLayer)), None
    )
    if isinstance(first, keras.layers.Rescaling) and np.max(np.abs(first.scale)) < DARK:
        raise ParameterError(
            f"faces come in [0, 1], and the model begins with Rescaling({first.scale:.4g}), which is for grey levels "
            "from 0 to 255: everything would be black, and nothing learnt. Leave that layer out"
        )
    if model.losses:
        raise ParameterError(
            "the loop lowers the cross-entropy alone, and this model adds losses of its own, as kernel_regularizer and "
            f"add_loss do: {len(model.losses)} would be left out. Build it without them, or train it by Keras' own "
            "compile and fit"
        )
    if logits.dtype != tf.float32:
        raise ParameterError(
            f"expected logits in float32 to train by, found {logits.dtype.name}, in which the losses of an epoch "
            'cannot be added up. Let the last layer compute them so: layers.Dense(7, dtype="float32")'
        )


def check_batch(images, labels):
    """Raise ParameterError where a batch of a stream is not float images with one code of an emotion for each."""
    kind, labels = tf.as_dtype(images.dtype), np.asarray(labels)  # images may be on a GPU, and stay there
    if not kind.is_floating:
        raise ParameterError(f"expected a stream of float images in [0, 1], (B, 48, 48, 1); found {kind.name}")
    if labels.dtype != np.int64 or labels.shape != (len(images),):
        raise ParameterError(
            f"expected a stream of labels int64 ({len(images)},), a code for each face; found {labels.dtype} "
            f"{labels.shape}. Of rows with a 1 in them take labels.argmax(axis=1), of a column labels.ravel(), of "
            "other whole numbers labels.astype('int64')"
        )
    check_codes(labels)


def check_optimizer(model, optimizer):
    """Raise ParameterError where an optimiser was built for other weights than those that the model trains now.

    A step is traced once for both: layers that were frozen since then would go on moving, thawed ones would stay.
    """
    held = {id(variable) for variable in getattr(optimizer, "_trainable_variables", ())}
    moving = {id(variable) for variable in model.trainable_variables}
    if moving and held != moving:
        raise ParameterError(
            f"expected an optimizer that was built for the {len(moving)} weights that the model trains now; this one "
            f"was built for {len(held)}{' others' if len(held) == len(moving) else ''}. After layers are frozen or "
            "thawed make a new one, and optimizer.build(model.trainable_variables)"
        )


def check_augment(augment, images):
    """Raise ParameterError where an augmentation draws once and for all, or standardises training faces alone."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        (changed,) = tf.data.Dataset.from_tensors(images).map(augment)
        key, place = np.random.get_state()[1:3]
        drawn = random.getstate() != python or place != numpy[2] or (key != numpy[1]).any()
    except tf.errors.OpError as error:
        raise ParameterError(f"augment={augment!r} fails with images {images.shape}: {error.message}") from error
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
    if drawn:
        raise ParameterError(
            f"augment={augment!r} draws from Python's or NumPy's random numbers. TensorFlow runs it once, to write it "
            "down as a graph, so that every batch would have the same draws. Draw by tf.random or tf.image.random_…"
        )
    changed = np.asarray(changed)
    if not np.isfinite(changed).all():
        raise ParameterError(f"augment={augment!r} makes NaN or infinity of images that are in [0, 1]")
    if ((changed < 0) | (changed > 1)).mean() > MOST_OUTSIDE:
        raise ParameterError(
            f"expected augment to return images in [0, 1], as valid faces are; {augment!r} makes them from "
            f"{changed.min():.3g} to {changed.max():.3g}. What standardises would change training faces alone: let the "
            "model begin with it, as with layers.Normalization. Of other changes take tf.clip_by_value(images, 0, 1)"
        )
