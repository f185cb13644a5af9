"""A claim is held, failed, undecided or untested, says so to a reader, and publishes the same to the runner."""

import json

import numpy as np
import pytest

from fercourse.errors import ParameterError
from fercourse.report import claims
from fercourse.report.claims import begin, claim, record
from fercourse.report.predictions import Predictions
from fercourse.settings import SCALES

SENTENCE = "Scaling the inputs frees the network."


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """What is published in a fresh run, as (record, text, html)."""
    outputs = []
    monkeypatch.setattr(claims, "show", lambda record, *, text, html: outputs.append((record, text, html)))
    monkeypatch.setattr(claims, "_run", claims.Run())
    return outputs


def on_drawn_faces(scale="lesson"):
    begin(lesson="02", scale=scale, seed=3, source="drawn faces, seed 0", fingerprint="9f3c", drawn=True)


def on_fer2013(scale="full"):
    begin(lesson="02", scale=scale, seed=3, source="fer2013.csv", fingerprint="ab12", drawn=False)


def status(shown):
    return shown[-1][0]["status"]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (True, "held"),
        (False, "failed"),
        (None, "undecided"),
        (np.bool_(True), "held"),
        (np.bool_(False), "failed"),
        ([True, True, True], "held"),
        ([True, False, True], "failed"),
        ([True, None, True], "undecided"),
        ([None, False], "failed"),
        (np.array([True, False]), "failed"),
        ((np.bool_(True), True), "held"),
    ],
)
def test_a_claim_holds_when_it_holds_in_every_seed(shown, held, expected):
    assert claim("02.scale", held, SENTENCE) is None
    assert status(shown) == expected


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("needs", SCALES)
@pytest.mark.parametrize("held", [True, False])
def test_a_claim_is_tested_from_the_scale_that_it_needs(shown, scale, needs, held):
    on_drawn_faces(scale)
    claim("02.scale", held, SENTENCE, needs=needs)
    order = ["smoke", "lesson", "full"]
    enough = order.index(scale) >= order.index(needs)
    assert status(shown) == (("held" if held else "failed") if enough else "untested")


@pytest.mark.parametrize(("held", "expected"), [(True, "untested"), ([True] * 2, "untested"), ([True] * 3, "held")])
def test_a_claim_is_tested_in_as_many_seeds_as_it_needs(shown, held, expected):
    claim("02.scale", held, SENTENCE, seeds=3)
    assert status(shown) == expected


def test_a_claim_about_one_data_set_is_untested_on_the_other(shown):
    for begin_run, drawn, fer2013 in [(on_drawn_faces, "held", "untested"), (on_fer2013, "untested", "held")]:
        begin_run()
        claim("02.drawn", True, SENTENCE, only="drawn")
        assert status(shown) == drawn
        claim("02.real", True, SENTENCE, only="fer2013")
        assert status(shown) == fer2013


def test_a_claim_about_fer2013_is_untested_on_splits_that_are_not_its_own(shown):
    begin(lesson="02", scale="full", source="fer2013.csv", fingerprint="ab12", official=False)
    claim("02.real", True, SENTENCE, only="fer2013")
    assert status(shown) == "untested"
    assert "this run is on fer2013.csv, not FER2013's own splits" in shown[-1][1]
    claim("02.scale", True, SENTENCE)
    assert "checked on fer2013.csv, not FER2013's own splits" in shown[-1][1]
    assert shown[-1][0]["official"] is False


def test_a_figure_of_predictions_that_do_not_say_follows_the_run(shown):
    predictions = Predictions(np.eye(7), np.arange(7), "drawn, by its name")
    for begin_run, drawn in [(on_drawn_faces, True), (on_fer2013, False)]:
        begin_run()
        record("MLP", predictions)
        assert shown[-1][0]["drawn"] is drawn


def test_each_status_is_told_in_a_line_of_its_own(shown):
    on_drawn_faces("smoke")
    for held in (True, False, None):
        claim("02.scale", held, SENTENCE)
    claim("02.scale", [True], SENTENCE, needs="lesson", seeds=3, only="fer2013")
    assert [text for _, text, _ in shown] == [
        f"✓ {SENTENCE} (claim 02.scale, checked on drawn faces, smoke scale)",
        f"✗ Not in this run: {SENTENCE} (claim 02.scale, checked on drawn faces, smoke scale)",
        f"≈ Undecided in this run: {SENTENCE} The intervals overlap: no rank is given. "
        "(claim 02.scale, checked on drawn faces, smoke scale)",
        f"○ Not tested here: {SENTENCE} It needs lesson scale; this run is smoke. It needs 3 seeds; this run has 1. "
        "It is about FER2013; this run is on drawn faces. (claim 02.scale)",
    ]


def test_without_a_run_a_claim_is_checked_at_lesson_scale(shown):
    claim("02.scale", True, SENTENCE, needs="lesson")
    assert shown[-1][1] == f"✓ {SENTENCE} (claim 02.scale, checked, lesson scale)"


def test_the_published_claim_carries_where_it_was_checked(shown):
    on_drawn_faces()
    claim("02.scale", [True, True], SENTENCE, needs="lesson", seeds=2)
    assert shown[-1][0] == {
        "kind": "claim",
        "id": "02.scale",
        "sentence": SENTENCE,
        "status": "held",
        "needs": "lesson",
        "seeds": 2,
        "lesson": "02",
        "scale": "lesson",
        "seed": 3,
        "source": "drawn faces, seed 0",
        "fingerprint": "9f3c",
        "drawn": True,
        "official": False,
    }


def test_the_html_says_what_the_text_says_and_no_markup_slips_in(shown):
    claim("02.scale", True, "A loss < 2 & <b>falling</b>.")
    assert "A loss &lt; 2 &amp; &lt;b&gt;falling&lt;/b&gt;. (claim 02.scale" in shown[-1][2]


def test_one_id_says_one_thing_in_one_run(shown):
    claim("02.scale", True, SENTENCE)
    claim("02.scale", False, SENTENCE)  # the cell was run again
    with pytest.raises(ParameterError, match="says two things"):
        claim("02.scale", True, "Something else.")
    begin(lesson="02")
    claim("02.scale", True, "Something else.")
    assert [published["status"] for published, _, _ in shown] == ["held", "failed", "held"]


@pytest.mark.parametrize(
    "held", [0.7, 1, "True", [1, 0], [True, 0.5], np.array(0.5), np.ones(3), {"a": True}, object()]
)
def test_what_neither_holds_nor_fails_is_refused(shown, held):
    with pytest.raises(ParameterError, match=r"claim 02\.scale: it holds or it does not"):
        claim("02.scale", held, SENTENCE)
    assert shown == []


@pytest.mark.parametrize(
    ("id", "sentence", "options", "message"),
    [
        ("scale", SENTENCE, {}, "two digits"),
        ("2.scale", SENTENCE, {}, "two digits"),
        ("02.Scale", SENTENCE, {}, "two digits"),
        ("02.scale!", SENTENCE, {}, "two digits"),
        ("02.scale", "no full stop", {}, "full stop"),
        ("02.scale", SENTENCE, {"needs": "big"}, "smoke, lesson, full"),
        ("02.scale", SENTENCE, {"seeds": 0}, "at least one seed"),
        ("02.scale", SENTENCE, {"only": "FER2013"}, "'drawn' or 'fer2013'"),
        ("02.scale", SENTENCE, {"only": ["drawn"]}, "'drawn' or 'fer2013'"),
        ("02.scale", SENTENCE, {"seeds": True}, "at least one seed"),
        ("02.scale", SENTENCE, {"seeds": "3"}, "at least one seed"),
        ("02.scale", SENTENCE, {"seeds": 2.0}, "at least one seed"),
        ("02.scale", SENTENCE, {"needs": ["full"]}, "smoke, lesson, full"),
        ("02.scale", 3, {}, "full stop"),
        ("02.scale", None, {}, "full stop"),
        (2.0, SENTENCE, {}, "two digits"),
    ],
)
def test_a_claim_of_another_form_is_refused(id, sentence, options, message):
    with pytest.raises(ParameterError, match=message):
        claim(id, True, sentence, **options)


def test_a_run_of_an_unknown_scale_is_refused():
    with pytest.raises(ParameterError, match="expected scale: smoke, lesson or full; found 'tiny'"):
        begin(scale="tiny")


@pytest.mark.parametrize("seed", ["3", 3.0, None, True, -1])
def test_a_run_of_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ParameterError, match="expected seed, a whole number"):
        begin(seed=seed)


def test_seeds_and_numbers_of_faces_may_be_numpys(shown):
    begin(seed=np.int64(3))
    claim("02.scale", [True, True], SENTENCE, seeds=np.int32(2))
    record("figure", np.float64(0.5), n=np.int64(7))
    assert (shown[0][0]["seed"], shown[0][0]["seeds"], shown[1][0]["n"]) == (3, 2, 7)
    assert json.loads(json.dumps([each[0] for each in shown])) == [each[0] for each in shown]


def test_predictions_are_recorded_with_interval_n_and_data(shown):
    on_fer2013()  # the predictions know better than the run which faces they are about
    right = np.arange(29) < 7
    predictions = Predictions(np.eye(7)[np.where(right, 0, 3)], np.zeros(29, int), "drawn faces, seed 0", drawn=True)
    record("MLP repaired", predictions)
    published, text, _ = shown[-1]
    assert text == "recorded: MLP repaired · 24.1 % (12.2–42.1, n = 29, drawn faces)"
    assert [published[key] for key in ("kind", "name", "unit", "n")] == ["figure", "MLP repaired", "%", 29]
    figures = [published["value"], published["low"], published["high"]]
    assert figures == pytest.approx([100 * 7 / 29, *(100 * bound for bound in predictions.interval())])
    assert (published["source"], published["drawn"], published["scale"]) == ("drawn faces, seed 0", True, "full")


@pytest.mark.parametrize(
    ("value", "options", "line"),
    [
        (12, {"unit": "epochs"}, "12 epochs (fer2013.csv)"),
        (28709, {}, "28,709 (fer2013.csv)"),
        (np.float32(0.5), {"n": 3}, "0.5 (n = 3, fer2013.csv)"),
        (19577.3, {"unit": "s"}, "19,577 s (fer2013.csv)"),
        (1.94591, {"unit": "nats"}, "1.946 nats (fer2013.csv)"),
        (42.06, {"unit": "%"}, "42.1 % (fer2013.csv)"),
        (float("nan"), {}, "none: not a finite number (fer2013.csv)"),
    ],
)
def test_a_figure_is_one_quiet_line(shown, value, options, line):
    on_fer2013()
    record("figure", value, **options)
    published, text, _ = shown[-1]
    assert text == f"recorded: figure · {line}"
    assert published["value"] == (None if value != value else value)
    assert published["low"] is published["high"] is None
    assert (published["lesson"], published["seed"], published["fingerprint"]) == ("02", 3, "ab12")


@pytest.mark.parametrize("value", ["42", True, [1, 2], np.ones(1), None, 10**400, -(10**400)])
def test_what_is_no_figure_is_refused(value):
    with pytest.raises(ParameterError, match=r"expected a number (or Predictions|that a float holds)"):
        record("figure", value)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (3, {}),
        (None, {}),
        ("a", {"unit": 3}),
        ("a", {"unit": None}),
        ("a", {"n": "5"}),
        ("a", {"n": 5.7}),
        ("a", {"n": 0}),
    ],
    ids=str,
)
def test_a_figure_of_another_form_is_refused_and_nothing_is_rounded(shown, name, options):
    with pytest.raises(ParameterError, match="expected"):
        record(name, 0.5, **options)
    assert shown == []
