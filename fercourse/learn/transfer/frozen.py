"""What of a network stays as it is while the rest is trained."""

from collections.abc import Iterable
from itertools import chain

from torch import nn

from fercourse.errors import ParameterError


class Frozen(nn.Module):
    """`model` with some of its layers frozen: none of their weights moves, and none of their buffers.

    parts: the layers to freeze, or a single one, with all that is inside them; unless told, everything but the last
           linear layer. Batch norms alone: [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    Turning gradients off is not enough, because batch norms go on averaging in training mode. So frozen layers stay in
    evaluation mode when `train()` is called, and what drops units there drops none. `thaw` undoes all of it.
    Raises ParameterError for layers that are not in the model, or where no weight would be left to train.
    """

    def __init__(self, model: nn.Module, parts: Iterable[nn.Module] | nn.Module | None = None):
        super().__init__()
        self.model = model
        frozen = _all_but_the_last(model) if parts is None else _inside(parts, model)
        held = set(chain.from_iterable(layer.parameters(recurse=False) for layer in frozen))
        if not any(weights.requires_grad for weights in set(model.parameters()) - held):
            raise ParameterError("expected a weight that is left to train; found every one of the model frozen")
        self._frozen = frozen
        self._held = [weights for weights in held if weights.requires_grad]
        for weights in self._held:
            weights.requires_grad = False
        self.train(model.training)

    def train(self, mode: bool = True):
        """Put all but the frozen layers into training mode."""
        super().train(mode)
        for layer in self._frozen:
            layer.training = False
        return self

    def forward(self, images):
        return self.model(images)

    def thaw(self) -> nn.Module:
        """The model itself, every weight trainable that was so before."""
        for weights in self._held:
            weights.requires_grad = True
        return self.model.train(self.training)


def _all_but_the_last(model):
    """Every layer, and the model itself, but the last linear layer."""
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise ParameterError(
            "expected a network whose last linear layer is trained; found none: name the parts to freeze"
        )
    return [layer for layer in model.modules() if layer is not linear[-1]]


def _inside(parts, model):
    """The layers `parts` of a model with all that is inside them."""
    parts, known = [parts] if isinstance(parts, nn.Module) else list(parts), set(model.modules())
    for part in parts:
        if part not in known:
            raise ParameterError(f"expected layers of this model in parts; found {part!r}, which is none of them")
    return [layer for part in parts for layer in part.modules()]
