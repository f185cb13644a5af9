"""Where the arithmetic happens, and what is left as it was found: random numbers, and the mode of a network."""

from contextlib import contextmanager

import torch

from fercourse.errors import ParameterError
from fercourse.settings import plain, seed_number


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """The torch.device for "auto" (cuda, then mps, then cpu) or for a named one.

    Raises ParameterError where the named device is not on this machine.
    """
    name = plain(name)
    present = [kind for kind, here in _DEVICES.items() if here()]
    if isinstance(name, str) and name == "auto":
        return torch.device(present[0])
    device = _device(name)
    if device is None or device.type not in present or (device.index or 0) >= _COUNTS[device.type]():
        raise ParameterError(f"device {name!r} is not on this machine; it has {', '.join(present)}. Try 'auto'.")
    return device


def _device(name):
    """The torch.device of that name, or None for what names none."""
    try:
        return torch.device(name) if isinstance(name, (str, torch.device)) else None
    except RuntimeError:
        return None


_DEVICES = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available, "cpu": lambda: True}
_COUNTS = {"cuda": torch.cuda.device_count, "mps": torch.mps.device_count, "cpu": lambda: 1}


def seed_everything(seed: int) -> None:
    """Seed torch's random numbers on every device: initial weights and dropout.

    Raises ParameterError for a seed that is no whole number.
    """
    torch.manual_seed(seed_number(seed))


def random_state(device):
    """The state of the random numbers that dropout draws on `device`: a dict of uint8 tensors."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def restore_random_state(state, device):
    """Put back what `random_state` returned."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
    if "mps" in state and device.type == "mps":
        torch.mps.set_rng_state(state["mps"])


def seed_device(seed, device):
    """Seed what `random_state` holds of `device`, as `seed_everything` does, and no other device."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    if device.type == "mps":
        torch.mps.manual_seed(seed)


@contextmanager
def random_numbers_aside(device):
    """Leave torch's random numbers, on the CPU and on `device`, as they were before the block."""
    state = random_state(device)
    try:
        yield
    finally:
        restore_random_state(state, device)


@contextmanager
def mode_kept(model):
    """Leave every layer of `model` in training or in evaluation, as it was before the block; also after an error."""
    modes = {layer: layer.training for layer in model.modules()}
    try:
        yield
    finally:
        for layer, training in modes.items():
            layer.training = training
