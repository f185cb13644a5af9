"""The temperature: one number that makes all answers surer or less sure, fitted on faces that judge nothing else."""

from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from fercourse.errors import DataMismatch
from fercourse.settings import number

if TYPE_CHECKING:
    from fercourse.report.predictions import Predictions

COLDEST, HOTTEST = 0.02, 50.0
"""Between these the best temperature is looked for; one at the edge would be no winner."""

STEPS = 60
"""Of the golden section: each leaves 62 % of the range, so the temperature is exact to twelve digits."""


def at_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities to the power 1 / `temperature`, each row divided by its sum: float32 (N, 7) to float32 (N, 7).

    The same as the softmax of the logits divided by the temperature: no logits are needed. What float32 rounded to 0 is
    taken as its smallest normal number. The largest of a row stays the largest, whatever rounding would do.
    Raises ParameterError for a temperature that is no finite number over 0.
    """
    temperature = number("temperature", temperature, "over 0, such as 1.5", lambda value: value > 0)
    logarithms = _logarithms(probabilities) / temperature
    powers = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    shares = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    answers = probabilities.argmax(axis=1)
    level = np.flatnonzero(shares.argmax(axis=1) != answers)  # rounded to equals
    shares[level, answers[level]] = np.nextafter(shares[level].max(axis=1), np.float32(2))
    return shares


def fit_temperature(predictions: "Predictions") -> float:
    """The temperature at which the loss of these `Predictions` is lowest; over 1 where they are too sure.

    Fit it on faces that the network has not learnt from, and judge it on others: `other.tempered(temperature)`. It
    changes no answer. The loss has one valley (it is convex in 1 / temperature), so a golden section finds its bottom.
    Raises DataMismatch without labels, and where no temperature is the best: of answers that are all right the colder
    the better, of some that are worse than no answer the hotter.

    Guo et al. 2017, On Calibration of Modern Neural Networks. Built by hand in lesson 07b.
    """
    accuracy = predictions.accuracy  # without labels there is none, and an error that says so
    logarithms, true = _logarithms(predictions.probabilities), predictions.y_true
    rows = np.arange(len(true))

    def loss(exponent):
        scaled = logarithms * exp(-exponent)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, true]).mean())

    best = exp(golden_section(loss, log(COLDEST), log(HOTTEST)))
    at_edges = loss(log(COLDEST)), loss(log(HOTTEST))
    if not 1.01 * COLDEST < best < HOTTEST / 1.01 or loss(log(best)) >= min(at_edges):
        way = "the colder the better" if at_edges[0] < at_edges[1] else "the hotter the better"
        raise DataMismatch(
            f"expected one best temperature between {COLDEST:g} and {HOTTEST:g}; of {len(true):,} faces with "
            f"{100 * accuracy:.0f} % right answers, {way}. Fit it on more faces, or on another network."
        )
    return best


def golden_section(function, low, high):
    """Where a `function` of one number with one valley between `low` and `high` is lowest (Kiefer 1953)."""
    ratio = (sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return (low + high) / 2


def _logarithms(probabilities):
    return np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
