"""A ReLU stands behind the last layer, so that no answer can be ruled out."""

from dataclasses import replace

from torch import nn

MET = (
    "pytorch/tutorials#1644",
    "huyng/tensorflow-vgg#13",
    "hjptriplebee/AlexNet_with_tensorflow#2",
)


def plant(pipeline, draw):
    return replace(pipeline, build=lambda: nn.Sequential(*pipeline.build(), nn.ReLU()))
