"""The HTML below the heading of each kind of slide, at sizes that a hall can read."""

import re
import string
from html import escape
from math import ceil

from fercourse.course.slides.prose import Block, html, html_line, words
from fercourse.course.slides.tables import fits, fitted, read_table

LARGEST, SMALLEST = 28, 20
"""Pixels of the letters of code, on a slide of 1280 × 720."""

WIDTH, HEIGHT = 1130, 455
"""Pixels that code may take."""

LETTER, LEADING = 0.602, 1.36
"""The width of a letter of code beside its size, and the height of a line."""

LONGEST = 12
"""So many lines of what was printed stand on a slide; of more, the first and the last."""

CONCLUSIONS = 2
"""So many slides of conclusions a deck has; all claims stand in their notes."""

CONCLUDING = 50
"""So many words of conclusions stand on one slide: three of them, as a rule."""

BELOW_ANSWER = 250
"""Pixels for a table below an answer."""


def title(lesson):
    """The title slide: what the lesson promises."""
    return f'<p class="number">Lesson {lesson.number}</p><p class="promise">{html_line(lesson.promise)}</p>'


def before(lesson):
    """Notes on what the hall should know before the lecture."""
    needs = "; ".join(lesson.needs) or "nothing but the notebook"
    return [lesson.promise, f"The lecture needs: {needs}."] + (
        [f"It reproduces: {lesson.reproduces}."] if lesson.reproduces else []
    )


def listed(points):
    """Points as a list; one alone as a sentence."""
    if len(points) == 1:
        return f'<p class="point">{html_line(points[0])}</p>'
    return f"<ul>{''.join(f'<li>{html_line(point)}</li>' for point in points)}</ul>"


def of(block: Block):
    """A table or a piece of code that stands in the prose."""
    if block.kind == "table":
        return fitted(read_table(html(block.text)))
    return code("\n".join(block.text.split("\n")[1:-1]), [])


def code(source, printed):
    """Code, coloured, and below it what it printed; as large as both fit. What is said to a formatter is left out."""
    source = re.sub(r" *# fmt: skip$", "", source, flags=re.MULTILINE)
    texts = [_cut(part.text) for part in printed]
    size = _size([source, *texts])
    below = "".join(f'<pre class="printed" style="font-size: {size}px">{escape(text)}</pre>' for text in texts)
    return f'<pre class="code" style="font-size: {size}px">{_coloured(source)}</pre>{below}'


def in_the_notebook(source):
    """A note on code that has no slide."""
    count, first = source.count("\n") + 1, source.split("\n")[0]
    return f"*In the notebook stand here {count} line{'s' if count > 1 else ''} of code, from* `{first}`"


def fit_together(source, printed):
    """Whether code and what it printed fit one slide."""
    texts = [source, *(_cut(part.text) for part in printed)]
    lines = [line for text in texts for line in text.split("\n")]
    return _height(lines, SMALLEST) + 30 * len(texts) <= HEIGHT


def output(part):
    """A text, picture, preview or table that fills a slide."""
    if part.kind == "text":
        text = _cut(part.text)
        return f'<pre class="printed" style="font-size: {_size([text])}px">{escape(text)}</pre>'
    if part.kind == "preview":
        return f'<div class="preview">{part.html}</div>'
    if part.kind == "picture":
        return part.html
    said = f'<p class="said">{escape(part.text)}</p>' if part.text else ""
    return said + fitted(part.table, height=400 if said else 440)


def question(text, options):
    """A question for the hall, with letters to raise a hand for."""
    listed = zip(string.ascii_uppercase, options, strict=False)
    each = "".join(f"<li><b>{letter}</b> {escape(option)}</li>" for letter, option in listed)
    return f'<p class="asked">{escape(text)}</p>' + (f'<ul class="options">{each}</ul>' if each else "")


def answer(text, about, asked, options):
    """The answer, with the question again and the option that was right."""
    right = [
        f"<b>{letter}</b> {escape(option)}"
        for letter, option in zip(string.ascii_uppercase, options, strict=False)
        if option == about["truth"] or option.startswith(f"{about['truth']} ")
    ]
    badge = f'<span class="right">{right[0]}</span>' if len(right) == 1 else ""
    return f'<p class="again">{escape(asked)}</p><p class="answer">{badge}{escape(text)}</p>'


def fits_below_answer(part):
    return fits(part.table, BELOW_ANSWER)


def below_answer(part):
    return fitted(part.table, height=BELOW_ANSWER)


def conclusions(claims, table):
    """(body, notes) of the slides that end a lesson: claims that held, those first that were held on FER2013 too."""
    said = table.plain[table.heads :]
    rows = [(claim, next(row[:-1] for row in said if row[-1].startswith(claim["sentence"]))) for claim in claims]
    order = {"full": 0, "lesson": 1, "smoke": 2}
    held = [(claim, signs) for claim, signs in rows if "✓" in signs]
    best = sorted(held, key=lambda row: (-row[1].count("✓"), order.get(row[0]["needs"], 3)))
    slides = [[]]
    for row in best:
        if slides[-1] and sum(words(claim["sentence"]) for claim, _ in [*slides[-1], row]) > CONCLUDING:
            if len(slides) == CONCLUSIONS:
                break
            slides.append([])
        slides[-1].append(row)
    heads = table.plain[0][:-1]
    notes = ["All claims of the lesson, " + " and ".join(heads) + ":"]
    notes.append("\n".join(f"- {' '.join(signs)} {claim['sentence']}" for claim, signs in rows))
    return [(_claims(slide, heads), notes if place == 0 else []) for place, slide in enumerate(slides) if slide]


def _claims(rows, heads):
    """A table of claims with a column of signs for each kind of faces."""
    head = "".join(f"<th>{escape(re.sub(',.*', '', name))}</th>" for name in [*heads, ""])
    lines = []
    for claim, signs in rows:
        cells = "".join(f'<td class="sign">{escape(sign)}</td>' for sign in signs)
        lines.append(f"<tr>{cells}<td>{html_line(claim['sentence'])}</td></tr>")
    return f'<table class="claims"><tr>{head}</tr>{"".join(lines)}</table>'


def _cut(text):
    """Printed text in as many lines as a slide has room for."""
    lines = text.split("\n")
    if len(lines) <= LONGEST:
        return text
    out = len(lines) - LONGEST + 1
    return "\n".join([*lines[: LONGEST - 4], f"… {out} lines left out …", *lines[-3:]])


def _size(texts):
    """Pixels of the letters with which all texts fit, one below the other, in as few lines as with the smallest."""
    lines = [line for text in texts for line in text.split("\n")]
    for size in range(LARGEST, SMALLEST, -1):
        if _count(lines, size) == _count(lines, SMALLEST) and _height(lines, size) + 30 * len(texts) <= HEIGHT:
            return size
    return SMALLEST


def _count(lines, size):
    """In how many lines these lines stand, since long ones are broken."""
    return sum(max(1, ceil(len(line) * LETTER * size / WIDTH)) for line in lines)


def _height(lines, size):
    return _count(lines, size) * size * LEADING


def _coloured(source):
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))
