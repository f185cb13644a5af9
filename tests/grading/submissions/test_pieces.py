"""One answer in several cells, in another's or in none of its own: it is run, or read, as the student meant it."""

import pytest
from edited_sheet import both, moved, named, put, renumber, strip_nbgrader, without
from toy_sheet import CHECKS, POINTS, RIGHT, STUBS, cell, handed_in, notebook, solution, write

from fercourse.grading.sheet import read_sheet
from fercourse.grading.submissions.matching import match
from fercourse.grading.submissions.reading import read_student_notebook
from fercourse.grading.submissions.words import NOT_FOUND


@pytest.fixture
def matched(tmp_path):
    """A function that matches the toy sheet, handed in with a change to it."""
    write(tmp_path / "00_toy.ipynb", solution())
    sheet = read_sheet(tmp_path / "00_toy.ipynb")

    def matched(change):
        content = handed_in()
        change(content)
        write(tmp_path / "x.ipynb", content)
        return match(sheet, read_student_notebook(tmp_path / "x.ipynb"))

    return matched


SOFTMAX = {"grade_id": "00-2-answer", "solution": True}
STUB = STUBS["softmax"]
FIRST_TRY = "def softmax(logits):\n    return logits  # first try"
HELPER = "def powers(logits):\n    return np.exp(logits - logits.max(axis=1, keepdims=True))"
SHORT = "def softmax(logits):\n    return powers(logits) / powers(logits).sum(axis=1, keepdims=True)"
IMPORT = "import math as mathematics"
WITH_IMPORT = f"mathematics.pi\n{RIGHT['softmax']}"
HEAD, POWERS, RETURN = RIGHT["softmax"].splitlines()
AS_THE_NOTEBOOK_RUNS_THEM = {
    "split: a helper above, the answer below": both(put("00-2-answer", HELPER), named("00-2-answer", SHORT, **SOFTMAX)),
    "split: an import above": both(put("00-2-answer", IMPORT), named("00-2-answer", WITH_IMPORT, **SOFTMAX)),
    "split in three, with an own cell between": both(
        put("00-2-answer", HELPER.replace("powers", "inner")),
        named("00-2-answer", SHORT, id="c", **SOFTMAX),
        named("00-2-answer", "powers = inner", id="b", **SOFTMAX),
        named("00-2-answer", "print(inner)", id="a"),
    ),
    "split in the middle of the function": both(
        put("00-2-answer", HEAD), named("00-2-answer", f"{POWERS}\n{RETURN}", **SOFTMAX)
    ),
    "split in three within the function, a helper above": both(
        put("00-2-answer", HELPER.replace("powers", "inner")),
        named("00-2-answer", RETURN, id="c", **SOFTMAX),
        named("00-2-answer", f"{HEAD}\n{POWERS}", id="b", **SOFTMAX),
    ),
    "split in the middle of the function, the second half without ids": both(
        put("00-2-answer", HEAD), named("00-2-answer", f"{POWERS}\n{RETURN}")
    ),
    "split in the middle of the function, all ids lost": both(
        put("00-2-answer", f"{HEAD}\n{POWERS}"), named("00-2-answer", RETURN), strip_nbgrader, renumber
    ),
    "split in the middle of a bracket": both(
        put("00-2-answer", f"{HEAD}\n    powers = np.exp("),
        named("00-2-answer", f"        logits - logits.max(axis=1, keepdims=True))\n{RETURN}", **SOFTMAX),
    ),
    "a helper below the answer, which was run first": both(put("00-2-answer", SHORT), named("00-2-answer", HELPER)),
    "a helper below the check": both(put("00-2-answer", SHORT), named("00-2-check", HELPER)),
    "a helper at the end, with an import below it": both(
        put("00-2-answer", SHORT),
        named("00-5-answer", "import numpy as numbers", id="b"),
        named("00-5-answer", HELPER.replace("np.", "numbers.")),
    ),
    "a name at the end that is asked for at once": both(
        put("00-2-answer", f"AXIS\n{RIGHT['softmax']}"), named("00-5-answer", "AXIS = 1")
    ),
    "copied: the first try above": both(
        put("00-2-answer", FIRST_TRY), named("00-2-answer", RIGHT["softmax"], **SOFTMAX)
    ),
    "copied: a first try that is no Python": both(
        put("00-2-answer", "def softmax(logits)"), named("00-2-answer", RIGHT["softmax"], **SOFTMAX)
    ),
    "copied: the stub above": named("00-1-answer", STUB, **SOFTMAX),
    "copied: the stub below": named("00-2-answer", STUB, **SOFTMAX),
    "copied below the last exercise": both(
        put("00-2-answer", FIRST_TRY), named("00-4-hidden", RIGHT["softmax"], **SOFTMAX)
    ),
    "copied, and the copy has lost its ids": both(
        put("00-2-answer", FIRST_TRY), named("00-2-answer", RIGHT["softmax"])
    ),
    "the old version parked as text below": named("00-2-answer", FIRST_TRY, kind="markdown", **SOFTMAX),
    "the old version parked as raw text below": named("00-2-answer", FIRST_TRY, kind="raw", **SOFTMAX),
    "turned into text": put("00-2-answer", kind="markdown"),
    "turned into raw text": put("00-2-answer", kind="raw"),
    "turned into a heading": put("00-2-answer", f"# {RIGHT['softmax']}", kind="markdown"),
    "turned into text that has lost its ids": put("00-2-answer", kind="raw", bare=True),
    "fenced in a text of its own": put(
        "00-2-answer", f"Mine:\n```python\n{RIGHT['softmax']}\n```", kind="markdown", bare=True
    ),
    "merged into the text above": both(put("00-intro", f"# A toy sheet\n\n{RIGHT['softmax']}"), without("00-2-answer")),
    "pasted into the check": both(put("00-2-answer", STUB), put("00-2-check", f"{RIGHT['softmax']}\nassert softmax")),
    "mended in the check": both(
        put("00-2-answer", FIRST_TRY), put("00-2-check", f"{RIGHT['softmax']}\nassert softmax")
    ),
    "answered in an own cell below the stub": both(put("00-2-answer", STUB), named("00-2-answer", RIGHT["softmax"])),
    "answered in an own cell below the check": both(put("00-2-answer", STUB), named("00-2-check", RIGHT["softmax"])),
    "answered below the check, a note in its place": both(
        put("00-2-answer", "# my answer stands further down"), named("00-2-hidden", RIGHT["softmax"])
    ),
    "answered below the check, an import in its place": both(
        put("00-2-answer", IMPORT), named("00-2-hidden", WITH_IMPORT)
    ),
    "answered in the place of another exercise, and that one here": both(
        put("00-2-answer", RIGHT["side"]), put("00-3-answer", RIGHT["softmax"])
    ),
    "answered by an import": both(
        put("00-1-answer", "from builtins import sum as total"), named("00-1-hidden", "total = total([1])")
    ),
    "deleted, and answered at the end": both(without("00-2-answer"), named("00-5-answer", RIGHT["softmax"])),
    "merged into the answer before": both(
        put("00-1-answer", f"{RIGHT['total']}\n\n{RIGHT['softmax']}"), without("00-2-answer")
    ),
    "merged with everything between": both(
        put("00-1-answer", f"{RIGHT['total']}\n\nassert total([1]) == 1\n\n{RIGHT['softmax']}"),
        without("00-2-answer", "00-1-check", "00-1-hidden"),
    ),
    "merged into the answer behind": both(
        put("00-3-answer", f"{RIGHT['softmax']}\n\n{RIGHT['side']}"), without("00-2-answer")
    ),
    "merged, the stub of the other left": both(
        put("00-1-answer", f"{RIGHT['total']}\n\n{RIGHT['softmax']}"), put("00-2-answer", STUB)
    ),
    "moved to the top": moved("00-2-answer", behind="00-intro"),
    "moved below its check with its helper": both(
        put("00-2-answer", SHORT), named("00-2-hidden", HELPER), moved("00-2-answer", behind="copy")
    ),
    "moved to the end with a helper": both(
        put("00-2-answer", SHORT), named("00-4-hidden", HELPER), moved("00-2-answer", behind="00-5-answer")
    ),
    "moved to the end with a helper, and both timed": both(
        put("00-2-answer", f"%%time\n{SHORT}"),
        named("00-4-hidden", f"%%time\n{HELPER}"),
        moved("00-2-answer", behind="00-5-answer"),
    ),
    "a helper in the setup cell": both(put("00-setup", f"import numpy as np\n{HELPER}"), put("00-2-answer", SHORT)),
    "a helper in a copy of a check": both(
        named("00-1-check", f"assert total([]) == 0\n{HELPER}", grade_id="00-1-check", grade=True, locked=True),
        put("00-2-answer", SHORT),
    ),
    "the whole exercise twice": both(
        named("00-4-hidden", RIGHT["softmax"], **SOFTMAX),
        named("copy", CHECKS["softmax"], id="c", grade_id="00-2-check", grade=True, locked=True),
        put("00-2-answer", FIRST_TRY),
    ),
    "all ids lost and copied": both(
        put("00-2-answer", FIRST_TRY), named("00-2-answer", RIGHT["softmax"], **SOFTMAX), strip_nbgrader, renumber
    ),
    "all ids lost and a helper above": both(
        put("00-2-answer", SHORT), named("00-1-hidden", HELPER), strip_nbgrader, renumber
    ),
    "all ids lost and a magic above": both(put("00-2-answer", f"%%time\n{RIGHT['softmax']}"), strip_nbgrader, renumber),
    "all ids lost and two names at once": both(
        put("00-2-answer", f"{RIGHT['softmax']}\nsoftmax, other = softmax, 1"), strip_nbgrader, renumber
    ),
}


@pytest.mark.parametrize("change", AS_THE_NOTEBOOK_RUNS_THEM.values(), ids=AS_THE_NOTEBOOK_RUNS_THEM)
def test_the_right_answer_holds_wherever_it_stands(matched, change):
    found = matched(change)
    said = runs(found)
    assert [id for id, why in said.items() if why] == []
    assert list(said) == [id for id in POINTS if id.endswith(("check", "hidden"))]
    assert len({step.id for step in found.steps}) == len(found.steps)
    assert "softmax" in found.answers["00-2-answer"]


def test_a_helper_below_comes_along_only_where_nothing_above_gives_its_name(matched):
    used = "def softmax(logits):\n    return mean(logits) and np.exp(logits)"
    shows = "mean = softmax(np.zeros((1, 2))).mean()"  # needs the answer itself
    above, below = named("00-1-hidden", "mean = np.mean", id="above"), named("00-2-hidden", "mean = 3", id="below")
    order = [step.id for step in matched(both(put("00-2-answer", used), above, below)).steps]
    assert order.index("own-6") < order.index("00-2-answer") < order.index("00-2-hidden") < order.index("own-10")
    order = [step.id for step in matched(both(put("00-2-answer", used), named("00-2-answer", shows))).steps]
    assert order.index("00-2-answer") < order.index("own-7")


def runs(found):
    """Run the steps as Jupyter would; id of each test → what it raised, or ""."""
    names, said = {}, {}
    for step in found.steps:
        role = step.cell.role if step.cell else "own"
        if role in ("text", "hand"):
            continue
        try:
            exec(step.source.removeprefix("%%time\n"), names)
            why = ""
        except Exception as error:
            why = repr(error)
        if role in ("check", "hidden"):
            said[step.id] = why
    return said


def test_the_later_of_two_definitions_holds_also_where_it_is_the_wrong_one(matched):
    found = matched(named("00-2-answer", FIRST_TRY, **SOFTMAX))
    assert runs(found)["00-2-check"]
    assert found.answers["00-2-answer"] == f"{RIGHT['softmax']}\n\n{FIRST_TRY}"
    assert found.remarks == (
        "the answer 00-2-answer stands in 2 cells, which were run in their order: the later holds",
    )
    assert [step.label for step in found.steps if step.id.startswith("00-2-answer")] == [
        "00-2-answer", "00-2-answer (part 2)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "which"),
    [
        (named("00-1-answer", STUB, **SOFTMAX), "the first one with an answer in it"),
        (named("00-2-answer", FIRST_TRY, kind="raw", **SOFTMAX), "the one that is code"),
    ],
)
def test_a_copy_that_is_not_run_is_said(matched, change, which):
    found = matched(change)
    assert found.answers["00-2-answer"] == RIGHT["softmax"]
    assert found.remarks == (f"the cell 00-2-answer is there 2 times; {which} counts",)


def test_lines_that_were_handed_out_are_run_as_the_first_half_of_a_split_answer(tmp_path):
    given, mine = "import math\n\ndef half(x):\n    return x / 2", "area = math.pi * half(4)"
    solved = [
        cell("code", "q-answer", f"{given}\n### BEGIN SOLUTION\n{mine}\n### END SOLUTION", solution=True),
        cell("code", "q-check", "assert area > 6", grade=True, locked=True, points=1),
    ]
    handed = [cell("code", "q-answer", source, grade_id="q-answer", solution=True) for source in (given, mine)]
    write(tmp_path / "s.ipynb", notebook(solved))
    write(tmp_path / "x.ipynb", notebook(handed))
    found = match(read_sheet(tmp_path / "s.ipynb"), read_student_notebook(tmp_path / "x.ipynb"))
    assert runs(found) == {"q-check": ""}


def test_a_note_below_another_heading_is_no_part_of_an_answer_that_is_there(tmp_path):
    solved = [
        cell("markdown", "h1", "## 1 Write it"),
        cell("code", "q1", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION", grade=True, solution=True, points=1),
        cell("markdown", "h2", "## 2 Say why"),
        cell("markdown", "q2", "### BEGIN SOLUTION\nBecause.\n### END SOLUTION", grade=True, solution=True, points=1),
    ]
    write(tmp_path / "s.ipynb", notebook(solved))
    answers = {}
    for words in ("So it is.", ""):
        handed = [*solved[:2], cell("markdown", "note", "To do."), solved[2], solved[3] | {"source": words}]
        write(tmp_path / "x.ipynb", notebook(handed))
        found = match(read_sheet(tmp_path / "s.ipynb"), read_student_notebook(tmp_path / "x.ipynb"))
        answers[words] = found.answers["q2"]
    assert answers == {"So it is.": "So it is.", "": "To do."}


def test_what_stands_in_its_section_is_taken_before_what_has_the_same_name_elsewhere(tmp_path):
    solved = [
        cell("markdown", "h1", "## 1 Count"),
        cell("code", "q1", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION", solution=True),
        cell("code", "q1-check", "assert x == 1", grade=True, locked=True, points=1),
        cell("markdown", "h2", "## 2 Play"),
    ]
    handed = [solved[0], cell("code", "mine", "x = 1"), *solved[2:], cell("code", "play", "x = 5")]
    write(tmp_path / "s.ipynb", notebook(solved))
    write(tmp_path / "x.ipynb", notebook(handed))
    found = match(read_sheet(tmp_path / "s.ipynb"), read_student_notebook(tmp_path / "x.ipynb"))
    assert found.answers == {"q1": "x = 1"}
    assert runs(found) == {"q1-check": ""}


OWN_WORDS = "The exponential of a large number is infinite, and that divides badly."
CHINESE = "因为大数的指数是无穷大。"
WORDS = {"grade_id": "00-5-answer", "grade": True, "solution": True, "points": 3}
EMPTY = put("00-5-answer", STUBS["words"])
WAIT = {
    "split": (
        both(put("00-5-answer", "One half."), named("00-5-answer", "The other.", kind="markdown", **WORDS)),
        "One half.\n\nThe other.",
    ),
    "split, the second half without ids": (
        both(put("00-5-answer", "One half."), named("00-5-answer", "The other.", kind="markdown")),
        "One half.\n\nThe other.",
    ),
    "copied, the stub above": (both(EMPTY, named("00-5-answer", OWN_WORDS, kind="markdown", **WORDS)), OWN_WORDS),
    "the whole exercise twice": (named("00-5-answer", RIGHT["words"], kind="markdown", **WORDS), RIGHT["words"]),
    "the ids lost": (put("00-5-answer", OWN_WORDS, bare=True), OWN_WORDS),
    "deleted, an own cell below": (
        both(without("00-5-answer"), named("00-4-hidden", OWN_WORDS, kind="markdown")),
        OWN_WORDS,
    ),
    "empty, an own cell below": (
        both(put("00-5-answer", ""), named("00-5-answer", OWN_WORDS, kind="markdown")),
        OWN_WORDS,
    ),
    "untouched, an own cell above": (both(EMPTY, named("00-4-hidden", OWN_WORDS, kind="markdown")), OWN_WORDS),
    "untouched, written above all headings": (both(EMPTY, named(0, OWN_WORDS, kind="markdown")), OWN_WORDS),
    "untouched, a raw cell": (both(EMPTY, named("00-5-answer", OWN_WORDS, kind="raw")), OWN_WORDS),
    "untouched, words in a code cell": (both(EMPTY, named("00-5-answer", OWN_WORDS)), OWN_WORDS),
    "untouched, words in a comment": (both(EMPTY, named("00-5-answer", f"# {OWN_WORDS}")), f"# {OWN_WORDS}"),
    "untouched, Chinese in a comment": (both(EMPTY, named("00-5-answer", f"# {CHINESE}")), f"# {CHINESE}"),
    "untouched, words that are printed": (
        both(EMPTY, named("00-5-answer", f"print('{OWN_WORDS}')")),
        f"print('{OWN_WORDS}')",
    ),
    "untouched, words in a locked cell": (
        both(EMPTY, put("00-4-check", f"# {OWN_WORDS}\nassert colours")),
        f"# {OWN_WORDS}\nassert colours",
    ),
    "written below a heading of the sheet": (both(EMPTY, put("00-intro", f"# A toy sheet\n\n{OWN_WORDS}")), OWN_WORDS),
    "merged with a text of the sheet": (
        both(without("00-5-answer"), put("00-intro", f"# A toy sheet\n\n{OWN_WORDS}")),
        OWN_WORDS,
    ),
    "turned into code": (put("00-5-answer", OWN_WORDS, kind="code"), OWN_WORDS),
    "turned into raw text": (put("00-5-answer", OWN_WORDS, kind="raw"), OWN_WORDS),
    "all ids lost": (both(put("00-5-answer", OWN_WORDS), strip_nbgrader, renumber), OWN_WORDS),
    "all ids lost, in two cells": (
        both(
            put("00-5-answer", "One half."),
            named("00-5-answer", "The other.", kind="markdown"),
            strip_nbgrader,
            renumber,
        ),
        "One half.\n\nThe other.",
    ),
    "deleted, and nothing else": (without("00-5-answer"), NOT_FOUND),
}


@pytest.mark.parametrize(("change", "words"), WAIT.values(), ids=WAIT)
def test_words_wait_for_a_person_wherever_they_stand(matched, change, words):
    found = matched(change)
    assert found.answers["00-5-answer"] == words
    assert not found.unanswered
    assert [step.source for step in found.steps if step.id == "00-5-answer"] == [words]


@pytest.mark.parametrize(
    "change",
    [
        EMPTY,
        put("00-5-answer", " \n"),
        both(EMPTY, strip_nbgrader, renumber),
        both(EMPTY, named(0, "My name is Anna Smith.", kind="markdown")),
        both(EMPTY, named("00-5-answer", "total([1])")),
    ],
)
def test_an_empty_answer_with_no_words_below_its_heading_is_unanswered(matched, change):
    assert matched(change).unanswered == {"00-5-answer"}


@pytest.mark.parametrize("words", ["See: ![image.png](attachment:image.png)", '<img src="data:image/png;base64,iVBO">'])
def test_a_person_is_told_of_a_picture_in_an_answer_in_words(matched, words):
    found = matched(put("00-5-answer", words))
    assert found.answers["00-5-answer"] == words
    assert found.remarks == ("the answer 00-5-answer has a picture in it: look at it in the notebook",)
