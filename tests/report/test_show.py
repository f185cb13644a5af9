"""What a notebook shows of a history and of predictions: their figures, and never an error instead."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from base64 import b64decode
from html import unescape
from math import inf, nan

import numpy as np
import pytest

from fercourse.data.faces import EMOTIONS
from fercourse.report.history import History
from fercourse.report.predictions import Predictions
from fercourse.report.show import HEIGHT, WIDTH

ROWS = [
    {"epoch": 1, "train_loss": 1.9, "valid_loss": 2.0, "valid_accuracy": 0.2},
    {"epoch": 2, "train_loss": 1.5, "valid_loss": 1.6, "valid_accuracy": 0.3},
    {"epoch": 3, "train_loss": 1.0, "valid_loss": 1.7, "valid_accuracy": 0.4},
]


def curves_in(html):
    """The name of each curve and its points, (x, y) with y upwards, and the words for who cannot see it."""
    [(encoded, words)] = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)".*?alt="([^"]*)"', html)
    root = ElementTree.fromstring(b64decode(encoded))
    space = "{http://www.w3.org/2000/svg}"
    lines = {line.get("stroke"): line.get("points").split() for line in root.iter(f"{space}polyline")}
    names = {text.get("fill"): text.text for text in root.iter(f"{space}text")}
    points = {names[colour]: [tuple(map(float, p.split(","))) for p in line] for colour, line in lines.items() if line}
    return {name: [(x, HEIGHT - y) for x, y in line] for name, line in points.items()}, unescape(words)


def rows_in(html):
    return [
        [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>([^<]*)<", row)]
        for row in re.findall("<tr>(.*?)</tr>", html)
    ]


def test_a_history_shows_both_losses_on_one_scale_and_its_last_row():
    html = History(ROWS)._repr_html_()
    curves, words = curves_in(html)
    assert list(curves) == ["valid_loss", "train_loss"]
    values = {"valid_loss": [2.0, 1.6, 1.7], "train_loss": [1.9, 1.5, 1.0]}
    places = np.array([[y for _, y in curves[name]] for name in values]).ravel()
    expected = np.array(list(values.values())).ravel()
    slope, start = np.polyfit(expected, places, 1)
    assert slope > 0
    np.testing.assert_allclose(places, slope * expected + start, atol=0.11)
    assert (np.diff([x for x, _ in curves["valid_loss"]]) > 0).all()
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for line in curves.values() for x, y in line)
    assert words == "valid_loss: 2 to 1.7; train_loss: 1.9 to 1"
    assert rows_in(html) == [["epoch", "train_loss", "valid_loss", "valid_accuracy"], ["3", "1", "1.7", "0.4"]]
    assert "History(3 epochs, best valid_accuracy 0.400 at 3)" in html


def test_names_at_the_ends_of_curves_that_meet_stand_apart():
    html = History([{"train_loss": 2.0, "valid_loss": 1.0}, {"train_loss": 1.5, "valid_loss": 1.5}])._repr_html_()
    [encoded] = re.findall(r'svg\+xml;base64,([^"]+)"', html)
    heights = [float(y) for y in re.findall(r'<text x="[^"]+" y="([^"]+)"', b64decode(encoded).decode())]
    assert abs(heights[0] - heights[1]) >= 11


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{}],
        [{"epoch": 1}],
        ROWS[:1],
        [{"seconds": 3.0}, {"seconds": 4.0}],
        [{"valid_loss": nan}, {"valid_loss": inf}, {"valid_loss": 1.0}, {"valid_loss": -inf}],
        [{"valid_loss": nan}],
        [{"valid_loss": 1e308}, {"valid_loss": -1e308}],
        [{"valid_loss": 2.0}, {"valid_loss": 2.0}],
        [{"valid_loss": 2.0}, {"train_loss": 1.0}],
        [{"<b>": 1, "valid_accuracy": nan}],
    ],
    ids=str,
)
def test_a_history_of_any_kind_can_be_shown(rows):
    html = History(rows)._repr_html_()
    assert "<b>" not in html
    for points in (curves_in(html)[0] if "<img" in html else {}).values():
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


def predictions(labels=tuple(range(6)), **options):
    probabilities = np.eye(7, dtype=np.float32)[[0, 0, 2, 3, 4, 5]]
    return Predictions(probabilities, None if labels is None else np.array(labels), "some <faces>", **options)


def test_predictions_show_their_report_as_a_table_with_the_interval():
    guess = predictions()
    head, *rows = rows_in(guess._repr_html_())
    assert head == ["", "precision", "recall", "F1", "support"]
    assert [row[0] for row in rows] == [*EMOTIONS, "macro"]
    assert rows[0] == ["Angry", "0.50", "1.00", "0.67", "1"]
    assert rows[1] == ["Disgust", "0.00", "0.00", "0.00", "1"]
    assert rows[6] == ["Neutral", "0.00", "–", "–", "0"], "no face of it: no recall"
    assert rows[7][0] == "macro"
    assert rows[7][-1] == "6"
    low, high = guess.interval()
    assert f"accuracy 83.3 % ({100 * low:.1f}–{100 * high:.1f})" in guess._repr_html_()
    assert "some &lt;faces&gt;" in guess._repr_html_()


def test_predictions_for_drawn_faces_say_so():
    assert "drawn faces" in predictions(drawn=True)._repr_html_()
    assert "drawn faces" not in predictions(drawn=False)._repr_html_()


def test_a_few_faces_without_labels_are_shown_with_their_probabilities_and_many_are_counted():
    few = Predictions(np.array([[0.5, 0.25, 0.125, 0.125, 0, 0, 0]]), None, "me.jpg")
    assert rows_in(few._repr_html_()) == [["", *EMOTIONS], ["face 0", "50.0%", "25.0%", *["12.5%"] * 2, *["0.0%"] * 3]]
    assert "Predictions(1 face without labels, me.jpg)" in few._repr_html_()
    many = Predictions(np.eye(7, dtype=np.float32)[np.repeat([0, 3], [1_200, 7])], None, "some faces")
    assert rows_in(many._repr_html_()) == [["", *EMOTIONS], ["answered", "1,200", "0", "0", "7", "0", "0", "0"]]


def test_showing_them_loads_no_figure_library():
    program = """
import sys
import fercourse as fc
fc.History([{"valid_loss": 2.0}])._repr_html_()
fc.drawn_faces(7, 7, 7)._repr_html_()
assert not {"matplotlib", "torch", "seaborn"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
