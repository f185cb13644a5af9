"""Augmentation begins from the same random numbers for each batch, as in workers that share a seed."""

from dataclasses import replace

import torch

MET = (
    "pytorch/pytorch#5059",
    "xingyizhou/CenterNet#233",
    "open-mmlab/OpenPCDet#886",
)


def plant(pipeline, draw):
    seed = draw.getrandbits(32)
    same = torch.Generator()
    return replace(pipeline, augment=lambda images, _: pipeline.augment(images, same.manual_seed(seed)))
