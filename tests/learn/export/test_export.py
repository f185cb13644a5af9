"""An exported network answers as PyTorch's does, its file is proved before it is there, and eight bits are measured."""

import copy
import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

import fercourse as fc
from fercourse.errors import DataMismatch, DataNotFound, ParameterError
from fercourse.learn.export import to_onnx
from fercourse.learn.export.network import NOTE


@pytest.fixture(scope="module")
def model():
    """A small network with what an export may get wrong: scaling, batch norm with averages of its own, dropout."""
    torch.manual_seed(0)
    layers = [fc.Standardise(0.4, 0.2), nn.Conv2d(1, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True)]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Dropout(0.5), nn.Linear(128, 7))
    with torch.no_grad():
        network(torch.rand(64, 1, 48, 48))
        network[-1].weight *= 8
    return network.train()


@pytest.fixture(scope="module")
def held_out(model):
    """Faces with such labels that the network, though untrained, is right about some more than half of them."""
    split = fc.drawn_faces(0, 300, 0, seed=4).valid
    answers = fc.predict(model, split).y_pred
    return replace(split, labels=np.where(np.arange(300) % 5 < 2, answers, split.labels))


@pytest.fixture(scope="module")
def exported(model, held_out, tmp_path_factory):
    before = copy.deepcopy(model.state_dict())
    network = fc.export_onnx(model, tmp_path_factory.mktemp("export") / "deep" / "face.onnx", held_out)
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(weights.requires_grad for weights in model.parameters())
    return network


def logits_of(model, images):
    with torch.inference_mode():
        return copy.deepcopy(model).eval()(torch.from_numpy(images)).numpy()


@pytest.mark.parametrize("faces", [1, 2, 3, 251])
def test_the_file_answers_any_number_of_faces_as_pytorch_does(exported, model, faces):
    images = np.random.default_rng(faces).random((faces, 1, 48, 48), dtype=np.float32)
    logits = exported(images)
    assert logits.shape == (faces, 7)
    assert np.abs(logits - logits_of(model, images)).max() < 1e-5


def test_its_predictions_are_those_of_the_network(exported, model, held_out):
    ours, torchs = exported.predict(held_out), fc.predict(model, held_out)
    assert np.abs(ours.probabilities - torchs.probabilities).max() < 1e-5
    assert np.array_equal(ours.y_true, held_out.labels)
    assert (ours.source, ours.drawn) == (held_out.source, True)


def test_it_is_one_file_that_onnx_finds_sound_and_nothing_lies_beside_it(exported):
    path = Path(exported.path)
    onnx.checker.check_model(path, full_check=True)
    assert [each.name for each in path.parent.iterdir()] == ["face.onnx"]
    assert exported.megabytes == path.stat().st_size / 1e6
    assert "face.onnx, 0.0" in repr(exported)
    assert exported.milliseconds(repeats=3) > 0


def test_the_file_is_read_without_pytorch(exported):
    program = f"""
import sys
import numpy as np
from fercourse.learn.export.network import OnnxNetwork
logits = OnnxNetwork({exported.path!r})(np.zeros((2, 1, 48, 48), np.float32))
assert logits.shape == (2, 7) and "torch" not in sys.modules
"""
    finished = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_how_sure_it_is_goes_along_in_the_file(exported, held_out):
    """Against a count by hand: the temperature of every second face, the tenths of the others."""
    answers = exported.predict(held_out)
    fitted = fc.Predictions(answers.probabilities[::2], answers.y_true[::2], "")
    judged = fc.Predictions(answers.probabilities[1::2], answers.y_true[1::2], "")
    noted = exported.sureness
    assert noted.temperature == pytest.approx(fc.fit_temperature(fitted), rel=1e-3)
    judged = judged.tempered(noted.temperature)
    assert sum(noted.faces) == 150
    assert sum(noted.right) == round(judged.accuracy * 150)
    for tenth in range(10):
        within = (judged.confidence > tenth / 10) & (judged.confidence <= (tenth + 1) / 10)
        right = judged.y_pred[within] == judged.y_true[within]
        assert noted.of((tenth + 0.5) / 10) == (right.sum(), within.sum())
    assert (noted.source, noted.drawn) == (held_out.source, True)


def test_without_labels_nothing_is_noted(model, held_out, tmp_path):
    faces = fc.face(*held_out.images[:3])
    assert fc.export_onnx(model, tmp_path / "face.onnx", faces).sureness is None


class Noisy(nn.Sequential):
    def forward(self, images):
        return super().forward(images + 0.01 * torch.randn_like(images))


def test_a_file_that_answers_otherwise_never_takes_its_place(model, held_out, tmp_path):
    path = tmp_path / "face.onnx"
    path.write_bytes(b"the old one")
    with pytest.raises(DataMismatch, match=r"logits that differ by .* on 20 faces. Nothing was written"):
        fc.export_onnx(Noisy(*model), path, held_out[:20])
    assert path.read_bytes() == b"the old one"
    assert [each.name for each in tmp_path.iterdir()] == ["face.onnx"]


def test_the_difference_is_the_largest_of_all_faces(model, exported, held_out):
    images = held_out.images[:130, None].astype(np.float32) / 255
    other = copy.deepcopy(model).eval()
    with torch.no_grad():
        other[-1].bias[5] += 0.25
    assert to_onnx.largest_difference(other, exported, images) == pytest.approx(0.25, abs=1e-4)


def test_what_is_no_network_for_faces_is_refused(model, held_out, tmp_path):
    path = tmp_path / "face.onnx"
    with pytest.raises(ParameterError, match=r"torch\.nn\.Module"):
        fc.export_onnx("weights.pt", path, held_out)
    with pytest.raises(ParameterError, match="this one says"):
        fc.export_onnx(nn.Linear(5, 7), path, held_out)
    with pytest.raises(ParameterError, match="expected a Split"):
        fc.export_onnx(model, path, held_out.images)
    assert not path.exists()


class ByHand(nn.Module):
    """Branches on what it sees, which no graph can."""

    def forward(self, images):
        logits = images.flatten(1)[:, :7]
        return logits if float(images.sum()) > 1 else -logits


def test_a_network_that_cannot_be_written_is_refused_with_the_reason(held_out, tmp_path):
    with pytest.raises(ParameterError, match=r"expected a network that torch\.onnx can write .* cannot: \w+"):
        fc.export_onnx(ByHand(), tmp_path / "face.onnx", held_out[:4])
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_refused(tmp_path):
    with pytest.raises(DataNotFound, match="no such file"):
        fc.OnnxNetwork(tmp_path / "absent.onnx")
    weights = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(3)}, weights)
    with pytest.raises(DataMismatch, match=r"weights\.pt: expected an ONNX file.*do not say which network"):
        fc.OnnxNetwork(weights)
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(DataMismatch, match="expected an ONNX file"):
        fc.OnnxNetwork(tmp_path / "empty.onnx")


def linear(path, sides=(48, 48), classes=7, note=None):
    """A file with a network of one product, written without PyTorch."""
    helper = onnx.helper
    faces, logits = (
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("images", ["n", 1, *sides]), ("logits", ["n", classes]))
    )
    weights = onnx.numpy_helper.from_array(np.ones((sides[0] * sides[1], classes), np.float32), "w")
    nodes = [helper.make_node("Flatten", ["images"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["logits"])]
    graph = helper.make_graph(nodes, "linear", [faces], [logits], [weights])
    program = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if note is not None:
        helper.set_model_props(program, {NOTE: note})
    onnx.save(program, path)
    return path


def test_a_network_of_other_shapes_is_refused(tmp_path):
    with pytest.raises(DataMismatch, match=r"found one from \[\['n', 1, 64, 64\]\]"):
        fc.OnnxNetwork(linear(tmp_path / "large.onnx", sides=(64, 64)))
    with pytest.raises(DataMismatch, match=r"to \[\['n', 8\]\]"):
        fc.OnnxNetwork(linear(tmp_path / "eight.onnx", classes=8))


def test_a_note_that_is_damaged_is_refused(tmp_path):
    good = {"temperature": 1.0, "faces": [1] * 10, "right": [1] * 10, "source": "", "drawn": True}
    assert fc.OnnxNetwork(linear(tmp_path / "a.onnx", note=json.dumps(good))).sureness.of(1.0) == (1, 1)
    bad = ["{", "[]", "{}", *(json.dumps(good | change) for change in BAD)]
    for note in bad:
        with pytest.raises(DataMismatch, match=r"b\.onnx: .*Export the network again"):
            fc.OnnxNetwork(linear(tmp_path / "b.onnx", note=note))


BAD = ({"faces": [1] * 9}, {"right": [2] * 10}, {"temperature": 0.0}, {"temperature": "hot"}, {"more": 1}, {"faces": 3})


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 48, 48), np.float32),
        np.zeros((1, 1, 48, 48)),
        torch.zeros(1, 1, 48, 48),
        np.zeros((2, 1, 40, 48), "f"),
    ],
    ids=["one face", "float64", "a tensor", "40 rows"],
)
def test_faces_of_another_shape_are_refused(exported, wrong):
    with pytest.raises(ParameterError, match=r"expected an array of float32 \(B, 1, 48, 48\)"):
        exported(wrong)


def test_eight_bits_are_smaller_and_answer_nearly_alike(exported, model, held_out, tmp_path, recwarn):
    seen = fc.drawn_faces(200, 0, 0, seed=5).train
    small = fc.quantise(exported, tmp_path / "int8.onnx", seen, held_out)
    kinds = [node.op_type for node in onnx.load(small.path).graph.node]
    assert {"QuantizeLinear", "DequantizeLinear"} <= set(kinds)
    types = {each.data_type for each in onnx.load(small.path).graph.initializer if len(each.dims) > 1}
    assert types == {onnx.TensorProto.INT8}
    weights = [onnx.numpy_helper.to_array(each) for each in onnx.load(small.path).graph.initializer]
    largest = max(np.abs(each.astype(int)).max() for each in weights if each.dtype == np.int8 and each.ndim > 1)
    assert 60 < largest <= 64, "two products with 255 have to fit into 16 bits, on whichever processor"
    assert 2 * 255 * largest < 2**15
    apart = np.abs(small.predict(held_out).probabilities - exported.predict(held_out).probabilities)
    assert apart.max() > 0
    assert apart.mean() < 0.02
    assert sum(small.sureness.faces) == 150
    assert small.sureness != exported.sureness
    assert small(np.zeros((3, 1, 48, 48), np.float32)).shape == (3, 7)
    assert [each.name for each in tmp_path.iterdir()] == ["int8.onnx"]


@pytest.mark.parametrize(
    "build", [partial(fc.fast, widths=(16, 32, 64), residual_steps=(0, 1)), partial(fc.prelu_cnn, 0.5, 0.25)]
)
def test_networks_of_the_lessons_are_made_small_too(build, held_out, tmp_path):
    torch.manual_seed(0)
    network = build()
    with torch.no_grad():
        network(torch.from_numpy(held_out.images[:32, None] / np.float32(255)))  # averages of batch norms
    exported = fc.export_onnx(network, tmp_path / "whole.onnx", held_out)
    small = fc.quantise(exported, tmp_path / "int8.onnx", held_out[:100], held_out)
    images = held_out.images[:50, None] / np.float32(255)
    assert small.megabytes < 0.3 * exported.megabytes
    assert 0 < np.abs(small(images) - exported(images)).max() < 0.3 * np.abs(exported(images)).max()


def test_a_large_layer_takes_a_quarter(tmp_path, held_out):
    network = fc.OnnxNetwork(linear(tmp_path / "a.onnx"))
    small = fc.quantise(network, tmp_path / "b.onnx", held_out[:50], fc.face(held_out.images[0]))
    assert small.megabytes < 0.3 * network.megabytes
    assert small.sureness is None


def test_only_an_exported_network_is_quantised(model, exported, held_out, tmp_path):
    with pytest.raises(ParameterError, match=r"fc\.export_onnx wrote; found a Sequential"):
        fc.quantise(model, tmp_path / "a.onnx", held_out, held_out)
    with pytest.raises(ParameterError, match=r"expected splits with faces"):
        fc.quantise(exported, tmp_path / "a.onnx", held_out[:0], held_out)


def test_without_the_extra_its_command_is_named(monkeypatch, model, held_out, tmp_path):
    from fercourse.learn.export import network

    monkeypatch.setattr(network, "find_spec", lambda name: None)
    for call in (
        lambda: fc.export_onnx(model, tmp_path / "a.onnx", held_out),
        lambda: fc.OnnxNetwork(tmp_path / "a.onnx"),
    ):
        with pytest.raises(ImportError, match=r"of the extra deploy; it is not installed: pip install .*\[deploy\]"):
            call()


def test_grey_levels_and_what_is_no_number_are_no_faces(exported, held_out):
    grey = held_out.images[:2, None].astype(np.float32)
    for images in (grey, grey * np.nan):
        with pytest.raises(
            ParameterError, match=r"expected faces in \[0, 1\], found .* in them\. Divide grey levels by 255"
        ):
            exported(images)


def test_only_faces_are_predicted_and_at_least_one(exported, held_out):
    for wrong, words in (
        (held_out.images, "expected a Split.*found ndarray"),
        (held_out[:0], "expected at least one face, found none"),
    ):
        with pytest.raises(ParameterError, match=words):
            exported.predict(wrong)
