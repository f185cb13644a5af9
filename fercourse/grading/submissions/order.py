"""The order in which the cells of what was handed in are run: the sheet's, each with the student's own behind it."""

import re
from dataclasses import dataclass

from fercourse.grading.names import given, globals_given, globals_loaded, loaded
from fercourse.grading.submissions.pieces import joined_halves


@dataclass(frozen=True)
class OrderedCell:
    """A cell to run or to mark, in the sheet's order. `cell`: the sheet's, None for one that the student added.

    id: unique; from the second piece of an answer on with a number behind it. label: what a remark calls it.
    """

    id: str
    label: str
    source: str
    cell: object


def ordered_cells(sheet_cells, cells, answers, *, by_id, pieces, changed, own):
    """The steps in order. answers: id → source of those in words. own: places of the student's own code.

    What a student wrote into an instructor's cell (`changed`) is run before it where it defines something besides.
    """
    owner = _owners(by_id, pieces)
    behind, done, steps = _behind(own, owner, len(cells)), set(), []

    def run_own(places):
        steps.extend(_own(place, cells[place]) for place in places if place not in done)
        done.update(places)

    run_own(behind.get(-1, ()))
    for cell in sheet_cells:
        found = pieces.get(cell.id, ())
        for number, (places, source) in enumerate(joined_halves(found, cells), start=1):
            run_own(_needed_before(places[-1], source, own, cells))
            run_own(_needed_behind(places[-1], source, own, cells, sheet_cells))
            steps.append(_piece(cell, number, source))
            for place in places:
                run_own(behind.get(place, ()) if owner[place] == cell.id else ())
        if not found:
            run_own([place for place, other in changed.items() if other is cell and _gives_more(cells[place], cell)])
            source = answers.get(cell.id, "") if cell.role in ("answer", "hand") else cell.source
            steps.append(OrderedCell(cell.id, cell.id, source, cell))
        for place in by_id.get(cell.id, ()):
            run_own(behind.get(place, ()))
    return tuple(steps)


def _owners(by_id, pieces):
    """place → id of the sheet's cell that it belongs to; a cell with two answers in it belongs to that of its id."""
    places = ((place, id) for found in (pieces, by_id) for id, each in found.items() for place in each)
    return dict(places)


def _behind(own, owner, count):
    """place of a known cell → the student's own cells that stand behind it; -1: before all."""
    found, last = {}, -1
    for place in range(count):
        last = place if place in owner else last
        if place in own:
            found.setdefault(last, []).append(place)
    return found


def _needed_before(place, source, own, cells):
    """The student's own cells above an answer that give what it uses: they come along where the answer was moved."""
    names, found = loaded(source), []
    for other in sorted((other for other in own if other < place), reverse=True):
        if given(cells[other].source) & names:
            names |= loaded(cells[other].source)
            found.append(other)
    return found[::-1]


def _needed_behind(place, source, own, cells, sheet_cells):
    """The student's own cells below an answer that give what it uses and nothing above gives: she ran them first."""
    above = [cell.source for cell in cells[: place + 1] if cell.kind == "code"]
    known = set().union(*map(globals_given, (*above, *(cell.source for cell in sheet_cells if cell.role == "locked"))))
    below = {other: cells[other].source for other in own if other > place}
    below = {other: each for other, each in below.items() if not globals_loaded(each) & given(source)}
    names, found = globals_loaded(source) - known, []
    while more := [other for other, each in below.items() if other not in found and globals_given(each) & names]:
        names |= set().union(*(globals_loaded(below[other]) for other in more)) - known
        found = [*more, *found]  # what these need comes before them
    return found


def _gives_more(found, cell):
    return found.kind == "code" and bool(given(found.source) - (given(cell.source) if cell.kind == "code" else set()))


def _piece(cell, number, source):
    if number == 1:
        return OrderedCell(cell.id, cell.id, source, cell)
    return OrderedCell(f"{cell.id}-part-{number}", f"{cell.id} (part {number})", source, cell)


def _own(place, cell):
    """A step for a cell that the student added, or an instructor's that the student wrote into."""
    number = place + 1
    named = [id for id in cell.ids if re.fullmatch(r"[\w-]{1,64}", id)]
    return OrderedCell(
        f"own-{number}", f"{number} of the notebook{f' ({named[0]})' if named else ''}", cell.source, None
    )
