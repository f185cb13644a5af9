"""docs/results.md: what the course's trainings reached on FER2013, built from their records and nothing else.

docs/claims.md and docs/model_card.md are built beside it, from the same records.
"""

import re
from collections.abc import Iterable
from difflib import unified_diff
from pathlib import Path
from statistics import mean, stdev

from fercourse.course.checkout import Course
from fercourse.course.lesson_records import (
    as_stated,
    claims_page,
    claims_section,
    kept_lessons,
    lessons_in,
    write_lessons,
)
from fercourse.course.model_card import model_card
from fercourse.course.standing import against_ready_weights, how_soon, opening
from fercourse.course.trainings.hours import to_repeat
from fercourse.course.trainings.superseded import superseded
from fercourse.errors import DataMismatch, DataNotFound
from fercourse.files import written_aside
from fercourse.report.intervals import wilson
from fercourse.report.published import PUBLISHED
from fercourse.report.records import write_record
from fercourse.report.trainings import read_training

NAME = re.compile(r".*-[0-9a-f]{8}\.json")
HEADS = (
    "model", "published", "PublicTest %", "balanced %", "PrivateTest %", "seeds", "epochs", "seconds", "device",
    "commit",
)  # fmt: skip
INTRODUCTION = """\
# Results on FER2013

What the lessons' trainings reached at full scale on the real data. Each figure was measured by the run whose record
lies in `fercourse/records/`; none was typed in. PublicTest was looked at while rates and epochs were chosen.
PrivateTest was read once for each training that a lesson reports, when it was finished, and for no other. The letters
are those of [the five notebooks](five_notebooks.md).
"""
LEGEND = """\
## Every training

- **published**: the figure of the notebook that the training reproduces, the faces that it was taken on, its epochs.
  Where ours has fewer epochs, the two figures are no race.
- **balanced**: the mean recall of the seven emotions on PublicTest, where Disgust counts as much as Happy.
- One seed: the accuracy with its 95 % interval (Wilson). Several seeds: their mean ± their standard deviation. Where
  the training's recipe says so, each answer is the mean of those to a face and to its mirror image.
- **seeds**: which ones, not how many. Weights that were not trained here have 0 epochs, and three networks that are
  averaged have no epochs of their own.
- **seconds**: of all epochs of one training, the mean over seeds. A commit with + had changes that were not committed.

To make it again: `python -m fercourse train` lists the trainings. Run some on your copy of FER2013, with as many seeds
as you have time for; one that was stopped goes on where it was. Then collect their records.

```
for seed in 0 1 2; do
    python -m fercourse train "CNN, Adam 0.001" --data data/fer2013.csv --seed $seed --out runs/full
done
python -m fercourse results runs/full
```
"""


def write_results(folders: Iterable[str | Path] = (), *, course: Course) -> tuple[list[str], list[str]]:
    """Copy what was measured on the real data from `folders` to fercourse/records/, and write the three pages.

    That is trainings at full scale, of records with one file name the newest, and the last run of each lesson.
    A training that was run again for more epochs replaces the shorter one. Returns two lists: the names of what was
    copied, and those of what was left out or removed, each with the reason.
    Raises DataNotFound for a folder that is not there or holds neither, DataMismatch where a record is damaged, does
    not belong into fercourse/records/, or contradicts another one; nothing is written then.
    """
    kept, taken, left, lessons = kept_records(course), {}, [], {}
    for folder in map(Path, folders):
        trainings, (whole, changed) = _trainings_in(folder), lessons_in(folder, course)
        left += changed
        if not trainings and not whole and not changed:
            raise DataNotFound(
                f"{folder}: no record of a training there, such as cnn-0123abcd.json, nor of a lesson on FER2013"
            )
        lessons |= whole
        for path, record in trainings:
            known = taken.get(path.name) or kept.get(path.name)
            if _unfit(record):
                left.append(f"{path.name}: not full scale on FER2013")
            elif known is None or record["date"] > known["date"]:
                taken[path.name] = record
    shorter = superseded(kept | taken)
    left += [f"{name}: {why}" for name, why in shorter.items()]
    taken = {name: record for name, record in taken.items() if name not in shorter}
    staying = {name: record for name, record in kept.items() if name not in shorter}
    of_lessons = kept_lessons(course) | lessons
    pages = _pages(staying | taken, of_lessons, course)
    for name, record in taken.items():
        write_record(_folder(course) / name, record)
    for name in kept.keys() - staying.keys():
        (_folder(course) / name).unlink()
    write_lessons(lessons, course)
    for path, page in pages.items():
        with written_aside(path) as aside:
            aside.write_text(page, encoding="utf-8")
    return sorted([*taken, *(f"lesson {lesson}" for lesson in lessons)]), sorted(left)


def results_drift(course: Course) -> list[str]:
    """The lines in which a page differs from what the records give, "-" what is there, "+" what should be."""
    records, of_lessons = kept_records(course), kept_lessons(course)
    return [line for path, page in _pages(records, of_lessons, course).items() for line in _drift(path, page)]


def _pages(records, of_lessons, course):
    """Path → text of the pages that are built from the records."""
    of_lessons = as_stated(of_lessons, course)
    return {
        course.docs / "results.md": results_page(records, of_lessons),
        course.docs / "claims.md": claims_page(of_lessons),
        course.docs / "model_card.md": model_card(records, of_lessons),
    }


def _drift(path, wanted):
    there = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [line.rstrip() for line in unified_diff(there.splitlines(), wanted.splitlines(), path.name, "records", n=0)]


def kept_records(course: Course) -> dict[str, dict]:
    """The trainings that the package carries, file name → record; DataMismatch for one that has no place there."""
    records = {}
    for path in sorted(_folder(course).glob("*.json")):
        records[path.name] = read_training(path)
        if why := _unfit(records[path.name]):
            raise DataMismatch(f"{path}: expected a training on FER2013 at full scale, found {why}. Remove it.")
    return records


def results_page(records: dict[str, dict], of_lessons: dict[str, dict] | None = None) -> str:
    """The page as Markdown; `records` maps file names to training records, `of_lessons` lessons to their records."""
    groups = _groups(records)
    lessons = sorted({lesson for lesson, _ in groups})
    sections = [_lesson(lesson, [group for (of, _), group in groups.items() if of == lesson]) for lesson in lessons]
    sections = sections or ["No record yet: nothing was run at full scale on the real data."]
    data = sorted({f"{record['source']}, fingerprint {record['fingerprint']}" for record in records.values()})
    sources = [f"The data: {'; '.join(data)}."] if data else []
    claims = [claims_section(of_lessons)] if of_lessons else []
    parts = (opening, against_ready_weights, how_soon) if records else ()
    beside = [part(records.values()) for part in parts]
    legend = [LEGEND.rstrip(), *sources, *sections, *_not_run(records), *claims]
    return "\n\n".join([INTRODUCTION.rstrip(), *filter(None, beside), *legend]) + "\n"


def _folder(course):
    return course.root / "fercourse" / "records" / "trainings"


def _trainings_in(folder):
    """(path, record) of every training record below `folder`."""
    if not folder.is_dir():
        raise DataNotFound(f"{folder}: no folder of records there")
    paths = [path for path in sorted(folder.rglob("*.json")) if NAME.fullmatch(path.name)]
    return [(path, read_training(path)) for path in paths]


def _unfit(record):
    """Why a record has no place among the results; empty where it has."""
    if record["drawn"]:
        return "drawn faces"
    if not record["official"]:
        return "splits that are not FER2013's own"
    return "" if record["scale"] == "full" else f"{record['scale']} scale"


def _groups(records):
    """(lesson, name) → its records, one a seed; in the order of the published figures, then of the names."""
    groups = {}
    for record in sorted(records.values(), key=lambda record: (*_place(record), record["seed"])):
        groups.setdefault((record["lesson"], record["name"]), []).append(record)
    for group in groups.values():
        _check_one_training(group, records)
    return groups


def _place(record):
    published = record["reproduces"]
    return len(PUBLISHED) if published is None else list(PUBLISHED).index(published), record["name"]


def _check_one_training(group, records):
    """A mean over seeds is one over trainings that differ in nothing but the seed."""
    kinds = {repr((_without_seed(record["recipe"]), record["fingerprint"], record["reproduces"])) for record in group}
    seeds = [record["seed"] for record in group]
    if len(kinds) > 1 or len(set(seeds)) < len(seeds):
        files = [name for name, record in records.items() if any(record is member for member in group)]
        raise DataMismatch(
            f"{', '.join(files)}: expected one recipe, one data set and different seeds under the name "
            f"{group[0]['name']!r}, found {len(kinds)} and seeds {seeds}. Remove the old ones, or rename one training."
        )


def _without_seed(recipe):
    return sorted((key, value) for key, value in recipe.items() if key != "seed")


def _lesson(lesson, groups):
    rows = [HEADS, ["---"] * 2 + ["---:"] * 6 + ["---"] * 2, *map(_row, groups)]
    return "\n".join([f"## Lesson {lesson}", "", *(f"| {' | '.join(row)} |" for row in rows)])


def _row(group):
    return (
        _cell([group[0]["name"]]),
        _published(group[0]["reproduces"]),
        _accuracy([record["valid"] for record in group]),
        f"{100 * mean(record['valid']['balanced_accuracy'] for record in group):.1f}",
        _accuracy([record["test"] for record in group]),
        _cell(str(record["seed"]) for record in group),
        _range([len(record["history"]) for record in group]),
        f"{mean(record['seconds'] for record in group):,.0f}",
        _cell(sorted({record["device"] for record in group}), "; "),
        _cell(sorted({record["commit"] or "–" for record in group})),
    )


def _cell(texts, between=", "):
    return between.join(texts).replace("|", r"\|") or "–"


def _published(reproduces):
    if reproduces is None:
        return "–"
    return f"{reproduces}: {PUBLISHED[reproduces]}"


def _accuracy(scores):
    """Accuracies in %: mean ± standard deviation over seeds, or one with its interval; who was not read is said."""
    read = [score for score in scores if score is not None]
    if not read:
        return "not read"
    some = "" if len(read) == len(scores) else f" ({len(read)} of {len(scores)} seeds)"
    percents = [100 * score["right"] / score["n"] for score in read]
    if len(percents) > 1:
        return f"{mean(percents):.1f} ± {stdev(percents):.1f}{some}"
    low, high = wilson(read[0]["right"], read[0]["n"])
    return f"{percents[0]:.1f} ({100 * low:.1f}–{100 * high:.1f}){some}"


def _range(numbers):
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}–{high}"


def _not_run(records):
    """The published figures that no record repeats: with as many epochs, or at least as well."""
    done = {record["reproduces"] for record in records.values() if _repeats(record)}
    open_ones = {name: figure for name, figure in PUBLISHED.items() if name not in done}
    timed = list(records.values())
    rows = [f"- {name}: {figure.model}, {figure}; {to_repeat(name, timed)}" for name, figure in open_ones.items()]
    heading = (
        "Published figures that no training above reached, nor trained for as many epochs. Their hours are computed\n"
        "from the arithmetic of the network and the speed of recorded trainings; where a notebook does not say\n"
        "its epochs, for those of our own list. The list of `python -m fercourse train` has shorter ones."
    )
    return ["## Not run, or not as long", heading, "\n".join(rows)] if rows else []


def _repeats(record):
    if record["reproduces"] is None:
        return False
    published = PUBLISHED[record["reproduces"]]
    score = record["test"] if published.faces == "PrivateTest" else record["valid"]
    reached = score is not None and 100 * score["accuracy"] >= float(published.percent)
    return reached or len(record["history"]) >= (published.epochs or float("inf"))
