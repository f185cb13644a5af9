"""Colours that must be told apart in one figure, seen as people with each kind of colour vision see them.

The rule, written before the colours were chosen: two such colours lie at least 25 apart in CIELAB (ΔE of 1976; about 2
are just noticed) with each colour vision. Where lines alone carry it, the first four of them differ by 10 in lightness,
so that grey print tells them apart as well. On white each colour has a contrast of at least 3.
"""

import ast
import re
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import is_color_like, to_hex, to_rgb
from prose import LESSONS, SHEETS, cells_of

from fercourse.data.faces import EMOTIONS
from fercourse.report import plots
from fercourse.report.history import History
from fercourse.report.pictures.style import COLOURS, LINES, colour_lines
from fercourse.report.predictions import Predictions
from fercourse.report.show import CURVE_COLOURS

APART, LIGHTER, CONTRAST = 25, 10, 3
# Machado, Oliveira and Fernandes 2009, table 1, severity 1: linear RGB as seen without one kind of cone
VISIONS = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
TOGETHER = {"emotions": tuple(COLOURS.values()), "lines": LINES, "curves of a table": CURVE_COLOURS}
TOGETHER |= {"bars of the demo": ("#4477aa", "#ee6677")}
"""Colours of the package that stand in one figure."""

vision = pytest.mark.parametrize("vision", VISIONS)


def linear(colours):
    rgb = np.array([to_rgb(colour) for colour in colours])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    x, y, z = np.cbrt(np.clip(linear_rgb @ XYZ.T, 1e-6, 1) / [0.95047, 1, 1.08883]).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def too_close(colours, vision):
    """The pairs that somebody with this colour vision takes for one another, with their distances."""
    if len(colours) < 2:
        return {}
    seen = lab(linear(colours) @ np.transpose(VISIONS[vision]))
    apart = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(range(len(colours)), 2)}
    return {(colours[one], colours[two]): round(far) for (one, two), far in apart.items() if far < APART}


def colours_of(cell):
    """Every colour that a cell names for a line, a point or a bar, each once; C3 is the fourth of `LINES`."""
    source = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell, flags=re.MULTILINE)
    nodes = list(ast.walk(ast.parse(source)))
    maps = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "cmap"]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and node not in maps]
    named = [
        text for text in texts if isinstance(text, str) and re.match(r"#|[a-zC][a-z0-9]", text) and is_color_like(text)
    ]
    named = [LINES[int(text[1:])] if re.fullmatch(r"C\d", text) else to_hex(text) for text in named]
    return [colour for colour in dict.fromkeys(named) if colour not in ("#dddddd", "#d9d9d9")]  # lines behind the data


@vision
@pytest.mark.parametrize("name", TOGETHER)
def test_colours_of_one_figure_are_told_apart_with_any_colour_vision(name, vision):
    assert too_close(TOGETHER[name], vision) == {}


@vision
def test_the_usual_colours_of_matplotlib_would_not_be(vision):
    tab10 = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b")
    assert bool(too_close(tab10, vision)) == (vision != "normal")


@vision
def test_colours_that_a_cell_of_a_lesson_names_are_told_apart_with_any_colour_vision(vision):
    named = [
        (path.stem, colours_of(cell.source))
        for path in (*LESSONS, *SHEETS)
        for cell in cells_of(path)
        if cell.cell_type == "code"
    ]
    assert sum(len(colours) > 1 for _, colours in named) >= 8
    assert [(name, found) for name, colours in named if (found := too_close(colours, vision))] == []


@pytest.mark.parametrize("name", ["emotions", "lines", "curves of a table"])
def test_the_colours_are_seen_on_white(name):
    contrast = 1.05 / (linear(TOGETHER[name]) @ XYZ[1] + 0.05)
    assert contrast.min() >= CONTRAST  # WCAG 2.2 for graphics and large type


def test_the_first_four_lines_are_told_apart_in_grey_print():
    lightness = lab(linear(LINES[:4]))[:, 0]
    assert min(abs(one - two) for one, two in combinations(lightness, 2)) >= LIGHTER


def test_every_emotion_has_a_colour():
    assert tuple(COLOURS) == EMOTIONS


def trained(loss):
    return History({"epoch": epoch, "train_loss": loss, "valid_loss": loss - 0.1} for epoch in (1, 2))


def test_curves_take_these_colours_and_begin_anew_after_the_last():
    lines = plots.history({str(number): trained(number) for number in range(8)}).lines
    solid = [line.get_color() for line in lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 1]
    assert solid == [*LINES, *LINES[:2]]


def test_curves_with_a_legend_differ_in_their_lines_as_well():
    odds = np.random.default_rng(0).dirichlet(np.ones(7), 60)
    named = {name: Predictions(odds, odds.argmax(1), "drawn") for name in "abcd"}
    lines = plots.risk_coverage(named).lines
    assert len({line.get_linestyle() for line in lines}) == 4
    assert [line.get_color() for line in lines] == list(LINES[:4])


def test_what_a_notebook_draws_without_a_colour_takes_these():
    with plt.rc_context():
        colour_lines()
        axis = plt.subplots()[1]
        drawn = [axis.plot([0, 1], [number, number])[0].get_color() for number in range(6)]
    assert drawn == list(LINES)
