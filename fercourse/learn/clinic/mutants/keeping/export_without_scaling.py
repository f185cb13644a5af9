"""What is exported takes pixels of 0 to 255 as they are, though the network learnt from 0 to 1."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "onnx/onnx#1440",
    "deepinsight/insightface#2508",
)


def plant(pipeline, draw):
    return replace(pipeline, export=edited(pipeline.export, (".float() / 255", ".float()")))
