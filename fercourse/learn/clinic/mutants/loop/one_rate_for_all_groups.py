"""The schedule writes one rate into all groups of weights, whatever rates they were given."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "katsura-jp/pytorch-cosine-annealing-with-warmup#14",
    "microsoft/hi-ml#611",
    "fercourse itself, before lesson 09",
)


def plant(pipeline, draw):
    return replace(pipeline, fit=edited(pipeline.fit, ('group["lr"] = peak *', 'group["lr"] = peaks[0] *')))
