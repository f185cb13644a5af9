"""by_hand.csv: where a person enters the marks of answers in words. Entered marks are read back and never lost."""

import csv
import io
from pathlib import Path

from fercourse.errors import GradingError
from fercourse.grading.marks import write_csv
from fercourse.grading.rubric import whole
from fercourse.grading.text import clean, number, one_line, short_digest, undefused

NAME = "by_hand.csv"
COLUMNS = (
    "key", "student", "exercise", "cell", "answer", "maximum", "mark", "comment", "earlier_mark", "answer_version",
)  # fmt: skip
ENTERED = ("mark", "comment", "earlier_mark")
LONGEST_ANSWER = 2_000


def read_by_hand(folder, rubric):
    """The rows of by_hand.csv in `folder` as (key, cell id) → dict, in their order; empty where there is no such file.

    Whatever a spreadsheet program made of it: commas, semicolons or tabs, a decimal comma.
    Raises GradingError, naming the row, for a mark that is no number from 0 to its maximum.
    """
    path = Path(folder) / NAME
    if not path.exists():
        return {}
    maxima = {cell.id: cell.maximum for cell in rubric.cells}
    entries = {}
    for line, row in enumerate(_table(path), start=2):
        if not row["key"] and not row["cell"]:
            continue
        place = f"{path}, row {line} ({row['student']}, {row['cell']})"
        mark = _mark(row["mark"], maxima.get(row["cell"]), place)
        identity = row["key"], row["cell"]
        if identity in entries:
            raise GradingError(f"{place}: expected each answer once, found it again. Remove one of the two rows.")
        entries[identity] = row | {"mark": mark, "comment": undefused(row["comment"])}
    return entries


def _table(path):
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # as Excel saves it where it does not say UTF-8
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter, restval=""))
    missing = [name for name in COLUMNS if name not in (rows[0] if rows else {})]
    if rows and missing:
        raise GradingError(f"{path}: expected the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing")
    return [{name: row[name].strip() for name in COLUMNS} for row in rows]


def _mark(text, maximum, place):
    """The number that was entered, None where there is none yet."""
    if not text:
        return None
    try:
        mark = float(text.replace(",", "."))
    except ValueError:
        mark = None
    if mark is None or not 0 <= mark <= (float("inf") if maximum is None else maximum) or mark == float("inf"):
        wanted = "a number" if maximum is None else f"a number from 0 to {number(maximum)}"
        raise GradingError(f"{place}: expected as the mark {wanted}, found {text!r}. Mend it and run again.")
    return whole(mark)


def waiting(submission, result, rubric):
    """The answers of one student that a person has to read: (key, cell id) → a row without a mark."""
    rows = {}
    for cell in rubric.cells:
        found = (result or {}).get("cells", {}).get(cell.id)
        if found is None or found["points"] is not None:
            continue
        answer = result.get("answers", {}).get(cell.id, "")
        rows[submission.key, cell.id] = {
            "key": submission.key,
            "student": submission.student,
            "exercise": cell.exercise,
            "cell": cell.id,
            "answer": _shortened(answer),
            "maximum": number(cell.maximum),
            "mark": None,
            "comment": "",
            "earlier_mark": "",
            "answer_version": f"v{short_digest(answer)}",
        }
    return rows


def _shortened(answer):
    answer = clean(answer).strip()
    return answer if len(answer) <= LONGEST_ANSWER else answer[:LONGEST_ANSWER] + " … (shortened)"


def joined(rows, entries):
    """The rows that wait, with what was entered for them; a mark given to an earlier version of an answer is dropped.

    Rows that wait no longer, as of a student who is not there today, stay at the end as long as a mark is in them.
    """
    table = {identity: row | _still_valid(row, entries.get(identity)) for identity, row in rows.items()}
    left = {identity: row for identity, row in entries.items() if identity not in rows and _has_mark(row)}
    return table | left


def _still_valid(row, entry):
    if entry is None:
        return {}
    kept = {name: entry[name] for name in ENTERED}
    if entry["answer_version"] != row["answer_version"] and entry["mark"] is not None:
        return kept | {"mark": None, "earlier_mark": number(entry["mark"])}
    return kept


def _has_mark(row):
    return row["mark"] is not None or row["earlier_mark"]


def marks_of(table, key):
    """What a person entered for one student: cell id → {"mark", "comment", "remark"}."""
    return {
        cell: {"mark": row["mark"], "comment": row["comment"], "remark": _remark(row)}
        for (student, cell), row in table.items()
        if student == key
    }


def _remark(row):
    if row["mark"] is not None or not row["earlier_mark"]:
        return ""
    earlier = one_line(row["earlier_mark"])
    return f"{row['cell']}: the answer has changed since it got {earlier}; it must be marked again"


def write_by_hand(folder, table):
    """Write by_hand.csv, where anything waits for a person or was entered by one."""
    path = Path(folder) / NAME
    if table or path.exists():
        write_csv(path, [COLUMNS, *([row[name] for name in COLUMNS] for row in table.values())])
