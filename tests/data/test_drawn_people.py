"""The same drawn people with one trait chosen: nothing else of them changes."""

import numpy as np
import pytest

import fercourse as fc
from fercourse.data.drawn.dataset import SHARES
from fercourse.data.drawn.sitters import sit, wears_glasses
from fercourse.errors import ParameterError


def people(**traits):
    return fc.drawn_people(60, traits, seed=3)


def test_with_one_seed_they_are_the_same_people():
    assert np.array_equal(people().images, people().images)
    assert not np.array_equal(people().images, fc.drawn_people(60, seed=4).images)
    assert np.array_equal(people().labels, people(yaw=0.2).labels)


def test_glasses_change_the_eyes_and_nothing_else():
    """Without turning or tilting, so that rows stay rows."""
    still = {"roll": 0, "pitch": 0, "yaw": 0, "shift_y": 0, "framing": 0, "softness": 0}
    change = people(**still, glasses=True).images != people(**still, glasses=False).images
    assert change.any((1, 2)).all()
    assert not change[:, :10].any()
    assert not change[:, 34:].any()


def test_who_wears_glasses_anyway_is_drawn_as_before():
    own, with_them, without = people().images, people(glasses=True).images, people(glasses=False).images
    wearing = (own == with_them).all((1, 2))
    assert 0 < wearing.sum() < 20
    assert (own == without).all((1, 2))[~wearing].all()


def test_a_trait_has_the_value_that_was_chosen():
    bright, dark = (people(brightness=value).images.mean() for value in (0.14, -0.14))
    assert bright - dark > 30
    left, right = (people(yaw=value, roll=0).images for value in (-0.25, 0.25))
    assert (left != right).any((1, 2)).all()


def test_labels_are_the_emotions_in_their_shares_and_nothing_is_a_copy():
    split = fc.drawn_people(300, seed=1)
    assert np.abs(np.array(list(split.counts().values())) - 300 * SHARES).max() < 1
    assert len({image.tobytes() for image in split.images}) == 300
    assert split.drawn
    assert split.votes is None
    assert fc.drawn_people(2, {"glasses": True, "yaw": 0.1}).source == "drawn faces, seed 0, glasses True, yaw 0.1"


def test_about_one_in_eight_wears_glasses():
    assert 0.08 < wears_glasses(sit(1000, np.random.default_rng(0))).mean() < 0.16


def test_what_is_no_trait_or_out_of_range_is_refused():
    with pytest.raises(ParameterError, match=r"expected a trait of drawn faces: head_width, .*; found 'hat'"):
        people(hat=True)
    with pytest.raises(ParameterError, match=r"expected yaw from -0\.25 to 0\.25; found yaw=1"):
        people(yaw=1)
    with pytest.raises(ParameterError, match="expected glasses=True or False; found glasses=0"):
        people(glasses=0)
    with pytest.raises(ParameterError, match="count"):
        fc.drawn_people(0)
