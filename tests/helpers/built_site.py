"""The built site as its readers get it: pages by their addresses, with links, ids, pictures and what is folded."""

import os
import subprocess
import sys
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

COURSE = Path(__file__).parents[2]


def build(folder):
    """Build the site of this checkout into `folder`. Whatever mkdocs warns of is an error."""
    environment = os.environ | {"PYTHONPATH": str(COURSE), "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    made = subprocess.run(command, cwd=COURSE, env=environment, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")


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
    """Address within the site → page. 404.html, which only a server shows, has links of its own."""
    paths = [path for path in sorted(folder.rglob("*.html")) if path.name != "404.html"]
    return {path.relative_to(folder).as_posix(): Page(path) for path in paths}
