"""A reshape takes the place of a transposition: features of one face end up at another."""

from dataclasses import replace

from torch import nn

MET = (
    "zhouhaoyi/Informer2020#59",
    "Jingkang50/OpenPSG#56",
    "Karpathy's recipe (2019), view instead of transpose",
)


class Reshaped(nn.Module):
    def forward(self, features):
        return features.reshape(features.shape[1], len(features)).T


def plant(pipeline, draw):
    def build():
        *layers, dropout, last = pipeline.build()
        return nn.Sequential(*layers, Reshaped(), dropout, last)

    return replace(pipeline, build=build)
