"""Confidence against accuracy, and what is left where unsure answers are not given."""

from itertools import cycle

import numpy as np

from fercourse.report.intervals import wilson
from fercourse.report.pictures.style import COLOURS, LINES


def draw_reliability(ax, table, unit):
    """The bins of `calibration` in `ax`: accuracy with its 95 % interval over confidence, the diagonal, bars of shares.

    unit: what the bins hold, for the label: "faces"
    """
    width = table["high"].iloc[0] - table["low"].iloc[0]
    shares = table["faces"] / max(table["faces"].sum(), 1)
    ax.bar(table["low"], shares, width, align="edge", color="#dddddd", edgecolor="white")
    ax.plot([0, 1], [0, 1], color="black", lw=1, ls=":")
    full = table[table["faces"] > 0]
    bounds = [wilson(round(a * n), int(n)) for a, n in zip(full["accuracy"], full["faces"], strict=True)]
    reach = np.abs(np.array(bounds).reshape(-1, 2).T - full["accuracy"].to_numpy())
    ax.errorbar(full["confidence"], full["accuracy"], reach, marker="o", ms=4, capsize=2, color=COLOURS["Sad"])
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel=f"accuracy (grey: share of the {unit})")
    return ax


def draw_risk(ax, curves):
    """Risk over coverage, in percent, one curve a name; the fewest faces, of which chance rules the risk, left out."""
    styles = zip(cycle(LINES), cycle(("-", "--", "-.", ":")), strict=False)
    for (name, table), (colour, line) in zip(curves.items(), styles, strict=False):
        steady = table[table["faces"] >= min(20, table["faces"].max())]
        ax.plot(100 * steady["coverage"], 100 * steady["risk"], line, color=colour, label=name)
    ax.set(xlim=(0, 100), ylim=(0, None), xlabel="faces that are answered (%)", ylabel="of these, wrong (%)")
    if any(curves):
        ax.legend(fontsize=8)
    return ax
