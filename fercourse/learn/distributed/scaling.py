"""What more processes bring, predicted from what was measured with one: data, steps and communication."""

from dataclasses import dataclass

from fercourse.errors import ParameterError
from fercourse.settings import number, whole


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """The seconds of one step over a batch that `processes` share, from five measured numbers.

    data:      seconds to prepare a batch; every process prepares the whole one, so more processes save nothing here
    fixed:     seconds of a step however few its faces: the optimiser, and starting each operation
    per_face:  seconds of a step for each face: arithmetic over the rate at which it is done
    gradients: bytes that every process has to learn from all others in each step
    bandwidth: bytes a second between two processes. latency: seconds of one message, however small.
    cores:     of this machine, where processes share them; None where each has its own

    Source of the ring's time: Patarasuk and Yuan, Bandwidth Optimal All-reduce Algorithms (2009).

    >>> free = Scaling(data=0, fixed=0, per_face=0.001, gradients=0, bandwidth=1e9, latency=0)
    >>> free.speed_up(8, batch_size=128)
    8.0
    """

    data: float
    fixed: float
    per_face: float
    gradients: float
    bandwidth: float
    latency: float
    cores: int | None = None

    def __post_init__(self):
        for name in ("data", "fixed", "per_face", "gradients", "latency"):
            number(name, getattr(self, name), "of at least 0", lambda value: value >= 0)
        number("bandwidth", self.bandwidth, "above 0", lambda value: value > 0)
        if self.cores is not None:
            whole("cores", self.cores)

    def parts(self, processes: int, *, batch_size: int) -> dict[str, float]:
        """Seconds of one step by what they go into: {"data", "step", "communication"}."""
        processes, batch_size = whole("processes", processes), whole("batch_size", batch_size)
        crowd = max(1, processes / self.cores) if self.cores else 1
        return {
            "data": crowd * self.data,
            "step": crowd * (self.fixed + self.per_face * batch_size / processes),
            "communication": ring_seconds(processes, self.gradients, self.bandwidth, self.latency),
        }

    def seconds(self, processes: int, *, batch_size: int) -> float:
        """Seconds of one step over `batch_size` faces that so many processes share."""
        return sum(self.parts(processes, batch_size=batch_size).values())

    def speed_up(self, processes: int, *, batch_size: int) -> float:
        """How many times faster the same batch is done than by one process."""
        return self.seconds(1, batch_size=batch_size) / self.seconds(processes, batch_size=batch_size)


def ring_seconds(processes: int, size: float, bandwidth: float, latency: float) -> float:
    """Seconds of a ring's all-reduce of `size` bytes: 2 (p − 1) messages, each of a p-th of the bytes.

    Lesson 12b writes it as a part of its `seconds`.
    """
    messages = 2 * (processes - 1)
    return messages * (latency + size / processes / bandwidth)


def line_through(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """(fixed, per face): the line through two measurements (faces, seconds); neither is below 0.

    Raises ParameterError where both are of equally many faces.
    """
    if one[0] == other[0]:
        raise ParameterError(f"expected seconds for two numbers of faces; found {one[0]} twice")
    slope = max(0.0, (other[1] - one[1]) / (other[0] - one[0]))
    return max(0.0, one[1] - slope * one[0]), slope
