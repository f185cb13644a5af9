"""Occlusion: how much of an answer goes away behind a grey square. It needs no gradient, only many answers."""

import numpy as np
import torch
from torch import Tensor, nn

from fercourse.data.faces import SIDE, Split
from fercourse.errors import ParameterError
from fercourse.learn.checks import answer
from fercourse.learn.device import mode_kept
from fercourse.learn.looking.inside import check_asked, emotions_asked, images_for
from fercourse.settings import whole


@torch.inference_mode()
def occlusion(
    model: nn.Module,
    images: Tensor | Split,
    *,
    size: int = 8,
    stride: int = 4,
    of: str | int | Tensor | np.ndarray | None = None,
) -> np.ndarray:
    """How much of an emotion's probability goes away behind a square: float32 (B, rows, columns), 1 to −1.

    images: float32 (B, 1, 48, 48) in [0, 1], or a Split; size: pixels of the square; stride: from one place of it to
    the next; of: an emotion by name or code, a code for each face, or None: what the model answers to each.

    The square has the mean grey of its face. Below 0, the probability is larger without what it covers. The model is
    left in its mode. Raises ParameterError where the squares do not reach the edge exactly, for images of another
    shape, for an emotion that is none and for a model that answers with probabilities already. Zeiler and Fergus 2014.
    Built by hand in lesson 11.
    """
    places = _places(size, stride)
    images = images_for(model, images)
    check_asked(model, images)
    grey = images.mean((1, 2, 3), keepdim=True)
    with mode_kept(model):
        logits = answer(model.eval(), images)
        codes = emotions_asked(of, logits)[:, None]
        whole_face = logits.softmax(1).gather(1, codes)
        drops = []
        for top in places:
            for left in places:
                hidden = images.clone()
                hidden[:, :, top : top + size, left : left + size] = grey
                drops.append(whole_face - answer(model, hidden).softmax(1).gather(1, codes))
    return torch.cat(drops, 1).view(-1, len(places), len(places)).float().cpu().numpy()


def _places(size, stride):
    """The first pixels, along one side, of all squares."""
    size, stride = whole("size", size), whole("stride", stride)
    if size > SIDE or (SIDE - size) % stride:
        fitting = [step for step in range(1, SIDE) if size <= SIDE and not (SIDE - size) % step]
        advice = f"with size={size} the stride may be {', '.join(map(str, fitting))}" if fitting else "take size=8"
        raise ParameterError(
            f"expected squares that reach from edge to edge of {SIDE} pixels; found size={size}, stride={stride}; "
            f"{advice}"
        )
    return range(0, SIDE - size + 1, stride)
