"""fercourse: deep learning by one hard, honest problem, reading emotions from 48×48 grey faces.

`import fercourse as fc` is quick and changes nothing: names are looked up when they are first used, and PyTorch is
imported only then. The one exception is `triton_first`, which prevents a crash. Which names there are, and where each
one lives, stands in `__init__.pyi` alone: editors read it, and so does this module.
"""

import re
from importlib import import_module
from pathlib import Path

from fercourse.triton_first import load_triton_first

__version__ = "0.1.0"

_STUB = Path(__file__).with_name("__init__.pyi").read_text(encoding="utf-8")
_HOME_OF = {name: home for home, name in re.findall(r"^from (\S+) import (\w+) as \2$", _STUB, re.MULTILINE)}
_MODULES = ("clinic", "distributed", "plots", "tf")

__all__ = sorted(_HOME_OF.keys() - {"tf"})  # what `from fercourse import *` brings; not TensorFlow, an extra and slow


def __getattr__(name):
    if name not in _HOME_OF:
        raise AttributeError(f"fercourse has no {name!r}; it has {', '.join(__dir__())}")
    if name in _MODULES:
        return import_module(f"{_HOME_OF[name]}.{name}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__():
    return sorted(_HOME_OF)


load_triton_first()
