"""`fit` drains `iter_fit`; `iter_fit` calls `train_epoch` and `evaluate` of the loop."""

import math
import os
import time
from pathlib import Path

import torch
from tqdm.auto import tqdm

from fercourse.errors import ParameterError
from fercourse.learn.checkpoints import load_checkpoint, refuse_to_overwrite, save_checkpoint
from fercourse.learn.device import choose_device, random_state, restore_random_state, seed_everything
from fercourse.learn.loop import batches, evaluate, train_epoch
from fercourse.learn.optimizers import make_optimizer
from fercourse.learn.precision import at_precision
from fercourse.report.history import History


def iter_fit(
    model,
    data,
    *,
    epochs,
    lr=1e-3,
    optimizer="adam",
    momentum=0.0,
    batch_size=128,
    shuffle=True,
    seed=0,
    device="auto",
    precision="float32",
    checkpoint=None,
    resume=False,
    progress=False,
):
    """Train `model` on `data.train`, yielding after each epoch its row: losses, accuracies on `data.valid`, seconds.

    The loop's body is yours: `break` stops early, and a plot or a log is a line there. The order of the faces and
    dropout depend on `seed` alone, not on what the body draws; torch's own random state is left as it was.
    optimizer: "adam", "adamw" or "sgd"; `momentum` belongs to "sgd", and is Nesterov's where it is not 0.
    precision: "float32", "bfloat16", or "auto": bfloat16 where the device has instructions for it.
    checkpoint: a file, written before the row is yielded, so that a break, an interrupt or a kill loses one epoch at
    most. With `resume`, the finished rows are yielded again first, then training goes on; on a CPU the weights come
    out bit for bit as without the interruption.
    Raises ParameterError for settings that cannot work, CheckpointMismatch where `resume` meets another run.
    """
    if epochs < 1:
        raise ParameterError(f"expected epochs ≥ 1, found epochs={epochs}")
    device = choose_device(device)
    model.to(device)
    descent = make_optimizer(model.parameters(), optimizer, lr=lr, momentum=momentum)
    forward = at_precision(model, precision, device)
    order = torch.Generator().manual_seed(seed)
    rows, noise = [], _seeded(seed, device)

    if checkpoint is not None:
        recipe = dict(lr=lr, optimizer=optimizer, momentum=momentum, batch_size=batch_size, shuffle=shuffle, seed=seed)
        # What is computed, not what was asked: "auto" means another precision on another machine.
        computed = "float32" if forward is model else "bfloat16"
        recipe |= dict(precision=computed, data=data.fingerprint, model=_shape(model))
        if not resume:
            refuse_to_overwrite(checkpoint)
        elif Path(checkpoint).exists():
            saved = load_checkpoint(checkpoint, recipe=recipe)
            if len(saved["rows"]) > epochs:
                raise ParameterError(f"{checkpoint} is {len(saved['rows'])} epochs long already, found epochs={epochs}")
            model.load_state_dict(saved["model"])
            descent.load_state_dict(saved["optimizer"])
            order.set_state(saved["order"])
            rows, noise = saved["rows"], saved["noise"]
            yield from [dict(row) for row in rows]

    steps = math.ceil(len(data.train) / batch_size)
    hidden = not progress or "TQDM_DISABLE" in os.environ
    with tqdm(total=epochs * steps, initial=len(rows) * steps, unit="batch", disable=hidden, leave=False) as bar:
        for epoch in range(len(rows) + 1, epochs + 1):
            start = time.perf_counter()
            stream = batches(data.train, batch_size, shuffle=shuffle, generator=order, device=device)
            with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
                restore_random_state(noise, device)
                row = {"epoch": epoch} | train_epoch(forward, _counted(stream, bar), descent)
                noise = random_state(device)
            row |= evaluate(forward, batches(data.valid, 512, device=device))
            row["seconds"] = time.perf_counter() - start
            rows.append(row)
            if checkpoint is not None:
                state = dict(model=model.state_dict(), optimizer=descent.state_dict(), order=order.get_state())
                save_checkpoint(checkpoint, state | dict(noise=noise, rows=rows, recipe=recipe))
            yield dict(row)


def fit(
    model,
    data,
    *,
    epochs,
    lr=1e-3,
    optimizer="adam",
    momentum=0.0,
    batch_size=128,
    shuffle=True,
    seed=0,
    device="auto",
    precision="float32",
    checkpoint=None,
    resume=False,
    progress=True,
):
    """Train `model` on `data` and return its `History`; a progress bar, and one line an epoch.

    Every setting is the one of `iter_fit`; Ctrl-C stops it and, with a checkpoint, loses one epoch at most.
    """
    rows = iter_fit(
        model,
        data,
        epochs=epochs,
        lr=lr,
        optimizer=optimizer,
        momentum=momentum,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        device=device,
        precision=precision,
        checkpoint=checkpoint,
        resume=resume,
        progress=progress,
    )
    finished = []
    for row in rows:
        finished.append(row)
        if progress:
            tqdm.write(_line(row, epochs))
    return History(finished)


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
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        seed_everything(seed)
        return random_state(device)


def _shape(model):
    """The model in one line, for the recipe: a resumed run must have the same parameters in the same places."""
    return " ".join(f"{name}{tuple(value.shape)}" for name, value in model.state_dict().items())
