"""Each process's part of a stream of batches, without a sampler: one order drawn everywhere, each takes its share."""

import warnings
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from fercourse.errors import DataMismatch, ParameterError
from fercourse.learn.augment import Augment
from fercourse.settings import flag, whole


class Shares:
    """This process's part of each batch of a stream: of the faces of a batch, every `world`-th from `rank` on.

    stream: batches (images, labels), the same in every process, in the same order: from generators of the same seed.
    even:   True in training: all parts of a batch are equally large, so that the mean of their gradients is the
            gradient of the batch. Up to world − 1 faces of a batch are left out for it; rank 0 warns how many.
            False in evaluation: every face is in exactly one part, whatever `world` is.
    augment, generator: changes of the faces. Each process draws for the whole batch, and works on its own part alone.

    Afterwards `seen` says how many faces this process had, `left_out` how many no process had.
    Raises ParameterError for a rank outside of 0 to world − 1; DataMismatch, at the end, where nothing was left for
    this process. Lesson 12 builds it by hand, as a function that yields.

    >>> faces = [(torch.arange(5), torch.arange(5))]
    >>> [labels.tolist() for _, labels in Shares(faces, 0, 2, even=False)]
    [[0, 2, 4]]
    """

    def __init__(
        self,
        stream: Iterable[tuple[Tensor, Tensor]],
        rank: int,
        world: int,
        *,
        even: bool,
        augment: Augment | None = None,
        generator: torch.Generator | None = None,
    ):
        self.rank, self.world, self.even = whole("rank", rank, least=0), whole("world", world), flag("even", even)
        if self.rank >= self.world:
            raise ParameterError(f"expected rank, from 0 to {self.world - 1} of {self.world}; found rank={rank}")
        self.stream, self.augment, self.generator = stream, augment, generator
        self.seen = self.left_out = 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        self.seen = self.left_out = 0
        for images, labels in self.stream:
            count = len(labels)
            kept = count - count % self.world if self.even else count
            draws = self.augment and self.augment.draws(count, self.generator)
            mine = slice(self.rank, kept, self.world)
            self.seen += len(labels[mine])
            self.left_out += count - kept
            if len(labels[mine]):
                yield self._changed(images[mine], draws, mine), labels[mine]
        self._tell()

    def _changed(self, images, draws, mine):
        return images if draws is None else self.augment.apply(images, draws[mine])

    def _tell(self):
        if self.left_out and self.rank == 0:
            said = f"{self.left_out} of {self.left_out + self.seen * self.world} faces were left out"
            warnings.warn(f"{said}: {self.world} processes get equally many of each batch", stacklevel=3)
        if not self.seen:
            raise DataMismatch(f"expected a face for each of {self.world} processes, found none for rank {self.rank}")
