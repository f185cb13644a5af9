"""Pictures to show to the demo: drawn faces on a wall, as files and as the film of a camera that does not exist."""

import io

import numpy as np
from PIL import Image


def scene(*faces, side=200, left=60, top=120, size=(640, 480), seed=0):
    """Faces, uint8 (48, 48), side by side before a wall, as a PIL image in colour; `side` pixels each."""
    grey = np.random.default_rng(seed).integers(60, 190, (24, 32)).astype(np.uint8)
    wall = Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC)
    for place, face in enumerate(faces):
        wall.paste(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC), (left + 280 * place, top))
    return wall.convert("RGB")


def encoded(picture, kind="PNG", **settings):
    """A PIL image as a file."""
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def write_film(path, face):
    """A film of motion JPEG, which is JPEG files one after another: a face that moves to the right."""
    with open(path, "wb") as film:
        for step in range(20):
            film.write(encoded(scene(face, side=220, left=100 + 8 * step), "JPEG", quality=90))
