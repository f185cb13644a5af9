"""The validation faces are augmented as well."""

from dataclasses import replace

from fercourse.learn.augment import augmented

MET = (
    "udacity/deep-learning-v2-pytorch#132",
    "gpleiss/efficient_densenet_pytorch#51",
    "mrdbourke/pytorch-deep-learning#1352",
)


def plant(pipeline, draw):
    return replace(pipeline, valid_stream=lambda p: augmented(pipeline.valid_stream(p), p.augment))
