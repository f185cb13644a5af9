"""Whether one recipe is better than another: several trainings of each, and how often chance does as much.

SciPy's `permutation_test` does it as well, with options for what is no question here, and a second to import.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from fercourse.errors import ParameterError
from fercourse.settings import flag, is_number, plain

MOST = 200_000
"""So many ways are counted one by one."""


@dataclass(frozen=True)
class Recipes:
    """A comparison of two recipes: how much better the first is in the mean, in the unit of the figures; the share of
    ways to call the trainings by the other recipe's name that give a difference at least as large, either way; and
    the smallest share that so few trainings could give."""

    difference: float
    p_value: float
    least: float


def over_seeds(new: Sequence[float], old: Sequence[float], *, paired: bool = True) -> Recipes:
    """Compare two recipes by one figure of each training, such as its accuracy: a `Recipes`.

    Built by hand in lesson 07.

    paired: whether the trainings at the same place share a seed. Then the two figures of each seed are swapped in all
            possible ways (sign flips, Fisher 1935): n seeds have 2ⁿ of them, so that p is never below 2 / 2ⁿ: 0.25
            for three seeds, 0.008 for eight. Else all figures are dealt out anew in all possible ways (a permutation
            test), and the two may be of different number.

    Every way is counted, so p is exact. Raises ParameterError for figures that are no finite numbers, for fewer than
    two of a recipe, for pairs of different number, and for more than 200,000 ways.

    >>> over_seeds([0.52, 0.51, 0.53], [0.50, 0.49, 0.50]).p_value
    0.25
    """
    paired = flag("paired", paired)
    if paired:
        _check_order(new, old)
    new, old = _figures("new", new), _figures("old", old)
    difference = float(new.mean() - old.mean())
    if paired:
        if len(new) != len(old):
            raise ParameterError(
                f"expected one figure of each recipe for each seed, found {len(new)} and {len(old)}; of trainings "
                "that share no seeds say paired=False"
            )
        chance, least = _sign_flips(new - old), 2 / 2 ** len(new)
    else:
        chance = _dealt_anew(np.concatenate([new, old]), len(new))
        least = (2 if len(new) == len(old) else 1) / len(chance)
    as_large = np.abs(chance) >= abs(difference) - 1e-9 * max(1.0, np.abs([*new, *old]).max())
    return Recipes(difference, float(as_large.mean()), least)


def _sign_flips(differences):
    """The mean difference for each way to swap the two figures of a seed: float64 (2ⁿ,)."""
    _check_ways(2 ** len(differences))
    signs = 1 - 2 * (np.arange(2 ** len(differences))[:, None] >> np.arange(len(differences)) & 1)
    return (signs * differences).mean(axis=1)


def _dealt_anew(figures, first):
    """The difference of the means for each choice of `first` figures as the first recipe's."""
    _check_ways(comb(len(figures), first))
    chosen = np.array(list(combinations(range(len(figures)), first)))
    sums = figures[chosen].sum(axis=1)
    return sums / first - (figures.sum() - sums) / (len(figures) - first)


def _check_ways(ways):
    if ways > MOST:
        raise ParameterError(f"expected at most {MOST:,} ways to count, found {ways:,}: compare fewer trainings")


def _check_order(new, old):
    """Raise ParameterError where two columns of pandas have the same rows, such as seeds, in another order."""
    if isinstance(new, pd.Series) and isinstance(old, pd.Series):
        rows = list(new.index), list(old.index)
        if rows[0] != rows[1] and set(rows[0]) == set(rows[1]):
            raise ParameterError(
                f"expected the figures of both recipes in one order of seeds; found the rows {rows[0]} and {rows[1]}. "
                "Give old.loc[new.index]"
            )


def _figures(name, figures):
    listed = isinstance(figures, Iterable) and not isinstance(figures, (Mapping, str))  # a dict would give its keys
    numbers = [plain(figure) for figure in figures] if listed else []
    if len(numbers) < 2 or not all(is_number(number) for number in numbers):
        raise ParameterError(
            f"expected {name}, a list: one finite number of each of at least two trainings; found {figures!r}"
        )
    return np.array(numbers, float)
