"""What students' networks are to beat: a network for each such exercise, trained once by the authors' command."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from fercourse.classroom.hints import check_known
from fercourse.classroom.improve.weights import unpacked
from fercourse.errors import ParameterError

KEPT = Path(__file__).parent / "kept"


@dataclass(frozen=True)
class Baseline:
    """A baseline: what a sentence calls it, the function that makes its network, and the one that trains it.

    network:  as a student's: `network()`, a PyTorch module or a Keras model without trained weights; or
              `answer(images, arrays)`, which gives codes or scores for uint8 images (N, 48, 48)
    train:    a function of nothing that gives what `fc.hand_in` takes; the same each time, seeds and all
    coverage: the share of faces that are answered, over 0 to 1: under 1, each of the two answers only those of which
              it is surest, as many as the other, and has to give scores
    """

    called: str
    network: Callable
    train: Callable[[], object]
    coverage: float = 1.0


def baseline_of(id: str) -> Baseline:
    """The baseline of exercise `id`. Raises ParameterError where the exercise judges no network."""
    known = baselines_of(id[:2]) if isinstance(id, str) and id[:2].isdecimal() else {}
    if not known:
        raise ParameterError(f"exercise {str(id)[:20]!r} judges no network")
    check_known("exercise that judges a network", id, known)
    return known[id]


def baselines_of(sheet: str) -> dict[str, Baseline]:
    """The baselines of a sheet, such as "03", by exercise."""
    name = f"fercourse.classroom.checks.lesson_{sheet}"
    try:
        return getattr(import_module(name), "BASELINES", {})
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return {}


def path_of(id: str) -> Path:
    """Where the trained weights of a baseline are kept."""
    return KEPT / f"{id}.npz"


def kept_arrays(id: str) -> dict[str, np.ndarray]:
    """The trained weights of the baseline of `id`: name → array. Raises ParameterError where there are none."""
    path = path_of(id)
    if not path.is_file():
        raise ParameterError(f"the baseline of {id} is not trained: run `python -m fercourse improve {id}`")
    return unpacked(path.read_bytes())
