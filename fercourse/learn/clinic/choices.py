"""Clean variants: trainings that differ from the clean one by a choice, and have no bug."""

import random
from dataclasses import replace
from functools import partial

import torch.nn.functional as F

from fercourse.learn.augment import Augment
from fercourse.learn.clinic.pipeline import Pipeline
from fercourse.settings import seed_number


def all_variants(pipeline: Pipeline, *, seed: int = 0) -> dict[str, Pipeline]:
    """Clean pipelines by the name of the choice that each makes otherwise than `pipeline`: a sound audit lets all pass.

    How far each goes comes from the seed.
    """
    draw = random.Random(f"choices {seed_number(seed)}")
    return {name: replace(pipeline, **change(pipeline, draw)) for name, change in CHOICES.items()}


def _no_augmentation(pipeline, draw):
    return {"augment": Augment()}


def _label_smoothing(pipeline, draw):
    return {"criterion": partial(F.cross_entropy, label_smoothing=draw.uniform(0.08, 0.12))}


CHOICES = {"no augmentation": _no_augmentation, "label smoothing": _label_smoothing}
"""Name → function of (pipeline, draw) that returns the parts it sets."""
