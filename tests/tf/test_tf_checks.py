"""What TensorFlow's loop would train on otherwise than it says: refused before the first epoch, and in words."""

import random
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

import fercourse as fc

if find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

import fercourse.tf as ftf

import keras  # isort: skip
import tensorflow as tf  # isort: skip
from keras import layers  # isort: skip


def linear(*stack, **settings):
    return keras.Sequential([keras.Input((48, 48, 1)), layers.Flatten(), *stack, layers.Dense(7, **settings)])


class Adding(layers.Layer):
    def call(self, inputs):
        self.add_loss(tf.reduce_mean(inputs))
        return inputs


@pytest.mark.parametrize(
    "build",
    [
        lambda: linear(kernel_regularizer=keras.regularizers.L2(0.1)),
        lambda: linear(layers.ActivityRegularization(l2=0.1)),
        lambda: linear(Adding()),
    ],
    ids=["of a kernel", "of activations", "add_loss"],
)
def test_losses_of_the_models_own_are_not_left_out_in_silence(build, faces):
    with pytest.raises(fc.ParameterError, match=r"adds losses of its own.* 1 would be left out"):
        ftf.fit(build(), faces, epochs=1)
    assert len(ftf.predict(build(), faces.valid)) == len(faces.valid)


def test_logits_in_16_bits_are_answered_and_not_trained_by(faces):
    def of_16_bits(**settings):
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
        try:
            return linear(**settings)
        finally:
            keras.mixed_precision.set_global_policy("float32")

    assert len(ftf.predict(of_16_bits(), faces.valid)) == len(faces.valid)
    with pytest.raises(fc.ParameterError, match=r'logits in float32 to train by, found bfloat16.*dtype="float32"'):
        ftf.fit(of_16_bits(), faces, epochs=1)
    assert len(ftf.fit(of_16_bits(dtype="float32"), faces, epochs=1)) == 1


def batch(faces):
    return faces.valid.images[..., None].astype(np.float32) / 255, faces.valid.labels


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (lambda images, labels: (images, np.eye(7)[labels]), r"labels int64 \(70,\).*found float64 \(70, 7\)"),
        (lambda images, labels: (images, labels[:, None]), r"found int64 \(70, 1\).*labels\.ravel\(\)"),
        (lambda images, labels: (images, labels.astype(np.int32)), r"found int32 \(70,\).*astype\('int64'\)"),
        (lambda images, labels: (images, labels + 1), "expected labels from 0 to 6.*found 7 in the stream"),
        (lambda images, labels: (images, np.where(labels == 3, -1, labels)), "found -1 in the stream"),
        (lambda images, labels: ((255 * images).astype(np.uint8), labels), "float images in .*; found uint8"),
    ],
    ids=["one-hot", "a column", "int32", "from 1 to 7", "unknown", "bytes"],
)
def test_a_stream_that_is_no_faces_with_codes_is_refused_in_whichever_batch_it_stands(faces, changed, words):
    model, optimizer = linear(), keras.optimizers.SGD()
    optimizer.build(model.trainable_variables)
    stream = [batch(faces), changed(*batch(faces))]
    for ask in (lambda: ftf.train_epoch(model, stream, optimizer), lambda: ftf.evaluate(model, stream)):
        with pytest.raises(fc.ParameterError, match=words):
            ask()


def test_a_layer_that_was_frozen_or_thawed_since_asks_for_a_new_optimizer(faces):
    model, optimizer = linear(layers.Dense(8)), keras.optimizers.SGD(0.1)
    with pytest.raises(fc.ParameterError, match=r"for the 4 weights .* was built for 0"):
        ftf.train_epoch(model, [batch(faces)], optimizer)
    optimizer.build(model.trainable_variables)
    ftf.train_epoch(model, [batch(faces)], optimizer)
    model.layers[1].trainable, before = False, model.layers[1].get_weights()[0].copy()
    with pytest.raises(
        fc.ParameterError, match=r"for the 2 weights .* was built for 4.*After layers are frozen or thawed"
    ):
        ftf.train_epoch(model, [batch(faces)], optimizer)
    anew = keras.optimizers.SGD(0.1)
    anew.build(model.trainable_variables)
    ftf.train_epoch(model, [batch(faces)], anew)
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], before)


def by_python(images):
    return images[:, :, ::-1] if random.random() < 0.5 else images


@pytest.mark.parametrize(
    ("augment", "words"),
    [
        (by_python, "draws from Python's or NumPy's random numbers"),
        (lambda images: images * np.random.uniform(0.5, 1), "every batch would have the same draws"),
        (tf.image.per_image_standardization, r"images in \[0, 1\], as valid faces are"),
        (lambda images: 255 * images, r"makes them from 0 to 255|makes them from \d+ to \d+"),
        (lambda images: images * float("nan"), "makes NaN or infinity"),
        (lambda images: tf.constant(images.numpy()), "expected augment to be a TensorFlow function"),
        (
            lambda images: tf.ensure_shape(tf.py_function(lambda x: x[0, 99], [images], tf.float32), images.shape),
            "fails",
        ),
    ],
    ids=["Python's draws", "NumPy's draws", "standardised", "grey levels", "NaN", "outside of a graph", "later"],
)
def test_an_augmentation_that_would_do_something_else_is_refused_at_the_call(augment, words, faces):
    model = linear()
    before = model.get_weights()
    drawn = np.random.get_state()[2], random.getstate()
    with pytest.raises(fc.ParameterError, match=words):
        ftf.fit(model, faces, epochs=1, augment=augment)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert random.getstate() == drawn[1] or augment is by_python


def test_a_mean_of_grey_levels_from_0_to_255_is_refused_as_in_pytorch():
    for mean, std in ((129.5, 65.0), (0.5, 65.0), ("0.5", 0.25), (0.5, -0.25)):
        with pytest.raises(fc.ParameterError, match=r"expected (mean|std) from 0 to 1, in grey levels of \[0, 1\]: of"):
            ftf.port_cnn(mean, std)


def test_noise_that_leaves_the_range_a_little_is_an_augmentation(faces):
    few = replace(faces, train=faces.train[:20], valid=faces.valid[:20])
    history = ftf.fit(
        linear(), few, epochs=1, augment=lambda images: images + tf.random.normal(tf.shape(images), 0, 0.1)
    )
    assert len(history) == 1


def test_a_model_made_for_grey_levels_from_0_to_255_is_refused(faces):
    images = keras.Input((48, 48, 1))
    functional = keras.Model(images, layers.Dense(7)(layers.Flatten()(layers.Rescaling(2 / 255, offset=-1.0)(images))))
    stacked = keras.Sequential([keras.Input((48, 48, 1)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(7)])
    for model in (functional, stacked):
        with pytest.raises(
            fc.ParameterError, match=r"faces come in \[0, 1\], and the model begins with Rescaling\(0\.00"
        ):
            ftf.fit(model, faces, epochs=1)
    centred = keras.Sequential(
        [keras.Input((48, 48, 1)), layers.Rescaling(2, offset=-1.0), layers.Flatten(), layers.Dense(7)]
    )
    assert len(ftf.fit(centred, faces, epochs=1)) == 1
