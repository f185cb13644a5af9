"""A face browser: leaf through a data set by split and emotion. Its static twin is one page of the same faces."""

import io
from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from fercourse.classroom.session import headless
from fercourse.data.faces import EMOTIONS, Faces
from fercourse.errors import ParameterError
from fercourse.settings import whole

if TYPE_CHECKING:
    from ipywidgets import VBox
    from PIL.Image import Image

NAME_HEIGHT = 22
"""Pixels of the label under a face."""


def browse(data: Faces, *, rows: int = 4, columns: int = 12) -> None:
    """Leaf through the faces of `data` (a `Faces`) by split, emotion and page; where nobody watches, show one page.

    Raises ParameterError for other data, and for rows and columns that are no whole numbers from 1.
    """
    from IPython.display import Image, display

    rows, columns = whole("rows", rows), whole("columns", columns)
    if not isinstance(data, Faces):
        raise ParameterError(
            f"expected all three splits, a Faces such as fc.load() gives; found a {type(data).__name__}"
        )
    if headless():
        positions = np.arange(min(rows * columns, len(data.train)))
        sheet = picture_of(data.train, positions, rows, columns, named=True)
        display(Image(png(sheet), metadata={"alt": f"{len(positions)} faces of {data.source}, each above its label."}))
        print(_caption(data.train, positions, len(data.train)))
        return
    display(browser(data, rows=rows, columns=columns))


def browser(data: Faces, *, rows: int = 4, columns: int = 12) -> "VBox":
    """The widget that `browse` shows: two menus, the number of the page, a picture and a caption."""
    import ipywidgets as widgets

    splits = {split.name: split for split in data}
    split_menu = widgets.Dropdown(options=list(splits), description="split")
    emotion_menu = widgets.Dropdown(options=["all", *EMOTIONS], description="emotion")
    page = widgets.BoundedIntText(value=1, min=1, max=1, description="page")
    picture, caption = widgets.HTML(), widgets.HTML()

    def chosen():
        split = splits[split_menu.value]
        if emotion_menu.value == "all":
            return split, np.arange(len(split))
        return split, np.flatnonzero(split.labels == EMOTIONS.index(emotion_menu.value))

    def turn(_=None):
        split, positions = chosen()
        shown = positions[(page.value - 1) * rows * columns :][: rows * columns]
        sheet = png(picture_of(split, shown, rows, columns, named=emotion_menu.value == "all"))
        whose = "above their labels" if emotion_menu.value == "all" else f"labelled {emotion_menu.value}"
        picture.value = img(sheet, f"{len(shown)} faces {whose}")
        caption.value = read_out(f"page {page.value} of {page.max} · {_caption(split, shown, len(positions))}")

    def choose(_=None):
        _, positions = chosen()
        page.max = max(1, -(-len(positions) // (rows * columns)))
        page.value = 1
        turn()

    split_menu.observe(choose, "value")
    emotion_menu.observe(choose, "value")
    page.observe(turn, "value")
    choose()
    return widgets.VBox([widgets.HBox([split_menu, emotion_menu, page]), picture, caption])


def _caption(split, shown, number):
    """What a page shows: the source, how many faces there are to leaf through, and the first positions of the page."""
    return f"{split.source}, {split.name}: {number:,} faces; positions {', '.join(map(str, shown[:6]))}, …"


def picture_of(split, positions, rows, columns, *, named=False):
    """The faces at `positions` side by side, twice their size, as a PIL image; white where there are too few.

    named: whether the label stands under each face, where it is known
    """
    sheet = np.full((rows * columns, *split.images.shape[1:]), 255, np.uint8)
    sheet[: len(positions)] = split.images[positions]
    height, width = split.images.shape[1:]
    sheet = sheet.reshape(rows, columns, height, width)
    if not (named and split.labelled):
        return doubled(sheet.swapaxes(1, 2).reshape(rows * height, columns * width))
    strip = np.full((rows, columns, NAME_HEIGHT // 2, width), 255, np.uint8)
    sheet = np.concatenate([sheet, strip], axis=2)
    picture = doubled(sheet.swapaxes(1, 2).reshape(-1, columns * width))
    _write_names(picture, [EMOTIONS[label] for label in split.labels[positions]], columns)
    return picture


def _write_names(picture, names, columns):
    """Write a name under each face of a picture that `picture_of` has left room in."""
    from PIL import ImageDraw, ImageFont

    pen, font, tile = ImageDraw.Draw(picture), ImageFont.load_default(size=16), picture.width // columns
    for place, name in enumerate(names):
        row, column = divmod(place, columns)
        pen.text(((column + 0.5) * tile, (row + 1) * (tile + NAME_HEIGHT) - 1), name, fill=0, font=font, anchor="md")


def doubled(levels: np.ndarray) -> "Image":
    """Grey levels, uint8 (H, W), as a PIL image of twice the size."""
    from PIL import Image

    height, width = levels.shape
    return Image.fromarray(levels).resize((2 * width, 2 * height), Image.Resampling.NEAREST)


def img(file: bytes, alt: str, *, side: int | None = None) -> str:
    """A PNG file as an HTML image with an alternative text, which the Image of ipywidgets cannot have.

    side: of the picture on the page, in CSS pixels; its own where it is None
    """
    size = "" if side is None else f' width="{side}" height="{side}"'
    return f'<img src="data:image/png;base64,{b64encode(file).decode()}" alt="{escape(alt)}"{size}>'


def read_out(text: str) -> str:
    """A text as HTML that a screen reader says when it comes, wherever the focus is."""
    return f'<div role="status">{escape(text)}</div>'


def png(picture: "Image") -> bytes:
    """A PIL image as a PNG file."""
    file = io.BytesIO()
    picture.save(file, "png")
    return file.getvalue()
