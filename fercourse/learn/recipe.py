"""The settings of a training: checked before its first epoch, and what of them a resumed one must share."""

import os
import re
from errno import ENAMETOOLONG
from inspect import isclass, signature

import numpy as np
import pandas as pd
import torch
from torch import nn

from fercourse.data.faces import EMOTIONS, Faces, Split
from fercourse.data.names import out_of_order
from fercourse.errors import ParameterError
from fercourse.learn.augment import takes_generator
from fercourse.learn.checkpoints import check_readable
from fercourse.learn.checks import ask, check_split
from fercourse.learn.fast.sides import checked_sides
from fercourse.learn.optim import LR, optimizer_text
from fercourse.learn.schedules import Plateau, TorchSchedule, scheduler_text
from fercourse.settings import choice, flag, is_number, number, plain, seed_number, whole

BESIDES = {"model", "data", "epochs", "device", "checkpoint", "resume", "progress"}
"""The arguments that are no part of the recipe, which a resumed training must share with the one before it."""

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
"""What computes nothing itself: the layers inside are told apart."""

SMALLEST, LARGEST = 1e-30, 1e30  # of a class weight: a batch's sum of them has to be a float32


def checked_settings(asked):
    """What `iter_fit` was asked for, a dict, with plain numbers; ParameterError for what cannot work.

    The optimiser's own settings, and clip and ema, are checked where they are used, which is before the first epoch
    as well.
    """
    asked = {name: plain(value) for name, value in asked.items()}
    for name in ("epochs", "batch_size"):
        whole(name, asked[name])
    seed_number(asked["seed"])
    for name in ("shuffle", "compile", "progress"):
        flag(name, asked[name])
    choice("keep", asked["keep"], ("last", "best"))
    number("label_smoothing", asked["label_smoothing"], "from 0 to under 1", lambda share: 0 <= share < 1)
    _check_schedule(asked["schedule"])
    _check_augment(asked["augment"])
    _check_checkpoint(asked["checkpoint"], asked["resume"])
    if asked["lr"] is None and isinstance(asked["optimizer"], str):
        asked["lr"] = LR
    fitting = {name: asked[name] for name in ("epochs", "keep", "schedule")}
    sides = checked_sides(asked["sides"], **fitting)
    return asked | {"class_weights": _checked_weights(asked["class_weights"]), "sides": sides}


def checked_data(data):
    """`data` as `Faces`; of a pair (train, valid), with an empty test split.

    Raises ParameterError for what is neither, DataMismatch where faces or labels to train or validate on lack.
    """
    pair = isinstance(data, (tuple, list)) and len(data) == 2 and all(isinstance(part, Split) for part in data)
    if pair:
        train, valid = data
        data = Faces(train, valid, valid[:0], train.source)
    if not isinstance(data, Faces):
        raise ParameterError(
            "expected data as fc.load() returns it, a Faces, or a pair (train, valid) of Splits; found "
            f"{type(data).__name__}. With a DataLoader write the loop: fc.train_epoch and fc.evaluate take any stream "
            "of (images, labels)."
        )
    check_split(data.train, labelled=True)
    check_split(data.valid, labelled=True)
    return data


def recipe_of(settings, *, model, data, device, precision, descent):
    """Everything that the weights depend on, a flat dict of plain values.

    precision: what is computed, not what was asked: "auto" means another one on another machine.
    descent: has the optimiser, and the torch scheduler, that callables made.
    Raises ParameterError for an optimiser, a schedule or an augmentation that cannot be told from another one by what
    it prints, and where the state of one could not be read again.
    """
    recipe = {name: value for name, value in settings.items() if name not in BESIDES}
    recipe["weight_decay"] = recipe["weight_decay"] or 0.0  # of a callable that has its own, its text says it
    texts = {name: repr(recipe[name]) for name in ("schedule", "augment", "class_weights")}
    if isinstance(settings["augment"], nn.Module):
        texts["augment"] += "".join(f" {_layer(layer)}" for layer in settings["augment"].modules())
    if callable(settings["optimizer"]) or descent.scheduler is not None:  # some schedulers keep rates in the groups
        texts["optimizer"] = optimizer_text(descent)
        check_readable("optimizer", descent.optimizer.state_dict())
    if descent.scheduler is not None:
        texts["schedule"] = f"every {settings['schedule'].interval} {scheduler_text(descent.scheduler)}"
        check_readable("schedule", descent.scheduler.state_dict())
    recipe |= {name: _told_apart(name, text) for name, text in texts.items()}
    if not isinstance(settings["schedule"], (Plateau, TorchSchedule, type(None))):
        recipe["epochs"] = settings["epochs"]  # these schedules are laid out over all epochs beforehand
    tensors = {name: value for name, value in model.state_dict().items() if torch.is_tensor(value)}
    shapes = " ".join(f"{name}{tuple(value.shape)}" for name, value in tensors.items())
    recipe["frozen"] = " ".join(name for name, value in model.named_parameters() if not value.requires_grad) or None
    return recipe | {"precision": precision, "data": data.fingerprint, "model": shapes} | _layers(model, data, device)


def _check_schedule(schedule):
    if isinstance(schedule, (Plateau, TorchSchedule, type(None))):
        return
    if isclass(schedule) or not callable(getattr(schedule, "multiplier", None)):
        raise ParameterError(
            "expected schedule=None, or a Step, Cosine, OneCycle, Triangle or Plateau such as schedule=fc.OneCycle(), "
            "or a scheduler of torch with its step, such as schedule=fc.every_epoch(partial(torch.optim.lr_scheduler."
            f"CosineAnnealingLR, T_max=10)) or fc.every_batch(…); found schedule={schedule!r}"
        )
    if not _takes(schedule.multiplier, 0, steps_an_epoch=1, epochs=1):
        raise ParameterError(
            "expected of a schedule of your own multiplier(taken, *, steps_an_epoch, epochs), which returns what the "
            f"rate is multiplied by after `taken` steps; found schedule={schedule!r} with multiplier"
            f"{signature(schedule.multiplier)}"
        )


def _check_augment(augment):
    if augment is None:
        return
    if isclass(augment) or not callable(augment):
        raise ParameterError(
            "expected augment=None, or an Augment such as augment=fc.Augment(flip=0.5), or a function of images or of "
            "(images, generator), such as v2.RandomHorizontalFlip(); "
            f"found augment={augment!r}"
        )
    if not _takes(getattr(augment, "forward", augment), *[None] * (2 if takes_generator(augment) else 1)):
        raise ParameterError(
            "expected of an augmentation of your own that it takes images, or (images, generator), such as "
            f"augment=lambda images, generator: change(images); found augment={augment!r}"
        )


def _takes(function, *arguments, **options):
    """Whether a function can be called with these; True where Python cannot tell, as for some of torch's."""
    try:
        signature(function).bind(*arguments, **options)
    except ValueError:
        return True
    except TypeError:
        return False
    return True


def _check_checkpoint(checkpoint, resume):
    if not isinstance(resume, bool) and not (isinstance(resume, str) and resume == "auto"):
        raise ParameterError(f'expected resume=True, False or "auto"; found resume={resume!r}')
    if checkpoint is not None and not isinstance(checkpoint, (str, os.PathLike)):
        raise ParameterError(f"expected checkpoint=None or the path of a file; found checkpoint={checkpoint!r}")
    if checkpoint is not None and not _is_a_name(checkpoint):
        raise ParameterError(f"no file can have the name that was given: found checkpoint={checkpoint!r}")
    if resume and checkpoint is None:
        raise ParameterError(f"resume={resume!r} needs to know from which file: pass checkpoint=… as well")


def _is_a_name(path):
    """Whether a file can be called so; Python raises where the system has no such names."""
    try:
        os.path.lexists(path) or os.stat(path)
    except FileNotFoundError:
        return True
    except (OSError, ValueError) as error:
        return not isinstance(error, ValueError) and error.errno != ENAMETOOLONG
    return True


def _checked_weights(weights):
    """Seven weights, of a list, a tuple, an array or a tensor alike, as a list; None stays None.

    They are rounded to float32, as the loss has them, so that all of these are one recipe.
    """
    if weights is None:
        return None
    if isinstance(weights, pd.Series) and out_of_order(weights.index):
        raise ParameterError(
            f"expected class_weights in the order of fc.EMOTIONS; found a column in the order "
            f"{', '.join(map(str, weights.index))}, as of value_counts(): take weights.sort_index() where these are "
            "codes, weights[list(fc.EMOTIONS)] where they are names."
        )
    values = weights.tolist() if hasattr(weights, "tolist") else weights
    values = [plain(value) for value in values] if isinstance(values, (list, tuple)) else values
    if not isinstance(values, list) or len(values) != len(EMOTIONS):
        raise ParameterError(f"expected class_weights of {len(EMOTIONS)} numbers, one an emotion; found {weights!r}")
    for emotion, value in zip(EMOTIONS, values, strict=True):
        if not is_number(value) or not SMALLEST <= value <= LARGEST:
            raise ParameterError(
                f"expected class_weights that are finite and over 0, from {SMALLEST:g} to {LARGEST:g}; found {value!r} "
                f"for {emotion}. The loss of a batch is divided by the sum of its weights; to leave an emotion out, "
                "take its faces out of data.train."
            )
    return [_shortest(value) for value in values]


def _shortest(value):
    """A float32 as the shortest number that is rounded to it; a whole one as an int."""
    value = float(str(np.float32(value)))
    return int(value) if value.is_integer() else value


def _told_apart(name, text):
    """`text`, the repr of a setting, which another one does not have."""
    if re.search(r" at 0x[0-9a-fA-F]+", text):
        raise ParameterError(
            f"a checkpoint keeps {name} as it prints, to refuse another one when the training goes on, and {text} "
            "prints where it lies in memory. Give its class a __repr__ with its settings (a frozen dataclass has "
            "one), or train without a checkpoint."
        )
    return text


def _layers(model, data, device):
    """Each layer that computes something, with its kind and settings: networks of equal weights may differ in these."""
    idle = _idle(model, data, device)
    layers = [layer for layer in model.modules() if layer not in idle and type(layer) not in CONTAINERS]
    return {f"layer {place}": _layer(layer) for place, layer in enumerate(layers)}


def _idle(model, data, device):
    """The layers without settings that hand on what they are given, as they do with a few faces."""
    idle = set()

    def look(layer, inputs, output):
        if inputs and output is inputs[0] and _layer(layer).endswith("()"):
            idle.add(layer)

    scripted = torch.jit.ScriptModule  # which takes no hook
    hooks = [layer.register_forward_hook(look) for layer in model.modules() if not isinstance(layer, scripted)]
    try:
        ask(model, data.train, device)
    finally:
        for hook in hooks:
            hook.remove()
    return idle


def _layer(layer):
    """A layer's class and what is set in it, as text: numbers, texts, tuples, functions, and constants of its own."""
    settings = {name: _setting(plain(value)) for name, value in vars(layer).items() if name[0] != "_"}
    settings |= {name: f"{value.item():.6g}" for name, value in layer.named_buffers(recurse=False) if _constant(value)}
    shown = ", ".join(f"{name}={text}" for name, text in settings.items() if text and name != "training")
    return f"{type(layer).__name__}({shown})"


def _setting(value):
    if is_number(value):
        return f"{value:.12g}"  # 1 and 1.0 are one setting
    if value is None or isinstance(value, (bool, str)):
        return repr(value)
    if isinstance(value, (tuple, list)) and all(_setting(plain(each)) for each in value):
        return repr(value)
    return getattr(value, "__name__", "") if callable(value) else ""


def _constant(buffer):
    """Whether a buffer is a number such as a mean to subtract; counts and running averages of channels are none."""
    return buffer.ndim == 0 and torch.is_floating_point(buffer)
