"""Build notebooks from lessons/: one way, the same bytes every time.

A student opens notebooks/, which hold no outputs: no answer stands beside its question. docs/lessons/ holds the same
notebooks as they were executed, for reading; there the outputs of unchanged cells are kept, and the columns of FER2013
are what the package's records say.
"""

import json
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from fercourse.course.building.compose import SETUP, STAMP, compose, linked_from_anywhere
from fercourse.course.building.lesson import read_lesson
from fercourse.course.checkout import Course, select
from fercourse.course.outputs import outputs
from fercourse.errors import DataMismatch, ParameterError
from fercourse.files import written_aside
from fercourse.report import claims, figures

if TYPE_CHECKING:
    from nbformat import NotebookNode

LARGEST = 1_000_000  # bytes of a notebook, so that GitHub and Colab show it


def build(names: Iterable[str] = (), *, course: Course, setup: str = SETUP, stamp: str = STAMP) -> list[Path]:
    """Write the notebooks of the named lessons, or of all, and their pages; return the paths of those that changed.

    On a page a code cell keeps its outputs as long as its id and its source stay the same.
    Raises ParameterError for a malformed lesson and for a notebook above 1 MB, which is then not written.
    """
    changed = []
    for path, text in _texts(select(names, course.lessons, ".py"), course=course, setup=setup, stamp=stamp):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_notebook(path, text)
            changed.append(path)
    return changed


def notebook_drift(names: Iterable[str] = (), *, course: Course, setup: str = SETUP, stamp: str = STAMP) -> list[str]:
    """A sentence for each notebook that a build would change, naming the first cell that differs. Writes nothing.

    Where no lesson is named, a notebook without a lesson is drift too.
    """
    lesson_paths = select(names, course.lessons, ".py")
    findings = []
    for path, text in _texts(lesson_paths, course=course, setup=setup, stamp=stamp):
        shown = path.relative_to(course.root)
        if not path.exists():
            findings.append(f"{shown}: not built yet")
        elif path.read_text(encoding="utf-8") != text:
            findings.append(f"{shown}: {_first_difference(read_notebook(path), parse_notebook(text))}")
    if not names:
        known = {f"{path.stem}.ipynb" for path in lesson_paths}
        there = [path for folder in (course.notebooks, course.pages) for path in sorted(folder.glob("*.ipynb"))]
        strays = [path.relative_to(course.root) for path in there if path.name not in known]
        findings += [f"{path}: no lesson of that name" for path in strays]
    return findings


def is_outdated(notebook: Path, *, course: Course) -> bool:
    """Whether the lesson of a student's notebook was changed since this was built, so that a build would change it.

    By time and by text: a notebook that a student edits is newer, and a checkout may write the lesson last.
    """
    lesson_path = course.lessons / f"{notebook.stem}.py"
    if not lesson_path.exists() or lesson_path.stat().st_mtime <= notebook.stat().st_mtime:
        return False
    try:
        return notebook.read_text(encoding="utf-8") != built_text(lesson_path, course=course)
    except ParameterError:  # the change is not ready to be built
        return True


def _texts(lesson_paths, **how):
    """(path, text) of every notebook that the lessons make: the student's, then the page."""
    for lesson_path in lesson_paths:
        yield notebook_path(lesson_path, course=how["course"]), built_text(lesson_path, **how)
        yield page_path(lesson_path, course=how["course"]), page_text(lesson_path, **how)


def built_text(
    lesson_path: Path, *, course: Course, setup: str = SETUP, stamp: str = STAMP, records: dict | None = None
) -> str:
    """The text of a lesson's notebook without outputs, as a student opens it.

    records: as from `read_build_records`, which is asked where they are not given.
    """
    import nbformat

    notebook = _composed(lesson_path, course, setup, stamp, records)
    folder = notebook_path(lesson_path, course=course).parent.relative_to(course.root).as_posix()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = linked_from_anywhere(cell.source, folder=folder, repository=course.repository)
    return nbformat.writes(notebook) + "\n"


def page_text(
    lesson_path: Path,
    *,
    course: Course,
    setup: str = SETUP,
    stamp: str = STAMP,
    records: dict | None = None,
    executed: "NotebookNode | None" = None,
) -> str:
    """The same with the outputs of `executed`, or else of the page on disk; its links lead from where it lies."""
    import nbformat

    notebook = _composed(lesson_path, course, setup, stamp, records)
    path = page_path(lesson_path, course=course)
    earlier = executed or (read_notebook(path) if path.exists() else None)
    if earlier is not None:
        keep_outputs(notebook, earlier)
        show_records(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../docs/", "](../").replace("](../exercises/", "](../../exercises/")
    return nbformat.writes(notebook) + "\n"


def _composed(lesson_path, course, setup, stamp, records):
    lesson = read_lesson(lesson_path)
    record = (read_build_records(course) if records is None else records).get(lesson.name)
    return compose(lesson, repository=course.repository, record=record, setup=setup, stamp=stamp)


def notebook_path(lesson_path: Path, *, course: Course) -> Path:
    """Where the notebook of a lesson is built."""
    return course.notebooks / f"{lesson_path.stem}.ipynb"


def page_path(lesson_path: Path, *, course: Course) -> Path:
    """Where the executed notebook of a lesson lies."""
    return course.pages / f"{lesson_path.stem}.ipynb"


def keep_outputs(notebook: "NotebookNode", earlier: "NotebookNode") -> None:
    """Give each code cell of `notebook` the outputs that the cell of the same id and source has in `earlier`."""
    done = {(cell.get("id"), cell.source): cell for cell in earlier.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        same = done.get((cell.id, cell.source))
        if cell.cell_type == "code" and same is not None:
            cell.outputs, cell.execution_count = same.outputs, same.execution_count


def show_records(notebook: "NotebookNode") -> None:
    """Show figures and claims anew: beside what the page measured stands what the package's records hold today."""
    for _, output in outputs(notebook):
        published = output.get("metadata", {}).get("fercourse", {})
        kind, shown = published.get("kind"), output.get("data", {})
        if kind in ("figure", "figures"):
            shown["text/plain"], shown["text/html"] = figures.shown_anew(published, shown["text/plain"])
        elif kind == "claims":
            shown["text/plain"], shown["text/html"] = claims.shown_anew(published["claims"])


def read_notebook(path: Path) -> "NotebookNode":
    """The notebook at `path`, as an nbformat node. Raises DataMismatch where the file is no notebook."""
    try:
        return parse_notebook(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataMismatch(f"{path}: not a notebook, perhaps a merge gone wrong. Delete it and build again.") from error


def parse_notebook(text: str) -> "NotebookNode":
    """The notebook that a text holds. Raises ValueError where it holds none."""
    import nbformat

    return nbformat.reads(text, as_version=4)


def write_notebook(path: Path, text: str) -> None:
    """Write a notebook's text, whole or not at all. Raises ParameterError above 1 MB, listing the figures by size."""
    size = len(text.encode())
    if size > LARGEST:
        figures = ", ".join(f"{name} {bytes_ / 1000:.0f} kB" for name, bytes_ in _figures(parse_notebook(text)))
        raise ParameterError(
            f"{path.name} would have {size / 1e6:.2f} MB, at most {LARGEST / 1e6:g}. Make figures smaller or fewer: "
            f"{figures or 'it has none, so print less'}"
        )
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def _figures(notebook):
    """The cells with pictures and the bytes of those, the largest first."""
    sizes = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            pictures = [text for kind, text in output.get("data", {}).items() if kind.startswith("image/")]
            if pictures:
                sizes[cell.id] = sizes.get(cell.id, 0) + sum(map(len, pictures))
    return sorted(sizes.items(), key=lambda pair: -pair[1])


def read_build_records(course: Course) -> dict:
    """What `build --execute` measured: lesson → kind of device → entry; empty before the first time.

    Raises DataMismatch for a file that is not JSON.
    """
    try:
        return json.loads(course.records.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DataMismatch(f"{course.records}: not JSON: {error}. Restore it from git.") from error


def _first_difference(old, new):
    for before, after in zip_longest(old.cells, new.cells):
        if before is None or after is None:
            return f"cell {(before or after).get('id')} is {'missing' if before is None else 'no longer in the lesson'}"
        parts = ("id", "cell_type", "source", "metadata", "outputs")
        if any(before.get(part) != after.get(part) for part in parts):
            return f"cell {after.id} differs"
    return "its metadata differs"
