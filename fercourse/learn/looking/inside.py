"""What one layer of a network answers while the network runs; the network is left as it was found."""

from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from fercourse.data.faces import BRIGHTEST, EMOTIONS, SIDE, Split
from fercourse.errors import ParameterError
from fercourse.learn.checks import PROBES, answer, check_answer, check_logits, check_network, check_split
from fercourse.learn.device import mode_kept
from fercourse.learn.loop import on_device
from fercourse.settings import plain


@torch.inference_mode()
def feature_maps(model: nn.Module, images: Tensor | Split, layer: nn.Module) -> np.ndarray:
    """What `layer`, a part of `model`, answers to each face: float32 (B, channels, height, width).

    images: float32 (B, 1, 48, 48) in [0, 1], or a Split. The model is asked in evaluation mode, and left in its own.
    Raises ParameterError for a layer that is not in the model, that runs not at all or more than once for a face, or
    that answers with no maps, and for images of another shape. Built by hand in lesson 11.
    """
    images = images_for(model, images)
    with running_once(model, layer) as kept:
        answer(model, images)
    check_maps(kept, layer)
    return kept.maps.float().cpu().numpy()


def images_for(model, images):
    """Faces as the network takes them, float32 (B, 1, 48, 48) on its device: a copy that nobody else holds."""
    check_network(model)
    here = next((part.device for part in (*model.parameters(), *model.buffers())), torch.device("cpu"))
    if isinstance(images, Split):
        check_split(images, labelled=False)
        return on_device(images, here)[0][:, None].float() / 255
    fits = torch.is_tensor(images) and images.is_floating_point() and images.shape[1:] == (1, SIDE, SIDE)
    if not fits or not len(images):
        found = f"{images.dtype} {tuple(images.shape)}" if torch.is_tensor(images) else f"a {type(images).__name__}"
        raise ParameterError(
            f"expected faces as float32 (B, 1, {SIDE}, {SIDE}) in [0, 1], or a Split with faces; found {found}. "
            "A single face is images[:1], not images[0]."
        )
    if not images.max() <= BRIGHTEST:  # NaN is none either
        raise ParameterError(f"expected faces in [0, 1], found {images.max():.4g} in them. Divide grey levels by 255")
    return images.detach().to(here, torch.float32, copy=True)


def check_asked(model, images):
    """Raise ParameterError where `model` answers a few of the faces with no logits, or with probabilities already."""
    with mode_kept(model), torch.no_grad():
        check_answer(model.eval(), images[:PROBES])


class Kept:
    """The maps that a layer answered with, float32 (B, C, h, w), and how often it was asked."""

    maps, calls = None, 0


@contextmanager
def running_once(model, layer):
    """Yield a `Kept`, filled while the block asks `model`, in evaluation, for faces; also after an error all is undone.

    What follows the layer gets a copy of its answer: a ReLU that works in place would change the maps that are kept.
    Raises ParameterError for a layer that is not in the model.
    """
    if not isinstance(layer, nn.Module) or layer not in set(model.modules()):
        raise ParameterError(
            f"expected a layer of this model, such as model[1]; found {layer!r}, which is none of them"
        )
    kept = Kept()

    def keep(_, inputs, output):
        kept.maps, kept.calls = output, kept.calls + 1
        return output.clone() if torch.is_tensor(output) else output

    handle = layer.register_forward_hook(keep)
    try:
        with mode_kept(model):
            model.eval()
            yield kept
    finally:
        handle.remove()


def check_maps(kept, layer):
    """Raise ParameterError where a layer did not run exactly once, or where what it answered with are no maps."""
    if kept.calls != 1:
        raise ParameterError(
            f"expected a layer that runs once for a face; {layer!r} runs {kept.calls} times. Take one before or behind "
            "it."
        )
    if not torch.is_tensor(kept.maps) or kept.maps.dim() != 4:
        found = tuple(kept.maps.shape) if torch.is_tensor(kept.maps) else type(kept.maps).__name__
        raise ParameterError(
            f"expected a layer that answers with maps, (B, channels, height, width); {layer!r} answers with {found}. "
            "Take a convolution, or what follows it before the faces are flattened."
        )


def emotions_asked(of, logits):
    """The code of the emotion that is asked about for each face, int64 (B,); of: None for each answer itself."""
    check_logits(logits, len(logits))
    if of is None:
        return logits.detach().argmax(1)
    codes = EMOTIONS.index(of) if isinstance(of, str) and of in EMOTIONS else plain(of)
    whole = not isinstance(codes, (list, tuple)) or all(isinstance(plain(code), int) for code in codes)
    codes = torch.as_tensor(codes) if whole and isinstance(codes, (int, list, tuple, np.ndarray, Tensor)) else None
    if codes is None or codes.dtype not in WHOLE or tuple(codes.shape) not in {(), (len(logits),)}:
        raise ParameterError(
            f"expected of=None, an emotion or a code for each of the {len(logits)} faces, 0 to {len(EMOTIONS) - 1}; "
            f"found {of!r}"
        )
    outside = (codes < 0) | (codes >= len(EMOTIONS))
    if outside.any():
        known = ", ".join(f"{code} {name}" for code, name in enumerate(EMOTIONS))
        raise ParameterError(f"expected codes of emotions, {known}; found {int(codes[outside][0])}")
    return codes.to(logits.device, torch.int64).expand(len(logits))


WHOLE = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8)
