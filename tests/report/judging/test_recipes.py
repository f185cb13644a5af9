"""Two recipes over seeds, against SciPy's permutation test and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import permutation_test

import fercourse as fc
from fercourse.errors import ParameterError


def mean_difference(new, old):
    return np.mean(new) - np.mean(old)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("gain", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("n", [2, 3, 6, 8])
def test_the_p_value_is_scipys_exact_one(n, gain, paired):
    generator = np.random.default_rng(n)
    old = generator.normal(0.5, 0.01, n)
    new = generator.normal(0.5 + gain, 0.01, n)
    kind = "samples" if paired else "independent"
    expected = permutation_test((new, old), mean_difference, permutation_type=kind, n_resamples=np.inf)
    found = fc.over_seeds(new, old, paired=paired)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-12)
    assert found.difference == pytest.approx(expected.statistic)


@pytest.mark.parametrize(("n", "least"), [(2, 0.5), (3, 0.25), (6, 1 / 32), (8, 1 / 128)])
def test_few_seeds_can_prove_little_however_large_the_difference(n, least):
    new, old = 0.9 + np.arange(n) / 1000, 0.1 + np.arange(n) / 1000
    found = fc.over_seeds(new, old)
    assert (found.p_value, found.least) == (least, least)


def test_trainings_that_share_no_seeds_may_be_of_different_number():
    found = fc.over_seeds([0.9, 0.8], [0.1, 0.2, 0.3], paired=False)
    assert found.p_value == found.least == 1 / 10
    with pytest.raises(ParameterError, match=r"found 2 and 3; of trainings that share no seeds say paired=False"):
        fc.over_seeds([0.9, 0.8], [0.1, 0.2, 0.3])


def test_equal_recipes_are_never_told_apart_and_the_order_only_turns_the_sign():
    same = [0.5, 0.51, 0.49]
    assert fc.over_seeds(same, same).p_value == 1.0
    one, other = fc.over_seeds([0.6, 0.5, 0.7], same), fc.over_seeds(same, [0.6, 0.5, 0.7])
    assert one.difference == -other.difference
    assert one.p_value == other.p_value


def test_points_and_shares_give_one_answer():
    new, old = np.array([0.52, 0.50, 0.53, 0.51]), np.array([0.50, 0.51, 0.50, 0.49])
    assert fc.over_seeds(100 * new, 100 * old).p_value == fc.over_seeds(new, old).p_value


@pytest.mark.parametrize("figures", [[0.5], [], [0.5, float("nan")], [0.5, "0.6"], [True, False]])
def test_a_recipe_has_at_least_two_finite_figures(figures):
    with pytest.raises(ParameterError, match="of each of at least two trainings"):
        fc.over_seeds(figures, [0.5, 0.6])
    with pytest.raises(ParameterError, match="expected old"):
        fc.over_seeds([0.5, 0.6], figures)


def test_more_ways_than_can_be_counted_are_refused():
    with pytest.raises(ParameterError, match=r"at most 200,000 ways to count, found 1,048,576"):
        fc.over_seeds(range(20), range(20))


def test_what_would_be_paired_by_another_order_than_it_names_is_refused():
    accuracies = pd.Series([0.52, 0.51, 0.53], index=[0, 1, 2])
    with pytest.raises(ParameterError, match=r"in one order of seeds; found the rows \[0, 1, 2\] and \[2, 1, 0\]"):
        fc.over_seeds(accuracies, accuracies[::-1])
    assert fc.over_seeds(accuracies, accuracies[::-1].loc[accuracies.index]).difference == 0
    elsewhere = pd.Series([0.50, 0.49, 0.50], index=[7, 8, 9])  # rows of one long table, and no seeds
    assert fc.over_seeds(accuracies, elsewhere) == fc.over_seeds([*accuracies], [*elsewhere])


@pytest.mark.parametrize("figures", [{0: 0.52, 1: 0.51}, 0.5, "12"], ids=["a dict", "a number", "a text"])
def test_the_keys_of_a_dict_are_no_figures(figures):
    with pytest.raises(ParameterError, match="expected new, a list: one finite number"):
        fc.over_seeds(figures, [0.5, 0.6])
    with pytest.raises(ParameterError, match="expected paired=True or False"):
        fc.over_seeds([0.5, 0.6], [0.5, 0.6], paired="False")
