"""The TensorFlow side: against the lesson's own code, against PyTorch, against NumPy."""

import ast
import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from lesson_code import definitions
from torch import nn

import fercourse as fc
from fercourse.classroom.source import plain_source

if find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

import fercourse.tf as ftf

LESSON = "06_tensorflow_port.py"


def port(seed=0, mean=0.5, std=0.25):
    ftf.seed_everything(seed)
    return ftf.port_cnn(mean, std)


def torch_twin(mean=0.5, std=0.25):
    """PyTorch's network of the same layers; an even kernel's "same" padding has one more after than before."""
    return nn.Sequential(
        fc.Standardise(mean, std),
        nn.ZeroPad2d((1, 2, 1, 2)),
        nn.Conv2d(1, 8, 4),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.ZeroPad2d((0, 1, 0, 1)),
        nn.Conv2d(8, 16, 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(576, 120),
        nn.ReLU(),
        nn.Linear(120, 64),
        nn.ReLU(),
        nn.Linear(64, 7),
    ).eval()


def odd_weights(model):
    """The model with weights without any symmetry: a swapped axis cannot hide."""
    generator = np.random.default_rng(3)
    with torch.no_grad():
        for weights in model.parameters():
            skewed = generator.gamma(0.5, size=tuple(weights.shape)) - 0.4
            weights.copy_(torch.tensor(0.2 * skewed))
    return model


@pytest.mark.parametrize(
    ("helper", "name"),
    [
        (ftf.loop._batches, "batches"),
        (ftf.train_step, "train_step"),
        (ftf.train_epoch, "train_epoch"),
        (ftf.port_cnn, "port_cnn"),
    ],
)
def test_a_shipped_helper_is_the_lessons_code(helper, name):
    def body(node):
        text = "\n".join(ast.unparse(statement) for statement in node.body)
        return text.replace("SIDE", "48").replace("len(EMOTIONS)", "7")

    assert body(ast.parse(plain_source(helper)).body[0]) == body(definitions(LESSON)[name])


def test_pytorchs_weights_give_pytorchs_logits(faces):
    twin, model = odd_weights(torch_twin()), port()
    ftf.copy_from_torch(model, twin)
    images = faces.valid.images / np.float32(255)
    theirs = twin(torch.tensor(images)[:, None]).detach().numpy()
    ours = model(images[..., None]).numpy()
    assert theirs.std() > 0.1, "logits that hardly differ would agree by accident"
    assert np.abs(ours - theirs).max() <= 1e-4
    ours, theirs = ftf.predict(model, faces.valid), fc.predict(twin, faces.valid)
    assert ours.drawn is theirs.drawn is True
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-5)
    assert (ours.y_pred == theirs.y_pred).all()
    assert (ours.y_true.tolist(), ours.source) == (theirs.y_true.tolist(), theirs.source)


def test_losses_and_accuracies_are_means_over_samples_not_over_batches(faces):
    model = port()
    assert len(faces.valid) % 32 != 0, "the last batch must be short for this test to mean anything"
    logits = model(faces.valid.images[..., None] / np.float32(255)).numpy().astype(np.float64)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    loss = -np.log(chances[np.arange(len(logits)), faces.valid.labels]).mean()
    accuracy = (logits.argmax(1) == faces.valid.labels).mean()
    seen = ftf.evaluate(model, ftf.batches(faces.valid, 32))
    assert seen["valid_loss"] == pytest.approx(loss, abs=1e-6)
    assert seen["valid_accuracy"] == pytest.approx(accuracy, abs=1e-12)
    still = built(0.0, model)  # steps of length zero: training must see what evaluation sees
    row = ftf.train_epoch(model, ftf.batches(faces.valid, 32), still)
    assert row["train_loss"] == pytest.approx(loss, abs=1e-6)
    assert row["train_accuracy"] == pytest.approx(accuracy, abs=1e-12)


def built(lr, model):
    import keras

    optimizer = keras.optimizers.SGD(lr)
    optimizer.build(model.trainable_variables)
    return optimizer


def test_one_step_is_pytorchs_step(faces):
    twin, model = odd_weights(torch_twin()), port()
    ftf.copy_from_torch(model, twin)
    few = faces.train[:50]
    descent = torch.optim.SGD(twin.parameters(), lr=0.001)
    theirs = fc.train_epoch(twin, fc.batches(few, 20), descent)
    ours = ftf.train_epoch(model, ftf.batches(few, 20), built(0.001, model))
    assert ours == pytest.approx(theirs, abs=1e-5)
    expected = port()
    ftf.copy_from_torch(expected, twin)
    for now, wanted in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(now, wanted, atol=1e-5)


def test_batches_hold_every_face_in_the_order_of_the_split(faces):
    stream = list(ftf.batches(faces.train, 64))
    images = np.concatenate([images for images, _ in stream])
    assert (images.dtype, images.shape) == (np.float32, (210, 48, 48, 1))
    assert (np.rint(images[..., 0] * 255).astype(np.uint8) == faces.train.images).all()
    assert np.concatenate([labels for _, labels in stream]).tolist() == faces.train.labels.tolist()


def test_a_shuffled_stream_holds_every_face_once_in_a_new_order_each_time_and_the_seed_says_which(faces):
    def orders(seed):
        ftf.seed_everything(0)
        stream = ftf.batches(faces.train, 64, shuffle=True, seed=seed)
        return [[face.tobytes() for images, _ in stream for face in images.numpy()] for _ in range(2)]

    first, second = orders(3)
    in_order = [face.tobytes() for images, _ in ftf.batches(faces.train, 64) for face in images.numpy()]
    assert sorted(first) == sorted(second) == sorted(in_order)
    assert in_order != first != second != in_order
    assert orders(3) == [first, second]
    assert orders(4)[0] != first
    few = faces.train[:50]
    pairs = {image.tobytes(): label for image, label in zip(few.images, few.labels, strict=True)}
    for images, labels in ftf.batches(few, 20, shuffle=True):
        for image, label in zip(np.rint(images[..., 0] * 255).astype(np.uint8), labels.numpy(), strict=True):
            assert pairs[image.tobytes()] == label


def test_what_cannot_be_a_batch_is_refused(faces):
    unknown = fc.Split(faces.test.images, np.full(len(faces.test), -1), "test", "somewhere")
    with pytest.raises(fc.DataMismatch, match="no labels"):
        ftf.batches(unknown)
    with pytest.raises(fc.ParameterError, match="batch_size=0"):
        ftf.batches(faces.train, 0)
    with pytest.raises(fc.ParameterError, match="epochs=0"):
        ftf.fit(port(), faces, epochs=0)


def test_fit_is_the_hand_written_loop_and_the_same_seed_gives_the_same_curve(faces):
    import keras

    model, optimizer = port(), keras.optimizers.Adam(5e-4)
    optimizer.build(model.trainable_variables)
    stream, rows = ftf.batches(faces.train, 50, shuffle=True, seed=4), []
    for epoch in (1, 2, 3):
        row = {"epoch": epoch} | ftf.train_epoch(model, stream, optimizer)
        rows.append(row | ftf.evaluate(model, ftf.batches(faces.valid, 50)))
    by_hand = fc.History(rows)
    by_fit = ftf.fit(port(), faces, epochs=3, lr=5e-4, batch_size=50, seed=4)
    for column in by_hand.columns:
        np.testing.assert_allclose(by_hand[column], by_fit[column], rtol=0, atol=1e-5)
    other = ftf.fit(port(), faces, epochs=1, lr=5e-4, batch_size=50, seed=5)
    assert abs(other["train_loss"][0] - by_fit["train_loss"][0]) > 1e-5
    assert by_fit["train_loss"][2] < by_fit["train_loss"][0]


def test_history_has_pytorchs_columns(faces):
    torchs = fc.fit(fc.mlp(0.5, 0.25, hidden=(8,)), faces, epochs=1, device="cpu", progress=False)
    ours = ftf.fit(port(), faces, epochs=1)
    assert list(ours.columns) == [column for column in torchs.columns if column != "lr"]


def test_the_weights_depend_on_the_seed_and_biases_are_zero():
    same, again, other = (port(seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(same, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(same[0], other[0])
    assert not any(bias.any() for bias in same[1::2])


QUIET = """
import os, sys
import fercourse as fc
assert not {"tensorflow", "keras"} & sys.modules.keys()
import fercourse.tf
assert "torch" not in sys.modules
import keras, tensorflow as tf
assert keras.config.backend() == "tensorflow"
twice = tf.function(lambda x: 2 * x)
assert [int(twice(n)) for n in tf.data.Dataset.range(3)] == [0, 2, 4]
with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    assert session.run(tf.constant(2) * 3) == 6
with fercourse.tf.without_log():
    os.write(2, b"a log")
os.write(2, b"the end")
"""


def test_tensorflow_loads_without_a_word_without_pytorch_and_whatever_framework_keras_is_set_to_at_home(tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps({"backend": "torch"}))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS"))}
    command = [sys.executable, "-W", "error", "-c", QUIET]
    finished = subprocess.run(command, capture_output=True, text=True, env=clean | {"HOME": str(tmp_path)})
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "the end")


def test_keras_on_another_framework_is_an_error_that_says_what_to_do(monkeypatch):
    import keras

    from fercourse.tf.quiet import load_tensorflow

    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(ImportError, match=r"found it on torch.*Restart the kernel"):
        load_tensorflow()


def test_without_tensorflow_the_error_names_the_install_command(monkeypatch):
    from fercourse.tf import quiet

    monkeypatch.setattr(quiet, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install -e "\.\[tf\]"'):
        quiet.load_tensorflow()


def test_only_training_images_are_augmented(faces):
    import tensorflow as tf

    shapes = []

    def blank(images):
        shapes.append((tuple(images.shape), images.dtype))
        return tf.zeros_like(images)

    model = port()
    [row] = ftf.fit(model, faces, epochs=1, lr=1e-9, batch_size=70, augment=blank)
    assert shapes == [((None, 48, 48, 1), tf.float32), ((8, 48, 48, 1), tf.float32)], "once more, to try it"
    logits = model(np.zeros((1, 48, 48, 1), np.float32)).numpy()
    expected = (faces.train.labels == logits.argmax()).mean()
    assert row["train_accuracy"] == pytest.approx(expected, abs=1e-12)
    assert row["valid_loss"] == pytest.approx(ftf.evaluate(model, ftf.batches(faces.valid))["valid_loss"], abs=1e-5)


def test_a_mirrored_batch_has_each_image_as_it_is_or_its_mirror_image():
    from fercourse.tf.loop import mirrored

    ftf.seed_everything(0)
    images = np.random.default_rng(0).random((40, 48, 48, 1)).astype(np.float32)
    made = mirrored(images).numpy()
    as_it_is, turned = ((made == each).all((1, 2, 3)) for each in (images, images[:, :, ::-1]))
    assert (as_it_is != turned).all()
    assert 10 < turned.sum() < 30
