"""Eight bits instead of 32: a quarter of the size, other roundings, and so now and then another answer."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from fercourse.data.faces import Split
from fercourse.errors import ParameterError
from fercourse.files import written_aside
from fercourse.learn.export.network import OnnxNetwork, needed, note
from fercourse.report.calibration.sureness import sureness

AT_ONCE = 50


def quantise(network: OnnxNetwork, path: str | os.PathLike, seen: Split, held_out: Split) -> OnnxNetwork:
    """Write `network` with weights and activations of eight bits, int8, as an ONNX file, and return it.

    seen:     training faces, some hundreds; the range of each layer's answers to them is what eight bits are laid over
    held_out: other faces; where they have labels, the file carries how often its own answers to them were right

    Static quantisation by onnxruntime, one scale for each channel of weights. Weights take seven of the eight bits:
    processors without VNNI add two products in 16 bits, where larger ones are cut off, without an error, and only there
    (onnxruntime's guide to quantisation, "When and why do I need to try U8U8?"). The answers are others than before:
    compare them by `predict` and the paired test before you use the file. Raises ParameterError for other arguments,
    NotWritten, and ImportError without the extra `deploy`.
    """
    for module in ("onnx", "onnxruntime"):
        needed(module)
    if not isinstance(network, OnnxNetwork):
        raise ParameterError(f"expected a network that fc.export_onnx wrote; found a {type(network).__name__}")
    for split in (seen, held_out):
        if not isinstance(split, Split) or not len(split):
            raise ParameterError(f"expected splits with faces, such as data.train[:500]; found {split!r}")
    with written_aside(path) as aside:
        _quantised(network.path, network.input_name, aside, seen.images[:, None].astype(np.float32) / 255)
        if held_out.labelled:
            note(aside, sureness(OnnxNetwork(aside).predict(held_out)))
    return OnnxNetwork(path)


def _quantised(source, name, target, images):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Seen(CalibrationDataReader):
        def __init__(self):
            self.parts = iter(np.array_split(images, -(-len(images) // AT_ONCE)))

        def get_next(self):
            part = next(self.parts, None)
            return None if part is None else {name: part}

    with TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        # onnxruntime's symbolic shapes fail on some sound networks, `fast` among them; ONNX's own are enough here.
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            target,
            Seen(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            reduce_range=True,
        )
