"""The softmax at the network's end goes over the faces of the batch instead of the classes."""

from dataclasses import replace

from torch import nn

MET = (
    "d2l-ai/d2l-en#2274",
    "MicrosoftDocs/pytorchfundamentals#21",
    "euclidesdb#2",
)


def plant(pipeline, draw):
    return replace(pipeline, build=lambda: nn.Sequential(*pipeline.build(), nn.LogSoftmax(0)))
