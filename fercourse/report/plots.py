"""The course's figures: each takes `ax=None`, returns its axes and never calls `show`; an emotion has one colour."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fercourse.data.faces import EMOTIONS, SIDE, Faces, Split
from fercourse.errors import DataMismatch, ParameterError
from fercourse.report.calibration.bins import binned, calibration_error
from fercourse.report.history import History
from fercourse.report.intervals import wilson
from fercourse.report.pictures.blocks import draw_blocks
from fercourse.report.pictures.curves import draw_curves
from fercourse.report.pictures.mosaic import label_rows, mosaic
from fercourse.report.pictures.style import COLOURS, emotion_ticks, mark_drawn, new_axes, styled
from fercourse.report.pictures.sureness import draw_reliability, draw_risk
from fercourse.report.predictions import Predictions
from fercourse.report.run import is_drawn

__all__ = [
    "COLOURS",
    "class_counts",
    "confusion",
    "faces",
    "guesses",
    "history",
    "mean_faces",
    "pairs",
    "per_class",
    "pixel_histogram",
    "probabilities",
    "reliability",
    "residual_blocks",
    "risk_coverage",
]


@styled
def faces(
    split: Split,
    *,
    rows: int = 7,
    columns: int = 14,
    by_emotion: bool = True,
    positions: Sequence[int] | None = None,
    titles: Sequence[str] | None = None,
    seed: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Faces of a split in a grid: a row an emotion, or the faces at `positions` in their order, `columns` in a row.

    by_emotion: False mixes the emotions; so does a split without labels
    titles:     a line over each face, for `positions`
    seed:       which faces are chosen at random
    """
    if positions is not None:
        by_emotion, grid = False, _in_rows(np.asarray(positions), columns)
    elif by_emotion and split.labelled:
        grid = _by_emotion(split, rows, columns, np.random.default_rng(seed))
    else:
        by_emotion, grid = False, _mixed(split, rows, columns, np.random.default_rng(seed))
    tiles = [[split.images[position] for position in row] for row in grid]
    ax = mosaic(tiles, titles=titles, ax=ax)
    if by_emotion:
        label_rows(ax, EMOTIONS[:rows], list(COLOURS.values())[:rows])
    return mark_drawn(ax, split.drawn)


@styled
def mean_faces(split: Split, *, ax: Axes | None = None) -> Axes:
    """The mean face of each emotion, with its n; one stretch of the grey levels for all seven."""
    counts = split.counts()
    means = [split.images[split.labels == code].mean(axis=0) if n else None for code, n in enumerate(counts.values())]
    ax = mosaic([means], titles=[f"{emotion}\nn = {n:,}" for emotion, n in counts.items()], stretch=True, ax=ax)
    for text, colour in zip(ax.texts, COLOURS.values(), strict=True):
        text.set(color=colour, fontweight="bold")
    return mark_drawn(ax, split.drawn)


@styled
def pairs(
    left_images: np.ndarray,
    right_images: np.ndarray,
    captions: Sequence[str],
    *,
    columns: int | None = None,
    drawn: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Faces, uint8 (K, 48, 48) each, in pairs: a face above, its near-twin below, a caption over each pair.

    columns: pairs side by side; all of them where it is None
    drawn:   whether these are drawn faces; as the run says where it is None
    """
    if not len(left_images) == len(right_images) == len(captions):
        raise ParameterError(
            "pairs need as many faces on either side as captions; found "
            f"{len(left_images)}, {len(right_images)} and {len(captions)}"
        )
    gap = np.full((2, SIDE), 255, np.uint8)
    towers = [np.vstack([left, gap, right]) for left, right in zip(left_images, right_images, strict=True)]
    return mark_drawn(mosaic(_in_rows(towers, columns or max(len(towers), 1)), titles=captions, ax=ax), drawn)


@styled
def class_counts(faces: Faces, *, ax: Axes | None = None) -> Axes:
    """The share of each emotion in each split that has labels, the numbers of faces written at the bars."""
    ax = ax or new_axes(4.2, 4.8)
    splits = [split for split in faces if split.labelled and len(split)]
    for place, split in enumerate(splits):
        counts = np.array(list(split.counts().values()))
        where = np.arange(len(EMOTIONS)) + 0.29 * (place - (len(splits) - 1) / 2)
        alpha = 1 - 0.3 * place
        bars = ax.barh(where, 100 * counts / len(split), 0.27, color=list(COLOURS.values()), alpha=alpha)
        ax.bar_label(bars, [f"{n:,}" for n in counts], fontsize=8, padding=1)
        ax.barh(0, 0, color=COLOURS["Neutral"], alpha=alpha, label=f"{split.name} (n = {len(split):,})")
    ax.invert_yaxis()
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize=8)
    ax.set(xlabel="share of the split (%)", title="How common each emotion is")
    emotion_ticks(ax.yaxis)
    return mark_drawn(ax, faces.drawn)


@styled
def pixel_histogram(split: Split, *, ax: Axes | None = None) -> Axes:
    """How often each grey level occurs in the faces of a split; mean and standard deviation in the title."""
    ax = ax or new_axes(4.8, 2.8)
    counts = np.bincount(split.images.ravel(), minlength=256)
    levels = np.arange(256)
    mean = np.average(levels, weights=counts)
    deviation = np.average((levels - mean) ** 2, weights=counts) ** 0.5
    sns.histplot(x=levels, weights=counts, bins=64, binrange=(0, 256), stat="percent", color="#888888", lw=0, ax=ax)
    ax.axvline(mean, color="black", lw=1)
    ax.set(xlabel="grey level", ylabel="share of the pixels (%)")
    ax.set_title(f"{split.name}, n = {len(split):,}: grey level {mean:.1f} ± {deviation:.1f}")
    return mark_drawn(ax, split.drawn)


@styled
def history(histories: History | dict[str, History], *, column: str = "loss", ax: Axes | None = None) -> Axes:
    """The curves of one or more trainings: valid solid with its best epoch marked, train dashed.

    histories: a History, or a dict from name to History; a corner says on which faces recorded ones were trained
    column:    "loss", "accuracy", or one column by its full name, such as "seconds"
    """
    histories = {"": histories} if isinstance(histories, History) else histories
    if not isinstance(histories, dict) or not all(isinstance(each, History) for each in histories.values()):
        raise ParameterError(
            "expected a History, or a dict from name to History; found "
            f"{type(histories).__name__}. Lists by name, as Keras has them, are the columns of one: "
            "fc.History(pd.DataFrame(lists).to_dict('records'))"
        )
    ax = ax or new_axes(4.8, 3.2)
    draw_curves(ax, histories, column)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.set(xlabel="epoch", ylabel=column.replace("_", " "))
    if column in ("loss", "accuracy"):
        ax.set_title("solid: validation faces, dot: its best epoch\ndashed: training faces")
    sources = {history.source for history in histories.values()}
    return mark_drawn(ax, None if "" in sources else False, " and ".join(sorted(filter(None, sources))))


@styled
def confusion(predictions: Predictions, *, ax: Axes | None = None) -> Axes:
    """What each emotion was taken for: a row is a true emotion, its cells are shares of it with the counts below."""
    ax = ax or new_axes(4.8, 4.8)
    counts = predictions.confusion()
    n = counts.sum(axis=1)
    percent = 100 * counts.div(n.where(n > 0), axis=0)
    text = percent.map("{:.0f} %".format) + counts.map("\n{:,}".format)
    sns.heatmap(
        percent, annot=text.where(counts > 0, ""), fmt="", annot_kws={"fontsize": 9}, cmap="Greys", vmin=0, vmax=100,
        cbar=False, linewidths=0.5, linecolor="#dddddd", ax=ax,
    )  # fmt: skip
    for cell in ax.texts:
        column, row = map(int, cell.get_position())
        cell.set_color("white" if percent.iloc[row, column] > 60 else "black")
    ax.tick_params(length=0)
    emotion_ticks(ax.xaxis, offset=0.5, upright=True)
    emotion_ticks(ax.yaxis, [f"{emotion} ({size:,})" for emotion, size in n.items()], offset=0.5)
    ax.set(xlabel="predicted", ylabel="true (n)", title=_score(predictions))
    return mark_drawn(ax, predictions.drawn)


@styled
def per_class(predictions: Predictions, *, ax: Axes | None = None) -> Axes:
    """The recall of each emotion with its 95 % interval (Wilson), and the mean of the seven."""
    ax = ax or new_axes(6.5, 3.2)
    counts = predictions.confusion().to_numpy()
    right, n = counts.diagonal(), counts.sum(axis=1)
    recall = 100 * right / np.maximum(n, 1)
    bounds = 100 * np.array([wilson(int(r), int(size)) for r, size in zip(right, n, strict=True)]).T
    reach = np.where(n > 0, np.abs(bounds - recall), 0)
    ax.bar(range(len(EMOTIONS)), recall, 0.7, yerr=reach, color=list(COLOURS.values()), capsize=3)
    mean = 100 * predictions.balanced_accuracy
    ax.axhline(mean, color="black", lw=1, ls=":")
    ax.annotate(f"mean {mean:.1f} %", (1.01, mean), xycoords=("axes fraction", "data"), va="center")
    emotion_ticks(ax.xaxis, [f"{emotion}\nn = {size:,}" for emotion, size in zip(EMOTIONS, n, strict=True)])
    ax.set(ylabel="recall (%)", ylim=(0, 100), title=_score(predictions))
    return mark_drawn(ax, predictions.drawn)


@styled
def reliability(predictions: Predictions, *, ax: Axes | None = None) -> Axes:
    """Accuracy against confidence in ten bins with 95 % intervals: on the diagonal a model is as right as it is sure.

    Grey bars: the share of the faces in each bin.
    """
    ax = draw_reliability(ax or new_axes(4.4, 4), predictions.calibration(), "faces")
    error = 100 * predictions.expected_calibration_error
    ax.set_title(f"calibration error {error:.1f} %, n = {len(predictions):,}")
    return mark_drawn(ax, predictions.drawn)


@styled
def guesses(table: pd.DataFrame, *, bins: int = 5, ax: Axes | None = None) -> Axes:
    """How often a person was right against how sure, in bins: `fc.own_guesses()`, with columns confidence and right."""
    counts = binned(table["confidence"].to_numpy(float), table["right"].to_numpy(bool), bins)
    ax = draw_reliability(ax or new_axes(4.4, 4), counts, "guesses")
    ax.set_title(f"calibration error {100 * calibration_error(counts):.0f} %, {len(table):,} guesses")
    return ax


@styled
def risk_coverage(predictions: Predictions | dict[str, Predictions], *, ax: Axes | None = None) -> Axes:
    """The share of wrong answers against the share of faces that get one, the surest first; one curve a name."""
    named = {"": predictions} if isinstance(predictions, Predictions) else predictions
    ax = ax or new_axes(4.8, 3.2)
    draw_risk(ax, {name: each.risk_coverage() for name, each in named.items()})
    sizes = sorted({f"{len(each):,}" for each in named.values()})
    ax.set_title(f"wrong answers among those that are given, n = {' and '.join(sizes)}")
    return mark_drawn(ax, any(is_drawn(each.drawn) for each in named.values()))


@styled
def probabilities(predictions: Predictions, split: Split, positions: Sequence[int]) -> np.ndarray:
    """Each chosen face beside its seven probabilities, the predicted and, where known, the true emotion: axes (K, 2).

    Raises DataMismatch where the predictions are not those of this split.
    """
    labels = split.labels if split.labelled else None
    if len(predictions) != len(split) or not np.array_equal(predictions.y_true, labels):
        raise DataMismatch(f"expected the predictions for {split}, found {predictions} with other labels")
    if not len(positions):
        raise ParameterError("probabilities: no positions to draw")
    rows = len(positions)
    _, grid = plt.subplots(
        rows, 2, figsize=(4.6, 1.7 * rows), squeeze=False, width_ratios=[1, 1.5], layout="constrained"
    )
    for (picture, bars), position in zip(grid, positions, strict=True):
        _picture(picture, split, position)
        _bars(bars, predictions, position)
    mark_drawn(grid[0, 0], split.drawn)
    return grid


def _picture(ax, split, position):
    ax.imshow(split.images[position], cmap="gray", vmin=0, vmax=255)
    ax.set_axis_off()


def _bars(ax, predictions, position):
    answer = EMOTIONS[predictions.y_pred[position]]
    true = EMOTIONS[predictions.y_true[position]] if predictions.labelled else None
    ax.barh(range(len(EMOTIONS)), 100 * predictions.probabilities[position], color=list(COLOURS.values()))
    ax.set(xlim=(0, 100))
    ax.set_xticks([0, 50, 100], ["0", "50", "100 %"])
    ax.invert_yaxis()
    ax.tick_params(labelsize=8)
    emotion_ticks(ax.yaxis, size=8)
    judged = f"✓ {true}" if true == answer else f"✗ {answer}, true {true}"
    ax.set_title(judged if true else answer, fontsize=9)


def _score(predictions):
    low, high = predictions.interval()
    percent = f"{100 * predictions.accuracy:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
    return f"accuracy {percent}, n = {len(predictions):,}"


def _by_emotion(split, rows, columns, generator):
    """Positions, a row an emotion; a rare emotion's row may be short."""
    if not 1 <= rows <= len(EMOTIONS):
        raise ParameterError(f"faces(rows={rows}): there are {len(EMOTIONS)} emotions, a row each; or by_emotion=False")
    members = [np.flatnonzero(split.labels == code) for code in range(rows)]
    return [generator.permutation(positions)[:columns] for positions in members]


def _mixed(split, rows, columns, generator):
    return _in_rows(generator.permutation(len(split))[: rows * columns], columns)


def _in_rows(positions, columns):
    return [positions[start : start + columns] for start in range(0, len(positions), columns)]


@styled
def residual_blocks(*, ax: Axes | None = None) -> Axes:
    """The two blocks of residual networks, layer by layer: the basic one of ResNet18, the bottleneck of ResNet50."""
    ax = ax or new_axes(5.2, 5.6)
    draw_blocks(ax, COLOURS["Sad"])
    ax.set_title("Basic block: 3×3, 3×3. Bottleneck: 1×1, 3×3, 1×1.\nEach adds its input before its last ReLU")
    return ax
