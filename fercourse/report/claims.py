"""Claims: every sentence about a result, tied to the run that bears it out or does not.

A claim's condition is fixed before the run. `claim` writes it down, `claims` shows all of them in one table. In a
notebook a claim that does not hold raises nothing: another seed must not stop Run All. The build of a lesson and the
runner read the published table, and fail on it.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Literal

import numpy as np

from fercourse.errors import ParameterError
from fercourse.report.recorded import of_lesson
from fercourse.report.run import Run, current_run
from fercourse.report.show import show
from fercourse.settings import SCALES, Scale, is_whole, plain

SYMBOLS = {"held": "✓", "failed": "✗", "undecided": "≈", "untested": "○"}
"""What a claim can be, and the sign that a reader sees."""

MEANINGS = {"held": "holds", "failed": "does not hold", "undecided": "undecided", "untested": "not tested"}

_COLOURS = {"held": "#1a7f37", "failed": "#cf222e", "undecided": "#9a6700", "untested": "#6e7781"}
_ONLY = {"drawn": "drawn faces", "fer2013": "FER2013"}
_ID = re.compile(r"\d\d[a-z]?\.[a-z0-9]+([_-][a-z0-9]+)*")
_TOP = 'style="vertical-align: top; text-align: left; padding: 2px 8px"'


def claim(
    id: str,
    held: bool | Sequence[bool | None] | None,
    sentence: str,
    *,
    needs: Scale = "smoke",
    seeds: int = 1,
    only: Literal["drawn", "fer2013"] | None = None,
) -> None:
    """Write down whether a sentence about a result holds in this run; `claims` shows it and publishes it.

    id:       the lesson, a full stop and a word: "02.scale"
    held:     True or False; None where it is undecided, as `Predictions.beats` says; or a list of these, one a seed
    sentence: what is claimed, one sentence with its full stop
    needs:    the smallest scale at which it is claimed: "smoke", "lesson" or "full"
    seeds:    in how many seeds it must hold, all of them
    only:     "drawn" or "fer2013": claimed about that data alone

    Below its scale, its seeds or off its data a claim is untested, whatever `held` says. Raises ParameterError for an
    argument of another form, and for one id with two sentences. A claim that fails raises nothing.
    """
    answers, seeds, run = _answers(id, held), plain(seeds), current_run()
    _check_claim(id, sentence, needs, seeds, only)
    if run.claims.get(id, {"sentence": sentence})["sentence"] != sentence:
        raise ParameterError(f"claim {id} says two things in one run: {run.claims[id]['sentence']!r} and {sentence!r}")
    reasons = _reasons(answers, needs, seeds, only)
    status = "untested" if reasons else _status(answers)
    published = {"id": id, "sentence": sentence, "status": status, "needs": needs, "seeds": seeds}
    published |= {"only": only, "reasons": reasons}
    run.claims[id] = published | run.stamp()


def claims() -> None:
    """Show every claim of this run in one table, and publish it for the build of the lesson and for the runner.

    Beside each stands what the recorded run of the same lesson on FER2013 said of the same sentence, where this run is
    on drawn faces: a sentence that was changed afterwards has not been tested there.
    Raises ParameterError where nothing was claimed.
    """
    run = current_run()
    if not run.claims:
        raise ParameterError(
            "nothing was claimed in this run. Run the cells above first: `fc.claim(…)` writes one down"
        )
    published = list(run.claims.values())
    text, html = shown_anew(published)
    show({"kind": "claims", "claims": published}, text=text, html=html)


def shown_anew(published: Sequence[dict]) -> tuple[str, str]:
    """The table of claims that one run published, as text and as HTML, beside the records of today."""
    run = Run(**{name: published[0][name] for name in Run().stamp()})
    real = of_lesson(run.lesson) if run.drawn else {"claims": {}, "scale": None}
    rows = [(each, real["claims"].get((each["id"], each["sentence"]))) for each in published]
    heads = [f"{run.faces or 'this run'}, {run.scale} scale"]
    heads += [f"FER2013, {real['scale']} scale"] if any(other for _, other in rows) else []
    text = "\n".join([" | ".join(heads), *(_line(each, other, len(heads)) for each, other in rows)])
    return text, _html(rows, heads)


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


def _reasons(answers, needs, seeds, only):
    """Why this run cannot test a claim, in sentences; empty where it can."""
    reasons, run = [], current_run()
    if SCALES.index(run.scale) < SCALES.index(needs):
        reasons.append(f"It needs {needs} scale; this run is {run.scale}.")
    if len(answers) < seeds:
        reasons.append(f"It needs {seeds} {'seeds' if seeds > 1 else 'seed'}; this run has {len(answers)}.")
    if only is not None and (run.drawn != (only == "drawn") or (only == "fer2013" and not run.official)):
        reasons.append(f"It is about {_ONLY[only]}; this run is on {run.faces or 'other data'}.")
    return reasons


def _status(answers):
    if False in answers:
        return "failed"
    return "undecided" if None in answers else "held"


def _line(published, other, columns):
    """One claim as text: the sign in this run, the sign on FER2013 where there is a column for it, and the sentence."""
    signs = [SYMBOLS[published["status"]], *([SYMBOLS.get(other, "–")] if columns > 1 else [])]
    why = f" ({' '.join(published['reasons'])})" if published["reasons"] else ""
    return f"{' '.join(signs)} {published['sentence']} [{published['id']}]{why}"


def _html(rows, heads):
    """The table: a sign for each run, the sentence, and in small letters its id and why it was not tested."""
    head = "".join(f"<th {_TOP}>{escape(text)}</th>" for text in [*heads, "claim"])
    body = "".join(f"<tr>{_row(published, other, len(heads))}</tr>" for published, other in rows)
    used = dict.fromkeys([published["status"] for published, _ in rows] + [other for _, other in rows if other])
    said = [f"{SYMBOLS[status]} {MEANINGS[status]}" for status in used]
    said += ["– not recorded"] if len(heads) > 1 and any(other is None for _, other in rows) else []
    legend = " · ".join(said)
    return f"<table><tr>{head}</tr>{body}</table><p><small>{legend}</small></p>"


def _row(published, other, columns):
    about = [f"about {_ONLY[published['only']]} alone"] if published.get("only") and not published["reasons"] else []
    small = " · ".join([published["id"], *about, *published["reasons"]])
    cells = [_sign(published["status"]), *([_sign(other)] if columns > 1 else [])]
    return "".join([*cells, f"<td {_TOP}>{escape(published['sentence'])}<br><small>{escape(small)}</small></td>"])


def _sign(status):
    if status is None:
        return f'<td {_TOP} title="not recorded">–</td>'
    symbol = f'<strong style="color: {_COLOURS[status]}">{SYMBOLS[status]}</strong>'
    return f'<td {_TOP} title="{MEANINGS[status]}">{symbol}</td>'
