"""docs/model_card.md: what the course's best recorded network is for and not for, and how it was measured.

The form is that of Mitchell et al. 2019. Each figure comes from a record; where none was recorded, the card says so.
"""

from statistics import mean

from fercourse.course.trainings.listed import TRAININGS
from fercourse.report.intervals import wilson

INTRODUCTION = """\
# Model card

Of the networks that this course trains on FER2013, and of the one among them that is right most often on PublicTest.
Built by `python -m fercourse results` from the records in `fercourse/records/`; no figure was typed in. The form is
that of Mitchell and others, *Model Cards for Model Reporting* (2019). The weights are not published: FER2013 may not be
handed on, and nobody has asked the people in its pictures.
"""

USE = """\
## What it is for

- To learn and to teach how such networks are built, measured and misread, with FER2013, with drawn faces, and with
  one's own face.

## What it must not be used for

- To say what a person feels. Its labels are what an annotator called a picture; a face does not say what somebody
  feels (Barrett and others 2019).
- On students, pupils, employees or applicants. In the European Union article 5(1)(f) of Regulation (EU) 2024/1689
  forbids to infer emotions at work and in education institutions, save for medical or safety reasons.
- For any decision about a person: hiring, marking, insurance, credit, police, care.
"""

DATA = """\
## What it was trained on

FER2013: 35,887 pictures of 48 × 48 grey pixels, found by a search engine in 2013 and cut out by a machine. Who is in
them, how old, from where, of which skin or sex, and whether they agreed, was never recorded. The labels are seven
words, one for each picture.
"""

UNKNOWN = """\
## For whom it was not measured

FER2013 has no labels for age, sex, skin, glasses, a disability or a pose, so that nobody can say how much more often
the network is wrong for some than for others. That is no sign that it is not. On drawn faces, where nothing but one
trait is changed, [lesson 11](lessons/11_looking_inside.ipynb) measures what glasses, a turned head, light, blur and
skin cost.
"""

KNOWN = {
    "How sure it is": (
        ("07b", "temperature", "the temperature that a network needed which had learnt its training faces by heart"),
        ("07b", "calibration error before", "its calibration error as it was"),
        ("07b", "calibration error after", "its calibration error with that temperature"),
    ),
    "What the labels are worth": (
        ("07c", "label is elected", "pictures whose label is also the one that most of ten voters of FER+ chose"),
        ("07c", "ceiling", "what a network could reach that always answered as most voters do"),
    ),
    "As a file, with eight bits": (
        ("11b", "32 bits", "right answers of lesson 11b's small network"),
        ("11b", "8 bits", "right answers of the same network with eight bits"),
        ("11b", "other answers with 8 bits", "answers that eight bits changed"),
    ),
}
"""What the card takes from runs of lessons on FER2013: heading → (lesson, name of the figure, what it is)."""


def model_card(records: dict[str, dict], of_lessons: dict[str, dict]) -> str:
    """The card as Markdown; `records` maps file names to training records, `of_lessons` lessons to their records."""
    sections = [INTRODUCTION, USE, DATA, _measured(best_training(records)), *_known(of_lessons), UNKNOWN]
    return "\n".join(sections).rstrip() + "\n"


def trainings_by_name(records: dict[str, dict]) -> dict[str, list[dict]]:
    """Name of a training → its records, one a seed."""
    by_name = {}
    for record in records.values():
        by_name.setdefault(record["name"], []).append(record)
    return by_name


def best_training(records: dict[str, dict]) -> list[dict]:
    """The records, one a seed, of the network whose mean accuracy on PublicTest is the highest; none without any.

    Of those that the course trains: neither ready weights nor several networks whose answers are averaged.
    """
    others = {each.name for each in TRAININGS if each.framework == "ready weights" or each.networks > 1}
    by_name = {name: group for name, group in trainings_by_name(records).items() if name not in others}
    scores = {name: mean(record["valid"]["accuracy"] for record in group) for name, group in by_name.items()}
    return by_name[max(scores, key=scores.get)] if scores else []


def _measured(group):
    if not group:
        return "## How often it is right\n\nNothing was run at full scale on FER2013 yet.\n"
    first = group[0]
    recipe = ", ".join(f"{name} {value}" for name, value in sorted(first["recipe"].items()) if name != "seed")
    rows = [_row(record, faces, key) for record in group for faces, key in FACES.items()]
    return "\n".join([
        "## How often it is right",
        "",
        f"{first['name']} (lesson {first['lesson']}): {recipe}.",
        "",
        "| faces | seed | right | accuracy % | mean recall % |",
        "| --- | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        "In brackets the 95 % interval (Wilson); mean recall is that of the seven emotions. PublicTest was looked at",
        "while settings were chosen, PrivateTest once, at the end. Other trainings and their seeds stand in",
        "[results.md](results.md).",
        "",
    ])  # fmt: skip


FACES = {"PublicTest": "valid", "PrivateTest": "test"}


def _row(record, faces, key):
    score = record[key]
    if score is None:
        return f"| {faces} | {record['seed']} | not read | | |"
    low, high = wilson(score["right"], score["n"])
    accuracy = f"{100 * score['accuracy']:.1f} ({100 * low:.1f}–{100 * high:.1f})"
    recall = f"{100 * score['balanced_accuracy']:.1f}"
    return f"| {faces} | {record['seed']} | {score['right']:,}, {score['n']:,} | {accuracy} | {recall} |"


def _known(of_lessons):
    for heading, figures in KNOWN.items():
        lines = [_line(of_lessons, *figure) for figure in figures]
        yield "\n".join([f"## {heading}", "", *lines, ""])


def _line(of_lessons, lesson, name, what):
    record = of_lessons.get(lesson, {"figures": []})
    figure = next((figure for figure in record["figures"] if figure["name"] == name), None)
    if figure is None or figure["value"] is None:
        return f"- {what}: not measured on FER2013 yet (lesson {lesson})"
    unit = f" {figure['unit']}" if figure["unit"] else ""
    return f"- {what}: {figure['value']:.1f}{unit} (lesson {lesson}, {record['scale']} scale)"
