"""Evaluation leaves the network in training: dropout drops, and batch norm learns from validation faces."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "notebook A, its CNN with SGD",
    "deep-learning-with-pytorch/dlwpt-code#104",
    "wolny/pytorch-3dunet#53",
)


def plant(pipeline, draw):
    return replace(pipeline, evaluate=edited(pipeline.evaluate, ("    network.eval()\n", "")))
