"""Read what was handed in: any file at all becomes the cells of a notebook, or a reason why it cannot be read."""

import errno
import json
import os
import stat
from dataclasses import dataclass, field

from fercourse.classroom.improve.hand_in import found_in
from fercourse.errors import GradingError
from fercourse.grading.outputs import metadata_of

BEGINNINGS = {
    b"<": "it is a web page, as a browser saves what it shows",
    b"PK\x03\x04": "it is a zip",
    b"\x1f\x8b": "it is packed by gzip",
    b"%PDF": "it is a PDF",
    b"version https://git-lfs": "it is what git LFS leaves in place of a file",
}
LARGEST_FILE = 20_000_000  # bytes
MOST_CELLS = 2000
LONGEST_CELL = 1_000_000  # characters


@dataclass(frozen=True)
class Cell:
    """A cell that was handed in. ids: its cell id, as Jupyter and as Colab store it; grade_id: nbgrader's, or ""."""

    kind: str
    source: str
    grade_id: str
    ids: tuple


@dataclass(frozen=True)
class StudentNotebook:
    """The cells of a notebook that was handed in, what to remark on, and the guesses that its outputs hold.

    sheet: the number of the course's sheet that the notebook says it is, or "". handed_in: the weights of trained
    networks in its outputs, as text, by exercise.
    """

    cells: tuple
    remarks: tuple
    guesses: tuple
    sheet: str = ""
    handed_in: dict = field(default_factory=dict)


def read_student_notebook(path):
    """Read a notebook that was handed in. Raises GradingError with the reason where that is not possible."""
    notebook = _parsed(_bytes(path))
    cells, remarks = _cells_of(notebook)
    if not cells:
        raise GradingError("the notebook has no cells")
    languages = _languages(notebook.get("metadata"))
    if languages and not any(each.lower().startswith(("python", "ipython")) for each in languages):
        raise GradingError(f"the notebook is written in {languages[0][:40]}; expected Python")
    read, damaged, cut = [], 0, 0
    for cell in cells[:MOST_CELLS]:
        made = _cell(cell)
        if made is None:
            damaged += 1
        elif len(made.source) > LONGEST_CELL:
            cut += 1
        else:
            read.append(made)
    if damaged:
        remarks.append(f"{damaged} of the cells are damaged and were left out")
    if cut:
        remarks.append(f"{cut} of the cells are longer than a million characters and were left out")
    if len(cells) > MOST_CELLS:
        remarks.append(f"only the first {MOST_CELLS} of {len(cells)} cells were read")
    about = (tuple(_guesses(cells)), _sheet(notebook.get("metadata")), found_in(cells))
    return StudentNotebook(tuple(read), tuple(remarks), *about)


def _bytes(path):
    """The bytes of a regular file; a link is not followed, a pipe not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        raise GradingError(_why_not_opened(error)) from error
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise GradingError("what was handed in is no file, but a folder or a device")
    with os.fdopen(descriptor, "rb") as file:
        if about.st_size > LARGEST_FILE:
            limit = LARGEST_FILE // 1_000_000
            raise GradingError(f"the file is larger than {limit} MB; clear the outputs and save it again")
        data = file.read(LARGEST_FILE + 1)
    if not data.strip():
        raise GradingError("the file is empty")
    return data[:LARGEST_FILE]


def _why_not_opened(error):
    code = getattr(error, "errno", None)
    reasons = {
        errno.ENOENT: "there is no such file",
        errno.ELOOP: "the file is a symbolic link, which is not followed",
        errno.EACCES: "the file may not be read",
    }
    return reasons.get(code, "the file cannot be opened")


def _parsed(data):
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise GradingError(f"the file is no notebook: {_kind(data) or 'it is not text in UTF-8'}") from error
    except RecursionError as error:
        raise GradingError("the file is no notebook: it is nested too deeply") from error
    except ValueError as error:
        raise GradingError(f"the file is no notebook: {_kind(data) or 'it is not JSON, or was cut off'}") from error
    if type(notebook) is not dict:
        raise GradingError("the file is no notebook: it is JSON, but not an object with cells")
    return notebook


def _kind(data):
    """What a file is that is no JSON, as far as it begins so; else ""."""
    if all(sign in data for sign in (b"\n<<<<<<< ", b"\n=======", b"\n>>>>>>> ")):
        return "git left a conflict in it, between <<<<<<< and >>>>>>>"
    return next((said for beginning, said in BEGINNINGS.items() if data.lstrip().startswith(beginning)), "")


def _cells_of(notebook):
    """The raw cells and what to remark; notebooks of format 3 and older keep them in worksheets."""
    cells, sheets = notebook.get("cells"), notebook.get("worksheets")
    if type(cells) is list:
        return cells, []
    if type(sheets) is list:
        cells = [cell for sheet in sheets if type(sheet) is dict for cell in _listed(sheet.get("cells"))]
        return cells, ["the notebook is saved in an old format (nbformat 3) and was upgraded"]
    raise GradingError("the file is no notebook: it has no cells")


def _listed(value):
    return value if type(value) is list else []


def _languages(metadata):
    """What the notebook says that it is written in; the two places differ where it was run by Sage, or once by R."""
    metadata = metadata if type(metadata) is dict else {}
    about = [(metadata.get("kernelspec"), "language"), (metadata.get("language_info"), "name")]
    found = [part.get(name) for part, name in about if type(part) is dict]
    return [language for language in found if type(language) is str and language]


def _sheet(metadata):
    about = metadata.get("fercourse") if type(metadata) is dict else None
    sheet = about.get("sheet") if type(about) is dict else None
    return sheet[:40] if type(sheet) is str else ""


def _cell(raw):
    """A cell, or None where it is none. In format 3 code is called `input`, and a heading is a kind of its own."""
    if type(raw) is not dict or type(raw.get("cell_type")) is not str:
        return None
    source = raw.get("source", raw.get("input", ""))
    if type(source) is list and all(type(line) is str for line in source):
        source = "".join(source)
    if type(source) is not str:
        return None
    metadata = raw["metadata"] if type(raw.get("metadata")) is dict else {}
    known = metadata["nbgrader"] if type(metadata.get("nbgrader")) is dict else {}
    grade_id = known.get("grade_id") if type(known.get("grade_id")) is str else ""
    ids = tuple(id for id in (raw.get("id"), metadata.get("id")) if type(id) is str and id)
    kind = "code" if raw["cell_type"] == "code" else "markdown"
    return Cell(kind, _writable(source), grade_id, ids)


def _writable(source):
    """The source with Unix line ends, and without what no file in UTF-8 can hold: half characters and NUL."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "�")
    return source.encode("utf-8", "replace").decode()


def _guesses(cells):
    """The records of guesses in the outputs, each id once: its last."""
    found = {}
    for cell in cells[:MOST_CELLS]:
        for output in _listed(cell.get("outputs")) if type(cell) is dict else ():
            record = metadata_of(output).get("fercourse", {}) if type(output) is dict else {}
            if record.get("kind") == "guess":
                found[str(record.get("id"))] = record
    return list(found.values())
