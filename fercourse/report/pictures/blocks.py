"""The two residual blocks as a drawing: boxes for layers, an arrow around them for the shortcut."""

from itertools import pairwise

BLOCKS = {
    "basic block": ("3×3, C → C", "batch norm, ReLU", "3×3, C → C", "batch norm"),
    "bottleneck": (
        "1×1, 4C → C", "batch norm, ReLU", "3×3, C → C", "batch norm, ReLU", "1×1, C → 4C", "batch norm",
    ),
}  # fmt: skip
"""The layers of each block, from its input to the sum."""

COLUMN, STEP = 3.4, 1.0  # between the middles of two blocks, and from layer to layer
SIDE = 1.45  # how far beside the layers the shortcut runs


def draw_blocks(ax, colour):
    """Draw every block of `BLOCKS` into `ax`, layers in grey and shortcuts in `colour`."""
    longest = max(len(layers) for layers in BLOCKS.values())
    for column, (name, layers) in enumerate(BLOCKS.items()):
        _draw_block(ax, COLUMN * column, name, layers, colour)
    ax.set(xlim=(-1.4, COLUMN + SIDE + 0.45), ylim=(-STEP * (longest + 2.75), 1.0), aspect="equal")
    ax.set_axis_off()


def _draw_block(ax, middle, name, layers, colour):
    heights = [-STEP * (place + 1) for place in range(len(layers))]
    total = -STEP * (len(layers) + 1)
    ax.text(middle, 0.45, name, ha="center", fontsize=11, fontweight="bold")
    for height, layer in zip(heights, layers, strict=True):
        box = {"boxstyle": "round,pad=0.1", "facecolor": "#eeeeee", "edgecolor": "#777777"}
        ax.text(middle, height, layer, ha="center", va="center", fontsize=9.5, bbox=box)
    ax.text(middle, total, "+", ha="center", va="center", fontsize=13, bbox={"boxstyle": "circle", "fc": "white"})
    ax.text(middle, total - 1.2 * STEP, "ReLU", ha="center", va="center", fontsize=9.5, bbox=box)
    stops = [0.35, *heights, total, total - 1.2 * STEP]
    for start, end in pairwise(stops):
        _arrow(ax, (middle, start - 0.36), (middle, end + 0.36))
    around = [(middle, 0.1), (middle + SIDE, 0.1), (middle + SIDE, total), (middle + 0.45, total)]
    ax.plot(*zip(*around[:-1], strict=True), color=colour, lw=2, label="_shortcut")
    _arrow(ax, around[-2], around[-1], color=colour, lw=2)
    ax.text(middle + SIDE + 0.12, total / 2, "shortcut", color=colour, rotation=90, va="center", fontsize=10)


def _arrow(ax, start, end, **look):
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black", "shrinkA": 0, "shrinkB": 0} | look)
