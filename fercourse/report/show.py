"""What a notebook shows: outputs that programs can find again, a history's curve, the table of predictions.

No figure library is loaded for any of them.
"""

import re
import sys
from base64 import b64encode
from html import escape
from math import isfinite

from fercourse.data.faces import EMOTIONS
from fercourse.settings import choice

WIDTH, HEIGHT = 280, 90
"""Pixels of the curve."""

CURVE_COLOURS = ("#0b6fb8", "#b35900")
"""Colours of the curves, valid before train: told apart with any colour vision, and seen on white and on black."""

LINE_HEIGHT = 13
"""Pixels from one name to the next, where two curves end close to each other."""

FEW = 8
"""Faces without labels that are shown one by one."""

CELL = 'style="padding: 1px 8px; text-align: right"'

LISTS = {"figure": "figures", "guess": "guesses", "training": "trainings"}
"""The kinds of metadata that the record of a run keeps, and the list of each there."""

TABLES = ("claims", "figures")
"""The kinds of metadata that hold such a list as a whole, under their own name."""

KINDS = (*LISTS, *TABLES, "stamp", "question", "source", "check", "progress", "hint", "hand_in", "saved", "reading")
"""Every kind of metadata: what sort of output it belongs to."""


def show(metadata, *, text, html):
    """Show `text`; in a notebook show `html`, and keep `metadata` in the output under "fercourse".

    metadata: a dict that JSON can hold, with one of `KINDS` as its "kind"; what runs and the docs' results page read
    back from an executed notebook. In a plain script it prints the text.
    """
    choice("kind", metadata["kind"], KINDS)
    if not _inside_ipython():
        print(text)
        return
    from IPython.display import display  # here: a plain script needs no IPython

    display({"text/plain": text, "text/html": html}, metadata={"fercourse": metadata}, raw=True)


def _inside_ipython():
    ipython = sys.modules.get("IPython")  # not imported by anyone, so this is no notebook
    return ipython is not None and ipython.get_ipython() is not None


def html_of_history(history):
    """A `History` as HTML: its repr, the losses (or what there is) as curves, and the last row."""
    head = f"<div>{escape(repr(history))}</div>"
    if not len(history):
        return head
    curves = {name: values_of(history, name) for name in curves_of(history.columns)}
    image = b64encode(svg(curves).encode()).decode()
    words = escape("; ".join(in_words(name, values) for name, values in curves.items()) or "no curve")
    picture = f'<img src="data:image/svg+xml;base64,{image}" width="{WIDTH}" height="{HEIGHT}" alt="{words}">'
    last = history[-1]
    return f"{head}{picture}{table([list(last), [shortly(value) for value in last.values()]])}"


def curves_of(columns):
    """The names of up to two columns worth a curve: losses, else accuracies, else the first that is no epoch."""
    for kind in ("loss", "accuracy"):
        if found := [name for name in (f"valid_{kind}", f"train_{kind}") if name in columns]:
            return found
    return [name for name in columns if name != "epoch"][:1]


def values_of(history, name):
    """The finite values of a column with their epochs, counted from 0: pairs."""
    return [(epoch, value) for epoch, value in enumerate(history[name]) if isfinite(value)]


def in_words(name, values):
    """A curve in words."""
    if not values:
        return f"{name}: no number"
    return f"{name}: {shortly(values[0][1])} to {shortly(values[-1][1])}"


def svg(curves):
    """Curves, a dict from name to pairs of epoch and value, as an SVG picture; each has its name at its last value."""
    points = [point for values in curves.values() for point in values]
    last = max((epoch for epoch, _ in points), default=0) or 1
    low, high = min((value for _, value in points), default=0), max((value for _, value in points), default=1)
    drawing, ends = [], []
    for (name, values), colour in zip(curves.items(), CURVE_COLOURS, strict=False):
        # Halves: the difference of two floats may be more than a float holds.
        heights = [(value / 2 - low / 2) / ((high / 2 - low / 2) or 1) for _, value in values]
        places = [
            (10 + epoch / last * (WIDTH - 110), HEIGHT - 12 - height * (HEIGHT - 24))
            for (epoch, _), height in zip(values, heights, strict=True)
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        drawing.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        for x, y in places[-1:]:
            drawing.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>')
            ends.append((y, x, name, colour))
    for place, (y, x, name, colour) in enumerate(sorted(ends)):
        if len(ends) == 2 and abs(ends[0][0] - ends[1][0]) < LINE_HEIGHT:
            y = (ends[0][0] + ends[1][0]) / 2 + (place - 0.5) * LINE_HEIGHT
        drawing.append(f'<text x="{x + 6:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    style = f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {style}>{"".join(drawing)}</svg>'


def html_of_predictions(predictions):
    """`Predictions` as HTML: the repr with its interval and the report as a table; without labels the answers."""
    unsaid = predictions.drawn and "drawn faces" not in predictions.source
    head = f"<div>{escape(repr(predictions))}{', drawn faces' if unsaid else ''}</div>"
    if not predictions.labelled:
        return head + table([["", *EMOTIONS], *answers_in(predictions)])
    report = predictions.report()
    rows = [["", *report.columns]]
    for row in report.itertuples():
        name, *shares, support = row
        rows.append([name, *("–" if share != share else f"{share:.2f}" for share in shares), f"{support:,}"])
    return head + table(rows)


def answers_in(predictions):
    """Rows of text: the probabilities of each of a few faces, of many how often each emotion was answered."""
    if len(predictions) > FEW:
        return [["answered", *(f"{(predictions.y_pred == code).sum():,}" for code in range(len(EMOTIONS)))]]
    return [
        [f"face {place}", *(f"{probability:.1%}" for probability in row)]
        for place, row in enumerate(predictions.probabilities.tolist())
    ]


def table(rows):
    """Rows of text as an HTML table, the first one its head."""
    head, *others = rows
    lines = ["".join(f"<th {CELL}>{_unbroken(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td {CELL}>{_unbroken(cell)}</td>" for cell in row) for row in others]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _unbroken(text):
    """The text as HTML, in which a narrow screen breaks no line inside an interval, "n = 1,000" or "42.0 %"."""
    joined = re.sub(r"(?<=\d)–(?=\d)", "\N{WORD JOINER}–\N{WORD JOINER}", escape(text))
    return re.sub(r" (?=[=%])|(?<==) ", "\N{NO-BREAK SPACE}", joined)


def shortly(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
