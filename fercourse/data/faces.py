"""The two nouns of the data room: a `Split` is images with labels, `Faces` is the three splits of one data set."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from operator import index
from typing import Any, overload

import numpy as np

from fercourse.errors import DataMismatch, ParameterError
from fercourse.settings import choice, is_whole, plain, seed_number, whole

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

BRIGHTEST = 10
"""Over this no face is meant in [0, 1], however it was changed: it is in grey levels from 0 to 255."""

MOST_OUTSIDE = 0.25
"""The share of pixels that an augmentation may put outside of [0, 1], as noise does."""


def check_codes(labels):
    """Raise ParameterError where the labels of a batch, int (B,) of NumPy or torch, are not codes into `EMOTIONS`."""
    outside = (labels < 0) | (labels >= len(EMOTIONS))
    if outside.any():
        raise ParameterError(
            f"expected labels from 0 to {len(EMOTIONS) - 1}, the codes of fc.EMOTIONS; found {int(labels[outside][0])} "
            "in the stream. Leave faces without a label out of it"
        )


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels; read-only, and apart from the arrays that it was made of.

    images: uint8 (N, 48, 48), grey levels 0 to 255
    labels: int64 (N,), codes 0 to 6 into `EMOTIONS`; all -1 where the labels are not published
    name:   "train", "valid" or "test"; "own" for photos of your own
    source: where the images came from, for captions and records
    votes:  uint8 (N, 10), FER+ voters for each answer of `BALLOT`, or None
    drawn:  whether these are drawn faces; None where nobody said: figures then say what the run says

    `split[3]` is (image, label), so that a Split is a dataset as PyTorch's DataLoader, Subset and random_split take it:
    its batches are those of `fc.batches`. Slices, arrays of positions and masks give a Split.

    Arrays that somebody can still write to are copied, `frozen` ones are shared. PyTorch knows no tensor that is
    read-only, and one that shares the memory of a split (`torch.from_numpy`, which warns once, `as_tensor`,
    `from_dlpack`) can be written to all the same: take `torch.tensor(split.images)`, which copies. Raises DataMismatch
    where shapes, dtypes or codes are off.

    >>> split = Split(np.zeros((4, 48, 48), np.uint8), np.array([3, 3, 6, 0]), "train", "an example")
    >>> split.counts()["Happy"], len(split[:2]), len(split[split.labels == 6])
    (2, 2, 1)
    >>> image, label = split[2]
    >>> image.shape, image.dtype, label
    ((1, 48, 48), dtype('float32'), 6)
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

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.__post_init__()  # what a pickle or a deep copy brings can be written to

    def __len__(self):
        return len(self.labels)

    @overload
    def __getitem__(self, index: int) -> tuple[np.ndarray, int]: ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | np.ndarray) -> "Split": ...

    def __getitem__(self, index):
        """One face as (image, label), or those at a slice, an array of positions or a mask as a Split.

        image: float32 (1, 48, 48) in [0, 1], not uint8: outside the networks that is what a face is everywhere here,
               and what they take
        label: an int, 0 to 6; -1 where it is not known

        Raises IndexError where no face is there, ParameterError for an index that is none.
        """
        position = plain(index)
        if is_whole(position):
            return self.images[position, None].astype(np.float32) / 255, int(self.labels[position])
        if position is None or isinstance(position, (bool, float, str, tuple)):
            raise ParameterError(f"expected a position, a slice, an array of positions or a mask; found {index!r}")
        votes = None if self.votes is None else frozen(self.votes[index])
        return replace(self, images=frozen(self.images[index]), labels=frozen(self.labels[index]), votes=votes)

    def __iter__(self) -> Iterator[tuple[np.ndarray, int]]:
        return (self[position] for position in range(len(self)))

    def __repr__(self):
        faces = "1 face" if len(self) == 1 else f"{len(self):,} faces"
        return f"Split({self.name}, {faces}, {self.source})"

    def with_transform(self, transform: Callable[[Any], Any]) -> "Transformed":
        """These faces as a dataset whose images go through `transform`, each time that they are asked for.

        transform: gets what torchvision's own datasets give it, a PIL image of mode L, and so may be any transform of
                   torchvision (v1, v2) or a chain of them. For a batch that a network takes it ends in
                   `v2.ToImage(), v2.ToDtype(torch.float32, scale=True)`.

        For a DataLoader; `fc.fit` has `augment`, whose random numbers come from the run's seed. Those of torchvision
        come from `torch.manual_seed`.
        """
        if not callable(transform):
            raise ParameterError(f"expected a transform, a function of an image; found {transform!r}")
        return Transformed(self, transform)

    @property
    def labelled(self) -> bool:
        """Whether the labels are known."""
        return len(self) == 0 or self.labels[0] >= 0

    def counts(self) -> dict[str, int]:
        """Faces of each emotion: a dict, name to number, in the order of `EMOTIONS`."""
        if not self.labelled:
            raise DataMismatch(f"the {self.name} split of {self.source} has no labels: they were never published")
        numbers = np.bincount(self.labels, minlength=len(EMOTIONS))
        return dict(zip(EMOTIONS, numbers.tolist(), strict=True))

    def take(self, n: int, *, seed: int = 0) -> "Split":
        """`n` faces in their old order, each class with its share (largest remainder, of equal ones the lower code).

        The same for one seed.

        Raises ParameterError where the split has fewer than `n`, and for an `n` or a `seed` that is no whole number.
        """
        n, seed = whole("n", n, least=0), seed_number(seed)
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
    def fingerprint(self) -> str:
        """Sixteen hex digits that name these faces with these labels, in whatever order they stand."""
        digests = sorted(
            blake2b(image.tobytes() + bytes([label & 255]), digest_size=16).digest()
            for image, label in zip(self.images, self.labels.tolist(), strict=True)
        )
        return blake2b(b"".join(digests), digest_size=8).hexdigest()


@dataclass(frozen=True, eq=False)
class Transformed:
    """The faces of a split, each through `transform`: (transform(image), label), as `Split.with_transform` says."""

    split: Split
    transform: Callable[[Any], Any]

    def __len__(self):
        return len(self.split)

    def __getitem__(self, position: int) -> tuple[Any, int]:
        from PIL import Image  # here: most who use a Split never need it

        position = index(position)
        return self.transform(Image.fromarray(self.split.images[position])), int(self.split.labels[position])


@dataclass(frozen=True, eq=False)
class Faces:
    """One data set: `train` (Training), `valid` (PublicTest) and `test` (PrivateTest).

    `faces.train` and `faces["train"]` are one split; a loop over the faces goes through all three.

    source:   where it was read from, or how it was drawn
    official: whether the three splits are FER2013's own: nobody said that they are not, none is drawn, and the faces of
              each emotion in each of them are as many as published. It is counted here, whatever a file says; `load`
              also compares their mean grey levels, so that changed faces are not official
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

    def __iter__(self) -> Iterator[Split]:
        return iter((self.train, self.valid, self.test))

    def __getitem__(self, name: str) -> Split:
        """The split of that name. Raises ParameterError for another one."""
        return getattr(self, choice("split", name, SPLITS))

    def __repr__(self):
        sizes = " / ".join(f"{len(split):,}" for split in self)
        carved = "" if self.official or self.drawn else ", not FER2013's own splits"
        return f"Faces({self.source}: {sizes}{carved}, fingerprint {self.fingerprint})"

    def _repr_html_(self):
        from fercourse.data.preview import html_of  # here: a script shows none

        return html_of(self, EMOTIONS)

    @cached_property
    def fingerprint(self) -> str:
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
