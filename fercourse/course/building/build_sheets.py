"""Build solutions/, exercises/ and the package's hints from the sheets in lessons/exercises/."""

import json
from pathlib import Path

from fercourse.course.building.sheets import hints, read_authored_sheet, released, solved
from fercourse.course.checkout import Course, select
from fercourse.files import written_aside

HINTS = "fercourse/classroom/hints.json"


def build_sheets(*, course: Course) -> list[Path]:
    """Write what the sheets make of solutions/, exercises/ and the hints; return the paths of changed files."""
    made = texts(course)
    changed = [path for path, text in made.items() if _read(path) != text]
    for path in changed:
        with written_aside(path) as aside:
            aside.write_text(made[path], encoding="utf-8")
    return changed


def sheet_drift(*, course: Course) -> list[str]:
    """A sentence for each file that `build_sheets` would change, and for each notebook that has no sheet."""
    made = texts(course)
    findings = [
        f"{path.parent.name}/{path.name}: not what its sheet builds" for path in made if _read(path) != made[path]
    ]
    there = {path for folder in ("solutions", "exercises") for path in (course.root / folder).glob("*.ipynb")}
    return findings + [f"{path.parent.name}/{path.name}: no sheet of that name" for path in sorted(there - set(made))]


def texts(course: Course) -> dict[Path, str]:
    """Every file that the sheets make: path → text; the same for the same sheets."""
    import nbformat

    folder = course.lessons / "exercises"
    sheets = [read_authored_sheet(path) for path in select((), folder, ".py")] if folder.is_dir() else []
    made = {}
    for sheet in sheets:
        text = nbformat.writes(solved(sheet, repository=course.repository)) + "\n"
        made[course.root / "solutions" / f"{sheet.path.stem}.ipynb"] = text
        made[course.root / "exercises" / f"{sheet.path.stem}.ipynb"] = released(text)
    if sheets:
        made[course.root / HINTS] = json.dumps(hints(sheets), indent=1, ensure_ascii=False) + "\n"
    return made


def _read(path):
    return path.read_text(encoding="utf-8") if path.is_file() else None
