"""Rows as they stand in a file, and how they become the three splits."""

from dataclasses import dataclass

import numpy as np

from fercourse.data.faces import EMOTIONS, SPLITS, USAGES, Faces, Split, frozen
from fercourse.errors import DataMismatch

CARVED_SHARE = 0.1
"""The part of each class of `train` that becomes `valid` where a layout has no PublicTest."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one file, in its order; they own their arrays, which their splits share.

    images: uint8 (N, 48, 48)
    labels: int64 (N,), -1 where the file has no `emotion` column
    usages: uint8 (N,), codes into `USAGES`, or None where the file has no `Usage` column
    votes:  uint8 (N, 10) in the order of `BALLOT`, or None
    """

    images: np.ndarray
    labels: np.ndarray
    usages: np.ndarray | None
    votes: np.ndarray | None = None

    def __len__(self):
        return len(self.labels)

    def where(self, mask):
        """The rows for which `mask` is true."""
        usages = None if self.usages is None else self.usages[mask]
        votes = None if self.votes is None else self.votes[mask]
        return Rows(self.images[mask], self.labels[mask], usages, votes)

    def split(self, where, name, source):
        """The rows at `where`, an index array, as a Split: a view where they stand together, else a copy."""
        together = len(where) > 0 and where[-1] - where[0] == len(where) - 1
        part = slice(where[0], where[-1] + 1) if together else where
        votes = None if self.votes is None else frozen(self.votes[part])
        return Split(frozen(self.images[part]), frozen(self.labels[part]), name, source, votes)


def faces_of(rows, source, *, seed):
    """Faces by usage; where there is no `valid` or no `test`, the one there is becomes `test` and `valid` is carved.

    A validation split that serves as `test` is named in the source.
    """
    if len(np.unique(rows.usages)) == len(USAGES):
        return faces_by_usage(rows, source)
    train, held_out = rows.where(rows.usages == 0), rows.where(rows.usages > 0)
    if len(held_out) == 0:
        raise DataMismatch(
            f"{source}: expected a test folder beside train (or file names that begin with {', '.join(USAGES)}), found "
            "none. Put test/<emotion>/… there: a course without test faces measures nothing."
        )
    if (held_out.usages == 1).all():
        source = f"{source} (its validation faces are the test faces)"
    return faces_with_carved_valid(train, held_out, source, seed=seed)


def faces_by_usage(rows, source):
    """Faces of rows that carry their usage. Raises DataMismatch where a usage has no row."""
    parts = [np.flatnonzero(rows.usages == code) for code in range(len(USAGES))]
    missing = [usage for usage, part in zip(USAGES, parts, strict=True) if len(part) == 0]
    if missing:
        raise DataMismatch(
            f"{source}: expected rows of {', '.join(USAGES)}, found none of {', '.join(missing)} among {len(rows):,} "
            "rows. The file was cut short or filtered: get it again."
        )
    return Faces(*(rows.split(part, name, source) for part, name in zip(parts, SPLITS, strict=True)), source)


def faces_with_carved_valid(train, test, source, *, seed):
    """Faces of two `Rows`: a stratified part of `train`, chosen by `seed`, becomes `valid`."""
    inside = carved(train.labels, seed=seed)
    return Faces(
        train.split(np.flatnonzero(~inside), "train", source),
        train.split(np.flatnonzero(inside), "valid", source),
        test.split(np.arange(len(test)), "test", source),
        source,
        carved=seed,
    )


def carved(labels, *, seed):
    """A mask over `labels`, true for a tenth of each class (at least one face of it, where it has two)."""
    generator = np.random.default_rng(seed)
    inside = np.zeros(len(labels), bool)
    for label in range(len(EMOTIONS)):
        members = np.flatnonzero(labels == label)
        size = max(round(CARVED_SHARE * len(members)), int(len(members) > 1))
        inside[generator.choice(members, size, replace=False)] = True
    return inside
