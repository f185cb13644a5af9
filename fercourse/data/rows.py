"""Rows as they stand in a file, and how they become the three splits."""

from dataclasses import dataclass

import numpy as np

from fercourse.data.faces import EMOTIONS, USAGES, Faces, Split
from fercourse.errors import DataMismatch

OFFICIAL_COUNTS = {
    "Training": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "PublicTest": (467, 56, 496, 895, 653, 415, 607),
    "PrivateTest": (491, 55, 528, 879, 594, 416, 626),
}
"""Faces of each emotion, in the order of `EMOTIONS`, in each usage of FER2013."""

CARVED_SHARE = 0.1
"""The part of each class of `train` that becomes `valid` where a layout has no PublicTest."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one file, in its order.

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
        votes = None if self.votes is None else self.votes[part]
        return Split(self.images[part], self.labels[part], name, source, votes)


def faces_by_usage(rows, source):
    """Faces of rows that carry their usage. Raises DataMismatch where a usage has no row."""
    parts = [np.flatnonzero(rows.usages == code) for code in range(len(USAGES))]
    missing = [usage for usage, part in zip(USAGES, parts, strict=True) if len(part) == 0]
    if missing:
        raise DataMismatch(
            f"{source}: expected rows of {', '.join(USAGES)}, found none of {', '.join(missing)} among {len(rows):,} "
            "rows. The file was cut short or filtered: get it again."
        )
    names = ("train", "valid", "test")
    return Faces(*(rows.split(part, name, source) for part, name in zip(parts, names, strict=True)), source)


def faces_with_carved_valid(train, test, source, *, seed):
    """Faces of two `Rows`, official=False: a stratified part of `train`, chosen by `seed`, becomes `valid`."""
    inside = carved(train.labels, seed=seed)
    return Faces(
        train.split(np.flatnonzero(~inside), "train", source),
        train.split(np.flatnonzero(inside), "valid", source),
        test.split(np.arange(len(test)), "test", source),
        source,
        official=False,
    )


def has_official_counts(faces):
    """Whether each split has the class counts of its usage in FER2013."""
    return all(
        split.labelled and tuple(split.counts().values()) == counts
        for split, counts in zip(faces, OFFICIAL_COUNTS.values(), strict=True)
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
