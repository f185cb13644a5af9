"""`fit` drains `iter_fit`; `iter_fit` calls `train_epoch` and `evaluate` of the loop."""

import copy
import math
import os
import time
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from tqdm.auto import tqdm

from fercourse.data.faces import EMOTIONS
from fercourse.errors import ParameterError
from fercourse.learn.augment import augmented
from fercourse.learn.checkpoints import load_checkpoint, refuse_to_overwrite, save_checkpoint
from fercourse.learn.descent import Descent
from fercourse.learn.device import choose_device, random_state, restore_random_state, seed_everything
from fercourse.learn.loop import check_trainable, evaluate, on_device, stream_batches, train_epoch
from fercourse.learn.optimizers import make_optimizer
from fercourse.learn.precision import at_precision
from fercourse.learn.schedules import Plateau
from fercourse.report.history import History

BESIDES = {"model", "data", "epochs", "device", "checkpoint", "resume", "progress"}
"""The arguments that are no part of the recipe, which a resumed training must share with the one before it."""


def iter_fit(
    model,
    data,
    *,
    epochs,
    lr=1e-3,
    optimizer="adam",
    momentum=0.0,
    weight_decay=0.0,
    schedule=None,
    batch_size=128,
    shuffle=True,
    augment=None,
    label_smoothing=0.0,
    class_weights=None,
    clip=None,
    ema=None,
    keep="last",
    seed=0,
    device="auto",
    precision="float32",
    compile=False,
    checkpoint=None,
    resume=False,
    progress=False,
):
    """Train `model` on `data.train`, yielding after each epoch its row: losses, accuracies, lr, seconds.

    The loop's body is yours: `break` stops early, and a plot or a log is a line there. The order of the faces, their
    augmentation and dropout depend on `seed` alone, not on what the body draws; torch's own random state is left as
    it was.
    optimizer: "adam", "adamw", "sgd" or "adadelta"; `momentum` belongs to "sgd", and is Nesterov's where it is not 0.
    schedule: what becomes of `lr`: None, or a `Step`, `Cosine`, `OneCycle` or `Plateau`.
    augment: an `Augment`, for the training faces alone. They stay on the device as uint8 and are changed there.
    label_smoothing: the share of each label that is spread over all classes (Szegedy et al. 2016), 0 to under 1.
    class_weights: seven numbers by which the loss of each emotion is multiplied. Both concern train_loss alone.
    clip: the largest norm of all gradients together. ema: the share of the averaged weights that a step keeps, such as
    0.999; then every epoch is evaluated, and left in `model`, with averaged weights.
    keep: "last", or "best": when the epochs are over `model` holds the weights of the best valid accuracy. With a
    `Plateau` it always does.
    precision: "float32", "bfloat16", or "auto": bfloat16 where the device has instructions for it.
    compile: whether to let torch.compile write the code of the network: half a minute, which pays on a GPU only.
    checkpoint: a file, written before the row is yielded, so that a break, an interrupt or a kill loses one epoch at
    most. With `resume`, the finished rows are yielded again first, then training goes on; on a CPU the weights come
    out bit for bit as without the interruption.
    Raises ParameterError for settings that cannot work, CheckpointMismatch where `resume` meets another run.
    """
    asked = {name: value for name, value in locals().items() if name not in BESIDES}
    _check(epochs, keep, label_smoothing)
    device = choose_device(device)
    model.to(device)
    check_trainable(data.train, batch_size)
    steps = math.ceil(len(data.train) / batch_size)
    descent = Descent(
        model,
        make_optimizer(model.parameters(), optimizer, lr=lr, momentum=momentum, weight_decay=weight_decay),
        lr=lr,
        schedule=schedule,
        steps_an_epoch=steps,
        epochs=epochs,
        clip=clip,
        ema=ema,
    )
    criterion = _criterion(label_smoothing, class_weights, device)
    forward = at_precision(model, precision, device)
    computed = "float32" if forward is model else "bfloat16"
    forward = torch.compile(forward) if compile else forward
    drawn = torch.Generator().manual_seed(seed)
    rows, noise, best = [], _seeded(seed, device), None
    plateau = schedule if isinstance(schedule, Plateau) else None
    keeps_best = keep == "best" or plateau is not None

    if checkpoint is not None:
        # What is computed, not what was asked: "auto" means another precision on another machine.
        recipe = asked | dict(precision=computed, data=data.fingerprint, model=_shape(model))
        recipe |= dict(schedule=repr(schedule), augment=repr(augment), class_weights=repr(class_weights))
        if schedule is not None and plateau is None:
            recipe |= dict(epochs=epochs)  # these schedules are laid out over all epochs beforehand
        if not resume:
            refuse_to_overwrite(checkpoint)
        elif Path(checkpoint).exists():
            saved = load_checkpoint(checkpoint, recipe=recipe)
            if len(saved["rows"]) > epochs:
                raise ParameterError(f"{checkpoint} is {len(saved['rows'])} epochs long already, found epochs={epochs}")
            descent.restore(saved["training"])
            drawn.set_state(saved["drawn"])
            rows, noise, best = saved["rows"], saved["noise"], saved["best"]
            descent.show_average()
            yield from [dict(row) for row in rows]

    train_set, valid_set = on_device(data.train, device), on_device(data.valid, device)
    hidden = not progress or "TQDM_DISABLE" in os.environ
    with tqdm(total=epochs * steps, initial=len(rows) * steps, unit="batch", disable=hidden, leave=False) as bar:
        for epoch in range(len(rows) + 1, epochs + 1):
            if plateau:
                descent.lr = lr * plateau.follow([row["valid_accuracy"] for row in rows])[0]
                if descent.lr < plateau.stop:
                    break
            start = time.perf_counter()
            stream = stream_batches(*train_set, batch_size, shuffle, drawn, device)
            if augment is not None:
                stream = augmented(stream, augment, drawn)
            descent.resume_training()
            with _random_numbers_aside(device):
                restore_random_state(noise, device)
                row = {"epoch": epoch} | train_epoch(forward, _counted(stream, bar), descent, criterion)
                noise = random_state(device)
            descent.show_average()
            row |= evaluate(forward, stream_batches(*valid_set, 512, False, None, device))
            row |= {"lr": descent.optimizer.param_groups[0]["lr"], "seconds": time.perf_counter() - start}
            rows.append(row)
            accuracies = [row["valid_accuracy"] for row in rows]
            if keeps_best and accuracies[-1] > max(accuracies[:-1], default=-1):
                best = copy.deepcopy(descent.state())
            if plateau and plateau.follow(accuracies)[1]:
                descent.restore(best)
                descent.show_average()
            if checkpoint is not None:
                state = dict(training=descent.state(), best=best, drawn=drawn.get_state())
                save_checkpoint(checkpoint, state | dict(noise=noise, rows=rows, recipe=recipe))
            yield dict(row)
    if keeps_best:
        descent.restore(best)
        descent.show_average()


def fit(
    model,
    data,
    *,
    epochs,
    lr=1e-3,
    optimizer="adam",
    momentum=0.0,
    weight_decay=0.0,
    schedule=None,
    batch_size=128,
    shuffle=True,
    augment=None,
    label_smoothing=0.0,
    class_weights=None,
    clip=None,
    ema=None,
    keep="last",
    seed=0,
    device="auto",
    precision="float32",
    compile=False,
    checkpoint=None,
    resume=False,
    progress=True,
):
    """Train `model` on `data` and return its `History`; a progress bar, and one line an epoch.

    Every setting is the one of `iter_fit`; Ctrl-C stops it and, with a checkpoint, loses one epoch at most.
    """
    rows = iter_fit(**locals())  # the same names, every one
    finished = []
    for row in rows:
        finished.append(row)
        if progress:
            tqdm.write(_line(row, epochs))
    return History(finished)


def _check(epochs, keep, label_smoothing):
    if epochs < 1:
        raise ParameterError(f"expected epochs ≥ 1, found epochs={epochs}")
    if keep not in ("last", "best"):
        raise ParameterError(f"expected keep='last' or 'best', found keep={keep!r}")
    if not 0 <= label_smoothing < 1:
        raise ParameterError(f"expected label_smoothing from 0 to under 1, found label_smoothing={label_smoothing}")


def _criterion(label_smoothing, class_weights, device):
    """Cross-entropy, smoothed and weighed where that is asked for."""
    if class_weights is None and not label_smoothing:
        return F.cross_entropy
    if class_weights is not None:
        class_weights = torch.as_tensor(class_weights, dtype=torch.float32, device=device)
        if class_weights.shape != (len(EMOTIONS),) or not (class_weights >= 0).all():
            raise ParameterError(
                f"expected class_weights of {len(EMOTIONS)} numbers ≥ 0, found {class_weights.tolist()}"
            )
    return partial(F.cross_entropy, weight=class_weights, label_smoothing=label_smoothing)


def _line(row, epochs):
    """One epoch for a person to read."""
    return (
        f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}"
        f"   train loss {row['train_loss']:.3f}   valid loss {row['valid_loss']:.3f}"
        f"   valid accuracy {100 * row['valid_accuracy']:.1f} %   {row['seconds']:.1f} s"
    )


def _counted(stream, bar):
    """Pass a stream on, moving the bar by one for each batch."""
    for batch in stream:
        yield batch
        bar.update()


def _seeded(seed, device):
    """The random state that `seed` gives, without touching the caller's."""
    with _random_numbers_aside(device):
        seed_everything(seed)
        return random_state(device)


def _random_numbers_aside(device):
    """A context that leaves torch's random numbers as they were before it."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])


def _shape(model):
    """The model in one line, for the recipe: a resumed run must have the same parameters in the same places."""
    return " ".join(f"{name}{tuple(value.shape)}" for name, value in model.state_dict().items())
