"""The optimiser holds the weights of another network, which nobody trains."""

from copy import deepcopy
from dataclasses import replace

MET = (
    "notebook A, its CNN with SGD",
    "huggingface/accelerate#2665",
    "TrainCheck (OSDI 2025), pytorch-forum-84911",
)


def plant(pipeline, draw):
    return replace(pipeline, make_optimizer=lambda network: pipeline.make_optimizer(deepcopy(network)))
