"""Measured figures: shown where they arise, and beside each what the same lesson measured on FER2013."""

from html import escape
from math import floor, isfinite, log10
from numbers import Integral, Real

from fercourse.data.faces import Split
from fercourse.errors import ParameterError
from fercourse.report.predictions import Predictions
from fercourse.report.recorded import of_lesson
from fercourse.report.run import current_run, is_drawn
from fercourse.report.show import show, table
from fercourse.settings import is_number, whole

QUIET = 'style="opacity: 0.75"'

TINY = 1e-4
"""A number below it is written with a power of ten."""

LINE = "recorded: "
"""How the line of a single figure begins."""


def record(
    name: str | dict[str, float | Predictions],
    value: float | Predictions | None = None,
    *,
    unit: str = "",
    n: int | None = None,
    of: Split | Predictions | None = None,
) -> None:
    """Show a measured figure in one quiet line, and publish it for run records and the docs' results page.

    name:  of the figure; or a dict from names to values, which is shown as one table
    value: a number, or Predictions: then the accuracy in %, with its 95 % interval and n. A number that is not finite
           is published as None: a training that diverged has no figure.
    n:     from how many faces, seeds or repetitions the number was taken
    of:    whose figure a number is, where these are not the faces that the run loaded: a split, or Predictions. A
           lesson on FER2013 that looks at drawn people has no figure of FER2013 there

    On drawn faces the figure that a recorded run of this lesson measured on FER2013 under the same name stands beside
    it. Raises ParameterError for any other value, a name or unit that is no text, an n that is no whole number, an `of`
    that is neither or stands beside Predictions, which say it themselves, and a dict without names.
    """
    if not isinstance(name, dict):
        figures = [_figure(name, value, unit, n, of)]
        _show(figures, *_as_line(figures[0]))
        return
    if value is not None or not name:
        raise ParameterError(f"expected a name and a value, or a dict from names to values; found {name!r}, {value!r}")
    figures = [_figure(each, of_it, unit, n, of) for each, of_it in name.items()]
    _show(figures, *_as_table(figures))


def shown_anew(published: dict, text: str) -> tuple[str, str]:
    """What `record` shows of the figures that it published, as text and as HTML, beside the records of today.

    text: what it showed when they were measured; says whether that was a line or a table
    """
    if published["kind"] == "figure" and text.startswith(LINE):
        return _as_line(published)
    return _as_table(published["figures"] if published["kind"] == "figures" else [published])


def _as_line(figure):
    other = _of_fer2013(figure)
    decimals = _decimals([each["value"] for each in (figure, other) if each])
    line = f"{LINE}{figure['name']} · {_in_words(figure, decimals, faces=True)}"
    if other:
        line += f" · FER2013, measured: {_in_words(other, decimals)}, {_scale_of_record(figure)}"
    return line, f"<div {QUIET}>{escape(line)}</div>"


def _show(figures, text, html):
    published = {"kind": "figures", "figures": figures} if len(figures) > 1 else {"kind": "figure"} | figures[0]
    show(published, text=text, html=html)


def _as_table(figures):
    """The figures as text and as HTML: one row for each, FER2013's in a column of its own where there are any."""
    real = [_of_fer2013(figure) for figure in figures]
    faces = {_faces(figure) for figure in figures}
    head = ["", ", ".join(sorted(faces)) or "measured", *(["FER2013, measured"] if any(real) else [])]
    decimals = _decimals([figure["value"] for figure in [*figures, *filter(None, real)]])
    rows = [
        [
            figure["name"],
            _in_words(figure, decimals),
            *([_in_words(other, decimals) if other else "–"] if any(real) else []),
        ]
        for figure, other in zip(figures, real, strict=True)
    ]
    if any(real):
        rows.append(["", "", f"({_scale_of_record(figures[0])})"])
    return "\n".join("  ".join(row).rstrip() for row in [head, *rows]), table([head, *rows])


def _scale_of_record(figure):
    return f"{of_lesson(figure['lesson'])['scale']} scale"


def _of_fer2013(figure):
    """The figure of this name that the record of this lesson's run on FER2013 holds; None where this run is one."""
    if not figure["drawn"]:
        return None
    return of_lesson(figure["lesson"])["figures"].get(figure["name"])


def _faces(figure):
    return "drawn faces" if figure["drawn"] else figure["source"]


def _figure(name, value, unit, n, of):
    """What is published of one figure."""
    if not isinstance(name, str) or not isinstance(unit, str):
        raise ParameterError(f"expected the name and the unit of a figure as texts; found {name!r} and {unit!r}")
    if not isinstance(of, Split | Predictions | None):
        raise ParameterError(f"figure {name!r}: of: expected a split or Predictions, found a {type(of).__name__}")
    n, run = None if n is None else whole(f"figure {name!r}: n", n), current_run()
    measured = {
        "value": None,
        "unit": unit,
        "low": None,
        "high": None,
        "n": n,
        "source": run.source,
        "drawn": run.drawn,
    }
    if isinstance(value, Predictions) and of is not None:
        raise ParameterError(f"figure {name!r}: Predictions say themselves whose they are; leave out of=")
    if isinstance(value, Predictions):
        low, high = (100 * bound for bound in value.interval())
        measured |= {"value": 100 * value.accuracy, "unit": "%", "low": low, "high": high, "n": len(value)}
        measured |= {"source": value.source, "drawn": is_drawn(value.drawn)}
    else:
        measured["value"] = _number(name, value)
        measured |= {} if of is None else {"source": of.source, "drawn": is_drawn(of.drawn)}
    return {"name": name} | run.stamp() | measured


def _number(name, value):
    """`value` as an int or a float; None where it is not finite."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ParameterError(
            f"figure {name!r}: expected a number or Predictions, found a {type(value).__name__}; "
            "of a tensor take .item()"
        )
    number = int(value) if isinstance(value, Integral) else float(value)
    if isinstance(number, int) and not is_number(number):
        raise ParameterError(f"figure {name!r}: expected a number that a float holds, found {number.bit_length()} bits")
    return number if isfinite(number) else None


def _in_words(figure, decimals, *, faces=False):
    value, unit = figure["value"], figure["unit"]
    if value is None:
        shown = "none: not a finite number"
    else:
        in_percent = unit == "%" or unit.startswith("points")
        shown = f"{value:z.1f} {unit}" if in_percent else f"{_shortly(value, decimals)} {unit}".rstrip()
    parts = [] if figure["low"] is None else [f"{figure['low']:.1f}–{figure['high']:.1f}"]
    parts += [] if figure["n"] is None else [f"n = {figure['n']:,}"]
    parts += [_faces(figure)] if faces and _faces(figure) else []
    return f"{shown} ({', '.join(parts)})" if parts else shown


def _decimals(values):
    """How many decimals numbers shown together get: the largest has four digits by them, or three if it is below 1."""
    numbers = [abs(value) for value in values if isinstance(value, float) and TINY <= abs(value) < 1000]
    if not numbers:
        return 0
    most = 3 - floor(log10(max(numbers))) - (max(numbers) < 1)
    return max(len(f"{number:.{most}f}".rstrip("0").partition(".")[2]) for number in numbers)


def _shortly(value, decimals):
    """A number with so many decimals; in two digits where they would leave it fewer."""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    few = 0 < abs(value) < max(TINY, 10.0 ** (1 - decimals))
    return f"{value:.2g}" if few else f"{value:.{decimals}f}"
