"""Two recipes for the fast network, as `fit` takes them; lesson 10 reads them, and the list of trainings runs them."""

from fercourse.learn.augment import Augment
from fercourse.learn.fast.muon import muon
from fercourse.learn.schedules import Triangle

CPU_RECIPE = {
    "epochs": 15,
    "sides": [32] * 5 + [40] * 4 + [48] * 6,
    "batch_size": 128,
    "optimizer": muon,
    "schedule": Triangle(rise=0.25),
    "label_smoothing": 0.1,
    "augment": Augment(flip=0.5, shift=3 / 48, rotate=8, zoom=0.1),
    "precision": "auto",
}
"""For `fast()` on a processor, in 0.153 · 10¹⁵ operations on FER2013. fit(fc.fast(), data, **fc.CPU_RECIPE)."""

GPU_RECIPE = CPU_RECIPE | {
    "epochs": 60,
    "sides": [32] * 15 + [40] * 15 + [48] * 30,
    "batch_size": 256,
    "ema": 0.998,
    "augment": Augment(flip=0.5, shift=0.1, rotate=12, zoom=0.15, brightness=0.2, contrast=0.2, erase=0.3),
}
"""For `fast(**GPU_NETWORK)` on a GPU: more faces a step, stronger changes, averaged weights."""

GPU_NETWORK = {"widths": (96, 128, 256, 512), "residual_steps": (1, 1, 1)}
"""The settings of `fast` that go with `GPU_RECIPE`: twice as wide, one residual step more."""
