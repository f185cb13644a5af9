"""What a notebook shows of a data set: three faces of each emotion, and how many there are in each split."""

import io
from base64 import b64encode
from html import escape

import numpy as np
from PIL import Image

from fercourse.data.faces import EMOTIONS, SIDE

FACES = 3
"""Faces of each emotion."""

SHADES = 32
"""Grey levels of the picture: so many that nobody sees it, so few that its text is under 50 kB whatever is on it."""

STEP = SIDE + 2
"""Pixels from one face to the next."""

CELL = 'style="padding: 1px 0; text-align: center; font-size: 11px"'


def html_of(faces):
    """`faces` as HTML: the picture, its columns being the emotions, over a table of the counts."""
    columns = f'<td style="width: {STEP}px; padding: 0"></td>' * len(EMOTIONS)
    picture = f'<img width="{STEP * len(EMOTIONS)}" src="{data_uri(mosaic(faces.train))}" alt="{escape(words(faces))}">'
    rows = [
        f"<tr><td></td>{columns}</tr>",
        f'<tr><td></td><td colspan="{len(EMOTIONS)}" style="padding: 0">{picture}</td></tr>',
        row_of("", EMOTIONS if faces.train.labelled else [""] * len(EMOTIONS), ""),
        *(row_of(split.name, numbers(split), f"{len(split):,}") for split in faces),
    ]
    table = f'<table style="border-collapse: collapse; margin: 0">{"".join(rows)}</table>'
    return f"<div>{escape(repr(faces))}</div>{table}"


def row_of(name, cells, last):
    return "<tr>" + "".join(f"<td {CELL}>{escape(cell)}</td>" for cell in (name, *cells, last)) + "</tr>"


def numbers(split):
    """The faces of each emotion in a split, as text."""
    return [f"{number:,}" for number in split.counts().values()] if split.labelled else ["?"] * len(EMOTIONS)


def words(faces):
    """The picture in words."""
    kind = "drawn faces" if faces.drawn else f"faces from {faces.source}"
    shown = f"each of {', '.join(EMOTIONS)}, a column each" if faces.train.labelled else "unknown emotions"
    return f"The first {FACES} {kind} with {shown}"


def mosaic(split):
    """The first faces of each emotion, a column an emotion, as one picture; of a split without labels the first."""
    canvas = np.full((STEP * FACES, STEP * len(EMOTIONS)), 255, np.uint8)
    for code in range(len(EMOTIONS)):
        places = (
            np.flatnonzero(split.labels == code) if split.labelled else np.arange(len(split))[code :: len(EMOTIONS)]
        )
        for row, image in enumerate(split.images[places[:FACES]]):
            canvas[row * STEP :, code * STEP :][:SIDE, :SIDE] = image
    return canvas


def data_uri(levels):
    """Grey levels as a PNG inside an address; `SHADES` of them, and no more than each needs."""
    shades = np.linspace(0, 255, SHADES).round().astype(np.uint8)
    image = Image.fromarray((levels // (256 // SHADES)).astype(np.uint8), "P")
    image.putpalette(np.repeat(shades, 3).tobytes())
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
