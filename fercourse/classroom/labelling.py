"""Faces that a student labels, one after the other, before any label shows. Where nobody watches, nobody answers."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fercourse.classroom.browser import img, picture_of, png, read_out
from fercourse.classroom.session import headless
from fercourse.data.faces import EMOTIONS, Split
from fercourse.errors import ParameterError

if TYPE_CHECKING:
    from ipywidgets import VBox

TIMES = 4
"""How much larger than in the file a face is shown."""

CSS_PIXELS = 192

COLUMNS = 5
"""Faces in a row of the sheet."""


@dataclass(frozen=True, eq=False)
class Labelling:
    """What a student says about the faces of a split; it fills while the buttons are pressed.

    answers: int64 (N,), codes into `EMOTIONS`; -1 for a face that has no answer
    done:    whether every face has one
    """

    split: Split
    _said: list = field(default_factory=list, repr=False)

    @property
    def answers(self) -> np.ndarray:
        codes = np.full(len(self.split), -1, np.int64)
        codes[: len(self._said)] = self._said
        return codes

    @property
    def done(self) -> bool:
        return len(self._said) == len(self.split)

    def __repr__(self):
        if headless():
            return f"{len(self.split)} faces; in this run nobody was there to label them"
        return f"{len(self._said)} of {len(self.split)} faces labelled"


def label_faces(split: Split) -> Labelling:
    """Show the faces of `split` one by one, without their labels, above a button for each emotion.

    Returns the `Labelling` at once; its `answers` fill while somebody presses buttons, by mouse or keyboard. Where
    nobody is watching the faces are shown as one sheet, and no answer is made up.
    Raises ParameterError for anything but a split with at least one face.
    """
    from IPython.display import Image, display

    if not isinstance(split, Split) or not len(split):
        found = "an empty one" if isinstance(split, Split) else f"a {type(split).__name__}"
        raise ParameterError(f"expected a Split with faces, such as data.valid[:20]; found {found}")
    labelling = Labelling(split)
    if headless():
        rows = -(-len(split) // COLUMNS)
        sheet = png(picture_of(split, np.arange(len(split)), rows, COLUMNS))
        display(Image(sheet, metadata={"alt": f"{len(split)} faces of {split.source}, without their labels."}))
    else:
        display(desk(labelling))
    return labelling


def desk(labelling: Labelling) -> "VBox":
    """The widget that `label_faces` shows: a face, the seven emotions as buttons, one button back."""
    import ipywidgets as widgets

    split, said = labelling.split, labelling._said
    picture, caption = widgets.HTML(), widgets.HTML()
    choices = [widgets.Button(description=emotion) for emotion in EMOTIONS]
    back = widgets.Button(description="one face back")

    def show():
        position = min(len(said), len(split) - 1)
        state = f"face {position + 1} of {len(split)}"
        picture.value = img(png(_enlarged(split.images[position])), f"{state}, without its label", side=CSS_PIXELS)
        done = f"All {len(split)} faces are labelled. Run the next cell."
        caption.value = read_out(done if labelling.done else state)
        for button in choices:
            button.disabled = labelling.done
        back.disabled = not said

    def say(button):
        if not labelling.done:
            said.append(EMOTIONS.index(button.description))
        show()

    def take_back(_):
        del said[-1:]
        show()

    for button in choices:
        button.on_click(say)
    back.on_click(take_back)
    show()
    wrapped = widgets.Layout(flex_flow="row wrap")
    return widgets.VBox([caption, picture, widgets.HBox(choices, layout=wrapped), back])


def _enlarged(face):
    """A face as a PIL image, `TIMES` its size."""
    from PIL import Image

    return Image.fromarray(face.repeat(TIMES, axis=0).repeat(TIMES, axis=1))
