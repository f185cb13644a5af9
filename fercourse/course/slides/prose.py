"""From a lesson's prose to what stands on a slide: whole sentences of the lesson, chosen and never rewritten."""

import re
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt

WORDS = 40
"""So many words of prose a slide has at most: it can be read from the back row, and the rest is said."""

CAPTION = 26
"""So many words a caption has at most."""

TELLING = 5
"""A sentence of fewer words is passed over for a longer one behind it."""

MARK = re.compile(r"\s*<!-- [\w.]+ -->")
ENDS = re.compile(r"[.!?][)”\"*_\0]*(\s+)(?=[“\"(*_]*[A-Z0-9`])")
NO_END = re.compile(r"(?:\b(?:e\.g|i\.e|vs|al|Fig|No)|(?<!\w)[A-Z])\.$")
FENCE = re.compile(r"^(```|~~~)")
DEPENDS = re.compile(
    r"(?:Its?|Th(?:is|at|ese|ose|ey|eir|en|ere)|Yes|So|But|And|Or|Afterwards|Otherwise|The (?:latter|former))\b"
    r"|[^.]*\bof (?:these|those)\b"
)
"""A sentence that says nothing without what stands before it."""


@dataclass(frozen=True)
class Block:
    """A piece of Markdown between empty lines.

    kind: "heading", "paragraph", "list", "table", "code", or "aside" for what is said and never stands on a slide
    """

    kind: str
    text: str

    @property
    def marked(self):
        """Whether a claim stands behind one of its sentences."""
        return bool(MARK.search(self.text))


def blocks(markdown: str) -> list[Block]:
    """The blocks of a Markdown cell, in order."""
    found, lines, inside = [], [], False
    for line in [*markdown.splitlines(), ""]:
        inside ^= bool(FENCE.match(line))
        heading = not inside and re.match(r"#{1,6} ", line)
        if lines and (heading or not (line.strip() or inside)):
            found.append(_block("\n".join(lines)))
            lines = []
        if heading:
            found.append(Block("heading", line))
        elif line.strip() or inside:
            lines.append(line)
    return found


def _block(text):
    starts = {"```": "code", "~~~": "code", "| ": "table", "|-": "table", "- ": "list", "* ": "list", "1. ": "list"}
    return Block(next((kind for start, kind in starts.items() if text.startswith(start)), "paragraph"), text)


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph, each with the marks of its claims; a few words in bold go with what follows."""
    text = re.sub(r"\s+", " ", paragraph).strip()
    hidden = MARK.sub(lambda mark: "\0" * len(mark[0]), text)  # a mark belongs to the sentence before it
    found, start = [], 0
    for end in ENDS.finditer(hidden):
        sentence = hidden[start : end.start(1)].replace("\0", "")
        opens = sentence.count("(") > sentence.count(")")
        if not opens and not NO_END.search(sentence) and not re.fullmatch(r"\*\*[^*]+\*\*", sentence):
            found.append(text[start : end.start(1)])
            start = end.end()
    return [*found, text[start:]]


def bare(text: str) -> str:
    """Markdown without the marks of claims and with the words of its links alone: a slide leads nowhere."""
    return re.sub(r"\[([^\[\]]+)\]\([^)\s]*\)", r"\1", MARK.sub("", text)).strip()


def words(text: str) -> int:
    """How many words of a text are to be read."""
    return len(re.findall(r"\w[\w'’.,-]*", bare(text)))


def key_sentence(paragraph: str) -> str:
    """What of a paragraph stands on its slide: the first sentence with a term in bold, or else the first of all.

    A question, what needs the sentence before it and what has few words is passed over for a sentence behind it.
    """
    found = sentences(paragraph)
    said = [each for each in found if not bare(each).endswith("?")] or found
    alone = [each for each in said if not DEPENDS.match(each) and words(each) >= TELLING] or said
    return bare(next((each for each in found if "**" in each), alone[0]))


def points(prose: list[Block]) -> list[tuple[list[str], list[str]]]:
    """(points, notes) for each slide of some prose: at most `WORDS` words of points, and all of the prose as notes.

    The points are the key sentences of paragraphs, as many as fit, and those of all items of lists, for which there
    are as many slides as they need.
    """
    slides = [([], [])]
    for block, following in zip(prose, [*prose[1:], None], strict=False):
        slides[-1][1].append(block.text)
        if block.kind == "list":
            rest = _shared_out(slides[-1][0], [key_sentence(item) for item in items(block.text)])
            slides += [(chosen, []) for chosen in rest]
        elif block.kind == "paragraph":
            point = key_sentence(block.text)
            leads_in = point.endswith(":") and following is not None and following.kind == "list"
            if not leads_in and _fits(slides[-1][0], point):
                slides[-1][0].append(point)
    return [slide for slide in slides if any(slide)]


def fuller(chosen: list[str], prose: list[str]) -> list[str]:
    """The points of a slide, each with the sentence that follows it in the prose where there is room for that.

    prose: the paragraphs that the points were taken from
    """
    following = {}
    for paragraph in prose:
        found = [bare(each) for each in sentences(paragraph)]
        following |= dict(pairwise(found))
    room = WORDS - sum(map(words, chosen))
    filled = []
    for point in chosen:
        behind = following.get(point, "")
        if behind.endswith((".", ")")) and behind not in chosen and words(behind) <= room:
            room -= words(behind)
            point = f"{point} {behind}"
        filled.append(point)
    return filled


def _shared_out(first, each):
    """Put points on the slide `first` while they fit, and return further slides for the others; none has one alone."""
    slides = [first]
    for point in each:
        if not _fits(slides[-1], point):
            slides.append([])
        slides[-1].append(point)
    if len(slides) > 1 and len(slides[-1]) == 1 and len(slides[-2]) > 2:
        slides[-1].insert(0, slides[-2].pop())
    return slides[1:]


def _fits(chosen, point):
    return not chosen or sum(map(words, [*chosen, point])) <= WORDS


def items(text: str) -> list[str]:
    """The items of a Markdown list."""
    return [re.sub(r"^(?:[-*]|\d+\.) ", "", item) for item in re.split(r"\n(?=(?:[-*]|\d+\.) )", text)]


def caption_of(prose: list[Block], *, fresh: bool) -> str:
    """A sentence of what leads to a cell, to stand above what it shows; "" where none is short enough.

    The first with a term in bold; else the key sentence where the prose opens a section (`fresh`), or the last one,
    which leads on, of those that say something without the sentence before them.
    """
    found = _short(prose)
    bold = [each for each in found if "**" in each]
    leading = [each for each in found if not DEPENDS.match(each)][-1:]
    return bare(next(iter(bold or (found[:1] if fresh else leading)), ""))


def claimed_of(prose: list[Block], *, alone: bool = True) -> str:
    """The first short sentence with a claim behind it; "" where there is none.

    alone: whether one that needs the sentence before it is passed over
    """
    found = [each for each in _short(prose) if MARK.search(each) and not (alone and DEPENDS.match(each))]
    return bare(next(iter(found), ""))


def _short(prose):
    found = [each for block in prose if block.kind == "paragraph" for each in sentences(block.text)]
    return [each for each in found if 3 <= words(each) <= CAPTION]


def html(markdown: str) -> str:
    """Markdown as HTML; what looks like HTML in it is shown, not obeyed."""
    return RENDERER.render(unbroken(bare(markdown)))


def html_line(markdown: str) -> str:
    """One line of Markdown as HTML, without a paragraph around it."""
    return RENDERER.renderInline(unbroken(bare(markdown)))


def unbroken(text: str) -> str:
    """The text, in which no line is broken between a number and its percent sign."""
    return re.sub(r"(?<=\d) (?=%)", "\N{NO-BREAK SPACE}", text)


RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")
