"""What a lesson's length and shape should be. Findings are advice: a test reads them, the build does not."""

import re
from statistics import median

from fercourse.course.building.lesson import Lesson, is_parameters_cell

MOST_CELLS = 60
MOST_LINES = 30
MEDIAN_LINES = 6
WORDS = (1200, 2500)
ADDED_CELLS = 3  # title, setup and stamp, which the builder writes


def advice(lesson: Lesson) -> list[str]:
    """What a lesson is advised to change, in sentences about cells, lines of code, words of prose; empty when sound."""
    lines = {cell.id: len(cell.source.splitlines()) for cell in lesson.cells if _is_code(cell)}
    findings = [
        f"a code cell of {lines[cell.id]} lines, at most {MOST_LINES}: {cell.source.splitlines()[0]}"
        for cell in lesson.cells
        if lines.get(cell.id, 0) > MOST_LINES
    ]
    if lines and median(lines.values()) > MEDIAN_LINES:
        findings.append(f"the median code cell has {median(lines.values()):g} lines, at most {MEDIAN_LINES}")
    if len(lesson.cells) + ADDED_CELLS > MOST_CELLS:
        findings.append(f"{len(lesson.cells) + ADDED_CELLS} cells, at most {MOST_CELLS}")
    words = sum(count_words(cell.source) for cell in lesson.cells if cell.cell_type == "markdown")
    if not WORDS[0] <= words <= WORDS[1]:
        findings.append(f"{words} words of prose, expected {WORDS[0]} to {WORDS[1]}")
    return [f"{lesson.name}: {finding}" for finding in findings]


def _is_code(cell):
    return cell.cell_type == "code" and not is_parameters_cell(cell)


def count_words(markdown: str) -> int:
    """The words that a reader reads: no fenced code, no formulas, no HTML tags, no addresses of links."""
    prose = re.sub(
        r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|<[^>]+>|\]\([^)]*\)|https?://\S+", " ", markdown, flags=re.DOTALL
    )
    return len(re.findall(r"\w[\w'’-]*", prose))
