"""Find a sheet's cells in what was handed in, however it was saved: by grade id, cell id, or what an answer defines."""

import re
from dataclasses import dataclass

STUBS = ("# Write your answer here.", "Write your answer here.", "pass", "...", "# YOUR CODE HERE", "YOUR ANSWER HERE",
         "raise NotImplementedError()")  # fmt: skip
DEFINED = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A cell to run or to mark, in the sheet's order. `cell`: the sheet's, None for one that the student added.

    label: what it is called in a remark.
    """

    id: str
    label: str
    source: str
    cell: object


@dataclass(frozen=True)
class Match:
    """What was found: the student's `answers` (id → source), the steps in the sheet's order, and remarks."""

    answers: dict
    steps: tuple
    remarks: tuple
    related: bool  # whether anything of the sheet was found at all


def match(sheet, submission):
    """Match the cells of a submission to those of a sheet; a graded cell is always the instructor's own."""
    places = _places(sheet.cells, submission.cells)
    remarks, chosen = [], {}
    for cell in sheet.cells:
        if cell.role in ("answer", "hand") and places.get(cell.id):
            chosen[cell.id] = _choose(cell, places[cell.id], submission.cells, remarks)
    _match_by_name(sheet.cells, submission.cells, places, chosen, remarks)
    answers = {id: submission.cells[place].source for id, place in chosen.items()}
    for cell in sheet.cells:
        if cell.role in ("answer", "hand") and cell.id not in answers:
            remarks.append(f"the answer cell {cell.id} is missing")
    remarks += _remarks_on_locked(sheet.cells, submission.cells, places)
    taken = {place for found in places.values() for place in found} | set(chosen.values())
    steps = _steps(sheet.cells, submission.cells, answers, taken, places, chosen)
    return Match(answers, steps, tuple(remarks), related=bool(taken))


def _places(wanted, cells):
    """For each of the sheet's cells the places where it may be in the submission: by grade id, else by cell id."""
    by_grade_id, by_id = {}, {}
    for place, cell in enumerate(cells):
        if cell.grade_id:
            by_grade_id.setdefault(cell.grade_id, []).append(place)
        for id in dict.fromkeys(cell.ids):
            by_id.setdefault(id, []).append(place)
    places = {cell.id: by_grade_id[cell.id] for cell in wanted if cell.id in by_grade_id}
    taken = {place for found in places.values() for place in found}
    for cell in wanted:
        found = [] if cell.id in places else [*by_id.get(cell.cell_id, ()), *by_id.get(cell.id, ())]
        free = [place for place in dict.fromkeys(found) if place not in taken]
        if free:
            places[cell.id] = free
            taken.update(free)
    return places


def _choose(cell, found, cells, remarks):
    """The first of the places with something of the student's own in it."""
    own = [place for place in found if not is_untouched(cells[place].source, cell)]
    place = (own or found)[0]
    if len(found) > 1:
        which = "the first" if place == found[0] else "the first one with an answer in it"
        remarks.append(f"the cell {cell.id} is there {len(found)} times; {which} counts")
    if cell.kind == "code" and cells[place].kind != "code":
        remarks.append(f"the cell {cell.id} is no code cell any more; its text was run as code")
    return place


def _match_by_name(wanted, cells, places, chosen, remarks):
    """Find answers that no id leads to by the function, class or variable that they define, be it under a test's id."""
    taken = {
        place
        for cell in wanted
        for place in places.get(cell.id, ())
        if cell.role in ("answer", "hand") or is_untouched(cells[place].source, cell)
    }
    for cell in wanted:
        if cell.role != "answer" or cell.id in chosen:
            continue
        names = defined(cell.source)
        free = [place for place in range(len(cells)) if place not in taken and names & defined(cells[place].source)]
        own = [place for place in free if not is_untouched(cells[place].source, cell)]
        if free:
            chosen[cell.id] = (own or free)[0]
            taken.add(chosen[cell.id])
            shown = " and ".join(sorted(names & defined(cells[chosen[cell.id]].source)))
            remarks.append(f"the cell {cell.id} was found by what it defines: {shown}")


def _remarks_on_locked(wanted, cells, places):
    changed, missing, repeated = [], [], []
    for cell in wanted:
        if cell.role not in ("locked", "check", "hidden"):
            continue
        found = places.get(cell.id, [])
        if not found:
            missing.append(cell.id)
        elif len(found) > 1:
            repeated.append(cell.id)
        elif _squeezed(cells[found[0]].source) not in (_squeezed(cell.stub), _squeezed(cell.source)):
            changed.append(cell.id)
    kinds = (("changed", changed), ("missing", missing), ("there more than once", repeated))
    return [f"locked and {what}: {_listed(ids)}; the instructor's version was run" for what, ids in kinds if ids]


def _steps(wanted, cells, answers, taken, places, chosen):
    """The sheet's cells in order, each with the student's own cells that stood behind it in the submission."""
    at = {place: id for id, found in places.items() for place in found} | {place: id for id, place in chosen.items()}
    known = {_squeezed(cell.stub) for cell in wanted} | {_squeezed(cell.source) for cell in wanted}
    behind, last = {}, ""
    for place, cell in enumerate(cells):
        last = at.get(place, last)
        if place not in taken and cell.kind == "code" and _squeezed(cell.source) not in known | {""}:
            behind.setdefault(last, []).append(_own(place, cell))
    steps = behind.get("", [])
    for cell in wanted:
        source = answers.get(cell.id, "") if cell.role in ("answer", "hand") else cell.source
        steps += [Step(cell.id, cell.id, source, cell), *behind.get(cell.id, [])]
    return tuple(steps)


def _own(place, cell):
    """A step for a cell that the student added."""
    number = place + 1
    named = [id for id in cell.ids if re.fullmatch(r"[\w-]{1,64}", id)]
    return Step(f"own-{number}", f"{number} of the notebook{f' ({named[0]})' if named else ''}", cell.source, None)


def defined(source):
    """The names of the functions, classes and variables that a cell defines at its outermost level."""
    return {function or variable for function, variable in DEFINED.findall(source)}


def is_untouched(source, cell):
    """Whether an answer is empty, or has no line that was not handed out."""
    given = {line.strip() for line in (*cell.stub.splitlines(), *STUBS)}
    return all(line.strip() in given for line in source.splitlines() if line.strip())


def _squeezed(source):
    return "\n".join(line.rstrip() for line in source.strip().splitlines() if line.strip())


def _listed(ids):
    return ", ".join(ids[:6]) + (f" and {len(ids) - 6} more" if len(ids) > 6 else "")
