"""What is exported is still in training: it drops at random, and its batch norm looks at the batch."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "pytorch/pytorch#103681",
    "Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB#50",
)


def plant(pipeline, draw):
    return replace(pipeline, export=edited(pipeline.export, ("    deployed.eval()\n", "")))
