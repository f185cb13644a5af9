"""Grad-CAM: which places of a layer speak for an emotion, by the gradient of its logit."""

import numpy as np
import torch
from torch import Tensor, nn

from fercourse.data.faces import Split
from fercourse.errors import ParameterError
from fercourse.learn.checks import answer
from fercourse.learn.looking.inside import check_asked, check_maps, emotions_asked, images_for, running_once


def grad_cam(
    model: nn.Module,
    images: Tensor | Split,
    layer: nn.Module,
    of: str | int | Tensor | np.ndarray | None = None,
) -> np.ndarray:
    """Which places of `layer` speak for an emotion: float32 (B, height, width), 0 and up, as large as the layer's maps.

    images: float32 (B, 1, 48, 48) in [0, 1], or a Split; layer: a part of the model that answers with maps;
    of: an emotion by name or code, a code for each face, or None: what the model answers to each.

    Each map is weighed by the mean gradient of the emotion's logit with respect to it; the maps are added, and what is
    under 0 becomes 0 (Selvaraju et al. 2017). Model, weights and gradients are left as they were, also inside
    torch.no_grad(). Raises ParameterError for a layer that is not in the model, that runs not once for a face or
    answers with no maps, for images of another shape, for an emotion that is none and for a model that answers with
    probabilities already. Built by hand in lesson 11.
    """
    with torch.inference_mode(False), torch.enable_grad():
        images = images_for(model, images)
        check_asked(model, images)
        images.requires_grad_()
        with running_once(model, layer) as kept:
            logits = answer(model, images)
        check_maps(kept, layer)
        codes = emotions_asked(of, logits)
        asked = logits.gather(1, codes[:, None]).sum()
        (gradients,) = torch.autograd.grad(asked, kept.maps, allow_unused=True)
    if gradients is None:
        raise ParameterError(f"expected a layer that the answer is computed from; nothing of {layer!r} goes into it")
    weights = gradients.mean((2, 3), keepdim=True)
    return (weights * kept.maps).sum(1).relu().detach().float().cpu().numpy()
