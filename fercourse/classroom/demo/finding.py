"""The largest face in a picture, found by the cascade that comes with OpenCV 4; nothing is learnt or downloaded here.

Viola and Jones 2001. It finds faces that look into the camera, and takes some things for faces that are none.
"""

from functools import cache
from io import BytesIO
from threading import Lock

import numpy as np
from PIL import Image

from fercourse.data.faces import SIDE
from fercourse.data.layouts.pictures import decoding
from fercourse.data.photos import grey_picture
from fercourse.errors import DataMismatch

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MOST_PIXELS = 50_000_000
REMEDY = "Choose a photo, saved as JPEG or PNG."
LONGEST = 640
"""Pixels of the longer side at which faces are looked for: a face that fills a twelfth of it is found."""

AGREE = 5
"""So many overlapping finds make a face: with fewer, parts of a face and stains on a wall are found too."""

_one_at_a_time = Lock()  # OpenCV's cascade keeps its work in itself


def picture_in(data: bytes) -> np.ndarray:
    """The grey levels, uint8 (height, width), of an encoded picture, turned as it is shown, on white if transparent.

    Raises DataMismatch where it is no picture, damaged, too large, or has more than 8 bits a channel.
    """
    with decoding("This file", remedy=REMEDY), Image.open(BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise DataMismatch(
                f"This file: expected at most {MOST_PIXELS // 1_000_000} million pixels, found {image.width:,} × "
                f"{image.height:,}. Make it smaller."
            )
        return np.array(grey_picture(image, "This file"))


def boxes_in(grey: np.ndarray) -> list[tuple[int, int, int]]:
    """The faces in a picture, uint8 (height, width), as squares (left, top, side), the largest first.

    A picture of 48 × 48 pixels is a face of the data set: it is taken whole. Raises ImportError without OpenCV 4.
    """
    height, width = grey.shape
    if (height, width) == (SIDE, SIDE):
        return [(0, 0, SIDE)]
    scale = max(1.0, max(height, width) / LONGEST)
    small = Image.fromarray(grey).resize((max(1, round(width / scale)), max(1, round(height / scale))))
    found = _detected(np.array(small))
    boxes = [(int(x * scale), int(y * scale), int(side * scale)) for x, y, side, _ in found]
    boxes = [(x, y, min(side, width - x, height - y)) for x, y, side in boxes]
    return sorted(boxes, key=lambda box: box[2], reverse=True)


def cut_out(grey: np.ndarray, box: tuple[int, int, int]) -> np.ndarray:
    """The face in `box` as FER2013's are, uint8 (48, 48)."""
    left, top, side = box
    square = Image.fromarray(grey).crop((left, top, left + side, top + side))
    return np.array(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _detected(grey):
    smallest = max(24, min(grey.shape) // 12)
    with _one_at_a_time:
        return _cascade().detectMultiScale(grey, 1.1, AGREE, minSize=(smallest, smallest))


@cache
def _cascade():
    import cv2

    if not hasattr(cv2, "CascadeClassifier"):
        raise ImportError(f"expected OpenCV 4, whose package has cascades; found {cv2.__version__}: {INSTALL}")
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_alt2.xml")


INSTALL = 'pip install "opencv-python-headless<5"'
