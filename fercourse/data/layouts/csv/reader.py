"""`fer2013.csv` as a stream of blocks, parsed by NumPy.

`block.parse_block` verifies and reads a block as a whole. A block with anything out of place is tidied (quotes,
spaces) and tried again, then goes line by line through `rows.parse_line`, which reads it or names the row. Further
columns are cut out before, by `narrow.with_known_columns`.

It is ours, and no library's: to pandas, pyarrow and `csv` the pixels of a row are one text, which is still to be split,
and what is wrong inside it they do not see.
"""

import re

import numpy as np

from fercourse.data.faces import SIDE
from fercourse.data.layouts.csv.block import parse_block
from fercourse.data.layouts.csv.narrow import known, with_known_columns
from fercourse.data.layouts.csv.rows import AGAIN, LONGEST_LINE, PIXELS, header_columns, parse_line
from fercourse.data.rows import Rows
from fercourse.errors import DataMismatch

BLOCK = 1 << 18
"""Bytes read at once: a block and what is computed from it stay in the cache of one core."""

GROWTH = 4_096
"""Rows by which the output grows: large enough to grow seldom, small beside FER2013's 35,887."""

MOST_ROWS = 200_000
"""Five times FER2013: a file with more is a bomb or a mistake, and would fill the memory."""

BLANKS = (b"  ", b" ,", b", ", b" \n", b"\n ", b' "', b'" ')
"""Where a blank means nothing: beside another one, a separator or a quote. Double ones come first."""

QUOTED = re.compile(rb'"(?<![^,\n]")([^",\n]*)"(?![^,\n])')
"""A whole field in quotes. It begins with a letter, and not with the look behind it, for speed."""


def read_csv(stream, name):
    """Rows of a FER2013 CSV from a binary `stream`; `name` stands in messages.

    Reads `emotion,pixels,Usage` in any order, `emotion,pixels` (then usages is None) and `pixels` alone (then all
    labels are -1), each with further columns or without. Holds the output and one block. Raises DataMismatch naming
    file, row (1 is the first face) and line.
    """
    blocks = whole_lines(stream)
    header, _, first = next(blocks, b"").partition(b"\n")
    columns = header_columns(header, name)
    images, labels, usages = np.empty((0, PIXELS), np.uint8), [], []
    row, line = 0, 2
    for block in chain_first(first, blocks):
        parsed = parse_whole(block, columns) or parse_lines(block, columns, name, row, line)
        images = written_at(images, row, parsed[1], name)
        labels.append(parsed[0])
        usages.append(parsed[2])
        row += len(parsed[1])
        line += block.count(b"\n")
    if row == 0:
        raise DataMismatch(f"{name}: expected rows of faces, found a header and nothing under it. {AGAIN}")
    images.resize((row, PIXELS), refcheck=False)
    return Rows(
        images.reshape(row, SIDE, SIDE),
        np.concatenate(labels).astype(np.int64),
        np.concatenate(usages) if "usage" in columns else None,
    )


def whole_lines(stream):
    """Blocks of whole lines, the last with a line end whether it had one or not; "\\r\\n" and "\\r\\r\\n" become "\\n".

    A line that does not end within `LONGEST_LINE` is the last to come: `parse_line` will refuse it.
    """
    rest = b""
    while len(rest) <= LONGEST_LINE and (piece := stream.read(BLOCK)):
        block = rest + piece
        end = block.rfind(b"\n") + 1
        rest = block[end:]
        if end:
            yield with_plain_ends(block[:end])
    if rest:
        yield with_plain_ends(rest + b"\n")


def with_plain_ends(block):
    if b"\r" not in block:
        return block
    return block.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")  # the first where Windows put its "\r" in twice


def chain_first(first, blocks):
    if first:
        yield first
    yield from blocks


def written_at(images, row, pixels, name):
    """`images` with `pixels` at `row` and after, grown in place where it must be."""
    end = row + len(pixels)
    if end > MOST_ROWS:
        raise DataMismatch(f"{name}: expected at most {MOST_ROWS:,} rows, found more: this is no FER2013. {AGAIN}")
    if end > len(images):
        images.resize((max(end, len(images) + GROWTH), PIXELS), refcheck=False)
    images[row:end] = pixels
    return images


def parse_whole(block, columns):
    """Labels, pixels and usages of a block as a whole, as it is or tidied; None where that cannot be told."""
    if b"\n" not in block[: LONGEST_LINE + 1]:  # the last one to come, however blank: what is behind it was not read
        return None
    block = with_known_columns(block, columns)
    columns = known(columns)
    ways = (bytes, unquoted, tidied)  # what is quickest first
    return block and next(filter(None, (parse_block(way(block), columns) for way in ways)), None)


def unquoted(block):
    """`block` with its quoted fields as they are without quotes."""
    return QUOTED.sub(rb"\1", block) if b'"' in block else block


def tidied(block):
    """`block` without what is odd but legal: tabs for blanks, blanks that mean nothing, quoted fields, blank lines."""
    block = block.replace(b"\t", b" ")
    for blank in BLANKS:
        while blank in block:
            block = block.replace(blank, blank.strip(b" ") or b" ")
    block = unquoted(block)
    while b"\n\n" in block:
        block = block.replace(b"\n\n", b"\n")
    return block.lstrip(b" \n")


def parse_lines(block, columns, name, row, line):
    """Labels, pixels and usages of a block that `parse_whole` refused, line by line."""
    parsed = []
    for number, text in enumerate(block[:-1].split(b"\n"), line):
        if text.strip() or len(text) > LONGEST_LINE:
            parsed.append(parse_line(text, columns, f"{name}, row {row + len(parsed) + 1} (line {number})"))
    labels, pixels, usages = zip(*parsed, strict=True) if parsed else ((), (), ())
    pixels = np.frombuffer(b"".join(pixels), np.uint8).reshape(-1, PIXELS)
    return np.array(labels, np.int64), pixels, np.array(usages, np.uint8) if "usage" in columns else None
