"""A pad of sheets to draw on, and a camera: the brushes of the drawn faces.

A pad holds one sheet a face, all drawn at once: pixels are float32 (64, 64, N), faces last, so that a trait of shape
(N,) meets the grid without reshaping and the innermost loop of numpy is long. A face is drawn upright and looking
straight ahead; every feature therefore lies in a window known beforehand, and only that window is touched. `photograph`
then turns, shifts and zooms what was drawn onto 48×48 pixels.

Coordinates: x to the right, y down, 1 from the centre of the photograph to its edge; a sheet reaches to 1.2.
Only sums, products, quotients and square roots touch a pixel: their last bit is the same on every platform.
"""

import numpy as np

from fercourse.data.faces import SIDE

SHEET = 64
REACH = 1.2
EDGE = np.float32(0.055)  # an ink edge: one and a half pixels of the sheet


class Patch:
    """A window of the pad: its pixels, a view (h, w, N), and where they are: x (w, 1) and y (h, 1, 1)."""

    def __init__(self, pixels, x, y):
        self.pixels, self.x, self.y = pixels, x, y

    def paint(self, cover, grey):
        """Lay a grey over the pixels, `cover` from 0 (nothing) to 1 (opaque)."""
        self.pixels += cover * (grey - self.pixels)

    def shade(self, cover, amount):
        """Darken the pixels by the factor 1 - amount where cover is 1; a negative amount brightens."""
        self.pixels *= 1 - cover * amount


class Pad:
    """`number` sheets, blank at first."""

    def __init__(self, number):
        self.pixels = np.zeros((SHEET, SHEET, number), np.float32)
        self.grid = ((np.arange(SHEET, dtype=np.float32) + 0.5) / SHEET * 2 - 1) * np.float32(REACH)

    def patch(self, across=(-REACH, REACH), down=(-REACH, REACH)):
        """The window between two x, in whichever order, and two y."""
        columns = slice(*np.searchsorted(self.grid, sorted(across)))
        rows = slice(*np.searchsorted(self.grid, down))
        return Patch(self.pixels[rows, columns], self.grid[columns, None], self.grid[rows, None, None])


def fill(distance, edge=EDGE):
    """Cover of the region where a signed distance is negative, with a soft edge."""
    return np.clip(0.5 - distance / edge, 0, 1)


def ellipse(x, y, centre_x, centre_y, radius_x, radius_y):
    """Signed distance to an ellipse (exact on a circle, close enough on the others), negative inside."""
    across, down = (x - centre_x) / radius_x, (y - centre_y) / radius_y
    return (np.sqrt(across * across + down * down) - 1) * np.minimum(radius_x, radius_y)


def blob(x, y, centre_x, centre_y, radius_x, radius_y):
    """Cover of a soft spot: 1 at its centre, falling smoothly to 0 at the radii."""
    across, down = (x - centre_x) / radius_x, (y - centre_y) / radius_y
    inside = np.maximum(1 - (across * across + down * down), 0)
    return inside * inside


def stroke(along, across, centre, half_length, level, rise, bow, thickness, edge=EDGE):
    """Cover of a bent pen stroke that thins towards its ends.

    It runs from centre - half_length to centre + half_length on the axis `along`, at the height `level` of the other
    axis; `rise` is added at its far end and taken at its near end, `bow` added in its middle. Swap the axes for a
    steep stroke.
    """
    u = (along - centre) / half_length
    square = u * u
    course = level + rise * u + bow * (1 - square)
    return np.clip(0.5 + (thickness * (1 - square * square) - np.abs(across - course)) / edge, 0, 1)


def photograph(pad, *, roll, yaw, pitch, zoom, shift_x, shift_y):
    """The sheets as the camera sees them: float32 (N, 48, 48).

    roll: slope of the eyes' line; yaw, pitch: how far the middle of the face slides over its rim; zoom: 1 keeps the
    size; shift_x, shift_y: of the whole head. All float32 (N,).
    """
    sheets = np.ascontiguousarray(pad.pixels.transpose(2, 0, 1))
    grid = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE * 2 - 1
    column = [trait[:, None, None] for trait in (roll, yaw, pitch, zoom, shift_x, shift_y)]
    roll, yaw, pitch, zoom, shift_x, shift_y = column
    cosine = 1 / (np.sqrt(1 + roll * roll) * zoom)
    sine = roll * cosine
    x = cosine * grid + (sine * grid[:, None] - shift_x)
    y = -sine * grid + (cosine * grid[:, None] - shift_y)
    depth = np.maximum(1 - x * x - y * y, 0)
    return _sample(sheets, x - yaw * depth, y - pitch * depth)


def _sample(sheets, x, y):
    """Bilinear reading of the sheets (N, 64, 64) at coordinates (N, 48, 48); beyond the rim, the rim's grey."""
    scale, last = np.float32(SHEET / (2 * REACH)), np.float32(SHEET - 1.001)
    column = np.clip((x + np.float32(REACH)) * scale - 0.5, 0, last)
    row = np.clip((y + np.float32(REACH)) * scale - 0.5, 0, last)
    left, top = column.astype(np.intp), row.astype(np.intp)
    column -= left
    row -= top
    first = np.arange(len(sheets))[:, None, None] * SHEET**2
    corner = first + top * SHEET + left
    flat = sheets.ravel()
    upper = flat.take(corner)
    upper += column * (flat.take(corner + 1) - upper)
    lower = flat.take(corner + SHEET)
    lower += column * (flat.take(corner + SHEET + 1) - lower)
    return upper + row * (lower - upper)


def blur(images, strength):
    """Images (N, h, w) with neighbours mixed in, twice, along both axes; strength (N,) from 0 to 1/3."""
    side = strength[:, None, None]
    for _ in range(2):
        for axis in (1, 2):
            ahead = np.concatenate([images.take([0], axis), images], axis)
            after = np.concatenate([images, images.take([-1], axis)], axis)
            keep = [slice(None)] * 3
            keep[axis] = slice(0, -1)
            before = ahead[tuple(keep)]
            keep[axis] = slice(1, None)
            images = images + side * (before + after[tuple(keep)] - 2 * images)
    return images
