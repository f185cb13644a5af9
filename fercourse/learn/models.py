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


def mlp(mean, std, *, hidden=(1024, 256, 64), dropout=0.2):
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


def cnn(mean, std, *, dropout=0.2):
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
