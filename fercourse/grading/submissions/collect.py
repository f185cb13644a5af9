"""The submissions of a class, one for each student, from a folder or a zip as people, Moodle, Canvas, nbgrader make it.

Nothing is written where the submissions lie. Notebooks out of zips are copied into a folder of the caller's.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fercourse.errors import GradingError
from fercourse.grading.submissions.handed_in import DAMAGED, LARGEST, of_file, of_folder, of_student_zip, of_zip
from fercourse.grading.submissions.layout import class_of
from fercourse.grading.submissions.who import NOTEBOOK, VERSION, whose
from fercourse.grading.text import file_name, one_line, short_digest

MOST_NOTEBOOKS = 50
NOT_THEIRS = "Feedback Attachment(s)"  # what Sakai gives back
NO_ANSWER = (b"Write your answer here.", b"YOUR CODE HERE", b"YOUR ANSWER HERE")  # what stands where nothing is written
SOLVED = b"### BEGIN SOLUTION"  # in the instructor's, as where a student packs the whole course: no answer is theirs
WHY = (
    *("which has most of the sheet's cells", "the latest of them", "which has most answers in it"),
    *("the latest of them", "the longest of them"),
)  # what each part of a rank says
NOT_OPENED = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".py")  # .zip: within a zip. Answers may be in them


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


def collect(place, *, marks, unpacked):
    """The submissions in `place`, a folder, a zip or a notebook, sorted by key: exactly one for each student.

    marks: bytes that the sheet's notebooks have in them; of several notebooks the latest with most of them counts.
    unpacked: a folder for notebooks that come out of zips.
    Raises GradingError where there is no such place, no submission in it, or no telling a student from a class.
    """
    groups = {}
    items = _everything(Path(place), marks)
    for who, item in zip(whose(items), items, strict=True):
        if who:
            groups.setdefault(who.identity, []).append((who, item))
    if not groups:
        raise GradingError(
            f"{place}: no submission in it. Expected notebooks, one a student: files, folders as Moodle, Canvas or "
            "nbgrader make them, or zips."
        )
    students = [_student(group, marks) for _, group in sorted(groups.items())]
    assignments = _assignments_of_the_sheet(students)
    submissions, taken = [], set()
    for student in students:
        key = _key(student.who)
        key = f"{key}-{short_digest(str(student.who.identity))}" if key in taken else key
        taken.add(key)
        submissions.append(_submission(key, student, assignments, Path(unpacked)))
    return sorted(submissions, key=lambda submission: submission.key)


def _everything(place, marks):
    """All items of the class; their first part is a student's."""
    if not place.exists():
        raise GradingError(f"{place}: no such folder or zip of submissions")
    if place.is_file() and NOTEBOOK.fullmatch(place.name):
        return [of_file(place)]
    if place.is_file():
        try:
            return class_of(of_zip(place), place=place, marks=marks, packed=True)
        except DAMAGED as error:
            raise GradingError(f"{place}: expected a folder or a zip of submissions, found {error}") from error
    items = of_folder(place)
    if items and items[0].parts == (".",):
        raise GradingError(f"{place} {items[0].problem}")
    return class_of(items, place=place, marks=marks, packed=False)


def _key(who):
    slug = file_name(who.name)
    if who.number:
        return f"{slug}-{who.number}".lstrip("-")
    return slug if slug == who.name else f"{slug}-{short_digest(who.name)}".lstrip("-")


@dataclass(frozen=True)
class _Notebook:
    """A notebook that can be read. count: of marks in it. attempt: what sorts a student's. assignment: its folder.

    empty: how many answers are not begun, as in the sheet that students often hand in beside their own. size: bytes.
    """

    item: object
    count: int
    empty: int
    size: int
    attempt: tuple
    assignment: str


@dataclass(frozen=True)
class _Student:
    """What was found of one student: items with zips opened, the notebooks among them, and sentences on problems."""

    who: object
    late: bool
    items: list
    notebooks: list
    problems: list


def _student(group, marks):
    items, problems = [], []
    for who, item in group:
        inside, why = _opened(item)
        items += [(who, one) for one in inside]
        problems += why
    notebooks = [(who, item) for who, item in items if item.read and NOTEBOOK.fullmatch(item.name)]
    notebooks = sorted(notebooks, key=lambda found: found[1].parts)
    if len(notebooks) > MOST_NOTEBOOKS:
        problems.append(f"only the first {MOST_NOTEBOOKS} of {len(notebooks)} notebooks were looked at")
    readable = []
    for who, item in notebooks[:MOST_NOTEBOOKS]:
        data, why = _read(item)
        if why:
            problems.append(why)
        elif NOT_THEIRS not in item.parts:
            folder = item.parts[1] if len(item.parts) > 2 else ""
            count = sum(mark in data for mark in marks)  # no parsing: it may be anything
            empty = count if SOLVED in data else sum(map(data.count, NO_ANSWER))
            attempt, assignment = _attempt(who, item), who.assignment or folder
            readable.append(_Notebook(item, count, empty, len(data), attempt, assignment))
    late = any(who.late for who, _ in group)
    return _Student(group[0][0], late, [item for _, item in items], readable, problems)


def _opened(item):
    """The item, or what is in it where it is a zip; and sentences about what could not be read."""
    problems = [f"{_shown(item)} {item.problem}"] if item.problem else []
    if item.read is None or not item.name.lower().endswith(".zip"):
        return [item], problems
    try:
        inside = of_student_zip(item)
    except DAMAGED as error:
        return [], [f"{_shown(item)} could not be opened: {one_line(error, longest=100) or 'damaged'}"]
    return inside, [f"{_shown(one)} {one.problem}" for one in inside if one.problem]


def _read(item):
    """A notebook's bytes, and why it cannot be read or ""."""
    try:
        data = item.read(LARGEST + 1)
    except DAMAGED as error:
        why = getattr(error, "strerror", None) or one_line(error, longest=100) or "damaged"
        return b"", f"{_shown(item)} could not be read: {why}"
    if len(data) > LARGEST and item.path is None:
        return b"", f"{_shown(item)} inflates to more than {LARGEST // 10**6} MB"
    return data, ""


def _attempt(who, item):
    """What sorts the attempts of a student: what the platform says, a folder "Version 2", or a time before a name."""
    versions = [int(found[1]) for part in item.parts if (found := VERSION.fullmatch(part))]
    times = [int(found[1]) for found in [re.match(r"(20\d{12})_", item.name)] if found]
    return (*who.attempt, *versions, *times)


def _assignments_of_the_sheet(students):
    """Where students have folders of the same names, one an assignment: the names of those that hold this sheet."""
    most, held_by = {}, {}
    for student in students:
        for notebook in student.notebooks:
            most[notebook.assignment] = max(most.get(notebook.assignment, 0), notebook.count)
            held_by.setdefault(notebook.assignment, set()).add(student.who.identity)
    shared = {name for name, holders in held_by.items() if name and len(holders) > 1}
    if not shared:
        return None
    return {name for name, count in most.items() if name not in shared or 2 * count >= max(most.values())}


def _submission(key, student, assignments, unpacked):
    """One student's submission, from all that was found of them."""
    who = student.who
    about = {"key": key, "student": one_line(who.name, longest=120) or key}
    about |= {"moodle": who.number} if who.platform == "moodle" else {}
    about |= {"canvas": who.number} if who.platform == "canvas" else {}
    late = ["handed in late"] if student.late else []
    notebooks = [one for one in student.notebooks if assignments is None or one.assignment in assignments]
    if not notebooks:
        reason = "; ".join(student.problems) or _nothing(student.items)
        return Submission(path=None, reason=reason, remarks=tuple(late), **about)
    ranked = _ranked(notebooks)
    chosen = ranked[-1][1]
    data, _ = _read(chosen.item)
    return Submission(
        path=chosen.item.path or _copied(data, unpacked / f"{key}.ipynb"),
        remarks=(*late, *_which_counts(ranked), *student.problems, *_not_opened(student.items)),
        fingerprint=sha256(data).hexdigest(),
        marks=chosen.count,
        **about,
    )


def _ranked(notebooks):
    """Pairs of rank and notebook, the one that counts last; of equals the first.

    Of those with about as much of the sheet as any it is the latest, then the fullest.
    """
    most = max(notebook.count for notebook in notebooks)
    are_dated = all(one.item.when for one in notebooks)
    ranks = [
        (2 * one.count >= most, one.attempt, one.count - one.empty, one.item.when if are_dated else (), one.size)
        for one in notebooks
    ]
    return sorted(zip(ranks, notebooks, strict=True), key=lambda pair: (pair[0], -notebooks.index(pair[1])))


def _which_counts(ranked):
    """What a remark says of several notebooks: which counts, and in what it first differs from the next one."""
    if len(ranked) == 1:
        return []
    (next_rank, _), (rank, chosen) = ranked[-2:]
    why = next((why for why, one, other in zip(WHY, rank, next_rank, strict=True) if one != other), WHY[0])
    count = {2: "two"}.get(len(ranked), len(ranked))
    return [f"{count} notebooks were handed in; {_shown(chosen.item)} counts, {why}"]


def _not_opened(items):
    """A sentence about what else the student handed in beside the notebook that counts, and meant to be read."""
    found = [item for item in items if item.read and item.name.lower().endswith(NOT_OPENED)]
    return [f"handed in as well, and not opened: {_listed(found)}"] if found else []


def _nothing(items):
    found = [item for item in items if item.read or len(item.parts) > 1]
    return f"no notebook was handed in; found {_listed(found)}" if found else "no notebook was handed in"


def _listed(items):
    return ", ".join(map(_shown, items[:3])) + (", …" if len(items) > 3 else "")


def _shown(item):
    """An item's name as a remark says it: without the student's own folder."""
    return one_line("/".join(item.parts[1:] or item.parts), longest=100)


def _copied(data, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)
