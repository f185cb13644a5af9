"""Trainings that sheet 08 puts in front of a student's code: small ones, sound and broken, every part a new function.

They are made where a student's code lives, so nothing here is a secret: which bugs are asked about, and how large they
are, stands in the checks and the hidden tests alone. No part tells by its name, its class or its place what it does.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import cache, partial

import numpy as np
import torch.nn.functional as F
from torch import nn

from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import Faces
from fercourse.learn.augment import Augment, augmented
from fercourse.learn.clinic.choices import all_variants
from fercourse.learn.clinic.pipeline import SIZES as LARGE_SIZES
from fercourse.learn.clinic.pipeline import Pipeline, clean_pipeline
from fercourse.learn.clinic.planting import all_mutants

SIZES = {"train": 240, "valid": 75, "test": 40}
"""Faces of each split. The last batch of validation's is a short one, of eleven."""

LARGE = dict(zip(SIZES, LARGE_SIZES, strict=True))
"""Faces of each split that `clean_pipeline` asks for."""


def training(name: str = "", *, seed: int = 0) -> Pipeline:
    """A small training from its seed; name: of the bug or of the choice by which it differs from the clean one."""
    clean, variants = _clean(seed), _variants(seed)
    if name in variants or not name:
        return _in_plain_clothes(variants.get(name, clean))
    return _in_plain_clothes(_mutants()[name].plant(clean, seed=seed))


def patient(number: int) -> Pipeline:
    """A training of exercise 08.4: 0 is sound; 1, 2 and 3 make one complaint, and another part of each is broken."""
    clean = _clean(84)
    clean = replace(clean, valid=clean.valid[:8])  # fifty evaluations are quick
    broken = {0: {}, 1: {"valid_stream": _changed_faces}, 2: {"build": _never_quiet}, 3: {"evaluate": _in_training}}
    return _in_plain_clothes(replace(clean, **{name: part(clean) for name, part in broken[number].items()}))


def of_answers(broken: Sequence[str]) -> Pipeline:
    """A training of nothing but small functions: those of the parts named in `broken` return False, all others True."""
    return Pipeline(**{field.name: partial(_says, field.name not in broken) for field in fields(Pipeline)})


def is_ill(pipeline: Pipeline) -> bool:
    """What complains of a training `of_answers`: whether one of its parts returns False."""
    return not all(getattr(pipeline, field.name)() for field in fields(Pipeline))


def _says(answer):
    return answer


@cache
def _clean(seed):
    """`clean_pipeline` with few faces, drawn once for each seed, so that an audit takes a tenth of a second."""
    drawn = drawn_faces(SIZES["train"] + SIZES["test"], SIZES["valid"], 0, seed=seed)
    splits = {
        "train": drawn.train[: SIZES["train"]],
        "valid": drawn.valid,
        "test": replace(drawn.train[SIZES["train"] :], name="test"),  # other faces, and nobody's test split
    }
    often = {name: split[np.arange(LARGE[name]) % len(split)] for name, split in splits.items()}
    return replace(clean_pipeline(Faces(**often, source=drawn.source)), **splits)


@cache
def _variants(seed):
    return all_variants(_clean(seed), seed=seed)


@cache
def _mutants():
    return {mutant.name: mutant for mutant in all_mutants()}


def _in_plain_clothes(pipeline):
    """`pipeline` with each function behind another one, which looks as the one of any other pipeline does."""
    every = {field.name: getattr(pipeline, field.name) for field in fields(pipeline)}
    covered = {name: _covered(part) for name, part in every.items() if callable(part)}
    return replace(pipeline, **covered | {"augment": _covered_augment(pipeline.augment)})


def _covered(part) -> Callable:
    def function(*arguments, **named):
        return part(*arguments, **named)

    return function


def _covered_augment(augment) -> Callable:
    def function(images, generator):  # by these names a stream knows that it takes a generator
        return augment(images, generator)

    return function


def _changed_faces(clean):
    return lambda pipeline: augmented(clean.valid_stream(pipeline), Augment(flip=0.5, shift=0.08))


def _never_quiet(clean):
    class Dropping(nn.Module):
        def forward(self, logits):
            return F.dropout(logits, 0.3)  # whoever leaves `training` out has it True

    return lambda: nn.Sequential(*clean.build(), Dropping())


def _in_training(clean):
    def evaluate(network, stream):
        was, network.eval = network.eval, network.train
        try:
            return clean.evaluate(network, stream)
        finally:
            network.eval = was

    return evaluate
