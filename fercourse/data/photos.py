"""A photo of one's own as a face like FER2013's: grey, square, 48 pixels a side."""

import os
from typing import Any

import numpy as np
from PIL import Image

from fercourse.data.faces import SIDE, Split, frozen
from fercourse.data.find import located
from fercourse.data.layouts.pictures import READ_AS_GREY, decoding, mode_with_bits, turned_as_shown
from fercourse.errors import DataMismatch, DataNotFound, ParameterError

READ = (*READ_AS_GREY, "CMYK", "YCbCr")
"""Modes of PIL with 8 bits a channel: others, of 16 or 32 bits, do not say which of their levels is white."""

CHANNELS = (1, 3, 4)
REMEDY = "Save it as JPEG or PNG, and try again."


def face(*pictures: Any) -> Split:
    """Photos of your own as faces, one each: a Split without labels, for `fc.predict` and `fc.plots.faces`.

    pictures: paths, files open for reading in binary, PIL images, or arrays or tensors: uint8, or floats from 0 to 1;
              grey (H, W), in colour (H, W, 3) or with transparency (H, W, 4), channels last or first

    A picture is turned as it is shown (EXIF), laid on white where it is transparent, made grey (Pillow's L, ITU-R 601),
    cut to the square in its middle and made smaller by Lanczos's filter, the sharpest of those that let no pattern
    arise. One of 48 × 48 grey pixels stays as it is. Of several pictures in one file the first is taken.

    It finds no face in a picture: FER2013's reach from forehead to chin, so cut yours like that before.

    Raises DataNotFound where no file can be read, DataMismatch for what is no picture, has more than 8 bits a channel,
    floats outside 0 to 1 or less than 48 pixels a side: to enlarge it would show the network a blur that no face it has
    learnt from has. ParameterError where no picture is given.

    >>> face(np.full((480, 640, 3), 0.5))
    Split(own, 1 face, an array)
    """
    if not pictures:
        raise ParameterError("expected pictures, such as fc.face('me.jpg'); found none")
    names = [named(picture) for picture in pictures]
    images = np.stack([made_smaller(picture, name) for picture, name in zip(pictures, names, strict=True)])
    labels = np.full(len(images), -1, np.int64)
    drawn = False if all(map(is_path, pictures)) else None
    return Split(frozen(images), frozen(labels), "own", ", ".join(dict.fromkeys(names)), drawn=drawn)


def is_path(picture):
    return isinstance(picture, (str, os.PathLike))


def named(picture):
    """What a picture is called in captions and messages."""
    if is_path(picture):
        return os.fspath(picture)
    if hasattr(picture, "read"):
        return str(getattr(picture, "name", "a file"))
    return "a picture" if isinstance(picture, Image.Image) else "an array"


def made_smaller(picture, name):
    """Grey levels uint8 (48, 48) of a picture, as `face` takes it."""
    if isinstance(picture, Image.Image):
        return grey_square(picture, name)
    if is_path(picture):
        with opened(picture) as file:
            return made_smaller(file, name)
    if hasattr(picture, "read"):
        with decoding(name, remedy=REMEDY), Image.open(picture) as image:
            return grey_square(image, name)
    return grey_square(image_of(picture, name), name)


def opened(path):
    """The file at `path`, seen from the working folder and those above it up to the course's, as in `load`."""
    try:
        return open(located(path), "rb")
    except OSError as error:
        raise DataNotFound(
            f"{path} could not be read: {error.strerror}. Check the path; it is seen from {os.getcwd()}."
        ) from error


def grey_square(image, name):
    """Grey levels uint8 (48, 48) of a PIL image."""
    grey = grey_picture(image, name)
    if min(grey.size) < SIDE:
        raise DataMismatch(
            f"{name}: expected at least {SIDE} × {SIDE} pixels, found {grey.width} × {grey.height}. Take a larger "
            "picture: to enlarge this one adds nothing that a network could read."
        )
    side, (left, top) = min(grey.size), ((length - min(grey.size)) // 2 for length in grey.size)
    square = grey.crop((left, top, left + side, top + side))
    return np.array(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def grey_picture(image, name):
    """The whole of a PIL image in grey (mode L), turned as it is shown, on white where it is transparent."""
    mode = mode_with_bits(image)
    if mode not in READ:
        raise DataMismatch(f"{name}: expected 8 bits a channel (mode {', '.join(READ)}), found mode {mode}. {REMEDY}")
    image = turned_as_shown(image)
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert("L")


def image_of(array, name):
    """A PIL image of an array or a tensor."""
    if hasattr(array, "detach"):  # PyTorch's, perhaps with a gradient, on a GPU or of a type that NumPy has not
        array = array.detach().cpu()
        array = array.float() if array.is_floating_point() else array
    try:
        array = np.asarray(array)
    except ValueError as error:  # what is no array at all
        raise DataMismatch(
            f"{name}: expected one picture, found a {type(array).__name__}. Of faces and their labels give the images, "
            "each for itself: fc.face(*split.images)."
        ) from error
    if array.ndim == 3 and array.shape[0] in CHANNELS and array.shape[2] not in CHANNELS:
        array = np.moveaxis(array, 0, 2)
    is_picture = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in CHANNELS)
    if not is_picture or not (array.dtype == np.uint8 or array.dtype.kind == "f"):
        raise DataMismatch(
            f"{name}: expected one picture as uint8 or floats, (H, W), (H, W, 3) or (3, H, W), found {array.dtype} "
            f"{array.shape}. Of a batch give each for itself, fc.face(*images); round whole numbers of another type to "
            "uint8."
        )
    if array.dtype.kind == "f":
        levels = np.rint(array * 255)  # a resizing may leave 1.0000001, which is no other level than 1
        if not ((levels >= 0) & (levels <= 255)).all():  # NaN is outside as well
            raise DataMismatch(
                f"{name}: expected floats from 0 to 1, found {array.min():.4g} to {array.max():.4g}. Divide grey "
                "levels by 255; undo a standardisation."
            )
        array = levels.astype(np.uint8)
    return Image.fromarray(array[:, :, 0] if array.shape[2:] == (1,) else array)
