"""Drawn faces: the data set's promises, and the drawing's."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from fercourse.data.drawn.dataset import MISREADINGS, SHARES, TWINS, _annotate, drawn_faces
from fercourse.data.drawn.portrait import draw, portray
from fercourse.data.drawn.sitters import POSE, UNITS, express, sit
from fercourse.data.faces import BALLOT, EMOTIONS
from fercourse.errors import ParameterError


@pytest.fixture(scope="module")
def many():
    """Drawn faces, 800 / 200 / 200."""
    return drawn_faces(800, 200, 200, seed=1)


@pytest.fixture(scope="module")
def still():
    """64 sitters who look straight into an even light, in front of a sharp camera without grain."""
    sitter = sit(64, np.random.default_rng(5))
    straight = (
        {name: np.zeros(64, np.float32) for name in POSE}
        | {name: np.ones(64, np.float32) for name in ("zoom", "contrast", "hand", "glasses")}
        | {"framing": np.zeros(64, np.float32)}
    )
    return SimpleNamespace(**(vars(sitter) | straight))


def drawn_with(sitter, **units):
    """Photographs of the sitters with these action units, all others at rest."""
    rest = np.zeros((64, len(UNITS)), np.float32)
    for name, level in units.items():
        rest[:, UNITS.index(name)] = level
    return portray(rest, sitter, np.random.default_rng(0)).astype(int)


def test_the_same_seed_draws_the_same_faces(faces):
    again = drawn_faces(210, 70, 70, seed=7)
    for first, second in zip(faces, again, strict=True):
        assert np.array_equal(first.images, second.images)
        assert np.array_equal(first.labels, second.labels)
        assert np.array_equal(first.votes, second.votes)
    assert faces.fingerprint == again.fingerprint


def test_another_seed_draws_other_faces(faces):
    other = drawn_faces(210, 70, 70, seed=8)
    assert faces.fingerprint != other.fingerprint
    assert not set(map(bytes, faces.train.images)) & set(map(bytes, other.train.images))


def test_the_splits_are_as_asked(faces):
    assert [len(split) for split in faces] == [210, 70, 70]
    assert [split.name for split in faces] == ["train", "valid", "test"]
    assert faces.drawn
    assert not faces.official
    assert faces.source == "drawn faces, seed 7"


def test_empty_splits_are_allowed():
    assert [len(split) for split in drawn_faces(0, 3, 0)] == [0, 3, 0]


def test_a_negative_size_is_refused():
    with pytest.raises(ParameterError, match="-1"):
        drawn_faces(10, -1, 10)


def test_every_split_has_the_class_shares_of_fer2013(many):
    for split in many:
        assert np.abs(np.array(list(split.counts().values())) - SHARES * len(split)).max() < 1


def test_one_label_in_seven_is_wrong_and_the_shares_stay():
    emotions = np.random.default_rng(0).choice(len(EMOTIONS), 10_000, p=SHARES)
    clarity = np.linspace(0, 1, 10_000, dtype=np.float32)
    labels = _annotate(emotions, clarity, np.random.default_rng(1))
    wrong = labels != emotions
    assert 0.12 < wrong.mean() < 0.15
    assert wrong[:5_000].mean() > 3 * wrong[5_000:].mean()
    assert np.array_equal(np.bincount(labels), np.bincount(emotions))
    mistaken = {frozenset((EMOTIONS[a], EMOTIONS[b])) for a, b in zip(emotions[wrong], labels[wrong], strict=True)}
    assert mistaken == set(map(frozenset, MISREADINGS))


def test_ten_voters_see_every_face_and_mostly_agree_with_its_label(many):
    for split in many:
        assert split.votes.dtype == np.uint8
        assert (split.votes.sum(1) == 10).all()
        assert 0.7 < (split.votes.argmax(1) == split.labels).mean() < 0.95
    rare = many.train.votes[:, [BALLOT.index("Contempt"), BALLOT.index("Unknown"), BALLOT.index("Not a face")]].mean(0)
    assert 0 < rare[2] < rare[1] < 1
    assert 0 < rare[0] < rare[1]


def test_near_twins_stand_in_and_across_the_splits(many):
    images = np.concatenate([split.images for split in many]).astype(np.float32)
    labels = np.concatenate([split.labels for split in many])
    part = np.repeat([0, 1, 2], [len(split) for split in many])
    first, second = nearest_pairs(images)
    assert 0.6 * TWINS < len(first) / len(images) < 1.4 * TWINS
    assert (part[first] != part[second]).any()
    assert (labels[first] != labels[second]).any()
    assert (images[first] == images[second]).all((1, 2)).any()


def nearest_pairs(images):
    """Positions of faces that correlate by more than 0.985, up to a pixel's shift: found by brute force."""
    inner = normalised(images[:, 2:-2, 2:-2])
    best = np.zeros((len(images), len(images)), np.float32)
    for down in range(1, 4):
        for across in range(1, 4):
            np.maximum(best, inner @ normalised(images[:, down : down + 44, across : across + 44]).T, out=best)
    return np.nonzero(np.triu(best, 1) > 0.985)


def normalised(crops):
    """Each crop as a row of mean 0 and length 1."""
    rows = crops.reshape(len(crops), -1) - crops.mean((1, 2))[:, None]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_draw_gives_photographs_and_how_plainly_each_shows_its_emotion():
    emotions = np.arange(40) % 7
    images, clarity = draw(emotions, np.random.default_rng(3))
    assert images.shape == (40, 48, 48)
    assert images.dtype == np.uint8
    assert clarity.shape == (40,)
    assert np.array_equal(images, draw(emotions, np.random.default_rng(3))[0])


@pytest.mark.parametrize("unit", ["corners_up", "corners_down", "open", "stretch", "press"])
def test_the_mouth_moves_the_lower_face_only(still, unit):
    change = np.abs(drawn_with(still, **{unit: 1.0}) - drawn_with(still)).mean((0, 2))
    assert change[30:46].max() > 2
    assert change[:20].max() == 0


@pytest.mark.parametrize("unit", ["inner_brow", "outer_brow", "brow_lower", "lids", "squint"])
def test_brows_and_lids_leave_the_mouth_alone(still, unit):
    change = np.abs(drawn_with(still, **{unit: 1.0}) - drawn_with(still)).mean((0, 2))
    assert change[8:24].max() > 1
    assert change[35:].max() == 0


def test_a_smile_lifts_the_corners_of_the_mouth_and_a_frown_lowers_them(still):
    smile, frown = drawn_with(still, corners_up=1.0), drawn_with(still, corners_down=1.0)
    corners = np.r_[13:18, 30:35]
    assert darkest_row(smile, corners) < darkest_row(frown, corners) - 2
    middle = np.r_[22:26]
    assert abs(darkest_row(smile, middle) - darkest_row(frown, middle)) < 2.5


def darkest_row(images, columns):
    """The mean row, weighted by darkness, of these columns of the lower face."""
    dark = np.maximum(np.median(images[:, 31:42], (1, 2))[:, None] - images[:, 31:42][:, :, columns].mean(2), 0).mean(0)
    return (dark * np.arange(31, 42)).sum() / dark.sum()


def test_a_mirrored_sitter_is_the_mirrored_photograph(still):
    turned = SimpleNamespace(**vars(still))
    mirrored = SimpleNamespace(**vars(still))
    for name in ("yaw", "roll", "light_x", "slope_x", "shift_x"):
        setattr(turned, name, np.full(64, 0.15, np.float32))
        setattr(mirrored, name, np.full(64, -0.15, np.float32))
    for name in ("gaze", "parting", "hand_x"):
        setattr(mirrored, name, -getattr(turned, name))
    assert np.abs(drawn_with(turned)[:, :, ::-1] - drawn_with(mirrored)).max() <= 1


def test_action_units_tell_the_emotions_apart():
    emotions = np.arange(1_400) % 7
    units, _ = express(emotions, np.random.default_rng(2))
    reader = LogisticRegression(max_iter=500).fit(units[:700], emotions[:700])
    assert 0.6 < reader.score(units[700:], emotions[700:]) < 0.97


def test_pixels_of_a_still_face_tell_the_emotions_apart(still):
    images, emotions = [], np.arange(64) % 7
    for seed in range(12):
        units, _ = express(emotions, np.random.default_rng(seed))
        images.append(portray(units, still, np.random.default_rng(0)))
    pixels = np.concatenate(images).reshape(-1, 48 * 48) / 64.0
    answers = np.tile(emotions, 12)
    reader = RidgeClassifier(1_000).fit(pixels[:576], answers[:576])
    assert reader.score(pixels[576:], answers[576:]) > 0.5
