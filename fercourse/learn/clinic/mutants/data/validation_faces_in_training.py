"""Part of the validation faces stand among the training faces as well."""

from dataclasses import replace

import numpy as np

MET = (
    "ArnabKumarRoy02/ResEmoteNet#42, on FER2013 itself",
    "stefyste/RIAWELC#2",
)


def plant(pipeline, draw):
    train, count = pipeline.train, int(draw.uniform(0.2, 0.4) * len(pipeline.valid))
    images = np.concatenate([train.images[count:], pipeline.valid.images[:count]])
    labels = np.concatenate([train.labels[count:], pipeline.valid.labels[:count]])
    return replace(pipeline, train=replace(train, images=images, labels=labels, votes=None))
