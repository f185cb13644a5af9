"""The two nouns of the data room: a `Split` is images with labels, `Faces` is the three splits of one data set."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from fercourse.errors import DataMismatch, ParameterError

EMOTIONS = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")
"""The seven classes, in the order of the codes 0 to 6 in fer2013.csv."""

USAGES = ("Training", "PublicTest", "PrivateTest")
"""The three usages of fer2013.csv, in the order train, valid, test."""

BALLOT = (*EMOTIONS, "Contempt", "Unknown", "Not a face")
"""What a FER+ voter could answer: the columns of `Split.votes`."""

SIDE = 48
"""Height and width of a face, in pixels."""


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels; read-only.

    images: uint8 (N, 48, 48), grey levels 0 to 255
    labels: int64 (N,), codes 0 to 6 into `EMOTIONS`; all -1 where the labels are not published
    name:   "train", "valid" or "test"
    source: where the images came from, for captions and records
    votes:  uint8 (N, 10), FER+ voters for each answer of `BALLOT`, or None

    Raises DataMismatch where shapes, dtypes or codes are off.

    >>> split = Split(np.zeros((4, 48, 48), np.uint8), np.array([3, 3, 6, 0]), "train", "an example")
    >>> split.counts()["Happy"], len(split[:2]), len(split[split.labels == 6])
    (2, 2, 1)
    """

    images: np.ndarray
    labels: np.ndarray
    name: str
    source: str
    votes: np.ndarray | None = None

    def __post_init__(self):
        images, labels, votes = self.images, self.labels, self.votes
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
            raise DataMismatch(
                f"{self.source}: expected images of uint8 (N, {SIDE}, {SIDE}), found {images.dtype} {images.shape}"
            )
        if labels.dtype != np.int64 or labels.shape != images.shape[:1]:
            raise DataMismatch(
                f"{self.source}: expected labels of int64 ({len(images)},), found {labels.dtype} {labels.shape}"
            )
        outside = (labels < 0) | (labels >= len(EMOTIONS))
        if outside.any() and not (labels == -1).all():
            row = int(outside.argmax())
            raise DataMismatch(
                f"{self.source}: expected labels 0 to {len(EMOTIONS) - 1}, found {labels[row]} at position {row}"
            )
        if votes is not None and votes.shape != (len(labels), len(BALLOT)):
            raise DataMismatch(
                f"{self.source}: expected votes of shape ({len(labels)}, {len(BALLOT)}), found {votes.shape}"
            )
        images.flags.writeable = labels.flags.writeable = False

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        """The faces at a slice, an index array or a boolean mask, as a Split."""
        if isinstance(index, (int, np.integer)):
            raise ParameterError(
                f"a split takes a slice or an array of positions; for one face use images[{index}] and labels[{index}]"
            )
        votes = None if self.votes is None else self.votes[index]
        return Split(self.images[index], self.labels[index], self.name, self.source, votes)

    def __repr__(self):
        return f"Split({self.name}, {len(self):,} faces, {self.source})"

    @property
    def labelled(self):
        """Whether the labels are known."""
        return len(self) == 0 or self.labels[0] >= 0

    def counts(self):
        """Faces of each emotion: a dict, name to number, in the order of `EMOTIONS`."""
        if not self.labelled:
            raise DataMismatch(f"the {self.name} split of {self.source} has no labels: they were never published")
        numbers = np.bincount(self.labels, minlength=len(EMOTIONS))
        return dict(zip(EMOTIONS, numbers.tolist(), strict=True))

    def take(self, n, *, seed=0):
        """`n` faces in their old order, each class with its share (largest remainder); the same for one seed.

        Raises ParameterError where the split has fewer than `n`.
        """
        if not 0 <= n <= len(self):
            raise ParameterError(f"take({n}): the {self.name} split has {len(self):,} faces")
        if n == len(self):
            return self
        generator = np.random.default_rng(seed)
        members = [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)]
        exact = np.array([n * len(rows) / len(self) for rows in members])
        share = np.floor(exact).astype(int)
        share[np.argsort(share - exact, kind="stable")[: n - share.sum()]] += 1
        chosen = [generator.choice(rows, size, replace=False) for rows, size in zip(members, share, strict=True)]
        return self[np.sort(np.concatenate(chosen))]

    @cached_property
    def fingerprint(self):
        """Sixteen hex digits that name these faces with these labels, in whatever order they stand."""
        digests = sorted(
            blake2b(image.tobytes() + bytes([label & 255]), digest_size=16).digest()
            for image, label in zip(self.images, self.labels.tolist(), strict=True)
        )
        return blake2b(b"".join(digests), digest_size=8).hexdigest()


@dataclass(frozen=True, eq=False)
class Faces:
    """One data set: `train` (Training), `valid` (PublicTest) and `test` (PrivateTest).

    source:   where it was read from, or how it was drawn
    official: whether the three parts are FER2013's own, and not carved by this package
    drawn:    whether these are drawn faces: a figure from them says so wherever it stands
    """

    train: Split
    valid: Split
    test: Split
    source: str
    official: bool = True
    drawn: bool = False

    def __iter__(self):
        return iter((self.train, self.valid, self.test))

    def __repr__(self):
        sizes = " / ".join(f"{len(split):,}" for split in self)
        carved = "" if self.official or self.drawn else ", not FER2013's own splits"
        return f"Faces({self.source}: {sizes}{carved}, fingerprint {self.fingerprint})"

    @cached_property
    def fingerprint(self):
        """Eight hex digits that name the whole data set, whichever file layout it was read from."""
        return blake2b("".join(split.fingerprint for split in self).encode(), digest_size=4).hexdigest()
