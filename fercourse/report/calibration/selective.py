"""Selective answers: which share of the faces is answered from a confidence on, and how many of these are wrong."""

import numpy as np
import pandas as pd


def risk_coverage(confidence: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    """What each threshold would leave: a DataFrame, one row a threshold, from the surest faces to all of them.

    confidence: float (N,); right: bool (N,)
    Columns: threshold (answers at least as sure are given), faces, coverage (their share of all), risk (the share of
    wrong answers among them). Equal confidences stand in one row: no threshold divides them. El-Yaniv and Wiener 2010.
    """
    order = np.argsort(-confidence, kind="stable")
    threshold, wrong = confidence[order], np.cumsum(~right[order])
    last = np.append(threshold[1:] != threshold[:-1], True)
    faces = np.arange(1, len(order) + 1)[last]
    return pd.DataFrame(
        {"threshold": threshold[last], "faces": faces, "coverage": faces / len(order), "risk": wrong[last] / faces}
    )
