"""Notebooks and links on their way into the site, before mkdocs has them."""

import ast
import re

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fercourse.course.building.build import read_notebook
from fercourse.course.building.compose import linked_from_anywhere
from fercourse.course.checkout import Course, find_course
from fercourse.course.site.guess_form import awaited, guess_form, revealed, right_option
from fercourse.course.site.links import page_sources, relinked
from fercourse.course.site.notebook_page import notebook_page
from fercourse.errors import ParameterError

COURSE = find_course(__file__)
LESSONS = sorted(COURSE.pages.glob("*.ipynb"))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def shown(text, *, kind=None, **more):
    metadata = {"fercourse": {"kind": kind, **more}} if kind else {}
    return new_output("display_data", data={"text/plain": text}, metadata=metadata)


def question(id, *options):
    text = "Which?\n" + " · ".join(options)
    return new_code_cell("ask", outputs=[shown(text, kind="question", id=id, question="Which?")])


def answer(id, truth):
    return new_code_cell("tell", outputs=[shown(f"The answer: {truth}.", kind="guess", id=id, truth=truth)])


def figure(text):
    return new_code_cell("show", outputs=[shown(text)])


def test_what_shows_an_answer_waits_from_the_question_to_the_first_words_after_the_answer():
    words, late = new_markdown_cell("So it was.\n\n## Next\n\nOn."), new_markdown_cell("Later.")
    cells = [figure("before"), question("1", "a", "b"), figure("hint"), answer("1", "a"), figure("same"), words, late]
    assert awaited(cells) == [[], [], ["1"], ["1"], ["1"], ["1"], []]


def test_what_lies_between_two_questions_and_both_answers_waits_for_both_guesses():
    questions = [question("1", "a", "b"), question("2", "a", "b")]
    cells = [*questions, figure("hint"), answer("2", "a"), new_markdown_cell("So.")]
    assert awaited(cells) == [[], ["1"], ["1", "2"], ["1", "2"], ["2"]]
    assert awaited([*cells, figure("hint"), answer("1", "b")])[5:] == [["1"], ["1"]]


def test_a_page_folds_the_answer_and_the_words_about_it_but_not_the_question_and_the_next_heading():
    words = new_markdown_cell("It is a.\n\n## Next\n\nOn.")
    cells = [new_markdown_cell("# Title\n\nWords."), question("1", "a", "b"), answer("1", "a"), words]
    text = notebook_page(new_notebook(cells=cells), name="toy", buttons="<p>Here</p>").markdown
    assert text.startswith("# Title\n\n<p>Here</p>\n\nWords.")
    before, first, second = text.split('<details class="answer" data-waits-for="1"')
    assert "<legend>Which?</legend>" in before
    assert "The answer: a." in first.partition("</details>")[0]
    folded, _, after = second.partition("</details>")
    assert "It is a." in folded
    assert after.strip() == "## Next\n\nOn."


def test_outputs_are_escaped_and_pictures_keep_their_words_and_their_size():
    picture = new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure>"})
    picture.metadata = {"image/png": {"alt": 'across: "rate" & <share>'}}
    stream = new_output("stream", text="1 < 2 & \x1b[31mred\x1b[0m\n")
    style = new_output("display_data", data={"text/html": "<style>b {}</style>", "text/plain": ""})
    cell = new_code_cell("draw", outputs=[picture, stream, style], id="the-cell")
    page = notebook_page(new_notebook(cells=[new_markdown_cell("# T"), cell]), name="toy")
    (name,) = page.pictures
    assert page.pictures[name].startswith(b"\x89PNG")
    assert f'src="{name}" alt="across: &quot;rate&quot; &amp; &lt;share&gt;"' in page.markdown
    assert 'width="1" height="1"' in page.markdown
    assert "<pre>1 &lt; 2 &amp; red</pre>" in page.markdown
    assert "<style>" not in page.markdown


def test_an_interval_and_a_share_in_what_a_cell_showed_are_not_broken_over_two_lines():
    frame = pd.DataFrame({"95 %": ["± 2.0"], "points": ["+4.8 of 100"]}, ["clear, 36.9 % of 3"])
    table = new_output("display_data", data={"text/html": frame.to_html(), "text/plain": str(frame)})
    line = new_output("stream", text="+1.4 ± 0.9 points, a ± b, 50 % or 5 of 7\n")
    cell = new_code_cell('print(f"{points:+.1f} ± 0.9, 95 %")', outputs=[table, line])
    page = notebook_page(new_notebook(cells=[new_markdown_cell("# T"), cell]), name="toy").markdown
    code, shown = page.split('<div class="output"')
    assert "± 0.9, 95 %" in code
    assert re.findall(r">([^<>]*[±%][^<>]*)<", shown) == [
        "95\N{NO-BREAK SPACE}%",
        "clear, 36.9\N{NO-BREAK SPACE}% of 3",
        "±\N{NO-BREAK SPACE}2.0",
        "+1.4 ±\N{NO-BREAK SPACE}0.9 points, a ± b, 50\N{NO-BREAK SPACE}% or 5 of 7",
    ]
    assert "<td>+4.8 of 100</td>" in shown


def test_a_small_number_is_not_broken_behind_its_minus_in_a_table_and_stays_code_elsewhere():
    frame = pd.DataFrame({"apart": ["1.2e-15", "page-4"]})
    html = f'<div id="T-1e-2">{frame.to_html()}</div>'
    table = new_output("display_data", data={"text/html": html, "text/plain": str(frame)})
    line = new_output("stream", text="lr = 1e-3\n")
    cell = new_code_cell("lr = 1e-3", outputs=[table, line])
    page = notebook_page(new_notebook(cells=[new_markdown_cell("# T"), cell]), name="toy").markdown
    assert "<td>1.2e-\N{WORD JOINER}15</td>" in page
    assert "<td>page-4</td>" in page
    assert 'id="T-1e-2"' in page
    assert page.count("lr = 1e-3") == 2


def test_code_with_a_fence_in_it_stays_one_block_and_folded_code_is_folded():
    cells = [new_markdown_cell("# T"), new_code_cell('text = """\n```\nfence\n```\n"""')]
    cells.append(new_code_cell("x = 1", metadata={"tags": ["folded"]}))
    text = notebook_page(new_notebook(cells=cells), name="toy").markdown
    assert "```` python\ntext" in text
    assert '"""\n````' in text
    assert '<details class="code" markdown="1">\n<summary>Code</summary>\n\n``` python\nx = 1\n```' in text


def test_a_badge_from_another_host_gives_way_to_the_buttons():
    title = (
        "# T\n\nA promise.\n\n[![Open in Colab](https://c/badge.svg)](https://c/page)\n\n| | |\n|---|---|\n| a | b |"
    )
    text = notebook_page(new_notebook(cells=[new_markdown_cell(title)]), name="toy", buttons="<p>B</p>").markdown
    assert " ".join(text.split()) == "# T <p>B</p> A promise. | | | |---|---| | a | b |"


def test_a_second_link_for_notebooks_that_lie_alone_is_on_no_page():
    linked = linked_from_anywhere("See [a](../docs/a.md), or [b](b.ipynb).", folder="notebooks", repository="https://c")
    assert linked.count("<sup>") == 2
    text = notebook_page(new_notebook(cells=[new_markdown_cell(f"# T\n\n{linked}")]), name="toy").markdown
    assert text.split("\n")[-2] == "See [a](../docs/a.md), or [b](b.ipynb)."


@each_lesson
def test_each_guess_of_a_lesson_becomes_a_form_with_its_options_of_which_one_is_what_the_answer_says(path):
    notebook = read_notebook(path)
    asked = {shown["id"]: (text, shown) for text, shown in found(notebook, "question")}
    told = {shown["id"]: text for text, shown in found(notebook, "guess")}
    assert asked.keys() == told.keys() == revealed(notebook.cells).keys()
    literals = {id: options for cell in notebook.cells for id, options in written_options(cell)}
    for id, (text, shown) in asked.items():
        form = guess_form(shown, text, revealed(notebook.cells)[id])
        assert form.count('type="radio"') == len(literals.get(id, text.splitlines()[-1].split(" · ")))
        answer = told[id].removeprefix("The answer: ").removesuffix(".").rpartition("nearest to ")[2]
        options = text.splitlines()[-1].split(" · ")
        right = right_option(options, revealed(notebook.cells)[id])
        assert right in options
        assert re.sub(r"\.0+\b", "", answer) == re.sub(r"\.0+\b", "", right)


def found(notebook, kind):
    """(text, metadata) of every output of a kind."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            metadata = output.get("metadata", {}).get("fercourse", {})
            if metadata.get("kind") == kind:
                yield output.data["text/plain"], metadata


def written_options(cell):
    """(id, the options) of the guesses in a cell's source, where they are written out there."""
    if cell.cell_type == "code" and "fc.guess(" in cell.source:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "fc.guess":
                (options,) = [keyword.value for keyword in node.keywords if keyword.arg == "options"]
                if isinstance(options, ast.List):
                    yield node.args[0].value, options.elts


def test_an_answer_that_no_option_means_leaves_no_option_right():
    assert right_option(["2 %", "20 %", "more"], "20") == "20 %"
    assert right_option(["one", "one of two"], "one") == "one"
    assert right_option(["2 %", "20 %"], "7") == ""
    assert 'data-right=""' in guess_form({"id": "1", "question": "Which?"}, "Which?\n2 % · 20 %", "7")


@pytest.fixture
def toy(tmp_path):
    for name in ("docs/results.md", "docs/lessons/01_one.ipynb", "notebooks/01_one.ipynb", "exercises/01_one.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("README.md", "LICENSE"):
        (tmp_path / name).touch()
    return Course(tmp_path, "https://github.com/some/where")


def linked(target, course, *, origin="docs/lessons/01_one.ipynb"):
    sources = page_sources(course)
    addresses = {path: source.replace(".md", ".html") for path, source in sources.items()}
    here, html = addresses[origin], f'<p><a class="x" href="{target}">there</a></p>'
    return relinked(html, origin=origin, here=here, addresses=addresses, there={"results.html"}, course=course)[
        len('<p><a class="x" href="') : -len('">there</a></p>')
    ]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("../results.md#lesson-02", "../results.html#lesson-02"),
        ("../results.html", "../results.html"),
        ("../../exercises/01_one.ipynb", "../exercises/01_one.html"),
        ("../../exercises/", "../exercises/01_one.html"),
        ("../../notebooks/01_one.ipynb", "01_one.html"),
        ("../../README.md", "../index.html"),
        ("../../LICENSE", "https://github.com/some/where/blob/main/LICENSE"),
        ("../../docs/lessons", "01_one.html"),
        ("https://example.org/a?b=1&amp;c=2", "https://example.org/a?b=1&amp;c=2"),
        ("#here", "#here"),
    ],
)
def test_a_link_through_the_repository_leads_to_its_page_or_to_the_courses_address(target, expected, toy):
    assert linked(target, toy) == expected


@pytest.mark.parametrize("target", ["../gone.md", "../../../outside.txt"])
def test_a_link_to_nowhere_stops_the_build(target, toy):
    with pytest.raises(ParameterError, match=r"01_one.ipynb: a link to .* which is nowhere in the repository"):
        linked(target, toy)


def test_the_sites_address_is_that_of_github_pages_where_the_course_is_on_github():
    assert Course(COURSE.root, "https://github.com/some/where").site_address == "https://some.github.io/where/"
    assert Course(COURSE.root, "https://gitlab.com/some/where").site_address is None
