"""Pages from templates: every text is escaped and cleaned, no value is forgotten, and a page needs nothing else."""

import re
from base64 import b64decode

import jinja2
import pytest
from markupsafe import Markup

from fercourse.pages import page

HOSTILE = "<script>alert('&')</script>\x00\x1b[31m"


def rendered(source, **values):
    return page.TEMPLATES.from_string(source).render(values)


def test_a_text_is_escaped_and_loses_what_no_page_shows():
    assert rendered("{{ text }}", text=HOSTILE) == "&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"


def test_what_our_own_code_marked_stays_as_it_is():
    assert rendered("{{ text }}", text=Markup("<b>5</b>")) == "<b>5</b>"


def test_a_value_that_is_not_given_is_an_error_and_no_gap():
    with pytest.raises(jinja2.UndefinedError, match="text"):
        rendered("{{ text }}")


def test_a_picture_is_held_by_its_own_address():
    address = page.picture_url(b"\x89PNG")
    assert address.startswith("data:image/png;base64,")
    assert b64decode(address.partition(",")[2]) == b"\x89PNG"


@pytest.mark.parametrize("name", sorted(name for name in page.TEMPLATES.list_templates() if name.endswith(".html")))
def test_no_template_trusts_a_text_or_asks_another_host(name):
    source, *_ = page.TEMPLATES.loader.get_source(page.TEMPLATES, name)
    assert not re.search(r"\|\s*safe|autoescape\s+false|<script|https?:|//\w", source)


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "run.html"
    path.write_text("the old one")
    with pytest.raises(jinja2.UndefinedError):
        page.write_page(path, "run.html", {})
    assert path.read_text() == "the old one"
