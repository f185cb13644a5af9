"""The training faces come in one and the same order in every epoch."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "notebook A, its first network",
    "DeepCrime (ISSTA 2021), disable data shuffling",
)


def plant(pipeline, draw):
    return replace(pipeline, train_stream=edited(pipeline.train_stream, ("shuffle=True", "shuffle=False")))
