"""A figure's alternative text says what is in the figure, and every figure of a lesson carries it."""

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from fercourse.report.pictures.words import LONGEST, in_words


@pytest.fixture
def axes():
    return plt.subplots()[1]


def test_titles_axes_and_the_values_of_each_named_line_are_told(axes):
    axes.plot([1, 2, 3, 4], [2.0, 1.0, np.nan, 1.5], label="raw pixels")
    axes.plot([0, 1], [0, 1])  # the diagonal of a diagram
    axes.set(title="The loss", xlabel="epoch", ylabel="nats")
    axes.set_title("drawn faces", loc="right")
    assert in_words(axes.figure) == (
        "The loss, drawn faces. across: epoch; upward: nats. raw pixels: from 2 to 1.5, between 1 and 2."
    )


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda axes: axes.plot([1, 2], [50.6, 55.5], label="B"), "B: from 50.6 to 55.5."),
        (lambda axes: axes.plot(["one"], [50.6], ".", label="B"), "B: at 50.6."),
        (lambda axes: axes.plot([1, 2, 3], [np.nan, 50.6, np.nan], label="B"), "B: at 50.6."),
        (lambda axes: axes.axhline(25, label="always Happy"), "always Happy: at 25."),
        (lambda axes: axes.axvline(0.003, label="chosen"), "chosen: upright at 0.003."),
        (lambda axes: axes.plot(["a", "b", "c"], [1, 3, 2], label="B"), "B: from 1 to 2, between 1 and 3."),
    ],
)
def test_a_named_line_is_told_however_short_it_is(axes, draw, told):
    draw(axes)
    assert in_words(axes.figure) == told


@pytest.mark.parametrize("draw", [lambda axes: axes.axhline(25), lambda axes: axes.plot([], [], label="nothing")])
def test_a_short_line_without_a_name_and_one_without_points_are_left_out(axes, draw):
    draw(axes)
    assert in_words(axes.figure) == "A figure without data."


def test_bars_are_told_with_their_names(axes):
    axes.bar(["Happy", "Sad"], [25, 12.5])
    assert in_words(axes.figure) == "bars: Happy 25, Sad 12.5."


def test_lying_bars_are_told_by_their_lengths(axes):
    axes.barh(["Happy", "Sad"], [25, 12.5])
    assert in_words(axes.figure) == "bars: Happy 25, Sad 12.5."


def test_pictures_are_told_by_their_size_and_an_empty_figure_says_so(axes):
    assert in_words(axes.figure) == "A figure without data."
    axes.imshow(np.zeros((48, 96)))
    axes.set_title("two faces")
    assert in_words(axes.figure) == "two faces. A picture of 48 × 96."


def test_a_small_table_is_told_row_by_row_with_the_names_of_its_rows(axes):
    axes.imshow([[5, 0, 1], [2, 7, 0.25]])
    axes.set_yticks(range(2), ["Happy", "Sad"])
    assert in_words(axes.figure) == "A table of 2 × 3, row by row: Happy: 5, 0, 1; Sad: 2, 7, 0.25."


def test_a_small_picture_in_colours_is_no_table(axes):
    axes.imshow(np.zeros((2, 3, 3)))
    assert in_words(axes.figure) == "A picture of 2 × 3."


def test_a_long_text_ends_with_a_whole_sentence(axes):
    for number in range(12):
        axes.plot([1, 2, 3], [1, 2, 3], label=f"a line with a very long name, far too long for anybody, {number} " * 2)
    text = in_words(axes.figure)
    assert len(text) <= LONGEST
    assert text.endswith("between 1 and 3.")


def test_in_a_notebook_each_figure_carries_its_words():
    client = pytest.importorskip("nbclient")
    cells = [
        "import fercourse as fc\nenv = fc.setup('01', scale='smoke')\nenv = fc.setup('01', scale='smoke')",
        "import pandas as pd\npd.Series([1, 3, 2], name='loss').plot(title='A curve', label='loss');",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    client.NotebookClient(notebook, kernel_name="python3").execute()
    [figure] = [output for output in notebook.cells[1].outputs if "image/png" in output.get("data", {})]
    assert figure.metadata["image/png"]["alt"].startswith("A curve. loss: from 1 to 2, between 1 and 3.")
