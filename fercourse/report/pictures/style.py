"""How the course's figures look: one colour an emotion, colours of lines, one style, and drawn faces that say so."""

from contextlib import contextmanager

import matplotlib.pyplot as plt

from fercourse.data.faces import EMOTIONS
from fercourse.report.run import is_drawn

COLOURS = dict(
    zip(EMOTIONS, ("#831800", "#2f9b64", "#6f0395", "#ac8009", "#3b4aff", "#d546a6", "#464646"), strict=True)
)
"""The colour of each emotion: told apart with any colour vision, and readable on white."""

LINES = ("#0b4f9e", "#d96c00", "#4b0032", "#9619fa", "#af7d64", "#323200")
"""The colours of lines, in their order: told apart with any colour vision, the first four also in grey print."""

LOOK = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "font.size": 9,
    "legend.frameon": False,
}


@contextmanager
def _look():
    # Not plt.rc_context: it also takes back that the notebook's backend switched itself on with the first figure,
    # and no later figure of the notebook would be shown.
    before = {name: plt.rcParams[name] for name in LOOK}
    plt.rcParams.update(LOOK)
    try:
        yield
    finally:
        plt.rcParams.update(before)


styled = _look()
"""Decorates a plot: the course's look inside it, and the notebook's own everywhere else."""


def colour_lines():
    """From now on what is drawn without a colour of its own takes the colours of `LINES`, in their order."""
    plt.rcParams["axes.prop_cycle"] = plt.cycler(color=LINES)


def new_axes(width, height):
    """Axes of their own figure, its size in inches."""
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def mark_drawn(ax, drawn=None, source=""):
    """The axes; a corner of them says "drawn faces" where `drawn`, or where it is None the run, says that they are.

    source: of faces that come from elsewhere, named in the same corner
    """
    if faces := [*(["drawn faces"] if is_drawn(drawn) else []), *([source] if source else [])]:
        title = ax.get_title("left")
        above = "\n" * (title.count("\n") + 2) if title else ""  # both titles end at the same height
        ax.set_title(" and ".join(faces) + above, loc="right", fontsize=8, style="italic", color="#666666")
    return ax


def emotion_ticks(axis, names=EMOTIONS, *, offset=0, size=9, upright=False):
    """Name the seven emotions along an axis, each in its colour; smaller where the axes are too narrow for them.

    upright: names below an axis stand on end, and keep their size
    """
    axis.set_ticks([code + offset for code in range(len(EMOTIONS))], names)
    if axis.axis_name == "x" and not upright:
        points = axis.axes.get_window_extent().width * 72 / axis.axes.figure.dpi / len(EMOTIONS)
        size = min(size, points / 5.4)  # "Surprise" in bold, with a little air, is 5.4 times as wide as high
    for label, colour in zip(axis.get_ticklabels(), COLOURS.values(), strict=True):
        label.set(color=colour, fontweight="bold", rotation=90 if upright else 0, fontsize=size)
