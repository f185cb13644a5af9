"""Markdown that means one thing everywhere: a wrapped line never begins a list, a heading or a rule by accident."""

import pytest
from markdown_it import MarkdownIt
from prose import LESSONS, PAGES, SHEETS, markdown_of

BEGUN = {"ordered_list_open", "bullet_list_open", "heading_open", "hr", "blockquote_open"}


def begun_in_a_paragraph(text):
    """The lines that end a paragraph although no empty line stands before them; an underlined heading is one too."""
    lines, tokens = text.splitlines(), MarkdownIt().parse(text)
    blocks = [token for token in tokens if token.map and token.nesting >= 0 and token.type != "inline"]
    ends = {token.map[1] for token in blocks if token.type == "paragraph_open" and token.level == 0}
    ended = [token.map[0] for token in blocks if token.type in BEGUN and token.level == 0 and token.map[0] in ends]
    underlined = [token.map[1] - 1 for token in blocks if token.type == "heading_open" and token.markup in ("=", "-")]
    return [lines[number] for number in sorted([*ended, *underlined]) if number < len(lines)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("There are 2 (p −\n1) of them.", ["1) of them."]),
        ("This is rank 0 of\n1. It is alone.", ["1. It is alone."]),
        ("Ten less three, 10\n- 3, is seven.", ["- 3, is seven."]),
        ("This one is lesson\n# 4 of twelve.", ["# 4 of twelve."]),
        ("Five is more\n> 4.", ["> 4."]),
        ("A line\n---\nof more.", ["---"]),
        ("The notebook is of\n2022. It has tables.", []),
        ("Three things:\n\n1. one\n2. two\n   of two\n3. three\n\nThe end.", []),
        ("# A heading\nA text of\n(1) and −1.\n\n- one\n- two", []),
    ],
)
def test_what_a_wrapped_line_begins_by_accident_is_found(text, found):
    assert begun_in_a_paragraph(text) == found


@pytest.mark.parametrize("path", [*PAGES, *LESSONS, *SHEETS], ids=lambda path: path.name)
def test_no_wrapped_line_begins_a_list_or_a_heading(path):
    texts = [(place, text) for place, text in markdown_of(path) if not text.startswith("---")]  # the front matter
    assert [(place, line) for place, text in texts for line in begun_in_a_paragraph(text)] == []
