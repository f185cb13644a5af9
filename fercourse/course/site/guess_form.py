"""Guesses on a page: which outputs wait for one, and the form that asks. What it does is in docs/site/site.js."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from fercourse.classroom.guesses import BETWEEN_OPTIONS

if TYPE_CHECKING:
    from nbformat import NotebookNode


def awaited(cells: "Iterable[NotebookNode]") -> list[list[str]]:
    """For each cell the ids of the guesses that have to be made before the reader sees what it shows, or says.

    They hide the outputs from a question on up to its answer, and on to the first words that follow the answer, because
    those speak of it.
    """
    asked, answered, found = [], set(), []
    for cell in cells:
        if cell.cell_type == "markdown":
            found.append([id for id in asked if id in answered])
            asked = [id for id in asked if id not in answered]
            continue
        found.append(list(asked))
        answered |= {shown["id"] for shown in _shown(cell, "guess")}
        asked += [shown["id"] for shown in _shown(cell, "question")]
    return found


def revealed(cells: "Iterable[NotebookNode]") -> dict[str, str]:
    """Guess → the option that its answer means, as text without its unit."""
    return {shown["id"]: shown["truth"] for cell in cells for shown in _shown(cell, "guess")}


def _shown(cell, kind):
    metadata = [output.get("metadata", {}).get("fercourse", {}) for output in cell.get("outputs", ())]
    return [shown for shown in metadata if shown.get("kind") == kind]


def guess_form(question: dict, text: str, truth: str | None) -> str:
    """The question as an HTML form.

    question: what `fc.guess` published; text: what it showed, the options in its last line; truth: as from `revealed`
    """
    id, options = escape(question["id"]), text.removeprefix(question["question"]).strip().split(BETWEEN_OPTIONS)
    lowest, right = round(100 / len(options)), escape(right_option(options, truth))
    choices = "".join(
        f'<label><input type="radio" name="{id}" value="{escape(option)}" required>{escape(option)}</label>'
        for option in options
    )
    return (
        f'<form class="guess" data-guess="{id}" data-right="{right}" data-search-exclude>'
        f"<fieldset><legend>{escape(question['question'])}</legend>{choices}</fieldset>"
        f'<label class="sure">How sure are you? <input type="range" min="{lowest}" max="100" value="{lowest}">'
        f" <output>{lowest} %</output></label>"
        '<button class="md-button" type="submit">That is my guess</button><p role="status"></p></form>'
    )


def right_option(options: list[str], truth: str | None) -> str:
    """The option that means `truth`, which is written without the unit; "" where none of them does."""
    same = [option for option in options if option == truth]
    return [*same, *(option for option in options if option.startswith(f"{truth} ")), ""][0]
