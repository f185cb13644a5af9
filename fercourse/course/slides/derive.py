"""From an executed lesson to its slides: headings, key sentences, short code, outputs; the prose becomes the notes.

Nothing is written anew, so a slide says what the lesson says. The order is the lesson's, so no answer comes before its
question. What a slide cannot hold is left out by rule, and the notes or the slide say so.
"""

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fercourse.course.building.lesson import Lesson, folded
from fercourse.course.slides import bodies
from fercourse.course.slides.prose import CAPTION, Block, blocks, caption_of, claimed_of, fuller, points, words
from fercourse.course.slides.shown import parts_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

LINES = 15
"""So many lines of code a slide has at most; a longer cell stands in the notebook."""

NOTES_ONLY = "References"
"""The section that is for reading at home."""

OWN_CALLS = {"guess", "reveal", "record", "claim", "claims", "read_test", "browse", "plots", "source"}
"""Calls of the course that show something: of a cell that only makes such calls, the output says all."""


@dataclass
class Slide:
    """One slide. kind: "title", "text", "code", "picture", "table", "question", "answer" or "claims".

    body: HTML below the heading; caption: one sentence of the lesson; notes: Markdown for the speaker, in its order
    cell: the id of the notebook's cell that it is made from; guess: the id of its question or answer
    source: the code on it; shows: whether it has an output on it, of which a claim may speak
    """

    kind: str
    heading: str
    body: str = ""
    caption: str = ""
    notes: list[str] = field(default_factory=list)
    cell: str = ""
    guess: str = ""
    source: str = ""
    shows: bool = False


def slides_of(lesson: Lesson, page: "NotebookNode") -> list[Slide]:
    """The slides of a lesson, from its executed notebook."""
    deck = _Deck(lesson)
    own = {f"{lesson.number}-{name}" for name in ("title", "parameters", "setup", "stamp")}
    for cell in page.cells:
        if cell.id in own:
            continue
        if cell.cell_type == "markdown":
            for block in blocks(cell.source):
                deck.read(block)
        else:
            deck.show(cell)
    deck.end_section()
    return deck.slides


class _Deck:
    """Slides under way: the heading, the prose that waits for its slide, and the questions that were asked."""

    def __init__(self, lesson):
        outcomes = points([Block("list", "\n".join(f"- {outcome}" for outcome in lesson.outcomes))])
        self.slides = [Slide("title", lesson.title, bodies.title(lesson), notes=bodies.before(lesson))]
        for chosen, notes in outcomes:
            self.slides.append(Slide("text", "You will be able to", bodies.listed(chosen), notes=notes))
        self.heading, self.chapter, self.waiting, self.fresh = lesson.title, lesson.title, [], True
        self.questions = {}

    def read(self, block):
        """Take a block of prose: a heading ends a section, all else waits for the next cell."""
        if block.kind != "heading":
            self.waiting.append(block)
            return
        self.end_section()
        self.heading, self.fresh = block.text.lstrip("# "), True

    def end_section(self):
        """Prose after which no cell comes: it speaks of the last slide, or is a section of its own."""
        if self.heading == NOTES_ONLY:
            self.slides[-1].notes += [f"**{NOTES_ONLY}**", *(block.text for block in self.waiting)]
        elif self.waiting:
            self._speak_of_last()
            if self.fresh or any("**" in block.text or block.kind in ("table", "list") for block in self.waiting):
                self._write(self.waiting)
            else:
                self.slides[-1].notes += [block.text for block in self.waiting]
        self.waiting = []

    def show(self, cell):
        """Make slides of a code cell and of the prose that leads to it."""
        self._speak_of_last()
        opening = self.fresh
        lead, self.waiting = self._before(), []
        made = self._of_cell(cell)
        if not made:  # nothing to show: what leads to it is said before the next slide
            self.waiting = [*lead, *self._unshown(cell, made)]
            return
        made[0].notes = [block.text for block in [*lead, *self._unshown(cell, made)]] + made[0].notes
        if made[0].kind in ("code", "picture", "table") and lead:
            made[0].caption = caption_of(lead, fresh=opening)
        self.slides += made
        self.fresh = False

    def _before(self):
        """The prose that leads to a cell. It stands on slides of its own where it opens a section or defines a term.

        Where one point is all that such a slide would have, that point goes above what the cell shows.
        """
        prose = [block for block in self.waiting if block.kind != "aside"]
        said = " ".join(block.text for block in prose if block.kind == "paragraph")
        own = {block.kind for block in prose} - {"paragraph"} or ((self.fresh or "**" in said) and words(said) > 40)
        chosen = points(prose)
        if own and not (len(chosen) == 1 and _one_line(chosen[0][0])):
            self._write(self.waiting)
            return []
        return self.waiting

    def _write(self, prose):
        """Slides of prose: points with the whole prose as notes, and each table or piece of code on one of its own."""
        running = []
        for block in [*prose, None]:
            if block is not None and block.kind not in ("table", "code"):
                running.append(block)
                continue
            made, running = points(running), []
            if block is not None and len(made) == 1 and _one_line(made[0][0]):
                (caption,), notes = made[0]
                self.slides.append(Slide(block.kind, self.heading, bodies.of(block), caption, notes))
                continue
            for chosen, notes in made:
                self.slides.append(Slide("text", self.heading, bodies.listed(fuller(chosen, notes)), notes=notes))
            if block is not None:
                self.slides.append(Slide(block.kind, self.heading, bodies.of(block)))
        self.fresh = False

    def _speak_of_last(self):
        """Give the last slide the waiting prose up to the last sentence with a claim: it speaks of what was shown."""
        last = self.slides[-1]
        marked = [place for place, block in enumerate(self.waiting) if block.marked]
        if self.fresh or not marked or last.kind == "question":
            return
        spoken, self.waiting = self.waiting[: marked[-1] + 1], self.waiting[marked[-1] + 1 :]
        last.notes += [block.text for block in spoken]
        said = claimed_of(spoken, alone=last.kind != "answer")  # beside an answer stands its question
        last.caption = (last.shows and said) or last.caption

    def _of_cell(self, cell):
        """The slides of one code cell: its code with what it printed where both fit, then each output."""
        parts, made = parts_of(cell), []
        printed = [part for part in parts if part.kind == "text"]
        if _shown(cell):
            beside = printed if bodies.fit_together(cell.source, printed) else []
            body, shows = bodies.code(cell.source, beside), bool(beside)
            made.append(Slide("code", self.heading, body, cell=cell.id, source=cell.source, shows=shows))
            parts = [part for part in parts if part not in beside]
        for part in parts:
            made += self._of_part(part, cell, made)
        return made

    def _of_part(self, part, cell, made):
        """The slides of one output; a small table stands below the answer before it."""
        answer = made[-1] if made and made[-1].kind == "answer" else None
        if part.kind == "table" and answer and "<table" not in answer.body and bodies.fits_below_answer(part):
            answer.body += bodies.below_answer(part)
            return []
        about = part.about or {}
        if part.kind == "question":
            options = part.text.split("\n")[-1].split(" · ") if "\n" in part.text else []
            self.questions[about["id"]] = about["question"], options
            body = bodies.question(about["question"], options)
            return [Slide("question", self.heading, body, cell=cell.id, guess=about["id"])]
        if part.kind == "answer":
            body = bodies.answer(part.text, about, *self.questions[about["id"]])
            return [Slide("answer", self.heading, body, cell=cell.id, guess=about["id"], shows=True)]
        if part.kind == "claims":
            found = bodies.conclusions(about["claims"], part.table)
            return [Slide("claims", self.heading, body, notes=notes, cell=cell.id) for body, notes in found]
        kind = {"text": "code", "preview": "picture"}.get(part.kind, part.kind)
        return [Slide(kind, self.heading, bodies.output(part), cell=cell.id, shows=True)]

    def _unshown(self, cell, made):
        """A note on code that has no slide, because it is long or folded."""
        if any(slide.source for slide in made) or _calls_only(cell.source):
            return []
        return [Block("aside", bodies.in_the_notebook(cell.source))]


def _one_line(chosen):
    """Whether the points of a slide are one that is short enough to stand above something else."""
    return len(chosen) == 1 and words(chosen[0]) <= CAPTION


def _shown(cell):
    """Whether a cell's code stands on a slide."""
    return not folded(cell) and cell.source.count("\n") < LINES and not _calls_only(cell.source)


def _calls_only(source):
    """Whether a cell does nothing but call what shows something, such as `fc.plots.confusion(guess);`."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic of IPython
        return False
    return all(isinstance(node, ast.Expr) and _own_call(node.value) for node in tree.body)


def _own_call(node):
    while isinstance(node, ast.Call):
        node = node.func
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return isinstance(node, ast.Name) and node.id == "fc" and names[-1:] != [] and names[-1] in OWN_CALLS
