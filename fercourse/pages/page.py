"""Renders the templates beside it: self-contained pages without scripts, in which every text is escaped."""

from base64 import b64encode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fercourse.files import written_aside
from fercourse.pages.text import clean


def write_page(path, template, values):
    """Write the page that `rendered` returns to `path`."""
    page = rendered(template, values)
    with written_aside(path) as aside:
        aside.write_text(page, encoding="utf-8")


def rendered(template, values):
    """A page of this folder's `template` as HTML; values: name → value.

    Texts are cleaned of control characters and escaped, but for `Markup`, which only our own code makes.
    Raises jinja2.UndefinedError where the template names a value that is not there.
    """
    return TEMPLATES.get_template(template).render(values)


def picture_url(png):
    """The bytes of a PNG as an address that holds the picture itself."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _cleaned(value):
    return value if isinstance(value, Markup) else clean(value)


TEMPLATES = Environment(
    loader=PackageLoader("fercourse.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_cleaned,
    trim_blocks=True,
    lstrip_blocks=True,
)
