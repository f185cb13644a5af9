"""What a notebook shows of a data set: three faces of each emotion, and how many there are in each split."""

import io
from base64 import b64encode
from html import escape

import numpy as np
from PIL import Image

FACES = 3
"""Faces of each emotion."""

SHADES = 32
"""Grey levels of the picture: so many that nobody sees it, so few that its text is under 50 kB whatever is on it."""

GAP = 2
"""Pixels between one face and the next."""

CELL = 'style="padding: 1px 0; text-align: center; font-size: 10px"'


def html_of(faces, emotions):
    """`faces` as HTML: the picture, its columns being the `emotions`, over a table of the counts."""
    levels = mosaic(faces.train, len(emotions))
    width = levels.shape[1]
    columns = f'<td style="width: {width // len(emotions)}px; padding: 0"></td>' * len(emotions)
    picture = f'<img width="{width}" src="{data_uri(levels)}" alt="{escape(words(faces, emotions))}">'
    rows = [
        f"<tr><td></td>{columns}</tr>",
        f'<tr><td></td><td colspan="{len(emotions)}" style="padding: 0">{picture}</td></tr>',
        row_of("", emotions if faces.train.labelled else [""] * len(emotions), ""),
        *(row_of(split.name, numbers(split, len(emotions)), f"{len(split):,}") for split in faces),
    ]
    table = f'<table style="border-collapse: collapse; margin: 0">{"".join(rows)}</table>'
    return f"<div>{escape(repr(faces))}</div>{table}"


def row_of(name, cells, last):
    return "<tr>" + "".join(f"<td {CELL}>{escape(cell)}</td>" for cell in (name, *cells, last)) + "</tr>"


def numbers(split, classes):
    """The faces of each emotion in a split, as text."""
    return [f"{number:,}" for number in split.counts().values()] if split.labelled else ["?"] * classes


def words(faces, emotions):
    """The picture in words."""
    kind = "drawn faces" if faces.drawn else f"faces from {faces.source}"
    shown = f"each of {', '.join(emotions)}, a column each" if faces.train.labelled else "unknown emotions"
    return f"The first {FACES} {kind} with {shown}"


def mosaic(split, classes):
    """The first faces of each emotion, a column an emotion, as one picture; of a split without labels the first."""
    side = split.images.shape[1]
    step = side + GAP
    canvas = np.full((step * FACES, step * classes), 255, np.uint8)
    for code in range(classes):
        places = np.flatnonzero(split.labels == code) if split.labelled else np.arange(len(split))[code::classes]
        for row, image in enumerate(split.images[places[:FACES]]):
            canvas[row * step :, code * step :][:side, :side] = image
    return canvas


def data_uri(levels):
    """Grey levels as a PNG inside an address; `SHADES` of them, and no more than each needs."""
    shades = np.linspace(0, 255, SHADES).round().astype(np.uint8)
    image = Image.fromarray((levels // (256 // SHADES)).astype(np.uint8), "P")
    image.putpalette(np.repeat(shades, 3).tobytes())
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
