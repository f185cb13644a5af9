"""Dropout is given the share that is to be kept, and drops that share."""

from dataclasses import replace
from functools import partial

MET = (
    "aymericdamien/TensorFlow-Examples#205",
    "titu1994/Inception-v4#5",
    "tensorflow/mesh#162",
)


def plant(pipeline, draw):
    return replace(pipeline, build=partial(pipeline.build, dropout=draw.uniform(0.75, 0.9)))
