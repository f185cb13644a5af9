"""What published tools find of the clinic's bugs, as benchmarks/clinic_tools.py measured it."""

import pandas as pd

from fercourse.errors import DataMismatch, DataNotFound
from fercourse.files import PACKAGE
from fercourse.report.records import read_record

PUBLISHED = PACKAGE / "records" / "clinic"
"""Where the records of `published_tools` lie: one JSON file for each tool."""

COUNTS = ("bugs", "clean", "seconds")
NAMES = ("caught", "alarms")


def published_tools() -> pd.DataFrame:
    """What other tools catch of the bugs in this clinic: a row for each, the one that catches most first.

    Columns: caught and alarms, numbers of bugs and of clean pipelines; bugs and clean, of how many; score, as
    `Score.value`; version, "" for the naive audit, which looks at the loss and at the accuracy alone; names, a list of
    the bugs that it caught; seconds, of the processor. Raises DataNotFound where nothing was measured.
    """
    records = [_checked(read_record(path), path) for path in sorted(PUBLISHED.glob("*.json"))]
    if not records:
        raise DataNotFound(f"expected records in {PUBLISHED}; found none: python benchmarks/clinic_tools.py naive")
    table = pd.DataFrame([_row(record) for record in records]).set_index("tool")
    return table.sort_values(["caught", "alarms"], ascending=[False, True], kind="stable")


def _row(record):
    caught, alarms, bugs, clean = len(record["caught"]), len(record["alarms"]), record["bugs"], record["clean"]
    return {
        "tool": record["tool"],
        "caught": caught,
        "bugs": bugs,
        "alarms": alarms,
        "clean": clean,
        "score": caught / bugs - alarms / clean,
        "version": record["version"] or "",
        "names": list(record["caught"]),
        "seconds": record["seconds"],
    }


def _checked(record, path):
    wrong = [name for name in COUNTS if not isinstance(record.get(name), (int, float))]
    wrong += [name for name in NAMES if not isinstance(record.get(name), list)]
    if wrong or not isinstance(record.get("tool"), str):
        raise DataMismatch(f"{path}: expected the record of a tool; {', '.join(wrong) or 'tool'} is missing or damaged")
    return record
