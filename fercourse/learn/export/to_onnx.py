"""From PyTorch to an ONNX file that is proved to answer alike before it takes its place.

Lesson 08's clinic exports too, into a function of arrays: there the bugs of exports are planted, which a file would
hide. This one is for use.
"""

import copy
import os

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from fercourse.data.faces import SIDE, Split
from fercourse.errors import DataMismatch, ParameterError
from fercourse.files import written_aside
from fercourse.learn.checks import check_answer, check_network, check_split
from fercourse.learn.export.network import OnnxNetwork, needed, note
from fercourse.report.calibration.sureness import sureness

TOLERANCE = 1e-4
OPSET = 18


def export_onnx(model: nn.Module, path: str | os.PathLike, held_out: Split) -> OnnxNetwork:
    """Write `model` as an ONNX file, prove on the faces of `held_out` that it answers alike, and return it.

    path:     replaced when the new file is whole and proved, not before
    held_out: a Split that the network has not learnt from. Where it has labels, the file also carries how often
              answers of each sureness were right on it (`OnnxNetwork.sureness`)

    The file takes any number of faces, float32 (B, 1, 48, 48) in [0, 1], and gives logits (B, 7). It holds the weights,
    and the network as it is in evaluation; `model` itself stays as it is.
    Raises DataMismatch where the largest difference of a logit is over 1e-4; nothing is written then. ParameterError
    for what is no network or cannot be exported, NotWritten, and ImportError without the extra `deploy`.
    """
    for module in ("onnx", "onnxscript", "onnxruntime"):
        needed(module)
    check_network(model)
    if any(is_lazy(weights) for weights in model.parameters()):
        raise ParameterError("expected a network that has learnt something; found layers that have not seen a face yet")
    check_split(held_out, labelled=False)
    frozen = copy.deepcopy(model).cpu().eval().requires_grad_(False)
    images = held_out.images[:, None].astype(np.float32) / 255
    check_answer(frozen, torch.from_numpy(images[:2]))
    with written_aside(path) as aside:
        _program(frozen).save(os.fspath(aside), external_data=False)
        written = OnnxNetwork(aside)
        apart = largest_difference(frozen, written, images)
        if not apart <= TOLERANCE:  # NaN is none either
            raise DataMismatch(
                f"{path}: expected a file that answers as the network does, found logits that differ by {apart:.2g} "
                f"on {len(held_out):,} faces. Nothing was written. A layer that draws random numbers in evaluation, "
                "that looks at the other faces of a batch, or that torch.onnx writes otherwise, as "
                "AvgPool2d(divisor_override=…), cannot be exported."
            )
        if held_out.labelled:
            note(aside, sureness(written.predict(held_out)))
    return OnnxNetwork(path)


@torch.inference_mode()
def largest_difference(model, network, images):
    """The largest difference of a logit between a PyTorch network and an `OnnxNetwork`, on float32 (N, 1, 48, 48)."""
    parts = torch.from_numpy(images).split(max(1, min(100, len(images) // 2)))  # other ones than the file's
    wanted = [model(part).numpy() for part in parts]
    return float(np.abs(np.concatenate(wanted) - network(images)).max())


def _program(model):
    """The network as torch writes it in ONNX, for any number of faces; an example of one face would fix it at one."""
    example = torch.linspace(0, 1, 2 * SIDE * SIDE).view(2, 1, SIDE, SIDE)
    faces = torch.export.Dim("faces", min=1, max=65536)
    try:
        return torch.onnx.export(
            model,
            (example,),
            dynamo=True,
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: faces},),
            opset_version=OPSET,
            verbose=False,
        )
    except torch.onnx.OnnxExporterError as error:
        raise ParameterError(
            "expected a network that torch.onnx can write for any number of faces; this one it cannot: "
            f"{_reason(error)}"
        ) from error


def _reason(error):
    """The first line of the error behind torch's long advice."""
    cause = error.__cause__ or error
    return next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
