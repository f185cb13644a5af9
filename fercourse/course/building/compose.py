"""From a lesson to its notebook: header, parameters, setup, the author's cells, stamp; ids that read well and stay."""

import re
import unicodedata
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from posixpath import normpath
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fercourse.course.building.lesson import Lesson, count_words, folded, is_parameters_cell
from fercourse.errors import ParameterError

if TYPE_CHECKING:
    from nbformat import NotebookNode

SETUP = """\
import importlib.util
import os

if importlib.util.find_spec("fercourse") is None:
    address = os.environ.get("FERCOURSE_SPEC", "git+$repository")
    %pip install --quiet --no-deps "{address}"

import fercourse as fc

env = fc.setup("$number", scale=SCALE, seed=SEED, device=DEVICE)"""
STAMP = "env.stamp()"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
GLOSSARY = "Terms stand in *italics* or **bold** where they are explained: see [the glossary](../docs/glossary.md)."
COLAB = "https://colab.research.google.com"
LINK = re.compile(r"`[^`]*`|\]\(([\w./-]+\.(?:ipynb|md))(#[\w-]+)?\)")
"""A link to another file of the course, from where a notebook lies; or code, in which none is."""
LONGEST_SLUG = 48
WORDS_A_MINUTE, LINES_A_MINUTE = 80, 8
"""How fast a lesson is studied: words of prose, lines of code."""


def compose(
    lesson: Lesson, *, repository: str, record: dict | None = None, setup: str = SETUP, stamp: str = STAMP
) -> "NotebookNode":
    """The notebook of a lesson, without outputs, as an nbformat node; the same for the same arguments.

    record: what `build --execute` measured, by kind of device ("cpu", "gpu"); None where nothing was measured yet.
    setup, stamp: source of the second and the last cell; $repository and $number are filled in.
    Raises ParameterError for an explicit cell id that is malformed or given twice.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    title = new_markdown_cell(header(lesson, repository=repository, record=record or {}))
    filled = Template(setup).substitute(repository=repository, number=lesson.number)
    cells = [(f"{lesson.number}-title", title)]
    for cell in lesson.cells:
        is_parameters = is_parameters_cell(cell)
        cells.append((f"{lesson.number}-parameters" if is_parameters else None, _as_authored(cell)))
        if is_parameters:
            cells.append((f"{lesson.number}-setup", new_code_cell(filled)))
    cells.append((f"{lesson.number}-stamp", new_code_cell(stamp)))
    give_ids(cells, number=lesson.number, path=lesson.path)
    return new_notebook(cells=[cell for _, cell in cells], metadata=METADATA)


def header(lesson: Lesson, *, repository: str, record: dict) -> str:
    """The title cell: title, promise, badge, a table of what the lesson needs, gives and costs, and the glossary."""
    rows = {
        "You need": "<br>".join(lesson.needs) or "nothing but this notebook",
        "You will be able to": "<br>".join(lesson.outcomes),
        "Time": _times(lesson, record),
        "Memory": _memory(record),
        "Reproduces": lesson.reproduces,
    }
    table = [f"| **{name}** | {text.replace('|', chr(92) + '|')} |" for name, text in rows.items() if text]
    title = f"# {lesson.number} · {lesson.title}"
    blocks = [title, lesson.promise, badge(repository, f"notebooks/{lesson.name}.ipynb")]
    return "\n\n".join([*filter(None, blocks), "\n".join(["| | |", "|---|---|", *table]), GLOSSARY])


def badge(repository: str, path: str) -> str:
    """The badge that opens a notebook of the repository in Colab; "" where Colab cannot read it."""
    page = colab_address(repository, path)
    return page and f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({page})"


def linked_from_anywhere(source: str, *, folder: str, repository: str) -> str:
    """A text in Markdown with a second, small link behind each one to a file of the course: it needs no checkout.

    A notebook in Colab or Kaggle lies alone, and so does a copy in a student's Drive. On a laptop the first link opens
    the student's own file, also without a network.
    folder: in which the notebook lies, seen from the top of the repository
    """

    def doubled(match):
        if match[1] is None:
            return match[0]
        path = normpath(f"{folder}/{match[1]}")
        colab = path.endswith(".ipynb") and colab_address(repository, path)
        where, page = ("in Colab", colab) if colab else ("online", f"{repository}/blob/main/{path}{match[2] or ''}")
        return f"{match[0]} <sup>[{where}]({page})</sup>"

    return LINK.sub(doubled, source)


def colab_address(repository: str, path: str) -> str:
    """Where Colab opens a notebook of the repository; "" where that is not on GitHub, the only place Colab reads."""
    address = urlsplit(repository)
    return f"{COLAB}/github{address.path}/blob/main/{path}" if address.netloc == "github.com" else ""


def _times(lesson, record):
    """What the lesson asks of a student: minutes to read and for the sheet, and what its code takes."""
    times = [f"{reading_minutes(lesson)} minutes to read"]
    if minutes := sheet_minutes(lesson):
        times.append(f"{minutes} for the exercises")
    if "cpu" in record:  # the processor's time: a wall clock would count whatever else ran on the machine
        times.append(f"its code runs {in_minutes(record['cpu']['processor_seconds'])} on one quiet core")
    if "gpu" in record:
        times.append(f"its code runs {in_minutes(record['gpu']['seconds'])} on a GPU ({record['gpu']['device']})")
    return " · ".join(times) + ("" if record else " · run time not measured yet")


def reading_minutes(lesson: Lesson) -> int:
    """Minutes for somebody who wants to understand every line, to the next five."""
    words = sum(count_words(cell.source) for cell in lesson.cells if cell.cell_type == "markdown")
    lines = sum(len(cell.source.splitlines()) for cell in lesson.cells if cell.cell_type == "code" and not folded(cell))
    return 5 * max(1, round((words / WORDS_A_MINUTE + lines / LINES_A_MINUTE) / 5))


def sheet_minutes(lesson: Lesson) -> int:
    """The minutes in the lesson's table of exercises, added up."""
    prose = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    return sum(int(minutes) for minutes in re.findall(r"^\| *\d\d\.\d+ *\|.*\| *(\d+) *\|$", prose, re.MULTILINE))


def in_minutes(seconds: float) -> str:
    """A time in words, to the next minute."""
    minutes = round(seconds / 60)
    return "under a minute" if seconds < 60 else f"{minutes} minute{'s' if minutes > 1 else ''}"


def _memory(record):
    megabytes = [entry["peak_memory_mb"] for entry in record.values() if entry["peak_memory_mb"]]
    return f"{max(megabytes) / 1000:.1f} GB" if megabytes else "not measured yet"


def _as_authored(cell):
    cell = deepcopy(cell)
    cell.source = cell.source.strip("\n")
    if folded(cell):  # JupyterLab and Colab each have their own word for it
        cell.metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
    return cell


def give_ids(cells: "Iterable[tuple[str | None, NotebookNode]]", *, number: str, path: Path) -> None:
    """Set the ids of (own id or None, cell) pairs: own, then the author's explicit ones, then slugs that are unique.

    number: of the lesson, with which slugs begin. Raises ParameterError, naming `path`, for an id given twice.
    """
    taken = set()
    for own, cell in cells:
        authored = cell.metadata.pop("id", "")
        cell["id"] = own or authored
        if cell["id"]:
            _check_id(cell["id"], taken, path)
            taken.add(cell["id"])
    for _, cell in cells:
        if not cell["id"]:
            cell["id"] = _unique(f"{number}-{slug(_first_line(cell))}", taken)
            taken.add(cell["id"])


def _check_id(explicit, taken, path):
    if explicit in taken or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", explicit):
        raise ParameterError(
            f"{path}: the cell id {explicit!r} is given twice or malformed; "
            "expected 1 to 64 letters, digits, hyphens or underscores, each id once"
        )


def _unique(wanted, taken):
    candidate, suffix = wanted, 2
    while candidate in taken:
        candidate, suffix = f"{wanted}-{suffix}", suffix + 1
    return candidate


def _first_line(cell):
    """What a cell is called by: its first heading, its first line of code that is no comment, or its first line."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    names = [line for line in lines if line.startswith("#") == (cell.cell_type == "markdown")]
    return (names or lines or ["empty"])[0]


def slug(text: str) -> str:
    """A text in lower-case ASCII letters and digits joined by hyphens, cut at a word near 48 characters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) > LONGEST_SLUG:
        words = words[:LONGEST_SLUG].rsplit("-", 1)[0]
    return words or "cell"
