"""What is refused before a training or a prediction begins, in words, because later it would be lost or unnoticed."""

import random
from functools import partial
from itertools import chain

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.parameter import is_lazy

from fercourse.data.faces import EMOTIONS, MOST_OUTSIDE, Split, check_codes
from fercourse.errors import DataMismatch, ParameterError
from fercourse.learn.augment import augmented
from fercourse.learn.device import mode_kept, random_numbers_aside
from fercourse.learn.fast.sides import resized

PROBES = 8  # faces that a network is asked before it is trained: logits of so many do not look like shares by chance


def check_split(split, *, labelled):
    """Raise ParameterError for what is no `Split`, DataMismatch for one without faces or, if asked, without labels."""
    if not isinstance(split, Split):
        raise ParameterError(f"expected a Split, such as data.train; found {type(split).__name__}")
    if not len(split):
        raise DataMismatch(f"the {split.name} split of {split.source} holds no faces; at least one is needed")
    if labelled and not split.labelled:
        raise DataMismatch(f"the {split.name} split of {split.source} has no labels to train or evaluate on")


def check_network(model):
    """Raise ParameterError for what is no network, such as the class of one."""
    if not isinstance(model, nn.Module):
        raise ParameterError(f"expected a network, a torch.nn.Module; found {model!r}")


def check_trainable(model):
    """Raise ParameterError for what is no network, one without a weight to move, and where torch takes no gradients."""
    check_network(model)
    if not torch.is_grad_enabled() or any(
        not is_lazy(weights) and weights.is_inference() for weights in model.parameters()
    ):
        raise ParameterError(
            "a network is trained by its gradients, and torch takes none inside torch.no_grad() or "
            "torch.inference_mode(), nor later of a network that was built inside inference_mode. Build and train it "
            "outside of these."
        )
    if not any(weights.requires_grad for weights in model.parameters()):
        raise ParameterError(
            "expected a network with weights to train, found none that requires a gradient; "
            "model.requires_grad_() thaws a frozen one"
        )


def check_logits(outputs, faces):
    """Raise ParameterError where a network's `outputs` for `faces` faces are no logits (faces, 7), or no numbers."""
    check_shape(outputs, faces)
    if not outputs.detach().float().softmax(1).isfinite().all():
        raise ParameterError(
            "the network answers with NaN or infinity: its weights, or the numbers by which its first layer "
            "standardises, are no numbers. Start from new weights."
        )


def check_no_probabilities(model, images, outputs):
    """Raise ParameterError where `outputs`, a network's answers to `images`, are probabilities already.

    These stay between 0 and 1, and a softmax's sum to 1, whatever the weights are: so the network, in evaluation, is
    asked again with its weights enlarged, where torch can do that. Logits that lie between 0 and 1 by chance then
    leave that range.
    """
    known = next(model.parameters(), None) is not None and not isinstance(model, torch.jit.ScriptModule)
    enlarged = [_enlarged(model, images, factor) for factor in (10, 1000)] if known else []
    shares = all(_sum_to_one(logits) for logits in [outputs.detach().float(), *enlarged])
    between = known and all(_are_between_0_and_1(logits) for logits in enlarged)
    if shares or between:
        raise ParameterError(
            f"expected logits from the network, found probabilities{', which sum to 1' if shares else ''}. The loss "
            "and `predict` take the softmax themselves, and a second one flattens every answer: leave the softmax or "
            "sigmoid out at the network's end."
        )


def _enlarged(model, images, factor):
    """What `model` answers with every weight times `factor`."""
    weights = {name: factor * value for name, value in model.named_parameters()}
    return functional_call(model, weights, (images,)).detach().float()


def _sum_to_one(logits):
    near = any((logits.sum(axis) - 1).abs().max() < 0.01 for axis in (0, 1))  # what half precision leaves of a sum
    return near and _are_between_0_and_1(logits)


def _are_between_0_and_1(logits):
    """Whether none is outside; zeros alone are logits of a network that knows nothing yet."""
    return not ((logits < 0) | (logits > 1.001)).any() and not (logits == 0).all()


def check_shape(outputs, faces):
    """Raise ParameterError where `outputs` are not floats (faces, 7)."""
    tensor = torch.is_tensor(outputs)
    if not tensor or tuple(outputs.shape) != (faces, len(EMOTIONS)) or not outputs.is_floating_point():
        found = f"{outputs.dtype} {tuple(outputs.shape)}" if tensor else f"a {type(outputs).__name__}"
        raise ParameterError(
            f"expected logits from the network, floats ({faces}, {len(EMOTIONS)}): "
            f"a row for each face, a column for each emotion; found {found}"
        )


def check_answers(model, split, device, side=None):
    """Ask `model` for a few faces of `split`, resized to `side` if asked, and check its logits; nothing is changed."""
    few = resized(_images(split, np.arange(PROBES) % len(split), device), side)
    with mode_kept(model), random_numbers_aside(device), torch.no_grad():
        check_answer(model.eval(), few)


def check_answer(model, images):
    """Ask `model`, in evaluation, for `images`; ParameterError where it takes none such or answers with no logits."""
    if not images.isfinite().all():
        raise ParameterError("the images hold NaN or infinity, and so would every answer to them")
    outputs = answer(model, images)
    check_logits(outputs, len(images))
    if _are_between_0_and_1(outputs.float()):
        check_no_probabilities(model, images, outputs)


def check_one_alone(model, split, size, device):
    """Raise ParameterError where batches of `size` leave one face alone, and `model` has no answer to one."""
    if len(split) % size == 1 % size:
        with mode_kept(model), random_numbers_aside(device), torch.no_grad():
            check_logits(answer(model.eval(), _images(split, [0], device)), 1)


def ask(model, split, device):
    """What `model`, on `device`, answers in evaluation to a few faces of `split`; nothing is changed.

    Raises ParameterError where it does not take float32 (B, 1, 48, 48).
    """
    with mode_kept(model), random_numbers_aside(device), torch.no_grad():
        return answer(model.eval(), _images(split, np.arange(PROBES) % len(split), device))


def answer(model, images):
    """`model(images)`; ParameterError with the reason that the network gives where it takes none such."""
    try:
        return model(images)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise ParameterError(
            f"expected a network that takes faces as float32 {tuple(images.shape)}; this one says: {error}"
        ) from error


def check_batch(model, batch):
    """Raise ParameterError where the first batch of a stream is not (images, labels) on the device of `model`."""
    if not isinstance(batch, (tuple, list)) or len(batch) != 2 or not all(torch.is_tensor(part) for part in batch):
        raise ParameterError(
            "expected a stream of (images, labels), two tensors, as fc.batches makes it of a Split, or a DataLoader; "
            f"found a {type(batch).__name__} in it"
        )
    images, labels = batch
    here = next(chain(model.parameters(), model.buffers()), images).device
    for name, part in (("images", images), ("labels", labels)):
        if part.device != here:
            raise ParameterError(
                f"the stream's {name} are on {part.device}, the model on {here}: send one to the other, as with "
                "model.to(device), or ((images.to(device), labels.to(device)) for images, labels in loader)"
            )
    if images.dtype == torch.uint8:
        raise ParameterError(
            f"expected a stream of float images in [0, 1], (B, 1, 48, 48); found uint8 {tuple(images.shape)}. In a "
            "Dataset, torchvision's v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]) makes them so."
        )


def check_labels(batch):
    """Raise ParameterError where the labels of a batch are not codes of emotions, one for each of its images.

    Rows with a 1 in them would be compared, cell by cell, with the answers wherever seven faces are a batch; and torch
    leaves -100 out of the sum of losses alone.
    """
    images, labels = batch
    if labels.dtype not in (torch.int64, torch.uint8) or tuple(labels.shape) != (len(images),):
        raise ParameterError(
            f"expected a stream of labels int64 ({len(images)},), a code for each face; found "
            f"{str(labels.dtype).removeprefix('torch.')} {tuple(labels.shape)}. Of rows with a 1 in them take "
            "labels.argmax(1), of a column labels.flatten(), of other whole numbers labels.long()"
        )
    check_codes(labels)


def check_augment(augment, split, device, side=None):
    """Ask `augment` for a few faces of `split`, resized to `side` if asked, and check its images; nothing is changed.

    Raises ParameterError also where its random numbers are not torch's: no seed would repeat them, and no checkpoint.
    """
    few = resized(_images(split, np.arange(PROBES) % len(split), device), side)
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with random_numbers_aside(device):
            [(images, _)] = augmented([(few, None)], augment, torch.Generator().manual_seed(0))
        key, place = np.random.get_state()[1:3]
        elsewhere = random.getstate() != python or place != numpy[2] or (key != numpy[1]).any()
    except (RuntimeError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise ParameterError(
            f"expected augment to take images, float32 {tuple(few.shape)} in [0, 1] on {device}; "
            f"{augment!r} says: {error}"
        ) from error
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
    check_images(images, PROBES)
    if not images.isfinite().all():
        raise ParameterError(f"augment={augment!r} makes NaN or infinity of images that are in [0, 1]")
    if elsewhere:
        raise ParameterError(
            f"augment={augment!r} draws from Python's or NumPy's random numbers, which depend neither on seed nor on "
            "the checkpoint. Draw torch's, or from the generator that comes as its second argument: "
            "augment=lambda images, generator: …"
        )
    if ((images < 0) | (images > 1)).float().mean() > MOST_OUTSIDE:
        raise ParameterError(
            f"expected augment to return images in [0, 1], as valid faces are; {augment!r} makes them from "
            f"{images.min():.3g} to {images.max():.3g}. What standardises, as v2.Normalize does, would change training "
            "faces alone: let the network begin with fc.Standardise(mean, std). Of other changes take .clamp(0, 1)"
        )


def check_images(images, faces):
    """Raise ParameterError where an augmentation returned something else than as many images."""
    if not torch.is_tensor(images) or images.shape[:2] != (faces, 1) or images.dtype != torch.float32:
        found = f"{images.dtype} {tuple(images.shape)}" if torch.is_tensor(images) else f"a {type(images).__name__}"
        raise ParameterError(f"expected augment to return images, float32 ({faces}, 1, side, side); found {found}")


def _images(split, positions, device):
    return torch.tensor(split.images[positions, None], device=device).float() / 255


def check_last_batch(model, split, batch_size, device, side=None):
    """Raise ParameterError where batches of `batch_size` leave one face alone, and `model` cannot learn from one.

    side: to which faces are resized, or None.

    Batch norm cannot where it sees one value a channel: that value is its own mean, and it has no spread. The batch
    is not joined to the one before, because that would be another training than the loop of lesson 02.
    """
    faces = len(split)
    if batch_size > 1 and faces % batch_size != 1:
        return
    # On copies: a batch in training mode moves the averages of batch norm.
    state = {name: value.clone() for name, value in (*model.named_parameters(), *model.named_buffers())}
    try:
        with mode_kept(model), random_numbers_aside(device), torch.no_grad():
            call = partial(functional_call, model.train(), state)
            check_shape(answer(lambda images: call((images,)), resized(_images(split, [0], device), side)), 1)
    except ParameterError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise ParameterError(
            f"{faces:,} training faces in batches of {batch_size} leave a batch of one face, and batch norm learns "
            f"nothing from one: it has no spread. {_cure(faces, batch_size)}"
        ) from error


def _cure(faces, batch_size):
    if faces == 1:
        return "Train on more than one face."
    fits = next(size for size in range(batch_size + 1, faces + batch_size + 1) if faces % size != 1)
    return f"Choose another batch_size, such as {fits}."
