"""A measured figure is shown with where it comes from, and beside it what FER2013 gave under the same name."""

import json

import numpy as np
import pytest
from runs import on_drawn_faces, on_fer2013

from fercourse.errors import ParameterError
from fercourse.report import figures
from fercourse.report.figures import record
from fercourse.report.predictions import Predictions
from fercourse.report.records import write_record
from fercourse.report.run import begin


@pytest.fixture(autouse=True)
def shown(monkeypatch, fresh_run):
    """What is published, as (metadata, text, html)."""
    outputs = []
    monkeypatch.setattr(figures, "show", lambda metadata, *, text, html: outputs.append((metadata, text, html)))
    return outputs


def keep(folder, **values):
    """A record of lesson 02 on FER2013 with these figures in %."""
    common = {"unit": "%", "low": None, "high": None, "n": None, "source": "fer2013.csv", "drawn": False}
    rows = [{"name": name.replace("_", " "), "value": value} | common for name, value in values.items()]
    write_record(folder / "02.json", {"lesson": "02", "scale": "full", "figures": rows, "claims": []})


def test_beside_a_figure_of_drawn_faces_stands_the_one_that_was_measured_on_fer2013(shown, tmp_path):
    keep(tmp_path, near_twins=11.3)
    on_drawn_faces()
    record("near twins", 1.5, unit="%")
    assert shown[-1][1] == "recorded: near twins · 1.5 % (drawn faces) · FER2013, measured: 11.3 %, full scale"
    record("something else", 1.5, unit="%")
    assert shown[-1][1] == "recorded: something else · 1.5 % (drawn faces)"
    on_fer2013()
    record("near twins", 11.2, unit="%")
    assert shown[-1][1] == "recorded: near twins · 11.2 % (fer2013.csv)"


def test_several_figures_are_one_table_with_a_column_for_fer2013(shown, tmp_path):
    keep(tmp_path, near_twins=11.3)
    on_drawn_faces()
    record({"near twins": 1.5, "strangers <1>": 2}, unit="%", n=7)
    published, text, html = shown[-1]
    assert published["kind"] == "figures"
    assert [(each["name"], each["value"], each["n"]) for each in published["figures"]] == [
        ("near twins", 1.5, 7),
        ("strangers <1>", 2, 7),
    ]
    assert all(each["drawn"] and each["lesson"] == "02" for each in published["figures"])
    assert [line.split("  ") for line in text.splitlines()] == [
        ["", "drawn faces", "FER2013, measured"],
        ["near twins", "1.5 % (n = 7)", "11.3 %"],
        ["strangers <1>", "2.0 % (n = 7)", "–"],
        ["", "", "(full scale)"],
    ]
    assert "strangers &lt;1&gt;" in html


def test_a_table_on_fer2013_itself_has_no_second_column(shown, tmp_path):
    keep(tmp_path, near_twins=11.3)
    on_fer2013()
    record({"near twins": 11.2}, unit="%")
    assert "measured" not in shown[-1][1]
    assert shown[-1][0]["kind"] == "figure"


def test_numbers_below_each_other_are_equally_exact_and_hold_together_on_a_narrow_screen(shown):
    record({"one": 1.73, "two": 1.674, "three": 3, "four": 0.0125, "five": 2e-05}, n=1000)
    _, text, html = shown[-1]
    assert [line.split("  ")[-1] for line in text.splitlines()[1:]] == [
        f"{number} (n = 1,000)" for number in ("1.730", "1.674", "3", "0.013", "2e-05")
    ]
    assert "1.730 (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1,000)" in html


@pytest.mark.parametrize(
    ("values", "unit", "numbers"),
    [
        ([22.8, 7.5], "points gained", ["22.8", "7.5"]),
        ([9.16, -0.02], "points", ["9.2", "0.0"]),
        ([0.1731, 0.06255, 0.005417], "", ["0.173", "0.063", "0.0054"]),
        ([-0.00679, 0.037825], "", ["-0.0068", "0.0378"]),
        ([103.73, 49.67], "", ["103.7", "49.7"]),
        ([62.611, 2.143], "", ["62.61", "2.14"]),
        ([236.2, 0.494, 0.0], "", ["236.2", "0.49", "0.0"]),
        ([1.209e-15, 2.5e-15], "", ["1.2e-15", "2.5e-15"]),
        ([1195.4, 9.881], "", ["1,195", "9.881"]),
        ([7, 0.99], "", ["7", "0.99"]),
        ([0.5, 3.0], "", ["0.5", "3.0"]),
    ],
)
def test_a_number_has_no_more_digits_than_one_reads(shown, values, unit, numbers):
    on_fer2013()
    record({f"figure {place}": value for place, value in enumerate(values)}, unit=unit)
    assert [line.split("  ")[-1].split(" ")[0] for line in shown[-1][1].splitlines()[1:]] == numbers


@pytest.mark.parametrize(
    ("name", "value"), [({}, None), ({"a": 1}, 2), ({"a": "1"}, None), ({3: 1}, None), ("a", None)]
)
def test_a_table_of_another_form_is_refused(shown, name, value):
    with pytest.raises(ParameterError, match="expected"):
        record(name, value)
    assert shown == []


def test_the_seed_of_a_run_and_the_number_of_faces_may_be_numpys(shown):
    begin(seed=np.int64(3))
    record("figure", np.float64(0.5), n=np.int64(7))
    assert (shown[0][0]["seed"], shown[0][0]["n"]) == (3, 7)
    assert json.loads(json.dumps(shown[0][0])) == shown[0][0]


def test_a_figure_of_predictions_that_do_not_say_follows_the_run(shown):
    predictions = Predictions(np.eye(7), np.arange(7), "drawn, by its name")
    for begin_run, drawn in [(on_drawn_faces, True), (on_fer2013, False)]:
        begin_run()
        record("MLP", predictions)
        assert shown[-1][0]["drawn"] is drawn


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


def test_a_number_that_a_run_on_fer2013_took_from_drawn_people_is_no_figure_of_fer2013(shown, faces):
    answers = Predictions(np.eye(7), np.arange(7), "drawn people", drawn=True)
    on_fer2013()
    record({"cost of glasses": 5.5, "cost of a hand": -0.4}, unit="points", of=answers)
    record("cost of dark skin", 10.6, unit="points", of=faces.train)
    record("another", 1.0)
    published = [figure for each, *_ in shown for figure in each.get("figures", [each])]
    assert [figure["drawn"] for figure in published] == [True, True, True, False]
    sources = ["drawn people", "drawn people", faces.train.source, "fer2013.csv"]
    assert [figure["source"] for figure in published] == sources
    assert shown[0][1].splitlines()[0].strip() == "drawn faces"


def test_predictions_are_not_recorded_as_those_of_other_faces(shown, faces):
    answers = Predictions(np.eye(7), np.arange(7), "drawn people", drawn=True)
    with pytest.raises(ParameterError, match="leave out of="):
        record({"MLP": answers}, of=faces.train)
    assert shown == []


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
        ("a", {"of": "drawn"}),
    ],
    ids=str,
)
def test_a_figure_of_another_form_is_refused_and_nothing_is_rounded(shown, name, options):
    with pytest.raises(ParameterError, match="expected"):
        record(name, 0.5, **options)
    assert shown == []
