"""A claim is held, failed, undecided or untested, says so to a reader, and publishes the same to the runner."""

import numpy as np
import pytest
from runs import on_drawn_faces, on_fer2013

from fercourse.errors import ParameterError
from fercourse.report import claims
from fercourse.report.claims import claim
from fercourse.report.records import write_record
from fercourse.report.run import begin, current_run
from fercourse.settings import SCALES

SENTENCE = "Scaling the inputs frees the network."


@pytest.fixture(autouse=True)
def shown(monkeypatch, fresh_run):
    """What is published, as (metadata, text, html)."""
    outputs = []
    monkeypatch.setattr(claims, "show", lambda metadata, *, text, html: outputs.append((metadata, text, html)))
    return outputs


def status(id="02.scale"):
    return current_run().claims[id]["status"]


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
def test_a_claim_holds_when_it_holds_in_every_seed(held, expected):
    assert claim("02.scale", held, SENTENCE) is None
    assert status() == expected


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("needs", SCALES)
@pytest.mark.parametrize("held", [True, False])
def test_a_claim_is_tested_from_the_scale_that_it_needs(scale, needs, held):
    on_drawn_faces(scale)
    claim("02.scale", held, SENTENCE, needs=needs)
    order = ["smoke", "lesson", "full"]
    enough = order.index(scale) >= order.index(needs)
    assert status() == (("held" if held else "failed") if enough else "untested")


@pytest.mark.parametrize(("held", "expected"), [(True, "untested"), ([True] * 2, "untested"), ([True] * 3, "held")])
def test_a_claim_is_tested_in_as_many_seeds_as_it_needs(held, expected):
    claim("02.scale", held, SENTENCE, seeds=3)
    assert status() == expected


def test_a_claim_about_one_data_set_is_untested_on_the_other():
    for begin_run, drawn, fer2013 in [(on_drawn_faces, "held", "untested"), (on_fer2013, "untested", "held")]:
        begin_run()
        claim("02.drawn", True, SENTENCE, only="drawn")
        assert status("02.drawn") == drawn
        claim("02.real", True, SENTENCE, only="fer2013")
        assert status("02.real") == fer2013


def test_a_claim_about_fer2013_is_untested_on_splits_that_are_not_its_own(shown):
    begin(lesson="02", scale="full", source="fer2013.csv", fingerprint="ab12", official=False)
    claim("02.real", True, SENTENCE, only="fer2013")
    claim("02.scale", True, SENTENCE)
    claims.claims()
    [(published, text, _)] = shown
    assert [each["status"] for each in published["claims"]] == ["untested", "held"]
    assert "It is about FER2013; this run is on fer2013.csv, not FER2013's own splits." in text
    assert text.startswith("fer2013.csv, not FER2013's own splits, full scale\n")
    assert not any(each["official"] for each in published["claims"])


def test_one_table_shows_every_claim_with_its_status_in_the_order_in_which_they_were_made(shown):
    on_drawn_faces("smoke")
    for name, held in {"yes": True, "no": False, "open": None}.items():
        claim(f"02b.{name}", held, SENTENCE)
    claim("02b.more", [True], SENTENCE, needs="lesson", seeds=3, only="fer2013")
    assert shown == []
    claims.claims()
    [(published, text, html)] = shown
    assert text.splitlines() == [
        "drawn faces, smoke scale",
        f"✓ {SENTENCE} [02b.yes]",
        f"✗ {SENTENCE} [02b.no]",
        f"≈ {SENTENCE} [02b.open]",
        f"○ {SENTENCE} [02b.more] (It needs lesson scale; this run is smoke. It needs 3 seeds; this run has 1. "
        "It is about FER2013; this run is on drawn faces.)",
    ]
    assert [each["status"] for each in published["claims"]] == ["held", "failed", "undecided", "untested"]
    assert all(text in html for text in ("✓ holds", "✗ does not hold", "≈ undecided", "○ not tested", "02b.more"))


def test_a_table_without_claims_is_an_error_that_says_what_to_run(shown):
    with pytest.raises(ParameterError, match="nothing was claimed in this run"):
        claims.claims()
    assert shown == []


def test_beside_a_claim_stands_what_the_recorded_run_on_fer2013_said_of_the_same_sentence(shown, tmp_path):
    said = [
        {"id": "02.scale", "sentence": SENTENCE, "status": "failed"},
        {"id": "02.changed", "sentence": "What it said before.", "status": "held"},
        {"id": "02.gone", "sentence": SENTENCE, "status": "held"},
    ]
    write_record(tmp_path / "02.json", {"lesson": "02", "scale": "full", "figures": [], "claims": said})
    on_drawn_faces()
    claim("02.scale", True, SENTENCE)
    claim("02.changed", True, SENTENCE)
    claim("02.new", True, SENTENCE)
    claims.claims()
    assert shown[-1][1].splitlines() == [
        "drawn faces, lesson scale | FER2013, full scale",
        f"✓ ✗ {SENTENCE} [02.scale]",
        f"✓ – {SENTENCE} [02.changed]",
        f"✓ – {SENTENCE} [02.new]",
    ]
    assert "– not recorded" in shown[-1][2]
    on_fer2013()
    claim("02.scale", True, SENTENCE)
    claims.claims()
    assert shown[-1][1].splitlines() == ["fer2013.csv, full scale", f"✓ {SENTENCE} [02.scale]"]
    assert "– not recorded" not in shown[-1][2]


def test_without_a_run_a_claim_is_checked_at_lesson_scale(shown):
    claim("02.scale", True, SENTENCE, needs="lesson")
    claims.claims()
    assert shown[-1][1] == f"this run, lesson scale\n✓ {SENTENCE} [02.scale]"


def test_a_claim_about_the_drawn_faces_alone_says_so_in_its_row(shown):
    on_drawn_faces()
    claim("02.drawn", True, SENTENCE, only="drawn")
    claims.claims()
    assert "02.drawn · about drawn faces alone" in shown[-1][2]


def test_the_published_claim_carries_where_it_was_checked(shown):
    on_drawn_faces()
    claim("02.scale", [True, True], SENTENCE, needs="lesson", seeds=2)
    claims.claims()
    assert shown[-1][0]["kind"] == "claims"
    assert shown[-1][0]["claims"] == [
        {
            "id": "02.scale",
            "sentence": SENTENCE,
            "status": "held",
            "needs": "lesson",
            "seeds": 2,
            "only": None,
            "reasons": [],
            "lesson": "02",
            "scale": "lesson",
            "seed": 3,
            "source": "drawn faces, seed 0",
            "fingerprint": "9f3c",
            "drawn": True,
            "official": False,
        }
    ]


def test_the_html_says_what_the_text_says_and_no_markup_slips_in(shown):
    claim("02.scale", True, "A loss < 2 & <b>falling</b>.")
    claims.claims()
    assert "A loss &lt; 2 &amp; &lt;b&gt;falling&lt;/b&gt;." in shown[-1][2]


def test_one_id_says_one_thing_in_one_run(shown):
    claim("02.scale", True, SENTENCE)
    claim("02.scale", False, SENTENCE)  # the cell was run again
    with pytest.raises(ParameterError, match="says two things"):
        claim("02.scale", True, "Something else.")
    claims.claims()
    assert [each["status"] for each in shown[-1][0]["claims"]] == ["failed"]
    begin(lesson="02")
    claim("02.scale", True, "Something else.")
    assert status() == "held"


@pytest.mark.parametrize(
    "held", [0.7, 1, "True", [1, 0], [True, 0.5], np.array(0.5), np.ones(3), {"a": True}, object()]
)
def test_what_neither_holds_nor_fails_is_refused(held):
    with pytest.raises(ParameterError, match=r"claim 02\.scale: it holds or it does not"):
        claim("02.scale", held, SENTENCE)
    assert current_run().claims == {}


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


def test_the_seeds_of_a_run_and_of_a_claim_may_be_numpys():
    begin(seed=np.int64(3))
    claim("02.scale", [True, True], SENTENCE, seeds=np.int32(2))
    assert (current_run().claims["02.scale"]["seed"], current_run().claims["02.scale"]["seeds"]) == (3, 2)
