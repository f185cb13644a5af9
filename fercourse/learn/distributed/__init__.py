"""The loop of lesson 02 over several processes, and what it costs to have them agree: lesson 12."""

from fercourse.learn.distributed.group import average_gradients, processes, same_weights, together
from fercourse.learn.distributed.scaling import Scaling, line_through, ring_seconds
from fercourse.learn.distributed.shares import Shares
from fercourse.learn.distributed.torchrun import torchrun

__all__ = [
    "Scaling",
    "Shares",
    "average_gradients",
    "line_through",
    "processes",
    "ring_seconds",
    "same_weights",
    "together",
    "torchrun",
]
