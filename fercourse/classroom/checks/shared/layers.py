"""What the checks of sheets 09 and 10 hold answers against: layers, and what is computed with them by hand."""

import numpy as np
import torch
from torch import nn

RATE, STEPS = 0.02, 2000
MOUTHS = np.linspace(0.2, 1.6, 8)

CONVOLUTIONS = [
    (
        "without bias, with stride and padding",
        {"out_channels": 6, "kernel_size": 3, "stride": 2, "padding": 1, "bias": False},
    ),
    ("a kernel of 3 × 3", {"out_channels": 8, "kernel_size": 3}),
    ("a kernel of 4 × 4", {"out_channels": 5, "kernel_size": 4, "padding": 2}),
    ("a kernel of 5 × 3, stride of 1 × 2", {"out_channels": 4, "kernel_size": (5, 3), "stride": (1, 2)}),
    ("a single filter of 1 × 1", {"out_channels": 1, "kernel_size": 1}),
    ("dilation of 2", {"out_channels": 3, "kernel_size": 3, "dilation": 2, "padding": "same"}),
    ("padding by reflection", {"out_channels": 4, "kernel_size": 3, "padding": 1, "padding_mode": "reflect"}),
    ("numbers of 64 bits", {"out_channels": 3, "kernel_size": 3, "padding": 1, "dtype": torch.float64}),
]  # fmt: skip


def descended(features, head, inputs, targets, rate, steps):
    """(features, head) after gradient descent on the mean of (inputs · featuresᵀ · head − targets)²."""
    features, head = features.astype(float), head.astype(float)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            off = 2 * (inputs @ features.T @ head - targets) / len(targets)
            to_features, to_head = np.outer(head, off @ inputs), features @ (inputs.T @ off)
            features, head = features - rate * to_features, head - rate * to_head
    return features, head


def ended(start):
    """(the error of training, how far the far face is off) where the head of the toy begins at `start`."""
    inputs = np.stack([MOUTHS, np.zeros(8)], axis=1)
    features, head = descended(np.ones((1, 2)), np.array([start]), inputs, MOUTHS, RATE, STEPS)
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.mean((inputs @ features.T @ head - MOUTHS) ** 2)
    return float(error), float(abs(features[0, 1] * head[0] - 1))


def bodies():
    """(what they are, body, head) for faces of 8 × 8, each to be trained on afresh."""

    def linear(inputs, *before):
        return nn.Sequential(*before, nn.Linear(inputs, 7))

    convolution = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU()]
    nested = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5)))
    flat = [nn.Flatten(), nn.Linear(64, 12), nn.BatchNorm1d(12), nn.ReLU()]
    instance = [nn.Conv2d(1, 4, 3), nn.InstanceNorm2d(4, track_running_stats=True)]
    mean = [nn.AdaptiveAvgPool2d(2), nn.Flatten()]
    return [
        ("a body with batch norm", nn.Sequential(*convolution, *mean), nn.Linear(16, 7)),
        ("a body with dropout", nn.Sequential(nn.Conv2d(1, 4, 3), nn.Dropout(0.5), *mean), nn.Linear(16, 7)),
        ("a body with layers inside of layers", nn.Sequential(nested, *mean), nn.Linear(16, 7)),
        ("a head with dropout", nn.Sequential(*flat), linear(12, nn.Dropout(0.5))),
        ("a head with a batch norm of its own", nn.Sequential(*instance, *mean), linear(16, nn.BatchNorm1d(16))),
    ]


def evened(matrix, steps):
    """The lesson's polynomial of a matrix, on its singular values."""
    left, values, right = np.linalg.svd(matrix / np.linalg.norm(matrix), full_matrices=False)
    for _ in range(steps):
        values = 3.4445 * values - 4.775 * values**3 + 2.0315 * values**5
    return left * values @ right


def cosine(one, other):
    """Of the angle between two matrices, as lists of numbers."""
    return float((one * other).sum() / (np.linalg.norm(one) * np.linalg.norm(other)))


def plain_network(widths):
    """A network of the kind that is priced."""
    layers, inputs = [], 1
    for outputs in widths:
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 7))
