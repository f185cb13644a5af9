"""Many faces as one picture in one pair of axes: quick to draw, small to store."""

import numpy as np

from fercourse.data.faces import SIDE
from fercourse.errors import ParameterError
from fercourse.report.pictures.style import new_axes

_GAP = 2  # pixels of white between two faces
_WIDTH = 6  # inches that a row takes, where that makes its faces neither too small nor too large
_NARROWEST, _WIDEST = 0.42, 0.8  # inches a face; larger pictures make notebooks heavy and show nothing more
_FONT = 7  # points, of the titles over the faces


def mosaic(rows, *, titles=None, stretch=False, ax=None):
    """Draw rows of faces; returns the axes, without ticks.

    rows:    a list of lists of images (H, 48) of one height, grey levels 0 to 255; None leaves a place white
    titles:  a line or two over each face, row by row
    stretch: from the darkest to the brightest pixel of all, and not from black to white

    Raises ParameterError where there is nothing to draw, or not one title a face.
    """
    places = [(row, column) for row, images in enumerate(rows) for column in range(len(images))]
    titles = None if titles is None else list(titles)
    _check(rows, places, titles)
    tile = min(max(_WIDTH / max(len(row) for row in rows), _NARROWEST), _WIDEST)
    head = _GAP if titles is None else _title_pixels(titles, tile)
    canvas = _canvas(rows, head, stretch)
    height, width = (size * tile / SIDE for size in canvas.shape)
    ax = ax or new_axes(width + 0.7, height + 0.3)
    ax.imshow(canvas, cmap="gray", vmin=0, vmax=255)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    step = canvas.shape[0] / len(rows)
    for (row, column), title in zip(places, titles or [""] * len(places), strict=True):
        x, y = column * (SIDE + _GAP) + SIDE / 2, row * step + head - 3
        ax.text(x, y, title, fontsize=_FONT, ha="center", va="bottom", linespacing=1.1)
    return ax


def label_rows(ax, names, colours):
    """Write a name, in its colour, before each row of a mosaic without titles."""
    ax.set_yticks([_GAP + SIDE / 2 + row * (SIDE + _GAP) for row in range(len(names))], names)
    ax.tick_params(length=0)
    for label, colour in zip(ax.get_yticklabels(), colours, strict=True):
        label.set(color=colour, fontweight="bold")


def _check(rows, places, titles):
    if all(rows[row][column] is None for row, column in places):
        raise ParameterError("no faces to draw: the grid is empty")
    if titles is not None and len(titles) != len(places):
        raise ParameterError(f"expected one title a face, found {len(titles)} titles for {len(places)} faces")


def _canvas(rows, head, stretch):
    """One uint8 picture of all rows on white, with `head` white lines over each row."""
    levels = np.stack([image for row in rows for image in row if image is not None]).astype(np.float32)
    low, high = (levels.min(), levels.max()) if stretch else (0, 255)
    scale = 255 / max(high - low, 1)  # levels that are all one grey stay one grey
    tall, columns = levels.shape[1], max(len(row) for row in rows)
    canvas = np.full((len(rows) * (tall + head), columns * (SIDE + _GAP) - _GAP), 255, np.uint8)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            if image is not None:
                top, left = row * (tall + head) + head, column * (SIDE + _GAP)
                canvas[top : top + tall, left : left + SIDE] = (image.astype(np.float32) - low) * scale
    return canvas


def _title_pixels(titles, tile):
    """How many lines of the picture the tallest title takes, with a gap to the row before."""
    lines = max(title.count("\n") + 1 for title in titles)
    return round((1.2 * _FONT * lines + 9) * SIDE / (72 * tile))
