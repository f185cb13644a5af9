"""Residual networks for faces of 48 pixels: torchvision's, with the ends swapped, and the small one of nine layers."""

import torchvision
from torch import nn

from fercourse.data.faces import EMOTIONS
from fercourse.errors import ParameterError
from fercourse.learn.models import Standardise
from fercourse.settings import choice, plain

DEPTHS = {18: torchvision.models.resnet18, 50: torchvision.models.resnet50, 152: torchvision.models.resnet152}


def resnet(depth: int, mean: float, std: float, *, stem: str = "imagenet") -> nn.Sequential:
    """Torchvision's ResNet of `depth` 18, 50 or 152, untrained, for one grey channel and seven emotions.

    Takes float32 (B, 1, 48, 48), standardised by `mean` and `std` in grey levels of [0, 1]; returns logits (B, 7).
    stem: "imagenet", 7×7 with stride 2, then max-pooling: the first block sees 12×12;
          "faces", 3×3 with stride 2 and no pooling: it sees 24×24, at about four times the arithmetic.
    Raises ParameterError for another depth or stem. He et al. 2016, Deep Residual Learning for Image Recognition.
    Built by hand in lesson 05.
    """
    depth = plain(depth)
    if not isinstance(depth, int) or depth not in DEPTHS:
        raise ParameterError(f"expected a depth of {', '.join(map(str, DEPTHS))}; found {depth!r}")
    stem = choice("stem", stem, ("imagenet", "faces"))
    network = DEPTHS[depth](weights=None)
    network.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    if stem == "faces":
        network.conv1 = nn.Conv2d(1, 64, kernel_size=3, stride=2, padding=1, bias=False)
        network.maxpool = nn.Identity()
    network.fc = nn.Linear(network.fc.in_features, len(EMOTIONS), bias=False)
    return nn.Sequential(Standardise(mean, std), network)


class Residual(nn.Module):
    """Adds to its input (B, C, H, W) what `block` makes of it, in the same shape."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, activation):
        return activation + self.block(activation)


def convolution(inputs, outputs, *, pool=False):
    """3×3 convolution, batch norm and ReLU; (B, inputs, H, W) to (B, outputs, H, W), halved by max-pooling if asked."""
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, *[nn.MaxPool2d(2)] * pool)


def resnet9(mean: float, std: float) -> nn.Sequential:
    """Eight convolutions, two residual steps, one linear layer: 64, 128, 256 and 512 channels at 48, 24, 12, 6 pixels.

    Takes float32 (B, 1, 48, 48), standardised by `mean` and `std` in grey levels of [0, 1]; returns logits (B, 7).
    """
    return nn.Sequential(
        Standardise(mean, std),
        convolution(1, 64),
        convolution(64, 128, pool=True),
        Residual(nn.Sequential(convolution(128, 128), convolution(128, 128))),
        convolution(128, 256, pool=True),
        convolution(256, 512, pool=True),
        Residual(nn.Sequential(convolution(512, 512), convolution(512, 512))),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(512, len(EMOTIONS)),
    )
