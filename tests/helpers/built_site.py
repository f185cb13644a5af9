"""The built site as its readers get it: pages by their addresses, with links, ids, pictures and what is folded."""

import importlib.util
import os
import subprocess
import sys
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import pytest
from filelock import FileLock

missing = [name for name in ("mkdocs", "material", "mermaidx") if importlib.util.find_spec(name) is None]
needs_mkdocs = pytest.mark.skipif(bool(missing), reason=f"{missing} not installed: make site installs the extra `site`")
COURSE = Path(__file__).parents[2]


def build(folder):
    """Build the site of this checkout into `folder`. Whatever mkdocs warns of is an error; nothing is fetched."""
    environment = os.environ | {"PYTHONPATH": str(COURSE), "NO_MKDOCS_2_WARNING": "1", "PIP_NO_INDEX": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    made = subprocess.run(command, cwd=COURSE, env=environment, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")


def built_once(folder):
    """The site in `folder`, which the first process that asks builds while the others wait."""
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            build(folder)
    return folder


class Page(HTMLParser):
    """One page: `links` (tag, address), `ids`, `pictures` (their attributes), `seen` and `folded` text, `waiting`.

    folded: guess → the text that waits for it. `seen` is all other text.
    """

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.ids, self.pictures = path, [], set(), []
        self.seen, self.folded, self.forms = [], {}, []
        self._details, self._code = [], False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        for name in ("href", "src", "action", "poster", "data"):
            if name in attributes:
                self.links.append((tag, attributes[name]))
        if tag == "img":
            self.pictures.append(attributes)
        if tag == "form" and "data-guess" in attributes:
            self.forms.append(attributes)
        if tag == "details":
            assert "open" not in attributes or "data-waits-for" not in attributes
            self._details.append(attributes.get("data-waits-for"))
        self._code = tag in ("script", "style")

    def handle_endtag(self, tag):
        if tag == "details":
            self._details.pop()
        self._code = False

    def handle_data(self, data):
        waits = next(filter(None, self._details), None)
        if waits:
            for guess in waits.split():
                self.folded[guess] = self.folded.get(guess, "") + data
        elif not self._code:
            self.seen.append(data)

    @cached_property
    def text(self):
        """All that can be read on the page, folded or not."""
        return "".join([*self.seen, *self.folded.values()])


def pages(folder):
    """Address within the site → page, decks apart. 404.html, which only a server shows, has links of its own."""
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.html"))}
    return {at: Page(path) for at, path in paths.items() if at != "404.html" and not at.startswith("slides/")}


def decks(folder):
    """Address within the site → deck of slides."""
    return {path.relative_to(folder).as_posix(): Page(path) for path in sorted((folder / "slides").glob("*.html"))}
