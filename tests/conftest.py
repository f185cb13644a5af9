"""The one shared fixture: a small set of drawn faces."""

import pytest

from fercourse.data.drawn import drawn_faces


@pytest.fixture(scope="session")
def faces():
    """Drawn faces, 210 / 70 / 70."""
    return drawn_faces(210, 70, 70, seed=7)
