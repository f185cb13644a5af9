"""Muon for the kernels of convolutions: torch's own takes matrices, and a kernel is one that is folded."""

from collections.abc import Iterable
from contextlib import nullcontext

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from fercourse.errors import ParameterError
from fercourse.learn.optim import lay_like_weights
from fercourse.learn.precision import bfloat16_pays
from fercourse.settings import number

CHANNELS = 5  # from so many that a kernel reads it is Muon's: colour has three, a face taken apart into 2×2 has four


class InFloat32(TorchFunctionMode):
    """Within it nothing becomes bfloat16, as torch's Muon asks: a copy in float32 stands for it.

    Where a device has no instructions for bfloat16, its products of matrices are emulated, and such a step takes ten
    times as long.
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """The function that was called, or a copy in place of `Tensor.bfloat16`."""
        return args[0].clone() if function is torch.Tensor.bfloat16 else function(*args, **(kwargs or {}))


class Muon(torch.optim.Optimizer):
    """Muon for `kernels` (out, in, height, width), AdamW for the `others`: two groups of weights, one optimiser.

    Both are torch's. They work on the groups and the state of this one, so that schedules, clipping and checkpoints
    meet the weights themselves. To Muon a kernel is the matrix (out, in × height × width) of the same numbers. In which
    order its columns stand does not matter to it, so that channels may lie last in memory.
    """

    def __init__(self, kernels, others, *, lr, weight_decay, rest):
        settings = {"momentum": 0.9, "ns_steps": 4, "adjust_lr_fn": "match_rms_adamw"}
        stand_in = [nn.Parameter(torch.zeros(1, 1))]
        self._muon = _torchs_muon()(stand_in, lr=lr, weight_decay=weight_decay, **settings)
        self._adamw = torch.optim.AdamW([{"params": others}], lr=rest, weight_decay=0.0, fused=True)
        super().__init__([self._muon.param_groups[0] | {"params": kernels}, self._adamw.param_groups[0]], {})

    @torch.no_grad()
    def step(self):
        """One step along the gradients; a weight that has none stays as it is."""
        kernels, others = self.param_groups
        self._adamw.param_groups, self._adamw.state = [others], self.state
        self._adamw.step()
        matrices = dict(self._matrix(kernel) for kernel in kernels["params"] if kernel.grad is not None)
        self._muon.param_groups, self._muon.state = [kernels | {"params": list(matrices)}], matrices
        with nullcontext() if bfloat16_pays(kernels["params"][0].device) else InFloat32():
            self._muon.step()

    def _matrix(self, kernel):
        """(a view of the kernel as a matrix, with its gradient; the state of it, a view as well)."""
        state = self.state[kernel]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(kernel)
        order = (0, *sorted((1, 2, 3), key=kernel.stride, reverse=True))  # as it lies in memory, so that it is a view
        kept, moments, gradient = (part.permute(order) for part in (kernel, state["momentum_buffer"], kernel.grad))
        matrix = kept.detach().view(len(kernel), -1)
        matrix.grad = gradient.reshape(len(kernel), -1)
        return matrix, {"momentum_buffer": moments.view(len(kernel), -1)}

    def load_state_dict(self, state_dict):
        """Go on from what `state_dict` returned."""
        super().load_state_dict(state_dict)
        lay_like_weights(self)


def muon(
    model: nn.Module | Iterable[nn.Parameter], *, lr: float = 0.02, weight_decay: float = 0.1, rest: float = 3e-3
) -> torch.optim.Optimizer:
    """Muon at the rate `lr` for the kernels behind the stem of `model`, AdamW at the rate `rest` for all other weights.

    model: a network, or parameters as `fit` hands them on: fit(model, data, optimizer=fc.muon), or with other rates
    partial(fc.muon, lr=0.01). Each weight is taken once, however many layers share it; what requires no gradient is
    left out.
    To Muon goes each kernel of a convolution (out, in, height, width) that reads more than four channels. To AdamW,
    without weight decay, goes the rest: the stem, which reads the one to four channels of pictures; depthwise kernels,
    which read one each; linear layers; batch norm; biases.
    weight_decay: of Muon's kernels, decoupled. Its momentum is 0.9, Nesterov's; four Newton-Schulz steps; its steps are
    scaled to those of AdamW.
    Muon takes the gradient, averaged over the last steps, makes all its singular values nearly equal, and goes along
    the result. Jordan et al. 2024, Muon: an optimizer for hidden layers; the scale is that of Liu et al. 2025, Muon is
    scalable for LLM training.
    It does so in bfloat16 where the device has instructions for it, else in float32.
    Raises ParameterError for rates that cannot work and without a kernel for Muon, ImportError where torch is older
    than 2.9.
    """
    lr, rest = (number(name, rate, "over 0", lambda rate: rate > 0) for name, rate in (("lr", lr), ("rest", rest)))
    weight_decay = number("weight_decay", weight_decay, "≥ 0", lambda decay: decay >= 0)
    parameters = model.parameters() if isinstance(model, nn.Module) else model
    moving = list({id(weights): weights for weights in parameters if weights.requires_grad}.values())
    kernels = [weights for weights in moving if weights.ndim == 4 and weights.shape[1] >= CHANNELS]
    if not kernels:
        raise ParameterError(
            "expected a network with convolutions that read more than four channels and require a gradient: Muon is "
            'for their kernels; found none. Train this one with optimizer="adamw".'
        )
    others = [weights for weights in moving if all(weights is not kernel for kernel in kernels)]
    return Muon(kernels, others, lr=lr, weight_decay=weight_decay, rest=rest)


def _torchs_muon():
    if not hasattr(torch.optim, "Muon"):
        raise ImportError(f"Muon is in torch from 2.9 on; this is {torch.__version__}. pip install --upgrade torch")
    return torch.optim.Muon
