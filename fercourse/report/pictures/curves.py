"""The curves of trainings, named at their right ends and not in a legend box."""

from itertools import cycle, pairwise
from math import isfinite

import numpy as np

from fercourse.errors import ParameterError
from fercourse.report.pictures.style import LINES


def draw_curves(ax, histories, column):
    """Draw train (dashed) and valid (solid, its best epoch marked) of each History of a dict, or one full column."""
    labels = []
    for (name, history), colour in zip(histories.items(), cycle(LINES), strict=False):
        for curve, values, style in _chosen(history, column):
            epochs = history["epoch"] if "epoch" in history.columns else range(1, len(values) + 1)
            alone = "." if len(values) == 1 else None  # one epoch makes no line
            width, label = 1.5 if style == "-" else 1, f"{name} {curve}".strip()
            ax.plot(epochs, values, style, color=colour, lw=width, marker=alone, label=label)
            if curve == f"valid_{column}" and _finite(values):
                best = history.best(curve)
                ax.plot(best.get("epoch", history[curve].index(best[curve]) + 1), best[curve], "o", color=colour, ms=5)
            labels += _label(name, curve, values, style, colour)
    _name_at_right(ax, labels)


def _chosen(history, column):
    """(column, its values, line style) of what is shown of one history."""
    if column in history.columns:
        return [(column, history[column], "-")]
    both = [(f"{part}_{column}", style) for part, style in (("train", "--"), ("valid", "-"))]
    found = [(curve, history[curve], style) for curve, style in both if curve in history.columns]
    if not found:
        raise ParameterError(f"no curve {column!r} in this history; its columns are {', '.join(history.columns)}")
    return found


def _label(name, curve, values, style, colour):
    """A list of (height, text, colour): the solid curve of a named history, every curve of a history without a name."""
    text = curve.split("_")[0] if name == "" else str(name) if style == "-" else ""  # a name may be the seed 0
    finite = _finite(values)
    if not text:
        return []
    if not finite:
        return [(np.nan, f"{text}: no finite value", colour)]
    return [(finite[-1], text, colour)]


def _finite(values):
    return [value for value in values if isfinite(value)]


def _name_at_right(ax, labels, *, gap=0.06):
    """Write each label at the height where its curve ends, pushed apart so that none covers another."""
    low, high = ax.get_ylim()
    wanted = np.nan_to_num([(height - low) / (high - low) for height, _, _ in labels])
    for height, (_, text, colour) in zip(_apart(wanted, gap), labels, strict=True):
        ax.annotate(text, (1.01, height), xycoords="axes fraction", va="center", color=colour)


def _apart(heights, gap):
    """The heights, in their order, moved as little as a single sweep up and one down needs to be `gap` apart."""
    placed = np.array(heights, float)
    order = np.argsort(placed, kind="stable")
    for below, above in pairwise(order):
        placed[above] = max(placed[above], placed[below] + gap)
    top = max(1.0, gap * (len(placed) - 1))
    for above in order[::-1]:
        placed[above], top = min(placed[above], top), min(placed[above], top) - gap
    return placed
