"""`hint`: a ladder for each exercise, one rung a call, the solution last. hints.json is built from the sheets."""

import json
import os
import re
from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from html import escape
from pathlib import Path

from fercourse.errors import ParameterError
from fercourse.report.show import show

FILE = Path(__file__).with_name("hints.json")
_rung = {}


def hint(id: str) -> None:
    """Show the next hint for exercise `id`, such as "03.2"; after the last one its solution, then from the beginning.

    Raises ParameterError for an exercise that does not exist.
    """
    if is_graded():
        return
    rungs = ladder(id)
    place = _rung.get(id, 0) % len(rungs)
    _rung[id] = place + 1
    name = "The solution" if place == len(rungs) - 1 else f"Hint {place + 1} of {len(rungs) - 1}"
    style = "white-space: pre-wrap; margin: 0.3em 0"
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(rungs[place]))
    html = f"<b>{name}</b><pre style='{style}'>{words}</pre>"
    show({"kind": "hint", "id": id, "rung": place + 1}, text=f"{name}\n{rungs[place]}", html=html)


def ladder(id: str) -> list[str]:
    """The hints for exercise `id`, the easiest first; the last rung is the solution."""
    written = _written()
    check_known("exercise", id, written)
    return [*written[id]["hints"], written[id]["solution"]]


def check_known(what: str, id: object, known: Collection[str]) -> None:
    """Raise ParameterError where `id` is none of the texts `known`, saying which there are and which is near.

    A number is no text: 3.10 would be 3.1, and 03.2 is none.
    """
    if not isinstance(id, str) or id not in known:
        raise ParameterError(f"no {what} {shown(id)}; there are {', '.join(known) or 'none'}{nearest(id, known)}")


def nearest(id: object, known: Collection[str]) -> str:
    """ ". Did you mean '03.2'?" for "3.2"; empty where nothing is near."""
    text = id if isinstance(id, str) else shown(id)
    near = [f"0{text}"] if f"0{text}" in known else get_close_matches(text, known, n=1)
    return f". Did you mean {near[0]!r}?" if near else "."


def shown(id: object) -> str:
    """Whatever was given for an id, in a few signs."""
    try:
        return repr(id)[:60]
    except ValueError:  # Python writes no number of thousands of digits
        return f"of the type {type(id).__name__}"


def is_graded() -> bool:
    """Whether this is the kernel of a grader, which checks from outside and shows nothing of what is right."""
    return os.environ.get("FERCOURSE_GRADING") == "1"


def exercises() -> dict[str, str]:
    """The exercises of all sheets: a dict, id to title."""
    return {id: about["title"] for id, about in _written().items()}


def exercises_of(sheet: str) -> dict[str, str]:
    """The exercises of a sheet, such as "03": a dict, id to title."""
    return {id: title for id, title in exercises().items() if id.startswith(f"{sheet}.")}


@cache
def _written():
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
