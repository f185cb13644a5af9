"""Faces are turned by up to a right angle."""

from dataclasses import replace

from fercourse.learn.augment import Augment

MET = ("notebook B",)


def plant(pipeline, draw):
    return replace(pipeline, augment=Augment(flip=0.5, rotate=draw.uniform(75, 90)))
