"""Numbers of sixteen bits for the large products of a network, where the processor or the GPU computes them faster."""

import torch
from torch import nn

from fercourse.settings import choice

PRECISIONS = ("float32", "bfloat16", "auto")


class Bfloat16(nn.Module):
    """A model whose forward pass computes convolutions and matrix products in bfloat16; logits come out as float32.

    The weights, their gradients and the optimiser stay float32: this is mixed precision, not a smaller model.
    Takes and returns what `model` does. Source: PyTorch documentation, automatic mixed precision.
    """

    def __init__(self, model):
        super().__init__()
        self.model = model.to(memory_format=torch.channels_last)

    def forward(self, images):
        with torch.autocast(images.device.type, torch.bfloat16):
            return self.model(images).float()


def bfloat16_pays(device):
    """Whether `device` has instructions for bfloat16; without them it would be emulated, slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def at_precision(model, precision, device):
    """The module to call instead of `model` for "float32", "bfloat16" or "auto"; it shares the model's weights."""
    precision = choice("precision", precision, PRECISIONS)
    wanted = precision == "bfloat16" or (precision == "auto" and bfloat16_pays(device))
    return Bfloat16(model) if wanted else model
