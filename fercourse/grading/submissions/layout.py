"""What of a folder or a zip is the class, without the folders and zips around it: one student never stands for all."""

import re

from fercourse.errors import GradingError
from fercourse.grading.submissions.handed_in import DAMAGED, LARGEST, MOST_MEMBERS, of_student_zip, of_zip
from fercourse.grading.submissions.who import (
    NOTEBOOK,
    PEOPLE,
    VERSION,
    VERSIONS,
    Who,
    look_of,
    stem_of,
    who_of,
    words_of,
)

SELECTED = {  # the folder of what was handed in → what lies beside it
    "submitted": {"source", "release", "autograded", "feedback", "nbgrader_config.py", "header.ipynb"},
    "inbound": {"outbound", "feedback"},
    "Submitted files": {"Working files"},
}
DRIVE = re.compile(r".+-\d{8}T\d{6}Z(-\d+)?-\d{3}(\.zip)?")  # what Google Drive calls a folder that it packs
CLASS_WORDS = """
submissions submitted abgabe abgaben einreichung einreichungen rendus entregas class classroom klasse course
courses kurs group groups gruppe gruppen groupe groupes section sections tutorial tutorium students studierende sheet
sheets blatt exercise exercises uebung übung homework homeworks hw assignment assignments aufgabe aufgaben handed
collected download downloads notebooks week woche lab labs ps gradebook feedback exchange inbound files late
verspätet verspaetet nachzügler nachzuegler resubmissions
"""  # in the name of a folder around those of a class
STUDENT, CLASS, EITHER, UNCLEAR = "student", "class", "either", "unclear"


def class_of(items, *, place, marks, packed, is_generic=False):
    """The items of the class: the first part of each is a student's.

    marks: as in `collect`. packed: whether they come out of a zip. is_generic: whether a folder around them has a
    name such as "submissions". Raises GradingError where it cannot be told whether a folder is a student or a class.
    """
    tops = _by_top(items)
    if selected := _selected(tops):
        return [item.below(1) for item in tops[selected] if len(item.parts) > 1]
    containers = {top: inside for top, found in tops.items() if (inside := _inside(found)) is not None}
    others = [item for top, found in tops.items() if top not in containers for item in found]
    is_file = any(NOTEBOOK.fullmatch(item.name) for item in others)
    if not containers or _of_platforms(tops):
        _check_is_not_there_twice(place, tops, containers)
        return items
    if is_file:
        _check_none_is_a_class(place, containers, marks)
        return items
    about = {"marks": marks, "packed": packed or all(map(_is_file, tops.values())), "is_generic": is_generic}
    kinds = {}
    for top, inside in containers.items():
        kinds[top] = _kind(top, inside, alone=len(containers) == 1, **about)
        if kinds[top] == STUDENT:
            _check_none_is_a_class(place, containers, marks)
            return items
    of_one = [top for top, inside in containers.items() if _is_generic(top) and any(map(_may_be_one, inside))]
    if CLASS in kinds.values() or (len(kinds) == 1 and of_one and EITHER in kinds.values()):
        classes = {}
        for top, inside in containers.items():
            around = about | {"is_generic": is_generic or _is_generic(top)}
            classes[top] = class_of(_unwrapped(inside) if DRIVE.fullmatch(top) else inside, place=place, **around)
        _check_names(place, {top: each for top, each in classes.items() if not DRIVE.fullmatch(top)}, marks)
        return [*others, *(item for each in classes.values() for item in each)]
    if UNCLEAR in kinds.values():
        _refuse(place, {top: containers[top] for top, kind in kinds.items() if kind == UNCLEAR})
    return items


def _is_generic(name):
    return any(word.strip("0123456789") in CLASS_WORDS.split() for word in words_of(name))


def _unwrapped(items):
    """Without the one folder around everything."""
    tops = _by_top(items)
    return (_inside(*tops.values()) or items) if len(tops) == 1 else items


def _by_top(items):
    tops = {}
    for item in items:
        if item.parts != (".",):
            tops.setdefault(item.parts[0], []).append(item)
    return tops


def _selected(tops):
    """The folder that holds what was handed in, where what lies beside it says so."""
    for name, beside in SELECTED.items():
        others = {top for top in tops if top != name and not _is_list(top, tops[top])}
        is_course = "gradebook.db" in tops or {"source", "release"} & others
        if any(len(item.parts) > 1 for item in tops.get(name, ())) and (others <= beside or is_course):
            return name
    return None


def _is_list(top, items):
    return _is_file(items) and who_of(top, is_file=True) is None


def _is_file(items):
    return len(items) == 1 and len(items[0].parts) == 1 and items[0].read is not None


def _who(top, items):
    return who_of(top, is_file=_is_file(items)) or Who("")


def _inside(items):
    """What a folder or a zip holds; None for any other file, and for a zip that cannot be opened."""
    first = items[0]
    if len(items) > 1 or len(first.parts) > 1 or first.read is None:
        return None if first.problem else [item.below(1) for item in items if len(item.parts) > 1]
    if not first.name.lower().endswith(".zip"):
        return None
    try:
        inside = of_zip(first.path) if first.path else [one.below(1) for one in of_student_zip(first)]
    except DAMAGED:
        return None
    return inside if len(inside) <= MOST_MEMBERS else None


def _kind(top, items, *, marks, packed, alone, is_generic):
    """Whether a folder or a zip is one student's or a class."""
    is_generic = is_generic or _is_generic(top)
    tops = {inner: found for inner, found in _by_top(items).items() if not _is_list(inner, found)}
    if _selected(tops) or len(_of_platforms(tops)) > (0 if alone else 1) or (tops and DRIVE.fullmatch(top)):
        return CLASS
    if tops and all(len(_of_platforms(_by_top(_inside(found) or ()))) > 1 for found in tops.values()):
        return CLASS  # of several downloads
    if len(tops) == 1 and (inside := _inside(*tops.values())):
        return _kind(*tops, inside, marks=marks, packed=packed, alone=alone, is_generic=is_generic)
    holders = _with_most(tops, marks)
    folders = {inner for inner, found in tops.items() if not _is_file(found) and not found[0].problem}
    if len(holders) < 2:
        return (CLASS if len(folders) > 1 else EITHER) if is_generic else STUDENT
    looks = look_of([stem_of(holder) for holder in holders])
    if looks == VERSIONS:
        if all(map(VERSION.fullmatch, holders)):
            return STUDENT
        return UNCLEAR if is_generic and (alone or _is_generic(top)) else STUDENT
    is_sure = is_generic or folders.issuperset(holders) or (alone and (packed or len(holders) > 2))
    return CLASS if looks == PEOPLE and is_sure else UNCLEAR


def _of_platforms(tops):
    return {who.identity for top in tops.items() if (who := _who(*top)).platform}


def _with_most(tops, marks):
    """The names of what holds a notebook with about as much of the sheet as any, or any at all where none has it."""
    holders = [top for top, items in tops.items() if any(_may_be_one(item) for item in items)]
    if len(holders) < 2:
        return holders
    scores = {top: _score(tops[top], marks) for top in holders}
    return [top for top, score in scores.items() if 0 <= max(scores.values()) <= 2 * score]


def _may_be_one(item):
    return item.read is not None and (NOTEBOOK.fullmatch(item.name) or item.name.lower().endswith(".zip"))


def _score(items, marks):
    """The most marks in one of the notebooks, of those in zips as well; -1 where there is none."""
    opened = [_inside([item.below(len(item.parts) - 1)]) for item in items if item.name.lower().endswith(".zip")]
    items = [*items, *(one for inside in opened if inside for one in inside)]
    notebooks = [item for item in items if item.read is not None and NOTEBOOK.fullmatch(item.name)]
    return max((marks_in(item, marks) for item in notebooks), default=-1)


def marks_in(item, marks):
    """How many of the marks a notebook has; 0 where it cannot be read."""
    try:
        data = item.read(LARGEST + 1)
    except DAMAGED:
        return 0
    return sum(mark in data for mark in marks)  # no parsing: it may be anything


def _check_is_not_there_twice(place, tops, containers):
    """Raise GradingError where a platform's download lies beside what it holds: it would become one more student."""
    beside = _of_platforms(tops)
    for top, inside in containers.items():
        theirs = _of_platforms(_by_top(_unwrapped(inside)))
        if not _who(top, tops[top]).platform and len(theirs) > 1 and theirs <= beside:
            raise GradingError(
                f"{place}: expected each student once, found all of {top} beside it. Remove one of both."
            )


def _check_none_is_a_class(place, containers, marks):
    """Raise GradingError where one of the folders and zips beside students is a class: it would become one student."""
    about = {"marks": marks, "packed": False, "alone": False, "is_generic": False}
    several = {top: inside for top, inside in containers.items() if sum(map(bool, map(_may_be_one, inside))) > 1}
    classes = {top: inside for top, inside in several.items() if _kind(top, inside, **about) == CLASS}
    if classes:
        _refuse(place, classes)


def _check_names(place, classes, marks):
    """Raise GradingError where people of one name are in two classes with this sheet; platforms number theirs."""
    scores = {}
    for top, items in classes.items():
        for name, found in _by_top(items).items():
            who = _who(name, found)
            if who.name and not who.platform:
                scores.setdefault(who.name, {})[top] = _score(found, marks)
    for name, each in sorted(scores.items()):
        alike = sorted(top for top, score in each.items() if 0 < max(each.values()) <= 2 * score)
        if len(alike) > 1:
            raise GradingError(
                f"{place}: expected each student once, found {name} in {' and in '.join(alike)}. Give two students "
                "different names; of one student leave only what counts."
            )


def _refuse(place, containers):
    top, items = min(containers.items())
    found = ", ".join(["/".join(item.parts) for item in items if _may_be_one(item)][:6])
    raise GradingError(
        f"{place}: cannot tell whether {top} is one student or a class; found in it {found}. "
        "For a class give the folder that holds these (unpacked, if it is in a zip), or put them beside the others; "
        "for one student leave only the notebook that counts in it."
    )
