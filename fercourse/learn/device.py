"""Where the arithmetic happens, and the random numbers that a training step draws there."""

import torch

from fercourse.errors import ParameterError


def choose_device(name="auto"):
    """The torch.device for "auto" (cuda, then mps, then cpu) or for a named one.

    Raises ParameterError where the named device is not on this machine.
    """
    present = [kind for kind, here in _DEVICES.items() if here()]
    if name == "auto":
        return torch.device(present[0])
    kind = str(name).partition(":")[0]
    if kind not in present:
        raise ParameterError(f"device {name!r} is not on this machine; it has {', '.join(present)}. Try 'auto'.")
    return torch.device(name)


_DEVICES = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available, "cpu": lambda: True}


def seed_everything(seed):
    """Seed torch's random numbers on every device: initial weights and dropout."""
    torch.manual_seed(seed)


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
