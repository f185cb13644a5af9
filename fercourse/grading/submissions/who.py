"""Whose a file or a folder is, as learning platforms, and people, name them."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from unicodedata import normalize

NOTEBOOK = re.compile(r".+\.ipynb(\.txt|\.json)?", re.IGNORECASE)  # browsers append .txt and .json
NOT_HANDED_IN = (
    ".csv",
    ".xlsx",
    ".ods",
    ".md",
    ".log",
    ".db",
    ".yml",
    ".yaml",
)  # what else lies in an instructor's folder
README = re.compile(r"(readme|liesmich|license|lizenz)(\.\w+)?", re.IGNORECASE)
STAMP = r"\d{4}-\d\d-\d\d[-_ T]\d\d[-_:.]?\d\d[-_:.]?\d\d"

MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_.*)?", re.DOTALL)
CANVAS_NAMELESS = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon_[a-zA-Z0-9]+)(?P<later>_LATE)?_(?:(?P<attempt>\d+)_.+|text\.html|link\.html)"
)
# Its numbers have no zero before them, and count all that was ever uploaded: 03, or a month, is none.
CANVAS = re.compile(
    r"(?P<name>[\w\x80-\U0010ffff-]+?)(?P<late>_LATE)?_(?P<number>[1-9]\d*)_"  # vowel signs and accents are no \w
    r"(?:(?P<attempt>[1-9]\d{2,})_(?P<file>.+)|text\.html|link\.html)"
)
BLACKBOARD = re.compile(rf"(?P<name>.+)_attempt_(?P<attempt>{STAMP})(?:_.+|\.txt)")
BRIGHTSPACE = re.compile(
    r"(?P<number>\d+)-(?P<other>\d+) - (?P<name>.+?) - (?P<attempt>[^-]*\d{4}[^-]*?\d[^-]*?)(?: - .+)?"
)
INBOUND = re.compile(rf"(?P<name>[^+]+)\+(?P<assignment>[^+]+)\+(?P<attempt>{STAMP}[^+]*)(?:\+.+)?")  # of nbgrader
SAKAI = re.compile(r"(?P<name>[^,()]+,[^()]+\([^()]+\))")
CLASSROOM = re.compile(r"(?P<name>.+?) - (?P<file>.+)")  # of Google, as far as the class looks like it
VERSION_WORDS = """
copy kopie copie copia of von de final draft entwurf version versions ver v rev backup old new alt neu first second
third last latest try attempt test tmp untitled checkpoint my mine fixed corrected done solution answer answers work
notes part submission
"""  # in the names of several files of one student
VERSION = re.compile(r"version[ _-]?(\d+)", re.IGNORECASE)  # a folder of Teams'
DATED = re.compile(r"\(\d+\)|(?<!\d)20\d{6}(\d{6})?(?!\d)")
PEOPLE, VERSIONS = "people", "versions"
ANYWHERE = (("moodle", MOODLE), ("brightspace", BRIGHTSPACE))
FILES = (("canvas", CANVAS_NAMELESS), ("canvas", CANVAS), ("blackboard", BLACKBOARD))
FOLDERS = (("nbgrader", INBOUND), ("sakai", SAKAI))


@dataclass(frozen=True)
class Who:
    """A student, as the name of a file or a folder tells. platform: which one made the name, "" where people did.

    number: the student's there. attempt: what sorts several of them. assignment: which one it is, where that is said.
    """

    name: str
    platform: str = ""
    number: str = ""
    late: bool = False
    attempt: tuple = ()
    assignment: str = ""

    @property
    def identity(self):
        """What tells students apart: the number and the name; neither alone does."""
        return self.platform and self.number, self.composed if self.number else self.name

    @property
    def composed(self):
        """The name with accents on their letters, which a Mac takes off."""
        return normalize("NFC", self.name)


def whose(items):
    """The student of each item, by the first part of its name; None where it is nobody's, such as a list of marks."""
    files = {item.parts[0] for item in items if len(item.parts) == 1 and item.read is not None}
    found = {item.parts[0]: who_of(item.parts[0], is_file=item.parts[0] in files) for item in items}
    for mend in (_without_shared_numbers, _not_one_for_all, _without_assignment, _of_classroom):
        found = mend(found)
    return [found[item.parts[0]] for item in items]


def who_of(name, *, is_file):
    """The student that one name tells, whatever else is there."""
    for platform, pattern in (*ANYWHERE, *(FILES if is_file else FOLDERS)):
        if found := pattern.fullmatch(name):
            return _made_by(platform, found.groupdict())
    if is_file and (name.lower().endswith(NOT_HANDED_IN) or name.lower() == "index.html" or _is_readme(name)):
        return None
    return Who(stem_of(name) if is_file or NOTEBOOK.fullmatch(name) else name)


def _is_readme(name):
    return bool(README.fullmatch(name)) and not NOTEBOOK.fullmatch(name)


def _made_by(platform, found):
    return Who(
        found["name"],
        platform,
        number=found.get("number") or "",
        late=bool(found.get("late") or found.get("later")),
        attempt=_sortable(found.get("attempt") or ""),
        assignment=found.get("assignment") or "",
    )


DATE = re.compile(r"(?:(\d{1,2})\.? )?([A-Za-z]{3})[a-z]*[.,]? (?:(\d{1,2}),? )?(\d{4}) (\d{1,2})[:. ]?(\d\d) ?([AP]?)")
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def _sortable(attempt):
    """A number, a date as computers write it, "Nov 2, 2025 1011 PM" or "2 November, 2025 2211", as what sorts."""
    if found := DATE.search(attempt):
        month = MONTHS.index(found[2].lower()) if found[2].lower() in MONTHS else 0
        hour = int(found[5]) % 12 + 12 * (found[7] == "P") if found[7] else int(found[5])
        return int(found[4]), month, int(found[1] or found[3] or 0), hour, int(found[6])
    return tuple(map(int, re.findall(r"\d+", attempt)))


def stem_of(name):
    """A file's name without its ending; ". Smith" is none."""
    stem = re.sub(r"(?i)\.ipynb(\.txt|\.json|\.zip)?$", "", name)
    return stem if stem != name else re.sub(r"(?<=.)\.\w*$", "", name)


def _without_shared_numbers(found):
    """A number that stands for different names is no student's: only the name counts, of a file all of it."""
    names = defaultdict(set)
    for who in found.values():
        if who and who.number:
            names[who.platform, who.number].add(who.composed)
    cleared = {}
    for top, who in found.items():
        is_shared = who is not None and len(names[who.platform, who.number]) > 1
        cleared[top] = _without_number(top, who) if is_shared else who
    return cleared


def _without_number(top, who):
    if who.platform == "brightspace":  # then the other one may be
        return replace(who, number=BRIGHTSPACE.fullmatch(top)["other"])
    return Who(stem_of(top)) if who.platform == "canvas" else replace(who, number="")


def _not_one_for_all(found):
    """Files of people's own that look like Canvas's, "ws_2025_101_anna.ipynb": there all would be one student."""
    files = {top: CANVAS.fullmatch(top) for top, who in found.items() if who and who.platform == "canvas"}
    files = {top: each for top, each in files.items() if each and NOTEBOOK.fullmatch(top)}
    attempts = Counter(each["attempt"] for each in files.values())  # Canvas gives no number twice
    found = found | {top: Who(stem_of(top)) for top, each in files.items() if attempts[each["attempt"]] > 1}
    files = {top: each for top, each in files.items() if attempts[each["attempt"]] == 1}
    for identity in {found[top].identity for top in files}:
        mine = {top: files[top] for top in files if found[top].identity == identity}
        is_all = len(mine) == len(files) and look_of([stem_of(each["file"]) for each in mine.values()]) == PEOPLE
        if len(mine) > 1 and is_all:
            found = found | {top: Who(stem_of(top)) for top in mine}
    return found


def _without_assignment(found):
    """Blackboard puts the assignment before the login; what all have before their last underscores is no name."""
    names = sorted({who.name for who in found.values() if who and who.platform == "blackboard"})
    if not names:
        return found
    shared = names[0]
    while not names[-1].startswith(shared):  # sorted: what the first and the last begin with, all do
        shared = shared[:-1]
    start = shared.rfind("_") + 1
    return {
        top: replace(who, name=who.name[start:]) if who and who.platform == "blackboard" else who
        for top, who in found.items()
    }


def _of_classroom(found):
    """ "Anna Smith - sheet.ipynb": only where what stands behind the dash is the same sheet for all."""
    files = [top for top, who in found.items() if who and not who.platform and NOTEBOOK.fullmatch(top)]
    split = {top: match for top in files if (match := CLASSROOM.fullmatch(found[top].name))}
    names, works = (sorted({match[part] for match in split.values()}) for part in ("name", "file"))
    is_one_sheet = len(works) == 1 or (works and look_of(works) == VERSIONS)
    if len(split) < len(files) or len(names) < 2 or look_of(names) != PEOPLE or not is_one_sheet:
        return found
    return found | {top: Who(match["name"], "classroom") for top, match in split.items()}


def look_of(names):
    """Whether names are those of people, who differ in a word, or of versions of one thing; "" if it cannot be told.

    "team_1" and "team_2" may be both.
    """
    words = [words_of(name) for name in names]
    shared = set.intersection(*map(set, words))
    cores = [tuple(word for word in each if word not in shared) for each in words]
    if not any(cores):
        return "" if _are_numbered(names) else VERSIONS
    are_names = all(any(len(word) > 1 for word in core) for core in cores)
    return PEOPLE if are_names and len(set(cores)) == len(cores) else ""


def _are_numbered(names):
    """Whether names differ in a number that no word, date or bracket makes that of a version."""
    numbers = [tuple(re.findall(r"(?<![^\W_(])\d+(?![^\W_)])", re.sub(DATED, "", name))) for name in names]
    words = {word.strip("0123456789") for name in names for word in re.findall(r"[^\W_]+", name.lower())}
    is_each_another = len(set(numbers)) == len(names) and len(set(map(len, numbers))) == 1
    return is_each_another and not words & set(VERSION_WORDS.split())


def words_of(name):
    """The words of a name, without those that tell versions apart: "final", "2", a date; numbers of students count."""
    found = []
    for word in re.findall(r"[^\W_]+", name.lower()):
        letters = word.strip("0123456789")
        is_number = len(word) > 4 and not re.fullmatch(r"20\d{6}(\d{6})?", word)
        if (letters and letters not in VERSION_WORDS.split()) or (not letters and is_number):
            found.append(word)
    return found
