"""The class weights of the loss are turned round: the commoner an emotion, the more each of its faces counts."""

from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F

MET = (
    "amanshenoy/multilogue-net#21",
    "mlcommons/GaNDLF#209",
)


def plant(pipeline, draw):
    shares = torch.bincount(torch.tensor(pipeline.train.labels), minlength=7) / len(pipeline.train)
    weights = shares.clamp(min=0.01) ** draw.uniform(0.5, 0.8)
    return replace(pipeline, criterion=partial(F.cross_entropy, weight=weights))
