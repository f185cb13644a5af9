"""Answers in words: all that a student wrote for one, wherever under the exercise's heading it stands."""

import io
import re
import tokenize

from fercourse.grading.names import is_python, without_magics
from fercourse.grading.submissions.places import is_untouched

NOT_FOUND = "(its cell is not in the notebook, and no text was found below the heading: look at what was handed in)"
MORE_THAN_A_NAME = 10  # words
FEWEST = 4  # words of a comment or a text in code that may be an answer


def answers_in_words(hands, cells, *, places, free, changed, regions, graded):
    """id → the places with what a student wrote for this answer, in the order of the notebook.

    hands: the sheet's cells for answers in words. free: places of the student's own cells. changed: places of the
    sheet's cells that the student changed → the sheet's cell. regions: of `places.regions`. graded: cells with points.
    """
    found = {cell.id: _own(cell, places.get(cell.id, ()), cells) for cell in hands}
    prose = [place for place in free if cells[place].kind != "code"]
    _share_out(found, prose, hands, places, regions)
    texts = [place for place, cell in changed.items() if cell.role == "text" and own_lines(cells[place].source, cell)]
    _share_out(found, texts, hands, places, regions)
    empty = [cell for cell in hands if not found[cell.id]]
    code = [place for place in (*free, *changed) if cells[place].kind == "code" and has_words(cells[place].source)]
    _share_out(found, code, empty, places, regions)
    _leave_to_a_person(found, prose, hands, cells, places, regions, graded)
    return {id: sorted(set(each)) for id, each in found.items()}


def _own(cell, found, cells):
    return [place for place in found if not is_untouched(cells[place].source, cell)]


def _share_out(found, texts, hands, places, regions):
    """Give each text to the last answer of its section that stands above it, else to the first one."""
    at, of_id = regions
    for place in texts:
        here = [cell.id for cell in hands if of_id[cell.id] == at[place]]
        above = [id for id in here if any(other < place for other in places.get(id, ()))]
        if here:
            found[(above or [here[0]])[-1]].append(place)


def _leave_to_a_person(found, prose, hands, cells, places, regions, graded):
    """Texts that no answer has yet may be any that is missing or empty; the latter not if they only tell a name.

    That is above the first exercise, and short.
    """
    at, of_id = regions
    exercises = {of_id[cell.id] for cell in graded}
    may_be = {place for place in prose if at[place] in exercises or _is_long(cells[place].source, MORE_THAN_A_NAME)}
    nobodys = [place for place in prose if not any(place in each for each in found.values())]
    for cell in hands:
        if not found[cell.id]:
            found[cell.id] += [place for place in nobodys if cell.id not in places or place in may_be]


def text_of(found, cells, *, changed):
    """What stands in these places as one text, what was handed out left out of the sheet's own texts, twins once."""
    texts = []
    for place in found:
        sheet_cell = changed.get(place)
        is_text = sheet_cell is not None and sheet_cell.role == "text"
        texts.append(own_lines(cells[place].source, sheet_cell) if is_text else cells[place].source)
    return "\n\n".join(dict.fromkeys(text.strip("\n") for text in texts))


def own_lines(source, cell):
    """The lines of a text that were not handed out."""
    given = {line.strip() for line in cell.stub.splitlines()}
    return "\n".join(line for line in source.splitlines() if line.strip() and line.strip() not in given)


def has_words(source):
    """Whether a code cell holds a sentence: in a comment, in a text, or because it is no Python at all."""
    if not is_python(source):
        return _is_long(source)
    kinds = (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))
    tokens = tokenize.generate_tokens(io.StringIO(without_magics(source)).readline)
    try:
        return any(_is_long(token.string) for token in tokens if token.type in kinds)
    except (tokenize.TokenError, SyntaxError):
        return True


def _is_long(text, fewest=FEWEST):
    runs = re.findall(r"[^\W\d_]{2,}", text)
    # Thai, Chinese and Japanese have no blanks between words; two letters make about one.
    return sum(len(run) // 2 if run[0] >= "\u0e00" else 1 for run in runs) >= fewest
