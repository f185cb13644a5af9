"""Write a deck for each lesson: one HTML file that needs nothing else, no network and no server."""

from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fercourse.course.building.build import page_path, read_notebook
from fercourse.course.building.lesson import Lesson, read_lesson
from fercourse.course.checkout import Course, select
from fercourse.course.slides.budget import within
from fercourse.course.slides.derive import Slide, slides_of
from fercourse.course.slides.prose import html, html_line
from fercourse.course.slides.reveal import inside_a_page, reveal
from fercourse.errors import DataNotFound
from fercourse.files import written_aside


def write_decks(names: Iterable[str] = (), *, course: Course, out: Path) -> list[tuple[Path, int]]:
    """Write a deck for each named lesson, or for all; return (path, number of slides) of each.

    Raises DataNotFound for a lesson that was never executed, and where reveal.js cannot be had.
    """
    written = []
    for path in select(names, course.lessons, ".py"):
        file = out / f"{path.stem}.html"
        page, count = deck_page(path, course=course)
        with written_aside(file) as aside:
            aside.write_text(page, encoding="utf-8")
        written.append((file, count))
    return written


def deck_page(lesson_path: Path, *, course: Course, lesson_page: str = "") -> tuple[str, int]:
    """(the deck of a lesson as one HTML page, how many slides it has). Raises DataNotFound as `write_decks` does.

    lesson_page: the address to which the title slide leads; without it the lesson's page where the course is published
    """
    lesson, slides = deck(lesson_path, course=course)
    page = TEMPLATES.get_template("deck.html").render(
        _engine(course),
        lesson=lesson,
        lesson_page=lesson_page or published(lesson_path.stem, course=course),
        slides=[_shown(each) for each in slides],
    )
    return page, len(slides)


def published(name: str, *, course: Course) -> str:
    """The address of a lesson's page, or where there is no site, of its executed notebook."""
    site = course.site_address
    return f"{site}lessons/{name}.html" if site else course.address_of(f"docs/lessons/{name}.ipynb")


def _engine(course):
    """What turns the slides, and the colours of code, for the template."""
    from pygments.formatters import HtmlFormatter

    engine = reveal(course.root)
    return {
        "reveal_style": Markup(engine["style"]),
        "scripts": [Markup(inside_a_page(engine[name])) for name in ("script", "notes")],
        "colours": {
            name: Markup(HtmlFormatter(style=style).get_style_defs("pre.code")) for name, style in STYLES.items()
        },
    }


TEMPLATES = Environment(
    loader=PackageLoader("fercourse.course.slides"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
"""Apart from those of `fercourse.pages`, which show what students write and so have no scripts: a deck is ours."""

STYLES = {"light": "default", "dark": "github-dark"}
"""Colours of code."""


def deck(lesson_path: Path, *, course: Course) -> tuple[Lesson, list[Slide]]:
    """A lesson and its slides, as many as a lecture has room for. Raises DataNotFound where it was never executed."""
    page = page_path(lesson_path, course=course)
    if not page.is_file():
        raise DataNotFound(f"{page}: not there. A deck shows what its lesson did: build {lesson_path.stem} --execute")
    lesson = read_lesson(lesson_path)
    return lesson, within(slides_of(lesson, read_notebook(page)))


def _shown(slide):
    """A slide as the template takes it: everything as HTML that this package made."""
    return {
        "kind": slide.kind,
        "cell": slide.cell,
        "guess": slide.guess,
        "heading": Markup(html_line(slide.heading)),
        "caption": Markup(html_line(slide.caption)),
        "body": Markup(slide.body),
        "notes": Markup("".join(html(note) for note in slide.notes)),
    }
