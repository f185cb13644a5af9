"""Answers that are alike after renaming and reformatting: a reason to look at the submissions, not a proof.

An answer becomes a row of words; two answers are compared by the runs of words that they share. In a run the student's
own names are numbered in the order of their appearance: neither a renaming nor a line more elsewhere changes it.
Runs that the sheet or its solution has as well say nothing.

Code is judged apart from words, and each answer in words by itself: whoever copies the code and writes other words has
copied the code. One short function of many is often written alike by chance: of the code, all that two have written
must be alike, or a long answer.
"""

import builtins
import io
import keyword
import re
import tokenize
from dataclasses import dataclass
from itertools import combinations

RUN = 8  # words in a run
LEAST = 30  # runs that two must share, solution aside, in their code or an answer in words
ALIKE = 0.75  # share of the runs, of 1
LONG, SAME = 60, 0.9  # the same for one answer of code where the rest is not alike
LONGEST = 20_000  # characters of an answer that are compared
LAYOUT = {"(", ")", ",", ";", ":", "\\"}
KEPT_NAMES = {*keyword.kwlist, *dir(builtins), "self", "np", "torch", "nn", "F", "plt", "pd", "fc"}
SKIPPED = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Students of whom each has answers that are alike with another's; share: the least of two who are alike, of 1.

    answers: ids of the answers that are alike. identical: those that are the same text for all, names and all.
    """

    students: tuple
    share: float
    shared_runs: int
    answers: tuple
    identical: tuple


def similar(answers, *, solved):
    """The groups of students whose answers are alike, the most alike first; a group that shares more comes once more.

    answers: student → {answer id → source}. solved: answer id → (kind of cell, all that the sheet gives), of the
    solved sheet.
    """
    numbers = {}  # of runs: equal ones are one number, which compares faster
    known = {id: _numbered(runs(source, kind=kind), numbers) for id, (kind, source) in solved.items()}
    own = {
        student: {
            id: _numbered(runs(texts[id], kind=kind), numbers) - known[id]
            for id, (kind, _) in solved.items()
            if texts.get(id, "").strip()
        }
        for student, texts in answers.items()
    }
    found = {}
    for first, second in combinations(sorted(own), 2):
        for id, about in _alike(own[first], own[second], solved).items():
            found.setdefault(id, {})[first, second] = about
    groups = {}
    for id in sorted(found):
        for students in _connected(found[id]):
            groups.setdefault(students, []).append(id)
    made = [_group(students, ids, found, answers) for students, ids in groups.items()]
    return sorted(made, key=lambda group: (-group.share, -group.shared_runs, group.students))


def _numbered(found, numbers):
    return {numbers.setdefault(run, len(numbers)) for run in found}


def _alike(mine, theirs, solved):
    """The answers of two students that are alike by more than chance: id → how many runs they share, which share."""
    both = mine.keys() & theirs.keys()
    shared = {id: len(mine[id] & theirs[id]) for id in both}
    together = {id: len(mine[id]) + len(theirs[id]) - shared[id] for id in both}
    code = [id for id in both if solved[id][0] == "code"]
    of_code = sum(shared[id] for id in code)
    all_code = of_code >= max(LEAST, ALIKE * sum(together[id] for id in code))
    alike = {}
    for id in both:
        least, share = (LEAST, ALIKE) if id not in code else (1, ALIKE) if all_code else (LONG, SAME)
        if shared[id] >= max(least, share * together[id]):
            alike[id] = shared[id], shared[id] / together[id]
    return alike


def _connected(pairs):
    """The students of the pairs as sorted tuples: those together whom pairs connect."""
    group_of = {}
    for pair in pairs:
        together = {*pair}.union(*(group_of.get(student, ()) for student in pair))
        group_of |= dict.fromkeys(together, together)
    return sorted({tuple(sorted(group)) for group in group_of.values()})


def _group(students, ids, found, answers):
    about = [each for id in ids for pair, each in found[id].items() if pair[0] in students]
    same = tuple(id for id in ids if len({tuple(answers[student][id].split()) for student in students}) == 1)
    shared = sum(min(count for pair, (count, _) in found[id].items() if pair[0] in students) for id in ids)
    return Group(students, min(share for _, share in about), shared, tuple(ids), same)


def runs(source, *, kind="code"):
    """Every run of `RUN` words of an answer, a set; of code, or of prose where `kind` is "markdown"."""
    words = code_words(source[:LONGEST]) if kind == "code" else re.findall(r"\w+", source[:LONGEST].lower())
    return {_renamed(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def _renamed(run):
    """A run with the names in it replaced by numbers, the first one 0."""
    numbers = {}
    return tuple(numbers.setdefault(word, len(numbers)) if isinstance(word, Name) else word for word in run)


class Name(str):
    """A word of code that is a name of the student's own."""


def code_words(source):
    """The words of Python code without comments, docstrings and layout; the student's own names are `Name`s."""
    words = []
    for kind, text in _tokens(source):
        if kind == tokenize.NAME and text not in KEPT_NAMES and (not words or words[-1] != "."):
            text = Name(text)
        elif kind == tokenize.STRING:
            text = text.lstrip("rRbBuUfF").strip("'\"")
        words.append(text)
    return words


def _tokens(source):
    """Pairs of kind and text; of what is no Python, as far as it can be read."""
    found, starts_statement = [], True
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in SKIPPED:
                starts_statement = starts_statement or token.type in (tokenize.NEWLINE, tokenize.INDENT)
                continue
            if token.string not in LAYOUT and not (starts_statement and token.type == tokenize.STRING):
                found.append((token.type, token.string))
            starts_statement = False
    except (tokenize.TokenError, SyntaxError):  # an answer that does not run can still be a copy
        pass
    return found
