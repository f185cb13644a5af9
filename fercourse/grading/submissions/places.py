"""Where the cells of a sheet are in what was handed in, and whether it is this sheet at all."""

import re
from dataclasses import dataclass

STUBS = ("# Write your answer here.", "Write your answer here.", "pass", "...", "# YOUR CODE HERE", "YOUR ANSWER HERE",
         "raise NotImplementedError()")  # fmt: skip
COURSE_ID = re.compile(r"(\d\d)-[a-z0-9]+(?:-[a-z0-9]+)*")  # of a cell of this course's sheets
COURSE_TITLE = re.compile(r"# (\d\d) · ")


@dataclass(frozen=True)
class Places:
    """by_id: id of a sheet's cell → its places in the notebook, in order. foreign: places of another sheet's cells.

    by_source: the ids among them that only the text of the cell led to. other: the other sheet's name where this
    notebook answers another one, else "".
    """

    by_id: dict
    foreign: frozenset
    by_source: frozenset
    other: str


def places_of(sheet, submission):
    """Find a sheet's cells by grade id, else by cell id, else by their text as it was handed out."""
    cells, ours = submission.cells, {id for cell in sheet.cells for id in (cell.id, cell.cell_id) if id}
    found = _by_ids(sheet.cells, cells)
    foreign = frozenset(place for place, cell in enumerate(cells) if _is_foreign(cell, ours))
    is_ours = any(cell.id in found and cell.role != "text" for cell in sheet.cells)
    other = "" if is_ours else _other_sheet(sheet, submission, foreign)
    if other:
        return Places({}, frozenset(range(len(cells))), frozenset(), other)
    with_ids = set(found)
    _add_by_source(sheet.cells, cells, found, foreign)
    return Places(found, foreign, frozenset(set(found) - with_ids), "")


def _by_ids(wanted, cells):
    by_grade_id, by_id = {}, {}
    for place, cell in enumerate(cells):
        if cell.grade_id:
            by_grade_id.setdefault(cell.grade_id, []).append(place)
        for id in dict.fromkeys(cell.ids):
            by_id.setdefault(id, []).append(place)
    places = {cell.id: by_grade_id[cell.id] for cell in wanted if cell.id in by_grade_id}
    taken = {place for found in places.values() for place in found}
    for cell in wanted:
        found = [*by_id.get(cell.cell_id, ()), *by_id.get(cell.id, ())]
        free = {place for place in found if place not in taken}
        if free:
            places[cell.id] = sorted({*places.get(cell.id, ()), *free})
            taken |= free
    return places


def _is_foreign(cell, ours):
    """Whether an id says that a cell belongs to another sheet; ids that editors make up say nothing."""
    families = {id.partition("-")[0] for id in ours}
    known = [cell.grade_id] if cell.grade_id else [id for id in cell.ids if COURSE_ID.fullmatch(id)]
    return any(id.partition("-")[0] not in families | {"cell"} for id in known)


def _other_sheet(sheet, submission, foreign):
    """The name of the sheet that a notebook without any id of this one answers; "" where nothing says that."""
    ids = [id for place in sorted(foreign) for id in (submission.cells[place].grade_id, *submission.cells[place].ids)]
    numbers = [found[1] for id in ids if (found := COURSE_ID.fullmatch(id))]
    if 3 * len(foreign) >= len(submission.cells):
        return max(numbers, key=numbers.count) if numbers else next(id for id in ids if id)
    mine = _title(sheet.cells) or sheet.solved.get("metadata", {}).get("fercourse", {}).get("sheet", "")
    theirs = _title(submission.cells) or submission.sheet
    return theirs if mine and theirs and theirs != mine else ""


def _title(cells):
    numbers = (COURSE_TITLE.match(cell.source) for cell in cells if cell.kind == "markdown")
    return next((found[1] for found in numbers if found), "")


def _add_by_source(wanted, cells, found, foreign):
    """Where ids are lost: cells that stand there as they were handed out. Texts that are unique first."""
    free = {}
    taken = {place for places in found.values() for place in places} | foreign
    for place, cell in enumerate(cells):
        if place not in taken and squeezed(cell.source):
            free.setdefault(squeezed(cell.source), []).append(place)
    sources = [{squeezed(cell.stub), squeezed(cell.source)} - {""} for cell in wanted]
    for may_repeat in (False, True):
        for number, cell in enumerate(wanted):
            is_unique = sum(bool(sources[number] & other) for other in sources) == 1
            if cell.id in found or not (is_unique or may_repeat):
                continue
            low, high = _between(wanted, number, found)
            fits = [place for source in sources[number] for place in free.get(source, ())]
            fits = [place for place in sorted(fits) if is_unique or low < place < high]
            if fits:
                found[cell.id] = fits if is_unique else fits[:1]
                for source in sources[number]:
                    free[source] = [place for place in free.get(source, ()) if place not in found[cell.id]]


def _between(wanted, number, found):
    """The places between those of the sheet's cells before and behind the one with this number."""
    before = [found[cell.id][0] for cell in wanted[:number] if cell.id in found]
    behind = [found[cell.id][0] for cell in wanted[number + 1 :] if cell.id in found]
    return (before[-1] if before else -1), (behind[0] if behind else float("inf"))


def is_untouched(source, cell):
    """Whether an answer is empty, or has no line that was not handed out."""
    given = {line.strip() for line in (*cell.stub.splitlines(), *STUBS)}
    return all(line.strip() in given for line in source.splitlines() if line.strip())


def is_as_given(source, cell):
    """Whether a cell says what was handed out, or what the solved sheet says."""
    return squeezed(source) in (squeezed(cell.stub), squeezed(cell.source))


def squeezed(source):
    """A source without empty lines and blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines() if line.strip())


def regions(sheet_cells, places, count):
    """For each of `count` places the number of the sheet's section that it stands in, and id → section of the sheet's.

    A section begins with a heading of the sheet; a place belongs to that of the last known cell before it.
    """
    of_id, number = {}, 0
    for cell in sheet_cells:
        number += cell.kind == "markdown" and cell.role == "text" and cell.stub.lstrip().startswith("#")
        of_id[cell.id] = number
    at = {place: of_id[id] for id, found in places.items() for place in found}
    found, number = [], 0
    for place in range(count):
        number = at.get(place, number)
        found.append(number)
    return found, of_id
