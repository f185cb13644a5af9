"""The decks of all lessons: what stands on the slides, what in the notes, and in which order."""

import re
from base64 import b64encode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from nbformat.v4 import new_code_cell, new_output
from PIL import Image

import fercourse as fc
from fercourse.course.building.build import page_path, read_notebook
from fercourse.course.building.lesson import read_lesson
from fercourse.course.checkout import find_course, select
from fercourse.course.outputs import outputs
from fercourse.course.slides.bodies import code
from fercourse.course.slides.budget import FEWEST, MOST
from fercourse.course.slides.decks import deck, write_decks
from fercourse.course.slides.prose import WORDS, bare, words
from fercourse.course.slides.reveal import CARRIER, FILES, inside_a_page, kept_in, reveal
from fercourse.course.slides.shown import parts_of
from fercourse.errors import DataNotFound

COURSE = find_course(Path(fc.__file__).parent)
LESSONS = select((), COURSE.lessons, ".py")
of_each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem.split("_")[0])


@pytest.fixture(scope="module")
def decks():
    """The slides of each lesson, by its name."""
    return {path.stem: deck(path, course=COURSE)[1] for path in LESSONS}


class Texts(HTMLParser):
    """The text of some HTML, without that of tables and code."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], 0

    def handle_starttag(self, tag, attrs):
        self.inside += tag in ("table", "pre")

    def handle_endtag(self, tag):
        self.inside -= tag in ("table", "pre")

    def handle_data(self, data):
        self.found += [] if self.inside else [data]


def prose_on(slide):
    parser = Texts()
    parser.feed(slide.body)
    return " ".join([*parser.found, bare(slide.caption)])


@of_each_lesson
def test_every_lesson_has_a_deck_that_fills_a_lecture_of_45_minutes(decks, path):
    assert FEWEST <= len(decks[path.stem]) <= MOST


@of_each_lesson
def test_the_notes_hold_all_prose_of_the_lesson_in_its_order(decks, path):
    said = " ".join(" ".join(slide.notes) for slide in decks[path.stem])
    said, place = re.sub(r"\s+", " ", bare(said)), 0
    for cell in read_lesson(path).cells:
        if cell.cell_type != "markdown":
            continue
        for text in re.split(r"\n\s*\n|\n(?=#)|(?<=\n)(?=\|)", cell.source):
            text = re.sub(r"\s+", " ", bare(text)).strip()
            if text and not text.startswith(("#", "|", "```")):
                place = said.find(text, place)
                assert place >= 0, text
                place += len(text)


@of_each_lesson
def test_no_slide_and_no_note_says_an_answer_before_its_question_was_shown(decks, path):
    slides = decks[path.stem]
    page = read_notebook(page_path(path, course=COURSE))
    answers = {
        about["id"]: output["data"]["text/plain"]
        for _, output in outputs(page)
        if (about := output.get("metadata", {}).get("fercourse", {})).get("kind") == "guess"
    }
    places = {(slide.kind, slide.guess): place for place, slide in enumerate(slides) if slide.guess}
    assert {guess for kind, guess in places if kind == "question"} == set(answers) != set()
    for guess, answer in answers.items():
        asked = places["question", guess]
        assert asked < places["answer", guess]
        for slide in slides[: asked + 1]:
            assert f">{answer}<" not in slide.body
            assert answer not in " ".join(slide.notes)
        assert 'class="right"' not in slides[asked].body
    order = {cell.id: place for place, cell in enumerate(page.cells)}
    shown = [order[slide.cell] for slide in slides if slide.cell]
    assert shown == sorted(shown), "what a later cell shows may be an answer"


@of_each_lesson
def test_a_slide_can_be_read_from_the_back_row(decks, path):
    for slide in decks[path.stem]:
        # One sentence may be longer than all the words that several may have together.
        assert "<li>" not in slide.body or words(prose_on(slide)) <= WORDS or slide.kind == "question"
        assert slide.body.count('<pre class="code"') + slide.body.count("<img") <= 1 or "preview" in slide.body
        sizes = [int(size) for size in re.findall(r"font-size: (\d+)px", slide.body)]
        assert all(size >= 18 for size in sizes)


@of_each_lesson
def test_a_picture_says_in_words_what_it_shows(decks, path):
    pictures = re.findall(r"<img [^>]*>", " ".join(slide.body for slide in decks[path.stem] if slide.kind == "picture"))
    assert all(re.search(r' alt="[^"]+"', picture) for picture in pictures)


def test_a_tall_picture_stands_beside_its_heading_and_a_wide_one_below():
    def shown(width, height):
        file = BytesIO()
        Image.new("L", (width, height)).save(file, "png")
        data = {"image/png": b64encode(file.getvalue()).decode(), "text/plain": "<Figure>"}
        (part,) = parts_of(new_code_cell(outputs=[new_output("display_data", data=data)]))
        return part.html

    assert ' class="beside"' in shown(400, 500)
    assert "class" not in shown(500, 300)


def test_code_on_a_slide_is_as_large_as_it_fits_without_more_broken_lines_and_says_nothing_to_a_formatter():
    def size(text):
        return int(re.search(r"font-size: (\d+)px", text)[1])

    assert size(code("x = 1", [])) == 28
    assert size(code("x" * 80, [])) == 23, "all of it in one line"
    assert size(code("x" * 100, [])) == 28, "it is broken anyway, in two lines"
    assert code("x = 1  # fmt: skip\ny = 2", []) == code("x = 1\ny = 2", [])


def test_a_script_inside_a_page_says_the_same_and_does_not_end_it():
    script = "const page = `<!-- a --><script>x</script>`"
    safe = inside_a_page(script)
    assert not re.search(r"<!--|</?script", safe)
    assert safe.encode().decode("unicode_escape") == script


def test_a_written_deck_needs_no_other_file_and_no_other_host(tmp_path):
    place = kept_in(tmp_path)
    for file in FILES.values():
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).write_text("/* reveal */")
    for name in ("lessons", "docs", "pyproject.toml"):
        (tmp_path / name).symlink_to(COURSE.root / name)
    ((path, count),) = write_decks(["02b"], course=find_course(tmp_path), out=tmp_path / "out")
    page = path.read_text(encoding="utf-8")
    assert page.count("<section") == count == page.count('<aside class="notes">')
    assert set(re.findall(r'src="([^"]{1,5})', page)) == {"data:"}
    address = "https://fercourse.github.io/fercourse/lessons/02b_a_network_that_never_learns.html"
    assert re.findall(r'href="([^"]*)"', page) == [address]
    assert f'<a href="{address}">The whole lesson</a>' in page
    assert not re.search(r"@import|url\((?!data:)", page)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder in which pip looks for packages, and nowhere else."""
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", (tmp_path / "index").as_uri())
    return tmp_path / "index"


def test_reveal_is_taken_out_of_the_package_that_carries_it_once(index, tmp_path):
    name, version = CARRIER.replace("-", "_").split("==")
    wheel = index / f"{name}-{version}-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for file in FILES.values():
            archive.writestr(f"{name}/_static/revealjs/{file}", f"/* {file} */")
        about = f"{name}-{version}.dist-info"
        archive.writestr(f"{about}/METADATA", f"Name: {name}\nVersion: {version}\nRequires-Dist: more\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    expected = {name: f"/* {file} */" for name, file in FILES.items()}
    assert reveal(tmp_path) == expected
    wheel.unlink()
    assert reveal(tmp_path) == expected


def test_where_pip_cannot_fetch_reveal_the_error_says_why_and_where_to_put_it(index, tmp_path):
    with pytest.raises(DataNotFound, match=r"No matching distribution (.|\n)*copy dist/reveal\.css.* to .*reveal\.js"):
        reveal(tmp_path)
    assert not kept_in(tmp_path).exists()
