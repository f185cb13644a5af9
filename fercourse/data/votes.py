"""FER+ votes (Barsoum et al. 2016): ten people's answers a face, joined to FER2013 by row, and only where it fits."""

import csv
from dataclasses import replace

import numpy as np

from fercourse.data.faces import BALLOT, EMOTIONS, USAGES
from fercourse.data.find import located
from fercourse.data.layouts.archives import reading
from fercourse.data.layouts.csv.rows import is_digits, shortened
from fercourse.data.layouts.csv.writer import VOTE_COLUMNS
from fercourse.data.recognise import beside
from fercourse.errors import DataMismatch, DataNotFound

VOTES_FILE = "fer2013new.csv"
REMEDY = "Get the file again from the FER+ repository, or load with votes=None."

BLOCK = 250
"""Rows whose majority is compared with the labels at once: a shift or a swap of that many is noticed."""

LEAST_AGREEMENT = 0.4
"""Share of a block whose labels the majority must confirm: 0.5 to 0.8 in the right order, about 0.2 in a wrong one."""


def votes_beside(found, votes):
    """The votes file to join to what was found: for "auto" the one beside it (or in its folder) or None, else the path
    `votes` or None.

    Raises DataNotFound where the path is not there, DataMismatch where the layout has no row order to join by.
    """
    if votes is None:
        return None
    if votes == "auto":
        inside = beside(found.path / VOTES_FILE, VOTES_FILE) if found.path.is_dir() else None
        return inside or beside(found.path, VOTES_FILE)
    if found.layout not in ("csv", "npz"):
        raise DataMismatch(
            f"{found.path}: expected rows in the order of fer2013.csv to join {votes} to, found {found.layout}, which "
            "keep no order. Load fer2013.csv, or use votes=None."
        )
    path = located(votes)
    if not path.is_file():
        raise DataNotFound(f"no FER+ votes at {path}. Get {VOTES_FILE} from the FER+ repository, or use votes=None.")
    return path


def with_votes(rows, path, source, *, insist):
    """`rows` with the votes of the file at `path` (or None), and a remark where they were left out: (rows, remarks).

    insist: whether to raise DataMismatch instead
    """
    if path is None:
        return rows, ()
    try:
        return join_votes(rows, path, source), ()
    except (DataMismatch, DataNotFound) as error:
        if insist:
            raise
        return rows, (remark(error),)


def left_out(faces, path, why):
    """`faces` with a remark that the votes file at `path` (or None) is left out, unless they have votes."""
    return (
        faces
        if path is None or faces.train.votes is not None
        else replace(faces, remarks=(remark(f"{path} is left out: {why}."),))
    )


def remark(why):
    return f"fercourse: no FER+ votes are joined: {why}"


def join_votes(rows, path, source):
    """`rows` with the votes of the file at `path`: uint8 (N, 10) in the order of `BALLOT`.

    Raises DataMismatch unless the rows carry their usages, the number of rows and every usage agree, and the majority
    vote agrees with enough labels in every block of 250 rows.
    """
    if rows.usages is None:
        raise DataMismatch(f"{source}: expected a Usage column, to join {path} by, found none. Use votes=None.")
    votes, usages = read_votes(path)
    if len(votes) != len(rows):
        raise mismatch(path, source, f"{len(rows):,} rows", f"{len(votes):,}")
    if (different := usages != np.array(USAGES)[rows.usages]).any():
        row = int(different.argmax())
        raise mismatch(path, source, f"Usage {USAGES[rows.usages[row]]} in row {row + 1}", usages[row])
    agreement = block_agreement(votes, rows.labels)
    if agreement.min() < LEAST_AGREEMENT:
        first = int(agreement.argmin()) * BLOCK
        raise mismatch(
            path,
            source,
            f"the majority to confirm at least {LEAST_AGREEMENT:.0%} of the labels in every {BLOCK} rows",
            f"{agreement.min():.0%} from row {first + 1} on: these are votes for another order of rows, or hardly any "
            "for an emotion",
        )
    return replace(rows, votes=votes)


def block_agreement(votes, labels):
    """The share of labels that the majority vote confirms, in each block of rows: float (blocks,).

    A last block that is short is joined with the one before.
    """
    agrees = votes[:, : len(EMOTIONS)].argmax(axis=1) == labels
    blocks = max(len(labels) // BLOCK, 1)
    starts = np.arange(blocks) * BLOCK
    return np.add.reduceat(agrees, starts) / np.diff(starts, append=len(labels))


def read_votes(path):
    """Votes uint8 (N, 10) in the order of `BALLOT` and usages str (N,) of a fer2013new.csv, mapped by column name."""
    with reading(path), open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        table = csv.reader(line.replace("\0", "?") for line in file)
        header = [column.strip() for column in next(table, [])]
        missing = {"Usage", *VOTE_COLUMNS}.difference(header)
        if missing:
            raise DataMismatch(
                f"{path}: expected the columns Usage, {', '.join(VOTE_COLUMNS)}, found no "
                f"{', '.join(sorted(missing))} in {shortened(','.join(header))}. {REMEDY}"
            )
        if twice := {column for column in (*VOTE_COLUMNS, "Usage") if header.count(column) > 1}:
            raise DataMismatch(f"{path}: expected each column once, found two of {', '.join(sorted(twice))}. {REMEDY}")
        by_answer = {answer: header.index(column) for column, answer in VOTE_COLUMNS.items()}
        columns = [by_answer[answer] for answer in BALLOT]
        rows = [row for row in table if row]
    votes = [votes_of(row, columns, f"{path}, row {number}") for number, row in enumerate(rows, 1)]
    usages = [row[header.index("Usage")].strip() for row in rows]
    return np.array(votes, np.uint8).reshape(-1, len(BALLOT)), np.array(usages, dtype=str)


def votes_of(row, columns, where):
    """The counts at `columns` of one row. Raises DataMismatch where one is missing or no count from 0 to 255."""
    fields = [row[column].strip() if column < len(row) else "" for column in columns]
    if wrong := [field for field in fields if not is_digits(field) or int(field) > 255]:
        raise DataMismatch(f"{where}: expected counts of votes, found {shortened(wrong[0])}. {REMEDY}")
    return [int(field) for field in fields]


def mismatch(path, source, expected, found):
    return DataMismatch(
        f"{path}: expected votes for the rows of {source}, {expected}, found {found}. "
        f"Use the {VOTES_FILE} that belongs to fer2013.csv, or load with votes=None."
    )
