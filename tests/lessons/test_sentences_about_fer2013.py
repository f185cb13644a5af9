"""What lessons say in passing of their own runs on FER2013, held against the records of those runs.

A sentence with a claim is judged wherever its lesson runs. These have none, because the figure is not of the run that
the reader sees: a new run on FER2013 may change it, and then a test has to fail.
"""

import re
from pathlib import Path

import nbformat
import pytest

from fercourse.course.building.lesson import read_lesson
from fercourse.course.checkout import find_course, select
from fercourse.course.lesson_records import kept_lessons
from fercourse.course.outputs import shown_in

COURSE = Path(__file__).parents[2]
RECORDED = kept_lessons(find_course(COURSE))
SAID = {
    ("03", "two pixels cost nothing that the test can see (on FER2013 they cost 2.4 points)"): lambda shown: (
        round(shown["CNN, moved by 0"] - shown["CNN, moved by 2"], 1) == 2.4
    ),
    ("03b", "In the column of FER2013 above, after fewer epochs and with one seed, Adam's lead is larger."): lambda shown: (
        shown["Adam, tuned"] - shown["SGD, Nesterov 0.9, tuned"] > 1  # the recorded race: "within a point"
    ),
    ("04", "In the column of FER2013 above 20° comes first, with 45° hardly behind."): lambda shown: (
        sorted(TURNS, key=lambda degrees: shown[f"turns of up to {degrees}°"])[-2:] == [45, 20]
        and shown["turns of up to 20°"] - shown["turns of up to 45°"] < 0.5
    ),
    ("04", "on FER2013 drawing anew is ahead by 2.4 points"): lambda shown: (
        round(shown["B's changes, drawn anew"] - shown["B's changes, stored"], 1) == 2.4
    ),
    ("05b", "(On FER2013 one cycle is ahead.)"): lambda shown: (
        shown["a step after each batch"] > shown["no schedule"] and failed("05b", "05b.undecided")
    ),
    ("05b", "One cycle was ahead on FER2013."): lambda shown: shown["a step after each batch"] > shown["no schedule"],
    ("09", "though on FER2013 about one and a half points fewer are right"): lambda shown: (
        round(shown["probe: ImageNet"] - shown["one change: pixels from 0 to 1"], 1) == 1.5
    ),
    ("09", "With seed 0 they were on FER2013 as well, by less."): lambda shown: (
        0 < gain_at_96(shown) < gain_at_96(figures_of(committed("09")))
    ),
    ("09", "(On FER2013 the lead is less than a point, which may be chance.)"): lambda shown: (
        0 < shown["one change: 64 pixels"] - shown["probe: ImageNet"] < 1
    ),
    ("09b", "a fine-tuned network is one to eight points ahead of the small CNN on FER2013, most with few labels"): (
        lambda shown: (
            {round(lead) for lead in leads(shown)} <= set(range(1, 9)) and max(leads(shown)) == leads(shown)[0]
        )
    ),
    ("09b", "The small CNN needs about 1.8 to 3.3 times as many for what the fine-tuned one does with 100 to 1,000."): (
        lambda shown: (
            [round(shown[f"for what fine-tuned does with {n:,}"] / n, 1) for n in (1000, 300, 100)] == [1.8, 2.4, 3.3]
        )
    ),
    ("10", "(On 1,500 faces of FER2013 two to four, from run to run.)"): lambda shown: (
        2 <= round(shown["Muon"] - shown["residual step"]) <= 4
    ),
    ("10", "(On 1,500 faces of FER2013 all three end within about two points of always *Happy*"): lambda shown: all(
        abs(shown[f"below Muon, Adam at {rate}"] - HAPPY) < 2.5 for rate in ("0.001", "0.003", "0.01")
    ),
    ("10b", "growing faces gain about five points, and small ones throughout lose one or two"): lambda shown: (
        round(shown["faces that grow"] - shown["whole faces"]) == 5
        and 1 <= shown["whole faces"] - shown["small faces"] <= 2
    ),
    ("10b", "they read small faces over eight points better than the networks of whole faces read whole ones"): (
        lambda shown: shown["small faces, judged on small faces"] - shown["whole faces"] > 8
    ),
    ("10b", "and over three better than those of growing faces"): lambda shown: (
        shown["small faces, judged on small faces"] - shown["faces that grow"] > 3
    ),
    ("04b", "Oversampling finds about as much (on FER2013 seven points less)"): lambda shown: (
        round(shown["Disgust found, prior adjusted"] - shown["Disgust found, oversampling"]) == 7
    ),
    ("12b", "slower than what was measured, in the run on FER2013 by 5 and 12 percent"): lambda shown: (
        shown["fixed in each step"] == 0 and [round(100 * too_slow(shown, faces)) for faces in (128, 64)] == [5, 12]
    ),
    ("10b", "on as many of FER2013 the order is the same"): lambda shown: (
        shown["one, three times as long"] > shown["three averaged"] > shown["one network"]
    ),
}
"""Lesson and phrase → whether the figures of its run on FER2013 bear it out."""
TURNS = (0, 8, 20, 45, 90)
HAPPY = 24.94
"""Percent of PublicTest that is Happy."""
COMPARES = r"\b(ahead|behind|points?|fewer|times as|gains?|loses?|lead is|they cost|order is)\b"
sentences = pytest.mark.parametrize(("lesson", "phrase"), SAID, ids=lambda given: given.split(" ")[0])


def figures_of(kept):
    """Name → value, of a record or of what a notebook shows."""
    return {figure["name"]: figure["value"] for figure in kept["figures"]}


def committed(lesson):
    """What the executed notebook shows, on drawn faces."""
    [path] = (COURSE / "docs" / "lessons").glob(f"{lesson}_*.ipynb")
    return shown_in(nbformat.read(path, as_version=4))


def failed(lesson, id):
    [status] = [claim["status"] for claim in RECORDED[lesson]["claims"] if claim["id"] == id]
    return status == "failed"


def gain_at_96(shown):
    return shown["one change: 96 pixels"] - shown["probe: ImageNet"]


def leads(shown):
    """Points that the fine-tuned network is ahead of the small CNN, from 100 labels to all."""
    sizes = ("100", "300", "1,000", "3,000", "10,000", "28,709")
    return [shown[f"fine-tuned, {n} labels"] - shown[f"small CNN, {n} labels"] for n in sizes]


def too_slow(shown, faces):
    """By what share the model of a step is above what was measured for so many faces."""
    return (shown["fixed in each step"] + faces * shown["for each face"]) / shown[f"step, {faces} faces"] - 1


def prose_of(path):
    """The sentences of a lesson's text, each on one line."""
    cells = [" ".join(cell.source.split()) for cell in read_lesson(path).cells if cell.cell_type == "markdown"]
    return [part for cell in cells for part in re.split(r"(?<=[.!?)>]) (?=[A-Z(*`|#-])", cell)]


@sentences
def test_what_a_lesson_says_of_its_run_on_fer2013_is_in_the_record(lesson, phrase):
    [path] = (COURSE / "lessons").glob(f"{lesson}_*.py")
    assert phrase in " ".join(prose_of(path)), "the sentence has changed: change its line here"
    assert SAID[lesson, phrase](figures_of(RECORDED[lesson])), phrase


@pytest.mark.parametrize("path", select((), COURSE / "lessons", ".py"), ids=lambda path: path.stem)
def test_no_comparison_on_fer2013_is_without_a_claim_or_a_line_above(path):
    of_this = [phrase for lesson, phrase in SAID if path.stem.startswith(f"{lesson}_")]
    untied = [
        sentence
        for sentence in prose_of(path)
        if re.search(r"\b(on|of) FER2013\b(?!')", sentence) and re.search(COMPARES, sentence)
        if "<!--" not in sentence and not any(phrase in sentence for phrase in of_this)
    ]
    assert untied == []
