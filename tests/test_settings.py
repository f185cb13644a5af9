"""Settings at the border: which numbers are taken, whatever type holds them, and what is refused by name."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from fercourse.errors import ParameterError
from fercourse.settings import positive, whole


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)], ids=repr)
def test_whole_numbers_of_any_type_become_pythons(value):
    assert (whole("epochs", value), type(whole("epochs", value))) == (3, int)


@pytest.mark.parametrize(
    "value", [0.25, np.float32(0.25), np.array(0.25), torch.tensor(0.25), Fraction(1, 4)], ids=repr
)
def test_numbers_of_any_type_become_pythons(value):
    assert (positive("lr", value), type(positive("lr", value))) == (0.25, float)
    assert positive("lr", np.int64(2)) == 2.0


NOT_WHOLE = [
    "3",
    b"3",
    3.0,
    np.float64(3),
    True,
    np.True_,
    None,
    [3],
    np.array([3]),
    3j,
    torch.tensor(True),
    Decimal(3),
]


@pytest.mark.parametrize("value", NOT_WHOLE, ids=repr)
def test_what_is_no_whole_number_is_refused_by_its_name_and_with_its_type(value):
    with pytest.raises(ParameterError, match=r"expected epochs to be a whole number ≥ 0, found epochs="):
        whole("epochs", value)


@pytest.mark.parametrize(
    "value", ["0.1", True, None, [0.1], np.array([0.1, 0.2]), 0, -1.0, np.nan, np.inf, 1j], ids=repr
)
def test_what_is_no_positive_number_is_refused_by_its_name(value):
    with pytest.raises(ParameterError, match=r"expected lr to be a number > 0, found lr="):
        positive("lr", value)


def test_the_limits_belong_to_the_numbers_that_are_taken():
    assert [whole("seed", value, least=1, most=3) for value in (1, 2, 3)] == [1, 2, 3]
    for outside in (0, 4, -1):
        with pytest.raises(ParameterError, match=f"a whole number from 1 to 3, found seed={outside}"):
            whole("seed", outside, least=1, most=3)


def test_a_text_that_looks_like_a_number_is_told_from_one():
    with pytest.raises(ParameterError, match=r"found seed='3' \(str\)"):
        whole("seed", "3")
