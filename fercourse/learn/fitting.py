"""`fit` drains `iter_fit`; `iter_fit` checks what it was given and runs a `Training`, epoch by epoch."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from fercourse.data.faces import SIDE, Faces, Split
from fercourse.errors import ParameterError
from fercourse.learn.checkpoints import check_writable, earlier_run
from fercourse.learn.checks import check_answers, check_augment, check_last_batch, check_one_alone, check_trainable
from fercourse.learn.device import choose_device
from fercourse.learn.optim import Descent, make_optimizer
from fercourse.learn.precision import at_precision
from fercourse.learn.recipe import checked_data, checked_settings, recipe_of
from fercourse.learn.schedules import Plateau, Schedule, TorchSchedule
from fercourse.learn.training import VALID_BATCH, Training
from fercourse.report.history import History
from fercourse.settings import plain


def iter_fit(
    model: nn.Module,
    data: Faces | tuple[Split, Split],
    *,
    epochs: int,
    lr: float | None = None,
    optimizer: str | Callable[..., torch.optim.Optimizer] = "adam",
    momentum: float = 0.0,
    weight_decay: float | None = None,
    schedule: Schedule | Plateau | TorchSchedule | None = None,
    batch_size: int = 128,
    shuffle: bool = True,
    sides: Sequence[int] | None = None,
    augment: Callable[..., Tensor] | None = None,
    label_smoothing: float = 0.0,
    class_weights: Sequence[float] | Tensor | None = None,
    clip: float | None = None,
    ema: float | None = None,
    keep: str = "last",
    seed: int = 0,
    device: str | torch.device = "auto",
    precision: str = "float32",
    compile: bool = False,
    checkpoint: str | os.PathLike | None = None,
    resume: bool | str = False,
    progress: bool = False,
) -> Iterator[dict[str, float]]:
    """Train `model` on `data.train`, yielding after each epoch its row: losses, accuracies, lr, seconds.

    The loop's body is yours: `break` stops early, and a plot or a log is a line there. The order of the faces, their
    augmentation and dropout depend on `seed` alone, not on what the body draws; torch's own random state is left as
    it was. Everything is checked at the call, before the first epoch. Numbers may be Python's, NumPy's or torch's.
    data: a `Faces`, or a pair (train, valid) of `Split`s.
    optimizer: "adam", "adamw", "sgd" or "adadelta", at the rate `lr`, 0.001 unless told; `momentum` belongs to "sgd",
    and is Nesterov's where it is not 0; `weight_decay` is 0 unless told. Or a callable that makes a torch optimiser of
    the parameters: a class, such as torch.optim.RMSprop, gets `lr`, `momentum` and `weight_decay` where they are given;
    any other, such as partial(torch.optim.SGD, lr=0.1), has its own. Weights that it leaves out stay as they are; each
    of its groups keeps its own rate, and a row's lr is that of the first group.
    schedule: what the rates are multiplied by: None, or a `Step`, `Cosine`, `OneCycle`, `Triangle` or `Plateau`; or a
    scheduler of torch, by `every_epoch` or `every_batch`.
    sides: for each epoch the side in pixels to which its training faces are resized, bilinearly, before `augment`; each
    row then has its side. Valid faces stay as they are, so that epochs at another side than theirs read low, and
    keep="best" and a `Plateau` want one side for all epochs. None: all faces as they are.
    augment: an `Augment`, or a function of images or of (images, generator) to images, for the training faces alone:
    float32 (B, 1, 48, 48) in [0, 1], on the device. `Augment` draws for each face; a transform of torchvision draws
    once for the whole batch. It is tried on a few faces at the call.
    label_smoothing: the share of each label that is spread over all classes (Szegedy et al. 2016), 0 to under 1.
    class_weights: seven numbers over 0. The loss of a batch is the weighted mean over its faces, each with the weight
    of its emotion: only the weights' ratios count, and ten for each changes nothing. With label_smoothing as in torch's
    cross_entropy: each share of a smoothed label has the weight of its own emotion, the divisor that of the true ones.
    Both concern train_loss alone.
    clip: the largest norm of all gradients together. ema: the share of the averaged weights that a step keeps, such as
    0.999; then every epoch is evaluated, and left in `model`, with averaged weights.
    keep: "last", or "best": in the loop's body and after it, be it over, left by `break` or by an error, `model` holds
    the weights of the best valid accuracy so far. With a `Plateau` it always does. It is in evaluation mode then.
    precision: "float32", "bfloat16", or "auto": bfloat16 where the device has instructions for it.
    compile: whether to let torch.compile write the code of the network: half a minute, which pays on a GPU only.
    checkpoint: a file, written before the row is yielded, so that a break, an interrupt or a kill loses one epoch at
    most. With resume=True, the finished rows are yielded again first, then training goes on; on a CPU the weights
    come out bit for bit as without the interruption. resume="auto" does so where the file is there, and else begins.
    Raises ParameterError for settings or a network that cannot work, DataMismatch for faces or labels that lack,
    CheckpointMismatch where `resume` meets another run, TrainingDiverged where the loss is NaN or infinite.
    """
    settings = checked_settings({name: value for name, value in locals().items() if name not in ("model", "data")})
    data = checked_data(data)
    check_trainable(model)
    device = choose_device(device)
    model.to(device)
    sides = set(settings["sides"] or {SIDE})
    for side in sorted(sides | {SIDE}):  # valid faces stay at their own
        check_answers(model, data.train, device, side)
    for side in sorted(sides):
        check_last_batch(model, data.train, settings["batch_size"], device, side)
    check_one_alone(model, data.valid, VALID_BATCH, device)
    for side in sorted(sides) if augment is not None else ():
        check_augment(augment, data.train, device, side)
    forward = at_precision(model, precision, device)
    descent = _descent(model, len(data.train), settings)
    recipe, saved, checkpoint = None, None, settings["checkpoint"]
    if checkpoint is not None:
        computed = "float32" if forward is model else "bfloat16"
        recipe = recipe_of(settings, model=model, data=data, device=device, precision=computed, descent=descent)
        saved = earlier_run(checkpoint, resume=settings["resume"], recipe=recipe, epochs=settings["epochs"])
        check_writable(checkpoint)
    plateau = schedule if isinstance(schedule, Plateau) else None
    if plateau is not None and descent.rates[0] < plateau.stop:
        raise ParameterError(
            f"expected a rate of at least {plateau.stop:g}, under which {plateau} ends the training; found "
            f"lr={descent.rates[0]:g}, that of the first group: not one epoch would be trained"
        )
    training = Training(
        data,
        device,
        forward=torch.compile(forward) if settings["compile"] else forward,
        descent=descent,
        criterion=_criterion(settings["label_smoothing"], settings["class_weights"], device),
        plateau=plateau,
        keeps_best=settings["keep"] == "best" or plateau is not None,
        batch_size=settings["batch_size"],
        shuffle=settings["shuffle"],
        sides=settings["sides"],
        augment=augment,
        seed=settings["seed"],
        checkpoint=checkpoint,
        recipe=recipe,
    )
    return _epochs(training, saved, settings["epochs"], settings["progress"])


def fit(
    model: nn.Module,
    data: Faces | tuple[Split, Split],
    *,
    epochs: int,
    lr: float | None = None,
    optimizer: str | Callable[..., torch.optim.Optimizer] = "adam",
    momentum: float = 0.0,
    weight_decay: float | None = None,
    schedule: Schedule | Plateau | TorchSchedule | None = None,
    batch_size: int = 128,
    shuffle: bool = True,
    sides: Sequence[int] | None = None,
    augment: Callable[..., Tensor] | None = None,
    label_smoothing: float = 0.0,
    class_weights: Sequence[float] | Tensor | None = None,
    clip: float | None = None,
    ema: float | None = None,
    keep: str = "last",
    seed: int = 0,
    device: str | torch.device = "auto",
    precision: str = "float32",
    compile: bool = False,
    checkpoint: str | os.PathLike | None = None,
    resume: bool | str = False,
    progress: bool = True,
) -> History:
    """Train `model` on `data` and return its `History`; a progress bar, and one line an epoch.

    Every setting is the one of `iter_fit`; Ctrl-C stops it and, with a checkpoint, loses one epoch at most;
    with keep="best", `model` holds the best weights so far then as well.
    """
    rows = iter_fit(**locals())  # the same names, every one
    finished = []
    for row in rows:
        finished.append(row)
        if progress:
            tqdm.write(_line(row, plain(epochs)))
    return History(finished)


def _epochs(training, saved, epochs, progress):
    """Yield the rows that `saved` has, then one after each epoch."""
    if saved is not None:
        training.restore(saved)
    yield from [dict(row) for row in training.rows]
    steps = training.descent.length["steps_an_epoch"]
    hidden = not progress or "TQDM_DISABLE" in os.environ
    done = len(training.rows) * steps
    with tqdm(total=epochs * steps, initial=done, unit="batch", disable=hidden, leave=False) as bar:
        while len(training.rows) < epochs and not training.settled():
            yield training.epoch(bar)


def _descent(model, faces, settings):
    """The `Descent` of these settings."""
    optimizer = make_optimizer(
        model.parameters(),
        settings["optimizer"],
        lr=settings["lr"],
        momentum=settings["momentum"],
        weight_decay=settings["weight_decay"],
    )
    steps = math.ceil(faces / settings["batch_size"])
    length = {"steps_an_epoch": steps, "epochs": settings["epochs"]}
    return Descent(
        model, optimizer, schedule=settings["schedule"], clip=settings["clip"], ema=settings["ema"], **length
    )


def _criterion(label_smoothing, class_weights, device):
    """Cross-entropy, smoothed and weighed where that is asked for."""
    if class_weights is None and not label_smoothing:
        return F.cross_entropy
    if class_weights is not None:
        class_weights = torch.tensor(class_weights, dtype=torch.float32, device=device)
    return partial(F.cross_entropy, weight=class_weights, label_smoothing=label_smoothing)


def _line(row, epochs):
    """One epoch for a person to read."""
    return (
        f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}"
        f"   train loss {row['train_loss']:.3f}   valid loss {row['valid_loss']:.3f}"
        f"   valid accuracy {100 * row['valid_accuracy']:.1f} %   {row['seconds']:.1f} s"
    )
