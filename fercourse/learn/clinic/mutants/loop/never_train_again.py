"""Nobody puts the network back into training after its first evaluation."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "fartashf/vsepp#4",
    "facebookresearch/clevr-iep#22",
)


def plant(pipeline, draw):
    return replace(pipeline, train_epoch=edited(pipeline.train_epoch, ("    model.train()\n", "")))
