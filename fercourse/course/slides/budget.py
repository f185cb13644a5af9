"""As many slides as a lecture has room for: what goes first, and where its notes go."""

import re

from fercourse.course.slides.bodies import in_the_notebook
from fercourse.course.slides.derive import Slide

FEWEST, MOST = 25, 40
"""Slides of a lecture of 45 minutes: from one to nearly two minutes for each."""


def within(slides: list[Slide], most: int = MOST) -> list[Slide]:
    """The slides, without those that a lecture misses least while they are more than `most`; all notes stay.

    First goes code that draws or records what the next slide shows, then what a training printed, then other code
    whose output stands on a slide of its own, then code with its output, then definitions of functions and of terms; of
    each the longest first. The last slide of a section stays, and so do questions, answers, pictures, tables, points
    and conclusions: a deck may keep more than `most`. The notes of a slide that goes are said before the next one, so
    nothing is said before its question.
    """
    kept = list(slides)
    while len(kept) > most:
        ranked = [(rank, place) for place in range(len(kept)) if (rank := _rank(kept, place)) is not None]
        if not ranked:
            return kept
        place = min(ranked)[1]
        gone = kept.pop(place)
        following = kept[place] if place < len(kept) else kept[-1]
        following.notes = [*gone.notes, *([in_the_notebook(gone.source)] if gone.source else []), *following.notes]
        if not following.caption and following.kind in ("code", "picture", "table"):
            following.caption = gone.caption
    return kept


def _rank(slides, place):
    """What goes first, as numbers to sort by; None for a slide that stays."""
    slide = slides[place]
    only = sum(each.heading == slide.heading for each in slides) == 1
    if only or not slide.cell or slide.kind not in ("code", "picture"):
        return None
    if not slide.source:  # what a training printed, or the faces of a data set
        return (1, 0) if not slide.caption and not slide.body.startswith("<img") else None
    lines = slide.source.count("\n")
    if "**" in slide.caption or re.search(r"^(def|class) ", slide.source, re.MULTILINE):
        return 4, -lines
    shown_next = place + 1 < len(slides) and slides[place + 1].cell == slide.cell
    if shown_next and not slide.shows and re.search(r"plt\.|fc\.plots|fc\.record|fc\.reveal|draw\(", slide.source):
        return 0, -lines
    return 3 if slide.shows else 2, -lines
