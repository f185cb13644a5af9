"""Faces are mirrored along the wrong axis: they stand on their heads."""

from dataclasses import replace

import torch

MET = ("nicolov/segmentation_keras#21",)


def plant(pipeline, draw):
    share = draw.uniform(0.4, 0.6)

    def augment(images, generator):
        flips = torch.rand(len(images), 1, 1, 1, generator=generator) < share
        return torch.where(flips, images.flip(2), images)

    return replace(pipeline, augment=augment)
