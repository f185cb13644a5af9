"""Dropout is called as a function that is not told when the network is in evaluation: it never stops."""

from dataclasses import replace

from torch import nn

MET = (
    "pytorch/pytorch#26338",
    "Coderx7/SimpleNet#2",
    "delip/PyTorchNLPBook#28",
)


class DropoutForEver(nn.Module):
    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, features):
        return nn.functional.dropout(features, self.share)


def plant(pipeline, draw):
    share = draw.uniform(0.15, 0.3)

    def build():
        *layers, _, last = pipeline.build()
        return nn.Sequential(*layers, DropoutForEver(share), last)

    return replace(pipeline, build=build)
