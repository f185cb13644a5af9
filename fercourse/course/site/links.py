"""Links of the site: to a file of the repository means to its page, or to the file at the course's address."""

import re
from collections.abc import Collection, Mapping
from html import escape, unescape
from posixpath import dirname, join, normpath, relpath
from urllib.parse import unquote, urlsplit

from markdown.extensions.toc import slugify

from fercourse.course.checkout import Course
from fercourse.errors import ParameterError

LINK = re.compile(r'(<(?:a|img)\s[^>]*?\b(?:href|src)=")([^"]*)')


def page_sources(course: Course) -> dict[str, str]:
    """What of the repository is a page or a picture of the site: its path there → its path among the site's sources.

    A notebook without outputs and the same one executed are one page.
    """
    found = {"README.md": "index.md"}
    found |= {f"docs/{path.name}": path.name for kind in ("*.md", "*.png", "*.svg") for path in course.docs.glob(kind)}
    for folder, page in ((course.pages, "lessons"), (course.notebooks, "lessons"), (course.exercises, "exercises")):
        at = folder.relative_to(course.root).as_posix()
        notebooks = sorted(folder.glob("*.ipynb"))
        found |= {f"{at}/{path.name}": f"{page}/{path.stem}.md" for path in notebooks}
        if notebooks:
            found[at] = f"{page}/{notebooks[0].stem}.md"  # the folder means its first page
    return found


def relinked(
    html: str, *, origin: str, here: str, addresses: Mapping[str, str], there: Collection[str], course: Course
) -> str:
    """The HTML of a page with every link resolved.

    origin: where in the repository its text lies, from where its links lead
    here: the page's address within the site
    addresses: path in the repository → address within the site
    there: every address within the site; a link to one of them, which mkdocs resolved, stays as it is
    Raises ParameterError for a link to what is neither in the site nor in the repository.
    """

    def resolved(match):
        return match[1] + escape(_resolved(unescape(match[2])))

    def _resolved(target):
        path, mark, anchor = target.partition("#")
        if not path or urlsplit(target).scheme or normpath(join(dirname(here), path)) in there:
            return target
        wanted = normpath(join(dirname(origin), unquote(path)))
        if wanted in addresses:
            return relpath(addresses[wanted], dirname(here) or ".") + mark + _heading(wanted, anchor)
        if not (course.root / wanted).exists() or wanted.startswith(".."):
            raise ParameterError(f"{origin}: a link to {target}, which is nowhere in the repository. Mend it.")
        return f"{course.address_of(wanted)}{mark}{anchor}"

    return LINK.sub(resolved, html)


def _heading(path, anchor):
    """The name of a heading on its page: Jupyter writes it with its capitals and signs, mkdocs without."""
    return slugify(unquote(anchor), "-") if path.endswith(".ipynb") else anchor
