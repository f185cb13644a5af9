"""The page about the five notebooks: what it works out from their printed figures, worked out once more."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from fercourse.data.faces import EMOTIONS, OFFICIAL_COUNTS
from fercourse.report.published import PUBLISHED

PAGE = (Path(__file__).parents[1] / "docs" / "five_notebooks.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
TRAINING, PUBLIC, PRIVATE = (np.array(counts) for counts in OFFICIAL_COUNTS.values())

# As B and C print them.
B_RECALL = np.array([61.324786, 0.0, 45.472837, 85.714286, 60.397554, 79.807692, 63.651316])
B_PRECISION = np.array([55.728155, 0.0, 59.788360, 83.027027, 55.633803, 81.173594, 58.814590])
C_CONFUSION = np.array(
    [
        [259, 6, 53, 29, 70, 13, 61],
        [13, 34, 3, 2, 2, 1, 0],
        [68, 2, 245, 30, 84, 46, 53],
        [26, 0, 20, 739, 36, 17, 41],
        [78, 3, 86, 48, 274, 7, 98],
        [12, 1, 30, 18, 6, 334, 15],
        [34, 2, 39, 50, 93, 13, 395],
    ]
)


def whole(values):
    """The whole numbers that these are, but for the digits that were not printed."""
    assert np.allclose(values, np.round(values), atol=1e-4)
    return np.round(values).astype(int)


def test_a_loss_of_one_point_eight_is_what_a_network_pays_that_ignores_the_pixels():
    shares = TRAINING / TRAINING.sum()
    assert f"a loss of {-(shares * np.log(shares)).sum():.2f}, the entropy" in TEXT
    batches = round(TRAINING.sum() / 100)
    assert f"sum over {batches} batches" in TEXT
    assert f"divided by {batches} it is {5.197 * 100 / batches:.3f}" in TEXT


def test_the_floors_are_those_of_the_splits():
    happy = EMOTIONS.index("Happy")
    assert f"{100 / 7:.1f} %" in TEXT
    assert f"{100 * PUBLIC[happy] / PUBLIC.sum():.1f} % on PublicTest" in TEXT
    assert f"{100 * PRIVATE[happy] / PRIVATE.sum():.1f} % on PrivateTest" in TEXT


def test_the_recalls_of_b_give_its_accuracy_back():
    right = whole(B_RECALL / 100 * (PUBLIC + 1))
    assert (
        f"{right.sum():,} right answers of {PUBLIC.sum():,} faces, or {100 * right.sum() / PUBLIC.sum():.1f} %" in TEXT
    )
    assert f"mean recall of the seven emotions is {100 * (right / PUBLIC).mean():.1f} %" in TEXT


def test_b_answered_six_emotions_to_all_of_its_faces_and_disgust_to_none():
    right = whole(B_RECALL / 100 * (PUBLIC + 1))
    others = right > 0
    answered = whole(right[others] / (B_PRECISION[others] / 100) - 1)
    assert " + ".join(map(str, answered)) in TEXT
    assert answered.sum() == PUBLIC.sum()


def test_the_loss_of_b_has_the_floor_that_is_named():
    lowest = -math.log(math.e / (math.e + 19))  # the true class's softmax is 1, those of the other nineteen outputs 0
    assert math.isclose(lowest, math.log(math.e + 19) - 1)
    assert f"= {lowest:.3f}" in TEXT


def test_the_rows_of_c_are_the_faces_of_private_test():
    assert np.array_equal(C_CONFUSION.sum(axis=1), PRIVATE)
    right = C_CONFUSION.diagonal()
    assert f"{right.sum():,} of the {PRIVATE.sum():,} are right: {100 * right.sum() / PRIVATE.sum():.1f} %" in TEXT
    assert f"The mean recall is {100 * (right / PRIVATE).mean():.1f} %, and {right[1]} of {PRIVATE[1]}" in TEXT


def test_the_second_figure_of_c_was_not_taken_on_the_same_faces():
    share = 0.38127090301003347
    assert share == 1368 / 3588
    assert all(share != right / PRIVATE.sum() for right in range(PRIVATE.sum() + 1))
    assert "1,368 of 3,588" in TEXT


@pytest.mark.parametrize(("summed", "faces", "batch", "fits"), [
    (1685.93596, TRAINING, 128, 7.5), (1685.93596, TRAINING, 32, 1.88), (106.20536, PRIVATE, 64, 1.86),
])  # fmt: skip
def test_the_losses_of_c_fit_other_batches_than_the_listing_has(summed, faces, batch, fits):
    loss = summed / math.ceil(faces.sum() / batch)
    digits = len(str(fits).split(".")[1])
    assert round(loss, digits) == fits
    assert str(fits) in TEXT


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_page_and_the_results_have_the_same_published_figures(name):
    """In % or as a share, as the notebook prints it."""
    percent = PUBLISHED[name].percent
    share = f"{float(percent) / 100:g}"
    assert re.search(rf"(?<![\d.])({re.escape(percent)}|{re.escape(share)}0*)(?!\d)", TEXT)
