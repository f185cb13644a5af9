"""Gradients are never set to zero, so that each step repeats all earlier ones."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "pytorch/pytorch#47175",
    "TennisCourtDetector#7",
    "torchforge#71",
)


def plant(pipeline, draw):
    return replace(pipeline, train_epoch=edited(pipeline.train_epoch, ("        optimizer.zero_grad()\n", "")))
