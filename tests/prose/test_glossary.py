"""The glossary: every term that a lesson sets off, once, in order, with a link to the part that explains it."""

import re
from urllib.parse import unquote

import nbformat
import pytest
from prose import COURSE, LESSONS, markdown_of, prose_of

from fercourse.data.faces import EMOTIONS

PAGE = COURSE / "docs" / "glossary.md"
ENTRY = re.compile(r"^- \*\*(?P<term>.+?)\*\*: (?P<said>.*?)\s+\[(?P<link>[^\]]+)\]\((?P<to>\S+)\)$", re.DOTALL)
ONLY_STRESSED = set(
    (COURSE / "tests" / "prose" / "stressed.txt").read_text(encoding="utf-8").split("\n\n", 1)[1].strip().split("\n")
)
"""What lessons set off though it is no term: a word that is stressed, a name in a table."""
LONGEST_TERM = 3  # words; what is longer is a sentence


def entries():
    """(letter, term, what is said of it, words of the link, its address) for each line of the glossary."""
    text = PAGE.read_text(encoding="utf-8")
    for part in text.split("\n## ")[1:]:
        letter, _, lines = part.partition("\n")
        for line in re.split(r"\n(?=- )", lines.strip()):
            yield letter, *ENTRY.match(line).group("term", "said", "link", "to")


TERMS = [term for _, term, *_ in entries()]
lessons = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def section(path, heading):
    """The prose of a lesson below one of its headings, on one line, the heading included."""
    text = "\n\n".join(text for _, text in markdown_of(path))
    parts = re.split(r"^#{2,3} (.*)$", text, flags=re.MULTILINE)
    return " ".join(" ".join(parts[parts.index(heading) :][:2]).split())


def set_off(markdown):
    """What stands in italics or bold letters, without code and references."""
    prose = prose_of(markdown.partition("## References")[0])
    return [
        " ".join((bold or slanted).split())
        for bold, slanted in re.findall(r"\*\*([^*]+)\*\*|(?<![\w*])\*([^*\n][^*]*)\*", prose)
    ]


def test_every_term_stands_once_below_its_letter_and_in_the_order_of_the_alphabet():
    assert len(TERMS) == len({term.lower() for term in TERMS}) > 120
    assert sorted(TERMS, key=lambda term: re.sub(r"[^\w ]", "", term.casefold())) == TERMS
    assert all(term.upper().startswith(letter.upper()) for letter, term, *_ in entries())


def test_a_term_is_explained_in_one_or_two_sentences_that_can_be_read_aloud():
    for _, term, said, *_ in entries():
        sentences = re.split(r"(?<=[.?])\s+(?=[A-Z])", " ".join(said.split()))
        assert len(sentences) <= 2, term
        assert max(len(sentence.split()) for sentence in sentences) <= 35, term
        assert re.fullmatch(r"[A-Z0-9].*[.?]", sentences[0]), term
        assert sentences[-1].endswith((".", "?")), term


def test_the_part_that_a_term_links_to_has_the_term():
    for _, term, _, link, to in entries():
        file, _, anchor = to.partition("#")
        number, _, heading = link.partition(", ")
        path = COURSE / "lessons" / file.removeprefix("lessons/").replace(".ipynb", ".py")
        assert path.stem.split("_")[0] == number, term
        assert unquote(anchor) == heading.replace(" ", "-"), term
        assert re.search(rf"(?<!\w){re.escape(term)}", section(path, heading), re.IGNORECASE), term


@lessons
def test_every_term_that_a_lesson_sets_off_is_in_the_glossary(path):
    known = re.compile("|".join(re.escape(term) for term in sorted(TERMS, key=len, reverse=True)), re.IGNORECASE)
    found = {phrase for _, text in markdown_of(path)[1:] for phrase in set_off(text)}
    terms = {phrase for phrase in found if len(phrase.split()) <= LONGEST_TERM and phrase[-1].isalnum()}
    unknown = {phrase for phrase in terms - set(EMOTIONS) - ONLY_STRESSED if not known.search(phrase)}
    assert unknown == set(), "each goes into docs/glossary.md, or where it is no term into tests/prose/stressed.txt"


@lessons
@pytest.mark.parametrize(("folder", "link"), [("notebooks", "../docs/glossary.md"), ("docs/lessons", "../glossary.md")])
def test_a_lesson_leads_to_the_glossary_from_its_first_cell(path, folder, link):
    notebook = COURSE / folder / f"{path.stem}.ipynb"
    assert f"]({link})" in nbformat.read(notebook, as_version=4).cells[0].source
    assert (notebook.parent / link).resolve() == PAGE


def test_what_is_listed_as_only_stressed_is_set_off_somewhere_and_no_term():
    found = {phrase for path in LESSONS for _, text in markdown_of(path) for phrase in set_off(text)}
    assert found >= ONLY_STRESSED
    assert not ONLY_STRESSED & set(TERMS)
