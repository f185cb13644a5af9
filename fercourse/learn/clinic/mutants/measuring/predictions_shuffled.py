"""Predictions are made of the faces in a new order, and stand beside the labels in the old one."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "coral-ordinal#6",
    "udacity/nd320-c1-emr-data-starter#4",
    "notebook E hands its DataLoader shuffle by position, without harm",
)


def plant(pipeline, draw):
    return replace(pipeline, predict=edited(pipeline.predict, ("(split, BATCH)", "(split, BATCH, shuffle=True)")))
