"""Diagrams in the language of Mermaid as pictures: drawn when the site is built, so that no page loads a program."""

import re
from base64 import b64encode
from html import escape

from fercourse.course.site.notebook_page import SMALLEST

SETTINGS = {"flowchart": {"htmlLabels": False}}  # labels as plain SVG text, centred with whatever font a browser has


def fence(source: str, language: str, css_class: str, options: dict, md: object, **_: object) -> str:
    """A block of Mermaid as HTML: the picture, and its text for those who cannot see it.

    The signature is that of a fence of pymdownx.superfences.
    """
    import mermaidx

    svg = mermaidx.render(source, theme="neutral", config=SETTINGS).svg()
    data = b64encode(svg.encode()).decode()
    width = float(re.search(r'viewBox="\S+ \S+ (\S+)', svg)[1])
    size = f'width="{width:.0f}" style="min-width: {SMALLEST * width:.0f}px"'
    picture = f'<img src="data:image/svg+xml;base64,{data}" alt="A diagram. It stands below as text." {size}>'
    text = f"<details><summary>The diagram as text</summary><pre><code>{escape(source)}</code></pre></details>"
    return f'<div class="diagram"><div class="picture">{picture}</div>{text}</div>'
