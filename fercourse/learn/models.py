"""The networks of the lessons. Each owns its preprocessing: images come in as float32 in [0, 1], (B, 1, 48, 48)."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from fercourse.data.faces import EMOTIONS, SIDE
from fercourse.errors import ParameterError
from fercourse.settings import choice, flag, in_grey_levels, plain, share, whole, whole_numbers

DEPTHS = (18, 50, 152)
"""Those of the residual networks of torchvision that the lessons train."""


class Standardise(nn.Module):
    """Shift and scale images (B, 1, 48, 48): subtract `mean`, divide by `std`, both in grey levels of [0, 1].

    Kept in the model's state, so that a checkpoint and an export carry it. Built by hand in lesson 02.
    """

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", torch.tensor(float(mean)))
        self.register_buffer("std", torch.tensor(float(std)))

    def forward(self, images):
        return (images - self.mean) / self.std


def standardised(mean, std):
    """The first layer of a network, a `Standardise`; ParameterError for what are no grey levels of [0, 1]."""
    return Standardise(in_grey_levels("mean", mean), in_grey_levels("std", std))


def mlp(mean: float, std: float, *, hidden: Sequence[int] = (1024, 256, 64), dropout: float = 0.2) -> nn.Sequential:
    """A multilayer perceptron, 2304-1024-256-64-7 unless told, on images standardised by `mean` and `std`.

    Takes float32 (B, 1, 48, 48), returns logits (B, 7): ReLU and dropout after each hidden layer, no softmax.
    Raises ParameterError for settings that cannot work. Built by hand in lesson 02b.
    """
    layers = [standardised(mean, std), nn.Flatten()]
    width, dropout = SIDE * SIDE, share("dropout", dropout)
    for units in whole_numbers("hidden", hidden, least=1):
        layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
        width = units
    return nn.Sequential(*layers, nn.Linear(width, len(EMOTIONS)))


def cnn(mean: float, std: float, *, dropout: float = 0.2) -> nn.Sequential:
    """The CNN of lesson 03: three times 3×3 convolution, ReLU and 2×2 max-pooling, then 2048-1024-256-64-7.

    Takes float32 (B, 1, 48, 48), returns logits (B, 7). 32, 64 and 128 channels, no padding: 48 pixels become 23, 10,
    4. ReLU and dropout after each hidden layer.
    Raises ParameterError for settings that cannot work. Built by hand in lesson 03.
    """
    layers, channels, dropout = [standardised(mean, std)], 1, share("dropout", dropout)
    for filters in (32, 64, 128):
        layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.Flatten()]
    for inputs, outputs in ((2048, 1024), (1024, 256), (256, 64)):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(64, len(EMOTIONS)))


def prelu_cnn(mean: float, std: float, *, dropout: float = 0.2) -> nn.Sequential:
    """The PReLU network of lesson 04c: five convolutions, overlapping pools, then 3200-1024-1024-7.

    Takes float32 (B, 1, 48, 48), returns logits (B, 7). 64 kernels of 5×5 without padding, PReLU, a border of two
    zeros, 5×5 max-pooling by 2: 48 pixels become 44, 48, 22. 64 and 128 kernels of 3×3, padded by 1: 22; 3×3
    mean-pooling by 2: 10. Twice 128 kernels, padded: 10; mean-pooling, padded by 1: 5. PReLU after each layer that
    learns but the last, one slope a layer (He et al. 2015); dropout after each hidden layer.
    Raises ParameterError for settings that cannot work. Built by hand in lesson 04c.
    """
    layers, dropout = [standardised(mean, std)], share("dropout", dropout)
    layers += [nn.Conv2d(1, 64, 5), nn.PReLU(), nn.ZeroPad2d(2), nn.MaxPool2d(5, 2)]
    layers += [nn.Conv2d(64, 64, 3, padding=1), nn.PReLU()]
    layers += [nn.Conv2d(64, 128, 3, padding=1), nn.PReLU(), nn.AvgPool2d(3, 2)]
    layers += [nn.Conv2d(128, 128, 3, padding=1), nn.PReLU()]
    layers += [nn.Conv2d(128, 128, 3, padding=1), nn.PReLU(), nn.AvgPool2d(3, 2, padding=1), nn.Flatten()]
    for inputs, outputs in ((3200, 1024), (1024, 1024)):
        layers += [nn.Linear(inputs, outputs), nn.PReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(1024, len(EMOTIONS)))


def bn_cnn(mean: float, std: float, *, dropout: float = 0.25, outputs: int = len(EMOTIONS)) -> nn.Sequential:
    """The network of a university assignment: four convolutions with batch norm, then 2250-160-70-`outputs`.

    Takes float32 (B, 1, 48, 48), standardised by `mean` and `std` in grey levels of [0, 1]; returns logits (B, 7). 80
    and 140 kernels of 5×5, 200 and 250 of 3×3, padded; after each of them batch norm, ReLU, 2×2 max-pooling, dropout.
    Batch norm after each linear layer as well. The assignment, notebook B in its cell `class Net(nn.Module)`, had 20
    outputs, a softmax as its last layer, and pixels from 0 to 255. Raises ParameterError for settings that cannot work.
    """
    outputs, dropout = whole("outputs", outputs), share("dropout", dropout)
    layers, channels = [standardised(mean, std)], 1
    for filters, side in ((80, 5), (140, 5), (200, 3), (250, 3)):
        layers += [nn.Conv2d(channels, filters, side, padding=side // 2), nn.BatchNorm2d(filters), nn.ReLU()]
        layers += [nn.MaxPool2d(2), nn.Dropout(dropout)]
        channels = filters
    layers += [nn.Flatten()]
    for inputs, units in ((2250, 160), (160, 70)):
        layers += [nn.Linear(inputs, units), nn.BatchNorm1d(units), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(70, outputs), nn.BatchNorm1d(outputs))


def resnet(depth: int, mean: float, std: float, *, stem: str = "imagenet") -> nn.Sequential:
    """Torchvision's ResNet of `depth` 18, 50 or 152, untrained, for one grey channel and seven emotions.

    Takes float32 (B, 1, 48, 48), standardised by `mean` and `std` in grey levels of [0, 1]; returns logits (B, 7).
    stem: "imagenet", 7×7 with stride 2, then max-pooling: the first block sees 12×12;
          "faces", 3×3 with stride 2 and no pooling: it sees 24×24, at about four times the arithmetic.
    Raises ParameterError for another depth or stem. He et al. 2016, Deep Residual Learning for Image Recognition.
    Built by hand in lesson 05b.
    """
    depth = plain(depth)
    if not isinstance(depth, int) or depth not in DEPTHS:
        raise ParameterError(f"expected a depth of {', '.join(map(str, DEPTHS))}; found {depth!r}")
    stem = choice("stem", stem, ("imagenet", "faces"))
    from torchvision import models  # here: it takes longer to load than all else that the smaller networks need

    network = models.get_model(f"resnet{depth}", weights=None)
    network.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    if stem == "faces":
        network.conv1 = nn.Conv2d(1, 64, kernel_size=3, stride=2, padding=1, bias=False)
        network.maxpool = nn.Identity()
    network.fc = nn.Linear(network.fc.in_features, len(EMOTIONS), bias=False)
    return nn.Sequential(standardised(mean, std), network)


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
    Notebook D's, as far as its section 7.2.1 says: the code itself is not in its text, but the drawing that it shows.
    """
    return nn.Sequential(
        standardised(mean, std),
        convolution(1, 64),
        convolution(64, 128, pool=True),
        Residual(nn.Sequential(convolution(128, 128), convolution(128, 128))),
        convolution(128, 256, pool=True),
        convolution(256, 512, pool=True),
        Residual(nn.Sequential(convolution(512, 512), convolution(512, 512))),
        nn.MaxPool2d(6),
        nn.Flatten(),
        nn.Linear(512, len(EMOTIONS)),
    )


def plain9(mean: float, std: float) -> nn.Sequential:
    """`resnet9` without its two shortcuts: the same layers, one after the other, with as many weights."""
    layers = [layer.block if isinstance(layer, Residual) else layer for layer in resnet9(mean, std)]
    return nn.Sequential(*layers)


def efficientnet_b0() -> nn.Sequential:
    """EfficientNet-B0, untrained, as notebook E asks timm for it under "Create Model"; 4.0 million weights.

    Takes float32 (B, 1, 48, 48) in [0, 1], hands it on as three equal channels, not standardised, and returns logits
    (B, 7). The layers are torchvision's; without dropout and stochastic depth, as timm has them unless told. E began
    with ImageNet's weights, which no package that the course installs brings along: `lite0` has a sister's.
    Tan and Le 2019, EfficientNet.
    """
    from torchvision import models  # here, as above

    network = models.efficientnet_b0(weights=None, num_classes=len(EMOTIONS), dropout=0.0, stochastic_depth_prob=0.0)
    return nn.Sequential(ThreeChannels(), network)


class ThreeChannels(nn.Module):
    """Grey images (B, 1, H, W) as colour pictures of three equal channels."""

    def forward(self, images):
        return images.expand(-1, 3, -1, -1)


class ResidualBlock(nn.Module):
    """The basic block of residual networks: two 3×3 convolutions whose result is added to the input, then a ReLU.

    Takes (B, inputs, H, W) to (B, channels, H/stride, W/stride). Where the input does not fit the sum, the shortcut is
    a 1×1 convolution; with shortcut=False there is none. Names and results are those of torchvision's BasicBlock.
    """

    def __init__(self, inputs, channels, stride=1, shortcut=True):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut, self.downsample = shortcut, None
        if shortcut and (stride > 1 or inputs != channels):
            fitting = nn.Conv2d(inputs, channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(fitting, nn.BatchNorm2d(channels))

    def forward(self, activation):
        change = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(activation)))))
        if not self.shortcut:
            return functional.relu(change)
        same = activation if self.downsample is None else self.downsample(activation)
        return functional.relu(same + change)


def small_resnet(depth: int, mean: float, std: float, *, shortcuts: bool = True) -> nn.Sequential:
    """A residual network of 8, 14, 20, … layers for faces: 16, 32 and 64 channels at 24, 12 and 6 pixels.

    Takes float32 (B, 1, 48, 48), standardised by `mean` and `std` in grey levels of [0, 1]; returns logits (B, 7).
    Its parts: `Standardise`, the stem (3×3, stride 2), three stages of (depth − 2) / 6 blocks, the head. The family of
    He et al. 2016 for small pictures, with 1×1 convolutions where a shortcut has to fit; shortcuts=False has none.
    Raises ParameterError for a depth that is not 6n + 2. Built by hand as `family` in lesson 05.
    """
    depth, shortcuts = whole("depth", depth), flag("shortcuts", shortcuts)
    blocks, rest = divmod(depth - 2, 6)
    if blocks < 1 or rest:
        raise ParameterError(f"expected a depth of 6n + 2: 8, 14, 20, …; found {depth}")
    stem = nn.Sequential(nn.Conv2d(1, 16, 3, 2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
    stages, inputs = [], 16
    for channels in (16, 32, 64):
        first = ResidualBlock(inputs, channels, 1 if channels == 16 else 2, shortcuts)
        more = [ResidualBlock(channels, channels, 1, shortcuts) for _ in range(blocks - 1)]
        stages.append(nn.Sequential(first, *more))
        inputs = channels
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, len(EMOTIONS)))
    return nn.Sequential(standardised(mean, std), stem, *stages, head)
