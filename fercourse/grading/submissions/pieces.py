"""Which cells hold an answer in code: all with its id, in order; else those that define what it should define."""

import re

from fercourse.grading.names import defined, globals_given, hands_in, is_opaque, is_python, loaded
from fercourse.grading.submissions.places import is_as_given, is_untouched, squeezed


def pieces_of(sheet_cells, cells, places, *, regions, remarks):
    """id of an answer in code → the places of its cells, in order; an untouched one only where there is no other."""
    wanted = [cell for cell in sheet_cells if is_code_answer(cell)]
    pieces = {cell.id: _of_id(cell, places.by_id.get(cell.id, ()), cells, remarks) for cell in wanted}
    for cell in wanted:
        own, names = pieces[cell.id], _names_of(cell, sheet_cells)
        # A note, an import or another exercise's answer may stand in its place.
        is_elsewhere = names and not cell.trains and not any(_may_give(cells[place], names) for place in own)
        if not own or is_elsewhere:
            found = _by_name(cell, names, sheet_cells, cells, places, pieces, regions, remarks)
            pieces[cell.id] = sorted({*own, *found})
    known = {place for found in places.by_id.values() for place in found} | places.foreign
    found = {cell.id: pieces[cell.id] or places.by_id.get(cell.id, [])[:1] for cell in wanted}
    return {id: _with_its_end(each, cells, known) for id, each in found.items()}


def is_code_answer(cell):
    """Whether a cell of the sheet is for an answer that is run, be it marked by tests or by a person."""
    return cell.role == "answer" or (cell.role == "hand" and cell.kind == "code")


def as_code(cell):
    """The source of a cell as code, also where a key turned it into text or a heading, or a student fenced it in."""
    source = cell.source
    if cell.kind == "code":
        return source
    fenced = "\n".join(re.findall(r"^```[^\n]*\n(.*?)^```", f"{source}\n", re.DOTALL | re.MULTILINE))
    below_text = re.search(r"^(?:@|def |class |async def |import |from |\w+ = ).*", source, re.DOTALL | re.MULTILINE)
    candidates = (source, re.sub(r"\A#{1,6} ", "", source), fenced, below_text[0] if below_text else "")
    return next((each for each in candidates if defined(each) and is_python(each)), source)


def _with_its_end(found, cells, known):
    """The places of an answer, with those behind the last that go on its statement and have lost their ids."""
    found = list(found)
    while found and found[-1] + 1 < len(cells) and found[-1] + 1 not in known and cells[found[-1] + 1].kind == "code":
        longer = [*found, found[-1] + 1]
        if len(joined_halves(longer, cells)) > len(joined_halves(found, cells)):
            break
        found = longer
    return found


def joined_halves(found, cells):
    """Pairs of places and source, one for each part of an answer that can be run.

    Halves of a statement belong together: a cell that is no Python by itself, but is with what stands above it.
    """
    parts = []
    for place in found:
        parts.append(((place,), as_code(cells[place])))
        for start in range(len(parts) - 2, -1, -1):
            sources = [source for _, source in parts[start:]]
            if is_python("\n".join(sources)) and not all(map(is_python, sources)):
                parts[start:] = [(sum((places for places, _ in parts[start:]), ()), "\n".join(sources))]
                break
    return parts


def _of_id(cell, found, cells, remarks):
    own = [place for place in found if not is_untouched(cells[place].source, cell)]
    if not own:
        return []
    # A version that was turned into text while another is code is parked: the notebook does not run it.
    runs = [place for place in own if cells[place].kind == cell.kind] or own
    if cells[runs[0]].kind != cell.kind:
        remarks.append(f"the cell {cell.id} is no code cell any more; its text was run as code")
    names = set().union(*(defined(as_code(cells[place])) for place in runs))
    given = [place for place in found if place not in own and not _is_left_over(cells[place].source, cell, names)]
    pieces = sorted([*runs, *given])
    if len(pieces) > 1:
        remarks.append(
            f"the answer {cell.id} stands in {len(pieces)} cells, which were run in their order: the later holds"
        )
    elif len(found) > 1:
        which = "the first one with an answer in it" if len(own) == 1 else "the one that is code"
        remarks.append(f"the cell {cell.id} is there {len(found)} times; {which} counts")
    return pieces


def _is_left_over(source, cell, names):
    """Whether an untouched cell beside an answer is a stub that was not needed, not the first half of a split one."""
    return squeezed(source) in ("", squeezed(cell.stub)) or bool(names & defined(source))


def _names_of(cell, sheet_cells):
    """What an answer should define: of its names those that tests load, if they load any."""
    tests = [other.source for other in sheet_cells if other.role in ("check", "hidden")]
    names = defined(cell.source)
    return names & set().union(*map(loaded, tests)) or names


def _may_give(cell, names):
    return bool(names & (_defines(cell) | globals_given(as_code(cell)))) or is_opaque(as_code(cell))


def _by_name(cell, names, sheet_cells, cells, places, pieces, regions, remarks):
    """Answers that no id leads to; those in the same section first; last those in another answer's cell."""
    if cell.trains:
        used = {place for found in pieces.values() for place in found} | places.foreign
        return [place for place, each in enumerate(cells) if place not in used and hands_in(each.source, cell.exercise)]
    used = {place for found in pieces.values() for place in found}
    closed = _as_handed_out(sheet_cells, cells, places.by_id) | places.foreign
    fits = [
        place
        for place in range(len(cells))
        if place not in closed and names & _defines(cells[place]) and not is_untouched(cells[place].source, cell)
    ]
    at, of_id = regions
    groups = (
        [place for place in fits if place not in used and at[place] == of_id[cell.id]],
        [place for place in fits if place not in used],
        fits,
    )
    found = next((group for group in groups if group), [])
    found = [place for place in found if cells[place].kind == "code"] or found
    if found:
        shown = " and ".join(sorted(names & set().union(*(_defines(cells[place]) for place in found))))
        remarks.append(f"the cell {cell.id} was found by what it defines: {shown}")
    return found


def _defines(cell):
    source = as_code(cell)
    return defined(source) if cell.kind == "code" or is_python(source) else set()


def _as_handed_out(sheet_cells, cells, by_id):
    """The places of the sheet's own cells that say what was handed out; answers in words are no code either."""
    return {
        place
        for cell in sheet_cells
        for place in by_id.get(cell.id, ())
        if (cell.role == "hand" and cell.kind != "code")
        or (not is_code_answer(cell) and is_as_given(cells[place].source, cell))
    }
