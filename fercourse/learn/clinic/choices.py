"""Clean variants: trainings that differ from the clean one by a choice, and have no bug."""

import random
from dataclasses import replace
from functools import partial
from math import cos, pi

import torch
import torch.nn.functional as F
from torch import nn

from fercourse.learn.augment import Augment
from fercourse.learn.clinic.editing import edited
from fercourse.learn.clinic.pipeline import Pipeline
from fercourse.learn.models import mlp
from fercourse.settings import seed_number


def all_variants(pipeline: Pipeline, *, seed: int = 0) -> dict[str, Pipeline]:
    """Clean pipelines by the name of the choice that each makes otherwise than `pipeline`: a sound audit lets all pass.

    How far each goes comes from the seed.
    """
    draw = random.Random(f"choices {seed_number(seed)}")
    return {name: replace(pipeline, **parts) for name, parts in _choices(pipeline, draw).items()}


def later_variants(pipeline: Pipeline) -> dict[str, Pipeline]:
    """Clean pipelines by name, as `all_variants`: choices that were written when the reference audit was finished."""
    parts = {
        "short batch left out": {"train_stream": partial(_whole_batches, pipeline.train_stream)},
        "gradients clipped": {"make_optimizer": partial(_clipping, pipeline.make_optimizer)},
    }
    return {name: replace(pipeline, **changed) for name, changed in parts.items()}


def _whole_batches(train_stream, pipeline, generator):
    return (batch for batch in train_stream(pipeline, generator) if len(batch[1]) == 64)


def _clipping(make_optimizer, network):
    optimizer = make_optimizer(network)

    def clip(*_):
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)

    optimizer.register_step_pre_hook(clip)
    return optimizer


def _choices(pipeline, draw):
    """Name → the parts that the choice sets."""
    return {
        "no augmentation": {"augment": Augment()},
        "mirror images alone": {"augment": Augment(flip=draw.uniform(0.3, 0.5))},
        "strong augmentation": {"augment": _strong(draw)},
        "label smoothing": {"criterion": partial(F.cross_entropy, label_smoothing=draw.uniform(0.05, 0.15))},
        "class weights": {"criterion": partial(F.cross_entropy, weight=_weights(pipeline.train, draw))},
        "SGD with momentum": {"make_optimizer": partial(_one_group, torch.optim.SGD, lr=0.05, momentum=0.9)},
        "AdamW": {"make_optimizer": partial(_one_group, torch.optim.AdamW, lr=5e-3, weight_decay=0.05)},
        "no dropout": {"build": partial(pipeline.build, dropout=0.0)},
        "half dropped": {"build": partial(pipeline.build, dropout=0.5)},
        "constant rate": {"schedule": lambda step, steps: 1.0},
        "cosine": {"schedule": lambda step, steps: (1 + cos(pi * step / steps)) / 2},
        "batches of 32": _batches_of_32(pipeline),
        "group norm": {"build": partial(_without_batch_norm, pipeline.build, lambda count: nn.GroupNorm(4, count))},
        "no norm": {"build": partial(_without_batch_norm, pipeline.build, lambda count: nn.Identity())},
        "frozen stem": {"build": partial(_frozen_stem, pipeline.build)},
        "multilayer perceptron": {"build": partial(mlp, 0.5, 0.25, hidden=(draw.randint(48, 80),))},
    }


def _strong(draw):
    return Augment(
        flip=0.5, shift=0.1, rotate=draw.uniform(12, 18), zoom=0.15, erase=draw.uniform(0.2, 0.3), contrast=0.3
    )


def _weights(split, draw):
    """Weights that let rare classes count more, by the inverse of their share to a power."""
    shares = torch.bincount(torch.tensor(split.labels), minlength=7) / len(split)
    return (shares.clamp(min=0.01) ** -draw.uniform(0.3, 0.7)).float()


def _one_group(kind, network, **settings):
    return kind([weights for weights in network.parameters() if weights.requires_grad], **settings)


def _batches_of_32(pipeline):
    return {
        "train_stream": edited(pipeline.train_stream, ("pipeline.train, BATCH", "pipeline.train, 32")),
        "fit": edited(pipeline.fit, ("len(pipeline.train) // BATCH", "len(pipeline.train) // 32")),
    }


def _without_batch_norm(build, instead):
    layers = (instead(each.num_features) if isinstance(each, nn.BatchNorm2d) else each for each in build())
    return nn.Sequential(*layers)


def _frozen_stem(build):
    network = build()
    network[2].requires_grad_(False)
    return network
