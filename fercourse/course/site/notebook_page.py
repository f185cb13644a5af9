"""A notebook as a page: cells in Markdown, what they showed as HTML, and answers folded until the reader guesses."""

import re
from base64 import b64decode
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from fercourse.course.building.lesson import folded
from fercourse.course.site.guess_form import awaited, guess_form, revealed
from fercourse.pages.text import clean

if TYPE_CHECKING:
    from nbformat import NotebookNode

BADGE = re.compile(r"^\[!\[Open in Colab\]\(.*?\)\]\(.*?\)\n*", re.MULTILINE)
NO_BREAK = "\u00a0"
WORD_JOINER = "\u2060"
IN_ONE_PIECE = re.compile(r"(?<=±) (?=\d)|(?<=\d) (?=%)")
"""The space in "± 2.0" and in "95 %", at which a narrow page must not break the line."""
AFTER_MINUS = re.compile(r"(?<=\de-)(?=\d[^<>]*<)")
"""The place in "1.2e-15", in a table, at which it must not, either."""
SECOND_LINK = re.compile(r" <sup>\[(?:in Colab|online)\]\(.*?\)</sup>")
"""What stands behind a link in a notebook that may lie alone; no page does."""
SMALLEST = 0.595
"""To what part of its size a figure may shrink on a phone: its labels stay legible. A wider one is scrolled."""


@dataclass(frozen=True)
class NotebookPage:
    """A page in Markdown, and the bytes of its pictures by the names under which it shows them."""

    markdown: str
    pictures: dict[str, bytes]


def notebook_page(notebook: "NotebookNode", *, name: str, buttons: str = "") -> NotebookPage:
    """The page of a notebook.

    name: of the page, with which its pictures' names begin
    buttons: HTML that stands below the title, in place of a badge from another host
    """
    pictures, blocks, answers = {}, [], revealed(notebook.cells)
    for cell, guesses in zip(notebook.cells, awaited(notebook.cells), strict=True):
        if cell.cell_type == "markdown":
            blocks.append(_prose(SECOND_LINK.sub("", cell.source), guesses))
        elif cell.cell_type == "code":
            blocks.append(_code(cell))
            blocks.append(_outputs(cell, guesses, answers, pictures, name))
    title, _, rest = BADGE.sub("", "\n\n".join(filter(None, blocks)), count=1).partition("\n")
    return NotebookPage(f"{title}\n\n{buttons}\n{rest}\n", pictures)


def _prose(source, guesses):
    """A cell of words; where it speaks of an answer, they are folded up to the next heading."""
    if not guesses:
        return source
    words, heading, rest = re.match(r"(.*?)(^#|\Z)(.*)", source, re.DOTALL | re.MULTILINE).groups()
    return _waiting(words.strip(), guesses) + f"\n\n{heading}{rest}"


def _waiting(content, guesses):
    """Content in Markdown that opens when all these guesses are made; empty content stays empty."""
    if not content or not guesses:
        return content
    waits = f'class="answer" data-waits-for="{escape(" ".join(guesses))}" data-search-exclude markdown="1"'
    return f"<details {waits}>\n<summary>Folded until you have guessed</summary>\n\n{content}\n\n</details>"


def _code(cell):
    ticks = "`" * max([3, *(1 + len(found) for found in re.findall("`{3,}", cell.source))])
    block = f"{ticks} python\n{cell.source}\n{ticks}"
    if not folded(cell):
        return block
    return f'<details class="code" markdown="1">\n<summary>Code</summary>\n\n{block}\n\n</details>'


def _outputs(cell, guesses, answers, pictures, name):
    """What a cell showed; a question is never folded, since it asks for the guess."""
    open_, waiting = [], []
    for output in cell.get("outputs", ()):
        shown = output.get("metadata", {}).get("fercourse", {})
        if shown.get("kind") == "question":
            open_.append(guess_form(shown, output.data["text/plain"], answers.get(shown["id"])))
        elif html := _html(output, pictures, f"{name}-{cell.id}"):
            waiting.append(html)
    if waiting:
        waiting = [f'<div class="output" data-search-exclude>\n{"".join(waiting)}\n</div>']
    return "\n\n".join(filter(None, [_waiting("".join(waiting), guesses), *open_]))


def _html(output, pictures, name):
    """One output as HTML, "" where there is nothing to see: its picture, its HTML, or its text."""
    data = output.get("data", {})
    if "image/png" in data:
        picture = f"{name}-{len(pictures) + 1}.png"
        pictures[picture] = b64decode(data["image/png"])
        return _figure(picture, pictures[picture], output.metadata.get("image/png", {}).get("alt", ""))
    text = IN_ONE_PIECE.sub(NO_BREAK, clean(data.get("text/plain", output.get("text", "")))).rstrip()
    if output.get("metadata", {}).get("fercourse", {}).get("kind") == "source":
        return _coloured(text)
    if "text/html" in data and text:  # without a text it is a style for JupyterLab
        table = AFTER_MINUS.sub(WORD_JOINER, IN_ONE_PIECE.sub(NO_BREAK, data["text/html"]))
        return f'<div class="shown">{table}</div>'
    return f"<pre>{escape(text)}</pre>" if text else ""


def _figure(picture, png, alt):
    """A picture that opens in its full size."""
    width, height = (int.from_bytes(png[place : place + 4]) for place in (16, 20))
    size = f'width="{width}" height="{height}" style="min-width: {int(SMALLEST * width)}px"'
    return f'<a class="figure" href="{picture}"><img src="{picture}" alt="{escape(alt)}" {size}></a>'


def _coloured(source):
    """Python in the colours of the page, which change with light and dark."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(source, PythonLexer(), HtmlFormatter(wrapcode=True))
