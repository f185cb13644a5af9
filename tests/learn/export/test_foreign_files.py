"""Files that others wrote, and networks that no file can hold: refused where they would be misread."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import fercourse as fc
from fercourse.errors import DataMismatch, ParameterError


def logits_of(model, images):
    with torch.inference_mode():
        return model.eval()(images).numpy()


def by_torch(model, path, images, **settings):
    """A file as torch alone writes it, without what `fc.export_onnx` sees to."""
    program = torch.onnx.export(model.eval(), (images,), dynamo=True, verbose=False, opset_version=18, **settings)
    program.save(str(path))
    return path


ANY = {"dynamic_shapes": ({0: torch.export.Dim("faces", min=1, max=9)},)}


def test_a_file_that_others_wrote_is_refused_where_it_would_be_misread(tmp_path, faces):
    torch.manual_seed(0)
    plain, images = nn.Sequential(nn.Flatten(), nn.Linear(2304, 7)), torch.rand(2, 1, 48, 48)
    soft = nn.Sequential(*plain, nn.Softmax(1))
    with pytest.raises(DataMismatch, match="expected logits from the network, found probabilities, which sum to 1"):
        fc.OnnxNetwork(by_torch(soft, tmp_path / "soft.onnx", images, **ANY))
    with pytest.raises(DataMismatch, match="expected a network for any number of faces, found one for 1 at once"):
        fc.OnnxNetwork(by_torch(plain, tmp_path / "one.onnx", images[:1]))
    with pytest.raises(DataMismatch, match=r"of float32 images, found one that takes a tensor\(float16\)"):
        fc.OnnxNetwork(by_torch(copy.deepcopy(plain).half(), tmp_path / "half.onnx", images.half(), **ANY))
    network = fc.OnnxNetwork(by_torch(plain, tmp_path / "plain.onnx", images, **ANY))
    np.testing.assert_allclose(network(images.numpy()), logits_of(plain, images), atol=1e-5)
    small = fc.quantise(network, tmp_path / "small.onnx", faces.train[:50], faces.valid[:20])
    assert network.input_name == small.input_name != "images", "by whichever name the file calls its input"


class AboveTheMean(nn.Sequential):
    """Looks at what of a face differs from the mean of its batch."""

    def forward(self, images):
        return super().forward(images - images.mean(0, keepdim=True))


@pytest.mark.parametrize(
    "network",
    [AboveTheMean(nn.Flatten(), nn.Linear(2304, 7)), nn.Sequential(nn.AvgPool2d(4, divisor_override=3), nn.Flatten())],
    ids=["other faces", "another divisor"],
)
def test_few_faces_are_enough_to_see_an_answer_that_cannot_be_exported(tmp_path, faces, network):
    torch.manual_seed(0)
    network = network if isinstance(network, AboveTheMean) else nn.Sequential(*network, nn.Linear(144, 7))
    with pytest.raises(DataMismatch, match=r"looks at the other faces of a batch, or that torch\.onnx"):
        fc.export_onnx(network, tmp_path / "network.onnx", faces.valid[:20])
    assert not [*tmp_path.iterdir()]


def test_what_has_not_seen_a_face_is_not_exported(tmp_path, faces):
    with pytest.raises(ParameterError, match="layers that have not seen a face yet"):
        fc.export_onnx(nn.Sequential(nn.Flatten(), nn.LazyLinear(7)), tmp_path / "network.onnx", faces.valid)
