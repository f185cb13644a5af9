"""The exercises of lesson 04, against `fc.Augment`, counts, and pairs of functions whose difference is known."""

from operator import methodcaller

import numpy as np
import torch
from torch import nn

from fercourse.classroom.checks.shared.compare import as_whole, expect, expect_secret, plain, same, short
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.judge import expect_better
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.errors import CheckFailed
from fercourse.learn.augment import Augment
from fercourse.learn.fitting import fit
from fercourse.learn.models import Standardise
from fercourse.learn.schedules import OneCycle

KEPT = {1, 4, 6, 8}
MISCOUNTS = {
    7 * 7: "that is without the mirror images",
    2 * 6 * 6: "a shift of no pixel is one of the choices, each way",
    2 * 7 * 7 - 1: "the face as it is counts too",
    2 * 4 * 4: "a face may move left or right, up or down",
    2 + 7 + 7: "the choices are free of each other: each mirror image can have each shift",
}
"""What a wrong number of pictures forgets."""

SEEDS = 40


def label_survives(keep, pictures):
    """04.1: which changes leave a label true, and how many pictures of a face flips and shifts can make."""
    keep = plain(keep)
    if keep is None:
        raise CheckFailed("keep: came None: nothing is written yet")
    keep = keep.tolist() if isinstance(keep, np.ndarray) else keep
    if not isinstance(keep, (list, tuple, set, frozenset)) or None in map(as_whole, keep):
        raise CheckFailed(f"keep: expected a list of whole numbers from 1 to 9, came {short(keep)}")
    kept = set(map(as_whole, keep))
    wrong, missing = len(kept - KEPT), len(KEPT - kept)
    if wrong or missing:
        does, is_missing = "does" if wrong == 1 else "do", "is" if missing == 1 else "are"
        raise CheckFailed(f"keep: {wrong} of your numbers {does} not belong there, {missing} {is_missing} missing")
    counted = as_whole(plain(pictures))
    if counted in MISCOUNTS:
        raise CheckFailed(f"keep is right. pictures: came {counted}: {MISCOUNTS[counted]}")
    expect_secret(pictures, 2 * 7 * 7, "keep is right. pictures, with flips and shifts of up to three pixels")


def shear(answer):
    """04.2: faces of noise, each sheared by its own angle, as `fc.Augment` shears them."""
    generator = torch.Generator().manual_seed(42)
    noise = torch.rand(5, 1, 48, 48, generator=generator)
    upright = torch.zeros(1, 1, 48, 48)
    upright[..., 20:28] = 1
    degrees = torch.tensor([12.0, -30.0, 45.0, 3.5, -60.0])
    expect(answer(noise[:1], torch.zeros(1)), noise[:1], "shear by 0°", atol=1e-4)
    came, one = answer(noise[:1], degrees[:1]), (noise[:1], degrees[:1], "shear by 12° of a face of noise")
    _name_the_lean(came, *one)
    _name_the_border(came, *one)
    for angle in (30.0, -45.0):
        case = torch.tensor([angle])
        expect(answer(upright, case), _sheared(upright, case), f"shear by {angle:.0f}° of an upright bar", atol=1e-3)
    expect(answer(noise, degrees), _sheared(noise, degrees), "shear of five faces, each by its own angle", atol=1e-3)


def balanced_epoch(answer):
    """04.4: an epoch in which each class is shown equally often and each of its faces evenly, anew for each seed."""
    labels = np.random.default_rng(7).permutation(np.repeat([3, 0, 6], [41, 9, 3]))
    for seed in (0, 5):
        _expect_balance(_positions(answer(labels, seed), f"balanced_epoch(labels, {seed})"), labels, seed)
    even = np.random.default_rng(8).permutation(np.repeat([1, 2], 6))
    once = np.sort(_positions(answer(even, 2), "balanced_epoch of two classes of six faces"))
    expect(once, np.arange(12), "balanced_epoch of two classes of six faces, its positions sorted")
    _expect_chance(answer, labels)


def prepared_alike(answer):
    """04.5: whether two functions, one a side, make the same of a face, alone or in company."""
    images = 0.95 * torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(45))
    images[4, 0, 2, 5] = 0.99  # the one pixel that a cut at 0.97 changes
    level, spread = images.mean().item(), images.std(correction=0).item()
    one, same = Standardise(level, spread), methodcaller("clone")
    two_steps = nn.Sequential(Standardise(0, spread), Standardise(level / spread, 1))
    company = nn.BatchNorm2d(1, affine=False, eps=1e-12).train()
    collected = nn.BatchNorm2d(1, affine=False).eval()
    cases = [
        ("two functions that change nothing", same, same, True),
        ("one layer for both", one, one, True),
        ("one step, and two that come to the same", one, two_steps, True),
        ("the mean subtracted in training only", methodcaller("sub", 0.5), same, False),
        ("the mean subtracted in the test only", same, methodcaller("sub", 0.5), False),
        ("the spread divided out in training only", one, Standardise(level, 1), False),
        ("pixels up to 1, and up to 255", same, methodcaller("mul", 255), False),
        ("a training function that writes into the images", methodcaller("mul_", 0.5), same, False),
        ("a test function that writes into the images", same, methodcaller("mul_", 0.5), False),
        ("two functions that write into the images, alike", methodcaller("mul_", 0.5), methodcaller("mul_", 0.5), True),
        ("one bright pixel cut off", same, methodcaller("clamp", 0, 0.97), False),
        ("the same pixels upside down", same, methodcaller("flip", 2), False),
        ("another shape", same, methodcaller("flatten", 1), False),
        ("a shape without its channel", methodcaller("squeeze", 1), same, False),
        ("the mean of the other faces subtracted, on both sides", company, company, False),
        ("fixed numbers in training, the other faces' mean in the test", one, company, False),
        ("the other faces' mean in training, fixed numbers in the test", company, one, False),
        ("numbers collected in training, on both sides", collected, collected, True),
        ("each face by its own mean, on both sides", nn.InstanceNorm2d(1), nn.InstanceNorm2d(1), True),
    ]
    for which, training, testing, expected in cases:
        expect(answer(training, testing, images.clone()), expected, f"prepared_alike, {which}")


def better_cnn(network):
    """04.6: a trained network that beats one trained on faces as they are, on practice faces."""
    expect_better("04.6", network)


def small_cnn():
    """Lesson 04's small network, which averages 2 × 2 pixels first: 53 thousand weights."""
    layers, channels = [Standardise(0.5, 0.25), nn.AvgPool2d(2)], 1
    for wider in (16, 32, 32):
        layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = wider
    layers += [nn.Flatten(), nn.Linear(288, 128), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers, nn.Linear(128, 7))


def trained_small_cnn():
    """It learns 2,000 faces by heart: nothing about them changes."""
    torch.manual_seed(0)
    model = small_cnn()
    recipe = {"epochs": 30, "lr": 4e-3, "batch_size": 64, "schedule": OneCycle(), "device": "cpu"}
    fit(model, drawn_faces(2_000, 500, 0, seed=46), **recipe, progress=False)
    return model


BASELINES = {"04.6": Baseline("the network of faces that never change", network=small_cnn, train=trained_small_cnn)}

CHECKS = {
    "04.1": label_survives,
    "04.2": shear,
    "04.4": balanced_epoch,
    "04.5": prepared_alike,
    "04.6": better_cnn,
}


def _sheared(images, degrees):
    draws = ((degrees.double() / 80 + 1) / 2)[:, None].expand(len(images), 18)
    return Augment(shear=80).apply(images, draws)


def _name_the_lean(came, images, degrees, where):
    """Raise CheckFailed where the faces lean the other way, or by an angle that was taken for radians."""
    if same(came, _sheared(images, -degrees), atol=1e-3):
        raise CheckFailed(
            f"{where}: it leans the other way. With a positive angle the upper half moves to the right, so a pixel of "
            "the upper half comes from further left"
        )
    slant = torch.rad2deg(torch.atan(torch.tan(degrees)))  # what degrees.tan() takes the number for
    if same(came, _sheared(images, slant), atol=1e-3):
        raise CheckFailed(f"{where}: tan() takes its number for radians; torch.deg2rad turns degrees into them")


def _name_the_border(came, images, degrees, where):
    """Raise CheckFailed where all is right but the border, or where whole pixels were taken."""
    came = plain(came)
    if not isinstance(came, np.ndarray) or came.shape != tuple(images.shape):
        return
    off = np.abs(came - plain(_sheared(images, degrees))) > 1e-3
    slant = np.tan(np.radians(degrees.item()))
    sources = np.arange(48) + slant * (np.arange(48)[:, None] - 23.5)
    outside = (sources < 0) | (sources > 47)
    if off[0, 0][outside].any() and not off[0, 0][~outside].any():
        raise CheckFailed(
            f"{where}: right wherever the old face reaches. Where it has moved away its border is to be repeated; "
            "here other levels stand (torchvision's affine, for one, fills with black)"
        )
    nearest = plain(images)[0, 0][np.arange(48)[:, None], np.clip(np.round(sources), 0, 47).astype(int)]
    if (np.abs(came[0, 0] - nearest)[~outside] < 1e-3).mean() > 0.9:
        raise CheckFailed(
            f"{where}: each level is that of one old pixel. A place between two pixels mixes both, the nearer one more "
            "(bilinear; torchvision's affine takes the nearest pixel unless told)"
        )


def _positions(came, where):
    """What came as an array of whole numbers (N,)."""
    came = plain(came)
    if came is None:
        raise CheckFailed(f"{where}: expected positions, came None: nothing is written, or nothing returned")
    if isinstance(came, (list, tuple)) and all(type(place) is int for place in came):
        came = np.array(came, int)
    if not isinstance(came, np.ndarray):
        raise CheckFailed(f"{where}: expected an array of positions, whole numbers; came {short(came)}")
    if came.ndim != 1 or came.dtype.kind not in "iu":
        raise CheckFailed(f"{where}: expected positions, whole numbers in one row; came {came.dtype} {came.shape}")
    return came


def _expect_balance(epoch, labels, seed):
    where = f"balanced_epoch(labels, {seed})"
    sizes = {label: int((labels == label).sum()) for label in np.unique(labels).tolist()}
    largest = max(sizes.values())
    if len(epoch) and not 0 <= epoch.min() <= epoch.max() < len(labels):
        raise CheckFailed(f"{where}: expected positions 0 to {len(labels) - 1}, came {epoch.min()} to {epoch.max()}")
    _name_the_sampler(epoch, labels, largest, where)
    for label, size in sizes.items():
        expect(int((labels[epoch] == label).sum()), largest, f"{where}, showings of class {label}, of {size} faces")
        shown = np.bincount(epoch, minlength=len(labels))[labels == label]
        if np.ptp(shown) > 1:
            raise CheckFailed(
                f"{where}, class {label}: its {size} faces come {shown.min()} to {shown.max()} times each, "
                f"expected {largest // size} or {-(-largest // size)}"
            )
    changes = int((np.diff(labels[epoch]) != 0).sum())
    if changes < len(epoch) // 4:
        raise CheckFailed(
            f"{where}: the classes are not mixed: the class changes {changes} times in {len(epoch)} faces"
        )


def _name_the_sampler(epoch, labels, largest, where):
    """Raise CheckFailed where faces were drawn with weights: as many as asked, each class about as often."""
    classes = np.unique(labels)
    showings = [int((labels[epoch] == label).sum()) for label in classes]
    if len(epoch) == largest * len(classes) and len(set(showings)) > 1 and min(showings) > 0.6 * largest:
        raise CheckFailed(
            f"{where}: the classes are shown {', '.join(map(str, showings))} times, expected {largest} times each. "
            "Faces drawn with weights, as WeightedRandomSampler draws them, are balanced on average only, and some "
            "faces of a class come more often than others"
        )


def _expect_chance(answer, labels):
    """Same seed, same epoch; over many seeds another order, and each rare face with and without the extra showing."""
    epochs = [_positions(answer(labels, seed), f"balanced_epoch(labels, {seed})") for seed in range(SEEDS)]
    if not np.array_equal(epochs[3], _positions(answer(labels, 3), "balanced_epoch(labels, 3), once more")):
        raise CheckFailed("balanced_epoch(labels, 3), twice: expected the same epoch, came two different ones")
    if any(np.array_equal(epochs[0], other) for other in epochs[1:]):
        raise CheckFailed("balanced_epoch(labels, seed): expected another order for another seed, came the same")
    extras = np.array([np.bincount(epoch, minlength=len(labels))[labels == 0] for epoch in epochs])
    always = int((np.ptp(extras, axis=0) == 0).sum())
    if always:
        raise CheckFailed(
            f"balanced_epoch(labels, seed), {SEEDS} seeds: {always} of the 9 faces of class 0 are shown equally often "
            "in every epoch; expected that the seed chooses who gets the extra showing"
        )
