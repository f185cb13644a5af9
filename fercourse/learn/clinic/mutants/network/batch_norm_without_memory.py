"""Batch norm keeps no running statistics, and takes those of the batch in evaluation too."""

from dataclasses import replace

from torch import nn

MET = (
    "xuexingyu24/License_Plate_Detection_Pytorch#22",
    "pytorch/pytorch#4741",
)


def plant(pipeline, draw):
    def forgetful(layer):
        return nn.BatchNorm2d(layer.num_features, track_running_stats=False) if hasattr(layer, "running_var") else layer

    return replace(pipeline, build=lambda: nn.Sequential(*map(forgetful, pipeline.build())))
