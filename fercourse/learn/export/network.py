"""A network in an ONNX file: what it answers, how large and how quick it is. Nothing here needs PyTorch."""

import json
import os
import time
from importlib.util import find_spec

import numpy as np

from fercourse.data.faces import BRIGHTEST, EMOTIONS, SIDE, Split
from fercourse.errors import DataMismatch, DataNotFound, ParameterError
from fercourse.report.calibration.sureness import Sureness, sureness_in
from fercourse.report.predictions import Predictions
from fercourse.settings import whole

INSTALL = 'pip install -c constraints.txt -e ".[deploy]"'
NOTE = "fercourse"
"""The name of what this course writes into the file beside the network."""

AT_ONCE = 250


class OnnxNetwork:
    """A network read from an ONNX file: float32 (B, 1, 48, 48) in [0, 1] to logits (B, 7), both arrays of NumPy.

    path:     of the file. input_name: what it calls the images
    sureness: how often its answers were right on held-out faces, by how sure they were; None where nobody noted it
    It computes on one processor core, by onnxruntime.
    Raises DataNotFound where no file can be read, DataMismatch for another file, a network of other shapes or types,
    one for a certain number of faces alone, and one that answers with probabilities; ImportError where the extra
    `deploy` is not installed. Read such files of people you trust, as any program.
    """

    def __init__(self, path: str | os.PathLike):
        needed("onnxruntime")
        self.path = os.fspath(path)
        self._session = _session(self.path)
        (self.input_name,) = (each.name for each in self._session.get_inputs())
        self.sureness = _noted(self._session, self.path)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        if not isinstance(images, np.ndarray) or images.dtype != np.float32 or images.shape[1:] != (1, SIDE, SIDE):
            found = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
            raise ParameterError(f"expected an array of float32 (B, 1, {SIDE}, {SIDE}) in [0, 1]; found {found}")
        if not len(images):
            raise ParameterError("expected at least one face, found none")
        if not images.max() <= BRIGHTEST:  # NaN is none either
            raise ParameterError(
                f"expected faces in [0, 1], found {images.max():.4g} in them. Divide grey levels by 255"
            )
        parts = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
        return np.concatenate([self._session.run(None, {self.input_name: part})[0] for part in parts])

    def __repr__(self):
        return f"OnnxNetwork({self.path}, {self.megabytes:.2f} MB)"

    @property
    def megabytes(self) -> float:
        """The size of the file in MB, 10⁶ bytes."""
        return os.path.getsize(self.path) / 1e6

    def predict(self, split: Split) -> Predictions:
        """The answers to a split, as `fc.predict` gives those of a PyTorch network."""
        if not isinstance(split, Split):
            raise ParameterError(f"expected a Split, such as data.valid; found {type(split).__name__}")
        logits = self(split.images[:, None].astype(np.float32) / 255)
        return Predictions(softmax(logits), split.labels if split.labelled else None, split.source, split.drawn)

    def milliseconds(self, *, repeats: int = 100) -> float:
        """The median time for one face, in ms."""
        face, times = np.full((1, 1, SIDE, SIDE), 0.5, np.float32), []
        for _ in range(whole("repeats", repeats)):
            start = time.perf_counter()
            self(face)
            times.append(time.perf_counter() - start)
        return 1000 * float(np.median(times))


def softmax(logits):
    """Probabilities, float32 (N, 7), of logits (N, 7)."""
    powers = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    return (powers / powers.sum(1, keepdims=True)).astype(np.float32)


def needed(module):
    """Raise ImportError, with the command that installs it, where a package of the extra `deploy` is not there."""
    if find_spec(module) is None:
        raise ModuleNotFoundError(
            f"expected the package {module}, of the extra deploy; it is not installed: {INSTALL}", name=module
        )


def note(path, sureness: Sureness):
    """Write into the ONNX file at `path` how sure the network is, where `OnnxNetwork` finds it."""
    import onnx

    program = onnx.load(path)
    onnx.helper.set_model_props(program, {NOTE: json.dumps(sureness.as_numbers())})
    onnx.save(program, path)


def _session(path):
    import onnxruntime

    if not os.path.isfile(path):
        raise DataNotFound(f"{path}: no such file. Export a network first: fc.export_onnx(model, {path!r}, held_out)")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors alone
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except _failures() as error:
        raise DataMismatch(
            f"{path}: expected an ONNX file, found another one or a damaged one. Weights alone, such as a .pt file, "
            "do not say which network they belong to: export it, fc.export_onnx(model, 'network.onnx', held_out).\n"
            f"onnxruntime says: {str(error).splitlines()[0]}"
        ) from error
    shapes = [[each.shape for each in side] for side in (session.get_inputs(), session.get_outputs())]
    taken, given = ([shape[1:] for shape in side] for side in shapes)
    if taken != [[1, SIDE, SIDE]] or given != [[len(EMOTIONS)]]:
        raise DataMismatch(
            f"{path}: expected a network from (B, 1, {SIDE}, {SIDE}) to (B, {len(EMOTIONS)}), found one from "
            f"{shapes[0]} to {shapes[1]}. Export one of this course."
        )
    if isinstance(shapes[0][0][0], int):
        raise DataMismatch(
            f"{path}: expected a network for any number of faces, found one for {shapes[0][0][0]} at once, as "
            "torch.onnx.export writes it unless dynamic_shapes says otherwise. fc.export_onnx does"
        )
    _check_logits(session, path)
    return session


def _check_logits(session, path):
    """Raise DataMismatch where the network does not take float32, or where its answers to two faces sum to 1."""
    (images,) = session.get_inputs()
    if images.type != "tensor(float)":
        raise DataMismatch(f"{path}: expected a network of float32 images, found one that takes a {images.type}")
    faces = np.linspace(0, 1, 2 * SIDE * SIDE, dtype=np.float32).reshape(2, 1, SIDE, SIDE)
    answers = session.run(None, {images.name: faces})[0]
    if (answers >= 0).all() and np.abs(answers.sum(1) - 1).max() < 0.01:
        raise DataMismatch(
            f"{path}: expected logits from the network, found probabilities, which sum to 1. `predict` takes the "
            "softmax itself, and a second one flattens every answer: export the network without its softmax"
        )


def _failures():
    """What onnxruntime raises of a file that it cannot use; its errors have no family."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    return tuple(getattr(state, name) for name in names)


def _noted(session, path):
    text = session.get_modelmeta().custom_metadata_map.get(NOTE)
    if text is None:
        return None
    try:
        return sureness_in(json.loads(text))
    except (DataMismatch, ValueError) as error:
        raise DataMismatch(f"{path}: {error} Export the network again.") from error
