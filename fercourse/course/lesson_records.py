"""What whole lessons measured on FER2013: their figures and the verdicts of their claims, kept with the package."""

from collections import Counter
from pathlib import Path

from fercourse.course.building.parameters import COMMON, defaults
from fercourse.course.checkout import Course
from fercourse.course.outputs import shown_in
from fercourse.errors import DataMismatch
from fercourse.report.records import read_record, read_records, write_record
from fercourse.settings import SCALES

ORIGIN = ("scale", "seed", "source", "fingerprint", "device")
FIGURE = ("name", "value", "unit", "low", "high", "n", "source", "drawn")
CLAIM = ("id", "sentence", "status", "needs")
SIGNS = {
    "held": "holds", "failed": "does\u00a0not\u00a0hold", "undecided": "undecided", "untested": "not\u00a0tested",
    "new": "not run since it was written",
}  # fmt: skip
LEAD = """\
Each lesson ends with its claims: what it says about its own outputs, each with a condition that can fail. These are the
verdicts of the last whole run of each lesson on FER2013 that was recorded; the lessons show them beside those of the
drawn faces. "Not tested" is what is said of drawn faces alone, or needs a larger scale than that run. What was written
after the run says so."""


def lesson_folder(course: Course) -> Path:
    """Where the records of lessons lie: NN.json for lesson NN."""
    return course.root / "fercourse" / "records" / "lessons"


def lessons_in(folder: Path, course: Course) -> tuple[dict[str, dict], list[str]]:
    """What is kept of the records below `folder`, lesson → record, and the names of those left out with the reason.

    Of whole runs on FER2013's own splits, drawn faces left out; and with the lesson's own parameters: what a sweep or
    --param made of it is no figure of the lesson.
    Raises DataNotFound where there is no such folder, DataMismatch for a record that lacks something.
    """
    found, left = {}, []
    for record in read_records(folder):
        stamp = record.get("stamp")
        real = stamp and stamp.get("official") and not stamp.get("drawn", True)
        if real and record["status"] in ("passed", "claim failed"):
            if changed := _changed(record, stamp["lesson"], course):
                left.append(f"lesson {stamp['lesson']}: run with {changed}")
                continue
            try:
                found[stamp["lesson"]] = _kept(record, stamp)
            except KeyError as error:
                raise DataMismatch(
                    f"{folder}: the record of lesson {stamp['lesson']} has no {error}, as of another version of the "
                    "course. Run the lesson again"
                ) from error
    return found, left


def _changed(record, lesson, course):
    """Which parameters of a run are not its lesson's own, in words; DATA, SCALE, SEED and DEVICE may be any."""
    from papermill import inspect_notebook

    own = {}
    for path in course.notebooks.glob(f"{lesson}_*.ipynb"):
        own |= defaults(inspect_notebook(path))
    given = {name: value for name, value in record.get("parameters", {}).items() if name not in COMMON}
    others = {name: value for name, value in given.items() if own.get(name, value) != value}
    return ", ".join(f"{name} = {value!r} instead of {own[name]!r}" for name, value in others.items())


def _kept(record, stamp):
    figures = {figure["name"]: figure for figure in record["figures"] if not figure["drawn"]}
    return {
        "lesson": stamp["lesson"],
        **{name: stamp[name] for name in ORIGIN},
        "versions": stamp["versions"],
        "figures": [{name: figure[name] for name in FIGURE} for figure in figures.values()],
        "claims": [{name: claim[name] for name in CLAIM} for claim in record["claims"]],
    }


def kept_lessons(course: Course) -> dict[str, dict]:
    """The records that the package carries, lesson → record. Raises DataMismatch for one that does not belong there."""
    kept = {}
    for path in sorted(lesson_folder(course).glob("*.json")):
        record = read_record(path)
        if not {"lesson", "claims", "figures", *ORIGIN} <= set(record) or record["scale"] not in SCALES:
            raise DataMismatch(f"{path}: expected the record of a lesson on FER2013, found {', '.join(record)}")
        if record["lesson"] != path.stem or any(figure["drawn"] for figure in record["figures"]):
            raise DataMismatch(f"{path}: expected figures of lesson {path.stem} on FER2013, found others. Remove it.")
        kept[path.stem] = record
    return kept


def write_lessons(records: dict[str, dict], course: Course) -> None:
    """Write records, lesson → record, to where the package carries them."""
    for lesson, record in records.items():
        write_record(lesson_folder(course) / f"{lesson}.json", record)


def as_stated(records: dict[str, dict], course: Course) -> dict[str, dict]:
    """The records with the claims that the executed lessons state today: a verdict is one of just these words."""
    import nbformat

    today = {}
    for lesson, record in records.items():
        today[lesson] = record
        for path in course.pages.glob(f"{lesson}_*.ipynb"):
            known = {(claim["id"], claim["sentence"]): claim for claim in record["claims"]}
            stated = shown_in(nbformat.read(path, as_version=4))["claims"]
            keys = [(claim["id"], claim["sentence"]) for claim in stated]
            claims = [known.get(key, {"id": key[0], "sentence": key[1], "status": "new"}) for key in keys]
            today[lesson] = record | {"claims": claims}
    return today


def claims_section(records: dict[str, dict]) -> str:
    """How many claims held, lesson by lesson, and which did not, as a section of the results page."""
    rows = [
        "| lesson | hold | do not hold | not tested | scale |", "| --- | ---: | ---: | ---: | --- |",
    ]  # fmt: skip
    failed = []
    for lesson, record in sorted(records.items()):
        counts = Counter(claim["status"] for claim in record["claims"])
        others = len(record["claims"]) - counts["held"] - counts["failed"]
        link = f"[{lesson}](claims.md#lesson-{lesson})"
        rows.append(f"| {link} | {counts['held']} | {counts['failed']} | {others} | {record['scale']} |")
        failed += [f"- {_sentence(claim)}" for claim in record["claims"] if claim["status"] == "failed"]
    where = "Every claim stands, with its verdict, on [a page of its own](claims.md)."
    parts = ["## Claims", LEAD, where, "\n".join(rows)]
    if failed:
        parts.append("On FER2013 these do not hold; each lesson says so where it shows what the drawn faces gave:")
        parts.append("\n".join(failed))
    return "\n\n".join(parts)


def claims_page(records: dict[str, dict]) -> str:
    """docs/claims.md: every recorded claim with its verdict on FER2013."""
    parts = ["# Claims on FER2013", LEAD]
    for lesson, record in sorted(records.items()):
        rows = [f"| {_sentence(claim)} | {SIGNS[claim['status']]} |" for claim in record["claims"]]
        run = f"{record['source']}, {record['scale']} scale, seed {record['seed']}, {record['device']}"
        parts += [f"## Lesson {lesson}", run, "\n".join(["| claim | verdict |", "| --- | --- |", *rows])]
    return "\n\n".join(parts) + "\n"


def _sentence(claim):
    return f"{claim['sentence']} ({claim['id']})".replace("|", r"\|")
