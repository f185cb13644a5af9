"""Evaluation asks a copy that was made when the network was evaluated first, and is not updated afterwards."""

from copy import deepcopy
from dataclasses import replace

MET = ("Lightning-AI/pytorch-lightning#21724",)


def plant(pipeline, draw):
    copies = {}

    def evaluate(network, stream):
        return pipeline.evaluate(copies.setdefault(id(network), deepcopy(network)), stream)

    return replace(pipeline, evaluate=evaluate)
