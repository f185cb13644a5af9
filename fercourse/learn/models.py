"""The networks of the lessons. Each owns its preprocessing: images come in as float32 in [0, 1], (B, 1, 48, 48)."""

import torch
from torch import nn

from fercourse.data.faces import EMOTIONS, SIDE


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


def mlp(mean: float, std: float, *, hidden=(1024, 256, 64), dropout: float = 0.2) -> nn.Sequential:
    """A multilayer perceptron, 2304-1024-256-64-7 unless told, on images standardised by `mean` and `std`.

    Takes float32 (B, 1, 48, 48), returns logits (B, 7): ReLU and dropout after each hidden layer, no softmax.
    Built by hand in lesson 02.
    """
    layers = [Standardise(mean, std), nn.Flatten()]
    width = SIDE * SIDE
    for units in hidden:
        layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
        width = units
    return nn.Sequential(*layers, nn.Linear(width, len(EMOTIONS)))


def cnn(mean: float, std: float, *, dropout: float = 0.2) -> nn.Sequential:
    """The CNN of lesson 03: three times 3×3 convolution, ReLU and 2×2 max-pooling, then 2048-1024-256-64-7.

    Takes float32 (B, 1, 48, 48), returns logits (B, 7). 32, 64 and 128 channels, no padding: 48 pixels become 23, 10,
    4. ReLU and dropout after each hidden layer.
    Built by hand in lesson 03.
    """
    layers, channels = [Standardise(mean, std)], 1
    for filters in (32, 64, 128):
        layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.Flatten()]
    for inputs, outputs in ((2048, 1024), (1024, 256), (256, 64)):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(64, len(EMOTIONS)))


def prelu_cnn(mean: float, std: float, *, dropout: float = 0.2) -> nn.Sequential:
    """The PReLU network of lesson 04: five convolutions, overlapping pools, then 3200-1024-1024-7.

    Takes float32 (B, 1, 48, 48), returns logits (B, 7). 64 kernels of 5×5 without padding, PReLU, a border of two
    zeros, 5×5 max-pooling by 2: 48 pixels become 44, 48, 22. 64 and 128 kernels of 3×3, padded by 1: 22; 3×3
    mean-pooling by 2: 10. Twice 128 kernels, padded: 10; mean-pooling, padded by 1: 5. PReLU after each layer that
    learns but the last, one slope a layer (He et al. 2015); dropout after each hidden layer.
    Built by hand in lesson 04.
    """
    layers = [Standardise(mean, std)]
    layers += [nn.Conv2d(1, 64, 5), nn.PReLU(), nn.ZeroPad2d(2), nn.MaxPool2d(5, 2)]
    layers += [nn.Conv2d(64, 64, 3, padding=1), nn.PReLU()]
    layers += [nn.Conv2d(64, 128, 3, padding=1), nn.PReLU(), nn.AvgPool2d(3, 2)]
    layers += [nn.Conv2d(128, 128, 3, padding=1), nn.PReLU()]
    layers += [nn.Conv2d(128, 128, 3, padding=1), nn.PReLU(), nn.AvgPool2d(3, 2, padding=1), nn.Flatten()]
    for inputs, outputs in ((3200, 1024), (1024, 1024)):
        layers += [nn.Linear(inputs, outputs), nn.PReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(1024, len(EMOTIONS)))
