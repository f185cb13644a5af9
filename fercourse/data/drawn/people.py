"""Drawn people of whom one trait is chosen: the same faces with and without glasses, in this light and in that."""

from collections.abc import Mapping

import numpy as np

from fercourse.data.drawn.dataset import emotions_in_shares
from fercourse.data.drawn.portrait import draw
from fercourse.data.drawn.sitters import POSE, SITTER
from fercourse.data.faces import Split, frozen
from fercourse.errors import ParameterError
from fercourse.settings import flag, number, seed_number, whole

WORN = {"glasses": (1.0, 0.0), "hand": (1.0, 0.0)}
"""Of traits that are there or not: the values for False and True."""

RANGES = SITTER | POSE


def drawn_people(count: int, traits: Mapping[str, float | bool] | None = None, *, seed: int = 0) -> Split:
    """`count` drawn faces of which some traits are chosen; with one seed the same people whatever is chosen.

    traits: trait → value for all of them: "glasses" and "hand" (before the mouth) are True or False; all others are
            numbers in the ranges that faces are drawn from, such as "yaw" −0.25 to 0.25 (the head turned sideways) or
            "light_x" −0.3 to 0.3 (where the light comes from). What is not named is each person's own

    The labels are the emotions as they were drawn, without an annotator's mistakes, in FER2013's shares; no face is a
    copy of another one. Two splits of one seed can be compared face by face: nothing else differs.
    Raises ParameterError for a trait that is none, or a value outside its range.
    """
    count, seed = whole("count", count), seed_number(seed)
    fixed = {name: _value(name, value) for name, value in (traits or {}).items()}
    generator = np.random.default_rng(seed)
    emotions = emotions_in_shares(count, generator)
    images, _ = draw(emotions, generator, fixed)
    chosen = "".join(f", {name} {value}" for name, value in (traits or {}).items())
    return Split(frozen(images), frozen(emotions), "people", f"drawn faces, seed {seed}{chosen}", drawn=True)


def _value(name, value):
    if name not in RANGES:
        raise ParameterError(f"expected a trait of drawn faces: {', '.join(RANGES)}; found {name!r}")
    if name in WORN:
        return WORN[name][flag(name, value)]
    low, high = RANGES[name]
    return number(name, value, f"from {low:g} to {high:g}", lambda value: low <= value <= high)
