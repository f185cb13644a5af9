"""An Apple device that is none: its tensors lie on the processor and compute there, but say "mps" and obey its rules.

What an Apple device refuses is refused: numbers of 64 bits, a tensor of the processor beside one of its own, random
numbers from a generator of the processor, an array of NumPy out of its memory, and adaptive pooling to a side that does
not divide. So a test on any machine finds what would fail on a Mac, and what is computed is what a processor computes.
"""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as trees

from fercourse.learn import device as devices

PLACE = torch.device("mps:0")
HERE = torch.device("cpu")  # where it computes
TOO_WIDE = {torch.float64, torch.complex128}
ASKED = {torch.Tensor.device: PLACE, torch.Tensor.is_cpu: False, torch.Tensor.is_mps: True}
ASKED = {attribute.__get__: answer for attribute, answer in ASKED.items()}
MOVES = {torch.Tensor.to, torch.Tensor.cpu, torch.Tensor.type_as}
MIXES = {*MOVES, torch.Tensor.copy_, torch.Tensor.data.__set__, torch._has_compatible_shallow_copy_type}
ARRAYS = {torch.Tensor.numpy, torch.Tensor.__array__}
POOLS = {torch.nn.functional.adaptive_avg_pool2d, torch._C._nn.adaptive_avg_pool2d}


class Apple(TorchFunctionMode):
    """While it is entered, there is such a device. A tensor is on it where its memory is, so views and `.data` are."""

    def __init__(self):
        super().__init__()
        self.memory = {}

    def has(self, value):
        """Whether a value is a tensor on the device."""
        if not isinstance(value, torch.Tensor):
            return False
        storage = value.untyped_storage()
        kept = self.memory.get(storage._cdata)
        return kept is not None and not kept.expired()

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        keywords = keywords or {}
        values = list(_leaves((arguments, keywords)))
        given = [value for value in values if isinstance(value, torch.Tensor)]
        ours = [value for value in given if self.has(value)]
        if ours and function in ASKED:
            return ASKED[function]
        to = self._goal(function, arguments, keywords, given)
        if ours and function in ARRAYS:
            raise TypeError("can't convert mps:0 device type tensor to numpy. Use Tensor.cpu() first")
        if ours and function not in MIXES and any(value.dim() and not self.has(value) for value in given):
            raise RuntimeError(f"Expected all tensors to be on the same device, found mps:0 and cpu in {function}")
        if to == "mps":
            _refuse(function, arguments, keywords)
        if not ours and to == "cpu":
            return function(*arguments, **keywords)
        if any(map(_is_place, values)):
            arguments, keywords = trees.tree_map(
                lambda value: HERE if _is_place(value) else value, (arguments, keywords)
            )
        found = function(*arguments, **keywords)
        if function in MOVES and to != self._place(given[0]):
            found = found.clone()  # in memory of its own
        if to == "mps":
            self._take(found)
        return found

    def _place(self, value):
        return "mps" if self.has(value) else "cpu"

    def _goal(self, function, arguments, keywords, given):
        """The device of the results: the one that the call names, or the one on which its tensors are."""
        named = keywords.get("device")
        if function is torch.Tensor.to and named is None:
            named = arguments[-1] if isinstance(arguments[-1], torch.Tensor) else arguments[1]
        if isinstance(named, (str, torch.device)):
            return torch.device(named).type
        if function is torch.Tensor.cpu:
            return "cpu"
        if function in MOVES and isinstance(arguments[-1], torch.Tensor):
            return self._place(arguments[-1])
        if function in MIXES:
            return self._place(given[0]) if given else "cpu"
        return "mps" if any(map(self.has, given)) else "cpu"

    def _take(self, found):
        """Put what a function returned on the device."""
        for value in _leaves((found,)):
            if not isinstance(value, torch.Tensor):
                continue
            if value.dtype in TOO_WIDE:
                raise TypeError(f"Cannot convert a MPS Tensor to {value.dtype}: the MPS framework doesn't support it")
            storage = value.untyped_storage()
            if len(self.memory) > 10_000:
                self.memory = {key: kept for key, kept in self.memory.items() if not kept.expired()}
            self.memory[storage._cdata] = StorageWeakRef(storage)


def _leaves(values):
    """What lies in tuples, lists and dicts, however deep. PyTorch's own walk takes ten times as long."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _leaves(value)
        elif isinstance(value, dict):
            yield from _leaves(value.values())
        else:
            yield value


def _is_place(value):
    """Whether a value names the device."""
    return isinstance(value, (str, torch.device)) and str(value).split(":")[0] == "mps"


def _refuse(function, arguments, keywords):
    generator = keywords.get("generator")
    if generator is not None and generator.device.type != "mps":
        raise RuntimeError("Expected a 'mps' device type for generator but found 'cpu'")
    if function in POOLS:
        sides, wanted = arguments[0].shape[-2:], arguments[1]
        wanted = wanted if isinstance(wanted, (tuple, list)) else (wanted, wanted)
        if any(side % (want or side) for side, want in zip(sides, wanted, strict=True)):
            raise RuntimeError("Adaptive pool MPS: input sizes must be divisible by output sizes")


class Noise:
    """The device's own random numbers: a state that is read and set, and that a seed begins."""

    def __init__(self, state=0):
        self.state = torch.tensor([state], dtype=torch.uint8)

    def get_rng_state(self):
        return self.state.clone()

    def set_rng_state(self, state):
        self.state = state.clone()

    def manual_seed(self, seed):
        self.state = torch.tensor([seed % 256], dtype=torch.uint8)


@contextmanager
def apple_device():
    """Until the block ends this machine has an Apple device, which "auto" chooses."""
    noise = Noise()
    with ExitStack() as stack:
        for name in ("get_rng_state", "set_rng_state", "manual_seed"):
            stack.enter_context(patch.object(torch.mps, name, getattr(noise, name)))
        stack.enter_context(patch.dict(devices._DEVICES, cuda=lambda: False, mps=lambda: True))
        stack.enter_context(patch.dict(devices._COUNTS, mps=lambda: 1))
        yield stack.enter_context(Apple())
