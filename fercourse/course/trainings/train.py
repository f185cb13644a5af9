"""One training of the list after another: begun or gone on with, and its record written when it is over."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from statistics import fmean

import numpy as np

from fercourse.classroom.session import device_name
from fercourse.course.trainings.listed import Listed
from fercourse.data.faces import Faces
from fercourse.learn.device import choose_device, seed_everything
from fercourse.learn.fitting import fit
from fercourse.learn.loop import predict
from fercourse.report.run import begin
from fercourse.report.trainings import TrainingRun, load_run, save_run


def train(
    trainings: Sequence[Listed], data: Faces, *, seed: int = 0, folder: str | PathLike = "runs/full", device="auto"
) -> list[TrainingRun]:
    """The finished trainings, in their order; what `folder` has a record of is read, not trained again.

    After each epoch a checkpoint is written into `folder`, "<name>, seed <seed>.pt", from which a killed training
    goes on; it is removed when the record is there. Of several networks each has its own, "…, network 2.pt". Raises
    what `fit` and `save_run` raise.
    """
    device, folder = choose_device(device), Path(folder)
    if not data.official:
        print(f"{data.source}: these are not FER2013's own splits, so that `results` will leave the records out")
    return [_finished(training, data, seed, folder, device) for training in trainings]


def _finished(training, data, seed, folder, device):
    about = {name: getattr(data, name) for name in ("source", "fingerprint", "drawn", "official")}
    begin(lesson=training.lesson, scale="full", seed=seed, device=device_name(device), **about)
    recipe = training.recorded(seed)
    if kept := load_run(training.name, recipe, data, folder=folder):
        print(f"there already: {kept.summary}", flush=True)
        return kept
    print(f"{training.name}, seed {seed}, on {data.source}, {device_name(device)}", flush=True)
    which = [""] if training.networks == 1 else [f", network {number + 1}" for number in range(training.networks)]
    checkpoints = [folder / f"{training.name}, seed {seed}{network}.pt" for network in which]
    ways = {"torch": _with_torch, "tensorflow": _with_tensorflow, "ready weights": _ready}
    with_framework = ways[training.framework]
    history, answer = with_framework(training, data, seed, checkpoints, device)
    how = {"folder": folder, "reproduces": training.reproduces, "test": training.test}
    run = save_run(training.name, recipe, data, history, answer, **how)
    for checkpoint in checkpoints:
        checkpoint.unlink(missing_ok=True)
    return run


def _with_torch(training, data, seed, checkpoints, device):
    """(history, a function from a split to predictions) of a training in PyTorch."""
    histories, answers = [], []
    for number, checkpoint in enumerate(checkpoints):
        model, faces, how = prepared(training, data, training.networks * seed + number)
        histories.append(fit(model, faces, **how, checkpoint=checkpoint, resume="auto", device=device))
        answers.append(partial(predict, model, flips=True) if training.flips else partial(predict, model))
    if training.networks == 1:
        return histories[0], answers[0]
    return [_together(rows) for rows in zip(*histories, strict=True)], partial(_averaged, answers)


def _together(rows):
    """The rows of several trainings for one epoch as one: the seconds of all, and of all else the mean."""
    means = {name: fmean(row[name] for row in rows) for name in rows[0]}
    return means | {"epoch": rows[0]["epoch"], "seconds": sum(row["seconds"] for row in rows)}


def _averaged(answers, split):
    """The means of what several networks answer to a split."""
    given = [answer(split) for answer in answers]
    return replace(given[0], probabilities=np.mean([each.probabilities for each in given], axis=0))


def prepared(training: Listed, data: Faces, seed: int) -> tuple:
    """(network with its first weights, faces that it is trained on, settings of `fit`) of a training in PyTorch."""
    seed_everything(training.first + seed)
    model = training.network(*_grey_levels(data.train))
    faces = data if training.faces is None else training.faces(data, seed)
    how = training.recipe | ({"optimizer": training.optimizer(model)} if training.optimizer else {})
    return model, faces, how | {"seed": seed}


def _with_tensorflow(training, data, seed, checkpoints, device):
    """The same in TensorFlow, which chooses its device itself. It has no checkpoints: none is written."""
    from fercourse import tf  # here: an extra, and slow to load
    from fercourse.tf.loop import mirrored

    tf.seed_everything(seed)
    model = training.network(*_grey_levels(data.train))
    history = tf.fit(model, data, **training.recipe, augment=mirrored, seed=seed)
    return history, partial(tf.predict, model)


def _ready(training, data, seed, checkpoints, device):
    """The same of weights that others have trained: no epoch, and a network of TensorFlow's."""
    from fercourse import tf  # here: an extra, and slow to load

    return [], partial(tf.predict, training.network(), flips=training.flips)


def _grey_levels(split):
    """Mean and spread of a split's pixels, in grey levels of [0, 1]."""
    return split.images.mean() / 255, split.images.std() / 255
