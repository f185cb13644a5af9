"""A guess before an answer: the student commits to an option and a confidence; `reveal` scores both."""

import re
from collections.abc import Sequence
from html import escape
from math import isclose
from typing import TYPE_CHECKING

from fercourse.classroom.browser import read_out
from fercourse.classroom.kept_guesses import keep_guess
from fercourse.classroom.session import headless
from fercourse.errors import DataMismatch, NotWritten, ParameterError
from fercourse.report.show import show
from fercourse.settings import is_number, plain

if TYPE_CHECKING:
    from ipywidgets import VBox

BETWEEN_OPTIONS = " · "
"""What stands between two options where they are listed, so that it stands in none."""

_asked = {}
_committed = {}


def guess(id: str, question: str, *, options: Sequence, unit: str = "") -> None:
    """Ask a question with a few `options`; keep the answer and the confidence until `reveal` is called.

    In JupyterLab, Colab and VS Code this shows a button for each option and a field for the confidence. Where nobody
    is watching it shows the question and its options, and no guess is kept. Options that are numbers are shown with
    their `unit`.
    Raises ParameterError for fewer than two options, and for two that are the same text or number.
    """
    if not isinstance(question, str):
        raise ParameterError(f"guess {id}: expected the question as a text; found {question!r}")
    options = _ask(id, options, unit)
    _committed.pop(id, None)
    if headless():
        listed = BETWEEN_OPTIONS.join(_named(option, unit) for option in options)
        html = f"<p><b>{escape(question)}</b><br>{escape(listed)}</p>"
        show({"kind": "question", "id": id, "question": question}, text=f"{question}\n{listed}", html=html)
        return
    from IPython.display import display

    display(form(id, question, options=options, unit=unit))


def _named(option, unit):
    """The option with its unit, as one says it: "1 point", "3 points"."""
    if str(option) == "1":
        unit = re.sub(r"^(\w+[^\Ws])s\b", r"\1", unit)
    return f"{option} {unit}".rstrip()


def _ask(id, options, unit):
    """Keep the options of a guess and their unit, and return the options as a list."""
    _check_id(id)
    if not isinstance(unit, str):
        raise ParameterError(f"guess {id}: expected the unit as a text, such as '%'; found {unit!r}")
    if isinstance(options, (str, bytes)) or not hasattr(options, "__len__") or _count(options) < 2:
        raise ParameterError(f"guess {id}: expected a list of at least two options, found {options!r}")
    options = list(options)
    for place, option in enumerate(options):
        if any(_same(option, other) for other in options[:place]):
            raise ParameterError(f"guess {id}: {option!r} is twice among the options {options!r}")
        if BETWEEN_OPTIONS in _named(option, unit):
            raise ParameterError(f"guess {id}: {BETWEEN_OPTIONS!r} stands between options, so not in one: {option!r}")
    _asked[id] = (options, unit)
    return options


def _count(options):
    """How many options there are; an array or tensor without an axis holds none."""
    return 0 if getattr(options, "ndim", None) == 0 else len(options)


def _check_id(id):
    if not isinstance(id, str):
        raise ParameterError(f"expected the guess's id as a text, such as '02.1'; found {id!r}")


def _same(one, other):
    """Whether two options are one answer: the same text, or the same number however it is written."""
    one, other = str(plain(one)).strip(), str(plain(other)).strip()
    try:
        return one == other or isclose(float(one), float(other))
    except ValueError:
        return False


def form(id: str, question: str, *, options: Sequence, unit: str = "") -> "VBox":
    """The widget that `guess` shows: options, confidence in percent, and a button that commits both."""
    import ipywidgets as widgets

    options = _ask(id, options, unit)
    names = [_named(option, unit) for option in options]
    lowest = round(100 / len(names))
    choice = widgets.RadioButtons(options=names, value=None)
    # A slider of ipywidgets has no name that a screen reader could say; a number has its label.
    confidence = widgets.BoundedIntText(value=lowest, min=lowest, max=100, description="sure, %")
    button = widgets.Button(description="That is my guess", button_style="primary")
    answer = widgets.HTML()

    def commit(_):
        if choice.value is None:
            answer.value = read_out("Pick one first.")
            return
        _committed[id] = (options[names.index(choice.value)], confidence.value)
        answer.value = read_out(f"You said {choice.value}, {confidence.value} % sure. Now run on.")

    button.on_click(commit)
    return widgets.VBox([widgets.HTML(f"<b>{escape(question)}</b>"), choice, confidence, button, answer])


def reveal(id: str, truth: object) -> None:
    """Say the answer to guess `id` and score what was committed: right or wrong, and the Brier score.

    truth: what the run found: the option itself, or, where all options are numbers, a number: the nearest option is
           then the answer

    The Brier score is (confidence − outcome)², 0 at best, 1 for certainty in something false (Brier 1950). Where the
    truth is none of the options, that is said, and nothing is scored: nobody could have been right.
    The guess is kept in this cell's output, so that it travels with the notebook; and the first one for each id in a
    file beside the notebooks, for `own_guesses`.
    """
    _check_id(id)
    options, unit = _asked.get(id, ([truth], ""))
    answer, confidence = _committed.get(id, (None, None))
    truth = plain(truth)
    option = _option(options, truth)
    record = {"kind": "guess", "id": id, "truth": str(truth if option is None else option)}
    record |= {"answer": None if answer is None else str(answer), "confidence": confidence}
    text = f"The answer: {_said(truth, option, unit)}."
    if option is None:
        text += f" None of the options says so ({', '.join(map(str, options))}), so no guess is scored."
    elif answer is not None:
        record["right"] = _same(answer, option)
        record["brier"] = round((confidence / 100 - record["right"]) ** 2, 4)
        verdict = "Right" if record["right"] else "Not this time"
        text += f" {verdict}: you said {_named(answer, unit)}, {confidence} % sure."
        text += f" Brier score {record['brier']:.2f}; 0 is best."
        text += _kept(id, confidence / 100, record["right"], len(options))
    show(record, text=text, html=f"<p>{escape(text)}</p>")


def _kept(id, confidence, right, options):
    """Keep a guess in the file of all guesses; a remark where that cannot be: a lesson goes on without."""
    try:
        keep_guess(id, confidence=confidence, right=right, options=options)
    except (DataMismatch, NotWritten) as error:
        return f" It is not kept for your own calibration: {error}"
    return ""


def _option(options, truth):
    """The option that the truth means: itself, or of numbers the nearest; None where it means none."""
    for option in options:
        if _same(option, truth):
            return option
    if all(is_number(plain(option)) for option in (*options, truth)):
        return min(options, key=lambda option: abs(plain(option) - truth))
    return None


def _said(truth, option, unit):
    if option is None or _same(truth, option):
        return _named(truth, unit)
    return f"{_named(f'{truth:.4g}', unit)}, nearest to {_named(option, unit)}"
