"""Time and names while grading: own experiments, slow packages and answers that hang cost nobody else's marks."""

import pytest
from one_submission import graded_by, points, why
from toy_sheet import POINTS, cell, handed_in, notebook

from fercourse.grading.names import experiments, globals_given, globals_loaded
from fercourse.grading.sandbox.bubblewrap import Limits
from fercourse.grading.sandbox.kernel import Kernel

LIMITS = Limits(cell_seconds=1, total_seconds=12, memory_mb=600, disk_mb=40)
FULL = POINTS | {"00-5-answer": None}


pytestmark = pytest.mark.usefixtures("sandboxed")


def with_own(content, *sources):
    """The notebook with cells of the student's own before the first answer."""
    at = [found["id"] for found in content["cells"]].index("00-1-answer")
    content["cells"][at:at] = [cell("code", f"mine-{number}", source) for number, source in enumerate(sources)]
    return content


def test_a_slow_package_has_time_to_load_below_an_own_cell_as_well(graded):
    slow = "import time\ntime.sleep(2)\nimport numpy as np"
    solved = graded_by("assert f() == 1", answer="def f():\n    return int(np.ones(1)[0])", setup=slow)
    content = graded_by("", answer="def f():\n    return int(np.ones(1)[0])", setup=slow)
    content["cells"].insert(0, cell("code", "mine", "name = 'Anna'"))
    result = graded(content, solved=solved, limits=LIMITS)
    assert points(result) == {"00-1-check": 1}, result["remarks"]


def test_own_experiments_that_take_all_their_time_cost_no_graded_cell(graded):
    slow = [f"import time\nfor number in range({number}, 9):\n    time.sleep(0.1)" for number in range(12)]
    slow += ["import time\ntime.sleep(0.9)"] * 14
    result = graded(with_own(handed_in(), *slow), limits=LIMITS)
    assert points(result) == FULL, result["remarks"]
    assert not result["timed_out"]
    assert result["remarks"][-1].startswith("not run, and nothing graded needs them: ")


def test_own_experiments_that_hang_cost_no_graded_cell(graded):
    result = graded(with_own(handed_in(), *["while True: pass"] * 8), limits=LIMITS)
    assert points(result) == FULL, result["remarks"]
    assert len(result["remarks"]) == 3  # two that hung, and one line on the rest
    assert not result["timed_out"]  # so that nobody grades it a second time, alone


def test_slow_experiments_are_not_run_again_in_a_new_kernel(graded):
    dies = {name: f"import os\ndef {name}(*_):\n    os._exit(0)" for name in ("total", "softmax", "side")}
    result = graded(with_own(handed_in(**dies), *["import time\ntime.sleep(0.9)"] * 6), limits=LIMITS)
    assert not result["timed_out"], result["remarks"]
    assert points(result)["00-4-hidden"] == 2


def test_an_own_cell_that_an_answer_needs_is_run_after_the_experiments_time_is_over(graded):
    own = [*["import time\ntime.sleep(0.9)"] * 9, "def add(values):\n    return sum(values)"]
    result = graded(with_own(handed_in(total="def total(values):\n    return add(values)"), *own), limits=LIMITS)
    assert points(result) == FULL, result["remarks"]


def test_several_answers_that_hang_cost_their_own_points_only(graded, monkeypatch):
    started = []
    start = Kernel.__init__
    monkeypatch.setattr(Kernel, "__init__", lambda self, limits: (started.append(1), start(self, limits))[1])
    hang = "def {}(*_):\n    while True: pass"
    content = handed_in(total=hang.format("total"), softmax=hang.format("softmax"), side=hang.format("side"))
    result = graded(content, limits=LIMITS)
    lost = {id: 0 for id in POINTS if not id.startswith("00-4")}
    assert points(result) == FULL | lost
    assert len(started) == 4  # the first, and one after each function that hung: none was asked twice
    assert why(result, "00-2-hidden") == (
        "a hidden test got no answer: softmax did not come back when it was asked before, and was not asked again"
    )


def test_answers_that_kill_the_kernel_use_up_no_more_kernels_than_there_are_answers(graded, monkeypatch):
    monkeypatch.setattr("fercourse.grading.sandbox.replay.MOST_RESTARTS", 3)
    dies = "import os\ndef {}(*_):\n    os._exit(0)"
    content = handed_in(**{name: dies.format(name) for name in ("total", "softmax", "side")})
    assert points(graded(content, limits=LIMITS))["00-4-hidden"] == 2


def test_a_function_that_is_mended_after_it_hung_is_asked_again(graded):
    content = handed_in(total="def total(values):\n    while True: pass")
    at = [found["id"] for found in content["cells"]].index("00-1-hidden")
    content["cells"].insert(at, cell("code", "mine", "def total(values):\n    return sum(values)"))
    result = graded(content, limits=LIMITS)
    assert points(result) == FULL | {"00-1-check": 0}, result["remarks"]


def test_a_demonstration_of_a_function_that_hung_is_not_run(graded):
    def sheet(answer, hidden):
        return notebook(
            [
                cell("code", "00-1-answer", answer, solution=True),
                cell("code", "00-1-check", "assert f(1) == 1", grade=True, locked=True, points=1),
                cell("code", "00-show", "print(f(2))", locked=True),
                cell("code", "00-1-hidden", hidden, grade=True, locked=True, points=1),
            ]
        )

    solved = sheet("def f(x):\n    return x", "### BEGIN HIDDEN TESTS\nassert f(3) == 3\n### END HIDDEN TESTS")
    result = graded(sheet("def f(x):\n    while True: pass", ""), solved=solved, limits=LIMITS)
    assert points(result) == {"00-1-check": 0, "00-1-hidden": 0}
    assert result["remarks"][0].startswith("not run, and nothing graded needs them: 00-show")


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ("def twice(x):\n    return 2 * x", "def twice(x, y):\n    return x * y"),
        ("factor = 2\ndef twice(x):\n    return factor * x", "factor = 'two'"),
        ("calls = []\ndef twice(x):\n    return 2 * x + len(calls)", "calls.append(1)"),
        ("import math as tools\ndef twice(x):\n    return 2 * tools.floor(x)", "import json as tools"),
        ("class Doubler:\n    by = 2\ndef twice(x):\n    return Doubler.by * x", "Doubler.by = 3"),
    ],
)
def test_a_helper_that_a_later_answer_changes_serves_the_earlier_ones_hidden_test_as_it_was(graded, early, late):
    hidden = "### BEGIN HIDDEN TESTS\nassert double(10) == 20, 'twice ten'\n### END HIDDEN TESTS"

    def sheet(first, second, hidden):
        return notebook(
            [
                cell("code", "00-1-answer", first, solution=True),
                cell("code", "00-1-check", "assert double(2) == 4", grade=True, locked=True, points=1),
                cell("code", "00-1-hidden", hidden, grade=True, locked=True, points=2),
                cell("code", "00-2-answer", second, solution=True),
                cell("code", "00-2-check", "assert three() == 3", grade=True, locked=True, points=1),
            ]
        )

    solved = sheet("def double(x):\n    return 2 * x", "def three():\n    return 3", hidden)
    answer, other = "\n\ndef double(x):\n    return twice(x)", "\n\ndef three():\n    return 3"
    result = graded(sheet(early + answer, late + other, ""), solved=solved, limits=LIMITS)
    assert points(result) == {"00-1-check": 1, "00-1-hidden": 2, "00-2-check": 1}, why(result, "00-1-hidden")
    wrong = sheet(early + "\n\ndef double(x):\n    return 4 if x == 2 else twice(x) + 1", late + other, "")
    assert points(graded(wrong, solved=solved, limits=LIMITS))["00-1-hidden"] == 0


@pytest.mark.parametrize(
    ("source", "loads", "gives"),
    [
        ("y = f(x)", {"f", "x"}, {"y"}),
        ("def f(x):\n    return x + g(h)", {"g", "h"}, {"f"}),
        ("def f():\n    global n\n    n = 1", set(), {"f", "n"}),
        ("import numpy as np\nfrom a.b import c", set(), {"np", "c"}),
        ("import os.path", set(), {"os"}),
        ("[x for x in rows if x]", {"rows"}, set()),
        ("class A(B):\n    n = k\n    def m(self):\n        return self.n + q", {"B", "k", "q"}, {"A"}),
        ("for i in range(3):\n    pass", {"range"}, {"i"}),
        ("with open(p) as file:\n    pass", {"open", "p"}, {"file"}),
        ("if (n := 3) > 2:\n    pass", {"n"}, {"n"}),
        ("lambda x: x + y", {"y"}, set()),
        ("not python at all", set(), set()),
        ("%matplotlib inline\nx = 1", set(), {"x"}),
    ],
)
def test_what_a_cell_loads_and_gives_the_notebook(source, loads, gives):
    assert globals_loaded(source) - {"n"} == loads - {"n"}
    assert globals_given(source) == gives


@pytest.mark.parametrize(
    ("own", "is_experiment"),
    [
        ("x = slow()", True),  # the answer's own x is another one
        ("import time\ntime.sleep(9)", True),
        ("double(3)", True),
        ("def helper(y):\n    return y", False),
        ("settings = {}\nsettings['by'] = 2", True),
        ("table['by'] = 2", False),
        ("table.update(by=2)", False),
        ("exec('helper = abs')", False),
        ("globals()['helper'] = abs", False),
        ("from numpy import *", False),
        ("%%time\ndef helper(y):\n    return y", False),
        ("%%time\ntime.sleep(9)", True),
        ("%%writefile helper.py\n", False),
        ("helper = 3 +", False),
    ],
)
def test_an_own_cell_is_an_experiment_where_no_answer_needs_what_it_gives(own, is_experiment):
    answer = "def double(x):\n    return helper(x) * table['by']"
    assert experiments([own], by=[answer, "assert double(2) == 4"]) == [is_experiment]


def test_an_own_cell_that_only_a_needed_own_cell_needs_is_needed():
    chain = ["a = 1", "b = a", "c = b", "d = c"]
    assert experiments(chain, by=["assert c"]) == [False, False, False, True]
