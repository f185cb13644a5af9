"""How far a share of right answers can be off, and whether two models differ on the same faces."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from fercourse.errors import ParameterError
from fercourse.settings import is_number, plain


@dataclass(frozen=True)
class Paired:
    """A paired comparison: faces that only the first got right, only the second, and the probability of a split at
    least that uneven if neither were better."""

    wins: int
    losses: int
    p_value: float


def wilson(right: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share: `right` of `n`, as (low, high), 0 to 1 (Wilson 1927). (0, 1) for n = 0.

    >>> low, high = wilson(50, 100)
    >>> print(f"{low:.3f} to {high:.3f}")
    0.404 to 0.596
    """
    level = plain(level)
    if not is_number(level) or not 0 < level < 1:
        raise ParameterError(f"level {level!r}: a level lies between 0 and 1, such as 0.95")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = right / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def paired(wins, losses):
    """The `Paired` of so many faces on either side, by the exact binomial test, two-sided; p = 1 for none."""
    from scipy.stats import binomtest  # here: the one figure that needs it, and a second to import

    return Paired(wins, losses, float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0)
