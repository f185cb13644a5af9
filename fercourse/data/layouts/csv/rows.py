"""One line of a FER2013 CSV at a time, in plain Python: slow, and exact about what is wrong with it."""

import csv
from string import whitespace

from fercourse.data.faces import EMOTIONS, SIDE, USAGES
from fercourse.errors import DataMismatch

PIXELS = SIDE * SIDE
LONGEST_LINE = 1 << 16
"""Bytes; an honest line has 4,700 to 9,300. What has no line end within this is no FER2013, or a bomb."""

KNOWN = {"emotion", "pixels", "usage"}
AGAIN = "Get the file again, or load 'drawn'."
PACKED = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
}
"""First bytes of archives that are not read, and what they are."""

COLUMN_SETS = (KNOWN, {"emotion", "pixels"}, {"pixels"})


def header_columns(line, name):
    """Column names of the header `line` (bytes), stripped and in lower case; raises DataMismatch naming the file.

    Accepts any order, spaces, quotes, a byte-order mark and further columns, also without a name; needs `pixels`, then
    `emotion`, then `Usage`.
    """
    refuse_other_formats(line, name)
    text = line.decode("utf-8", "replace").lstrip("\ufeff")  # a second mark stands where one was put before the first
    columns = tuple(field.lower() for field in fields_of(text, f"{name}, line 1"))
    twice = any(columns.count(column) > 1 for column in columns if column)
    if KNOWN.intersection(columns) not in COLUMN_SETS or twice:
        raise DataMismatch(
            f"{name}, line 1: expected the columns emotion, pixels, Usage (or emotion, pixels), each once, found "
            f"{shortened(text.strip())}. {header_remedy(text)}"
        )
    return columns


def refuse_other_formats(line, name):
    """Raise DataMismatch where the first line (bytes) is the beginning of something that is no CSV."""
    if other := other_format(line):
        raise DataMismatch(f"{name}: expected a CSV with the header emotion,pixels,Usage, found {other}")


def other_format(line):
    """What the first line (bytes) is the beginning of, and what to do, as text; empty where it may be that of a CSV."""
    start = line.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if packed := next((kind for mark, kind in PACKED.items() if line.startswith(mark)), None):
        found, remedy = f"a file packed with {packed}", "Unpack it, and load what was in it."
    elif not start:
        found, remedy = "an empty file, or a blank first line", AGAIN
    elif b"\x80" <= start[:1] < b"\xc2" or start[:1] > b"\xf4" or b"\0" in line:  # no text in UTF-8 begins so
        found, remedy = "UTF-16 text, a picture or other binary data", "Save it as UTF-8 CSV, or get the file again."
    elif start.startswith(b"<"):
        found = "a web page"
        remedy = "The download was answered with a page, often a login: sign in and download again, or load 'drawn'."
    elif start.startswith(b"version https://git-lfs"):
        found, remedy = "a Git LFS pointer", "Run `git lfs pull` where it came from, or download the file itself."
    elif b"\r" in line.rstrip() and b"\n" not in line:
        found, remedy = "lines that end as on old Macs", "Save it as CSV for Windows or Linux."
    else:
        return ""
    return f"{found}. {remedy}"


def header_remedy(text):
    if text.count(";") or text.count("\t"):
        return "It was saved with another separator: save it with commas."
    return "Rename the columns, or get the file again."


def parse_line(line, columns, where):
    """Label, pixels and usage code of one `line` (bytes): (int or -1, bytes of 2,304 grey levels, int or None).

    Quotes, spaces after commas and double spaces are read; anything else raises DataMismatch that begins with `where`.
    """
    if b"\0" in line:
        raise DataMismatch(f"{where}: expected text, found NUL bytes: the file is damaged. {AGAIN}")
    text = line.decode("utf-8", "replace")
    fields = fields_of(text, where)
    if len(fields) != len(columns):
        raise DataMismatch(
            f"{where}: expected {len(columns)} fields ({', '.join(columns)}), found {len(fields)}: "
            f"{shortened(text.strip())}. The row was cut short or joined with another. {AGAIN}"
        )
    row = dict(zip(columns, fields, strict=True))
    label = parse_emotion(row["emotion"], where) if "emotion" in row else -1
    usage = parse_usage(row["usage"], where) if "usage" in row else None
    return label, parse_pixels(row["pixels"], where), usage


def fields_of(text, where):
    """The fields of one CSV line, stripped; raises DataMismatch for an unclosed quote or a line without an end."""
    if len(text) > LONGEST_LINE:
        raise DataMismatch(
            f"{where}: expected a line of at most {LONGEST_LINE:,} bytes, found no end within {len(text):,}. {AGAIN}"
        )
    try:
        fields = next(csv.reader([text], skipinitialspace=True, strict=True), ())
    except csv.Error as error:
        raise DataMismatch(f"{where}: expected comma-separated fields, found {error}. {AGAIN}") from error
    # Blanks of ASCII alone: a bare strip() would also take control characters such as "\x1c", which are damage.
    return [field.strip(whitespace) for field in fields]


def parse_emotion(text, where):
    if not is_digits(text) or int(text) >= len(EMOTIONS):
        raise DataMismatch(
            f"{where}: expected an emotion from 0 to {len(EMOTIONS) - 1}, found {shortened(text)}. Correct the label "
            f"({', '.join(f'{code} {name}' for code, name in enumerate(EMOTIONS))}) or remove the row."
        )
    return int(text)


def parse_usage(text, where):
    if text not in USAGES:
        raise DataMismatch(
            f"{where}: expected a Usage among {', '.join(USAGES)}, found {shortened(text)}. Correct it. {AGAIN}"
        )
    return USAGES.index(text)


def parse_pixels(text, where):
    tokens = text.split()
    for position, token in enumerate(tokens):
        if not is_digits(token) or int(token) > 255:
            raise DataMismatch(
                f"{where}: expected whole grey levels from 0 to 255, found {shortened(token)} as pixel {position + 1}. "
                f"Grey levels are neither scaled nor signed in this file: undo what changed them. {AGAIN}"
            )
    if len(tokens) != PIXELS:
        raise DataMismatch(
            f"{where}: expected {PIXELS:,} pixels ({SIDE} × {SIDE}), found {len(tokens):,}. "
            f"The row was cut short, or holds an image of another size. {AGAIN}"
        )
    return bytes(map(int, tokens))


def is_digits(text):
    """Whether `text` is one to three plain digits; `int` alone would let "+7", "1_0" and "٣" through."""
    return 0 < len(text) <= 3 and text.isascii() and text.isdigit()


def shortened(text, length=40):
    """`text` in quotes, cut to `length` characters for a message; "nothing" where it is empty."""
    if not text:
        return "nothing"
    return repr(text if len(text) <= length else text[: length - 1] + "…")
