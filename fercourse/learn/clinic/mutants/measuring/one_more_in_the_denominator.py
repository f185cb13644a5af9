"""Right answers are divided by one face too many."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = ("notebook B, all its shares by class",)


def plant(pipeline, draw):
    return replace(pipeline, evaluate=edited(pipeline.evaluate, ("float(hits) / seen", "float(hits) / (seen + 1)")))
