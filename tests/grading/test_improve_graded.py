"""A trained network is graded without training: what came with the notebook answers faces of a hidden seed."""

import json

import nbformat
import pytest
import toy_improve
from improved import as_text, handed_in_output, with_networks
from one_submission import points, why
from toy_course import lesson, toy_course

from fercourse.classroom.improve.hand_in import arrays_of
from fercourse.classroom.improve.weights import packed
from fercourse.course.building.build_sheets import build_sheets
from fercourse.grading.marking import Limits, grade_submission, read_sheet

pytestmark = pytest.mark.usefixtures("sandboxed")
FULL = {"09-1-check": 1, "09-1-hidden": 2}
NOTHING = dict.fromkeys(FULL, 0)
LIMITS = Limits(cell_seconds=10, total_seconds=90)
NETWORK = "def network():\n    return nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(576, 7))"
SMALL = NETWORK.replace("(2)", "(4)").replace("576", "144")
TRAINING = 'model = network()\nwhile True:\n    pass\nfc.hand_in("09.1", model)'


@pytest.fixture
def solved(tmp_path, monkeypatch):
    """The built solution of the toy sheet."""
    (tmp_path / "kept").mkdir()
    toy_improve.install(monkeypatch, tmp_path / "kept")
    course = toy_course(tmp_path, toy_09=lesson("1 + 1"))
    (course.lessons / "exercises").mkdir()
    (course.lessons / "exercises" / "09_toy.py").write_text(toy_improve.SHEET)
    build_sheets(course=course)
    return course.root / "solutions" / "09_toy.ipynb"


@pytest.fixture
def released(solved):
    return json.loads((solved.parents[1] / "exercises" / solved.name).read_text(encoding="utf-8"))


@pytest.fixture
def graded(solved, released, tmp_path):
    """A function that grades the sheet with this network, this training, and these weights in its output."""

    def graded(*, network=NETWORK, training=TRAINING, text=None, id="09.1", own=(), where="09-1-train", limits=LIMITS):
        notebook = json.loads(json.dumps(released))
        for cell in notebook["cells"]:
            if cell["id"] == "09-1-answer":
                cell["source"] = network
            if cell["id"] == "09-1-train":
                cell["source"] = training
        place = [cell["id"] for cell in notebook["cells"]].index("09-1-train")
        added = [{"cell_type": "code", "id": f"own{n}", "metadata": {}, "source": source, "outputs": [],
                  "execution_count": None} for n, source in enumerate(own)]  # fmt: skip
        notebook["cells"][place:place] = added
        for cell in notebook["cells"]:
            if cell["id"] == where and text is not None:
                cell["outputs"] = [handed_in_output(id, text)]
        path = tmp_path / "x.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return grade_submission(path, read_sheet(solved), limits)

    return graded


def text_of(model):
    return as_text(packed(arrays_of(model)))


@pytest.fixture(scope="module")
def good():
    """The weights of an honest attempt."""
    return text_of(toy_improve.trained(2000, 2))


def test_an_honest_attempt_gets_all_points_and_nothing_is_trained(graded, good):
    result = graded(text=good)
    assert points(result) == FULL
    assert result["remarks"] == []  # a cell that ran into its limit would be named
    assert not result["timed_out"]
    shown = {cell["id"]: cell for cell in result["notebook"]["cells"]}
    assert shown["09-1-train"]["source"] == TRAINING
    assert shown["09-1-train"]["outputs"][0]["text"].startswith("[Not trained again")
    assert graded(text=good) == result


def test_the_seed_of_the_hidden_faces_is_nowhere_in_the_sheet_nor_in_the_result(graded, released, good):
    seed = f"{toy_improve.SEED}"
    result = json.dumps([released, graded(text=good), graded()])
    assert seed not in result.replace("_", "")


IDLE = {
    "nothing handed in": ({}, "no trained network came with the notebook"),
    "the untouched sheet": (
        {"network": "def network():\n    pass", "training": 'model = network()\npass\nfc.hand_in("09.1", model)'},
        "no trained network came with the notebook",
    ),
    "another exercise's": ({"id": "03.6"}, "no trained network came with the notebook"),
    "not trained": ({"text": lambda: text_of(toy_improve.linear(2))}, "was the network trained when it was handed in?"),
    "the baseline itself": (
        {"network": SMALL, "text": lambda: text_of(toy_improve.trained())},
        "so that it is the baseline itself",
    ),
    "no base64": ({"text": "no base64!"}, "the weights are damaged: they are no file of arrays"),
    "no arrays": ({"text": as_text(b"PK no zip")}, "the weights are damaged: they are no file of arrays"),
    "too long": ({"text": "A" * 2_500_000}, "expected weights of at most 1 MB; found more"),
    "another network's": (
        {"text": lambda: text_of(toy_improve.trained(2000, 4))},
        "your code raised ValueError: the weights do not fit network(): 2.weight is (7, 576) in the network",
    ),
    "a network that needs the faces": (
        {"network": NETWORK.replace("return", "faces.train\n    return")},
        "your code raised NameError: name 'faces' is not defined",
    ),
    "a network that never answers": (
        {
            "network": NETWORK.replace("return", "while True:\n        pass\n    return"),
            "limits": Limits(cell_seconds=2, total_seconds=60),
        },
        "the check got no answer: it ran longer than the 6 s that it may",
    ),
    "a network that gives no scores": (
        {"network": NETWORK.replace("(576, 7)", "(576, 7), nn.Flatten(0)")},
        "expected 1000 codes from 0 to 6, or finite scores of shape (1000, 7); came neither",
    ),
    "a name that is not there": ({"network": "pass"}, "network is not defined"),
}


@pytest.mark.parametrize("name", IDLE)
def test_an_idle_or_broken_attempt_gets_nothing_and_a_reason(graded, good, name):
    changes, said = IDLE[name]
    text = None if name in ("nothing handed in", "the untouched sheet") else changes.get("text", good)
    changes = changes | {"text": text() if callable(text) else text}
    result = graded(**changes)
    assert points(result) == NOTHING
    assert said in why(result, "09-1-check")


def test_training_in_the_answer_itself_costs_nothing(graded, good):
    both = f"WIDTH = 576\n{NETWORK.replace('576', 'WIDTH')}\n\n{TRAINING}"
    assert points(graded(network=both, training="", text=good, where="09-1-answer")) == FULL
    endless = f"{NETWORK}\n\nmodel = network()\nwhile True:\n    pass"
    result = graded(network=endless, text=good, limits=Limits(cell_seconds=4, total_seconds=90))
    assert points(result) == FULL
    assert result["remarks"] == ["the cell 09-1-answer was left out: it ran longer than the 4 s that it may"]


def test_cells_of_their_own_beside_the_training_are_not_run(graded, good):
    own = [
        "more = fc.drawn_faces(2_000, 0, 0, seed=6)\nwhile True:\n    pass",
        "for _ in iter(int, 1):\n    print(more)",
        'fc.hand_in("09.1", model)\nwhile True:\n    pass',
    ]
    result = graded(text=good, own=own, where="own2")
    assert points(result) == FULL
    assert result["remarks"] == []


def test_what_the_network_is_made_of_may_stand_in_the_training_cell_or_in_one_of_their_own(graded, good):
    network = "def network():\n    return nn.Sequential(*layers(), nn.Linear(576, 7))"
    layers = "def layers():\n    return nn.AvgPool2d(side), nn.Flatten()"
    assert points(graded(network=network, training=f"{layers}\n{TRAINING}", own=["side = 1 + 1"], text=good)) == FULL


def test_a_training_cell_that_lost_its_id_is_found_by_what_it_hands_in(graded, good, released, solved, tmp_path):
    notebook = with_networks(released, {"09.1": good})
    for cell in notebook["cells"]:
        cell["id"] = f"lost-{cell['id'][:50]}"
        cell["metadata"].pop("nbgrader", None)
        if cell["id"].startswith("lost-09-1-answer"):
            cell["source"] = NETWORK
        if cell["id"].startswith("lost-09-1-train"):
            cell["source"] = TRAINING + "\n# mine"
    path = tmp_path / "lost.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert points(grade_submission(path, read_sheet(solved), LIMITS)) == FULL


def test_nothing_in_the_students_process_knows_a_label(graded, good):
    spy = """
import gc
import sys

class Found(Exception):
    pass

class Spy(nn.Module):
    def __init__(self):
        super().__init__()
        self.looked = False
        self.inner = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(576, 7))

    def state_dict(self, *arguments, **named):
        return self.inner.state_dict(*arguments, **named)

    def load_state_dict(self, state):
        return self.inner.load_state_dict(state)

    def forward(self, images):
        frame, waiting, seen = sys._getframe(), [], set()
        while frame and not self.looked:
            self.looked |= frame.f_back is None
            waiting += frame.f_locals.values()
            frame = frame.f_back
        while waiting:
            each = waiting.pop()
            if id(each) not in seen:
                seen.add(id(each))
                waiting += gc.get_referents(each) if gc.is_tracked(each) else ()
                is_list = type(each) is np.ndarray and each.dtype.kind in "iu" and each.shape in ((1000,), (2000,))
                if is_list and each.max() < 7:
                    raise Found(str(each))
        return self.inner(images)

def network():
    return Spy()
"""
    assert {k: v["why"] for k, v in graded(network=spy, text=good)["cells"].items()} == dict.fromkeys(FULL, "right")


def test_a_sheet_that_nbformat_saved_twice_is_graded_as_it_lies_in_nbgraders_folders(good, solved, released, tmp_path):
    notebook = nbformat.from_dict(with_networks(released, {"09.1": good}))
    for cell in notebook.cells:
        if cell.id == "09-1-answer":
            cell.source = NETWORK
    path = tmp_path / "submitted" / "ada" / "09" / "09_toy.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(nbformat.from_dict(notebook), path)
    nbformat.write(nbformat.read(path, as_version=4), path)
    assert points(grade_submission(path, read_sheet(solved), LIMITS)) == FULL
