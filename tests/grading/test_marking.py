"""One submission in, one result out: the right marks, a reason for each that is missing, the same every time."""

import json
import time

import pytest
from edited_sheet import both, named, put, without
from one_submission import LIMITS, graded_by, points, why
from toy_sheet import HIDDEN_NUMBER, POINTS, RIGHT, SECRET, cell, handed_in, notebook, solution, write

from fercourse.grading.marking import Limits, grade_submission, read_sheet
from fercourse.grading.sandbox.kernel import Kernel

FULL = POINTS | {"00-5-answer": None}


pytestmark = pytest.mark.usefixtures("sandboxed")


@pytest.mark.parametrize(
    "line",
    [
        *("%matplotlib inline", "%matplotlib widget", "%pylab inline", "%pip install numpy", "%gui qt", "%autosave 60"),
        "%load_ext google.colab.data_table\n%reload_ext tensorboard\n%tensorboard --logdir runs\n%store -r side",
    ],
)
def test_a_magic_that_is_for_the_screen_or_the_machine_takes_no_answer_with_it(graded, line):
    assert points(graded(handed_in(side=f"{line}\n{RIGHT['side']}"))) == FULL


@pytest.mark.parametrize(
    "lines",
    [
        "from google.colab import drive\ndrive.mount('/content/drive')",
        "import google.colab",
        "import os, google.colab.files as files\nfiles.download(os.getcwd())",
        "from google.colab.patches import cv2_imshow as show\nshow(0)",
        "def mounted():\n    from google.colab import drive\n    drive.mount('/content/drive')\nmounted()",
        "from kaggle_secrets import UserSecretsClient\nUserSecretsClient().get_secret('key')",
        "try:\n    import google.colab\n    there = True\nexcept ImportError:\n    there = False\nassert not there",
    ],
)
def test_what_only_colab_or_kaggle_has_takes_no_answer_with_it(graded, lines):
    assert points(graded(handed_in(side=f"{lines}\n{RIGHT['side']}"))) == FULL


@pytest.mark.parametrize("line", ["%reset -f", "globals().clear()", "exec('np = 3')", "del np", "np.exp = np.log"])
def test_a_last_cell_that_clears_the_notebook_takes_no_answer_with_it(graded, line):
    assert points(graded(handed_in(last=line))) == FULL


def test_right_answers_get_all_points_and_words_wait_for_a_person(graded):
    result = graded(handed_in())
    assert points(result) == FULL
    assert result["status"] == "graded"
    assert result["remarks"] == []
    assert result["sandbox"] == "bwrap"
    assert not result["timed_out"]
    assert result["cells"]["00-1-check"] == {
        "exercise": "00.1", "kind": "check", "points": 1, "max": 1, "why": "right",
    }  # fmt: skip
    assert why(result, "00-5-answer") == "to be marked by hand"
    assert result["answers"]["00-4-answer"] == 'colours = ["red", "green", "blue"]'


def test_the_solution_graded_by_itself_gets_all_points(graded):
    assert points(graded(solution())) == FULL


def test_the_untouched_sheet_gets_none_and_every_cell_a_reason(graded):
    content = solution()
    write_stubs(content)
    result = graded(content)
    assert set(points(result).values()) == {0}
    assert all(found["why"] for found in result["cells"].values())
    assert why(result, "00-5-answer") == "unanswered"


def write_stubs(content):
    from fercourse.course.building.sheets import released

    content["cells"] = json.loads(released(json.dumps(content)))["cells"]


def test_a_wrong_answer_loses_its_own_points_with_the_authors_words(graded):
    result = graded(handed_in(softmax="def softmax(x):\n    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)"))
    assert points(result) == FULL | {"00-2-hidden": 0}
    assert why(result, "00-2-hidden") == "large logits overflow"


def test_what_a_function_raises_is_the_reason(graded):
    result = graded(handed_in(side="def side(size, kernel, stride):\n    raise ValueError(f'no side for {size}')"))
    assert why(result, "00-3-check") == "your code raised ValueError: no side for 48"
    assert why(result, "00-3-hidden") == "your code raised ValueError"


def test_a_name_that_is_not_there_is_said_to_be_missing_and_why(graded):
    content = handed_in(total="def total(values)\n    return sum(values)", side="size = 3")
    del content["cells"][[found["id"] for found in content["cells"]].index("00-4-answer")]
    result = graded(content)
    assert why(result, "00-1-check").startswith("total is not defined: the cell 00-1-answer ended in SyntaxError")
    assert why(result, "00-3-check") == "side is not defined by the notebook"
    assert why(result, "00-4-check") == "colours is not defined: the cell 00-4-answer is missing or empty"


def test_a_function_that_never_returns_costs_its_own_points_only(graded):
    result = graded(handed_in(total="def total(values):\n    while True: pass"))
    assert points(result) == FULL | {"00-1-check": 0, "00-1-hidden": 0}
    assert why(result, "00-1-check") == "the check got no answer: it ran longer than the 2 s that it may"
    assert result["timed_out"]


def test_a_cell_that_hangs_or_kills_the_kernel_is_left_out_and_the_rest_counts(graded):
    result = graded(handed_in(first="while True: pass", side="import os\nos._exit(0)"))
    assert points(result) == FULL | {"00-3-check": 0, "00-3-hidden": 0}
    assert result["remarks"] == [
        "the cell 3 of the notebook (first) was left out: it ran longer than the 2 s that it may",
        "the cell 00-3-answer was left out: the kernel died: out of memory, ended by the code, or a crash",
    ]


def test_a_test_that_lost_the_kernel_is_not_passed_whatever_it_says(graded):
    test = "try:\n    f()\nexcept Exception:\n    pass"
    solved = graded_by(test, answer="def f():\n    pass")
    assert points(graded(solved, solved=solved)) == {"00-1-check": 1}
    content = graded_by("", answer="def f():\n    import os\n    os._exit(0)")
    assert points(graded(content, solved=solved)) == {"00-1-check": 0}


def test_hidden_tests_and_their_arguments_are_nowhere_in_the_result(graded):
    spy = """
        seen = []

        def total(values):
            seen.append(values)
            if len(values) != 3 or 3.5 not in values:
                raise type(repr(values), (Exception,), {})(values)
            return sum(values)
    """
    result = graded(handed_in(total=spy, last="print(seen)\nseen"))
    assert points(result)["00-1-hidden"] == 0
    assert str(HIDDEN_NUMBER) not in json.dumps(result)
    assert SECRET not in json.dumps(result)


def test_names_mean_what_they_meant_where_they_were_tested(graded):
    result = graded(handed_in(last="def total(values):\n    return 0\ncolours = []\nsoftmax = side = None"))
    assert points(result) == FULL


def test_patched_libraries_and_checks_are_the_students_own_affair(graded):
    first = """
        np.allclose = lambda *_, **__: True
        import builtins
        builtins.AssertionError = Exception
        import fercourse.classroom.checking
        fercourse.classroom.checking.check = lambda *_: None
    """
    result = graded(handed_in(first=first, softmax="def softmax(x):\n    return x"))
    assert points(result) == FULL | {"00-2-check": 0, "00-2-hidden": 0}


def test_an_object_that_equals_everything_equals_nothing_here(graded):
    answer = """
        class Yes(float):
            def __eq__(self, _): return True
            __ge__ = __le__ = __gt__ = __lt__ = __ne__ = __eq__
            __hash__ = None
        def total(values): return Yes()
        def side(*_): return Yes()
        colours = Yes()
    """
    result = graded(handed_in(total=answer, side="", colours=""))
    assert sum(found["points"] or 0 for found in result["cells"].values()) == 3  # softmax


def test_a_result_is_the_same_every_time_and_names_no_place_of_the_machine(graded, tmp_path):
    content = handed_in(
        first="print(object(), np.__file__)\nprint", last="import torchless", side="import os; os.abort()"
    )
    once, again = graded(content), graded(content)
    assert once == again
    text = json.dumps(once)
    assert str(tmp_path) not in text
    assert np_folder() not in text
    assert "0x…" in json.loads(text)["notebook"]["cells"][2]["outputs"][0]["text"]


def np_folder():
    import numpy

    return numpy.__file__.removesuffix("numpy/__init__.py")


def test_the_notebook_that_comes_back_is_what_ran_with_its_outputs(graded):
    import nbformat

    result = graded(handed_in(first="print('hello')", last="total([1, 2])"))
    nbformat.validate(nbformat.from_dict(result["notebook"]))
    cells = {found["id"]: found for found in result["notebook"]["cells"]}
    assert cells["own-3"]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": "hello\n"}]
    assert cells["00-1-check"]["source"].startswith("assert total")
    assert cells["00-1-hidden"]["source"] == ""
    assert cells["00-1-answer"]["metadata"]["nbgrader"]["grade_id"] == "00-1-answer"
    assert list(cells)[-1].startswith("own-")


def test_another_sheets_notebook_gets_nothing_and_a_status_that_says_so(graded):
    result = graded(notebook([cell("code", "07-1-answer", "def other(): pass", solution=True)]))
    assert set(points(result).values()) == {0}
    assert result["remarks"] == ["this is sheet 07, not 00_toy: none of its cells is in the notebook"]
    assert result["status"] == "another sheet"
    assert result["notebook"] is None


def test_words_in_a_notebook_of_ones_own_wait_for_a_person(graded):
    result = graded(notebook([cell("markdown", "mine", "Exp overflows.")]))
    assert points(result) == dict.fromkeys(POINTS, 0) | {"00-5-answer": None}
    assert result["remarks"] == ["this is not the sheet 00_toy: none of its cells is in the notebook"]
    assert result["status"] == "another sheet"


def test_an_answer_in_several_cells_is_run_as_the_students_notebook_runs_it(graded):
    import nbformat

    helper = "def powers(logits):\n    return np.exp(logits - logits.max(axis=1, keepdims=True))"
    answer = "def softmax(logits):\n    return powers(logits) / powers(logits).sum(axis=1, keepdims=True)"
    content = handed_in(softmax="def softmax(logits):\n    return logits", side="def side(size, kernel, stride)")
    add = lambda id, source: named(id, source, grade_id=id, solution=True)  # noqa: E731
    both(add("00-2-answer", answer), add("00-2-answer", helper), add("00-3-answer", RIGHT["side"]))(content)
    result = graded(content)
    assert points(result) == FULL
    nbformat.validate(nbformat.from_dict(result["notebook"]))
    assert result["remarks"] == [
        "the answer 00-2-answer stands in 3 cells, which were run in their order: the later holds",
        "the answer 00-3-answer stands in 2 cells, which were run in their order: the later holds",
    ]


def test_of_a_split_answer_the_piece_that_failed_is_the_reason(graded):
    content = handed_in(side="def side(size, kernel, stride)")
    named("00-3-answer", "size = 3", grade_id="00-3-answer", solution=True)(content)
    why_not = why(graded(content), "00-3-check")
    assert why_not.startswith("side is not defined: the cell 00-3-answer ended in SyntaxError")


@pytest.mark.parametrize("change", [without("00-5-answer"), put("00-5-answer", "Words.", bare=True)])
def test_words_whose_cell_is_lost_are_never_a_final_zero(graded, change):
    content = handed_in()
    change(content)
    assert points(graded(content)) == FULL


def test_code_that_a_person_marks_is_run_and_waits(graded):
    solved = notebook(
        [
            cell("code", "q1", "### BEGIN SOLUTION\nx = 3\n### END SOLUTION", grade=True, solution=True, points=2),
            cell("code", "q1-test", "assert x == 3", grade=True, locked=True, points=1),
        ]
    )
    content = json.loads(json.dumps(solved).replace("### BEGIN SOLUTION\\nx = 3", "x = 2\\nx += 1"))
    assert points(graded(content, solved=solved)) == {"q1": None, "q1-test": 1}
    result = graded(json.loads(json.dumps(content).replace("x = 2\\nx += 1\\n### END SOLUTION", "")), solved=solved)
    assert points(result) == {"q1": 0, "q1-test": 0}
    assert why(result, "q1") == "unanswered"


def test_what_cannot_be_read_gets_nothing_and_the_reason(graded, tmp_path):
    write(tmp_path / "00_toy.ipynb", solution())
    result = grade_submission(tmp_path / "missing.ipynb", read_sheet(tmp_path / "00_toy.ipynb"), LIMITS)
    assert result["status"] == "unreadable"
    assert result["remarks"] == ["there is no such file"]
    assert set(points(result).values()) == {0}
    assert result.keys() == graded(handed_in()).keys()


def test_an_instructors_plain_nbgrader_notebook_is_graded_as_well(graded):
    def locked(id, source):
        return cell("code", id, source, grade=True, locked=True, points=2)

    double = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    solved = notebook(
        [
            cell("code", "a1", "%matplotlib inline\nimport numpy as np", locked=True),
            cell("code", "q1", double, solution=True),
            locked("q1-test", "y = double(3)\nassert y == 6\nassert double(np.ones(2)).sum() == 4"),
            cell("markdown", "q2", "YOUR ANSWER HERE", grade=True, solution=True, points=1),
        ]
    )
    del solved["metadata"]["fercourse"]
    right = json.loads(json.dumps(solved).replace("return 2 * x", "return x + x").replace("YOUR ANSWER HERE", "Yes."))
    assert points(graded(right, solved=solved)) == {"q1-test": 2, "q2": None}
    wrong = json.loads(json.dumps(solved).replace("return 2 * x", "return 2 + x"))
    result = graded(wrong, solved=solved)
    assert why(result, "q1-test") == "this does not hold: assert y == 6"
    assert result["cells"]["q1-test"]["exercise"] == "q1-test"
    assert why(result, "q2") == "unanswered"


def test_a_check_works_inside_the_kernel_through_a_probe(graded):
    test = """
from fercourse.classroom.checks.shared.compare import ask
from fercourse.classroom.probes import outcome_of
assert ask(outcome_of, f, ValueError, -1)[0] == "as asked", "expected a ValueError"
assert ask(outcome_of, f, ValueError, 4.0) == ["value", 2.0]
"""
    raising = "    if x < 0:\n        raise DoesNotFit\n"
    solved = graded_by(test, answer=f"class DoesNotFit(ValueError): pass\ndef f(x):\n{raising}    return x**0.5")
    assert points(graded(solved, solved=solved)) == {"00-1-check": 1}
    wrong = graded_by("", answer="def f(x):\n    return abs(x) ** 0.5")
    assert why(graded(wrong, solved=solved), "00-1-check") == "expected a ValueError"


def test_a_test_may_hand_over_functions_arrays_and_the_students_own(graded):
    test = """
slope = lambda x: x**2
def shift(x, by=1):
    return x + by
assert twice(shift, 1) == 3
assert abs(derivative(slope, 3.0) - 6) < 1e-3
assert twice(halve, np.array([8.0, 4.0])).tolist() == [2, 1]
assert twice(Pair(1, 2).plus, Pair(0, 1).a) == 6, "a class of the setup"
try:
    twice(lambda x: x / 0, 1)
except Exception as error:
    assert "ZeroDivisionError" in str(error)
else:
    raise AssertionError("an error of the test's own function was lost")
"""
    setup = """
import numpy as np
from dataclasses import dataclass
@dataclass
class Pair:
    a: int
    b: int
    def plus(self, x):
        return x + self.a + self.b
"""
    answer = """
def twice(f, x): return f(f(x))
def halve(x): return x / 2
def derivative(f, x, step=1e-6): return (f(x + step) - f(x - step)) / (2 * step)
"""
    solved = graded_by(test, answer=answer, setup=setup)
    result = graded(solved, solved=solved)
    assert points(result) == {"00-1-check": 1}, why(result, "00-1-check")


def test_a_hidden_test_says_what_its_author_wrote_and_nothing_of_what_came(graded):
    asks = "from fercourse.classroom.checks.shared.compare import expect\nexpect(f(8675309), 7, 'f')"
    hidden = graded_by(asks, answer="def f(x): return 7", hidden=True)
    echo = graded_by("", answer="def f(x): return x", hidden=True)
    assert why(graded(echo, solved=hidden), "00-1-check") == "a hidden test failed (CheckFailed)"
    shown = graded_by(asks, answer="def f(x): return 7")
    assert why(graded(echo, solved=shown), "00-1-check") == "f: expected 7, came 8675309, 8675302 too large"


def test_what_cannot_be_handed_over_is_said_to_be_too_much(graded):
    for hidden, reason in ((False, ": more than 20,000 keys"), (True, "")):
        solved = graded_by("assert len(f()) == 1", answer="def f(): return {1}", hidden=hidden)
        many = graded_by("", answer="def f(): return set(range(30_000))", hidden=hidden)
        found = why(graded(many, solved=solved), "00-1-check")
        assert found == f"what your code returned is too much to be tested{reason}"


def test_what_a_small_answer_leads_to_is_bounded(graded):
    solved = graded_by("assert np.allclose(f()[:, None], np.zeros((1, 50_000)))", answer="def f(): return np.zeros(1)")
    wide = graded_by("", answer="def f(): return np.zeros(5_000_000)")
    assert why(graded(wide, solved=solved), "00-1-check") == "what your code returned is too much to be tested"
    solved = graded_by("assert sum(1 for _ in range(f())) == 1", answer="def f(): return 1")
    endless = graded_by("", answer="def f(): return 10**15")
    assert why(graded(endless, solved=solved), "00-1-check") == "what your code returned is too much to be tested"


def test_a_test_that_is_called_back_with_too_much_work_ends(graded):
    """However often the student's code asks again, and whatever it makes of the error."""
    test = """
import time
while time.process_time() < began + 4.5:
    pass
assert often(lambda n: sum(1 for _ in range(n))) == 1, 'once'
"""
    setup = "import time\nbegan = time.process_time()"
    solved = graded_by(test, answer="def often(f): return f(1)", setup=setup, hidden=True)
    again = """
def often(f):
    while True:
        try:
            f(10**15)
        except BaseException:
            pass
"""
    before = time.process_time()
    result = graded(graded_by("", answer=again), solved=solved)
    assert why(result, "00-1-check") == "a hidden test got no answer: it ran longer than the 2 s that it may"
    assert time.process_time() - before < 15


def test_a_test_that_goes_on_in_spite_of_its_limit_is_stopped_again(graded):
    test = """
try:
    sum(1 for _ in range(often()))
except BaseException:
    pass
sum(1 for _ in range(often()))
"""
    solved = graded_by(test, answer="def often(): return 1")
    result = graded(graded_by("", answer="def often(): return 10**15"), solved=solved)
    assert why(result, "00-1-check") == "what your code returned is too much to be tested"


TELLING = {
    "what a check would say of it": "from fercourse.classroom.checks.shared.compare import expect\n"
    "expect(f({0}), 3, 'a sum of large numbers')",
    "a number in a list": "from fercourse.classroom.checks.shared.compare import expect\nexpect([f({0})], [3], 'sums')",
    "a secret number": "from fercourse.classroom.checks.shared.compare import expect_secret\n"
    "expect_secret(f({0}), 3, 'a sum')",
    "an error by name": "from fercourse.classroom.checks.shared.compare import expect_error\n"
    "expect_error(('error', f({0})), 'ValueError', 'bad numbers')",
}
ANSWERS = {
    "returns it": "def f(*asked): return f'asked {asked}'",
    "raises it": "def f(*asked): raise ValueError(f'asked {asked}')",
    "raises something of that name": "def f(*asked): raise type(f'Asked{asked[0]}', (Exception,), {})()",
    "says that it is no plain data": "def f(*asked): return type(f'Asked{asked[0]}', (), {})()",
    "breaks the wire": """
import gc, socket, struct
[wire] = [found for found in gc.get_objects() if isinstance(found, socket.socket) and found.family == socket.AF_UNIX]
def f(*asked):
    wire.sendall(struct.pack("!II", asked[0], 0))
""",
    "dies with it": "import os\ndef f(*asked): os._exit(asked[0] % 256)",
    "hands over too much": "def f(*asked): return 'x' * (50_000_000 + asked[0])",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("test", TELLING.values(), ids=TELLING)
def test_no_reason_of_a_hidden_test_tells_what_it_called_a_function_with(graded, test, answer):
    solved = graded_by(test.format(HIDDEN_NUMBER), answer="def f(*asked): return 3", hidden=True)
    reason = why(graded(graded_by("", answer=answer), solved=solved), "00-1-check")
    told = reason.replace(",", "").replace("_", "")
    assert str(HIDDEN_NUMBER) not in told
    assert str(50_000_000 + HIDDEN_NUMBER) not in told
    assert "asked" not in told.lower()


def test_only_guesses_that_the_sheet_asks_for_are_kept(graded):
    sheet = graded_by(
        "assert f() == 1", answer="def f(): return 1", setup='import fercourse as fc\nfc.guess("00.g", "?")'
    )
    records = [{"kind": "guess", "id": id, "right": True, "brier": 0} for id in ("00.g", "00.x", "fc", 7, None)]
    sheet["cells"][0]["outputs"] = [
        {"output_type": "display_data", "data": {}, "metadata": {"fercourse": record}} for record in records
    ]
    assert graded(sheet, solved=sheet)["guesses"] == records[:1]


def test_one_kernel_serves_a_submission_that_does_not_kill_it(graded, monkeypatch):
    started = []
    start = Kernel.__init__
    monkeypatch.setattr(Kernel, "__init__", lambda self, limits: (started.append(1), start(self, limits))[1])
    graded(handed_in(last="1 / 0"))
    assert len(started) == 1


def test_without_a_sandbox_marks_are_the_same_and_the_result_says_so(graded):
    result = graded(handed_in(), limits=Limits(cell_seconds=2, total_seconds=30, memory_mb=600, sandbox="none"))
    assert points(result) == FULL
    assert result["sandbox"] == "none"
