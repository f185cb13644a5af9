"""The parts of README.md that are built: from front matter, from measured costs, and from records on FER2013.

Each stands between two invisible marks, `<!-- built: lessons -->` and `<!-- end -->`; what lies around them is written
by hand. The chart beside them, docs/published.svg, is built from the same records.
"""

import json
import re
from pathlib import Path
from statistics import mean

from fercourse.course.building.build import read_build_records
from fercourse.course.building.compose import in_minutes, reading_minutes, sheet_minutes
from fercourse.course.building.lesson import read_lesson
from fercourse.course.building.published_chart import accuracies, published_chart
from fercourse.course.checkout import Course, select
from fercourse.course.lesson_records import kept_lessons
from fercourse.course.model_card import best_training
from fercourse.course.results import kept_records
from fercourse.errors import ParameterError
from fercourse.files import written_aside
from fercourse.report.published import PUBLISHED

NEAR = 2
"""Points above the laziest answer within which a figure is hardly above it."""

LAZY, REPAIRED, MYSTERY = ("02", "the lazy classifier"), "MLP, repaired", "A3"
"""The figure of a lesson, the training and the published figure of which the README's first sentences tell."""

HEAD = """\
| | lesson | you will be able to | you need | minutes |
|---|---|---|---|---|"""
MARKED = re.compile(r"(<!-- built: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write_readme(course: Course) -> list[Path]:
    """Write README.md and its chart; return the paths of those that changed. Raises what `readme_texts` raises."""
    changed = [(path, text) for path, text in readme_texts(course).items() if _read(path) != text]
    for path, text in changed:
        with written_aside(path) as aside:
            aside.write_text(text, encoding="utf-8")
    return [path for path, _ in changed]


def readme_drift(course: Course) -> list[str]:
    """A sentence for each of the two files that `write_readme` would change."""
    made = readme_texts(course)
    return [f"{path.relative_to(course.root)}: not what is built" for path, text in made.items() if _read(path) != text]


def readme_texts(course: Course) -> dict[Path, str]:
    """Path → text of README.md and of its chart; nothing where README.md is not there or has no marks.

    Raises ParameterError for a mark that names no part, or that has no end.
    """
    path = course.root / "README.md"
    text = _read(path) or ""
    if "<!-- built:" not in text:
        return {}
    parts = {"figures": _figures, "minutes": _minutes, "lessons": _lessons}
    names = [name for _, name, _ in MARKED.findall(text)]
    if len(names) != text.count("<!-- built:") or not set(names) <= set(parts):
        raise ParameterError(
            f"{path}: expected marks <!-- built: {' or '.join(parts)} -->, each with <!-- end --> behind it; found "
            f"{', '.join(names)} and {text.count('<!-- built:') - len(names)} without an end"
        )
    made = MARKED.sub(lambda found: f"{found[1]}{parts[found[2]](course)}\n{found[3]}", text)
    return {path: made, course.root / "docs" / "published.svg": published_chart(kept_records(course), _lazy(course))}


def _read(path):
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _lazy(course):
    """What answering Happy to every face gives on FER2013, in %; None where it was not recorded."""
    lesson, name = LAZY
    figures = kept_lessons(course).get(lesson, {"figures": []})["figures"]
    return next((figure["value"] for figure in figures if figure["name"] == name), None)


def _figures(course):
    """What makes one curious: published figures that are worth nothing, and what becomes of the first of them."""
    records, lazy = kept_records(course), _lazy(course)
    reached, group = accuracies(records), best_training(records)
    if lazy is None or REPAIRED not in reached or not group:
        return "No figure on FER2013 was recorded yet."
    percents = [float(figure.percent) for figure in PUBLISHED.values()]
    near = sum(abs(percent - lazy) <= NEAR for percent in percents)
    public, private = (_mean_percent(group, faces) for faces in ("valid", "test"))
    above = sum(percent < min(public, private or public) for percent in percents)
    of_all = f"all {len(percents)} of them" if above == len(percents) else f"{above} of the {len(percents)}"
    on_private = f", and for {private:.1f} % of PrivateTest" if private else ""
    return _wrapped(
        f"Five public notebooks report {len(percents)} accuracies on FER2013, and {near} of them are hardly above "
        f"{lazy:.1f} %, which is what you get by answering *Happy* to every face. You train the first of them, find "
        f"out why it learnt nothing, and repair it: {PUBLISHED[MYSTERY].percent} % become {reached[REPAIRED]:.1f} %, "
        f"with the same layers. The network of the course that is best on PublicTest, {group[0]['name']}, is right "
        f"there for {public:.1f} %{on_private}, above {of_all}: [every figure beside the published one]"
        "(docs/results.md). In the chart a ring is a published figure, and a dot the best of ours that is held against "
        f"that notebook{_open(records)}."
    )


def _open(records):
    """Which notebooks no training is held against yet."""
    held = {record["reproduces"][0] for record in records.values() if record["reproduces"]}
    left = sorted({key[0] for key in PUBLISHED} - held)
    return f" (none yet: {', '.join(left)})" if left else ""


def _mean_percent(group, faces):
    """The mean over seeds of the accuracy on `faces`, in %; None where these faces were not read."""
    scores = [100 * record[faces]["accuracy"] for record in group if record[faces] is not None]
    return mean(scores) if scores else None


def _minutes(course):
    """How long it took from nothing to the first figure, where docs/first_figure.py has measured it."""
    text = _read(course.root / "docs" / "first_figure.json")
    if text is None:
        return "How long it takes to the first figure was not measured yet."
    found = json.loads(text)
    install, figure = found["install_seconds"], found["figure_seconds"]
    return _wrapped(
        f"From a bare folder to the first figure of lesson 01 it took {(install + figure) / 60:.1f} minutes: "
        f"{install:.0f} seconds to install {found['gigabytes']:.0f} GB, all packages downloaded before, and "
        f"{figure:.0f} seconds for the notebook ({found['date']}, {found['cores']} cores). Add the time to download."
    )


def _lessons(course):
    records = read_build_records(course)
    rows = [_lesson_row(read_lesson(path), records) for path in select((), course.lessons, ".py")]
    return "\n".join([HEAD, *rows])


def _lesson_row(lesson, records):
    """A row: what the front matter promises, and what it costs."""
    cost = records.get(lesson.name, {}).get("cpu")
    sheet = sheet_minutes(lesson)
    times = [f"{reading_minutes(lesson)} to read", f"{sheet} for exercises" if sheet else ""]
    times.append(f"run: {in_minutes(cost['processor_seconds'])}" if cost else "run: not measured yet")
    cells = (
        lesson.number,
        f"[{lesson.title}](notebooks/{lesson.name}.ipynb)",
        "; ".join(lesson.outcomes[:2]),
        "; ".join(lesson.needs) or "nothing but this notebook",
        "<br>".join(filter(None, times)),
    )
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _wrapped(text):
    """Lines of at most 120 characters; a link's own blanks stay together with the rest of it."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > 120:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
