"""The sheet of lesson 06 against TensorFlow itself: its checks accept what TensorFlow does."""

from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sheet_runs import sheet, trains

if find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

import fercourse.tf  # noqa: F401  before TensorFlow itself
from fercourse.classroom.checks.lesson_06 import CHECKS
from fercourse.classroom.checks.shared.compare import same

import keras  # isort: skip
import tensorflow as tf  # isort: skip

STEM = "06_tensorflow_port"


@pytest.fixture(autouse=True)
def _nobody_watches(monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")


@cache
def names_of_the_sheet():
    """What the solved sheet's cells define, without its checks and hidden tests."""
    names = {}
    for cell in sheet(STEM).cells:
        if cell.cell_type == "code" and not cell.metadata["nbgrader"]["grade"] and not trains(cell):
            exec(compile(cell.source, cell.id, "exec"), names)
    return names


def same_padding_of_tensorflow(side, kernel, stride):
    """The fewest zeros before and after with which a bare convolution gives what TensorFlow's "SAME" gives."""
    generator = np.random.default_rng(side + 100 * kernel + 10_000 * stride)
    image, weights = generator.normal(size=(1, 1, side, side)), generator.normal(size=(1, 1, kernel, kernel))
    same = tf.nn.conv2d(image.transpose(0, 2, 3, 1), weights.transpose(2, 3, 1, 0), stride, "SAME").numpy()[0, ..., 0]
    for total in range(kernel):
        for before in range(total + 1):
            padding = (before, total - before)
            padded = F.pad(torch.tensor(image), padding * 2)
            if min(padded.shape[2:]) >= kernel:
                ours = F.conv2d(padded, torch.tensor(weights), stride=stride)[0, 0].numpy()
                if ours.shape == same.shape and np.abs(ours - same).max() < 1e-9:
                    return padding
    raise AssertionError(f"no padding does what SAME does for {side, kernel, stride}")


def to_torch_of_keras(kernel, dense, height, width, channels):
    """A kernel read off by single bright pixels, a dense layer by where Keras' Flatten puts each number."""
    rows, columns, inputs, outputs = kernel.shape
    pixels = np.eye(rows * columns * inputs).reshape(-1, inputs, rows, columns)
    answers = tf.nn.conv2d(pixels.transpose(0, 2, 3, 1), kernel, 1, "VALID").numpy()
    in_torch = answers.reshape(-1, outputs).T.reshape(outputs, inputs, rows, columns)
    numbers = np.arange(height * width * channels).reshape(1, channels, height, width)
    order = keras.layers.Flatten()(numbers.transpose(0, 2, 3, 1)).numpy()[0]
    moved = np.zeros(dense.shape[::-1])
    moved[:, order.astype(int)] = dense.T
    return in_torch, moved


@pytest.mark.parametrize("number", [tf.constant(0.5), tf.Variable([0.5]), keras.Variable(0.5)])
def test_a_number_of_tensorflow_is_taken_for_one(number):
    assert same(number, 0.5)
    assert not same(number, 0.25)
    assert same(tf.constant([[1, 2]]), [(1, 2)], whole=True)
    assert not same(tf.constant("Happy"), "Sad")


def test_same_pads_before_and_after_as_tensorflow_does():
    CHECKS["06.1"](same_padding_of_tensorflow(48, 5, 2), same_padding_of_tensorflow(47, 5, 2))


def test_kernels_and_flattened_maps_lie_in_keras_as_the_check_says():
    CHECKS["06.2"](to_torch_of_keras)


def test_keras_stack_and_its_weights_in_pytorch_give_the_same_logits():
    names = names_of_the_sheet()
    generator = np.random.default_rng(3)
    model = keras.Sequential(
        [
            keras.Input((6, 7, 2)),
            keras.layers.Conv2D(4, (3, 2), activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(7),
        ]
    )
    kernel, bias, dense, offset = (generator.normal(size=array.shape) for array in model.get_weights())
    model.set_weights([kernel, bias, dense, offset])
    pictures = generator.normal(size=(5, 6, 7, 2))
    theirs = model(pictures).numpy()
    in_torch, moved = (torch.tensor(array) for array in names["to_torch"](kernel, dense, 4, 6, 4))
    maps = F.conv2d(torch.tensor(pictures).permute(0, 3, 1, 2), in_torch, torch.tensor(bias)).relu()
    ours = F.linear(maps.flatten(1), moved, torch.tensor(offset)).numpy()
    assert np.abs(ours - theirs).max() < 1e-4
    by_hand = names["keras_logits"](pictures, kernel, dense)
    without_relu = keras.Sequential([keras.Input((6, 7, 2)), keras.layers.Conv2D(4, (3, 2)), *model.layers[1:]])
    without_relu.set_weights([kernel, 0 * bias, dense, 0 * offset])
    assert np.abs(by_hand - without_relu(pictures).numpy()).max() < 1e-4


def clipped_and_shared(logits, labels):
    """What the sheet says of the forgotten `from_logits=True`: clipped, divided by the sum, minus the logarithm."""
    chances = logits.clamp(1e-7, 1 - 1e-7)
    chances = chances / chances.sum(1, keepdim=True)
    return -chances[torch.arange(len(labels)), labels].log().mean()


def test_without_from_logits_keras_has_the_loss_and_the_slopes_that_the_sheet_explains():
    generator = torch.Generator().manual_seed(4)
    logits, labels = 2 * torch.randn(60, 7, generator=generator), torch.randint(0, 7, (60,), generator=generator)
    logits[0], logits[1], logits[2] = -1, 2, 0  # all clipped below, all above, and the piece that passes: all zero
    ours = logits.clone().requires_grad_()
    loss = clipped_and_shared(ours, labels)
    loss.backward()
    theirs, forgotten = tf.Variable(logits.numpy()), names_of_the_sheet()["keras_without"]
    with tf.GradientTape() as tape:  # a warning would be an error here
        keras_loss = forgotten(labels.numpy(), theirs)
    assert float(keras_loss) == pytest.approx(loss.item(), rel=1e-5)
    np.testing.assert_allclose(tape.gradient(keras_loss, theirs).numpy(), ours.grad.numpy(), rtol=1e-4, atol=1e-6)
    for row in range(3):
        assert float(forgotten(labels[:1].numpy(), logits[row : row + 1].numpy())) == pytest.approx(np.log(7), abs=1e-4)


def test_compiled_without_from_logits_keras_trains_without_a_word_on_that_loss(capfd):
    pixels = np.random.default_rng(5).normal(size=(40, 6)).astype("float32")
    labels = np.arange(40) % 7
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(7)])
    before = clipped_and_shared(torch.tensor(model(pixels).numpy()), torch.tensor(labels)).item()
    model.compile(optimizer="sgd", loss=names_of_the_sheet()["keras_without"], metrics=["accuracy"])
    history = model.fit(pixels, labels, batch_size=40, verbose=0).history
    assert history["loss"][0] == pytest.approx(before, rel=1e-4)
    assert "".join(capfd.readouterr()) == ""


def test_a_layer_of_batch_norm_that_check_06_8_takes_is_pytorchs_in_evaluation_and_follows_its_mean():
    keras_norm = names_of_the_sheet()["keras_norm"]
    norm = torch.nn.BatchNorm2d(3, eps=0.05, momentum=0.3)
    maps = np.random.default_rng(6).normal(2, 3, size=(4, 5, 6, 3)).astype("float32")
    first_channels = torch.tensor(maps).permute(0, 3, 1, 2)
    norm(first_channels * 0.5)
    layer = keras_norm(*(array.numpy() for array in norm.state_dict().values() if array.ndim), norm.eps, norm.momentum)
    theirs = norm.eval()(first_channels).permute(0, 2, 3, 1).detach().numpy()
    np.testing.assert_allclose(layer(maps, training=False).numpy(), theirs, atol=1e-5)
    norm.train()(first_channels), layer(maps, training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), norm.running_mean.numpy(), atol=1e-5)


@pytest.mark.parametrize("gradient", [1.0, 0.01, 0.0001])
def test_ten_steps_of_both_adams_are_those_of_the_sheet(gradient):
    names = names_of_the_sheet()
    weight, path = tf.Variable([0.0], dtype="float64"), []
    optimizer = keras.optimizers.Adam(1e-3)
    for _ in range(10):
        optimizer.apply([tf.constant([gradient], dtype="float64")], [weight])
        path.append(float(weight[0]))
    assert optimizer.epsilon == 1e-7
    np.testing.assert_allclose(path, np.ravel(names["ten_steps"](gradient, names["in_keras"])), rtol=1e-4)
    held, path = torch.zeros(1, dtype=torch.float64, requires_grad=True), []
    optimizer = torch.optim.Adam([held], lr=1e-3)
    for _ in range(10):
        held.grad = torch.full_like(held, gradient)
        optimizer.step()
        path.append(held.item())
    np.testing.assert_allclose(path, np.ravel(names["ten_steps"](gradient, names["in_torch"])), rtol=1e-6)


def test_the_port_with_another_epsilon_is_what_keras_normalises():
    names = names_of_the_sheet()
    norm = keras.layers.BatchNormalization()
    assert norm.epsilon == names["port"][1].eps
    before = names["original"][0](names["dim"]).detach().numpy().transpose(0, 2, 3, 1)
    assert np.abs(norm(before, training=True).numpy() - names["ours"][1]).max() < 1e-3
    assert np.abs(names["ours"][1] - names["theirs"][1].transpose(0, 2, 3, 1)).max() > 0.1
