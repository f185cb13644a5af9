"""What mkdocs asks while it builds the site. mkdocs.yml names this file; `make site` runs it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from fercourse.course.building.build import read_notebook
from fercourse.course.building.compose import colab_address
from fercourse.course.checkout import Course, find_course
from fercourse.course.site.links import page_sources, relinked
from fercourse.course.site.notebook_page import notebook_page
from fercourse.course.slides.decks import deck_page
from fercourse.course.slides.reveal import reveal
from fercourse.errors import DataNotFound
from fercourse.shortage import say_shortages

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

RESULTS = ("results.md", "claims.md")
REFERENCE = (
    "five_notebooks.md",
    "glossary.md",
    "model_card.md",
    "instructors.md",
    "sandbox.md",
    "exercises.md",
    "architecture.md",
)
"""The order of the pages about the course. One that is not there is left out, another one comes last."""


def on_startup(command: str, dirty: bool) -> None:
    """Say what is missing, before anything is made."""
    say_shortages(find_course().root)


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Set what follows from the course's address."""
    course = _course(config)
    config.site_url = course.site_address
    config.copyright = f'<a href="{course.repository}">The course and its source</a>, MIT licence'
    return config


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the start page, a page for each executed lesson and each sheet, the decks, and notebooks to be downloaded."""
    from mkdocs.structure.files import File

    course = _course(config)
    decks = _decks(course)
    sources = {"index.md": (course.root / "README.md").read_text(encoding="utf-8")}
    for folder, page in ((course.pages, "lessons"), (course.exercises, "exercises")):
        for path in sorted(folder.glob("*.ipynb")):
            built = notebook_page(read_notebook(path), name=path.stem, buttons=_buttons(path, course, decks))
            sources[f"{page}/{path.stem}.md"] = built.markdown
            sources |= {f"{page}/{name}": png for name, png in built.pictures.items()}
    for name, content in (sources | decks).items():
        files.append(File.generated(config, name, content=content))
    for folder in (course.notebooks, course.exercises):
        for path in sorted(folder.glob("*.ipynb")):
            files.append(File.generated(config, _download(path), abs_src_path=str(path)))
    config.nav = _navigation(sources, course)
    return files


def on_page_content(html: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Resolve the links of a page, which lead through the repository; one that stands alone needs no list of others."""
    if page.parent is None:
        page.meta["hide"] = ["navigation"]
    course = _course(config)
    origins = {source: path for path, source in reversed(page_sources(course).items())}
    addresses = {path: files.src_uris[source].url for path, source in page_sources(course).items()}
    there = {file.url for file in files if file.inclusion.is_included()}
    where = {"origin": origins[page.file.src_uri], "here": page.url}
    return relinked(html, **where, addresses=addresses, there=there, course=course)


def _course(config) -> Course:
    return find_course(Path(config.config_file_path).parent)


def _decks(course):
    """Path within the site → the deck of each executed lesson; none, which is said, where reveal.js cannot be had."""
    try:
        reveal(course.root)
    except DataNotFound as error:
        print(f"The site has no slides. {error}")
        return {}
    found = {}
    for path in sorted(course.pages.glob("*.ipynb")):
        lesson, page = course.lessons / f"{path.stem}.py", f"../lessons/{path.stem}.html"
        found[_deck(path)], _ = deck_page(lesson, course=course, lesson_page=page)
    return found


def _deck(path):
    return f"slides/{path.stem}.html"


def _download(path):
    return f"downloads/{path.parent.name}/{path.name}"


def _buttons(path, course, decks):
    """Links below the title of a lesson or a sheet: to Colab, to notebook and slides, and from one to the other."""
    sheet, number = path.parent == course.exercises, path.stem[:2]
    notebook = path if sheet else course.notebooks / path.name
    others = sorted((course.pages if sheet else course.exercises).glob(f"{number}*.ipynb"))
    links = [(f'href="../{_download(notebook)}" download', "Download the notebook")]
    if colab := colab_address(course.repository, notebook.relative_to(course.root).as_posix()):
        links.insert(0, (f'href="{colab}"', "Open in Colab"))
    for other in others:
        name = f"Lesson {other.stem.partition('_')[0]}" if sheet else "Exercises"
        links.append((f'href="../{other.parent.name}/{other.stem}.html"', name))
    if not sheet and _deck(path) in decks:
        links.append((f'href="../{_deck(path)}"', "Slides"))
    return '<p class="buttons">' + " ".join(f'<a class="md-button" {to}>{text}</a>' for to, text in links) + "</p>\n"


def _navigation(sources, course):
    """The site's table of contents."""
    about = [path.name for path in sorted(course.docs.glob("*.md")) if path.name not in RESULTS]
    about.sort(key=lambda name: REFERENCE.index(name) if name in REFERENCE else len(REFERENCE))
    return [
        {"Start": "index.md"},
        {"Lessons": [name for name in sources if re.match(r"lessons/.*\.md", name)]},
        {"Exercises": [name for name in sources if re.match(r"exercises/.*\.md", name)]},
        {"Results": list(RESULTS)},
        {"Reference": about},
    ]
