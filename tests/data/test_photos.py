"""A photo of one's own: whatever Pillow reads or an array holds becomes a face, and what cannot be one is refused."""

import io
import os

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from torchvision.transforms import v2

import fercourse as fc
from fercourse.data.faces import is_frozen

GENERATOR = np.random.default_rng(2)
COLOUR = GENERATOR.integers(0, 256, (60, 90, 3)).astype(np.uint8)


def saved(path, image=COLOUR, **options):
    Image.fromarray(image).save(path, **options)
    return path


def lanczos(levels):
    """A grey square made 48 pixels a side by Lanczos's filter of three lobes, by its definition: float (48, 48)."""
    side = len(levels)
    scale = side / 48
    centres = (np.arange(48) + 0.5) * scale
    apart = (np.arange(side) + 0.5 - centres[:, None]) / scale
    weights = np.where(abs(apart) < 3, np.sinc(apart) * np.sinc(apart / 3), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ levels @ weights.T


def test_a_photo_becomes_one_face_without_a_label(tmp_path):
    path = saved(tmp_path / "me.png")
    own = fc.face(path)
    assert (len(own), own.name, own.source, own.labelled, own.drawn) == (1, "own", str(path), False, False)
    assert own.labels.tolist() == [-1]
    assert (own.images.dtype, own.images.shape) == (np.uint8, (1, 48, 48))
    assert is_frozen(own.images)


@pytest.mark.parametrize("side", [48, 49, 96, 131, 480])
def test_a_square_is_made_smaller_as_lanczoss_filter_says(side):
    levels = GENERATOR.integers(80, 177, (side, side)).astype(np.uint8)  # nothing is cut off at black and white
    assert abs(fc.face(levels).images[0] - lanczos(levels.astype(float))).max() <= 1.5  # Pillow rounds in between


def test_the_finest_pattern_becomes_an_even_grey_and_no_coarser_one():
    chequered = (np.indices((480, 480)).sum(0) % 2 * 255).astype(np.uint8)
    assert abs(fc.face(chequered).images.astype(int) - 127.5).max() <= 2


def test_colours_become_grey_by_the_weights_of_itu_r_601():
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 200, 90]], np.uint8)
    for colour in colours:
        even = np.broadcast_to(colour, (50, 50, 3)).copy()
        grey = round(float(colour @ [0.299, 0.587, 0.114]))
        assert abs(fc.face(even).images.astype(int) - grey).max() <= 1


@pytest.mark.parametrize("shape", [(60, 90), (90, 60)])
def test_the_square_in_the_middle_is_what_is_kept(shape):
    levels = GENERATOR.integers(0, 256, shape).astype(np.uint8)
    middle = levels[:, 15:75] if shape[1] > shape[0] else levels[15:75]
    assert np.array_equal(fc.face(levels).images, fc.face(middle).images)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_every_viewer_turns_it(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    levels = GENERATOR.integers(0, 256, (48, 48)).astype(np.uint8)
    path = saved(tmp_path / "turned.png", levels, exif=exif.tobytes())
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(fc.face(path).images[0], expected)
    assert (orientation == 1) == np.array_equal(expected, levels)


FORMS = {
    "uint8 (H, W)": lambda levels: levels,
    "uint8 (H, W, 1)": lambda levels: levels[:, :, None],
    "uint8 (1, H, W)": lambda levels: levels[None],
    "grey in three channels": lambda levels: np.stack([levels] * 3, 2),
    "channels first": lambda levels: np.stack([levels] * 3),
    "opaque": lambda levels: np.stack([*[levels] * 3, np.full_like(levels, 255)], 2),
    "doubles": lambda levels: levels / 255,
    "floats": lambda levels: levels.astype(np.float32)[None] / np.float32(255),
    "half floats": lambda levels: (levels / 255).astype(np.float16),
    "a tensor": torch.tensor,
    "a tensor of floats": lambda levels: (torch.tensor(levels)[None].float() / 255).requires_grad_(),
    "a tv_tensor": lambda levels: v2.ToImage()(Image.fromarray(levels)),
    "a PIL image": Image.fromarray,
    "a PIL image in colour": lambda levels: Image.fromarray(levels).convert("RGB"),
    "a view that runs backwards": lambda levels: levels[::-1][::-1],
    "an open file": lambda levels: io.BytesIO(encoded(levels)),
}


def encoded(levels, kind="png"):
    file = io.BytesIO()
    Image.fromarray(levels).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_a_face_of_48_pixels_stays_as_it_is_in_whatever_form_it_comes(form):
    levels = np.arange(48 * 48).reshape(48, 48).astype(np.uint8)
    assert np.array_equal(fc.face(FORMS[form](levels)).images[0], levels)


def test_a_float_between_two_grey_levels_becomes_the_nearer_one():
    assert (fc.face(np.full((48, 48), 254.7 / 255)).images == 255).all()
    assert (fc.face(np.full((48, 48), 0.4 / 255)).images == 0).all()


def test_floats_that_a_resizing_left_a_little_over_1_are_1():
    levels = np.linspace(-1e-7, 1 + 1e-7, 48 * 48).reshape(48, 48)
    assert np.array_equal(fc.face(levels).images, fc.face(levels.clip(0, 1)).images)


@pytest.mark.parametrize("kind", ["png", "bmp", "tiff", "gif", "webp", "jpeg", "ppm"])
def test_every_kind_of_file_is_read(tmp_path, kind):
    levels = np.repeat(np.repeat(GENERATOR.integers(60, 190, (6, 6)), 16, 0), 16, 1).astype(np.uint8)
    path = saved(tmp_path / f"me.{kind}", levels)
    assert abs(fc.face(path).images.astype(int) - fc.face(levels).images).mean() < 4


def test_of_an_animation_the_first_picture_is_taken(tmp_path):
    first, second = (Image.fromarray(np.full((48, 48), level, np.uint8)) for level in (40, 200))
    first.save(tmp_path / "moving.gif", save_all=True, append_images=[second])
    assert (fc.face(tmp_path / "moving.gif").images == 40).all()


def test_what_is_transparent_lies_on_white_and_not_on_the_colour_hidden_under_it():
    levels = np.full((48, 48, 4), 20, np.uint8)
    levels[..., 3] = 255
    levels[:24, :, 3] = 0
    levels[24:36, :, 3] = 128
    found = fc.face(levels).images[0]
    assert (found[:24] == 255).all()
    assert (abs(found[24:36] - 137.0) <= 1).all()
    assert (found[36:] == 20).all()


def test_several_photos_are_several_faces_in_their_order(tmp_path):
    dark, bright = (saved(tmp_path / f"{level}.png", np.full((50, 70), level, np.uint8)) for level in (10, 240))
    own = fc.face(dark, str(bright), np.full((48, 48), 99, np.uint8))
    assert own.images[:, 0, 0].tolist() == [10, 240, 99]
    assert own.source == f"{dark}, {bright}, an array"
    assert own.drawn is None, "nobody said what the array is"
    assert fc.face(dark, dark).source == str(dark)


def test_an_own_photo_is_predicted_shown_and_indexed(tmp_path):
    own = fc.face(saved(tmp_path / "me.png"), COLOUR)
    torch.manual_seed(0)
    model = fc.mlp(0.5, 0.25, hidden=(16,))
    guess = fc.predict(model, own)
    with torch.inference_mode():
        expected = model.eval()(torch.tensor(own[0][0][None])).softmax(1)
    np.testing.assert_allclose(guess.probabilities[:1], expected, atol=1e-6)
    assert (guess.labelled, guess.source) == (False, own.source)
    assert fc.plots.faces(own).images
    assert len(fc.plots.probabilities(guess, own, [0])) == 1


def test_a_path_is_seen_from_the_folders_of_the_course(tmp_path, monkeypatch):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "notebooks").mkdir()
    saved(tmp_path / "me.png")
    monkeypatch.chdir(tmp_path / "notebooks")
    assert fc.face("me.png").source == "me.png"


REFUSED = {
    "nothing at all": ((), fc.ParameterError, "expected pictures, such as"),
    "no such file": (("nowhere.jpg",), fc.DataNotFound, "nowhere.jpg could not be read: No such file"),
    "a folder": ((".",), fc.DataNotFound, "could not be read: Is a directory"),
    "another file": ((io.BytesIO(b"ftypheic" * 9),), fc.DataMismatch, "a picture that Pillow reads.*none of its forma"),
    "half a file": ((io.BytesIO(encoded(COLOUR)[:4000]),), fc.DataMismatch, "found another file or a damaged one"),
    "too small": ((np.zeros((48, 47), np.uint8),), fc.DataMismatch, "at least 48 × 48 pixels, found 47 × 48"),
    "over 1": ((np.full((48, 48), 1.5),), fc.DataMismatch, "floats from 0 to 1, found 1.5 to 1.5. Divide"),
    "under 0": ((np.full((48, 48), -0.1, np.float32),), fc.DataMismatch, "floats from 0 to 1, found -0.1"),
    "no number": ((np.full((48, 48), np.nan),), fc.DataMismatch, "floats from 0 to 1, found nan"),
    "whole numbers": ((np.zeros((48, 48), int),), fc.DataMismatch, r"found int64 \(48, 48\).*round whole numbers"),
    "a batch": ((np.zeros((2, 1, 48, 48), np.uint8),), fc.DataMismatch, r"found uint8 \(2, 1, 48, 48\). Of a batch"),
    "two channels": ((np.zeros((48, 48, 2), np.uint8),), fc.DataMismatch, r"one picture .* found uint8 \(48, 48, 2\)"),
    "16 bits": ((Image.fromarray(np.zeros((48, 48), np.uint16)),), fc.DataMismatch, "8 bits a channel .* found mode I"),
    "a number": ((3,), fc.DataMismatch, r"expected one picture as uint8 or floats.*found int64 \(\)"),
    "a pair": (((np.zeros((1, 48, 48), np.float32), 3),), fc.DataMismatch, "one picture, found a tuple. Of faces and"),
    "None": ((None,), fc.DataMismatch, r"found object \(\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused_with_the_reason(name):
    pictures, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        fc.face(*pictures)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_named(tmp_path):
    path = saved(tmp_path / "me.png")
    path.chmod(0)
    with pytest.raises(fc.DataNotFound, match=r"me\.png could not be read: Permission denied"):
        fc.face(path)
