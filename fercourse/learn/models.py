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
