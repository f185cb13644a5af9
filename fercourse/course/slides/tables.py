"""Tables on a slide: as many rows and columns as can be read from the back row, and a word on those left out."""

from dataclasses import dataclass
from math import ceil

from bs4 import BeautifulSoup

from fercourse.course.slides.prose import unbroken

LARGEST, SMALLEST = 32, 18
"""Pixels of the letters of a table, on a slide of 1280 × 720."""

SHORTER = 20
"""A table with too many rows gets letters of so many pixels before it loses any row."""

WIDTH, HEIGHT = 1150, 440
"""Pixels that a table may take."""

LETTER, PADDING, LEADING, GAP = 0.54, 26, 1.3, 13
"""The width of a letter beside its size, the padding of a cell across and upright in pixels, and the line's height."""

BOLD = 1.15
"""How much wider a letter of a head is."""

WRAPS = (34, 26, 18)
"""A column with texts longer than so many letters may break its lines: the most with which letters are largest."""

WHOLE = 18
"""A text of at most so many letters is never broken."""


@dataclass
class Table:
    """Rows of cells as HTML, the first `heads` of them the head; `plain` has the same cells as text."""

    rows: list[list[str]]
    plain: list[list[str]]
    heads: int
    even: bool

    @property
    def columns(self):
        return max(map(len, self.plain), default=0)


def read_table(html: str) -> Table:
    """The first table of some HTML, as a cell of a notebook showed it."""
    rows = BeautifulSoup(html, "html.parser").find("table").find_all("tr")
    cells = [row.find_all(["th", "td"]) for row in rows]
    even = not any(cell.get("colspan") or cell.get("rowspan") for row in cells for cell in row)
    heads = sum(all(cell.name == "th" for cell in row) for row in cells)
    html = [[unbroken(str(_without_style(cell))) for cell in row] for row in cells]
    plain = [[_text(cell) for cell in row] for row in cells]
    if even and heads == 2 and not plain[0][0] and not any(plain[1][1:]):  # pandas: the name of the index alone
        html[0][0], plain[0][0], heads = html[1][0], plain[1][0], 1
        del html[1], plain[1]
    return Table(rows=html, plain=plain, heads=heads, even=even)


def fitted(table: Table, *, height: int = HEIGHT) -> str:
    """The table as HTML that fits a slide; what was left out is said in it.

    height: pixels that it may take
    """
    table, columns_out = _narrowed(table)
    height -= 40 if columns_out else 0
    size, wraps = _size(table, height)
    heights = [_row_height(table, row, size, wraps) for row in table.plain]
    keep = _kept(heights, table.heads, height, size)
    out = len(table.rows) - len(keep)
    lines, last = [], -1
    for place in keep:
        if place > last + 1:
            lines.append(f'<tr class="cut"><td colspan="{table.columns}">… {_counted(out, "row")} left out …</td></tr>')
        lines.append(f"<tr>{''.join(table.rows[place])}</tr>")
        last = place
    said = f'<p class="cut">{_counted(columns_out, "column")} left out</p>' if columns_out else ""
    return f'<table style="font-size: {size}px">{"".join(lines)}</table>{said}'


def fits(table: Table, height: int) -> bool:
    """Whether the whole table fits so many pixels."""
    return _height(table, *_size(table, height)) <= height


def _text(cell):
    return cell.get_text(" ", strip=True).replace("\N{WORD JOINER}", "")


def _without_style(cell):
    for tag in [cell, *cell.find_all(True)]:
        if tag.name != "img":
            tag.attrs.pop("style", None)
    cell.attrs.pop("title", None)
    cell.attrs.pop("class", None)
    if len(_text(cell)) <= WHOLE:
        cell["class"] = "whole"
    return cell


def _lengths(table):
    """The letters of the longest text in each column, those of a head counted as wide as they are."""
    widths = [
        [len(text) * (BOLD if cell.startswith("<th") else 1) for cell, text in zip(*row, strict=True)]
        for row in zip(table.rows, table.plain, strict=True)
    ]
    rows = [row for row in widths if len(row) == table.columns] or widths
    return [max(row[column] if column < len(row) else 0 for row in rows) for column in range(table.columns)]


def _width(table, size, wraps):
    return sum(min(length, wraps) * LETTER * size + PADDING for length in _lengths(table))


def _size(table, height):
    """(pixels, wraps): the largest letters with which the table fits, lines broken behind so many of them.

    Where it is too long for any, the largest with which it is narrow enough.
    """
    tried = [(size, wraps) for size in range(LARGEST, SMALLEST, -2) for wraps in WRAPS]
    narrow = [(size, wraps) for size, wraps in tried if _width(table, size, wraps) <= WIDTH]
    unbroken = [(size, wraps) for size, wraps in narrow if wraps == WRAPS[0]]
    fitting = (pair for pair in narrow if pair[0] >= SHORTER and _height(table, *pair) <= height)
    return next(fitting, (unbroken or narrow or [(SMALLEST, WRAPS[0])])[0])


def _height(table, size, wraps):
    return sum(_row_height(table, row, size, wraps) for row in table.plain)


def _narrowed(table):
    """(the table with as many columns as fit, how many were left out); a table with cells over two columns stays."""
    out = 0
    while table.even and table.columns > 3 and _width(table, SMALLEST, 16) > WIDTH:
        table = Table(
            rows=[row[:-2] + row[-1:] for row in table.rows],
            plain=[row[:-2] + row[-1:] for row in table.plain],
            heads=table.heads,
            even=True,
        )
        out += 1
    return table, out


def _row_height(table, row, size, wraps):
    lengths = _lengths(table)
    spare = WIDTH - sum(min(length, wraps) * LETTER * size + PADDING for length in lengths)
    long = [length for length in lengths if length > wraps]
    widest = wraps + max(0, spare) / (LETTER * size * len(long)) if long else wraps
    lines = max((ceil(len(text) / widest) for text in row), default=1)
    return max(1, lines) * size * LEADING + GAP


def _kept(heights, heads, height, size):
    """The places of the rows that stay: all, or the first and the last two with a line between."""
    if sum(heights) <= height:
        return list(range(len(heights)))
    room = height - sum(heights[:heads]) - (size * LEADING + GAP)
    last = [place for place in range(len(heights) - 2, len(heights)) if place >= heads]
    room -= sum(heights[place] for place in last)
    first = []
    for place in range(heads, len(heights) - len(last)):
        if heights[place] > room:
            break
        room -= heights[place]
        first.append(place)
    return [*range(heads), *first, *last]


def _counted(number, name):
    return f"{number:,} {name}{'s' if number != 1 else ''}"
