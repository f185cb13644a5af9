"""Depthwise convolutions of small pictures, whose gradient takes less time than torch's own on a processor.

A depthwise convolution has one kernel for each channel. Where a picture is smaller than the kernel, torch takes
five times as long for the gradient of the kernels as one matrix product for each channel does.
"""

from functools import cache

import torch
from torch import nn
from torch.nn import functional


class Depthwise(nn.Conv2d):
    """A depthwise convolution with stride 1 that keeps the side: torch's result, and its gradient up to rounding."""

    def forward(self, images):
        small = max(images.shape[2:]) < self.kernel_size[0] and images.device.type == "cpu"
        if small and self.training and not torch.is_autocast_enabled("cpu"):
            return _Convolved.apply(images, self.weight)
        return super().forward(images)


class _Convolved(torch.autograd.Function):
    @staticmethod
    def forward(context, images, kernels):
        context.save_for_backward(images, kernels)
        return functional.conv2d(images, kernels, padding=kernels.shape[-1] // 2, groups=len(kernels))

    @staticmethod
    def backward(context, gradient):
        images, kernels = context.saved_tensors
        side, half = kernels.shape[-1], kernels.shape[-1] // 2
        turned = kernels.flip(2, 3)
        to_images = functional.conv2d(gradient, turned, padding=side - 1 - half, groups=len(kernels))
        # How much each place of the picture went with each place of the result, summed over faces: (C, HW, HW).
        together = torch.einsum("ncp,ncq->cpq", images.flatten(2), gradient.flatten(2))
        taps = _taps(*images.shape[2:], side).to(together.dtype)
        return to_images, (together.flatten(1) @ taps).view_as(kernels)


@cache
def _taps(height, width, side):
    """(HW · HW, side · side), 0 or 1: which number of the kernel joins a place of the picture and one of the result."""
    rows, columns = (
        axis.flatten() for axis in torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    )
    down, right = (axis[:, None] - axis + side // 2 for axis in (rows, columns))
    within = (down >= 0) & (down < side) & (right >= 0) & (right < side)
    taps = torch.zeros(down.numel(), side * side)
    places = within.flatten().nonzero()[:, 0]
    taps[places, (down * side + right).flatten()[places]] = 1
    return taps


def quicker(network: nn.Module) -> nn.Module:
    """The network, its depthwise convolutions that can be `Depthwise` made so; with the same weights."""
    for layer in network.modules():
        if type(layer) is nn.Conv2d and layer.groups == layer.in_channels == layer.out_channels and _plain(layer):
            layer.__class__ = Depthwise
    return network


def _plain(layer):
    """Whether a convolution has a square kernel of odd side, keeps the picture's side, and adds nothing."""
    side, other = layer.kernel_size
    odd = side == other and side % 2 == 1
    steps = layer.stride == layer.dilation == (1, 1)
    return odd and steps and layer.padding == (side // 2,) * 2 and layer.padding_mode == "zeros" and layer.bias is None
