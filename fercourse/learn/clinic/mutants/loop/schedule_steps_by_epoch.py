"""The schedule, made for batches, takes one step an epoch: the rate never gets far."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "ageron/handson-mlp#28",
    "espnet/espnet#3319",
)


def plant(pipeline, draw):
    return replace(pipeline, fit=edited(pipeline.fit, ("pipeline.schedule(step,", "pipeline.schedule(len(rows),")))
