"""How a network computes faster: in numbers of sixteen bits, with the channels of an image side by side in memory."""

import torch
from torch import nn

from fercourse.settings import choice

PRECISIONS = ("float32", "bfloat16", "auto")
WIDE = 512  # channels of a convolution, from which its weights are so many that ordering them anew costs more


class Bfloat16(nn.Module):
    """A model whose forward pass computes convolutions and matrix products in bfloat16; logits come out as float32.

    The weights, their gradients and the optimiser stay float32: this is mixed precision, not a smaller model.
    Takes and returns what `model` does. Source: PyTorch documentation, automatic mixed precision.
    """

    def __init__(self, model):
        super().__init__()
        self.model = channels_last(model)

    def forward(self, images):
        with torch.autocast(images.device.type, torch.bfloat16):
            return self.model(images).float()


def bfloat16_pays(device):
    """Whether `device` has instructions for bfloat16; without them it would be emulated, slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def channels_last(model):
    """`model`, the weights of whose convolutions now lie with the channels last in memory; their values stay.

    A convolution hands this layout on to the next. Source: PyTorch documentation, channels last memory format.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.to(memory_format=torch.channels_last)
    return model


def at_precision(model, precision, device):
    """The module to call instead of `model` for "float32", "bfloat16" or "auto"; it shares the model's weights.

    Convolutions get their channels last, but in float32 where one is `WIDE`, or on a GPU, where it was not measured.
    """
    precision = choice("precision", precision, PRECISIONS)
    wanted = precision == "bfloat16" or (precision == "auto" and bfloat16_pays(device))
    if wanted:
        return Bfloat16(model)
    widths = [layer.out_channels for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    return channels_last(model) if device.type == "cpu" and max(widths, default=WIDE) < WIDE else model
