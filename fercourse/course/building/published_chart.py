"""docs/published.svg, the chart of the README: the published figures, and what the course's own trainings reached.

Written by hand, as text: the same records give the same bytes, so that `build --check` can compare them.
"""

from statistics import mean

from fercourse.course.model_card import best_training, trainings_by_name
from fercourse.report.intervals import wilson
from fercourse.report.published import PUBLISHED

WIDTH, ROW, TOP, LEFT, RIGHT, MOST = 410, 30, 64, 92, 12, 80
RADIUS = 4.5
TITLE = "Faces of FER2013 read rightly, %"
FACES = {"PublicTest": ("valid",), "PrivateTest": ("test",)}
STYLE = """\
text { font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.bold { font-weight: 600 }
.small { font-size: 11px; fill: #59636e }
.line { stroke: #d1d9e0 }
.lazy { stroke: #bc4c00; stroke-dasharray: 4 3 }
.lazily { fill: #bc4c00; font-size: 11px }
.theirs { fill: none; stroke: #59636e; stroke-width: 1.5 }
.ours { fill: #0969da; stroke: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .bold { font-weight: 600 }
.small { fill: #9198a1 } .line { stroke: #3d444d } .theirs { stroke: #9198a1 }
  .lazy { stroke: #f0883e } .lazily { fill: #f0883e } .ours { fill: #4493f8; stroke: #4493f8 }
}"""


def accuracies(records: dict[str, dict]) -> dict[str, float]:
    """Name of a training → its accuracy in %, the mean over its seeds, on the faces of what it is held against.

    Where a notebook's text does not show which faces it used, the lower one of PublicTest and PrivateTest counts; a
    training that is held against nothing is judged on PublicTest.
    """
    groups = trainings_by_name(records)
    found = {name: [each for each in map(_percent, group) if each is not None] for name, group in groups.items()}
    return {name: mean(each) for name, each in found.items() if each}


def _percent(record):
    reproduces = record["reproduces"]
    faces = FACES.get(PUBLISHED[reproduces].faces, ("valid", "test")) if reproduces else ("valid",)
    scores = [record[name] for name in faces if record[name] is not None]
    return min((100 * score["right"] / score["n"] for score in scores), default=None)


def published_chart(records: dict[str, dict], lazy: float | None) -> str:
    """The chart as SVG. lazy: what answering Happy to every face gives, in %; None where it was not recorded."""
    rows = {letter: [] for letter in sorted({key[0] for key in PUBLISHED})}
    for key, figure in PUBLISHED.items():
        rows[key[0]].append(float(figure.percent))
    reached, held = accuracies(records), {record["name"]: record["reproduces"] for record in records.values()}
    height = TOP + ROW * (len(rows) + 1) + 28
    drawn = [_legend(), *_axis(height)]
    for number, (letter, percents) in enumerate(rows.items()):
        ours = [percent for name, percent in reached.items() if (held[name] or " ")[0] == letter]
        drawn += _row(TOP + ROW * number, f"notebook {letter}", percents, max(ours, default=None))
    drawn += _own_row(TOP + ROW * len(rows), best_training(records))
    if lazy is not None:
        drawn.append(_upright("lazy", _x(lazy), height))
        drawn.append(_text(_x(lazy), TOP - 20, f"always “Happy”: {lazy:.1f} %", 'class="lazily" text-anchor="middle"'))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t">'
    lines = [head, f'<title id="t">{TITLE}</title>', f"<style>\n{STYLE}\n</style>", *drawn, "</svg>"]
    return "\n".join(lines) + "\n"


def _legend():
    """What is drawn, and what a ring and a dot are."""
    return "\n".join([
        _text(8, 18, TITLE, 'class="bold"'),
        _circle("theirs", WIDTH - 136, 14),
        _text(WIDTH - 126, 18, "published", 'class="small"'),
        _circle("ours", WIDTH - 58, 14),
        _text(WIDTH - 48, 18, "ours", 'class="small"'),
    ])  # fmt: skip


def _axis(height):
    """The grid of every twenty percent, and its numbers."""
    for percent in range(0, MOST + 1, 20):
        yield _upright("line", _x(percent), height)
        yield _text(_x(percent), height - 8, percent, 'class="small" text-anchor="middle"')


def _row(y, name, percents, ours):
    """One notebook: a ring for each of its figures, and a dot for the best of the trainings held against them."""
    yield _text(8, y + 4, name)
    yield from (_circle("theirs", _x(percent), y) for percent in percents)
    if ours is not None:
        yield _circle("ours", _x(ours), y)


def _own_row(y, group):
    """The training that is right most often: its accuracy, with the interval of one seed or the range of several."""
    yield _text(8, y + 4, "this course", 'class="bold"')
    if not group:
        return
    scores = [record["valid"] for record in group]
    percents = [100 * score["right"] / score["n"] for score in scores]
    low, high = min(percents), max(percents)
    if len(group) == 1:
        low, high = (100 * end for end in wilson(scores[0]["right"], scores[0]["n"]))
    yield f'<line class="ours" stroke-width="2" x1="{_x(low)}" x2="{_x(high)}" y1="{y}" y2="{y}"/>'
    yield _circle("ours", _x(mean(percents)), y)
    yield _text(_x(low) - 6, y + 4, f"{mean(percents):.1f}", 'class="bold" text-anchor="end"')


def _text(x, y, words, how=""):
    return f'<text x="{x}" y="{y}"{how and " " + how}>{words}</text>'


def _circle(kind, x, y):
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{RADIUS}"/>'


def _upright(kind, x, height):
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{TOP - 14}" y2="{height - 24}"/>'


def _x(percent):
    return round(LEFT + percent / MOST * (WIDTH - LEFT - RIGHT), 1)
