"""How far accuracy, balanced accuracy and macro-F1 can be off: test faces drawn again and again (Efron 1979).

SciPy's `bootstrap` draws faces as well, and calls a Python function for each draw. All three figures are functions of
the confusion matrix alone, so that here its rows are drawn: the same lottery, a thousand times in milliseconds.
"""

import numpy as np
import pandas as pd

from fercourse.report.predictions import Predictions
from fercourse.settings import number, seed_number, whole

FIGURES = ("accuracy", "balanced accuracy", "macro-F1")


def bootstrap(predictions: Predictions, *, repeats: int = 2000, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """Accuracy, balanced accuracy and macro-F1 with their intervals: a DataFrame, one row for each, from 0 to 1.

    Columns: value, low, high. Built by hand in lesson 07.

    Each emotion's faces are drawn again, with replacement, as many as there are (a stratified bootstrap): so no draw
    is without Disgust, and the intervals are those of a test with these class shares. `low` and `high` cut off the
    same share of the `repeats` at both ends. An emotion of which all faces, or none, are right does not vary from draw
    to draw: with very few faces the intervals are too short. An emotion without faces stays out, as in `report`.
    Raises DataMismatch without labels, ParameterError for a level or a number that cannot be.
    """
    repeats = whole("repeats", repeats)
    level = number("level", level, "a number between 0 and 1, such as 0.95", lambda value: 0 < value < 1)
    counts = predictions.confusion().to_numpy()
    drawn = _drawn(counts, repeats, np.random.default_rng(seed_number(seed)))
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(_figures(drawn), tails, axis=0)
    values = _figures(counts[None])[0]
    return pd.DataFrame({"value": values, "low": low, "high": high}, pd.Index(FIGURES, name="figure"))


def _drawn(counts, repeats, generator):
    """Confusion matrices of as many tests, int64 (repeats, 7, 7): each row drawn from the answers to its faces."""
    faces = counts.sum(axis=1)
    rows = [
        generator.multinomial(n, answers / max(n, 1) if n else np.eye(len(counts))[0], size=repeats)
        for n, answers in zip(faces, counts, strict=True)
    ]
    return np.stack(rows, axis=1)


def _figures(counts):
    """Accuracy, balanced accuracy and macro-F1 of confusion matrices (N, 7, 7): float64 (N, 3)."""
    right = counts.diagonal(axis1=1, axis2=2)
    faces, answered = counts.sum(axis=2), counts.sum(axis=1)
    there = faces[0] > 0
    recall = right[:, there] / faces[:, there]
    f1 = 2 * right[:, there] / (faces + answered)[:, there]
    return np.stack([right.sum(axis=1) / faces.sum(axis=1), recall.mean(axis=1), f1.mean(axis=1)], axis=1)
