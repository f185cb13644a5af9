"""The network ends in a softmax, and the loss takes a second one."""

from dataclasses import replace

from torch import nn

MET = (
    "notebook B",
    "jindongwang/transferlearning#10",
    "Lightning-Universe/lightning-bolts#654",
)


def plant(pipeline, draw):
    return replace(pipeline, build=lambda: nn.Sequential(*pipeline.build(), nn.Softmax(1)))
