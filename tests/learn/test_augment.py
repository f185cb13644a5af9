"""Augmentation: against torchvision's functions one face at a time, against loops, against itself."""

from dataclasses import FrozenInstanceError, fields, replace
from math import nan

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as reference

from fercourse.errors import ParameterError
from fercourse.learn import augment as module
from fercourse.learn.augment import Augment, augmented, offline_copies

BILINEAR = InterpolationMode.BILINEAR
EVERYTHING = Augment(
    flip=0.5, shift=0.1, rotate=15, zoom=0.2, shear=10, perspective=0.3, brightness=0.3, contrast=0.3, erase=0.3
)
NAMES = [field.name for field in fields(Augment)]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def images(faces):
    """16 drawn faces, float32 (16, 1, 48, 48)."""
    return torch.tensor(faces.train.images[:16, None]).float() / 255


@pytest.fixture(scope="module")
def draws():
    return Augment().draws(16, seeded())


def swing(draws, place):
    """A face's draw as a number from −1 to 1."""
    return 2 * draws[..., place] - 1


def visible(warped_ones):
    """Where a face was moved to, without its rim: what lies outside is filled in one's own way."""
    return warped_ones > 0.99999


# -- nothing, flips, whole-pixel shifts ------------------------------------------------------------------------------


def test_nothing_set_changes_nothing_bit_for_bit(images):
    assert torch.equal(Augment()(images), images)


def test_a_certain_flip_is_the_mirror_image_bit_for_bit(images):
    assert torch.equal(Augment(flip=1)(images), images.flip(-1))


def test_a_certain_flip_is_the_mirror_image_where_it_is_interpolated_too(images, draws):
    still = Augment(flip=1, rotate=1e-9)
    torch.testing.assert_close(still.apply(images, draws), images.flip(-1), rtol=0, atol=2e-6)


def test_a_flip_with_a_probability_mirrors_that_share_of_the_faces_and_leaves_the_others(images):
    many = images[:1].expand(2_000, 1, 48, 48)
    flipped = Augment(flip=0.3)(many, seeded())
    mirrored = (flipped == many.flip(-1)).flatten(1).all(1)
    untouched = (flipped == many).flatten(1).all(1)
    assert torch.all(mirrored ^ untouched)
    assert 0.26 < mirrored.float().mean() < 0.34


def test_a_shift_by_whole_pixels_is_that_of_a_loop_with_repeated_edges(images, draws):
    shifted = Augment(flip=0.5, shift=0.15).apply(images, draws)
    right, down = (swing(draws, module._SHIFT) * 0.15 * 48).round().long().unbind(1)
    assert len(set(right.tolist()) | set(down.tolist())) > 8
    flips = draws[:, module._FLIP] < 0.5
    assert 0 < flips.sum() < 16
    for face in range(16):
        source = images[face, 0].flip(-1) if flips[face] else images[face, 0]
        for row in (0, 1, 7, 30, 46, 47):
            for column in (0, 2, 11, 40, 47):
                y = min(max(row - int(down[face]), 0), 47)
                x = min(max(column - int(right[face]), 0), 47)
                assert shifted[face, 0, row, column] == source[y, x]


def test_shifts_reach_both_ends_of_their_range_and_no_further():
    line = torch.arange(48.0).expand(2_000, 1, 48, 48) / 48
    middle = (Augment(shift=3 / 48)(line, seeded())[:, 0, 24, 24] * 48).round().long()
    assert set((24 - middle).tolist()) == {-3, -2, -1, 0, 1, 2, 3}


def test_both_ways_of_shifting_agree_where_the_shift_is_of_whole_pixels(images, draws):
    whole = draws.clone()
    whole[:, module._SHIFT] = torch.tensor([1.0, 0.0])
    by_gather = Augment(shift=6 / 48, flip=0.5)
    by_grid = replace(by_gather, rotate=1e-9)
    torch.testing.assert_close(by_gather.apply(images, whole), by_grid.apply(images, whole), rtol=0, atol=5e-6)


# -- against torchvision ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "augment",
    [
        Augment(rotate=30),
        Augment(zoom=0.3),
        Augment(shear=25),
        Augment(shift=0.2, rotate=1e-9),
        Augment(flip=0.5, shift=0.1, rotate=20, zoom=0.2, shear=15),
    ],
    ids=repr,
)
def test_affine_changes_are_those_of_torchvision(augment, images, draws):
    changed = augment.apply(images, draws)
    for face, result, draw in zip(images, changed, draws, strict=True):
        settings = dict(
            angle=float(augment.rotate * swing(draw, module._ROTATE)),
            translate=(augment.shift * 48 * swing(draw, module._SHIFT)).tolist(),
            scale=float(1 + augment.zoom * swing(draw, module._ZOOM)),
            shear=[float(augment.shear * swing(draw, module._SHEAR)), 0.0],
        )
        face = face.flip(-1) if draw[module._FLIP] < augment.flip else face
        expected = reference.affine(face, **settings, interpolation=BILINEAR)
        inside = visible(reference.affine(torch.ones_like(face), **settings, interpolation=BILINEAR))
        assert inside.sum() > 1_000
        torch.testing.assert_close(result[inside], expected[inside], rtol=0, atol=2e-5)


@pytest.mark.parametrize("perspective", [0.2, 0.5])
def test_perspective_is_that_of_torchvision(perspective, images, draws):
    changed = Augment(perspective=perspective).apply(images, draws)
    square = [[0, 0], [48, 0], [48, 48], [0, 48]]
    for face, result, draw in zip(images, changed, draws, strict=True):
        inwards = (24 * perspective * draw[module._CORNERS]).view(4, 2) * torch.tensor(
            [[1, 1], [-1, 1], [-1, -1], [1, -1]]
        )
        settings = dict(startpoints=square, endpoints=(torch.tensor(square) + inwards).tolist(), interpolation=BILINEAR)
        expected = reference.perspective(face, **settings)
        inside = visible(reference.perspective(torch.ones_like(face), **settings))
        assert inside.sum() > 700
        torch.testing.assert_close(result[inside], expected[inside], rtol=0, atol=1e-4)


def test_perspective_looks_at_the_face_after_it_was_moved(draws):
    ramp = (torch.arange(48.0) / 47).expand(16, 1, 48, 48)  # straight lines survive a second interpolation
    both = Augment(shift=0.1, rotate=20, perspective=0.3)
    moves, perspective = replace(both, perspective=0), replace(both, shift=0, rotate=0)
    middle = (..., slice(18, 30), slice(18, 30))
    at_once = both.apply(ramp, draws)[middle]
    moved_first = perspective.apply(moves.apply(ramp, draws), draws)[middle]
    moved_last = moves.apply(perspective.apply(ramp, draws), draws)[middle]
    torch.testing.assert_close(at_once, moved_first, rtol=0, atol=1e-3)
    assert (at_once - moved_last).abs().max() > 0.01


def test_the_most_extreme_perspective_shows_nothing_from_behind_the_horizon():
    ramp = (torch.arange(48.0) / 47).expand(256, 1, 48, 48)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 8)
    draws = torch.full((256, 18), 0.5)
    draws[:, module._CORNERS] = corners
    seen = Augment(perspective=0.6).apply(ramp, draws)
    assert torch.isfinite(seen).all()
    # A ramp that rises to the right still does, in every row, however it is looked at from in front.
    assert (seen[:, 0, :, -1] >= seen[:, 0, :, 0]).all()


def test_brightness_is_that_of_torchvision(images, draws):
    changed = Augment(brightness=0.8).apply(images, draws)
    for face, result, draw in zip(images, changed, draws, strict=True):
        expected = reference.adjust_brightness(face, float(1 + 0.8 * swing(draw, module._BRIGHTNESS)))
        torch.testing.assert_close(result, expected, rtol=0, atol=1e-6)


def test_contrast_is_that_of_torchvision_about_each_images_own_mean(images, draws):
    changed = Augment(contrast=0.8).apply(images, draws)
    for face, result, draw in zip(images, changed, draws, strict=True):
        expected = reference.adjust_contrast(face, float(1 + 0.8 * swing(draw, module._CONTRAST)))
        torch.testing.assert_close(result, expected, rtol=0, atol=1e-6)


# -- the hidden square -----------------------------------------------------------------------------------------------


def test_the_hidden_square_has_its_size_its_centre_and_the_mean_of_its_face(images, draws):
    erased = Augment(erase=0.25).apply(images, draws)
    for face, result, draw in zip(images, erased, draws, strict=True):
        x, y = (draw[module._ERASE] * 48).tolist()
        expected = face[0].clone()
        for row in range(48):
            for column in range(48):
                if abs(row + 0.5 - y) < 6 and abs(column + 0.5 - x) < 6:
                    expected[row, column] = face.mean()
        torch.testing.assert_close(result[0], expected, rtol=0, atol=1e-6)


def test_the_hidden_square_is_drawn_all_over_the_picture():
    ramp = torch.rand(1, 1, 48, 48, generator=seeded()).expand(2_000, 1, 48, 48)
    hidden = (Augment(erase=0.25)(ramp, seeded()) != ramp).float()
    share = hidden.mean(0)[0]
    assert share[10:38, 10:38].min() > 0.04
    assert share.max() < 0.09
    assert hidden.flatten(1).sum(1).max() == 144


# -- draws -----------------------------------------------------------------------------------------------------------


def test_copies_of_one_face_become_as_many_different_faces(images):
    for augment in (EVERYTHING, Augment(rotate=10), Augment(brightness=0.2), Augment(contrast=0.2)):
        changed = augment(images[:1].expand(64, 1, 48, 48), seeded())
        assert len(changed.flatten(1).unique(dim=0)) == 64


def test_the_same_seed_gives_the_same_faces_and_another_seed_others(images):
    assert torch.equal(EVERYTHING(images, seeded(1)), EVERYTHING(images, seeded(1)))
    assert not torch.equal(EVERYTHING(images, seeded(1)), EVERYTHING(images, seeded(2)))


def test_without_a_generator_torchs_own_draws(images):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first = EVERYTHING(images)
        torch.manual_seed(3)
        assert torch.equal(EVERYTHING(images), first)
        assert not torch.equal(EVERYTHING(images), first)


def test_draws_are_made_on_the_cpu_wherever_the_images_are():
    with torch.device("meta"):
        assert EVERYTHING.draws(3, seeded()).device.type == "cpu"


def test_as_many_numbers_are_drawn_whatever_is_switched_on(images):
    states = set()
    for augment in (Augment(), Augment(flip=0.5), Augment(erase=0.2), EVERYTHING):
        generator = seeded()
        augment(images, generator)
        states.add(bytes(generator.get_state().tolist()))
    assert len(states) == 1


@pytest.mark.parametrize("name", NAMES)
def test_each_transform_reads_its_own_draws_and_no_other(name, images, draws):
    alone = replace(Augment(), **{name: getattr(EVERYTHING, name)})
    place = getattr(module, {"perspective": "_CORNERS"}.get(name, f"_{name.upper()}"))
    others = torch.rand(16, 18, generator=seeded(9))
    others[:, place] = draws[:, place]
    assert torch.equal(alone.apply(images, others), alone.apply(images, draws))
    others[:, place] = 1 - draws[:, place]
    assert not torch.equal(alone.apply(images, others), alone.apply(images, draws))


def test_no_two_transforms_share_a_draw():
    places = [module._FLIP, module._ROTATE, module._ZOOM, module._SHEAR, module._BRIGHTNESS, module._CONTRAST]
    places += [place for many in (module._SHIFT, module._ERASE, module._CORNERS) for place in range(18)[many]]
    assert sorted(places) == list(range(Augment().draws(1).shape[1]))


def test_switching_one_transform_on_leaves_the_draws_of_the_others(images):
    flips = Augment(flip=0.5)(images, seeded())
    darker = Augment(flip=0.5, brightness=0.2)(images, seeded())
    ratio = (darker.mean((1, 2, 3)) / flips.mean((1, 2, 3)))[:, None, None, None]
    inside = darker < 1
    torch.testing.assert_close(darker[inside], (flips * ratio)[inside], rtol=0.05, atol=0.01)


def test_draws_of_one_half_leave_the_face_where_and_as_it_is(images):
    half = torch.full((16, 18), 0.5)
    calm = replace(EVERYTHING, flip=0, perspective=0, erase=0)
    torch.testing.assert_close(calm.apply(images, half), images, rtol=0, atol=5e-6)


# -- what comes out, what goes in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "everything"])
def test_faces_stay_float32_in_their_range_and_the_input_is_never_written_to(name, images):
    strong = {"everything": EVERYTHING}.get(name) or Augment(**{name: min(module._RANGES[name][0], 0.9)})
    hard = (torch.rand(200, 1, 48, 48, generator=seeded()) > 0.5).float()
    before = hard.clone()
    changed = strong(hard, seeded())
    assert torch.equal(hard, before)
    assert changed.dtype == torch.float32
    assert changed.shape == hard.shape
    assert 0 <= changed.min() <= changed.max() <= 1


def test_a_batch_without_a_face_comes_back_empty():
    for augment in (Augment(), Augment(flip=0.5, shift=0.1), Augment(rotate=10), EVERYTHING):
        assert augment(torch.zeros(0, 1, 48, 48), seeded()).shape == (0, 1, 48, 48)


def test_faces_of_another_size_and_faces_apart_in_memory_are_changed_alike(images, draws):
    small = images[:, :, ::2, ::2]
    for augment in (Augment(flip=0.5, shift=0.1), EVERYTHING):
        assert torch.equal(augment.apply(small, draws), augment.apply(small.contiguous(), draws))


def test_reduced_precision_around_it_changes_nothing(images, draws):
    expected = EVERYTHING.apply(images, draws)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(EVERYTHING.apply(images, draws), expected)


def test_a_stream_is_passed_on_with_its_labels_and_one_generator_for_all(images):
    stream = [(images[:10], torch.arange(10)), (images[10:], torch.arange(6))]
    out = list(augmented(stream, EVERYTHING, seeded()))
    generator = seeded()
    for (before, labels), (after, same_labels) in zip(stream, out, strict=True):
        assert same_labels is labels
        assert torch.equal(after, EVERYTHING(before, generator))


@pytest.mark.parametrize(
    "wrong",
    [
        torch.zeros(2, 1, 48, 48, dtype=torch.uint8),
        torch.zeros(48, 48),
        torch.zeros(2, 1),
        torch.zeros(2, 3, 48, 48),
        torch.zeros(2, 1, 48, 47),
    ],
    ids=lambda wrong: f"{wrong.dtype} {tuple(wrong.shape)}",
)
def test_images_of_another_kind_are_refused_as_what_they_are(wrong):
    with pytest.raises(ParameterError, match=r"float32 images \(B, 1, side, side\)") as caught:
        Augment(flip=0.5)(wrong)
    assert f"found {str(wrong.dtype)[6:]} {tuple(wrong.shape)}" in str(caught.value)


def test_draws_of_another_batch_are_refused(images, draws):
    with pytest.raises(ParameterError, match=r"expected draws \(3, 18\), found \(16, 18\)"):
        Augment(flip=0.5).apply(images[:3], draws)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-0.1, 200, nan, "0.5", None, True])
def test_a_value_that_cannot_work_is_refused_and_named(name, value):
    with pytest.raises(ParameterError, match=rf"expected {name} from 0 to .*found {name}={value!r}"):
        Augment(**{name: value})


def test_the_ends_of_each_range_are_allowed():
    for name, (highest, _) in module._RANGES.items():
        assert getattr(Augment(**{name: highest}), name) == highest
    assert list(module._RANGES) == NAMES


def test_an_augment_is_a_value_that_shows_what_is_switched_on():
    assert repr(Augment()) == "Augment()"
    assert repr(Augment(rotate=10, flip=0.5)) == "Augment(flip=0.5, rotate=10.0)"
    assert eval(repr(EVERYTHING)) == EVERYTHING
    assert len({Augment(flip=0.5), Augment(flip=0.5), Augment()}) == 2
    with pytest.raises(FrozenInstanceError):
        EVERYTHING.flip = 0.1
    with pytest.raises(TypeError):
        Augment(0.5)


def test_offline_copies_are_the_faces_then_half_of_them_in_perspective_then_all_turned(faces):
    split = faces.train
    made = offline_copies(split, seed=3)
    as_they_are, warped, turned = np.split(made.images, 3)
    np.testing.assert_array_equal(made.labels, np.concatenate([split.labels] * 3))
    assert (made.source, made.drawn, made.name) == (split.source, split.drawn, "train")
    np.testing.assert_array_equal(as_they_are, split.images)
    changed = (warped != split.images).any((1, 2))
    assert 0.4 < changed.mean() < 0.6
    order = torch.Generator().manual_seed(3)
    expected = Augment(rotate=90)(torch.tensor(split.images)[:, None] / 255, order)
    np.testing.assert_array_equal(turned, (expected[:, 0] * 255).round().byte().numpy())
    assert not np.array_equal(offline_copies(split, seed=4).images, made.images)
