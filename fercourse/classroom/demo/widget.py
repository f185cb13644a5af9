"""The demo in a notebook: leaf through faces, or upload a picture. Its static twin is one row of faces and answers."""

import io
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from fercourse.classroom.browser import doubled, img, png
from fercourse.classroom.demo.answering import answer_to, chances_of, in_words
from fercourse.classroom.session import headless
from fercourse.data.faces import Split
from fercourse.errors import ParameterError

if TYPE_CHECKING:
    from ipywidgets import VBox

    from fercourse.learn.export.network import OnnxNetwork

SHOWN = 6
"""Faces in the row that is shown where nobody watches."""

FACE = "The face as the network gets it, 48 by 48 grey pixels"

FACE_SIDE = 144
"""CSS pixels of the face that was read."""


def ask_network(network: "OnnxNetwork", split: Split) -> None:
    """Ask an exported network about faces of `split` or a picture of your own; where nobody watches, about six faces.

    A notebook has no camera: `python -m fercourse demo --weights FILE` opens a page that has one. Your own face only.
    Raises ParameterError for what is no network that `fc.export_onnx` wrote, and for a split without faces.
    """
    from IPython.display import Image as Picture
    from IPython.display import display

    if not callable(network) or not hasattr(network, "sureness"):
        raise ParameterError(f"expected a network that fc.export_onnx wrote; found a {type(network).__name__}")
    if not isinstance(split, Split) or not len(split):
        raise ParameterError(f"expected a Split with faces, such as data.valid; found {split!r}")
    if not headless():
        display(desk(network, split))
        return
    few = split[:SHOWN]
    row = np.concatenate(list(few.images), axis=1)
    display(Picture(png(doubled(row)), metadata={"alt": f"{len(few)} faces of {split.source}, in a row."}))
    for image in few.images:
        print(*in_words(network.sureness, chances_of(network, image))[1][:2])


def desk(network: "OnnxNetwork", split: Split) -> "VBox":
    """The widget that `ask_network` shows: the number of a face, an upload, a picture, and what is said of it."""
    import ipywidgets as widgets

    number = widgets.BoundedIntText(description="face", min=0, max=len(split) - 1)
    upload = widgets.FileUpload(accept="image/*", multiple=False, description="a picture")
    picture, said = widgets.HTML(), widgets.HTML()

    def show(data):
        answer = answer_to(network, data)
        picture.value = img(_face_in(answer), FACE if "face" in answer else "", side=FACE_SIDE)
        said.value = f'<div role="status">{as_html(answer)}</div>'

    def from_split(_=None):
        file = io.BytesIO()
        Image.fromarray(split.images[number.value]).save(file, "png")
        show(file.getvalue())

    def from_upload(change):
        if data := uploaded(change["new"]):
            show(data)

    number.observe(from_split, "value")
    upload.observe(from_upload, "value")
    from_split()
    return widgets.VBox([widgets.HBox([number, upload]), picture, said])


def uploaded(value) -> bytes | None:
    """The bytes of the file that was uploaded last; ipywidgets 7 keeps them in a dict by name, 8 in a tuple."""
    files = list(value.values()) if isinstance(value, dict) else list(value)
    return bytes(files[-1]["content"]) if files else None


def as_html(answer: dict) -> str:
    """An answer of `answer_to` in words, above a bar for each emotion."""
    sentences = [answer["error"]] if "error" in answer else answer["said"]
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td aria-hidden="true">'
        f'<div style="background: #4477aa; height: 0.7em; width: {15 * chance:.2f}em"></div></td>'
        f"<td>{100 * chance:.1f} %</td></tr>"
        for name, chance in answer.get("chances", {}).items()
    )
    return paragraphs + (f"<table>{rows}</table>" if rows else "")


def _face_in(answer):
    """The face as a PNG file; of what has none, an empty picture."""
    from base64 import b64decode

    address = answer.get("face")
    return b64decode(address.partition(",")[2]) if address else png(Image.new("L", (48, 48), 255))
