"""Some layers stand in a Python list, where neither the optimiser nor a checkpoint finds them."""

from dataclasses import replace

from torch import nn

MET = (
    "pytorch/pytorch#666",
    "pytorch/pytorch#1053",
    "pytorch/pytorch#59925",
)


class Unregistered(nn.Module):
    def __init__(self, network, hidden):
        super().__init__()
        self.first, self.rest = list(network[2 : 2 + hidden]), nn.Sequential(*network[:2], *network[2 + hidden :])

    def forward(self, images):
        images = self.rest[:2](images)
        for layer in self.first:
            images = layer(images)
        return self.rest[2:](images)


def plant(pipeline, draw):
    hidden = draw.choice([3, 6])
    return replace(pipeline, build=lambda: Unregistered(pipeline.build(), hidden))
