"""One block of whole lines of a FER2013 CSV, verified and parsed at once: NumPy operations over all of its bytes.

The idea: a byte up to "," is a separator. Where every row has the right number of them and the right ones in the right
places, the numbers between are read from the bytes before each separator: units, tens, hundreds.
"""

import numpy as np

from fercourse.data.faces import EMOTIONS, USAGES
from fercourse.data.layouts.csv.rows import PIXELS

SPACE, COMMA, LINE_END, ZERO = b" ,\n0"
WORDS = tuple(np.frombuffer(usage.encode(), np.uint8) for usage in USAGES)


def parse_block(block, columns):
    """Labels int64 (n,), pixels uint8 (n, 2304) and usages uint8 (n,) of whole lines, or None where a byte is amiss.

    `columns` are known ones alone: `narrow.with_known_columns` takes out the others. The labels are -1 without an
    `emotion` column, usages is None without a `usage` one.
    """
    text = np.frombuffer(block, np.uint8)
    ends = row_separators(text, columns)
    if ends is None:
        return None
    at = columns.index("pixels")
    usages, letters = None, 0
    if "usage" in columns:
        usages, letters = usage_codes(text, *fields_between(ends, columns, "usage"))
    values = numbers_ending_at(text, ends, digits=len(text) - ends.size - letters)
    if values is None or (usages is not None and usages.max() == len(USAGES)):
        return None
    labels = np.full(len(ends), -1)
    if "emotion" in columns:
        labels = values[:, last_separator(columns, "emotion")].astype(np.int64)
    return None if (labels >= len(EMOTIONS)).any() else (labels, values[:, at : at + PIXELS], usages)


def last_separator(columns, column):
    """Which separator of its row ends `column`: the pixels have 2,304 of them, every other column one."""
    at = columns.index(column)
    return at if at < columns.index("pixels") else at + PIXELS - 1


def row_separators(text, columns):
    """Positions of all separators, int64 (n, those of a row), where each row has just the right ones; else None."""
    gap = text <= COMMA
    ends = np.flatnonzero(gap)
    width = PIXELS - 1 + len(columns)
    if len(ends) == 0 or len(ends) % width:
        return None
    if gap[0] or (gap[1:] & gap[:-1]).any():
        return None
    ends = ends.reshape(-1, width)
    between = [last_separator(columns, column) for column in columns]
    commas = text[ends[:, between[:-1]]] == COMMA
    line_ends = text[ends[:, -1]] == LINE_END
    spaces = np.count_nonzero(text == SPACE)
    return ends if commas.all() and line_ends.all() and spaces == len(ends) * (PIXELS - 1) else None


def fields_between(ends, columns, column):
    """Start and end positions of `column` in each row."""
    last = last_separator(columns, column)
    before = np.append(-1, ends[:-1, -1]) if last == 0 else ends[:, last - 1]
    return before + 1, ends[:, last]


def usage_codes(text, starts, ends):
    """Codes into `USAGES` of the words at `starts` to `ends` (3 for none of them), and the number of their letters."""
    lengths = ends - starts
    codes = np.full(len(starts), len(USAGES), np.uint8)
    for code, word in enumerate(WORDS):
        rows = np.flatnonzero(lengths == len(word))
        codes[rows[(text[starts[rows, None] + np.arange(len(word))] == word).all(axis=1)]] = code
    return codes, int(lengths.sum())


def numbers_ending_at(text, ends, *, digits):
    """Values uint8, the shape of `ends`, of the numbers before each separator (0 before none).

    None where the block has not exactly `digits` digits, or a number of four digits or over 255. Works on bytes
    throughout: a value that overflows comes out smaller than its tens and units.
    """
    value = np.full(len(text) + 3, 255, np.uint8)  # moved by three, so that total[i] is the number that ends before i
    np.subtract(text, ZERO, out=value[3:])
    digit = value < 10
    two = digit[1:] & digit[:-1]
    three = two[1:] & two[:-1]
    value *= digit
    small = value[1:-1] * np.uint8(10)
    small += value[2:]
    hundreds = value[:-2] * three
    total = hundreds * np.uint8(100)
    total += small
    if np.count_nonzero(digit) != digits or (three[1:] & three[:-1]).any():
        return None
    if hundreds.max() > 2 or (total < small).any():
        return None
    return total[ends]
