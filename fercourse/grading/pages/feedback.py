"""One page for each student: their answers and outputs, the marks with reasons, hints for what failed.

And one for those who mark the answers in words.
"""

import json
import re

from fercourse.errors import FercourseError
from fercourse.grading.pages.coloured import code, outputs, words
from fercourse.grading.pages.page import listed, mark_class, safe, table, write_page
from fercourse.grading.tables.marks import is_open
from fercourse.grading.text import number

HINTS_SHOWN = 2
MOST_OF_OWN_CELLS = 500_000  # characters of the cells that a student added, so that any page opens at once
SIGNS = re.compile(r"^[ \t]*(###|===) (BEGIN|END) .*\n?", re.MULTILINE)  # around what students do not get
KINDS = {"check": "check in the sheet", "hidden": "further test", "hand": "read by a person"}


def write_feedback(path, row, result, rubric):
    """Write the page of the student in `row`; result: of `grade_submission`, or None where there is nothing to show."""
    cells, left_out = _cells_by_exercise(result, rubric)
    body = [
        f"<h1>{safe(rubric.title)}</h1>",
        f'<p class="quiet">{safe(row["student"])}</p>',
        _total(row),
        _remarks(row),
        *(_exercise(exercise, row, cells.pop(exercise, []), rubric) for exercise in rubric.exercises),
        _others([cell for group in cells.values() for cell in group]),
        f'<p class="quiet">{left_out} more cells, which were run as well, are not shown.</p>' if left_out else "",
    ]
    write_page(path, f"{rubric.title} · {row['student']}", body)


def write_rubric(path, rubric):
    """Write what each answer that a person marks is marked by: the sheet's solution, for instructors only."""
    blocks = []
    for cell in rubric.cells:
        if cell.kind == "hand":
            title = f"{cell.exercise} {rubric.exercises[cell.exercise]}".strip()
            head = f"<h2><span>{safe(title)}</span><span>{number(cell.maximum)}</span></h2>"
            kind, source = rubric.answers[cell.id]
            shown = (code if kind == "code" else words)(SIGNS.sub("", source))
            blocks.append(f'{head}\n<p class="quiet">{safe(cell.id)}</p>\n{shown}')
    quiet = '<p class="quiet">For those who mark: the answers of the solution, with what gives points.</p>'
    write_page(path, f"Rubric · {rubric.title}", [f"<h1>Rubric · {safe(rubric.title)}</h1>", quiet, *blocks])


def _total(row):
    status = "" if row["status"] == "graded" else f' <span class="status bad">{safe(row["status"])}</span>'
    count = len(row["by_hand"])
    waiting = f' <span class="open">· {count} still to be read by a person</span>' if count else ""
    return f"<p><b>{number(row['total'])} of {number(row['maximum'])} points</b>{status}{waiting}</p>"


def _remarks(row):
    return f"<h3>Remarks</h3>{listed(row['remarks'])}" if row["remarks"] else ""


def _exercise(exercise, row, cells, rubric):
    """A section: the marks of one exercise, hints where something failed, the student's cells."""
    graded = [cell for cell in row["cells"].values() if cell["exercise"] == exercise]
    reached = row["exercises"][exercise]
    points = None if is_open(row, exercise) else reached["points"]
    css, shown = mark_class(points, reached["maximum"]), "…" if points is None else number(points)
    title = f"{exercise} {rubric.exercises[exercise]}".strip()
    return "\n".join(
        [
            f'<h2><span>{safe(title)}</span><span class="{css}">{shown} / {number(reached["maximum"])}</span></h2>',
            f'<div class="marks">{table(["", "#", ""], [_graded(cell) for cell in graded])}</div>',
            _hints(exercise, graded),
            *(_cell(cell) for cell in cells),
        ]
    )


def _graded(cell):
    css = mark_class(cell["points"], cell["maximum"])
    points = "…" if cell["points"] is None else number(cell["points"])
    why = "waits for a person" if cell["points"] is None and not cell["why"] else cell["why"]
    mark = f'<span class="{css}">{points} / {number(cell["maximum"])}</span>'
    return f'<span class="short">{KINDS[cell["kind"]]}</span>', mark, safe(why)


def _hints(exercise, graded):
    """The first hints where a test failed. The last rung of the ladder is the solution, and never shown."""
    failed = [cell for cell in graded if cell["kind"] != "hand" and cell["points"] < cell["maximum"]]
    hints = _ladder(exercise)[:-1][:HINTS_SHOWN] if failed else []
    shown = [re.sub(r"`([^`]+)`", r"<code>\1</code>", safe(hint)) for hint in hints]
    return f"<h3>To go on from here</h3><ul><li>{'</li><li>'.join(shown)}</li></ul>" if hints else ""


def _ladder(exercise):
    from fercourse.classroom.hints import ladder

    try:
        return ladder(exercise)
    except FercourseError:  # an instructor's own exercise has none
        return []


def _cells_by_exercise(result, rubric):
    """The student's cells in their order, exercise → cells, and how many of their own are left out of the page.

    Those before the first answer are under "". All answers are kept, and as many other cells as there is room for.
    """
    groups, current, room, left_out = {}, "", MOST_OF_OWN_CELLS, 0
    for cell in ((result or {}).get("notebook") or {}).get("cells", []):
        grade_id = _grade_id(cell)
        current = rubric.homes.get(grade_id, current)
        is_answer = grade_id in rubric.answers
        if not is_answer and (grade_id in rubric.homes or cell.get("cell_type") != "code"):
            continue  # the instructor's
        room -= 0 if is_answer else len(json.dumps([cell.get("source"), cell.get("outputs")]))
        if is_answer or room >= 0:
            groups.setdefault(current, []).append(cell)
        else:
            left_out += 1
    return groups, left_out


def _grade_id(cell):
    metadata = cell.get("metadata") or {}
    return (metadata.get("nbgrader") or {}).get("grade_id") or cell.get("id", "")


def _others(cells):
    return "\n".join(["<h2>Other cells</h2>", *map(_cell, cells)]) if cells else ""


def _cell(cell):
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else source
    if cell.get("cell_type") != "code":
        return words(source)
    return f"{code(source)}\n{outputs(cell.get('outputs'))}"
