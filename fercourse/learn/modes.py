"""Training or evaluation: the mode of a network, left as it was found."""

from contextlib import contextmanager


@contextmanager
def mode_kept(model):
    """Leave every layer of `model` in training or in evaluation, as it was before the block; also after an error."""
    modes = {layer: layer.training for layer in model.modules()}
    try:
        yield
    finally:
        for layer, training in modes.items():
            layer.training = training
