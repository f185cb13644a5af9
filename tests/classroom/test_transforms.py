"""Augmentation to be tried out: the widget without a browser, and the sheet that stands in for it."""

import math

import numpy as np
import pytest
import torch
from shown_picture import shown_picture
from torchvision.transforms import v2

from fercourse.classroom import transforms
from fercourse.learn.augment import Augment


@pytest.fixture
def split():
    from fercourse.data.drawn.dataset import drawn_faces

    return drawn_faces(40, 0, 0, seed=3).train


def parts(widget):
    """(controls by name, the picture as an array, the caption) of the widget."""
    box, picture, caption = widget.children
    *columns, mirror = box.children
    controls = {control.description: control for column in columns for control in column.children}
    return controls | {"mirrored": mirror}, shown_picture(picture.value), caption.value


def before_and_after(widget):
    _, picture, _ = parts(widget)
    rows = picture[::2, ::2].reshape(2, 48, -1, 48)
    return rows.swapaxes(1, 2)


def test_untouched_strengths_show_the_faces_as_they_are(split):
    before, after = before_and_after(transforms.desk(split))
    np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(before, split.images[[0, 6, 11, 17, 22, 28, 33, 39]])


@pytest.mark.parametrize("name", [*transforms.LADDERS, "mirrored"])
def test_every_control_changes_the_picture_and_the_call_and_takes_it_back(split, name):
    widget = transforms.desk(split)
    controls, untouched, _ = parts(widget)
    controls[name].value = True if name == "mirrored" else controls[name].max / 2
    _, changed, caption = parts(widget)
    assert ("flip" if name == "mirrored" else name) + "=" in caption
    assert split.source in caption
    assert not np.array_equal(untouched, changed)
    np.testing.assert_array_equal(untouched[:96], changed[:96])
    controls[name].value = False if name == "mirrored" else 0
    np.testing.assert_array_equal(parts(widget)[1], untouched)


def test_the_call_in_the_caption_is_one_that_a_student_can_copy(split):
    widget = transforms.desk(split)
    controls, _, _ = parts(widget)
    controls["rotate"].value, controls["mirrored"].value = 30, True
    call = parts(widget)[2].split("<code>fc.")[1].split("</code>")[0]
    assert eval(call, {"Augment": Augment}) == Augment(flip=1.0, rotate=30)


def test_mirrored_shows_every_face_mirrored(split):
    after = transforms.furthest(split.images, Augment(flip=0.5))
    np.testing.assert_array_equal(after, split.images[:, :, ::-1])


def test_a_turn_is_the_chosen_angle_to_either_side_as_torchvision_turns(split):
    after = transforms.furthest(split.images, Augment(rotate=90)).astype(int)
    quarters = [torch.rot90(torch.tensor(split.images), turns, (1, 2)).numpy().astype(int) for turns in (1, -1)]
    left, right = (np.abs(after - quarter).max((1, 2)) <= 1 for quarter in quarters)
    assert (left ^ right).all()
    assert 0 < left.sum() < len(split)
    torchs = v2.functional.rotate(torch.tensor(split.images), 90).numpy()
    assert np.abs(torchs[left] - after[left]).max() <= 1


def test_light_changes_by_exactly_the_chosen_factor_to_either_side():
    grey = np.full((30, 48, 48), 100, np.uint8)
    after = transforms.furthest(grey, Augment(brightness=0.5))
    assert set(np.unique(after)) == {50, 150}


def test_the_erased_square_is_whole_whichever_face(split):
    side = 0.3
    ramp = np.tile(np.arange(48, dtype=np.uint8) * 5, (40, 48, 1))
    hidden = (transforms.furthest(ramp, Augment(erase=side)) != ramp).any(axis=2).sum(axis=1)
    assert set(hidden) <= {math.floor(48 * side), math.ceil(48 * side)}


def test_where_nobody_watches_a_sheet_shows_every_change_by_strength(split, monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")
    drawn = []
    monkeypatch.setattr(transforms, "sheet", drawn.append)
    assert transforms.try_transforms(split) is None
    assert drawn == [split]


def test_the_sheet_names_every_change_its_strengths_and_its_source(split):
    ax = transforms.sheet(split)
    titles = [text.get_text() for text in ax.texts]
    assert sum(title == "as it is" for title in titles) == len(transforms.LADDERS)
    assert {title.split("\n")[0] for title in titles} >= set(transforms.LADDERS)
    assert {"rotate\n90°", "zoom\n10 %", "shift\n5 %"} <= set(titles)
    assert ax.get_title(loc="right") == "drawn faces"


def test_the_sheet_is_four_faces_wide_so_that_a_phone_shows_its_titles_and_works_with_one_face(split):
    for faces in (split, split[:1]):
        canvas = transforms.sheet(faces).images[0].get_array()
        assert canvas.shape[1] == 4 * 48 + 3 * 2
        assert canvas.shape[0] > 8 * 48


def test_the_widget_is_made_where_somebody_watches(split, monkeypatch):
    monkeypatch.delenv("FERCOURSE_HEADLESS", raising=False)
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    transforms.try_transforms(split)
    assert len(parts(shown[0])[0]) == len(transforms.LADDERS) + 1


def test_a_split_of_fewer_faces_than_the_widget_shows_is_shown_whole(split):
    before, _ = before_and_after(transforms.desk(split[:3]))
    np.testing.assert_array_equal(before, split.images[:3])
