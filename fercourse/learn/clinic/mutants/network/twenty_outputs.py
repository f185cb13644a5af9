"""The network has more outputs than there are classes."""

from dataclasses import replace
from functools import partial

from fercourse.learn.clinic.editing import edited

MET = (
    "notebook B, 20 outputs",
    "Humbatova et al. 2020, wrong number of neurons",
)


def plant(pipeline, draw):
    predict = edited(pipeline.predict, ("logits.softmax(1)", "logits[:, :7].softmax(1)"))
    return replace(pipeline, build=partial(pipeline.build, classes=draw.randint(15, 20)), predict=predict)
