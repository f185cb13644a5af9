"""A lesson as its author wrote it: front matter and cells of a jupytext percent file."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fercourse.course.building.parameters import check_parameters_cell
from fercourse.errors import ParameterError

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Without this jupytext turns a comment such as "# cat or dog?" into the shell command `cat`.
FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}


@dataclass(frozen=True)
class Lesson:
    """One lesson: what its front matter promises, and the cells that its author wrote (nbformat nodes)."""

    path: Path
    title: str
    promise: str
    needs: tuple
    outcomes: tuple
    reproduces: str
    cells: tuple

    @property
    def name(self) -> str:
        """The file's stem, such as "02_mlp_baseline"."""
        return self.path.stem

    @property
    def number(self) -> str:
        """What the name begins with, as text: "02", or "02b" for the second part of a lesson."""
        return self.name.split("_")[0]


def read_lesson(path: str | Path) -> Lesson:
    """Read a lesson and check its front matter and its parameters cell.

    Raises ParameterError, naming the lesson and, where there is one, the line.
    """
    import jupytext

    path = Path(path)
    text = path.read_text(encoding="utf-8")
    front, *cells = jupytext.reads(text, fmt=FORMAT).cells or [None]
    fields = _lesson_fields(front_matter(front, path), path)
    _check_one_parameters_cell(cells, text, path)
    return Lesson(path=path, cells=tuple(cells), **fields)


def front_matter(cell: "NotebookNode | None", path: Path) -> dict:
    """The YAML header of a percent file as a dict. Raises ParameterError, naming the file."""
    import yaml

    if cell is None or cell.cell_type != "raw" or not cell.source.startswith("---\n"):
        raise ParameterError(f"{path}, line 1: expected YAML front matter between two lines '# ---'")
    try:
        found = yaml.safe_load(cell.source.strip().strip("-"))
    except yaml.YAMLError as error:
        raise ParameterError(f"{path}: the front matter is not YAML: {error}") from error
    return found if isinstance(found, dict) else {}


def _lesson_fields(found, path):
    """The fields of a lesson's front matter, each of the type that it must have."""
    fields = {"title": str, "promise": str, "needs": list, "outcomes": list, "reproduces": str}
    for name, kind in fields.items():
        value = found.setdefault(name, "" if name == "reproduces" else None)
        texts = value if isinstance(value, list) else [value]
        if not isinstance(value, kind) or not all(isinstance(each, str) for each in texts):
            wanted = "a list of texts" if kind is list else "a text"
            raise ParameterError(f"{path}: the front matter needs {name}, {wanted}; found {value!r}")
    if unknown := set(found) - set(fields):
        raise ParameterError(f"{path}: front matter knows {', '.join(fields)}; found {', '.join(map(str, unknown))}")
    return {name: tuple(value) if isinstance(value, list) else value.strip() for name, value in found.items()}


def is_parameters_cell(cell: "NotebookNode") -> bool:
    """Whether this is the cell whose values papermill may replace."""
    return "parameters" in cell.metadata.get("tags", ())


def folded(cell: "NotebookNode") -> bool:
    """Whether the source of this cell is hidden until a reader opens it."""
    return "folded" in cell.metadata.get("tags", ())


def count_words(markdown: str) -> int:
    """The words that a reader reads: no fenced code, no formulas, no HTML tags, no addresses of links."""
    prose = re.sub(
        r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|<[^>]+>|\]\([^)]*\)|https?://\S+", " ", markdown, flags=re.DOTALL
    )
    return len(re.findall(r"\w[\w'’-]*", prose))


def _check_one_parameters_cell(cells, text, path):
    header = re.compile(r"^# %%.*tags=.*[\"']parameters[\"']")
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if header.match(line)]
    sources = [cell.source for cell in cells if is_parameters_cell(cell)]
    if len(sources) != 1 or len(lines) != 1:
        where = f" (lines {', '.join(map(str, lines))})" if lines else ""
        raise ParameterError(f'{path}: expected one cell # %% tags=["parameters"]; found {len(sources)}{where}')
    check_parameters_cell(sources[0], path=path, line=lines[0])
