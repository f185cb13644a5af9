"""Further columns (an index, names of files, votes) cut out of a block of lines, so that the rest is read at once."""

import csv

from fercourse.data.layouts.csv.rows import KNOWN, LONGEST_LINE

DAMAGE = (b"\0", b"\r")
"""Bytes that stand in no honest line."""


def known(columns):
    """The columns that are read, in their order."""
    return tuple(column for column in columns if column in KNOWN)


def with_known_columns(block, columns):
    """`block`, bytes of whole lines, with the fields of the known columns alone.

    None where a line has not one field for each of the `columns`, or is damaged: `rows.parse_line` names its row.
    """
    wanted = [position for position, column in enumerate(columns) if column in KNOWN]
    if len(wanted) == len(columns):
        return block
    if any(byte in block for byte in DAMAGE):
        return None
    rows = [fields_of(line) for line in block[:-1].split(b"\n") if line.strip()]
    if any(len(row) != len(columns) for row in rows):
        return None
    cut = b"".join(b",".join([row[position] for position in wanted]) + b"\n" for row in rows)
    return None if b'"' in cut else cut  # quotes within quotes are no number and no usage


def fields_of(line):
    """The fields of a line, bytes as they stand there; none where it is too long or a quote is out of place."""
    if len(line) > LONGEST_LINE:
        return []
    if b'"' not in line:
        return line.split(b",")
    try:
        fields = next(csv.reader([line.decode("latin-1")], skipinitialspace=True, strict=True))
    except csv.Error:
        return []
    return [field.encode("latin-1") for field in fields]
