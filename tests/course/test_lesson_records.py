"""What a lesson measured on FER2013 is kept with the package and shown on the results page."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from toy_course import SETUP, lesson, toy_course
from toy_course import STAMP as STAMP_CELL

from fercourse.course.building.build import build
from fercourse.course.lesson_records import kept_lessons
from fercourse.course.results import write_results
from fercourse.errors import DataMismatch, DataNotFound
from fercourse.report import recorded

STAMP = {
    "lesson": "02b", "scale": "full", "seed": 0, "source": "fer2013.csv", "fingerprint": "ab12", "drawn": False,
    "official": True, "device": "cpu, 1 threads", "versions": {"numpy": "2"},
}  # fmt: skip
FIGURE = {
    "name": "silent units", "value": 85.0, "unit": "%", "low": None, "high": None, "n": 3, "source": "fer2013.csv",
    "drawn": False, "seed": 0,
}  # fmt: skip
CLAIM = {"id": "02b.silent", "sentence": "Most units | are silent.", "status": "held", "needs": "lesson", "seeds": 1}
RECORD = {"status": "passed", "stamp": STAMP, "figures": [FIGURE], "claims": [CLAIM]}


@pytest.fixture
def course(tmp_path):
    return toy_course(tmp_path / "course", toy_01=lesson("1 + 1"))


def put(folder, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_text(json.dumps(RECORD | changes))
    return folder


def test_a_run_of_a_lesson_on_fer2013_is_kept_and_its_claims_are_on_the_page(course, tmp_path, monkeypatch):
    assert write_results([put(tmp_path / "runs" / "02b")], course=course) == (["lesson 02b"], [])
    kept = kept_lessons(course)["02b"]
    assert kept["figures"] == [{name: value for name, value in FIGURE.items() if name != "seed"}]
    assert kept["claims"] == [{name: value for name, value in CLAIM.items() if name != "seeds"}]
    assert (kept["scale"], kept["fingerprint"]) == ("full", "ab12")
    assert r"| Most units \| are silent. (02b.silent) | holds |" in (course.docs / "claims.md").read_text()
    assert "| [02b](claims.md#lesson-02b) | 1 | 0 | 0 | full |" in (course.docs / "results.md").read_text()
    monkeypatch.setattr(recorded, "LESSONS", course.root / "fercourse" / "records" / "lessons")
    recorded.of_lesson.cache_clear()
    assert recorded.of_lesson("02b")["figures"]["silent units"]["value"] == 85
    assert recorded.of_lesson("02b")["claims"] == {("02b.silent", CLAIM["sentence"]): "held"}
    recorded.of_lesson.cache_clear()


def test_a_claim_that_does_not_hold_on_fer2013_is_kept_and_said(course, tmp_path):
    put(tmp_path / "runs", status="claim failed", claims=[CLAIM | {"status": "failed"}])
    write_results([tmp_path / "runs"], course=course)
    assert "(02b.silent) | does\u00a0not\u00a0hold |" in (course.docs / "claims.md").read_text()
    page = (course.docs / "results.md").read_text()
    assert "| [02b](claims.md#lesson-02b) | 0 | 1 | 0 | full |" in page
    assert r"- Most units \| are silent. (02b.silent)" in page


def test_a_claim_that_was_rewritten_after_the_run_has_no_verdict_and_one_that_is_gone_no_row(course, tmp_path):
    outputs = [new_output("display_data", data={}, metadata={"fercourse": {"kind": "claims", "claims": [
        {"id": "02b.silent", "sentence": "All units are silent.", "status": "held"},
        CLAIM | {"id": "02b.same", "status": "held"},
    ]}})]  # fmt: skip
    course.pages.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell("fc.claims()", outputs=outputs)]), course.pages / "02b_toy.ipynb")
    claims = [CLAIM, CLAIM | {"id": "02b.same", "status": "failed"}, CLAIM | {"id": "02b.gone"}]
    write_results([put(tmp_path / "runs", claims=claims)], course=course)
    page = (course.docs / "claims.md").read_text()
    assert "| All units are silent. (02b.silent) | not run since it was written |" in page
    assert "| Most units \\| are silent. (02b.same) | does\u00a0not\u00a0hold |" in page
    assert "02b.gone" not in page
    assert "| [02b](claims.md#lesson-02b) | 0 | 1 | 1 | full |" in (course.docs / "results.md").read_text()


@pytest.mark.parametrize(
    "changes",
    [
        {"stamp": STAMP | {"drawn": True}},
        {"stamp": STAMP | {"official": False}},
        {"stamp": None},
        {"status": "failed"},
        {"status": "interrupted"},
    ],
    ids=str,
)
def test_drawn_faces_other_splits_and_runs_that_broke_off_are_not_kept(course, tmp_path, changes):
    with pytest.raises(DataNotFound, match="nor of a lesson on FER2013"):
        write_results([put(tmp_path / "runs", **changes)], course=course)
    assert kept_lessons(course) == {}


def test_a_figure_of_drawn_faces_inside_such_a_run_is_left_out(course, tmp_path):
    put(tmp_path / "runs", figures=[FIGURE, FIGURE | {"name": "drawn beside", "drawn": True}])
    write_results([tmp_path / "runs"], course=course)
    assert [figure["name"] for figure in kept_lessons(course)["02b"]["figures"]] == ["silent units"]


@pytest.mark.parametrize(
    "changes",
    [{"lesson": "03"}, {"scale": "tiny"}, {"figures": [FIGURE | {"drawn": True}]}, {"claims": None, "extra": 1}],
    ids=str,
)
def test_a_kept_record_that_does_not_belong_there_is_named(course, tmp_path, changes):
    write_results([put(tmp_path / "runs")], course=course)
    path = course.root / "fercourse" / "records" / "lessons" / "02b.json"
    record = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({name: value for name, value in record.items() if value is not None}))
    with pytest.raises(DataMismatch, match=r"02b\.json: expected"):
        kept_lessons(course)


def test_a_run_with_other_parameters_than_the_lessons_own_is_none_of_its_figures(course, tmp_path):
    build(course=course, setup=SETUP, stamp=STAMP_CELL)
    own = {"DATA": "/mine/fer2013.csv", "SCALE": "full", "SEED": 3, "DEVICE": "cpu", "RATE": 0.1}
    stamp = STAMP | {"lesson": "01"}
    put(tmp_path / "a sweep", stamp=stamp, parameters=own | {"RATE": 10.0})
    why = "lesson 01: run with RATE = 10.0 instead of 0.1"
    assert write_results([tmp_path / "a sweep"], course=course) == ([], [why])
    put(tmp_path / "its own", stamp=stamp, parameters=own)
    assert write_results([tmp_path / "a sweep", tmp_path / "its own"], course=course) == (["lesson 01"], [why])


def test_a_record_that_another_version_wrote_is_said_to_be_that(course, tmp_path):
    figure = {name: value for name, value in FIGURE.items() if name != "unit"}
    with pytest.raises(DataMismatch, match=r"the record of lesson 02b has no 'unit', as of another version"):
        write_results([put(tmp_path / "runs", figures=[figure])], course=course)
