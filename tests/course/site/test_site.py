"""The site as `make site` builds it: its pages, where their links lead, what is folded, and what must not be there."""

import json
import re
from itertools import pairwise
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

import built_site
import pytest

from fercourse.course.building.build import read_notebook
from fercourse.course.building.lesson import read_lesson
from fercourse.course.checkout import find_course
from fercourse.course.slides.reveal import kept_in

COURSE = find_course(__file__)
LESSONS, SHEETS = sorted(COURSE.pages.glob("*.ipynb")), sorted(COURSE.exercises.glob("*.ipynb"))
pytestmark = built_site.needs_mkdocs


@pytest.fixture(scope="module")
def pages(site):
    return built_site.pages(site)


@pytest.fixture(scope="module")
def decks(site):
    return built_site.decks(site)


def test_each_lesson_each_sheet_and_each_document_has_its_page(pages):
    documents = {f"{path.stem}.html" for path in COURSE.docs.glob("*.md")}
    lessons = {f"lessons/{path.stem}.html" for path in LESSONS}
    sheets = {f"exercises/{path.stem}.html" for path in SHEETS}
    assert pages.keys() == {"index.html"} | documents | lessons | sheets
    assert [path.stem for path in LESSONS] == sorted(path.stem for path in COURSE.lessons.glob("*.py"))
    for path in COURSE.lessons.glob("*.py"):
        assert read_lesson(path).title in pages[f"lessons/{path.stem}.html"].text


def test_every_page_is_in_the_table_of_contents_of_the_start_page(pages):
    linked = {normpath(address) for tag, address in pages["index.html"].links if tag == "a"}
    assert pages.keys() <= linked


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_another_host(pages, decks, site):
    there = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    for name, page in (pages | decks).items():
        for tag, address in page.links:
            target = urlsplit(address)
            if target.scheme or target.netloc:
                inside = tag == "a" or target.scheme == "data" or address.startswith(canonical(site))
                assert inside, f"{name} loads {address} from another host"
                continue
            path = normpath(join(dirname(name), unquote(target.path))) if target.path else name
            assert path in there, f"{name}: {address}"
            if target.fragment and path in pages and not target.fragment.startswith("__"):
                assert unquote(target.fragment) in pages[path].ids, f"{name}: {address}"


def canonical(site):
    """The address of the site, by which a page names itself, without asking for it."""
    return re.search(r'<link rel="canonical" href="(.*?)index.html"', (site / "index.html").read_text())[1]


def test_no_style_and_no_script_of_the_course_names_another_host(site):
    for path in (site / "site").iterdir():
        assert not re.search(r"https?://", path.read_text()), path.name
    assert not re.search(r"url\(['\"]?(https?:)?//", "".join(path.read_text() for path in site.rglob("*.css")))


def test_each_lesson_and_sheet_has_links_to_colab_and_to_a_notebook_to_be_downloaded(pages, site):
    for path, at, where in [(each, "lessons", "notebooks") for each in LESSONS] + [
        (each, "exercises", "exercises") for each in SHEETS
    ]:
        addresses = [address for tag, address in pages[f"{at}/{path.stem}.html"].links if tag == "a"]
        colab = f"https://colab.research.google.com/github/fercourse/fercourse/blob/main/{where}/{path.name}"
        assert colab in addresses
        assert f"../downloads/{where}/{path.name}" in addresses
        assert (site / "downloads" / where / path.name).read_bytes() == (COURSE.root / where / path.name).read_bytes()


def test_each_lesson_and_its_deck_lead_to_each_other_where_the_site_has_decks(pages, decks):
    made = LESSONS if kept_in(COURSE.root).is_dir() else []
    assert decks.keys() == {f"slides/{path.stem}.html" for path in made}
    for path in LESSONS:
        deck, page = f"slides/{path.stem}.html", f"lessons/{path.stem}.html"
        assert (("a", f"../{deck}") in pages[page].links) == bool(decks)
        assert not decks or [address for tag, address in decks[deck].links if tag == "a"] == [f"../{page}"]


def test_every_picture_has_a_text_in_its_place(pages):
    for name, page in pages.items():
        for picture in page.pictures:
            assert picture.get("alt"), f"{name}: {str(picture)[:200]}"


def test_every_figure_of_a_lesson_is_on_its_page_in_its_order_with_its_words(pages, site):
    for path in LESSONS:
        notebook = read_notebook(path)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
        drawn = [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
        shown = [each for each in pages[f"lessons/{path.stem}.html"].pictures if each["src"].endswith(".png")]
        assert [each["alt"] for each in shown] == drawn
        assert all((site / "lessons" / each["src"]).read_bytes().startswith(b"\x89PNG") for each in shown)


def test_the_answer_to_a_guess_is_folded_until_it_is_made_and_so_is_all_that_was_shown_before_it(pages):
    for path in LESSONS:
        page, cells = pages[f"lessons/{path.stem}.html"], read_notebook(path).cells
        asked = {}
        assert [form["data-guess"] for form in page.forms] == [id for cell in cells for id in ids(cell, "question")]
        for cell in cells:
            for id in ids(cell, "guess"):
                asked[id].append(cell)
                for shown in [text for each in asked.pop(id) for text in plain_outputs(each)]:
                    assert squeezed(shown) in squeezed(page.folded[id]), f"{path.stem}, {id}: {shown}"
                assert told(cell, id) not in " ".join(page.seen)
            for waiting in asked.values():
                waiting.append(cell)
            asked |= {id: [] for id in ids(cell, "question")}
        assert asked == {}


def ids(cell, kind):
    shown = [output.get("metadata", {}).get("fercourse", {}) for output in cell.get("outputs", ())]
    return [each["id"] for each in shown if each.get("kind") == kind]


def told(cell, id):
    outputs = {output.get("metadata", {}).get("fercourse", {}).get("id"): output for output in cell.outputs}
    return outputs[id].data["text/plain"]


def plain_outputs(cell):
    """What a cell showed as mere text."""
    outputs = [output for output in cell.get("outputs", ()) if set(output.get("data", ())) <= {"text/plain"}]
    return [output.get("text") or output.data["text/plain"] for output in outputs]


def squeezed(text):
    return re.sub(r"\s+", "", text)


def test_no_page_and_no_file_of_the_site_holds_a_solution(pages, site):
    taken_out = {}
    for path in SHEETS:
        solved, released = read_notebook(COURSE.root / "solutions" / path.name), read_notebook(path)
        given = {line.strip() for cell in released.cells for line in cell.source.splitlines()}
        for cell in solved.cells:
            lines = [line.strip() for line in cell.source.splitlines() if not line.strip().startswith("###")]
            taken_out[path.stem, cell.id] = [line for line in lines if line not in given and len(line) > 8]
        on_page = {line.strip() for line in pages[f"exercises/{path.stem}.html"].text.splitlines()}
        for (stem, id), lines in taken_out.items():
            assert stem != path.stem or not on_page & set(lines), f"{stem}, {id}"
    assert sum(map(len, taken_out.values())) > 300, "the solutions were found"
    texts = {name: squeezed(page.text) for name, page in pages.items()}
    texts |= {path.name: squeezed(path.read_text()) for path in (site / "search").glob("*.js*")}
    for (stem, id), lines in taken_out.items():
        whole = squeezed("".join(lines))
        for name, text in texts.items():
            assert len(lines) < 3 or whole not in text, f"{name} holds the solution {id} of {stem}"
    assert not [path for path in site.rglob("*") if "solution" in path.name]


def test_the_search_finds_every_page_and_gives_no_answer_away(pages, site):
    index = (site / "search" / "search_index.js").read_text()
    assert index.startswith("var __index = ")
    found = json.loads(index.removeprefix("var __index = "))["docs"]
    assert {entry["location"].partition("#")[0] for entry in found} == pages.keys()
    assert not [entry for entry in found if re.search("The answer: ", entry["title"] + entry["text"])]
    titles = [entry["title"] for entry in found]
    assert "From logits to probabilities: softmax" in titles


def test_the_diagrams_are_pictures_with_their_text_below_them(pages):
    text = (COURSE.docs / "architecture.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^```mermaid\n(.*?)```", text, re.DOTALL | re.MULTILINE)
    page = pages["architecture.html"]
    assert [picture["src"].partition(",")[0] for picture in page.pictures] == ["data:image/svg+xml;base64"] * len(drawn)
    places = [page.text.find(text.strip()) for text in drawn]
    assert len(drawn) >= 3
    assert all(first < second for first, second in pairwise([-1, *places]))
