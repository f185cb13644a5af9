"""One encoded picture as a face: whatever Pillow reads, where it is 48×48, grey, opaque and alone in its file."""

import re
import struct
import zlib
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from fercourse.data.faces import SIDE
from fercourse.errors import DataMismatch

READ_AS_GREY = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")
"""Modes of PIL in which a grey image of 8 bits comes."""

REMEDY = "Replace or remove it, or load 'drawn'."

NO_PICTURE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    NotImplementedError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What Pillow raises of damaged content, by format."""


def grey_face(file, name):
    """Grey levels uint8 (48, 48) of a picture, a path or a binary file, turned as it is shown; `name` is for messages.

    A colour image counts as grey where its channels are equal. Raises DataMismatch where it is damaged or no picture,
    truly in colour, partly transparent, animated, of more than 8 bits or of another size; OSError where the file cannot
    be read.
    """
    with decoding(name, remedy=REMEDY), Image.open(file) as image:
        refuse_other_pictures(image, name)
        turned = turned_as_shown(image)
        refuse_other_pictures(turned, name)  # an icon's header may lie
        return grey_levels(turned, name)


@contextmanager
def decoding(name, *, remedy):
    """Turn what Pillow raises of damaged content into DataMismatch; an OSError of the system comes out as it is.

    Also where the notebook told Pillow to fill up what is missing of a picture with grey.
    """
    filled, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    except DataMismatch:  # a ValueError, too
        raise
    except NO_PICTURE as error:
        if getattr(error, "errno", None) is not None:  # no permission, no such file
            raise
        raise DataMismatch(
            f"{name}: expected a picture that Pillow reads (PNG, JPEG, BMP, …), found another file or a damaged one "
            f"({'none of its formats' if isinstance(error, UnidentifiedImageError) else error}). {remedy}"
        ) from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = filled


def refuse_other_pictures(image, name):
    """Raise DataMismatch where the header says that this is no face of FER2013."""
    if image.size != (SIDE, SIDE):
        width, height = image.size
        raise DataMismatch(
            f"{name}: expected {SIDE} × {SIDE} pixels, found {width} × {height}. FER2013 was published at "
            f"{SIDE} × {SIDE}: get a copy that was not resized. {REMEDY}"
        )
    if (frames := getattr(image, "n_frames", 1)) > 1:
        raise DataMismatch(f"{name}: expected one picture, found {frames} in one file. Save one face a file. {REMEDY}")
    if (mode := mode_with_bits(image)) not in READ_AS_GREY:
        raise DataMismatch(
            f"{name}: expected a grey image of 8 bits (mode L), found mode {mode}. FER2013 has grey levels from 0 to "
            f"255: get a copy that was not changed. {REMEDY}"
        )


def mode_with_bits(image):
    """The mode of an image; of one in colour that has 16 bits a channel, and is not loaded yet, with ";16" behind it.

    Pillow has no such mode in colour: it keeps the upper 8 bits without a word.
    """
    is_deep = any(re.search(";16[BLN]", str(arguments)) for *_, arguments in getattr(image, "tile", ()))
    return f"{image.mode};16" if is_deep and not image.mode.startswith("I") else image.mode


def grey_levels(image, name):
    """Grey levels uint8 (48, 48) of an open image. Raises DataMismatch where it is in colour or partly transparent."""
    plain = image.mode == "L" and "transparency" not in image.info
    pixels = np.asarray(image if plain else image.convert("RGBA"))
    if plain:
        return pixels
    if (pixels[..., :3] != pixels[..., :1]).any():
        raise DataMismatch(
            f"{name}: expected a grey image (mode L), found mode {image.mode}, in colour. FER2013 is grey: get a copy "
            f"that was not coloured. {REMEDY}"
        )
    if (pixels[..., 3] != 255).any():
        raise DataMismatch(f"{name}: expected an opaque image, found transparent pixels. {REMEDY}")
    return pixels[..., 0]


def turned_as_shown(image):
    """`image` turned as its EXIF orientation says, as every viewer shows it."""
    image.load()  # some formats turn it themselves here, and forget the orientation
    return image if image.getexif().get(ExifTags.Base.Orientation, 1) == 1 else ImageOps.exif_transpose(image)
