"""`fit`: epochs of `train_epoch` and `evaluate`, and the clock."""

import time

import keras

from fercourse.errors import ParameterError
from fercourse.report.history import History
from fercourse.tf.loop import batches, evaluate, train_epoch


def fit(model, data, *, epochs, lr=1e-3, batch_size=128, augment=None, seed=0):
    """Train `model` on `data.train` with Adam and return its `History`, with losses and accuracies on `data.valid`.

    The columns are those of PyTorch's `fc.fit` that both have: epoch, train_loss, train_accuracy, valid_loss,
    valid_accuracy, seconds. The order of the faces depends on `seed` and on `seed_everything`'s.
    augment: a TensorFlow function of training images, float32 (B, 48, 48, 1) in [0, 1], such as
             tf.image.random_flip_left_right
    Raises ParameterError for settings that cannot work.
    """
    if epochs < 1 or not lr > 0:
        raise ParameterError(f"expected epochs ≥ 1 and lr > 0, found epochs={epochs}, lr={lr}")
    optimizer = keras.optimizers.Adam(lr)
    optimizer.build(model.trainable_variables)
    train = batches(data.train, batch_size, shuffle=True, seed=seed)
    if augment is not None:
        train = train.map(lambda images, labels: (augment(images), labels))
    valid = batches(data.valid, 512)
    rows = []
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        row = {"epoch": epoch} | train_epoch(model, train, optimizer) | evaluate(model, valid)
        rows.append(row | {"seconds": time.perf_counter() - start})
    return History(rows)
