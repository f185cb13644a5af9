"""What the tests of marking share: one submission, graded in a real sandbox."""

import pytest
from one_submission import LIMITS
from toy_sheet import solution, write

from fercourse.errors import GradingError
from fercourse.grading.marking import grade_submission
from fercourse.grading.sandbox.bubblewrap import choose_sandbox
from fercourse.grading.sheet import read_sheet


@pytest.fixture(scope="session")
def sandboxed():
    """Skips where this machine has no sandbox."""
    try:
        choose_sandbox("bwrap")
    except GradingError as error:
        pytest.skip(str(error))


@pytest.fixture
def graded(tmp_path):
    """A function that grades a notebook by a solved one, both as plain data."""

    def graded(content, *, solved=None, limits=LIMITS):
        write(tmp_path / "solved" / "00_toy.ipynb", solved or solution())
        write(tmp_path / "x.ipynb", content)
        return grade_submission(tmp_path / "x.ipynb", read_sheet(tmp_path / "solved" / "00_toy.ipynb"), limits)

    return graded
