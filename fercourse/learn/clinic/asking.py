"""What one audit says about one pipeline."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch

from fercourse.errors import ParameterError
from fercourse.learn.clinic.pipeline import Pipeline
from fercourse.learn.device import random_numbers_aside, seed_device

Audit = Callable[[Pipeline], Iterable[str] | str | None]
"""A function of a pipeline that returns a text for each thing that is wrong, and an empty list where nothing is."""

CPU = torch.device("cpu")
LONGEST = 300  # characters of a complaint that are kept
MOST = 50  # complaints that are kept


@dataclass(frozen=True)
class Finding:
    """complaints: what the audit says is wrong. crash: the error that it ended with, else "". seconds: by the clock."""

    complaints: tuple[str, ...]
    crash: str
    seconds: float

    @property
    def complains(self) -> bool:
        """Whether the audit says that something is wrong. A crash says nothing."""
        return bool(self.complaints)


def ask(audit: Audit, pipeline: Pipeline, *, seed: int = 0) -> Finding:
    """Run `audit` on `pipeline`, with torch's random numbers started from `seed`, and put back afterwards.

    An AssertionError is a complaint, because that is how Python says that something does not hold. Any other error is
    a crash: it names no fault, and whoever runs the audit is left without an answer. Who holds an error for a fault
    catches it inside of the audit and says so in words.
    Raises ParameterError where an audit is no function, or returns neither texts nor None.
    """
    if not callable(audit):
        raise ParameterError(f"expected an audit, a function of a pipeline; found {_short(repr(audit))}")
    begin, said, crash = time.perf_counter(), (), ""
    with random_numbers_aside(CPU):
        seed_device(seed, CPU)
        try:
            said = _gathered(audit(pipeline))
        except AssertionError as error:
            said = (str(error) or "an assertion does not hold",)
        except Exception as error:  # a student's audit may raise anything, and the next pipeline is still to be asked
            crash = _short(f"{type(error).__name__}: {error}")
    return Finding(_texts(said), crash, time.perf_counter() - begin)


def _gathered(said):
    """What an audit returned, run to its end where it is a generator; one text is a list of one, None an empty one."""
    if said is None:
        return ()
    if isinstance(said, str):
        return (said,) if said else ()
    return tuple(said) if isinstance(said, Iterable) and not isinstance(said, Mapping) else said


def _texts(said):
    if not isinstance(said, tuple) or not all(isinstance(each, str) for each in said):
        raise ParameterError(
            "expected of an audit a list of texts, one for each thing that is wrong, and an empty list where nothing "
            f"is; found {_short(repr(said))}"
        )
    return tuple(_short(each) for each in said[:MOST])


def _short(text):
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
