"""The loop of lesson 06: batches, one step, one epoch of training, one evaluation, predictions; and `fit`.

A test compares `batches`, `train_step` and `train_epoch` with the cells of the lesson: change them there and here.
"""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from itertools import chain
from math import isfinite

import keras
import tensorflow as tf

from fercourse.data.faces import Faces, Split
from fercourse.errors import DataMismatch, ParameterError, TrainingDiverged
from fercourse.report.history import History
from fercourse.report.predictions import Predictions
from fercourse.settings import flag, number, seed_number, whole
from fercourse.tf.checks import check_augment, check_batch, check_losses, check_optimizer
from fercourse.tf.logits import check_finite, check_logits

Stream = Iterable[tuple[tf.Tensor, tf.Tensor]]
"""Batches of images and labels."""


def seed_everything(seed: int) -> None:
    """Seed TensorFlow's, NumPy's and Python's random numbers: initial weights and dropout.

    Raises ParameterError for anything but a whole number from 0 to 2**32 - 1.
    """
    seed = seed_number(seed)
    if seed >= 2**32:
        raise ParameterError(f"expected seed, a whole number from 0 to 2**32 - 1 as NumPy takes; found seed={seed}")
    keras.utils.set_random_seed(seed)


def batches(split: Split, batch_size: int = 128, *, shuffle: bool = False, seed: int = 0) -> tf.data.Dataset:
    """A split's images and labels, `batch_size` at a time, as a tf.data.Dataset; the last batch may be shorter.

    images: float32 (B, 48, 48, 1) in [0, 1], channels last; labels: int64 (B,).
    shuffle: a new order each time it is run through, from `seed` and from `seed_everything`'s. So one dataset
             serves all epochs; a new one each epoch would fill the memory with copies of the images.
    Raises ParameterError for a batch_size under 1 and a seed that is no whole number, DataMismatch for a split without
    faces or labels.

    >>> from fercourse.data.drawn.dataset import drawn_faces
    >>> [tuple(images.shape) for images, labels in batches(drawn_faces(10, 0, 0).train, 4)]
    [(4, 48, 48, 1), (4, 48, 48, 1), (2, 48, 48, 1)]

    Built by hand in lesson 06.
    """
    batch_size, shuffle, seed = whole("batch_size", batch_size), flag("shuffle", shuffle), seed_number(seed)
    _check_faces(split)
    if not split.labelled:
        raise DataMismatch(f"the {split.name} split of {split.source} has no labels to train or evaluate on")
    return _batches(split, batch_size, shuffle, seed)


def _check_faces(split):
    if not isinstance(split, Split):
        raise ParameterError(f"expected a Split, such as data.train; found {type(split).__name__}")
    if not len(split):
        raise DataMismatch(f"the {split.name} split of {split.source} holds no faces; at least one is needed")


def _batches(split, batch_size, shuffle, seed):
    images, labels = tf.constant(split.images), tf.constant(split.labels)
    order = tf.data.Dataset.range(len(split))
    if shuffle:
        order = order.shuffle(len(split), seed=seed)

    def gather(index):
        faces = tf.gather(images, index)[..., None]
        return tf.cast(faces, tf.float32) / 255, tf.gather(labels, index)

    return order.batch(batch_size).map(gather).prefetch(tf.data.AUTOTUNE)


@tf.function(reduce_retracing=True)
def train_step(model, images, labels, optimizer):
    """One gradient step, as a graph; returns the sum of the losses and the number of right answers before it.

    The optimiser has to be built: its variables cannot be made inside a graph. Built by hand in lesson 06.
    """
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(gradients, model.trainable_variables)
    hits = tf.math.count_nonzero(tf.argmax(logits, 1) == labels)
    return tf.reduce_sum(losses), hits


def train_epoch(model, stream, optimizer):
    """Take one gradient step a batch of `stream`; return {"train_loss", "train_accuracy"}.

    Both are means over samples, seen while the weights move.

    Built by hand in lesson 06.
    """
    loss_sum, hits, seen = 0, 0, 0
    for images, labels in stream:
        batch_loss, batch_hits = train_step(model, images, labels, optimizer)
        loss_sum += batch_loss
        hits += batch_hits
        seen += len(labels)
    return {"train_loss": float(loss_sum) / seen, "train_accuracy": int(hits) / seen}


def _on_batches(train_epoch):
    @wraps(train_epoch)
    def trained(model: keras.Layer, stream: Stream, optimizer: keras.Optimizer) -> dict[str, float]:
        stream = iter(stream)
        for first in stream:
            check_optimizer(model, optimizer)
            return train_epoch(model, _checked(chain([first], stream)), optimizer)
        raise DataMismatch("expected at least one batch to train on, found none; a generator can be run through once")

    return trained


train_epoch = _on_batches(train_epoch)  # no decorator above: those lines are the lesson's, and stay the lesson's


def _checked(stream):
    """`stream`, each batch of which is looked at before it is handed on."""
    for images, labels in stream:
        check_batch(images, labels)
        yield images, labels


def evaluate(model: keras.Layer, stream: Stream) -> dict[str, float]:
    """Run the model over `stream` without dropout or gradients; return {"valid_loss", "valid_accuracy"}.

    Both are means over samples, so the last, short batch counts for what it holds; they have these names whichever
    faces the stream holds.
    Raises ParameterError where the model answers with probabilities, or not with 7 logits a face, and DataMismatch
    for a stream without batches.
    """
    loss_sum, hits, seen = 0, 0, 0
    for images, labels in _checked(stream):
        if not seen:
            check_logits(model, images)
        logits = tf.cast(model(images, training=False), tf.float32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        loss_sum += tf.reduce_sum(losses)
        hits += tf.math.count_nonzero(tf.argmax(logits, 1) == labels)
        seen += len(labels)
    if not seen:
        raise DataMismatch(
            "expected at least one batch to evaluate on, found none; a generator can be run through once"
        )
    return {"valid_loss": float(loss_sum) / seen, "valid_accuracy": int(hits) / seen}


def predict(model: keras.Layer, split: Split, *, flips: bool = False, batch_size: int = 512) -> Predictions:
    """The model's probabilities for every face of a split, as `Predictions`.

    flips: whether to take the mean of the probabilities of each face and of its mirror image.
    A split without labels is answered as well; its `Predictions` have none.
    Raises ParameterError where the model answers with probabilities already, or not with 7 logits a face, and
    DataMismatch for a split without faces.
    """
    flips, batch_size = flag("flips", flips), whole("batch_size", batch_size)
    _check_faces(split)
    stream = _batches(split, batch_size, False, 0)
    first, _ = next(iter(stream))
    check_logits(model, first)
    check_finite(model, first)
    probabilities = []
    for images, _ in stream:
        views = [images, tf.reverse(images, [2])] if flips else [images]
        answers = [tf.nn.softmax(tf.cast(model(view, training=False), tf.float32)) for view in views]
        probabilities.append(tf.reduce_mean(answers, 0))
    labels = split.labels if split.labelled else None
    return Predictions(tf.concat(probabilities, 0).numpy(), labels, split.source, split.drawn)


def fit(
    model: keras.Layer,
    data: Faces,
    *,
    epochs: int,
    lr: float = 1e-3,
    batch_size: int = 128,
    augment: Callable[[tf.Tensor], tf.Tensor] | None = None,
    seed: int = 0,
) -> History:
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
    check_losses(model, few)
    if augment is not None:
        train = _augmented(train, augment)
        check_augment(augment, few)
    optimizer = keras.optimizers.Adam(lr)
    optimizer.build(_trainable(model))
    rows = []
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        row = {"epoch": epoch} | train_epoch(model, train, optimizer) | evaluate(model, valid)
        _check_losses(row, lr)
        rows.append(row | {"seconds": time.perf_counter() - start})
    return History(rows)


def mirrored(images: tf.Tensor) -> tf.Tensor:
    """Each image (48, 48, 1) of a batch, or by an even chance its mirror image: what lesson 06 augments with."""
    return tf.image.random_flip_left_right(images)


def _augmented(train, augment):
    """The stream with other images; raises ParameterError where `augment` makes none of the same kind of them."""
    wanted = "expected augment to be a TensorFlow function of images alone, such as tf.image.random_flip_left_right"
    try:
        changed = train.map(lambda images, labels: (augment(images), labels))
    except (TypeError, ValueError, AttributeError) as error:
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
