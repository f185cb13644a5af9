"""What the TensorFlow loop takes and refuses: models that answer with probabilities, settings of other types."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from ids import stable

import fercourse as fc

if find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

import fercourse.tf as ftf

import keras  # isort: skip
import tensorflow as tf  # isort: skip
from keras import layers  # isort: skip


def ending(*stack, activation=None, start="glorot_uniform", bias=0.0):
    bias = keras.initializers.Constant(bias)
    dense = layers.Dense(7, activation=activation, kernel_initializer=start, bias_initializer=bias)
    return keras.Sequential([keras.Input((48, 48, 1)), layers.Flatten(), dense, *stack])


def functional(operation):
    images = keras.Input((48, 48, 1))
    return keras.Model(images, operation(layers.Dense(7)(layers.Flatten()(images))))


class Written(keras.Model):
    """A model of which nobody sees from outside how it ends."""

    def __init__(self, end):
        super().__init__()
        self.flatten, self.dense, self.end = layers.Flatten(), layers.Dense(7), end

    def call(self, images):
        return self.end(self.dense(self.flatten(images)))


def in_16_bits(policy, activation):
    keras.mixed_precision.set_global_policy(policy)
    try:
        return ending(activation=activation)
    finally:
        keras.mixed_precision.set_global_policy("float32")


PROBABLE = {
    "softmax in the last layer": lambda: ending(activation="softmax"),
    "softmax of its own": lambda: ending(layers.Softmax()),
    "an activation of its own": lambda: ending(layers.Activation("softmax")),
    "dropout behind it": lambda: ending(layers.Dropout(0.5), activation="softmax"),
    "in a model in a model": lambda: keras.Sequential([keras.Input((48, 48, 1)), ending(activation="softmax")]),
    "an operation": lambda: functional(keras.ops.softmax),
    "in code": lambda: Written(tf.nn.softmax),
    "all alike": lambda: ending(activation="softmax", start="zeros"),
    "sigmoid": lambda: ending(activation="sigmoid"),
    "sigmoid of zeros": lambda: ending(activation="sigmoid", start="zeros"),
    "clipped to 1": lambda: ending(layers.ReLU(1.0)),
    "sigmoid, an operation": lambda: functional(keras.ops.sigmoid),
    "sigmoid in straight lines": lambda: ending(activation="hard_sigmoid"),
    "sigmoid, reshaped": lambda: ending(layers.Reshape((7,)), activation="sigmoid"),
    "softmax in float16": lambda: in_16_bits("mixed_float16", "softmax"),
    "sigmoid in bfloat16": lambda: in_16_bits("mixed_bfloat16", "sigmoid"),
}


def seven(*stack, start, bias=0.0, activation=None):
    dense = layers.Dense(
        7,
        activation=activation,
        kernel_initializer=keras.initializers.RandomNormal(0, start, seed=1),
        bias_initializer=keras.initializers.Constant(bias),
    )
    return keras.Sequential([keras.Input((48, 48, 1)), *stack, layers.Flatten(), dense])


def grey_levels(images):
    return tf.cast(255 * images, tf.int32)[..., 0]


LOGITS = {
    "positive and under 1": lambda: seven(
        layers.Lambda(lambda x: tf.clip_by_value(x, 0, 1)), start=1e-3, bias=-1.0, activation="softplus"
    ),
    "of standardised faces": lambda: seven(layers.LayerNormalization(axis=[1, 2, 3]), start=1e-3, activation="relu"),
    "of a table of grey levels": lambda: seven(layers.Lambda(grey_levels), layers.Embedding(256, 2), start=1e-3),
    "all 1/7": lambda: seven(start=0.0, bias=1 / 7),
    "all 0.5": lambda: seven(start=0.0, bias=0.5),
    "a dense layer": ending,
    "all zero": lambda: ending(start="zeros"),
    "the same for every face": lambda: ending(start="zeros", bias=0.1),
    "between 0 and 1 by chance": lambda: ending(start=keras.initializers.RandomNormal(stddev=1e-3), bias=0.5),
    "logarithms of probabilities": lambda: ending(activation="log_softmax"),
    "from −1 to 1": lambda: ending(activation="tanh"),
    "not under 0": lambda: ending(activation="relu"),
    "in code": lambda: Written(tf.identity),
    "standardised rows": lambda: ending(layers.LayerNormalization()),
    "in float16": lambda: in_16_bits("mixed_float16", None),
    "the port": lambda: ftf.port_cnn(0.5, 0.25),
}

OF_OTHER_SHAPES = {
    "ten classes": lambda: keras.Sequential([keras.Input((48, 48, 1)), layers.Flatten(), layers.Dense(10)]),
    "no flatten": lambda: keras.Sequential([keras.Input((48, 48, 1)), layers.Dense(7)]),
    "two answers": lambda: functional(lambda logits: [logits, logits]),
    "answers with names": lambda: functional(lambda logits: {"emotion": logits}),
    "colours": lambda: keras.Sequential([keras.Input((48, 48, 3)), layers.Flatten(), layers.Dense(7)]),
}


def each_way_in(model, faces):
    return [
        lambda: ftf.fit(model, faces, epochs=1),
        lambda: ftf.evaluate(model, ftf.batches(faces.valid)),
        lambda: ftf.predict(model, faces.valid),
    ]


@pytest.mark.parametrize("case", PROBABLE)
def test_a_model_that_answers_with_probabilities_is_refused_before_it_is_trained(case, faces):
    model = PROBABLE[case]()
    model(np.zeros((1, 48, 48, 1), np.float32))
    before = model.get_weights()
    for way in each_way_in(model, faces):
        with pytest.raises(fc.ParameterError, match=r"expected logits.*found probabilities"):
            way()
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("case", LOGITS)
def test_whatever_else_a_model_answers_is_logits(case, faces):
    model = LOGITS[case]()
    model(np.zeros((1, 48, 48, 1), np.float32))
    before = model.get_weights()
    few = replace(faces, train=faces.train[:20], valid=faces.valid[:20])
    guess = ftf.predict(model, few.valid)
    assert all(map(np.array_equal, before, model.get_weights()))
    logits = np.asarray(model(few.valid.images[..., None] / np.float32(255)), np.float64)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(guess.probabilities, chances, atol=1e-3)
    assert ftf.evaluate(model, ftf.batches(few.valid))["valid_loss"] == pytest.approx(guess.loss, abs=1e-3)
    if case != "in float16":  # these are no numbers to add up the losses of an epoch in
        assert len(ftf.fit(model, few, epochs=1)) == 1


@pytest.mark.parametrize("case", OF_OTHER_SHAPES)
def test_a_model_that_gives_no_seven_logits_a_face_is_refused(case, faces):
    model = OF_OTHER_SHAPES[case]()
    for way in each_way_in(model, faces):
        with pytest.raises(fc.ParameterError, match=r"expected 7 logits a face|gives no logits for images"):
            way()


def test_a_model_without_anything_to_train_is_refused(faces):
    frozen = ending()
    frozen.trainable = False
    with pytest.raises(fc.ParameterError, match="no weights that can be trained"):
        ftf.fit(frozen, faces, epochs=1)
    with pytest.raises(fc.ParameterError, match=r"trained by fc\.fit"):
        ftf.fit(fc.mlp(0.5, 0.25), faces, epochs=1)
    for data in (faces.train, (faces.train, faces.valid), "drawn"):
        with pytest.raises(fc.ParameterError, match="a Faces; found"):
            ftf.fit(ending(), data, epochs=1)
    with pytest.raises(fc.ParameterError, match="expected a Split"):
        ftf.predict(ending(), faces)


@pytest.mark.parametrize(
    "setting",
    [
        {"epochs": "3"},
        {"epochs": 1.0},
        {"epochs": True},
        {"epochs": None},
        {"epochs": 0},
        {"epochs": np.array([1, 2])},
        {"lr": "0.1"},
        {"lr": 0},
        {"lr": float("nan")},
        {"lr": float("inf")},
        {"lr": np.bool_(True)},
        {"lr": [0.1]},
        {"batch_size": "50"},
        {"batch_size": 50.0},
        {"batch_size": 0},
        {"batch_size": 2**63},
        {"seed": "3"},
        {"seed": None},
        {"seed": -1},
        {"seed": 1.5},
    ],
    ids=stable,
)
def test_a_setting_of_another_type_is_refused_by_its_name_before_the_first_epoch(setting, faces):
    (name,) = setting
    with pytest.raises(fc.ParameterError, match=f"expected {name}.*found {name}="):
        ftf.fit(ending(), faces, **{"epochs": 1} | setting)


def test_scalars_of_numpy_are_the_numbers_that_they_hold(faces):
    def losses(**settings):
        ftf.seed_everything(np.int64(3))
        return ftf.fit(ending(), faces, **settings)["train_loss"]

    plain = losses(epochs=2, lr=0.25, batch_size=50, seed=5)
    scalars = losses(epochs=np.int64(2), lr=np.float32(0.25), batch_size=np.array(50), seed=np.uint8(5))
    np.testing.assert_allclose(scalars, plain, rtol=1e-5)
    assert len(ftf.predict(ending(), faces.valid, batch_size=np.int32(8))) == len(faces.valid)


def test_scalars_of_tensorflow_are_the_numbers_that_they_hold(faces):
    given = dict(epochs=tf.constant(1), lr=tf.constant(0.25), batch_size=tf.constant(50), seed=tf.constant(5))
    assert len(ftf.fit(ending(), faces, **given)) == 1


def test_weights_that_are_no_numbers_are_said_to_be_that(faces):
    model = seven(start=0.1, bias=float("nan"))
    for way in (lambda: ftf.fit(model, faces, epochs=1), lambda: ftf.predict(model, faces.valid)):
        with pytest.raises(fc.ParameterError, match="NaN or infinity"):
            way()


def test_a_stream_that_was_run_through_trains_nothing(faces):
    with pytest.raises(fc.DataMismatch, match="at least one batch"):
        ftf.train_epoch(ending(), iter(()), keras.optimizers.SGD())


def test_the_seed_of_everything_is_a_whole_number():
    for seed in ("3", 1.5, None, -1, 2**32):
        with pytest.raises(fc.ParameterError, match=r"expected seed, a whole number from 0 to .*found seed="):
            ftf.seed_everything(seed)


@pytest.mark.parametrize("name", ["train", "valid"])
def test_a_split_without_faces_is_refused_before_the_first_epoch(name, faces):
    model = ending()
    before = model.get_weights()[0]
    with pytest.raises(fc.DataMismatch, match=f"the {name} split .* holds no faces"):
        ftf.fit(model, replace(faces, **{name: getattr(faces, name)[:0]}), epochs=1)
    np.testing.assert_array_equal(model.get_weights()[0], before)
    with pytest.raises(fc.DataMismatch, match="at least one batch"):
        ftf.evaluate(model, iter(()))


def test_a_training_whose_loss_is_no_number_stops_and_says_where(faces):
    epochs = []

    def rows(model, stream, optimizer):
        epochs.append(len(epochs) + 1)
        return {"train_loss": np.nan if len(epochs) == 3 else 1.9, "train_accuracy": 0.1}

    with pytest.raises(fc.TrainingDiverged, match=r"epoch 1: .*nan.*learning rate of 1e\+38"):
        ftf.fit(ending(), faces, epochs=4, lr=1e38, batch_size=70)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ftf.loop, "train_epoch", rows)
        with pytest.raises(fc.TrainingDiverged, match="epoch 3: train loss nan"):
            ftf.fit(ending(), faces, epochs=9)
    assert epochs == [1, 2, 3]
    assert len(ftf.fit(ending(), faces, epochs=2)) == 2


def cut(images):
    return images[:, :40]


def to_bytes(images):
    return tf.cast(255 * images, tf.uint8)


@pytest.mark.parametrize("augment", ["flip", fc.Augment(flip=0.5), cut, to_bytes], ids=stable)
def test_an_augmentation_that_does_not_make_images_of_images_is_refused(augment, faces):
    with pytest.raises(fc.ParameterError, match="expected augment to be a TensorFlow function of images alone"):
        ftf.fit(ending(), faces, epochs=1, augment=augment)


def test_faces_without_labels_are_answered_and_not_judged(faces):
    unknown = fc.Split(faces.test.images, np.full(len(faces.test), -1), "test", "somewhere")
    model = ftf.port_cnn(0.5, 0.25)
    guess = ftf.predict(model, unknown)
    np.testing.assert_array_equal(guess.probabilities, ftf.predict(model, faces.test).probabilities)
    assert not guess.labelled
    with pytest.raises(fc.DataMismatch, match="no labels"):
        ftf.evaluate(model, ftf.batches(unknown))
