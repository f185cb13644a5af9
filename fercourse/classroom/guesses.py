"""A guess before an answer: the student commits to an option and a confidence; `reveal` scores both."""

from collections.abc import Sequence
from html import escape
from math import isclose
from typing import TYPE_CHECKING

from fercourse.classroom.session import headless
from fercourse.errors import ParameterError
from fercourse.report.show import show
from fercourse.settings import plain

if TYPE_CHECKING:
    from ipywidgets import VBox

_asked = {}
_committed = {}


def guess(id: str, question: str, *, options: Sequence) -> None:
    """Ask a question with a few `options`; keep the answer and the confidence until `reveal` is called.

    In JupyterLab, Colab and VS Code this shows buttons and a slider. Where nobody is watching it shows the question
    and its options, and no guess is kept.
    Raises ParameterError for fewer than two options, and for two that are the same text or number.
    """
    if not isinstance(question, str):
        raise ParameterError(f"guess {id}: expected the question as a text; found {question!r}")
    options = _ask(id, options)
    _committed.pop(id, None)
    if headless():
        listed = " · ".join(str(option) for option in options)
        html = f"<p><b>{escape(question)}</b><br>{escape(listed)}</p>"
        show({"kind": "question", "id": id, "question": question}, text=f"{question}\n{listed}", html=html)
        return
    from IPython.display import display

    display(form(id, question, options=options))


def _ask(id, options):
    """Keep the options of a guess, and return them as a list."""
    _check_id(id)
    if isinstance(options, (str, bytes)) or not hasattr(options, "__len__") or _count(options) < 2:
        raise ParameterError(f"guess {id}: expected a list of at least two options, found {options!r}")
    options = list(options)
    for place, option in enumerate(options):
        if any(_same(option, other) for other in options[:place]):
            raise ParameterError(f"guess {id}: {option!r} is twice among the options {options!r}")
    _asked[id] = options
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


def form(id: str, question: str, *, options: Sequence) -> "VBox":
    """The widget that `guess` shows: options, confidence in percent, and a button that commits both."""
    import ipywidgets as widgets

    names = [str(option) for option in _ask(id, options)]
    lowest = round(100 / len(names))
    choice = widgets.RadioButtons(options=names, value=None)
    confidence = widgets.IntSlider(value=lowest, min=lowest, max=100, description="sure, %")
    button = widgets.Button(description="That is my guess", button_style="primary")
    answer = widgets.HTML()

    def commit(_):
        if choice.value is None:
            answer.value = "Pick one first."
            return
        _committed[id] = (choice.value, confidence.value)
        answer.value = f"You said <b>{escape(choice.value)}</b>, {confidence.value} % sure. Now run on."

    button.on_click(commit)
    return widgets.VBox([widgets.HTML(f"<b>{escape(question)}</b>"), choice, confidence, button, answer])


def reveal(id: str, truth: object) -> None:
    """Say the answer to guess `id` and score what was committed: right or wrong, and the Brier score.

    The Brier score is (confidence − outcome)², 0 at best, 1 for certainty in something false (Brier 1950). Where the
    truth is none of the options, that is said, and nothing is scored: nobody could have been right.
    The guess is kept in this cell's output, so that it travels with the notebook.
    """
    _check_id(id)
    answer, confidence = _committed.get(id, (None, None))
    truth = plain(truth)
    record = {"kind": "guess", "id": id, "truth": str(truth), "answer": answer, "confidence": confidence}
    text = f"The answer: {truth}."
    if not any(_same(option, truth) for option in _asked.get(id, [truth])):
        text += f" None of the options says so ({', '.join(map(str, _asked[id]))}), so no guess is scored."
    elif answer is None:
        text += " (No guess was committed.)"
    else:
        record["right"] = _same(answer, truth)
        record["brier"] = round((confidence / 100 - record["right"]) ** 2, 4)
        verdict = "Right" if record["right"] else "Not this time"
        text += f" {verdict}: you said {answer}, {confidence} % sure. Brier score {record['brier']:.2f}; 0 is best."
    show(record, text=text, html=f"<p>{escape(text)}</p>")
