"""What a cell of an executed notebook showed, as parts for slides: texts, pictures, tables, questions and answers."""

from base64 import b64decode
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup

from fercourse.course.slides.tables import Table, read_table
from fercourse.report import figures

if TYPE_CHECKING:
    from nbformat import NotebookNode

QUIET_KINDS = {"stamp", "reading", "check", "progress", "hint", "hand_in", "saved"}
"""What is shown to one student alone, or says where a run was made."""

FEW = 8
"""So many figures that were recorded one after another still make one table."""


BESIDE = 1.35
"""A picture whose width is less than so many times its height stands beside its heading: there it is larger."""


@dataclass
class Part:
    """kind: "text", "picture", "preview", "table", "question", "answer" or "claims".

    text:  what was printed, or what a question or an answer says
    html:  of a picture or a preview, ready to stand on a slide
    table: of tables and claims
    about: the metadata of the output
    """

    kind: str
    text: str = ""
    html: str = ""
    table: Table | None = None
    about: dict | None = None


def parts_of(cell: "NotebookNode") -> list[Part]:
    """The parts of a code cell's outputs, in their order; figures recorded one after another make one table."""
    parts, recorded = [], []
    for output in cell.outputs:
        about = dict(output.get("metadata", {}).get("fercourse", {}))
        if about.get("kind") in ("figure", "figures"):
            recorded.append(about.get("figures", [about]))
        else:
            parts += [*_recorded(recorded), *_part(output, about)]
            recorded = []
    return parts + _recorded(recorded)


def _recorded(lists):
    """Tables of recorded figures: one, where they are few."""
    each = [figure for found in lists for figure in found]
    groups = [each] if len(each) <= FEW else lists
    return [Part("table", table=read_table(_as_table(group))) for group in groups if group]


def _as_table(group):
    return figures.shown_anew({"kind": "figures", "figures": group}, "")[1]


def _part(output, about):
    """The parts of one output: none where it holds nothing for a slide."""
    if output.output_type == "stream":
        return [Part("text", text=output.text.rstrip())]
    data, kind = output.get("data", {}), about.get("kind")
    text, html = data.get("text/plain", ""), data.get("text/html", "")
    if "image/png" in data:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        png = "".join(data["image/png"].split())
        beside = ' class="beside"' if _shape(png) < BESIDE else ""
        img = f'<img{beside} src="data:image/png;base64,{png}" alt="{escape(alt, quote=True)}">'
        return [Part("picture", html=img)]
    if kind in QUIET_KINDS or not text:
        return []
    if kind == "question":
        return [Part("question", text=text, about=about)]
    if kind == "guess":
        return [Part("answer", text=text, about=about)]
    if kind == "claims":
        return [Part("claims", table=read_table(html), about=about)]
    if "<img" in html:
        return [Part("preview", html=_cleaned(html))]
    if "<table" in html:
        before = BeautifulSoup(html.partition("<table")[0], "html.parser")
        for style in before.find_all("style"):
            style.decompose()
        return [Part("table", text=before.get_text(" ", strip=True), table=read_table(html))]
    return [Part("text", text=text.rstrip())]


def _shape(png):
    """Width through height of a PNG file in base64."""
    head = b64decode(png[:32])
    return int.from_bytes(head[16:20]) / int.from_bytes(head[20:24])


def _cleaned(html):
    """HTML of the course's own tables of faces, without styles of the whole page."""
    soup = BeautifulSoup(html, "html.parser")
    for style in soup.find_all("style"):
        style.decompose()
    return str(soup)
