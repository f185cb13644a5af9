"""A whole training as a set of parts, which can be called one by one, swapped, and broken (lesson 08)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from torch import nn

from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import Faces, Split
from fercourse.errors import DataMismatch, ParameterError
from fercourse.learn.augment import Augment
from fercourse.learn.clinic.editing import edited
from fercourse.learn.clinic.parts import (
    criterion,
    evaluate,
    export,
    fit,
    load,
    make_optimizer,
    predict,
    save,
    schedule,
    small_network,
    train_stream,
    valid_stream,
)
from fercourse.learn.loop import train_epoch
from fercourse.settings import seed_number

SIZES = (1_200, 645, 645)
"""Faces of a clinic's training, validation and test split; the last of validation's batches of 64 holds five faces."""


PARTS = {
    "make_optimizer": make_optimizer,
    "train_stream": train_stream,
    "valid_stream": valid_stream,
    "criterion": criterion,
    "train_epoch": train_epoch,
    "evaluate": evaluate,
    "predict": predict,
    "schedule": schedule,
    "fit": fit,
    "save": save,
    "load": load,
    "export": export,
}
"""The functions of the clean pipeline, by the part that each is. Every pipeline gets them as new objects."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pipeline:
    """The parts of one training: three splits, and functions that use each other by way of this object alone.

    A bug is `dataclasses.replace(clean, part=broken)`, and an audit may swap parts as well: take the augmentation out
    to recognise faces, put a dummy in the place of `train_epoch` to see which weights are kept.

    Images of a stream are float32 (B, 1, 48, 48) in [0, 1], labels int64 (B,). A stream is one epoch.

    train, valid, test: the splits
    build:          () → a new network: such images to logits (B, 7); it owns its standardisation
    make_optimizer: (network) → its optimiser, with one rate for each of its parameter groups
    augment:        (images, generator) → as many images, each changed by its own draw
    train_stream:   (pipeline, generator) → the batches of one epoch, shuffled and augmented
    valid_stream:   (pipeline) → the batches of the validation split, in its order
    criterion:      (logits, labels) → the mean loss of a batch
    train_epoch:    (network, stream, optimizer, criterion) → {"train_loss", "train_accuracy"}, means over faces
    evaluate:       (network, stream) → {"valid_loss", "valid_accuracy"}, means over faces
    predict:        (network, split) → `Predictions`, in the order of the split
    schedule:       (step, steps) → the share of its peak that each rate has in batch number `step` of `steps`, from 0
    fit:            (pipeline, network, epochs, generator, checkpoint=None) → a row for each epoch; leaves the weights
                    of the best epoch in the network; writes `checkpoint` after each epoch and goes on from it
    save:           (path, network, optimizer, generator, progress) writes a checkpoint; progress: a dict
    load:           (path, network, optimizer, generator) restores what `save` wrote into them; → progress
    export:         (pipeline, network) → what an app gets: a function of pixels, uint8 (N, 48, 48), that returns
                    probabilities, float32 (N, 7)
    """

    train: Split
    valid: Split
    test: Split
    build: Callable[[], nn.Module]
    make_optimizer: Callable
    augment: Callable
    train_stream: Callable[..., Iterator]
    valid_stream: Callable[..., Iterator]
    criterion: Callable
    train_epoch: Callable
    evaluate: Callable
    predict: Callable
    schedule: Callable
    fit: Callable
    save: Callable
    load: Callable
    export: Callable

    def __repr__(self):
        return f"Pipeline({len(self.train):,} / {len(self.valid):,} / {len(self.test):,} faces, {self.train.source})"


def clean_pipeline(data: Faces | None = None, *, seed: int = 0) -> Pipeline:
    """A training without a bug that anybody knows of: 1,200 / 645 / 645 faces, a network that trains in seconds.

    data: whose splits these faces are taken from, other ones for each seed; None: faces drawn for this seed
    All its functions are new objects, so that an audit learns nothing from which ones they are.
    Raises DataMismatch where a split of `data` has fewer faces.
    """
    seed = seed_number(seed)
    if data is None:
        data = drawn_faces(*SIZES, seed=seed)
    if not isinstance(data, Faces):
        raise ParameterError(f"expected data=None or Faces, as fc.load returns; found data={data!r}")
    for split, size in zip(data, SIZES, strict=True):
        if len(split) < size:
            raise DataMismatch(
                f"expected at least {size:,} faces in the {split.name} split, so that shares of classes can be "
                f"compared; found {len(split):,}. Leave data out to have faces drawn."
            )
    train, valid, test = (split.take(size, seed=seed) for split, size in zip(data, SIZES, strict=True))
    mean, std = float(train.images.mean() / 255), float(train.images.std() / 255)
    return Pipeline(
        train=train,
        valid=valid,
        test=test,
        build=partial(small_network, mean, std),
        augment=Augment(flip=0.5, shift=0.05, brightness=0.15),
        **{name: edited(part) for name, part in PARTS.items()},
    )
