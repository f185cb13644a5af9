"""What the tests of the demo share."""

import pytest
from toy_demo import Brightness, served

import fercourse as fc
from fercourse.report.calibration.sureness import Sureness


@pytest.fixture(scope="session")
def drawn_sureness():
    return Sureness(
        1.0, (0, 0, 50, 50, 50, 50, 50, 50, 5, 100), (0, 0, 5, 10, 20, 30, 35, 40, 5, 93), "drawn faces", True
    )


@pytest.fixture(scope="session")
def drawn():
    """Drawn faces that look straight ahead, uint8 (12, 48, 48)."""
    return fc.drawn_people(12, {"yaw": 0, "roll": 0, "hand": False, "glasses": False}, seed=11).images


@pytest.fixture(scope="module")
def server(drawn_sureness):
    with served(Brightness(drawn_sureness)) as server:
        yield server
