"""British spelling, held by hunspell's dictionary: lessons, sheets, pages, docstrings and the texts of errors."""

import re
import shutil
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from prose import LESSONS, MODULES, PAGES, SHEETS, asked_in, markdown_of, said_in, words_of

OUR_WORDS = Path(__file__).with_name("words.txt")


def dictionary():
    """Why no word can be looked up here; empty where hunspell has British English."""
    if shutil.which("hunspell") is None:
        return "hunspell is not installed"
    found = subprocess.run(["hunspell", "-D"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return "" if re.search(r"\ben_GB\b", found.stderr + found.stdout) else "hunspell has no British dictionary"


MISSING = dictionary()
needs_dictionary = pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} (Debian: apt-get install hunspell-en-gb)")


def our_words():
    lines = OUR_WORDS.read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


@cache
def places():
    """Every word that is checked, with the places where it stands."""
    texts = [found for path in (*PAGES, *LESSONS, *SHEETS) for found in markdown_of(path)]
    texts += [found for path in MODULES for found in said_in(path)]
    texts += [found for path in LESSONS for found in asked_in(path)]
    words = defaultdict(list)
    for place, text in texts:
        for word in words_of(text):
            words[word].append(place)
    return words


def unknown(words):
    """Those of the words that neither the dictionary nor the list of the field's words has."""
    command = ["hunspell", "-i", "utf-8", "-d", "en_GB", "-l"]
    found = subprocess.run(command, input="\n".join(sorted(words)), capture_output=True, text=True, check=True)
    ours = set(our_words())
    return {word for word in found.stdout.split() if not {word, word.lower()} & ours}


@needs_dictionary
def test_every_word_is_one_of_the_dictionary_or_of_the_fields():
    assert len(places()) > 4000
    misspelt = {word: places()[word][:3] for word in unknown(places())}
    assert misspelt == {}, "mend them; a word of the field or a name goes into tests/prose/words.txt"


@needs_dictionary
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The gradiant of a weight.", {"gradiant"}),
        ("Its `gradiant`, <!-- 02.gradiant --> and [a link](gradiant.md).", set()),
        ("The network’s colors aren't grey.", {"colors"}),
        ("Every batch_size that fc.fit(x) takes, and softmaxes.", set()),
        ("```\nteh\n```\nSoftmax of the teh.", {"teh"}),
    ],
)
def test_a_misspelling_is_found_and_code_is_not_read(text, wrong):
    assert unknown(words_of(text)) == wrong


def test_what_ends_in_ise_is_not_written_with_a_z():
    """The dictionary has both, the course has one. Titles of papers, with their capitals, keep theirs."""
    with_z = [word for word in places() if re.fullmatch(r"[a-z]+iz(e[sd]?|ing|ations?)", word)]
    assert {word: places()[word] for word in with_z if not word.endswith(("size", "sizes", "sized", "sizing"))} == {}


def test_the_list_of_our_words_is_sorted_and_every_word_is_used():
    groups = OUR_WORDS.read_text(encoding="utf-8").split("\n# ")[2:]
    assert len(groups) == 3
    for group in groups:
        words = group.partition("\n")[2].split()
        assert words == sorted(set(words))
    used = {form for word in places() for form in (word, word.lower())}
    assert [word for word in our_words() if word not in used] == []
