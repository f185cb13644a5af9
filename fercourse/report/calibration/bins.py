"""Confidence and right answers in bins of equal width, their mean distance, and how large chance makes it."""

import numpy as np
import pandas as pd


def binned(confidence: np.ndarray, right: np.ndarray, bins: int) -> pd.DataFrame:
    """Whether answers are right as often as they are sure: a DataFrame, one row a bin (low, high].

    confidence: float (N,), 0 to 1; right: bool (N,)
    Columns: low, high, faces, confidence (the mean), accuracy; NaN in an empty bin. Guo et al. 2017.
    """
    edges = np.linspace(0, 1, bins + 1)
    place = _places(confidence, bins)
    faces, sure, hits = (np.bincount(place, weights, minlength=bins) for weights in (None, confidence, right * 1.0))
    with np.errstate(invalid="ignore"):
        means = {"confidence": sure / faces, "accuracy": hits / faces}
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "faces": faces, **means})


def calibration_error(table: pd.DataFrame) -> float:
    """The mean distance between confidence and accuracy over the bins of `binned`, weighed by their faces."""
    gaps = (table["accuracy"] - table["confidence"]).abs().fillna(0)
    return float((gaps * table["faces"]).sum() / table["faces"].sum())


def errors_by_chance(confidence: np.ndarray, bins: int, *, repeats: int, generator: np.random.Generator) -> np.ndarray:
    """The calibration errors of one who is exactly as often right as sure, in so many draws: float64 (repeats,).

    confidence: float64 (N,). Each answer is right with the probability that it claims, which is what labels drawn from
    whole rows of probabilities make of it.
    """
    place = _places(confidence, bins)
    sure = np.bincount(place, confidence, minlength=bins)
    errors = np.empty(repeats)
    for repeat in range(repeats):
        right = generator.random(len(confidence)) < confidence
        errors[repeat] = np.abs(np.bincount(place, right * 1.0, minlength=bins) - sure).sum()
    return errors / len(confidence)


def _places(confidence, bins):
    """The bin of each confidence: int (N,)."""
    edges = np.linspace(0, 1, bins + 1)
    return np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
