"""What a network costs, predicted without training it: parameters, arithmetic, memory, seconds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.func import functional_call
from torch.nn.parameter import is_lazy
from torch.utils.flop_counter import FlopCounterMode

from fercourse.data.faces import SIDE
from fercourse.errors import ParameterError
from fercourse.learn.checks import answer, check_network
from fercourse.learn.device import choose_device, mode_kept
from fercourse.learn.precision import PRECISIONS, bfloat16_pays
from fercourse.settings import choice, whole

BYTES = 4  # of a float32
PASSES = 3  # a training step: forward, then the gradients of the activations and those of the weights


@dataclass(frozen=True)
class Cost:
    """The predicted cost of training a network.

    parameters: numbers that training moves
    flops:      floating-point operations of one face, forward: a multiplication and an addition are two
    memory_mb:  MB (10⁶ bytes) of float32 for weights, gradients, the optimiser's state and the stored activations
    """

    parameters: int
    flops: int
    memory_mb: float

    def seconds(self, faces: int, flops_per_second: float) -> float:
        """The least time for one pass over `faces` faces on a machine of `flops_per_second`, in seconds.

        Counts forward and backward, the backward pass as twice the forward one. A floor: only products are counted,
        and they are taken to run as fast as the machine's best matrix product.
        """
        return PASSES * self.flops * faces / flops_per_second


def cost(model: nn.Module, *, side: int = SIDE, batch_size: int = 128, moments: int = 0) -> Cost:
    """The `Cost` of training `model` on faces of 48 pixels; nothing is computed and the model is left as it was.

    side:    of the faces in pixels, where it is another one
    moments: tensors that the optimiser keeps for each weight: 0 for plain SGD, 1 with momentum, 2 for Adam
    Counts the products of all layers, those of convolutions, linear layers and attention (torch's own counter), and
    each activation that autograd stores for the backward pass.
    Raises ParameterError for a batch without faces, a negative number of moments, and a side that the model refuses.

    >>> cost(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48 * 48, 7))).flops == 2 * 48 * 48 * 7
    True
    """
    check_network(model)
    if any(is_lazy(weights) for weights in model.parameters()):
        raise ParameterError(
            "expected a network whose layers know their sizes; found one that finds them at its first face: ask it "
            "for one, fc.predict(model, data.valid[:1])"
        )
    batch_size, moments = whole("batch_size", batch_size), whole("moments", moments, least=0)
    side = whole("side", side)
    parameters = sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
    flops, stored = _count(model, faces=batch_size, side=side)
    return Cost(parameters, flops // batch_size, (BYTES * parameters * (2 + moments) + stored) / 1e6)


def training_flops(model: nn.Module, *, faces: int, sides: Sequence[int]) -> int:
    """The floating-point operations of training `model`: in each epoch once on `faces` faces, at the side of `sides`.

    sides: one for each epoch, in pixels: [48] * 15 for 15 epochs of whole faces
    A step is counted as three times the forward pass, because the backward one makes two products for each of its: the
    gradients of the activations and those of the weights. What `cost` counts; the optimiser's own arithmetic is not.
    Raises ParameterError for sides that are no list of whole numbers, and for one that the model refuses.

    >>> training_flops(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48 * 48, 7)), faces=10, sides=[48, 48])
    1935360
    """
    faces = whole("faces", faces)
    if isinstance(sides, str) or not hasattr(sides, "__len__"):
        raise ParameterError(f"expected sides, a list of sides in pixels, one for each epoch; found {sides!r}")
    sides = [whole("each of sides", side) for side in sides]
    flops = {side: cost(model, side=side).flops for side in set(sides)}
    return PASSES * faces * sum(flops[side] for side in sides)


def _count(model, *, faces, side):
    """(operations forward, bytes stored for the backward pass) of a batch, on tensors with shapes and no values."""
    stored = {}

    def store(tensor):
        stored[tensor.untyped_storage()._cdata] = tensor.untyped_storage().nbytes()
        return tensor

    counter = FlopCounterMode(display=False)
    with mode_kept(model), torch.inference_mode(False), torch.enable_grad():
        state, images = _shapes(model), torch.empty(faces, 1, side, side, device="meta")
        with counter, saved_tensors_hooks(store, lambda tensor: tensor):
            # The result holds what was stored, so that no two storages share an address while they are counted.
            logits = answer(lambda images: functional_call(model.train(), state, (images,)), images)
        del logits
    for weights in state.values():
        stored.pop(weights.untyped_storage()._cdata, None)
    return counter.get_total_flops(), sum(stored.values())


def _shapes(model):
    """The model's parameters and buffers by name, as tensors that have their shapes and no values."""
    values = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {
        name: torch.empty(value.shape, dtype=value.dtype, device="meta", requires_grad=value.requires_grad)
        for name, value in values.items()
    }


def flops_per_second(
    device: str | torch.device = "auto", *, precision: str = "float32", side: int = 1024, repeats: int = 10
) -> float:
    """The floating-point operations a second of this machine's matrix product, in its best of `repeats` runs.

    side: rows and columns of the square matrices
    precision: "float32", "bfloat16", or "auto": bfloat16 where the device has instructions for it, as in `fit`
    """
    precision, device = choice("precision", precision, PRECISIONS), choose_device(device)
    side, repeats = whole("side", side), whole("repeats", repeats)
    half = precision == "bfloat16" or (precision == "auto" and bfloat16_pays(device))
    matrix = torch.rand(side, side, device=device, dtype=torch.bfloat16 if half else torch.float32)
    times = []
    for _ in range(repeats + 1):  # the first one warms up
        start = time.perf_counter()
        (matrix @ matrix).sum().item()  # asking for a number waits for the device
        times.append(time.perf_counter() - start)
    return 2 * side**3 / min(times[1:])
