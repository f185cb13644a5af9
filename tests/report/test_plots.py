"""The figures show the numbers they are given, in the emotions' colours, and say when the faces are drawn."""

import warnings
from dataclasses import replace

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb

from fercourse.data.faces import EMOTIONS, Faces, Split
from fercourse.errors import DataMismatch, ParameterError
from fercourse.report import plots, run
from fercourse.report.history import History
from fercourse.report.intervals import wilson
from fercourse.report.predictions import Predictions
from fercourse.report.run import begin


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    monkeypatch.setattr(run, "_run", run.Run())


@pytest.fixture(scope="module")
def predictions(faces):
    labels = faces.valid.labels
    odds = np.exp(np.random.default_rng(0).normal(size=(len(labels), 7)) + 1.5 * np.eye(7)[labels])
    return Predictions(odds / odds.sum(axis=1, keepdims=True), labels, faces.valid.source, faces.valid.drawn)


def trained(*losses):
    return History(
        {"epoch": epoch, "train_loss": 2 - 0.1 * epoch, "valid_loss": loss, "valid_accuracy": 0.1 * epoch, "lr": 0.1}
        for epoch, loss in enumerate(losses, start=1)
    )


def every_plot(faces, predictions):
    return {
        "faces": lambda **ax: plots.faces(faces.train, **ax),
        "mean_faces": lambda **ax: plots.mean_faces(faces.train, **ax),
        "pairs": lambda **ax: plots.pairs(faces.train.images[:3], faces.test.images[:3], "abc", drawn=True, **ax),
        "class_counts": lambda **ax: plots.class_counts(faces, **ax),
        "pixel_histogram": lambda **ax: plots.pixel_histogram(faces.train, **ax),
        "confusion": lambda **ax: plots.confusion(predictions, **ax),
        "per_class": lambda **ax: plots.per_class(predictions, **ax),
        "reliability": lambda **ax: plots.reliability(predictions, **ax),
        "history": lambda **ax: plots.history({"CNN": trained(2, 1.5, 1.7)}, **ax),
        "residual_blocks": lambda **ax: plots.residual_blocks(**ax),
    }


def corner(ax):
    return ax.get_title(loc="right").strip()


def test_every_plot_draws_into_the_axes_it_is_given_and_returns_them(faces, predictions):
    for name, draw in every_plot(faces, predictions).items():
        ax = plt.figure().add_subplot()
        assert draw(ax=ax) is ax, name
        assert len(plt.get_fignums()) == 1, name
        plt.close("all")


def test_every_plot_makes_one_modest_figure_and_leaves_the_notebooks_style_alone(faces, predictions):
    before = dict(mpl.rcParams)
    for name, draw in every_plot(faces, predictions).items():
        figure = draw().figure
        figure.canvas.draw()
        assert figure.get_size_inches()[0] <= 9, name
        assert len(plt.get_fignums()) == 1, name
        plt.close("all")
    assert dict(mpl.rcParams) == before


def test_a_figure_of_drawn_faces_says_so_and_one_of_fer2013_does_not(faces, predictions):
    begin(drawn=True)
    for name, draw in every_plot(faces, predictions).items():
        assert corner(draw()) == ("" if name == "residual_blocks" else "drawn faces"), name  # that one shows no data
    begin(drawn=False)
    real = Faces(*(replace(split, drawn=False) for split in faces), "drawn_from_life.csv")
    real_predictions = replace(predictions, drawn=False, source="drawn_from_life.csv")
    for name, draw in every_plot(real, real_predictions).items():
        assert (corner(draw()) == "drawn faces") == (name == "pairs"), name  # the pairs were said to be drawn


def test_drawn_faces_are_called_drawn_under_any_source_and_what_says_nothing_is_what_the_run_is(faces):
    other = replace(faces.train, source="my own photographs")
    assert corner(plots.faces(other)) == "drawn faces"
    unsaid = Split(faces.train.images, faces.train.labels, "train", "drawn, or so it says")
    for drawn in (True, False):
        begin(drawn=drawn)
        assert (corner(plots.faces(unsaid)) == "drawn faces") == drawn
        assert (corner(plots.pairs(unsaid.images[:2], unsaid.images[2:4], "ab")) == "drawn faces") == drawn


def test_the_curves_of_seed_0_have_their_name_as_well():
    assert [text.get_text() for text in plots.history({0: trained(2, 1.5), 1: trained(2, 1.2)}).texts] == ["0", "1"]


def picture(ax):
    return ax.images[0].get_array().data


def test_each_row_of_faces_holds_faces_of_its_emotion(faces):
    ax = plots.faces(faces.train, columns=4)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == list(EMOTIONS)
    assert [to_hex(label.get_color()) for label in ax.get_yticklabels()] == list(plots.COLOURS.values())
    for code, height in enumerate(ax.get_yticks()):
        own = faces.train.images[faces.train.labels == code]
        for column in range(min(4, len(own))):
            tile = picture(ax)[int(height) - 24 : int(height) + 24, 50 * column : 50 * column + 48]
            assert (own == tile).all(axis=(1, 2)).any(), (EMOTIONS[code], column)


def test_a_rare_emotion_leaves_white_places_and_never_repeats_a_face(faces):
    few = faces.train[np.r_[np.flatnonzero(faces.train.labels == 0)[:2], np.flatnonzero(faces.train.labels == 3)[:6]]]
    shown = picture(plots.faces(few, columns=6))
    assert (shown[:50, 100:] == 255).all()
    assert (shown[50:150] == 255).all()


def test_faces_at_positions_come_in_their_order_with_their_titles(faces):
    ax = plots.faces(faces.valid, positions=[5, 2, 9], columns=2, titles=["five", "two", "nine"])
    assert [text.get_text() for text in ax.texts] == ["five", "two", "nine"]
    height = picture(ax).shape[0] // 2
    for (row, column), position in zip([(0, 0), (0, 1), (1, 0)], [5, 2, 9], strict=True):
        tile = picture(ax)[(row + 1) * height - 48 : (row + 1) * height, 50 * column : 50 * column + 48]
        np.testing.assert_array_equal(tile, faces.valid.images[position])


def test_the_same_seed_shows_the_same_faces(faces):
    one, again, other = (picture(plots.faces(faces.train, by_emotion=False, seed=seed)) for seed in (1, 1, 2))
    assert (one == again).all()
    assert not (one == other).all()


def test_a_split_without_labels_is_shown_mixed_and_left_out_of_the_counts(faces):
    unlabelled = Split(faces.test.images, np.full(len(faces.test), -1), "test", faces.source)
    assert plots.faces(unlabelled).get_yticklabels() == []
    ax = plots.class_counts(Faces(faces.train, faces.valid, unlabelled, faces.source))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train (n = 210)", "valid (n = 70)"]


def test_grids_that_cannot_be_drawn_are_refused(faces):
    with pytest.raises(ParameterError, match="7 emotions"):
        plots.faces(faces.train, rows=8)
    with pytest.raises(ParameterError, match="2 titles for 3 faces"):
        plots.faces(faces.train, positions=[0, 1, 2], titles=["a", "b"])
    with pytest.raises(ParameterError, match="grid is empty"):
        plots.faces(faces.train, positions=[])
    with pytest.raises(ParameterError, match="found 2, 3 and 2"):
        plots.pairs(faces.train.images[:2], faces.train.images[:3], ["a", "b"])


def test_pairs_stand_in_rows_of_so_many_columns_each_over_its_twin(faces):
    left, right = faces.train.images[:5], faces.train.images[5:10]
    shown = picture(plots.pairs(left, right, "abcde", columns=2))
    assert shown.shape[1] == 2 * 48 + 2
    towers = [shown[:, :48], shown[:, 50:]]
    for place, (above, below) in enumerate(zip(left, right, strict=True)):
        top = place // 2 * (shown.shape[0] // 3) + shown.shape[0] // 3 - 98
        tower = towers[place % 2][top : top + 98]
        np.testing.assert_array_equal(tower[:48], above)
        np.testing.assert_array_equal(tower[50:], below)


def test_the_counts_at_the_bars_are_the_counts(faces):
    ax = plots.class_counts(faces)
    written = [text.get_text() for text in ax.texts]
    assert written == [f"{n:,}" for split in faces for n in split.counts().values()]
    lengths = np.array([bar.get_width() for bar in ax.containers[0]])
    np.testing.assert_allclose(lengths, 100 * np.array(list(faces.train.counts().values())) / len(faces.train))


def test_mean_faces_are_means_in_one_stretch(faces):
    shown = picture(plots.mean_faces(faces.train)).astype(float)
    means = np.array([faces.train.images[faces.train.labels == code].mean(axis=0) for code in range(7)])
    expected = 255 * (means - means.min()) / (means.max() - means.min())
    for code in range(7):
        np.testing.assert_allclose(shown[-48:, 50 * code : 50 * code + 48], expected[code], atol=1.01)


def test_the_histogram_holds_every_pixel(faces):
    ax = plots.pixel_histogram(faces.train)
    assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(100)
    images = faces.train.images
    assert f"{images.mean():.1f} ± {images.std():.1f}" in ax.get_title(loc="left")


def test_the_best_epoch_of_each_training_is_marked():
    ax = plots.history({"a": trained(2, 1.5, 1.7), "b": trained(1.9, 1.8, 1.2)})
    marks = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == "o"]
    assert marks == [[[2, 1.5]], [[3, 1.2]]]
    solid = [
        line.get_ydata().tolist() for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 1
    ]
    assert solid == [[2, 1.5, 1.7], [1.9, 1.8, 1.2]]


def test_a_name_stands_where_its_valid_curve_ends():
    ax = plots.history({"a": trained(2, 1.5, 1.6)})
    low, high = ax.get_ylim()
    assert low + ax.texts[0].xyann[1] * (high - low) == pytest.approx(1.6)


def test_curves_that_end_together_have_labels_that_do_not_cover_each_other():
    ax = plots.history({name: trained(2, 1.5 + 0.001 * k) for k, name in enumerate("abcde")})
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert [text.get_text() for text in ax.texts] == list("abcde")
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k])


def test_a_single_history_a_diverged_one_and_a_full_column_are_drawn():
    assert [text.get_text() for text in plots.history(trained(2, 1.5)).texts] == ["train", "valid"]
    diverged = History([{"epoch": 1, "train_loss": float("inf"), "valid_loss": float("nan")}])
    assert plots.history({"SGD": diverged}).texts[0].get_text() == "SGD: no finite value"
    assert plots.history({"a": trained(2, 1.5)}, column="lr").lines[0].get_ydata().tolist() == [0.1, 0.1]
    with pytest.raises(ParameterError, match="no curve 'f1' in this history; its columns are epoch, train_loss"):
        plots.history({"a": trained(2)}, column="f1")


def test_what_is_no_history_is_not_drawn_and_the_error_says_what_makes_one():
    lists = {"loss": [2.0, 1.5], "val_loss": [2.1, 1.8]}  # as Keras has them
    for wrong in (lists, [trained(2)], None):
        with pytest.raises(
            ParameterError, match=r"expected a History, .* fc\.History\(pd\.DataFrame\(lists\)\.to_dict"
        ):
            plots.history(wrong)
    drawn = plots.history(History(pd.DataFrame(lists).to_dict("records")), column="val_loss")
    assert drawn.lines[0].get_ydata().tolist() == [2.1, 1.8]


def test_the_confusion_cells_are_shares_of_the_row_with_their_counts(predictions):
    ax = plots.confusion(predictions)
    counts = predictions.confusion().to_numpy()
    cells = [text.get_text() for text in ax.texts]
    for code, row in enumerate(counts):
        for answer, n in enumerate(row):
            assert cells[7 * code + answer] == (f"{100 * n / row.sum():.0f} %\n{n}" if n else "")
    shares = ax.collections[0].get_array().data.reshape(7, 7)
    np.testing.assert_allclose(shares, 100 * counts / counts.sum(axis=1, keepdims=True))


def test_recall_bars_stand_in_their_colours_with_their_intervals(predictions):
    ax = plots.per_class(predictions)
    recall = 100 * predictions.report()["recall"].to_numpy()[:7]
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], recall)
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == list(plots.COLOURS.values())
    whiskers = ax.collections[0].get_segments()
    counts = predictions.confusion().to_numpy()
    for code, segment in enumerate(whiskers):
        expected = 100 * np.array(wilson(counts[code, code], counts[code].sum()))
        np.testing.assert_allclose(segment[:, 1], expected, atol=1e-9)


def luminance(colour):
    """The relative luminance of WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("right", range(0, 101, 5))
def test_the_number_in_a_confusion_cell_stands_out_whatever_its_share(right):
    answers = np.repeat([3, 4], [right, 100 - right])
    ax = plots.confusion(Predictions(np.eye(7)[answers], np.full(100, 3), "drawn"))
    ax.figure.canvas.draw()
    backgrounds = ax.collections[0].get_facecolors().reshape(7, 7, 4)
    written = [text for text in ax.texts if text.get_text()]
    assert written
    for text in written:
        column, row = map(int, text.get_position())
        pair = luminance(text.get_color()), luminance(backgrounds[row, column])
        assert (max(pair) + 0.05) / (min(pair) + 0.05) >= 3.5


@pytest.mark.parametrize("inches", [4.2, 4.8])
@pytest.mark.parametrize("name", ["confusion", "per_class", "history"])
def test_the_note_of_the_faces_never_meets_a_title(faces, predictions, name, inches):
    ax = plt.subplots(figsize=(inches, inches), layout="constrained")[1]
    every_plot(faces, predictions)[name](ax=ax)
    ax.figure.canvas.draw()
    title, note = (
        next(text for text in ax.findobj(mpl.text.Text) if text.get_text() == ax.get_title(side))
        for side in ("left", "right")
    )
    above, box = title.get_window_extent(), note.get_window_extent()
    written = box.y1 - box.height / (note.get_text().count("\n") + 1)  # below its first line the note is empty
    assert above.x1 <= box.x0 or above.y1 <= written + 1


def test_absent_emotions_are_drawn_without_a_warning():
    labels = np.array([0, 3, 3])
    predictions = Predictions(np.eye(7)[[0, 3, 0]], labels, "drawn")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for draw in (plots.confusion, plots.per_class, plots.reliability):
            draw(predictions).figure.canvas.draw()


def test_reliability_points_are_the_calibration_table(predictions):
    ax = plots.reliability(predictions)
    table = predictions.calibration().query("faces > 0")
    points = ax.containers[-1].lines[0].get_xydata()
    np.testing.assert_allclose(points, table[["confidence", "accuracy"]])


def test_probabilities_stand_beside_their_faces(faces, predictions):
    positions = [3, 11, 4]
    axes = plots.probabilities(predictions, faces.valid, positions)
    assert axes.shape == (3, 2)
    for (face, bars), position in zip(axes, positions, strict=True):
        np.testing.assert_array_equal(picture(face), faces.valid.images[position])
        widths = [bar.get_width() for bar in bars.patches]
        np.testing.assert_allclose(widths, 100 * predictions.probabilities[position], rtol=1e-6)
        true, answer = EMOTIONS[predictions.y_true[position]], EMOTIONS[predictions.y_pred[position]]
        assert bars.get_title(loc="left") == (f"✓ {true}" if true == answer else f"✗ {answer}, true {true}")
    assert corner(axes[0, 0]) == "drawn faces"
    axes[0, 0].figure.canvas.draw()


def test_probabilities_stand_below_one_another(faces, predictions):
    axes = plots.probabilities(predictions, faces.valid, [3, 11, 4])
    axes[0, 0].figure.canvas.draw()
    left, low = np.array([face.get_position().p0 for face in axes[:, 0]]).T
    assert np.ptp(left) < 0.01
    assert np.all(np.diff(low) < 0)


def test_probabilities_of_faces_without_labels_name_the_answer_alone(faces, predictions):
    split = Split(faces.valid.images, np.full(len(faces.valid), -1), "valid", "some faces")
    guess = Predictions(predictions.probabilities, None, "some faces")
    [[_, bars]] = plots.probabilities(guess, split, [3])
    assert bars.get_title(loc="left") == EMOTIONS[guess.y_pred[3]]
    for other in (faces.valid, split[:5]):
        with pytest.raises(DataMismatch, match="with other labels"):
            plots.probabilities(guess, other, [3])


def test_probabilities_of_another_split_are_refused(faces, predictions):
    with pytest.raises(DataMismatch, match="other labels"):
        plots.probabilities(predictions, faces.train, [0])
