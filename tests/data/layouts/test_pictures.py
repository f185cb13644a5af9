"""One picture file as a face: whatever Pillow reads is read exactly where it is a face of FER2013, else refused."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile
from small_fer import IMAGES, encoded

from fercourse.data.layouts.pictures import grey_face
from fercourse.data.photos import face
from fercourse.errors import DataMismatch

FACE, OTHER = IMAGES[0], IMAGES[1]
TURNED = Image.Exif()
TURNED[0x0112] = 6  # to be shown turned by a quarter to the right

LOSSLESS = {
    "png": encoded(FACE),
    "bmp": encoded(FACE, "bmp"),
    "gif": encoded(FACE, "gif"),
    "tiff": encoded(FACE, "tiff"),
    "tiff, deflated": encoded(FACE, "tiff", compression="tiff_adobe_deflate"),
    "pgm": encoded(FACE, "ppm"),
    "tga": encoded(FACE, "tga"),
    "pcx": encoded(FACE, "pcx"),
    "jpeg 2000": encoded(FACE, "jpeg2000"),
    "webp": encoded(FACE, "webp", "RGB", lossless=True),
    "png in colour": encoded(FACE, "png", "RGB"),
    "bmp in colour": encoded(FACE, "bmp", "RGB"),
    "png with a palette": encoded(FACE, "png", "P"),
    "png with alpha": encoded(FACE, "png", "LA"),
    "png in colour with alpha": encoded(FACE, "png", "RGBA"),
}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_grey_face_is_read_to_the_last_grey_level(kind):
    assert np.array_equal(grey_face(io.BytesIO(LOSSLESS[kind]), "a face"), FACE)


def test_a_picture_in_black_and_white_has_the_grey_levels_0_and_255():
    face = grey_face(io.BytesIO(encoded(FACE, "png", "1")), "a face")
    assert np.array_equal(face, np.asarray(Image.fromarray(FACE).convert("1")) * np.uint8(255))


@pytest.mark.parametrize("kind", ["png", "tiff", "webp"])
def test_a_picture_is_turned_as_viewers_show_it(kind):
    options = {"mode": "RGB", "lossless": True} if kind == "webp" else {}
    assert np.array_equal(
        grey_face(io.BytesIO(encoded(FACE, kind, exif=TURNED, **options)), "a face"), np.rot90(FACE, -1)
    )


def test_a_jpeg_is_turned_as_viewers_show_it():
    straight = np.asarray(Image.open(io.BytesIO(encoded(FACE, "jpeg"))))
    for mode in ("L", "RGB"):
        face = grey_face(io.BytesIO(encoded(FACE, "jpeg", mode, exif=TURNED)), "a face")
        assert np.array_equal(face, np.rot90(straight, -1))


def half_transparent():
    image = Image.fromarray(FACE).convert("LA")
    image.putalpha(Image.fromarray(OTHER))
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


def both(kind):
    return encoded(FACE, kind, save_all=True, append_images=[Image.fromarray(OTHER)])


REFUSED = {
    "transparent": (half_transparent(), "transparent"),
    "one grey level transparent": (encoded(FACE, "png", transparency=int(FACE[0, 0])), "transparent"),
    "one colour transparent": (encoded(FACE, "png", "P", transparency=int(FACE[0, 0])), "transparent"),
    "an animated gif": (both("gif"), "found 2 in one file"),
    "an animated png": (both("png"), "found 2 in one file"),
    "a tiff of two pages": (both("tiff"), "found 2 in one file"),
    "two jpegs in one": (both("mpo"), "found 2 in one file"),
    "16 bits": (encoded(FACE, "png", "I;16"), "mode I"),  # which older Pillows call I, newer ones I;16
    "fractions": (encoded(FACE, "tiff", "F"), "mode F"),
    "ink": (encoded(FACE, "jpeg", "CMYK"), "mode CMYK"),
    "in colour": (encoded(np.stack([FACE, OTHER, FACE], -1), "png", "RGB"), "in colour"),
    "smaller": (encoded(FACE[:40]), "48 × 40"),
    "no bytes": (b"", "damaged"),
    "a text": (b"emotion,pixels,Usage", "damaged"),
    "a page": (b"<html>", "damaged"),
    "cut short": (encoded(FACE)[:500], "damaged"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_face_is_refused_with_the_reason(kind):
    data, words = REFUSED[kind]
    with pytest.raises(DataMismatch, match=rf"a face: expected .*{words}"):
        grey_face(io.BytesIO(data), "a face")


def test_a_picture_in_colour_with_16_bits_a_channel_is_refused_as_one_in_grey_is():
    data = b"".join(b"\0" + row.repeat(3).astype(">u2").tobytes() for row in FACE)
    header = struct.pack(">IIBBBBB", 48, 48, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    assert Image.open(io.BytesIO(png)).mode == "RGB", "Pillow keeps the upper 8 bits, which are all 0"
    with pytest.raises(DataMismatch, match=r"8 bits .* found mode RGB;16"):
        grey_face(io.BytesIO(png), "a face")
    with pytest.raises(DataMismatch, match=r"8 bits .* found mode RGB;16"):
        face(io.BytesIO(png))


def test_half_a_picture_is_refused_also_where_pillow_was_told_to_fill_it_up(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for data in (encoded(FACE, "jpeg")[:900], encoded(FACE)[:900]):
        for read in (lambda file: grey_face(file, "a face"), face):
            with pytest.raises(DataMismatch, match="truncated"):
                read(io.BytesIO(data))
    assert ImageFile.LOAD_TRUNCATED_IMAGES, "for the rest of the notebook"


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        grey_face(tmp_path / "gone.png", "a face")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([*LOSSLESS]), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4), st.data()
)
def test_damage_is_refused_in_the_course_s_words_or_is_still_a_face(kind, changes, data):
    damaged = bytearray(LOSSLESS[kind])
    for place, byte in changes:
        damaged[place % len(damaged)] = byte
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own remarks on damage
        try:
            face = grey_face(io.BytesIO(bytes(damaged)), "a face")
        except DataMismatch as error:
            assert "a face: expected" in str(error)  # noqa: PT017
        else:
            assert (face.shape, face.dtype) == ((48, 48), np.uint8)
