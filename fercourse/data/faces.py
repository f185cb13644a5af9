"""The two nouns of the data room: a `Split` is images with labels, `Faces` is the three splits of one data set."""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np

from fercourse.data.arguments import whole_number
from fercourse.errors import DataMismatch, ParameterError

EMOTIONS = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")
"""The seven classes, in the order of the codes 0 to 6 in fer2013.csv."""

USAGES = ("Training", "PublicTest", "PrivateTest")
"""The three usages of fer2013.csv, in the order train, valid, test."""

SPLITS = ("train", "valid", "test")
"""The names of the three splits, in the order of `USAGES`."""

OFFICIAL_COUNTS = {
    "Training": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "PublicTest": (467, 56, 496, 895, 653, 415, 607),
    "PrivateTest": (491, 55, 528, 879, 594, 416, 626),
}
"""Faces of each emotion, in the order of `EMOTIONS`, in each usage of FER2013."""

BALLOT = (*EMOTIONS, "Contempt", "Unknown", "Not a face")
"""What a FER+ voter could answer: the columns of `Split.votes`."""

SIDE = 48
"""Height and width of a face, in pixels."""


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels; read-only, and apart from the arrays that it was made of.

    images: uint8 (N, 48, 48), grey levels 0 to 255
    labels: int64 (N,), codes 0 to 6 into `EMOTIONS`; all -1 where the labels are not published
    name:   "train", "valid" or "test"
    source: where the images came from, for captions and records
    votes:  uint8 (N, 10), FER+ voters for each answer of `BALLOT`, or None
    drawn:  whether these are drawn faces; None where nobody said: figures then say what the run says

    Arrays that somebody can still write to are copied, `frozen` ones are shared. Raises DataMismatch where shapes,
    dtypes or codes are off.

    >>> split = Split(np.zeros((4, 48, 48), np.uint8), np.array([3, 3, 6, 0]), "train", "an example")
    >>> split.counts()["Happy"], len(split[:2]), len(split[split.labels == 6])
    (2, 2, 1)
    """

    images: np.ndarray
    labels: np.ndarray
    name: str
    source: str
    votes: np.ndarray | None = None
    drawn: bool | None = None

    def __post_init__(self):
        rows = np.shape(self.images)[:1]
        self._keep("images", np.uint8, (*rows, SIDE, SIDE))
        self._keep("labels", np.int64, rows)
        if self.votes is not None:
            self._keep("votes", np.uint8, (*rows, len(BALLOT)))
        outside = (self.labels < 0) | (self.labels >= len(EMOTIONS))
        if outside.any() and not (self.labels == -1).all():
            row = int(outside.argmax())
            raise DataMismatch(
                f"{self.source}: expected labels 0 to {len(EMOTIONS) - 1}, found {self.labels[row]} at position {row}"
            )

    def _keep(self, what, dtype, shape):
        """Make the field `what` read-only, copied where that is needed; DataMismatch where it is another array."""
        array = getattr(self, what)
        is_array = isinstance(array, np.ndarray)
        if not is_array or array.dtype != dtype or array.shape != shape:
            found = f"{array.dtype} {array.shape}" if is_array else f"a {type(array).__name__}"
            raise DataMismatch(f"{self.source}: expected {what} of {np.dtype(dtype)} {shape}, found {found}")
        shared = is_frozen(array) and array.flags.c_contiguous  # PyTorch takes no array that runs backwards
        object.__setattr__(self, what, array if shared else frozen(np.array(array, order="C")))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        """The faces at a slice, an index array or a boolean mask, as a Split."""
        if isinstance(index, (int, np.integer)):
            raise ParameterError(
                f"a split takes a slice or an array of positions; for one face use images[{index}] and labels[{index}]"
            )
        votes = None if self.votes is None else frozen(self.votes[index])
        return replace(self, images=frozen(self.images[index]), labels=frozen(self.labels[index]), votes=votes)

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
        """`n` faces in their old order, each class with its share (largest remainder, of equal ones the lower code).

        The same for one seed.

        Raises ParameterError where the split has fewer than `n`, and for an `n` or a `seed` that is no whole number.
        """
        n, seed = whole_number("n", n), whole_number("seed", seed)
        if n > len(self):
            raise ParameterError(f"take({n}): the {self.name} split has {len(self):,} faces")
        if n == len(self):
            return self
        generator = np.random.default_rng(seed)
        members = [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)]
        # In whole numbers: in floats, rounding would choose among classes with equal remainders.
        share, left = np.divmod(n * np.array([len(rows) for rows in members], np.int64), len(self))
        share[np.argsort(-left, kind="stable")[: n - share.sum()]] += 1
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
    official: whether the three splits are FER2013's own: nobody said that they are not, none is drawn, and the faces of
              each emotion in each of them are as many as published. It is counted here, whatever a file says
    drawn:    whether these are drawn faces: a figure from them says so wherever it stands. True as soon as one split is
    carved:   the seed by which `valid` was taken out of `train`, where the layout has no PublicTest; else None
    remarks:  what `load` says about them: what was left out, and why
    """

    train: Split
    valid: Split
    test: Split
    source: str
    official: bool = True
    drawn: bool = False
    carved: int | None = None
    remarks: tuple[str, ...] = ()

    def __post_init__(self):
        drawn = bool(self.drawn or any(split.drawn for split in self))
        for name, split in zip(SPLITS, self, strict=True):
            known = {"name": name, "drawn": drawn or split.drawn}
            if any(getattr(split, field) != value for field, value in known.items()):
                object.__setattr__(self, name, replace(split, **known))
        object.__setattr__(self, "drawn", drawn)
        object.__setattr__(self, "official", bool(self.official and not drawn and has_official_counts(self)))

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


def has_official_counts(faces):
    """Whether each split has as many faces of each emotion as its usage in FER2013."""
    return all(
        split.labelled and tuple(split.counts().values()) == counts
        for split, counts in zip(faces, OFFICIAL_COUNTS.values(), strict=True)
    )


def frozen(array):
    """`array`, made read-only together with what it is a view of."""
    base = array
    while isinstance(base, np.ndarray):
        base.flags.writeable = False
        base = base.base
    return array


def is_frozen(array):
    """Whether nobody can write to `array`: it and what it is a view of are read-only, and the memory is NumPy's."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return array is None or isinstance(array, bytes)
