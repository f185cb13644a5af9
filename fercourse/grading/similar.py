"""Answers that are alike after renaming and reformatting: a reason to look at two submissions, not a proof.

An answer becomes a row of words; two answers are compared by the runs of words that they share. In a run the student's
own names are numbered in the order of their appearance: neither a renaming nor a line more elsewhere changes it.
Runs that the solved sheet has as well say nothing.
"""

import builtins
import io
import keyword
import re
import tokenize
from dataclasses import dataclass
from itertools import combinations

RUN = 8  # words in a run
LEAST = 30  # runs that a pair must share, solution aside: short answers are alike by chance
ALIKE = 0.75  # share of the runs, of 1
LONGEST = 20_000  # characters of an answer that are compared
LAYOUT = {"(", ")", ",", ";", ":", "\\"}
KEPT_NAMES = {*keyword.kwlist, *dir(builtins), "self", "np", "torch", "nn", "F", "plt", "pd", "fc"}
SKIPPED = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two students whose answers are alike; share: of the runs that either has, between 0 and 1.

    answers: ids of the answers that are alike. identical: those that are the same text, names and all.
    """

    first: str
    second: str
    share: float
    shared_runs: int
    answers: tuple
    identical: tuple


def similar(answers, *, solved):
    """The pairs of students whose answers are alike, the most alike first.

    answers: student → {answer id → source}. solved: answer id → (kind of cell, source), of the solved sheet.
    """
    known = {id: runs(source, kind=kind) for id, (kind, source) in solved.items()}
    own = {
        student: {id: runs(texts[id], kind=solved[id][0]) - known[id] for id in solved if texts.get(id, "").strip()}
        for student, texts in answers.items()
    }
    pairs = [
        _pair(first, second, own, answers)
        for first, second in combinations(sorted(own), 2)
        if _shared(own[first], own[second]) >= LEAST
    ]
    return sorted((pair for pair in pairs if pair.share >= ALIKE), key=lambda pair: (-pair.share, -pair.shared_runs))


def _shared(first, second):
    return sum(len(first[id] & second[id]) for id in first.keys() & second.keys())


def _pair(first, second, own, answers):
    mine, theirs = own[first], own[second]
    shared = _shared(mine, theirs)
    # Answers that only one of them gave do not make a copy of the others less of one.
    both = sorted(id for id in mine.keys() & theirs.keys() if mine[id] or theirs[id])
    together = sum(len(mine[id] | theirs[id]) for id in both)
    alike = tuple(id for id in both if _share(mine[id], theirs[id]) >= ALIKE)
    same = tuple(id for id in alike if answers[first][id].split() == answers[second][id].split())
    return Pair(first, second, shared / together, shared, alike, same)


def _share(first, second):
    return len(first & second) / len(first | second)


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
