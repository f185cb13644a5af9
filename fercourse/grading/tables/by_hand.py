"""by_hand.csv: where a person enters the marks of answers in words. Entered marks are read back and never lost."""

import csv
import io
import json
import re
from pathlib import Path

from fercourse.errors import GradingError
from fercourse.files import written_aside
from fercourse.grading.sheet import whole_points
from fercourse.grading.tables.marks import write_csv
from fercourse.grading.text import kept_as_text, number, one_line, short_digest, undefused
from fercourse.pages.text import clean

NAME = "by_hand.csv"
COLUMNS = (
    "key", "student", "exercise", "cell", "answer", "maximum", "mark", "comment", "earlier_mark", "answer_version",
)  # fmt: skip
ENTERED = ("mark", "comment", "earlier_mark")
LONGEST_ANSWER = 2_000
MARK = re.compile(r"'?\+?(\d+([.,]\d*)?|[.,]\d+)")  # spreadsheets put a ' before what they keep as text
COMMON = "äöüßéèêëàâçñáíóúîïôûåøæãõ’‘“”„–—…€"  # the wrong one of two code pages makes fewer of them
SPREADSHEETS = (".xlsx", ".xls", ".ods", ".numbers")


def read_by_hand(folder, sheet):
    """The rows of by_hand.csv in `folder` as (key, cell id) → dict, in their order; empty where there is no such file.

    Whatever a spreadsheet program made of it: commas, semicolons or tabs, a decimal comma.
    Raises GradingError, naming the row, for a mark that is no number from 0 to its maximum, or that no person gives.
    """
    path = Path(folder) / NAME
    _check_format(path)
    if not path.exists():
        return {}
    cells = {cell.id: cell for cell in sheet.graded}
    entries = {}
    for line, row in enumerate(_table(path), start=2):
        if not any(row.values()):
            continue
        place = f"{path}, row {line} ({row['student']}, {row['cell']})"
        identity = row["key"], row["cell"]
        if identity in entries:
            raise GradingError(f"{place}: expected each answer once, found it again. Remove one of the two rows.")
        _check_cell(row, cells, place)
        mark = _mark(row["mark"], cells[row["cell"]].points, place) if row["mark"] else None
        entries[identity] = row | {"mark": mark, "comment": undefused(row["comment"]), "place": place}
    return {identity: row for identity, row in entries.items() if identity[1] in cells}


def _check_format(path):
    """Raise GradingError where a spreadsheet was saved in a format of its own, beside an older by_hand.csv."""
    saved = path.stat().st_mtime if path.exists() else 0
    for suffix in SPREADSHEETS:
        other = path.with_suffix(suffix)
        if other.exists() and other.stat().st_mtime > saved:
            raise GradingError(f"{other} is newer than {NAME}, and is not read: save it as CSV, or remove it")


def _table(path):
    text = _decoded(path.read_bytes())
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        heads, *rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)) or [[]]
    except csv.Error as error:
        raise GradingError(f"{path}: expected a table as CSV; {error}. Is a quotation mark missing?") from error
    missing = [name for name in COLUMNS if name not in heads]
    if missing:
        raise GradingError(f"{path}: expected the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing")
    twice = [name for name in COLUMNS if heads.count(name) > 1]
    if twice:  # of two marks one would be dropped
        raise GradingError(f"{path}: expected each column once, found {', '.join(twice)} again. Rename one of the two.")
    return [_row(heads, cells, f"{path}, row {line}") for line, cells in enumerate(rows, start=2)]


def _decoded(data):
    """The text of a table in UTF-8, UTF-16, or the code page of Windows or of a Mac; \\n ends its lines."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        texts = [data.decode(encoding, "replace") for encoding in ("cp1252", "mac_roman")]
        text = max(texts, key=lambda text: sum(map(text.count, COMMON)))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _row(heads, cells, place):
    # An unquoted decimal comma moves a mark into the comment. Excel drops empty cells at the end of a row.
    if cells and (len(cells) > len(heads) or set(heads[len(cells) :]) & set(COLUMNS)):
        raise GradingError(f"{place}: expected {len(heads)} cells, found {len(cells)}. Write 2.5, or quote 2,5.")
    row = dict.fromkeys(COLUMNS, "") | dict(zip(heads, map(str.strip, cells), strict=False))
    kept = {name: row[name].removeprefix("'") for name in ("key", "cell")}
    columns = enumerate(zip(heads, cells, strict=False))
    own = {(place, head): undefused(cell) for place, (head, cell) in columns if head not in COLUMNS and cell.strip()}
    return {name: row[name] for name in COLUMNS} | kept | {"own": own}


def _check_cell(row, cells, place):
    """Raise GradingError for what was entered where no person gives a mark."""
    cell = cells.get(row["cell"])
    if (cell is None or cell.role != "hand") and _has_entry(row):
        found = "no cell of the sheet is called so" if cell is None else "its points are the tests'"
        raise GradingError(f"{place}: expected an answer that a person marks, but {found}. Mend the row or remove it.")


def _mark(text, maximum, place):
    """The number that was entered."""
    mark = float(text.lstrip("'").replace(",", ".")) if MARK.fullmatch(text) else None
    if mark is None or mark > maximum:
        wanted = f"a number from 0 to {number(maximum)}"
        raise GradingError(f"{place}: expected as the mark {wanted}, found {text!r}. Mend it and run again.")
    return whole_points(mark)


def check_rows(folder, entries, submissions, sheet):
    """Raise GradingError where a row is of a student who never was, or a mark of the last run has no row any more."""
    cells = {cell.id for cell in sheet.graded if cell.role == "hand"}
    earlier = {identity: mark for identity, mark in _taken_in(folder).items() if identity[1] in cells}
    known = {
        *(one.key for one in submissions),
        *(key for key, _ in earlier),
        *(path.stem for path in _memory(folder).parent.glob("[!.]*.json")),
    }
    for identity, row in entries.items():
        if identity[0] not in known and _has_entry(row):
            raise GradingError(
                f"{row['place']}: expected the key of a student, found {identity[0]!r}. Did a spreadsheet take it for "
                "a number or a date? Write it as marks.csv has it, or remove the row."
            )
    for identity in earlier:
        if identity not in entries:
            raise GradingError(
                f"{Path(folder) / NAME}: the row with the key {identity[0]} and the cell {identity[1]} is gone, whose "
                f"mark was {number(earlier[identity])}. Put it back; to take a mark back, empty only its cell."
            )


def _taken_in(folder):
    """(key, cell id) → mark, of all that the last run found entered."""
    path = _memory(folder)
    return {(key, cell): mark for key, cell, mark in json.loads(path.read_text("utf-8"))} if path.exists() else {}


def _memory(folder):
    return Path(folder) / "state" / ".by_hand.json"  # no key of a student begins with a dot


def waiting(submission, result, sheet):
    """The answers of one student that a person has to read: (key, cell id) → a row without a mark."""
    rows = {}
    for cell in sheet.graded:
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
            "maximum": number(cell.points),
            "mark": None,
            "comment": "",
            "earlier_mark": "",
            "answer_version": f"v{short_digest(answer)}",
            "own": {},
        }
    return rows


def _shortened(answer):
    answer = clean(answer).strip()
    return answer if len(answer) <= LONGEST_ANSWER else answer[:LONGEST_ANSWER] + " … (shortened)"


def joined(folder, rows, entries, *, results):
    """The rows that wait, with what was entered for them; a mark given to an earlier version of an answer is dropped.

    Rows that wait no longer, as of a student who is not there today, stay at the end as long as a person's words or
    numbers are in them. results: key → result, of those who are graded today.
    Raises GradingError, naming the row, for a new mark of an answer that waits for nobody.
    """
    table = {identity: row | _still_valid(row, entries.get(identity)) for identity, row in rows.items()}
    left = {identity: row for identity, row in entries.items() if identity not in rows and _has_entry(row)}
    earlier = _taken_in(folder)
    for (key, cell), row in left.items():
        if row["mark"] is None or key not in results:
            continue
        why = one_line(results[key]["cells"][cell]["why"], longest=80) if results[key] else "nothing to grade"
        if earlier.get((key, cell)) != row["mark"]:
            raise GradingError(
                f"{row['place']}: the mark {number(row['mark'])} is for an answer that waits for nobody: {why}. "
                "Empty its cell. To give points all the same, change the grade in Moodle or Canvas."
            )
        row["remark"] = f"{cell}: the mark {number(row['mark'])} does not count any more: {why}"
    return table | left


def _still_valid(row, entry):
    if entry is None:
        return {}
    kept = {name: entry[name] for name in (*ENTERED, "own")}
    if entry["answer_version"] != row["answer_version"] and entry["mark"] is not None:
        return kept | {"mark": None, "earlier_mark": number(entry["mark"])}
    return kept


def _has_entry(row):
    return any(row[name] not in (None, "") for name in ENTERED) or bool(row["own"])


def marks_of(table, key):
    """What a person entered for one student: cell id → {"mark", "comment", "remark"}."""
    return {
        cell: {"mark": row["mark"], "comment": row["comment"], "remark": _remark(row)}
        for (student, cell), row in table.items()
        if student == key
    }


def _remark(row):
    if row["mark"] is not None or not row["earlier_mark"]:
        return row.get("remark", "")
    earlier = one_line(row["earlier_mark"])
    return f"{row['cell']}: the answer has changed since it got {earlier}; it must be marked again"


def write_by_hand(folder, table):
    """Write by_hand.csv, where anything waits for a person or was entered by one, and keep in mind what was entered."""
    path = Path(folder) / NAME
    if table or path.exists():
        lines = [row | {name: kept_as_text(row[name]) for name in ("key", "cell")} for row in table.values()]
        own = sorted({column for row in lines for column in row["own"]})  # columns that a person has added
        rows = [[*map(row.get, COLUMNS), *(row["own"].get(column, "") for column in own)] for row in lines]
        write_csv(path, [[*COLUMNS, *(head for _, head in own)], *rows])
    entered = [[*identity, row["mark"]] for identity, row in table.items() if row["mark"] is not None]
    if entered or _memory(folder).exists():
        with written_aside(_memory(folder)) as aside:
            aside.write_text(json.dumps(entered) + "\n", encoding="utf-8")
