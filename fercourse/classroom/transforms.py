"""What augmentation does to a face: a strength to choose for each change. Its static twin is a sheet of all of them."""

from typing import TYPE_CHECKING

import numpy as np

from fercourse.classroom.browser import doubled, img, png
from fercourse.classroom.session import headless
from fercourse.data.faces import Split

if TYPE_CHECKING:
    from ipywidgets import VBox
    from matplotlib.axes import Axes

    from fercourse.learn.augment import Augment

LADDERS = {
    "rotate": (0, 10, 30, 90),
    "zoom": (0, 0.1, 0.25, 0.5),
    "shift": (0, 0.05, 0.15, 0.5),
    "shear": (0, 10, 25, 45),
    "perspective": (0, 0.2, 0.4, 0.6),
    "brightness": (0, 0.2, 0.5, 0.9),
    "contrast": (0, 0.2, 0.5, 0.9),
    "erase": (0, 0.2, 0.4, 0.8),
}
"""The changes of an `Augment` that have a strength, and the strengths that the sheet shows; the last is the most."""


def try_transforms(split: Split) -> None:
    """Change the same few faces of `split` by chosen strengths; where nobody watches, show a sheet, change by strength.

    Every face is changed by exactly the chosen strengths, one face to the one end and the next perhaps to the other:
    the furthest that `fc.Augment` with these values goes.
    """
    if headless():
        sheet(split)
        return
    from IPython.display import display

    display(desk(split))


def desk(split: Split, *, faces: int = 8) -> "VBox":
    """The widget that `try_transforms` shows: a number for each change, the faces before and after, the call."""
    import ipywidgets as widgets

    from fercourse.learn.augment import Augment

    before = split.images[_spread(len(split), faces)]
    mirror = widgets.Checkbox(value=False, description="mirrored", indent=False)
    # As in `guesses.form`: a number has a name that a screen reader says, a slider has none. Each step counts at once.
    controls = {
        name: widgets.BoundedFloatText(
            min=0, max=steps[-1], step=steps[1] / 2, description=name, continuous_update=True
        )
        for name, steps in LADDERS.items()
    }
    picture, caption = widgets.HTML(), widgets.HTML()

    def change(_=None):
        strengths = {name: round(control.value, 3) for name, control in controls.items()}
        augment = Augment(flip=float(mirror.value), **strengths)
        rows = [np.concatenate(row, axis=1) for row in (before, furthest(before, augment))]
        picture.value = img(png(doubled(np.concatenate(rows))), f"{len(before)} faces as they are, and changed below")
        caption.value = f"<code>fc.{augment}</code> at its furthest; {split.source}, {split.name}"

    for control in (mirror, *controls.values()):
        control.observe(change, "value")
    change()
    names = list(controls)
    columns = [widgets.VBox([controls[name] for name in names[start : start + 4]]) for start in (0, 4)]
    return widgets.VBox([widgets.HBox([*columns, mirror]), picture, caption])


def sheet(split: Split, *, ax: "Axes | None" = None) -> "Axes":
    """The static twin: a few faces, a row for each change, at four strengths; returns the axes."""
    from fercourse.learn.augment import Augment
    from fercourse.report.pictures.mosaic import mosaic
    from fercourse.report.pictures.style import mark_drawn

    tiles, titles = [], []
    places = np.resize(_spread(len(split), len(LADDERS)), len(LADDERS))
    for name, place in zip(LADDERS, places, strict=True):
        face = split.images[place : place + 1]
        tiles.append([furthest(face, Augment(**{name: step}))[0] for step in LADDERS[name]])
        titles += [_title(name, step) for step in LADDERS[name]]
    return mark_drawn(mosaic(tiles, titles=titles, ax=ax), split.drawn)


def furthest(images: np.ndarray, augment: "Augment", *, seed: int = 0) -> np.ndarray:
    """Faces, uint8 (N, 48, 48), as far as `augment` goes, each to one end or the other, by lot; the same for one seed.

    A flip takes all faces. Corners move inwards by all of `perspective` or not at all; the erased square lies inside.
    """
    from dataclasses import replace

    import torch

    levels = torch.tensor(images)[:, None].float() / 255
    draws = augment.draws(len(images), torch.Generator().manual_seed(seed))
    levels = replace(augment, flip=0.0, erase=0.0).apply(levels, draws.round())
    # A draw of 0 mirrors at any probability over 0; draws around the middle keep the square inside the face.
    levels = type(augment)(flip=augment.flip).apply(levels, torch.zeros_like(draws))
    levels = type(augment)(erase=augment.erase).apply(levels, 0.3 + 0.4 * draws)
    return (255 * levels[:, 0]).round().byte().numpy()


def _title(name, step):
    """A change and its strength, over a face."""
    strength = f"{step}°" if name in ("rotate", "shear") else f"{100 * step:.0f} %"
    return f"{name}\n{strength}" if step else "as it is"


def _spread(length, count):
    """`count` positions from all over a split, so that emotions differ where faces are sorted."""
    return np.linspace(0, length - 1, min(count, length)).round().astype(int)
