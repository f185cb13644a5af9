"""The exercise sheets: each check tells right answers from wrong ones, and what is handed out gives nothing away."""

import re
from functools import cache
from html import escape
from symtable import symtable

import pytest
from sheet_runs import COURSE, SHEETS, answers_to, checked_exercises, sheet, verdict

from fercourse.classroom import hints
from fercourse.classroom.hints import ladder

sheets = pytest.mark.parametrize("stem", SHEETS)


@pytest.fixture(autouse=True)
def _nobody_watches(monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")


@cache
def wrong_verdicts(stem):
    """(exercise, what is wrong) → what the check says to it, or None where the wrong answer passes."""
    wrong = answers_to(stem)[1]
    return {(id, name): verdict(stem, id, source) for id in wrong for name, source in wrong[id].items()}


@sheets
def test_every_lesson_with_a_sheet_has_three_to_seven_exercises_of_every_kind(stem):
    exercises = sheet(stem).metadata["fercourse"]["exercises"]
    kinds = [about["kind"] for about in exercises.values()]
    assert 3 <= len(exercises) <= 7
    assert set(kinds) - {"improve"} == {"recall", "code", "break", "debug"}
    assert kinds.count("improve") <= 1
    assert kinds.count("recall") == 1


@sheets
def test_the_solution_of_every_exercise_passes(stem):
    said = {id: verdict(stem, id) for id in checked_exercises(sheet(stem))}
    assert said == dict.fromkeys(said)


@sheets
def test_another_right_answer_passes(stem):
    right = answers_to(stem)[0]
    assert set(right) == set(checked_exercises(sheet(stem)))
    said = {(id, number): verdict(stem, id, source) for id in right for number, source in enumerate(right[id])}
    assert {place: what for place, what in said.items() if what} == {}


@sheets
def test_at_least_three_plausible_wrong_answers_are_tried_and_fail(stem):
    wrong = answers_to(stem)[1]
    assert {id: len(wrong.get(id, ())) >= 3 for id in checked_exercises(sheet(stem))} == dict.fromkeys(wrong, True)
    passed = [place for place, said in wrong_verdicts(stem).items() if said is None]
    assert passed == []


@sheets
def test_the_untouched_stub_fails_helpfully(stem):
    for id in checked_exercises(sheet(stem, "exercises")):
        said = verdict(stem, id, folder="exercises")
        assert said is not None
        assert said.startswith(f"{id} ·"), said
        assert "nothing is written" in said, said
        assert f'fc.hint("{id}")' in said
        assert "\n" not in said


@sheets
def test_what_a_check_says_is_one_line(stem):
    for said in wrong_verdicts(stem).values():
        assert said is None or len(said) < 400


@sheets
def test_a_sheet_that_is_handed_out_holds_no_answer_no_hidden_test_and_no_marker(stem):
    text = (COURSE / "exercises" / f"{stem}.ipynb").read_text(encoding="utf-8")
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN|MARK)", text)
    handed_out = "\n".join(cell.source for cell in sheet(stem, "exercises").cells)
    for cell in sheet(stem).cells:
        for secret in re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", cell.source, re.DOTALL):
            for line in filter(lambda line: len(line.strip()) > 24, secret.splitlines()):
                assert line.strip() not in handed_out, f"{cell.id} gives away: {line.strip()}"
    assert all(not cell.get("outputs") for cell in sheet(stem, "exercises").cells)


@sheets
def test_no_given_cell_writes_over_a_name_that_a_check_reads(stem):
    cells = [cell for cell in sheet(stem).cells if cell.cell_type == "code"]
    for check in [cell for cell in cells if "-check" in cell.id]:
        read = set(re.findall(r"\w+", check.source.partition(",")[2]))
        for cell in cells:
            if cell.metadata["nbgrader"]["locked"]:
                written = symtable(cell.source, cell.id, "exec").get_symbols()
                assert not read & {name.get_name() for name in written if name.is_assigned()}, cell.id


@sheets
def test_every_exercise_has_a_ladder_of_hints_with_the_solution_last(stem):
    for id in sheet(stem).metadata["fercourse"]["exercises"]:
        rungs = ladder(id)
        assert len(rungs) >= 3
        assert all(rung.strip() for rung in rungs)


@sheets
def test_code_in_a_hint_is_shown_as_code_and_loses_nothing(stem, monkeypatch):
    pages = []
    monkeypatch.setattr(hints, "show", lambda metadata, *, text, html: pages.append((text, html)))
    for id in sheet(stem).metadata["fercourse"]["exercises"]:
        for _ in ladder(id):
            hints.hint(id)
    for text, html in pages:
        assert html.count("<code>") == text.count("`") / 2
        assert re.sub("</?code>", "`", html).endswith(f"{escape(text.split(chr(10), 1)[1])}</pre>")


@sheets
def test_the_ids_and_titles_in_the_lesson_are_those_of_the_sheet(stem):
    parts = sorted((COURSE / "lessons").glob(f"{stem[:2]}*.py"))  # a sheet may serve two parts of a lesson
    lesson = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    for id, about in sheet(stem).metadata["fercourse"]["exercises"].items():
        assert re.search(rf"\| {re.escape(id)} \|.*\| {about['minutes']} \|", lesson), (
            f"{id} is not in the lesson's table"
        )


def test_the_committed_share_of_wrong_answers_caught_is_the_one_that_was_counted():
    page = (COURSE / "docs" / "exercises.md").read_text(encoding="utf-8")
    caught = sum(said is not None for stem in SHEETS for said in wrong_verdicts(stem).values())
    tried = sum(len(wrong_verdicts(stem)) for stem in SHEETS)
    print(f"{caught} of {tried} wrong answers are caught: {caught / tried:.1%}")
    assert f"{caught} of {tried}" in page
    assert caught / tried >= 0.95


def test_a_block_that_is_not_torchvisions_is_told_after_which_layer_it_leaves_it():
    said = wrong_verdicts("05_resnets")
    stride = said["05.2", "the stride in the first convolution"]
    assert "conv1 differs: expected (6, 8, 9, 7), came (6, 8, 5, 4). The stride belongs to the 3 × 3" in stride
    assert "equal until conv3; bn3 is never called" in said["05.2", "forgets the last batch norm"]
    assert "equal until conv2; bn2 gives other numbers" in said["05.2", "ReLU before the batch norm"]
    assert "all are equal. So look at what happens after bn3" in said["05.2", "forgets the shortcut"]


def test_a_batch_norm_with_the_wrong_divisor_is_told_which_of_n_and_n_minus_1_belongs_there():
    said = wrong_verdicts("05_resnets")
    assert "The average collects the variance that divides by n − 1" in said["05.5", "n for both"]
    assert "The output is made with the variance that divides by n." in said["05.5", "n − 1 for both"]
    assert "divide" not in said["05.5", "momentum the other way"]
