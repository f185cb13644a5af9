"""Which cell of what was handed in is which answer, however it was saved, split, copied, merged or moved.

The cells of one answer are run in their order, as the student's own notebook runs them: the later definition holds.
"""

import re
from dataclasses import dataclass

from fercourse.grading.submissions.order import ordered_cells
from fercourse.grading.submissions.pieces import as_code, pieces_of
from fercourse.grading.submissions.places import is_as_given, is_untouched, places_of, regions, squeezed
from fercourse.grading.submissions.words import NOT_FOUND, answers_in_words, text_of

PICTURE = re.compile(r"\]\(attachment:|<img\b|data:image/")  # such as a photograph of what was written on paper


@dataclass(frozen=True)
class Match:
    """What was found: the student's `answers` (id → source), the steps in the sheet's order, and remarks.

    unanswered: answers for a person whose cell is there and empty, with no other text that could be meant.
    related: whether anything of the sheet was found at all. other: the name of the sheet that this is instead, or "".
    """

    answers: dict
    steps: tuple
    remarks: tuple
    unanswered: frozenset
    related: bool
    other: str


def match(sheet, submission):
    """Match the cells of a submission to those of a sheet; a graded cell is always the instructor's own."""
    cells, wanted = submission.cells, sheet.cells
    places = places_of(sheet, submission)
    if places.other:
        return Match({}, (), (), frozenset(), related=False, other=places.other)
    by_id, at, remarks = places.by_id, regions(wanted, places.by_id, len(cells)), []
    pieces = pieces_of(wanted, cells, places, regions=at, remarks=remarks)
    changed, own = _students_own(wanted, cells, by_id, pieces)
    hands = [cell for cell in wanted if cell.role == "hand" and not _is_answered(cell, pieces, cells)]
    free = [place for place in own if place not in places.foreign]
    graded = [cell for cell in wanted if cell.role in ("check", "hidden", "hand")]
    texts = answers_in_words(hands, cells, places=by_id, free=free, changed=changed, regions=at, graded=graded)
    answers = {id: "\n\n".join(as_code(cells[place]) for place in found) for id, found in pieces.items() if found}
    answers |= {id: text_of(found, cells, changed=changed) for id, found in texts.items() if found}
    empty = frozenset(id for id, found in texts.items() if not found and id in by_id)
    answers |= {id: cells[by_id[id][0]].source for id in empty}
    remarks += _remarks_on_answers(wanted, cells, by_id, pieces, texts)
    remarks += _remarks_on_locked(wanted, cells, places)
    answers |= {id: NOT_FOUND for id in texts if id not in answers}
    code = [place for place in own if cells[place].kind == "code"]
    steps = ordered_cells(wanted, cells, answers, by_id=by_id, pieces=pieces, changed=changed, own=code)
    with_sense = {cell.id for cell in wanted if cell.role != "locked" or cell.id not in places.by_source}
    related = bool(with_sense & set(by_id)) or any(pieces.values())
    return Match(answers, steps, tuple(remarks), empty, related=related, other="")


def _is_answered(cell, pieces, cells):
    return any(not is_untouched(cells[place].source, cell) for place in pieces.get(cell.id, ()))


def _students_own(wanted, cells, by_id, pieces):
    """The instructor's cells that the student changed, place → cell of the sheet; and the places of the student's own.

    A changed copy of a cell that is there as it was handed out is the student's own.
    """
    answers = {place for found in pieces.values() for place in found}
    changed, kept = {}, set(answers)
    for cell in wanted:
        found = by_id.get(cell.id, ())
        as_given = [place for place in found if is_as_given(cells[place].source, cell)]
        is_answer = cell.role in ("answer", "hand")
        kept.update(found if is_answer or not as_given else as_given)
        if not is_answer and not as_given:
            changed |= {place: cell for place in found if place not in answers}
    known = {squeezed(source) for cell in wanted for source in (cell.stub, cell.source)} | {""}
    is_own = [place not in kept and squeezed(cell.source) not in known for place, cell in enumerate(cells)]
    return changed, [place for place in range(len(cells)) if is_own[place]]


def _remarks_on_answers(wanted, cells, by_id, pieces, texts):
    """What happened to answers that do not stand in their one cell."""
    remarks = []
    for cell in wanted:
        found, in_cell = texts.get(cell.id, ()), by_id.get(cell.id, ())
        outside = [place for place in found if place not in in_cell]
        if cell.id in pieces and not pieces[cell.id] and not found:
            remarks.append(f"the answer cell {cell.id} is missing")
        elif cell.id in texts and not found and not in_cell:
            remarks.append(f"the answer cell {cell.id} is missing: a person is to look for the answer")
        elif outside and len(outside) == len(found):
            what = "is empty" if in_cell else "is missing"
            remarks.append(f"the answer cell {cell.id} {what}: what stands below its heading waits for a person")
        elif len(found) > 1:
            remarks.append(f"the answer {cell.id} stands in {len(found)} cells: all wait for a person")
        elif found and cells[found[0]].kind != cell.kind:
            remarks.append(f"the cell {cell.id} is no text cell any more: what stands in it waits for a person")
        if any(PICTURE.search(cells[place].source) for place in found):
            remarks.append(f"the answer {cell.id} has a picture in it: look at it in the notebook")
    return remarks


def _remarks_on_locked(wanted, cells, places):
    changed, missing, repeated = [], [], []
    for cell in wanted:
        if cell.role not in ("locked", "check", "hidden"):
            continue
        found = places.by_id.get(cell.id, [])
        if not found:
            missing.append(cell.id)
        elif len(found) > 1:
            repeated.append(cell.id)
        elif not is_as_given(cells[found[0]].source, cell):
            changed.append(cell.id)
    kinds = (("changed", changed), ("missing", missing), ("there more than once", repeated))
    told = [f"locked and {what}: {_listed(ids)}; the instructor's version was run" for what, ids in kinds if ids]
    lost = len(places.by_source)
    return told + ([f"{lost} cells of the sheet have lost their ids and were found by their text"] if lost else [])


def _listed(ids):
    return ", ".join(ids[:6]) + (f" and {len(ids) - 6} more" if len(ids) > 6 else "")
