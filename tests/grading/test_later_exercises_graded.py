"""The later sheets, asked what `test_exercises_graded` asks: in a file of their own, for another worker."""

import pytest
import test_exercises_graded as asked
from sheet_runs import SHEETS
from test_exercises_graded import _nobody_watches, _sandboxed  # noqa: F401

later = pytest.mark.parametrize("stem", SHEETS[asked.FIRST :])


@later
def test_a_right_answer_of_a_later_sheet_passes_in_every_form(stem):
    asked.test_a_right_answer_passes_in_every_form(stem)


@later
def test_an_odd_answer_to_a_later_sheet_is_refused_for_what_it_is(stem):
    asked.test_an_odd_answer_is_refused_for_what_it_is(stem)


@later
@pytest.mark.usefixtures("_sandboxed")
def test_what_is_green_in_a_later_notebook_scores_when_it_is_graded(stem):
    asked.test_what_is_green_in_the_notebook_scores_when_it_is_graded(stem)


@later
@pytest.mark.usefixtures("_sandboxed")
def test_what_is_red_in_a_later_notebook_is_red_for_the_same_reason_when_it_is_graded(stem):
    asked.test_what_is_red_in_the_notebook_is_red_for_the_same_reason_when_it_is_graded(stem)


@later
@pytest.mark.usefixtures("_sandboxed")
def test_the_solution_of_a_later_sheet_gets_full_marks(stem):
    asked.test_the_solution_itself_gets_full_marks(stem)
