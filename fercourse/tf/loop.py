"""The loop of lesson 06: batches, one step, one epoch of training, one evaluation, predictions.

A test compares `batches`, `train_step` and `train_epoch` with the cells of the lesson: change them there and here.
"""

from functools import wraps
from itertools import chain

import keras
import tensorflow as tf

from fercourse.data.faces import Split
from fercourse.errors import DataMismatch, ParameterError
from fercourse.report.predictions import Predictions
from fercourse.settings import flag, seed_number, whole
from fercourse.tf.logits import check_finite, check_logits


def seed_everything(seed):
    """Seed TensorFlow's, NumPy's and Python's random numbers: initial weights and dropout.

    Raises ParameterError for anything but a whole number from 0 to 2**32 - 1.
    """
    seed = seed_number(seed)
    if seed >= 2**32:
        raise ParameterError(f"expected seed, a whole number from 0 to 2**32 - 1 as NumPy takes; found seed={seed}")
    keras.utils.set_random_seed(seed)


def batches(split, size=128, *, shuffle=False, seed=0):
    """A split's images and labels, `size` at a time, as a tf.data.Dataset; the last batch may be shorter.

    images: float32 (B, 48, 48, 1) in [0, 1], channels last; labels: int64 (B,).
    shuffle: a new order each time it is run through, from `seed` and from `seed_everything`'s. So one dataset
             serves all epochs; a new one each epoch would fill the memory with copies of the images.
    Raises ParameterError for a size under 1 and a seed that is no whole number, DataMismatch for a split without
    faces or labels.

    >>> from fercourse.data.drawn.dataset import drawn_faces
    >>> [tuple(images.shape) for images, labels in batches(drawn_faces(10, 0, 0).train, 4)]
    [(4, 48, 48, 1), (4, 48, 48, 1), (2, 48, 48, 1)]

    Built by hand in lesson 06.
    """
    size, shuffle, seed = whole("size", size), flag("shuffle", shuffle), seed_number(seed)
    _check_faces(split)
    if not split.labelled:
        raise DataMismatch(f"the {split.name} split of {split.source} has no labels to train or evaluate on")
    return _batches(split, size, shuffle, seed)


def _check_faces(split):
    if not isinstance(split, Split):
        raise ParameterError(f"expected a Split, such as data.train; found {type(split).__name__}")
    if not len(split):
        raise DataMismatch(f"the {split.name} split of {split.source} holds no faces; at least one is needed")


def _batches(split, size, shuffle, seed):
    images, labels = tf.constant(split.images), tf.constant(split.labels)
    order = tf.data.Dataset.range(len(split))
    if shuffle:
        order = order.shuffle(len(split), seed=seed)

    def gather(index):
        faces = tf.gather(images, index)[..., None]
        return tf.cast(faces, tf.float32) / 255, tf.gather(labels, index)

    return order.batch(size).map(gather).prefetch(tf.data.AUTOTUNE)


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
    def trained(model, stream, optimizer):
        stream = iter(stream)
        for first in stream:
            return train_epoch(model, chain([first], stream), optimizer)
        raise DataMismatch("expected at least one batch to train on, found none; a generator can be run through once")

    return trained


train_epoch = _on_batches(train_epoch)  # no decorator above: those lines are the lesson's, and stay the lesson's


def evaluate(model, stream):
    """Run the model over `stream` without dropout or gradients; return {"valid_loss", "valid_accuracy"}.

    Both are means over samples, so the last, short batch counts for what it holds.
    Raises ParameterError where the model answers with probabilities, or not with 7 logits a face, and DataMismatch
    for a stream without batches.
    """
    loss_sum, hits, seen = 0, 0, 0
    for images, labels in stream:
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


def predict(model, split, *, size=512):
    """The model's probabilities for every face of a split, as `Predictions`.

    A split without labels is answered as well; its `Predictions` have none.
    Raises ParameterError where the model answers with probabilities already, or not with 7 logits a face, and
    DataMismatch for a split without faces.
    """
    size = whole("size", size)
    _check_faces(split)
    stream = _batches(split, size, False, 0)
    first, _ = next(iter(stream))
    check_logits(model, first)
    check_finite(model, first)
    logits = tf.concat([tf.cast(model(images, training=False), tf.float32) for images, _ in stream], 0)
    labels = split.labels if split.labelled else None
    return Predictions(tf.nn.softmax(logits).numpy(), labels, split.source, split.drawn)
