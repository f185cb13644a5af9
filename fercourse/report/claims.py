"""Claims and figures: every sentence about a result, and every number, tied to the run that it came from.

A claim's condition is fixed before the run. In a notebook a claim that does not hold is shown and does not raise:
another seed must not stop Run All. The runner reads the published records and fails the build on it.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from math import isfinite
from numbers import Integral, Real
from typing import Literal

import numpy as np

from fercourse.errors import ParameterError
from fercourse.report.predictions import Predictions
from fercourse.report.show import show
from fercourse.settings import SCALES, Scale, choice, is_number, is_whole, plain, seed_number, whole

SYMBOLS = {"held": "✓", "failed": "✗", "undecided": "≈", "untested": "○"}
"""What a claim can be, and the sign that a reader sees."""

_COLOURS = {"held": "#1a7f37", "failed": "#cf222e", "undecided": "#9a6700", "untested": "#6e7781"}
_ONLY = {"drawn": "drawn faces", "fer2013": "FER2013"}
_ID = re.compile(r"\d\d\.[a-z0-9]+([_-][a-z0-9]+)*")


@dataclass(frozen=True)
class Run:
    """What every output of this run carries: where its numbers come from."""

    lesson: str = ""
    scale: str = "lesson"
    seed: int = 0
    source: str = ""
    fingerprint: str = ""
    drawn: bool = False
    official: bool = True
    device: str = ""
    sentences: dict = field(default_factory=dict, compare=False)

    @property
    def faces(self):
        """The faces of this run, as a reader calls them; empty where no data was named."""
        if self.drawn or not self.source:
            return "drawn faces" if self.drawn else ""
        return self.source if self.official else f"{self.source}, not FER2013's own splits"

    def stamp(self):
        """The part of an output's metadata that says where a number comes from."""
        return {name: value for name, value in asdict(self).items() if name not in ("device", "sentences")}


_run = Run()


def begin(*, lesson="", scale="lesson", seed=0, source="", fingerprint="", drawn=False, official=True, device=""):
    """Start a run: from now on claims and figures carry this lesson, scale, seed and data; trainings the device, too.

    official: whether the data has FER2013's own splits; without them no claim about FER2013 is tested

    Raises ParameterError for an unknown scale and a seed that is no whole number.
    """
    global _run
    scale = choice("scale", scale, SCALES)
    _run = Run(lesson, scale, seed_number(seed), source, fingerprint, bool(drawn), bool(official and not drawn), device)


def current_run():
    """The `Run` that `begin` started; one at lesson scale, without data, where it never did."""
    return _run


def is_drawn(drawn):
    """Whether faces are drawn ones, by what a split or predictions say of themselves; where they do not, by the run."""
    return _run.drawn if drawn is None else bool(drawn)


def claim(
    id: str,
    held: bool | Sequence[bool | None] | None,
    sentence: str,
    *,
    needs: Scale = "smoke",
    seeds: int = 1,
    only: Literal["drawn", "fer2013"] | None = None,
) -> None:
    """Show whether a sentence about a result holds in this run, and publish it for the runner.

    id:       the lesson, a full stop and a word: "02.scale"
    held:     True or False; None where intervals overlap, as `Predictions.beats` says; or a list of these, one a seed
    sentence: what is claimed, one sentence with its full stop
    needs:    the smallest scale at which it is claimed: "smoke", "lesson" or "full"
    seeds:    in how many seeds it must hold, all of them
    only:     "drawn" or "fer2013": claimed about that data alone

    Below its scale, its seeds or off its data a claim is untested, whatever `held` says. Raises ParameterError for an
    argument of another form, and for one id with two sentences. A claim that fails raises nothing.
    """
    answers, seeds = _answers(id, held), plain(seeds)
    _check_claim(id, sentence, needs, seeds, only)
    reasons = _reasons(answers, needs, seeds, only)
    status = "untested" if reasons else _status(answers)
    published = {"kind": "claim", "id": id, "sentence": sentence, "status": status, "needs": needs, "seeds": seeds}
    line = _line(id, sentence, status, reasons)
    show(
        published | _run.stamp(), text=f"{SYMBOLS[status]} {line}", html=_html(SYMBOLS[status], line, _COLOURS[status])
    )


def record(name: str, value: float | Predictions, *, unit: str = "", n: int | None = None) -> None:
    """Show a measured figure in one quiet line, and publish it for run records and the docs' results page.

    value: a number, or Predictions: then the accuracy in %, with its 95 % interval and n. A number that is not finite
           is published as None: a training that diverged has no figure.
    n:     from how many faces, seeds or repetitions the number was taken

    Raises ParameterError for any other value, a name or unit that is no text, and an n that is no whole number.
    """
    if not isinstance(name, str) or not isinstance(unit, str):
        raise ParameterError(f"expected the name and the unit of a figure as texts; found {name!r} and {unit!r}")
    figure, low, high, source, drawn = _figure(name, value)
    if isinstance(value, Predictions):
        unit, n = "%", len(value)
    n = None if n is None else whole(f"figure {name!r}: n", n)
    published = {"kind": "figure", "name": name, "value": figure, "unit": unit, "low": low, "high": high, "n": n}
    line = f"recorded: {name} · {_measured(figure, unit)}{_detail(low, high, n, source, drawn)}"
    html = f'<div style="opacity: 0.75">{escape(line)}</div>'
    show(published | _run.stamp() | {"source": source, "drawn": drawn}, text=line, html=html)


def _answers(id, held):
    """`held` as a tuple of True, False and None, one a seed."""
    several = isinstance(held, (list, tuple)) or (isinstance(held, np.ndarray) and held.ndim == 1)
    answers = tuple(held) if several else (held,)
    for answer in answers:
        if not (answer is None or isinstance(answer, (bool, np.bool_))):
            raise ParameterError(
                f"claim {id}: it holds or it does not: expected True, False, None or a list of these, "
                f"found a {type(answer).__name__} ({answer!r}). Write the comparison into the claim; "
                "of a tensor take .item()"
            )
    return tuple(None if answer is None else bool(answer) for answer in answers)


def _check_claim(id, sentence, needs, seeds, only):
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise ParameterError(f"claim {id!r}: an id is two digits, a full stop and a word, such as '02.scale'")
    if not isinstance(sentence, str) or not sentence.strip().endswith("."):
        raise ParameterError(f"claim {id}: a claim is a sentence and ends with a full stop, found {sentence!r}")
    if not isinstance(needs, str) or needs not in SCALES:
        raise ParameterError(f"claim {id}: needs={needs!r}; the scales are {', '.join(SCALES)}")
    if not is_whole(seeds) or seeds < 1:
        raise ParameterError(f"claim {id}: seeds={seeds!r}; a claim needs at least one seed")
    if only is not None and not (isinstance(only, str) and only in _ONLY):
        raise ParameterError(f"claim {id}: only={only!r}; it is None, 'drawn' or 'fer2013'")
    if _run.sentences.setdefault(id, sentence) != sentence:
        raise ParameterError(f"claim {id} says two things in one run: {_run.sentences[id]!r} and {sentence!r}")


def _reasons(answers, needs, seeds, only):
    """Why this run cannot test a claim, in sentences; empty where it can."""
    reasons = []
    if SCALES.index(_run.scale) < SCALES.index(needs):
        reasons.append(f"It needs {needs} scale; this run is {_run.scale}.")
    if len(answers) < seeds:
        reasons.append(f"It needs {seeds} {'seeds' if seeds > 1 else 'seed'}; this run has {len(answers)}.")
    if only is not None and (_run.drawn != (only == "drawn") or (only == "fer2013" and not _run.official)):
        reasons.append(f"It is about {_ONLY[only]}; this run is on {_run.faces or 'other data'}.")
    return reasons


def _status(answers):
    if False in answers:
        return "failed"
    return "undecided" if None in answers else "held"


def _line(id, sentence, status, reasons):
    if status == "untested":
        return f"Not tested here: {sentence} {' '.join(reasons)} (claim {id})"
    opening = {"held": "", "failed": "Not in this run: ", "undecided": "Undecided in this run: "}[status]
    closing = " The intervals overlap: no rank is given." if status == "undecided" else ""
    data = f" on {_run.faces}" if _run.faces else ""
    return f"{opening}{sentence}{closing} (claim {id}, checked{data}, {_run.scale} scale)"


def _html(symbol, line, colour):
    return f'<div><strong style="color: {colour}">{symbol}</strong> {escape(line)}</div>'


def _figure(name, value):
    """(value, low, high, source, drawn) of a figure."""
    if isinstance(value, Predictions):
        low, high = value.interval()
        return 100 * value.accuracy, 100 * low, 100 * high, value.source, is_drawn(value.drawn)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ParameterError(
            f"figure {name!r}: expected a number or Predictions, found a {type(value).__name__}; "
            "of a tensor take .item()"
        )
    number = int(value) if isinstance(value, Integral) else float(value)
    if isinstance(number, int) and not is_number(number):
        raise ParameterError(f"figure {name!r}: expected a number that a float holds, found {number.bit_length()} bits")
    return number if isfinite(number) else None, None, None, _run.source, _run.drawn


def _measured(figure, unit):
    if figure is None:
        return "none: not a finite number"
    return f"{figure:.1f} %" if unit == "%" else f"{_number(figure)} {unit}".rstrip()


def _detail(low, high, n, source, drawn):
    parts = [] if low is None else [f"{low:.1f}–{high:.1f}"]
    parts += [] if n is None else [f"n = {n:,}"]
    parts += ["drawn faces"] if drawn else [source] if source else []
    return f" ({', '.join(parts)})" if parts else ""


def _number(figure):
    if isinstance(figure, int) or abs(figure) >= 1000:
        return f"{figure:,.0f}"
    return f"{figure:.4g}"
