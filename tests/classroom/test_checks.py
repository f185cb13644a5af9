"""Checks, their lines, progress and hints, as a student meets them."""

import json
import subprocess
import sys
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from types import MappingProxyType, ModuleType

import numpy as np
import pandas as pd
import pytest
import torch

import fercourse as fc
from fercourse.classroom import checking, hints
from fercourse.classroom.checks.shared.compare import ask, expect, expect_error, expect_secret, plain, same, short
from fercourse.classroom.probes import outcome_of
from fercourse.errors import CheckFailed, ParameterError

NAN, INF = float("nan"), float("inf")
Pair = namedtuple("Pair", "before after")
Side = IntEnum("Side", {"ONE": 1, "TWO": 2})
Face = StrEnum("Face", {"HAPPY": "Happy"})


def said(compare, *arguments, **options):
    """The one line with which a comparison fails."""
    with pytest.raises(CheckFailed) as caught:
        compare(*arguments, **options)
    line = str(caught.value)
    assert "\n" not in line
    return line


# What is right


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        (24, 24),
        (24.0, 24),
        (np.int64(24), 24),
        (np.float32(0.5), 0.5),
        (torch.tensor(24), 24),
        (torch.tensor(0.5, requires_grad=True), 0.5),
        (np.array(3.0), 3.0),
        (INF, INF),
        (True, True),
        (np.True_, True),
        ("Happy", "Happy"),
        (None, None),
        ([1, 2], (1, 2)),
        ((1, 2), [1, 2]),
        ([], []),
        ({"a": [1, 2], "b": None}, {"b": None, "a": (1, 2)}),
        (np.ones((2, 3), np.float32), np.ones((2, 3))),
        (np.ones((2, 3), int), np.ones((2, 3))),
        (torch.ones(2, 3), np.ones((2, 3))),
        (np.ones((2, 3)), torch.ones(2, 3)),
        (np.array([1, NAN]), np.array([1, NAN])),
        (np.zeros((0, 4)), np.zeros((0, 4))),
        (np.array([True, False]), np.array([True, False])),
        (torch.tensor(True), True),
        (np.array([False]), False),
        (torch.tensor([24]), 24),
        (np.array([[0.5]]), 0.5),
        (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
        (np.longdouble(0.5), 0.5),
        (Fraction(1, 2), 0.5),
        (Decimal("0.5"), 0.5),
        (Fraction(24, 1), 24),
        (Side.TWO, 2),
        (Face.HAPPY, "Happy"),
        (np.str_("Happy"), "Happy"),
        (Pair(1, 2), (1, 2)),
        (np.array([1, 2]), [1, 2]),
        (torch.tensor([[1, 2]]), [(1, 2)]),
        (np.array([1, 2], object), (1, 2)),
        (range(1, 3), [1, 2]),
        (deque([1, 2]), [1, 2]),
        (UserList([1, 2]), [1, 2]),
        ({1: "a", 2: "b"}.keys(), [1, 2]),
        (OrderedDict(a=1, b=2).values(), [1, 2]),
        (pd.Series([1, 2], index=[7, 8]), [1, 2]),
        (pd.Index([1, 2]), [1, 2]),
        (pd.Series([1.0, 2.0]), np.array([1, 2])),
        (np.zeros((0, 2)), []),
        (pd.Series({"a": 1.0, "b": 2.0}), {"a": 1, "b": 2}),
        (defaultdict(float, a=1), {"a": 1}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (UserDict(a=1), {"a": 1}),
        (MappingProxyType({"a": np.int8(1)}), {"a": 1}),
        (torch.nn.Parameter(torch.ones(2)), np.ones(2)),
        (np.ones((2, 2)).view(np.matrix), np.ones((2, 2))),
    ],
)
def test_the_same_value_passes_in_any_of_its_forms(came, expected):
    expect(came, expected, "here")
    assert same(came, expected)


def test_a_tolerance_holds_for_numbers_for_arrays_and_inside_of_lists():
    expect(1.05, 1, "here", atol=0.1)
    expect([1.05, {"a": np.array([2.05])}], [1, {"a": np.array([2.0])}], "here", atol=0.1)
    assert said(expect, 1.05, 1, "here", atol=0.01) == "here: expected 1, came 1.05, 0.05 too large"
    assert "came 2.05" in said(expect, [np.array([2.05])], [np.array([2.0])], "here", atol=0.01)


# What is wrong, in one line


@pytest.mark.parametrize(
    ("came", "expected", "line"),
    [
        (23, 24, "side: expected 24, came 23, 1 too small"),
        (24.5, 24, "side: expected 24, came 24.5, 0.5 too large"),
        (NAN, 24, "side: expected 24, came nan, not a finite number"),
        (INF, 24, "side: expected 24, came inf, not a finite number"),
        (1 / 3, 0.5, "side: expected 0.5, came 0.333333, 0.166667 too small"),
        ("24", 24, "side: expected the number 24, came '24'"),
        (True, 1, "side: expected the number 1, came True"),
        ([24], 24, "side: expected the number 24, came [24]"),
        (np.array([24, 24]), 24, "side: expected the number 24, came an array of shape (2,)"),
        (np.array([[24]]), [24, 24], "side, the number of items: expected 2, came 1"),
        (Fraction(1, 3), 1, "side: expected 1, came Fraction(1, 3), 0.666667 too small"),
        (10**30, 24, f"side: expected 24, came {10**30}, {10**30 - 24} too large"),
        (2j, 24, "side: expected the number 24, came 2j"),
        ((number for number in [1, 2]), [1, 2], "side: expected [1, 2], came <generator>"),
        (short, 24, "side: expected the number 24, came <function>"),
        (Fraction, 24, "side: expected the number 24, came <ABCMeta>"),
        (pd.DataFrame({"a": [1]}), {"a": 1}, "side: expected ['a'], came an array of shape (1, 1)"),
        (["a"], {"a": 1}, "side: expected ['a'], came ['a']"),
        ([np.arange(2)], {"a": 1}, "side: expected ['a'], came [array([0, 1])]"),
        (
            np.ma.masked_array([1.0, 2.0], [False, True]),
            np.ones(2),
            "side: expected an array of shape (2,), came <MaskedArray>",
        ),
        ({1, 2}, [1, 2], "side: expected [1, 2], came {1, 2}"),
        (1, True, "side: expected True, came 1"),
        ("happy", "Happy", "side: expected 'Happy', came 'happy'"),
        (7, None, "side: expected None, came 7"),
        (None, 24, "side: expected 24, came None: nothing is written, or nothing returned"),
        (..., 24, "side: expected 24, came None: nothing is written, or nothing returned"),
        ([1, 2, 3], [1, 2], "side, the number of items: expected 2, came 3"),
        ([1, 5], [1, 2], "side, item 1: expected 2, came 5, 3 too large"),
        ((1, (2, 4)), (1, (2, 3)), "side, item 1, item 1: expected 3, came 4, 1 too large"),
        (3, [1, 2], "side: expected [1, 2], came 3"),
        ([1, None], [1, 2], "side, item 1: expected 2, came None: nothing is written, or nothing returned"),
        ({"a": 1}, {"b": 1}, "side: expected ['b'], came ['a']"),
        (3, {"b": 1}, "side: expected ['b'], came 3"),
        ({"b": 2}, {"b": 1}, "side, b: expected 1, came 2, 1 too large"),
        (3, np.ones(2), "side: expected an array of shape (2,), came 3"),
        (np.ones((2, 1)), np.ones((1, 2)), "side, the shape: expected (1, 2), came (2, 1)"),
        (np.ones(2), np.array([True, True]), "side: expected numbers like bool, came float64"),
        (np.array(["1", "1"]), np.ones(2), "side: expected numbers like float64, came <U1"),
        (
            np.array([[1.0, 2.0], [3.0, 9.0]]),
            np.array([[1.0, 2.0], [3.0, 4.0]]),
            "side: at [1, 1] expected 4, came 9; 25% of the numbers are off",
        ),
        (np.array([1.0, NAN]), np.array([1.0, 2.0]), "side: at [1] expected 2, came nan; 50% of the numbers are off"),
        (np.array([INF, 2.0]), np.array([INF, 4.0]), "side: at [1] expected 4, came 2; 50% of the numbers are off"),
        (np.array([INF, NAN]), np.array([4.0, 4.0]), "side: at [0] expected 4, came inf; 100% of the numbers are off"),
        (torch.zeros(4), np.ones(4), "side: at [0] expected 1, came 0; 100% of the numbers are off"),
    ],
)
def test_a_failure_says_where_what_was_expected_what_came_and_how_far_off(came, expected, line):
    assert said(expect, came, expected, "side") == line


def test_a_number_that_no_float_can_hold_is_far_off():
    line = said(expect, 10**400, 0.5, "side")
    assert line == f"side: expected 0.5, came {str(10**400)[:57]}…, far too large"
    assert said(expect, 24, Fraction(10**400, 3), "side").endswith("far too small")


@pytest.mark.parametrize("came", [24, np.int64(24), np.array(24), torch.tensor([24]), Fraction(24), Decimal(24)])
def test_where_a_whole_number_is_asked_any_of_its_forms_will_do(came):
    expect(came, 24, "side", whole=True)
    expect((came, [came]), (24, [24]), "sides", whole=True)


@pytest.mark.parametrize(
    ("came", "line"),
    [
        (24.0, "side: expected the whole number 24, came 24.0, a float"),
        (np.float32(24), "side: expected the whole number 24, came 24.0, a float"),
        (torch.tensor(24.0), "side: expected the whole number 24, came 24.0, a float"),
        (Fraction(49, 2), "side: expected the whole number 24, came Fraction(49, 2), a Fraction"),
        (True, "side: expected the number 24, came True"),
    ],
)
def test_where_a_whole_number_is_asked_a_float_is_none_and_is_called_a_float(came, line):
    assert said(expect, came, 24, "side", whole=True) == line
    assert "item 1: expected" in said(expect, [24, came], [24, 24], "sides", whole=True)
    assert not same(came, 24, whole=True)


def test_whether_it_is_the_same_follows_the_tolerance_as_the_line_does():
    assert same(1.05, 1, atol=0.1)
    assert not same(1.05, 1, atol=0.01)
    assert not same(None, 1)


def test_in_its_plainest_form_a_value_holds_nothing_but_pythons_own_numbers_and_arrays():
    came = plain({"a": (np.int64(1), torch.tensor(2.0)), "b": [np.True_, ...], "c": {np.int8(3)}, "d": torch.ones(2)})
    array = came.pop("d")
    assert came == {"a": (1, 2.0), "b": [True, None], "c": {3}}
    assert [type(number) for number in (*came["a"], came["b"][0], *came["c"])] == [int, float, bool, int]
    assert type(array) is np.ndarray


def test_what_is_too_much_to_be_tested_is_told_as_when_it_is_graded():
    assert "what your code returned is too much to be tested: nested deeper" in said(expect, circle(), [1], "here")


def circle():
    ring = []
    ring.append(ring)
    return ring


def test_the_worst_place_of_an_array_is_named():
    came = np.array([1.0, 2.5, 9.0, 4.5])
    assert said(expect, came, np.array([1.0, 2.0, 3.0, 4.0]), "losses", atol=0.6) == (
        "losses: at [2] expected 3, came 9; 25% of the numbers are off"
    )


def test_an_object_that_equals_everything_equals_no_number_no_text_and_no_array():
    class Yes:
        def __eq__(self, other):
            return True

    for expected in (24, "Happy", True, [1], {"a": 1}, np.ones(1)):
        with pytest.raises(CheckFailed):
            expect(Yes(), expected, "here")


def test_long_values_are_shortened():
    assert short("x" * 200) == "'" + "x" * 56 + "…"
    assert len(said(expect, list(range(1000)), 3, "here")) < 200
    assert short(np.zeros((3, 4))) == "an array of shape (3, 4)"
    assert short(0.123456789) == "0.123457"


# Secret numbers


@pytest.mark.parametrize(
    ("came", "line"),
    [
        (4500, "numbers: came 4500, which is too small"),
        (9999.5, "numbers: came 9999.5, which is too large"),
        (None, "numbers: came None: nothing is written yet"),
        (..., "numbers: came None: nothing is written yet"),
        ("4608", "numbers: came '4608'"),
        (NAN, "numbers: came nan"),
        (True, "numbers: came True"),
        ([4608], "numbers: came [4608]"),
        (Fraction(1, 2), "numbers: came Fraction(1, 2), which is too small"),
        (np.array([5000]), "numbers: came 5000, which is too large"),
        (len, "numbers: came <builtin_function_or_method>"),
    ],
)
def test_a_secret_number_is_judged_and_not_given_away(came, line):
    found = said(expect_secret, came, 4608, "numbers")
    assert found == line
    assert came in ("4608", [4608]) or "4608" not in found


def test_a_secret_number_passes_when_it_is_found():
    expect_secret(4608, 4608, "numbers")
    expect_secret(np.int64(4608), 4608, "numbers")
    expect_secret(0.34, 1 / 3, "share", atol=0.01)


def test_a_secret_stands_in_no_cause_that_a_traceback_would_print():
    with pytest.raises(CheckFailed) as caught:
        expect_secret(1, 4608, "numbers")
    assert caught.value.__suppress_context__


# Errors, and answers that live elsewhere


class DoesNotFit(ValueError):
    pass


def refuses(value, error=ValueError):
    if value < 0:
        raise error("negative")
    return value


def test_an_expected_error_passes_and_another_outcome_is_named():
    expect_error(refuses, (-1,), ValueError, "refuses(-1)")
    line = said(expect_error, refuses, (np.int8(2),), ValueError, "refuses(2)")
    assert line == "refuses(2): expected a ValueError, came 2 and no error"
    line = said(expect_error, refuses, ("2",), ValueError, "refuses('2')")
    assert line == "refuses('2'): expected a ValueError, came a TypeError"


@pytest.mark.parametrize("error", [DoesNotFit, np.linalg.LinAlgError, UnicodeError])
def test_an_error_that_comes_from_the_expected_one_is_one(error):
    expect_error(json.loads, ("{",), ValueError, "here")
    expect_error(refuses, (-1, error), ValueError, "here")


def test_an_error_of_ones_own_that_has_only_the_name_is_none():
    another = type("ValueError", (Exception,), {})
    line = said(expect_error, refuses, (-1, another), ValueError, "here")
    assert line == "here: expected a ValueError, came a ValueError of your own, which is none"


def test_a_probe_runs_here_for_a_plain_function_and_inside_for_a_proxy():
    class Proxy:
        def ask_inside(self, probe, *arguments):
            return "inside", probe.__name__, arguments

    assert ask(outcome_of, refuses, ValueError, -1) == ["as asked", "ValueError"]
    assert ask(outcome_of, Proxy(), ValueError, -1) == ("inside", "outcome_of", (ValueError, -1))


# check, progress and hint


def _is_seven(came):
    expect(came, 7, "seven")


def _doubles(answer):
    expect(answer(3), 6, "double(3)")


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """A sheet "00" of three exercises, two of them checked; nothing done, no hint taken, nobody grades."""
    written = {
        "00.1": {"title": "Seven", "hints": ["Count.", "More than six."], "solution": "seven = 7"},
        "00.2": {"title": "Double", "hints": ["Add."], "solution": "def double(x):\n    return x + x"},
        "00.3": {"title": "Why?", "hints": ["Ask."], "solution": "Because."},
        "90.1": {"title": "Another sheet", "hints": ["Wait."], "solution": "later"},
    }
    file = tmp_path / "hints.json"
    file.write_text(json.dumps(written), encoding="utf-8")
    module = ModuleType("lesson_00")
    module.CHECKS = {"00.1": _is_seven, "00.2": _doubles}
    monkeypatch.setitem(sys.modules, "fercourse.classroom.checks.lesson_00", module)
    monkeypatch.setattr(hints, "FILE", file)
    monkeypatch.setattr(hints, "_rung", {})
    monkeypatch.setattr(checking, "_done", set())
    monkeypatch.delenv("FERCOURSE_GRADING", raising=False)
    hints._written.cache_clear()
    yield
    hints._written.cache_clear()


@pytest.mark.usefixtures("toy")
def test_a_right_answer_is_praised_with_what_is_done_and_what_is_open(capsys):
    fc.check("00.2", lambda number: 2 * number)
    line = capsys.readouterr().out
    assert line == "00.2 is right. Done: 1 of 2, 00.2. Open: 00.1. Read by a person: 00.3.\n"
    fc.check("00.1", 7)
    assert "Done: 2 of 2, 00.1, 00.2. Read by a person: 00.3." in capsys.readouterr().out


@pytest.mark.usefixtures("toy")
def test_an_exercise_checked_twice_is_done_once(capsys):
    fc.check("00.1", 7)
    fc.check("00.1", 7)
    assert capsys.readouterr().out.count("Done: 1 of 2") == 2


@pytest.mark.usefixtures("toy")
def test_a_wrong_answer_fails_with_its_id_the_reason_and_the_way_to_a_hint(capsys):
    line = said(fc.check, "00.1", 6)
    assert line == '00.1 · seven: expected 7, came 6, 1 too small · Stuck? fc.hint("00.1")'
    fc.progress("00")
    assert capsys.readouterr().out == "Done: 0 of 2. Open: 00.1, 00.2. Read by a person: 00.3.\n"


@pytest.mark.usefixtures("toy")
def test_an_answer_that_was_right_and_is_wrong_now_says_so():
    fc.check("00.1", 7)
    assert "came 8" in said(fc.check, "00.1", 8)


@pytest.mark.usefixtures("toy")
def test_an_error_in_the_students_code_is_told_as_such_and_kept_as_the_cause():
    def broken(number):
        raise KeyError("weights")

    line = said(fc.check, "00.2", broken)
    assert line == "00.2 · your code raised KeyError: 'weights' · Stuck? fc.hint(\"00.2\")"

    def silent(number):
        raise NotImplementedError

    with pytest.raises(CheckFailed, match=r"your code raised NotImplementedError · Stuck") as caught:
        fc.check("00.2", silent)
    assert isinstance(caught.value.__cause__, NotImplementedError)


@pytest.mark.usefixtures("toy")
def test_an_error_of_several_lines_is_told_in_one():
    def broken(number):
        raise RuntimeError("sizes of tensors must match\nexpected 3\ngot 4")

    assert "sizes of tensors must match" in said(fc.check, "00.2", broken)


@pytest.mark.usefixtures("toy")
def test_an_interrupt_is_no_wrong_answer():
    def endless(number):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fc.check("00.2", endless)


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("id", ["00.3", "00.9", "99.1", "", "three", 3])
def test_an_exercise_without_a_check_is_refused_and_those_with_one_are_named(id):
    with pytest.raises(ParameterError, match="no check for exercise") as caught:
        fc.check(id, 7)
    assert ("00.1, 00.2" if str(id).startswith("00") else "none for this lesson") in str(caught.value)


@pytest.mark.usefixtures("toy")
def test_in_the_kernel_of_a_grader_check_and_progress_say_nothing_and_judge_nothing(monkeypatch, capsys):
    monkeypatch.setenv("FERCOURSE_GRADING", "1")
    fc.check("00.1", 6)
    fc.check("00.1", 7)
    fc.check("no such exercise")
    fc.progress("00")
    assert capsys.readouterr() == ("", "")
    monkeypatch.delenv("FERCOURSE_GRADING")
    fc.progress("00")
    assert "Done: 0 of 2" in capsys.readouterr().out


@pytest.mark.usefixtures("toy")
def test_hints_come_one_a_call_the_solution_last_and_then_from_the_beginning(capsys):
    for _ in range(4):
        fc.hint("00.1")
    assert capsys.readouterr().out == (
        "Hint 1 of 2\nCount.\nHint 2 of 2\nMore than six.\nThe solution\nseven = 7\nHint 1 of 2\nCount.\n"
    )


@pytest.mark.usefixtures("toy")
def test_each_exercise_has_a_ladder_of_its_own(capsys):
    fc.hint("00.1")
    fc.hint("00.2")
    fc.hint("00.1")
    assert capsys.readouterr().out == "Hint 1 of 2\nCount.\nHint 1 of 1\nAdd.\nHint 2 of 2\nMore than six.\n"


@pytest.mark.usefixtures("toy")
def test_the_lines_of_a_solution_stay_lines(capsys):
    fc.hint("00.2")
    fc.hint("00.2")
    assert capsys.readouterr().out.endswith("The solution\ndef double(x):\n    return x + x\n")


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("id", ["00.9", "", 3, None])
def test_an_unknown_exercise_is_refused_and_the_known_ones_are_named(id):
    with pytest.raises(ParameterError, match=r"no exercise .*; there are 00\.1, 00\.2, 00\.3, 90\.1"):
        fc.hint(id)


NO_IDS = [3.2, "3.2", "9.2", "03,2", "03.02", "", None, 7, -3, float("nan"), 10**5000, np.float64(0.1), ["00.1"], {}]


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("id", NO_IDS, ids=lambda id: str(type(id)) if id is not None else "None")
def test_whatever_is_no_exercise_is_refused_by_check_and_hint_alike(id):
    with pytest.raises(ParameterError, match=r"no check for exercise .* The exercises are 00\.1, 00\.2, 00\.3, 90\.1"):
        fc.check(id, 7)
    with pytest.raises(ParameterError, match=r"no exercise .*; there are 00\.1, 00\.2, 00\.3, 90\.1"):
        fc.hint(id)
    with pytest.raises(ParameterError, match=r"no sheet .*; there are 00, 90"):
        fc.progress(id)


@pytest.mark.usefixtures("toy")
def test_an_id_that_is_nearly_right_is_named():
    for near in ("0.1", "00,1", "00.1 "):
        with pytest.raises(ParameterError, match=r"Did you mean '00\.1'\?"):
            fc.check(near, 7)
    with pytest.raises(ParameterError, match=r"no sheet '0'; there are 00, 90\. Did you mean '00'\?"):
        fc.progress("0")


@pytest.mark.usefixtures("toy")
def test_a_check_without_its_answers_is_told_from_an_answer_that_raises():
    for answers in ((), (7, 8)):
        message = rf'expected 1 answer, fc\.check\("00\.1", came\); found {len(answers)}'
        with pytest.raises(ParameterError, match=message):
            fc.check("00.1", *answers)
    with pytest.raises(CheckFailed, match="your code raised TypeError"):
        fc.check("00.2", lambda *_: None + 1)


@pytest.mark.usefixtures("toy")
def test_an_exercise_that_a_person_reads_has_no_check():
    with pytest.raises(ParameterError, match=r"no check for exercise '00\.3'; there are 00\.1, 00\.2\. A person reads"):
        fc.check("00.3", "because")


@pytest.mark.usefixtures("toy")
def test_in_the_kernel_of_a_grader_a_hint_is_silent(monkeypatch, capsys):
    monkeypatch.setenv("FERCOURSE_GRADING", "1")
    fc.hint("00.1")
    fc.hint("no such exercise")
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("toy")
def test_without_the_file_of_hints_an_exercise_is_unknown_and_progress_has_nothing_to_count(capsys):
    hints.FILE.unlink()
    with pytest.raises(ParameterError, match=r"no exercise '00\.1'"):
        fc.hint("00.1")
    fc.progress("00")
    assert capsys.readouterr().out == "Done: 0 of 0.\n"


def test_a_pair_of_arrays_is_shortened_to_one_line():
    assert "expected" in said(expect, 3, (np.ones((3, 3)), np.ones(3)), "here")


def test_infinities_in_the_same_places_of_an_array_pass():
    expect(np.array([1.0, INF, -INF]), np.array([1.0, INF, -INF]), "here")


IN_IPYTHON = """
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.run_cell("from fercourse.errors import CheckFailed")
done = shell.run_cell("raise CheckFailed('03.2 · expected 24, came 23')")
assert type(done.error_in_exec).__name__ == "CheckFailed"
"""


def test_in_ipython_a_failed_check_is_one_line_without_a_traceback():
    command = [sys.executable, "-c", IN_IPYTHON]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    assert lines == ["\x1b[31m✗\x1b[0m 03.2 · expected 24, came 23"]


@pytest.mark.parametrize(("id", "answer"), [("03.2", 24), ("03.2", "side"), ("03.2", None), ("03.7", [1, 2])])
def test_what_a_function_returned_is_told_from_the_function(id, answer):
    with pytest.raises(CheckFailed, match=rf"^{id} · expected a function, came .*: give its name alone, without"):
        fc.check(id, answer)
