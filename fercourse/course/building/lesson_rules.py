"""What a lesson should be: its length and shape, and sentences about outputs that are tied to claims.

`advice` is read by a test. What `untied` finds, `build --execute` refuses as well.
"""

import ast
import re
from statistics import median

from fercourse.course.building.lesson import Lesson, count_words, folded, is_parameters_cell

MOST_CELLS = 60
MOST_LINES = 30
MEDIAN_LINES = 6
WORDS = (1200, 2500)
ADDED_CELLS = 3  # title, setup and stamp, which the builder writes
MARKER = re.compile(r"<!-- *(\d\d[a-z]?\.[\w-]+) *-->")
"""The invisible mark behind a sentence that points at an output: the claim that bears it out."""
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?!<!--)|(?<=-->)\s+(?!<!--)")
FOLDED_LINES = 60  # of claims, or of a drawing, that nobody has to read
PICTURES = "curve|figure|matrix|picture|plot|line|bar|row|column|table|histogram|map"
VERBS = "shows?|tells?|proves?|falls?|rises?|drops?|climbs?|turns?|bends?"
POINTING = re.compile(
    rf"\b(?:{PICTURES})s? (?:above |below |here )?(?:{VERBS})\b"
    r"|\bturns? (?:up|down)\b|\b(?:is|are|stays?|looks?|remains?) flat\b",
    re.IGNORECASE,
)
"""What a sentence says that can be held against an output."""


def advice(lesson: Lesson) -> list[str]:
    """What a lesson is advised to change, in sentences about cells, lines of code, words of prose; empty when sound."""
    lines = {cell.id: len(cell.source.splitlines()) for cell in lesson.cells if _is_code(cell)}
    findings = [
        f"a code cell of {lines[cell.id]} lines, at most {most}: {cell.source.splitlines()[0]}"
        for cell in lesson.cells
        if lines.get(cell.id, 0) > (most := FOLDED_LINES if folded(cell) else MOST_LINES)
    ]
    lines = {cell.id: lines[cell.id] for cell in lesson.cells if cell.id in lines and not folded(cell)}
    if lines and median(lines.values()) > MEDIAN_LINES:
        findings.append(f"the median code cell has {median(lines.values()):g} lines, at most {MEDIAN_LINES}")
    if len(lesson.cells) + ADDED_CELLS > MOST_CELLS:
        findings.append(f"{len(lesson.cells) + ADDED_CELLS} cells, at most {MOST_CELLS}")
    words = sum(count_words(cell.source) for cell in lesson.cells if cell.cell_type == "markdown")
    if not WORDS[0] <= words <= WORDS[1]:
        findings.append(f"{words} words of prose, expected {WORDS[0]} to {WORDS[1]}")
    return [f"{lesson.name}: {finding}" for finding in findings + untied(lesson)]


def untied(lesson: Lesson) -> list[str]:
    """Sentences that point at an output without a claim, claims that cannot bear them out, answers in the source."""
    calls = [call for cell in lesson.cells if _is_code(cell) for call in _calls(cell)]
    claimed = {_first(call): call for _, name, call in calls if name == "claim"}
    findings = [_marked(id, claimed) for cell in _prose(lesson) for id in MARKER.findall(cell.source)]
    findings += [_pointing(sentence) for cell in _prose(lesson) for sentence in SENTENCE_END.split(cell.source)]
    findings += [
        f"a mark begins a line, where Markdown ends the paragraph: {line}"
        for cell in _prose(lesson)
        for line in cell.source.splitlines()
        if MARKER.match(line)
    ]
    findings += [
        f"a line begins with # and a word, which a page shows as a heading: {line}"
        for cell in _prose(lesson)
        for line in cell.source.splitlines()
        if re.match(r"#+[^#\s]", line)
    ]
    findings += [
        f"fc.reveal({_first(call)!r}, …) gives its answer away: compute it, or name what holds it"
        for _, name, call in calls
        if name == "reveal" and any(isinstance(value, ast.Constant) for value in call.args[1:])
    ]
    open_cells = {cell.source for cell, name, _ in calls if name in ("claim", "claims") and not folded(cell)}
    findings += [f'claims belong into a cell tagged "folded": {source.splitlines()[0]}' for source in open_cells]
    if claimed and [name for _, name, _ in calls].count("claims") != 1:
        findings.append("expected fc.claims() once, after the last claim")
    return [finding for finding in findings if finding]


def _prose(lesson):
    return [cell for cell in lesson.cells if cell.cell_type == "markdown"]


def _calls(cell):
    """(cell, name, call) of each call of a function of `fc` in a code cell; magics make no difference."""
    source = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE)
    return [
        (cell, node.func.attr, node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "fc"
    ]


def _first(call):
    return call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None


def _marked(id, claimed):
    """What is wrong with a marker; empty where its claim is tested on drawn faces at lesson scale, as it is shown."""
    if id not in claimed:
        return f"a sentence is marked {id}, and no claim has this id"
    options = {keyword.arg: ast.unparse(keyword.value) for keyword in claimed[id].keywords}
    if options.get("needs") == "'full'" or options.get("only") == "'fer2013'":
        return f"a sentence about what is shown is marked {id}, which is not tested on drawn faces at lesson scale"
    return ""


def _pointing(sentence):
    if MARKER.search(sentence) or not (found := POINTING.search(sentence)):
        return ""
    return f"{found[0]!r} points at an output and has no claim: {' '.join(sentence.split())[:120]}"


def _is_code(cell):
    return cell.cell_type == "code" and not is_parameters_cell(cell)
