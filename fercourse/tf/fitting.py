"""`fit`: epochs of `train_epoch` and `evaluate`, and the clock."""

import time
from math import isfinite

import keras

from fercourse.data.faces import Faces
from fercourse.errors import ParameterError, TrainingDiverged
from fercourse.report.history import History
from fercourse.settings import number, whole
from fercourse.tf.logits import check_finite, check_logits
from fercourse.tf.loop import batches, evaluate, train_epoch


def fit(model, data, *, epochs, lr=1e-3, batch_size=128, augment=None, seed=0):
    """Train `model` on `data.train` with Adam and return its `History`, with losses and accuracies on `data.valid`.

    The columns are those of PyTorch's `fc.fit` that both have: epoch, train_loss, train_accuracy, valid_loss,
    valid_accuracy, seconds. The order of the faces depends on `seed` and on `seed_everything`'s.
    augment: a TensorFlow function of training images, float32 (B, 48, 48, 1) in [0, 1], such as
             tf.image.random_flip_left_right
    Raises ParameterError for settings that cannot work and for a model that does not answer with 7 logits a face,
    DataMismatch for a split without faces or labels, TrainingDiverged after an epoch whose loss is NaN or infinite.
    """
    epochs, batch_size = whole("epochs", epochs), whole("batch_size", batch_size)
    lr = number("lr", lr, "> 0", lambda lr: lr > 0)
    if not isinstance(model, keras.Layer):
        raise ParameterError(f"expected a Keras model, found a {type(model).__name__}; PyTorch's are trained by fc.fit")
    if not isinstance(data, Faces):
        raise ParameterError(f"expected data as fc.load() returns it, a Faces; found {type(data).__name__}")
    train, valid = batches(data.train, batch_size, shuffle=True, seed=seed), batches(data.valid, 512)
    few, _ = next(iter(batches(data.train, 8)))
    check_logits(model, few)
    check_finite(model, few)
    train = train if augment is None else _augmented(train, augment)
    optimizer = keras.optimizers.Adam(lr)
    optimizer.build(_trainable(model))
    rows = []
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        row = {"epoch": epoch} | train_epoch(model, train, optimizer) | evaluate(model, valid)
        _check_losses(row, lr)
        rows.append(row | {"seconds": time.perf_counter() - start})
    return History(rows)


def _augmented(train, augment):
    """The stream with other images; raises ParameterError where `augment` makes none of the same kind of them."""
    wanted = "expected augment to be a TensorFlow function of images alone, such as tf.image.random_flip_left_right"
    try:
        changed = train.map(lambda images, labels: (augment(images), labels))
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{wanted}, found {augment!r}: {str(error).strip().splitlines()[-1]}") from error
    images, made = train.element_spec[0], changed.element_spec[0]
    if not images.is_compatible_with(made):
        raise ParameterError(f"{wanted}: of {images} it has to make the same kind, found {made}")
    return changed


def _trainable(model):
    """The variables that the optimiser moves: known once the model has seen a face."""
    if not model.trainable_variables:
        raise ParameterError(f"{model.name} has no weights that can be trained: none at all, or trainable=False")
    return model.trainable_variables


def _check_losses(row, lr):
    if not (isfinite(row["train_loss"]) and isfinite(row["valid_loss"])):
        raise TrainingDiverged(
            f"epoch {row['epoch']}: train loss {row['train_loss']}, valid loss {row['valid_loss']}, at a learning rate "
            f"of {lr:g}. Every weight would be no number from here on, so the training stops. Start again from new "
            "weights at a tenth of the rate."
        )
