"""A class's scores on one page, which needs no network: `python -m fercourse clinic --leaderboard FOLDER`."""

import json
from os import PathLike
from pathlib import Path

from fercourse.errors import DataMismatch, DataNotFound
from fercourse.learn.clinic.scoring import RECORD
from fercourse.pages.page import write_page
from fercourse.pages.text import clean
from fercourse.settings import is_number, is_whole

PAGE = "leaderboard.html"
LARGEST = 200_000  # bytes of a score file
MOST = 10_000  # pipelines in a score
LONGEST = 60  # characters of a name or of a date


def leaderboard(folder: str | PathLike) -> Path:
    """Read the scores that `Score.save` wrote into `folder` and below; write leaderboard.html there, return its path.

    A name stands once on each board, with its best score. Scores of another number of bugs or of clean pipelines, or on
    another kind of faces, are another board, because they cannot be compared. What is no score is named on the page,
    with the reason; a score is computed from what a file says of each pipeline.
    Raises DataNotFound where there is no such folder, or no score in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataNotFound(f"expected a folder of scores, found none at {folder}")
    entries, broken = [], []
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        try:
            entries.append(_entry(path))
        except DataMismatch as error:
            broken.append({"file": name, "reason": str(error)})
    if not entries:
        left = "".join(f"\n  {each['file']}: {each['reason']}" for each in broken)
        raise DataNotFound(
            f"expected in {folder} at least one file that score.save(path, name=…) wrote; found {len(broken)} other "
            f"files whose names end in .json{left}"
        )
    page = folder / PAGE
    write_page(page, PAGE, {"boards": _boards(entries), "broken": broken, "files": len(entries)})
    return page


def _entry(path):
    """What a board shows of one score file. Raises DataMismatch where it is none, with the reason."""
    try:
        if path.stat().st_size > LARGEST:
            raise DataMismatch(f"larger than {LARGEST:,} bytes, as no score is")
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataMismatch(f"not readable: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataMismatch):
            raise
        raise DataMismatch(f"no JSON: {error}") from error
    if not isinstance(record, dict) or record.get("kind") != RECORD:
        raise DataMismatch("JSON, but no score of the clinic")
    bugs, alarms, sound = record.get("bugs"), record.get("alarms"), record.get("clean")
    for right, what in (
        (_is_name(record.get("name")), "name, a text"),
        (
            isinstance(bugs, list) and 0 < len(bugs) <= MOST and all(map(_is_bug, bugs)),
            "bugs: stage, caught of each",
        ),
        (is_whole(sound) and 0 < sound <= MOST, "clean, the number of clean pipelines"),
        (isinstance(alarms, list) and all(isinstance(each, str) for each in alarms), "alarms, a list of texts"),
    ):
        if not right:
            raise DataMismatch(f"a score without {what}")
    if len(alarms) > sound:
        raise DataMismatch(f"{len(alarms)} false alarms on {sound} clean pipelines")
    caught, seconds = sum(bug["caught"] for bug in bugs), record.get("seconds")
    return {
        "name": " ".join(clean(record["name"]).split())[:LONGEST],
        "date": str(record.get("date", ""))[:LONGEST],
        "seed": record["seed"] if is_whole(record.get("seed")) else "",
        "drawn": "drawn" in str(record.get("source", "")),
        "bugs": bugs,
        "caught": caught,
        "clean": sound,
        "alarms": [each[:LONGEST] for each in alarms],
        "seconds": seconds if is_number(seconds) else None,
        "score": caught / len(bugs) - len(alarms) / sound,
    }


def _is_name(value):
    return isinstance(value, str) and bool(clean(value).strip())


def _is_bug(value):
    return isinstance(value, dict) and isinstance(value.get("stage"), str) and isinstance(value.get("caught"), bool)


def _boards(entries):
    """Entries that can be compared, each board with the best of each name first; the largest board first."""
    kinds = {}
    for entry in entries:
        kinds.setdefault((len(entry["bugs"]), entry["clean"], entry["drawn"]), []).append(entry)
    return [_board(*kind, members) for kind, members in sorted(kinds.items(), key=lambda kind: -len(kind[1]))]


def _board(bugs, sound, drawn, members):
    best = {}
    for entry in sorted(members, key=lambda entry: (-entry["score"], len(entry["alarms"]), entry["date"])):
        best.setdefault(entry["name"].casefold(), entry | {"files": 0})["files"] += 1
    rows = list(best.values())
    for row in rows:
        row["place"] = 1 + sum(other["score"] > row["score"] for other in rows)
    return {"bugs": bugs, "clean": sound, "drawn": drawn, "rows": rows, "stages": _stages(rows)}


def _stages(rows):
    """How much of each stage's bugs this class catches, the hardest first; which bugs these are is not told."""
    found = {}
    for bug in (bug for row in rows for bug in row["bugs"]):
        found.setdefault(bug["stage"][:LONGEST], []).append(bug["caught"])
    stages = [
        {"stage": stage, "bugs": len(caught) // len(rows), "share": sum(caught) / len(caught)}
        for stage, caught in found.items()
    ]
    return sorted(stages, key=lambda each: (each["share"], each["stage"]))
