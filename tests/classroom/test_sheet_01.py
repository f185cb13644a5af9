"""The checks of sheet 01 name the commonest errors, and where its text tells an answer, the answer is true."""

import numpy as np
import pytest
from answers.lesson_01 import WRONG

import fercourse as fc
from fercourse.classroom.checks.lesson_01 import CHECKS

ASKED = {
    "01.1": ["emotion", "score", "peeked"],
    "01.2": ["mirror_twins"],
    "01.4": ["first_parting"],
    "01.5": ["ceiling"],
}

NAMED = [
    ("01.1", "counts on PublicTest", "that is the share of Sad on PublicTest"),
    ("01.1", "divides by the other split", "540 is the number of faces on PublicTest"),
    ("01.1", "in percent", "a share from 0 to 1, not percent"),
    ("01.1", "one of seven", "a guess among seven"),
    ("01.2", "does not mirror", "it finds plain copies instead"),
    ("01.2", "turns upside down", "it finds copies upside down instead"),
    ("01.2", "turns the flat vector round", "it finds copies turned by 180 degrees instead"),
    ("01.2", "each pair twice", "each pair once, the smaller place first"),
    ("01.2", "the larger place first", "each pair once, the smaller place first"),
    ("01.4", "compares numbers", "row 1 is Sad here, code 4, and sad there, code 5"),
    ("01.4", "minds capital letters", "row 0 is Happy here, code 3, and happy there, code 3"),
    ("01.5", "divides by ten", "leave them out below the line, too"),
    ("01.5", "in percent", "a share from 0 to 1, not percent"),
]


@pytest.mark.parametrize(("id", "error", "said"), NAMED, ids=lambda text: text.replace(" ", "-"))
def test_a_check_says_which_error_was_made(id, error, said):
    names = {"np": np, "fc": fc}
    exec(WRONG[id][error], names)
    with pytest.raises(fc.CheckFailed) as failed:
        CHECKS[id](*[names[name] for name in ASKED[id]])
    assert said in str(failed.value)


def test_the_line_of_a_secret_number_does_not_give_it_away():
    for score in (131 / 540, 84 / 540, 15.0, 1 / 7):
        with pytest.raises(fc.CheckFailed) as failed:
            CHECKS["01.1"]("Sad", score, 149 / 560)
        assert "0.15 " not in f"{failed.value} "
        assert "560" not in str(failed.value)


def test_blocks_of_six_are_the_same_mirrored_before_or_after_and_blocks_of_five_are_not():
    face = np.random.default_rng(0).integers(0, 256, (48, 48))

    def blocks(image, size):
        whole = 48 // size
        return image[: whole * size, : whole * size].reshape(whole, size, whole, size).mean((1, 3))

    np.testing.assert_allclose(blocks(face[:, ::-1], 6), blocks(face, 6)[:, ::-1])
    assert not np.allclose(blocks(face[:, ::-1], 5), blocks(face, 5)[:, ::-1])
