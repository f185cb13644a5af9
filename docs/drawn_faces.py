"""Draw docs/drawn_faces.png, the picture of the README: nine drawn faces of each label, chosen at random."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import fercourse as fc

axes = fc.plots.faces(fc.drawn_faces(3_000, 0, 0, seed=3).train, rows=7, columns=9, seed=1)
axes.figure.savefig(Path(__file__).with_suffix(".png"), dpi=150)
