"""The labels of the validation faces are numbered in the order of folder names, those of training as in the CSV."""

from dataclasses import replace

import numpy as np

MET = (
    "atulapra/Emotion-detection#33",
    "oarriaga/face_classification#167",
)


def plant(pipeline, draw):
    codes = np.array([0, 1, 2, 3, 5, 6, 4])
    return replace(pipeline, valid=replace(pipeline.valid, labels=codes[pipeline.valid.labels]))
