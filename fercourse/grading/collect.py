"""The submissions of a class, one for each student, from a folder or a zip as people, Moodle, Canvas, nbgrader make it.

Nothing is written where the submissions lie. Notebooks out of zips are copied into a folder of the caller's.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fercourse.errors import GradingError
from fercourse.grading.handed_in import DAMAGED, LARGEST, of_folder, of_student_zip, of_zip
from fercourse.grading.text import file_name, one_line, short_digest

MOODLE_FOLDER = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?")
MOODLE_FILE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_.+")
CANVAS_FILE = re.compile(r"(?P<name>\w+?)(?P<late>_LATE)?_(?P<number>\d+)_\d+_.+")
CANVAS_NAMELESS = re.compile(r"(?P<late>LATE_)?(?P<name>anon_[a-zA-Z0-9]+?)_\d+_.+")
NOTEBOOK = re.compile(r".+\.ipynb(\.txt|\.json)?", re.IGNORECASE)  # browsers append .txt and .json
NOT_HANDED_IN = (".csv", ".xlsx", ".ods", ".md", ".log", ".db")  # what else lies in an instructor's folder
MOST_NOTEBOOKS = 20


@dataclass(frozen=True)
class Submission:
    """What one student handed in. path: the notebook to grade, or None with the `reason`.

    key: a file name, unique in the class. fingerprint: SHA-256 of the notebook. marks: how many of the sheet's it has.
    moodle, canvas: the student's number there.
    """

    key: str
    student: str
    path: str | None
    reason: str = ""
    remarks: tuple = ()
    fingerprint: str = ""
    marks: int = 0
    moodle: str = ""
    canvas: str = ""


@dataclass(frozen=True)
class Who:
    """A student, as the name of a file or a folder tells."""

    name: str
    moodle: str = ""
    canvas: str = ""
    late: bool = False

    @property
    def identity(self):
        """What tells students apart: the number where there is one, else the name."""
        return ("number", self.moodle, self.canvas) if self.moodle or self.canvas else ("name", self.name)


def collect(place, *, marks, unpacked):
    """The submissions in `place`, a folder or a zip, sorted by key: exactly one for each student.

    marks: bytes that the sheet's notebooks have in them; of several notebooks the one with most of them counts.
    unpacked: a folder for notebooks that come out of zips.
    Raises GradingError where there is no such place, or no submission in it.
    """
    groups = {}
    for item in _everything(Path(place)):
        if who := _who(item):
            groups.setdefault(who.identity, []).append((who, item))
    if not groups:
        raise GradingError(
            f"{place}: no submission in it. Expected notebooks, one a student: files, folders as Moodle, Canvas or "
            "nbgrader make them, or zips."
        )
    submissions, taken = [], set()
    for identity, group in sorted(groups.items()):
        key = _key(group[0][0])
        key = f"{key}-{short_digest(str(identity))}" if key in taken else key
        taken.add(key)
        submissions.append(_submission(key, group, marks, Path(unpacked)))
    return sorted(submissions, key=lambda submission: submission.key)


def _everything(place):
    """All items of the class; their first part is a student's."""
    if not place.exists():
        raise GradingError(f"{place}: no such folder or zip of submissions")
    if place.is_file():
        try:
            return _unwrapped(of_zip(place))
        except DAMAGED as error:
            raise GradingError(f"{place}: expected a folder or a zip of submissions, found {error}") from error
    items = of_folder(place)
    if items and items[0].parts == (".",):
        raise GradingError(f"{place} {items[0].problem}")
    submitted = place / "submitted"  # an nbgrader course, given as a whole
    if submitted.is_dir() and ((place / "gradebook.db").exists() or {item.parts[0] for item in items} == {"submitted"}):
        return of_folder(submitted)
    if len(items) == 1 and items[0].read and _is_zip(items[0]):
        return _only_zip(items[0])
    return _unwrapped(items)


def _only_zip(item):
    """A folder with nothing but a zip: the class's, if it looks so, else its one student's."""
    try:
        inside = _unwrapped(of_zip(item.path))
    except DAMAGED:
        return [item]
    students = {one.parts[0] for one in inside if one.read}
    return inside if len(students) > 1 or any(_of_a_platform(one) for one in inside) else [item]


def _unwrapped(items):
    """Without the one folder around everything that an export has when it is unpacked."""
    below = [item.below(1) for item in items if len(item.parts) > 1]
    wrapped = len({item.parts[0] for item in items}) == 1 and any(_of_a_platform(item) for item in below)
    return below if wrapped and not any(_of_a_platform(item) for item in items) else items


def _of_a_platform(item):
    who = _who(item)
    return bool(who and (who.moodle or who.canvas))


def _is_zip(item):
    return item.name.lower().endswith(".zip")


def _who(item):
    """The student whose item this is; None where it is nobody's, such as a list of marks beside the submissions."""
    first, is_top = item.parts[0], len(item.parts) == 1
    is_file = is_top and item.read is not None
    if found := MOODLE_FOLDER.fullmatch(first) or MOODLE_FILE.fullmatch(first):
        return Who(found["name"], moodle=found["number"])
    if is_top and (found := CANVAS_FILE.fullmatch(first)):
        return Who(found["name"], canvas=found["number"], late=bool(found["late"]))
    if is_top and (found := CANVAS_NAMELESS.fullmatch(first)):
        return Who(found["name"], late=bool(found["late"]))
    if is_file and first.lower().endswith(NOT_HANDED_IN):
        return None
    stem = re.sub(r"(?i)\.ipynb(\.txt|\.json)?$", "", first)
    return Who(stem if stem != first else first.rsplit(".", 1)[0] if is_file and "." in first[1:] else first)


def _key(who):
    slug = file_name(who.name)
    if number := who.moodle or who.canvas:
        return f"{slug}-{number}".lstrip("-")
    return slug if slug == who.name else f"{slug}-{short_digest(who.name)}".lstrip("-")


def _submission(key, group, marks, unpacked):
    """One student's submission, from all that was found of them."""
    who = group[0][0]
    items, problems = _opened([item for _, item in group])
    notebooks = sorted((one for one in items if one.read and NOTEBOOK.fullmatch(one.name)), key=lambda one: one.parts)
    item, data, cells, more_problems = _fullest(notebooks[:MOST_NOTEBOOKS], marks)
    problems += more_problems
    about = {"key": key, "student": one_line(who.name, longest=120) or key, "moodle": who.moodle, "canvas": who.canvas}
    late = ["handed in late"] if any(one.late for one, _ in group) else []
    if item is None:
        return Submission(path=None, reason="; ".join(problems) or _nothing(items), remarks=tuple(late), **about)
    count = {2: "two"}.get(len(notebooks), len(notebooks))
    chosen = [f"{count} notebooks were handed in; {_shown(item)} counts, which has most of the sheet's cells"]
    return Submission(
        path=item.path or _copied(data, unpacked / f"{key}.ipynb"),
        remarks=(*late, *(chosen if len(notebooks) > 1 else ()), *problems),
        fingerprint=sha256(data).hexdigest(),
        marks=cells,
        **about,
    )


def _opened(items):
    """The items with zips replaced by what is in them, and sentences about what could not be read."""
    opened, problems = [], [f"{_shown(item)} {item.problem}" for item in items if item.problem]
    for item in items:
        if item.read is None or not _is_zip(item):
            opened.append(item)
            continue
        try:
            inside = of_student_zip(item)
        except DAMAGED as error:
            problems.append(f"{_shown(item)} could not be opened: {one_line(error, longest=100) or 'damaged'}")
            continue
        opened += inside
        problems += [f"{_shown(one)} {one.problem}" for one in inside if one.problem]
    return opened, problems


def _fullest(notebooks, marks):
    """The notebook with most of the marks, its bytes, their number, and sentences about those that cannot be read."""
    best, content, most, problems = None, b"", -1, []
    for item in notebooks:
        try:
            data = item.read(LARGEST + 1)
        except DAMAGED as error:
            why = getattr(error, "strerror", None) or one_line(error, longest=100) or "damaged"
            problems.append(f"{_shown(item)} could not be read: {why}")
            continue
        if len(data) > LARGEST and item.path is None:
            problems.append(f"{_shown(item)} inflates to more than {LARGEST // 10**6} MB")
            continue
        count = sum(mark in data for mark in marks)  # no parsing: it may be anything
        if count > most:
            best, content, most = item, data, count
    return best, content, most, problems


def _nothing(items):
    found = [_shown(item) for item in items if item.read or len(item.parts) > 1]
    listed = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
    return f"no notebook was handed in; found {listed}" if found else "no notebook was handed in"


def _shown(item):
    """An item's name as a remark says it: without the student's own folder."""
    return one_line("/".join(item.parts[1:] or item.parts), longest=100)


def _copied(data, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)
