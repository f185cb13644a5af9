"""Cells of a student's notebook, prepared for a page: code coloured, outputs as text and PNG only."""

import binascii
import re
from base64 import b64decode
from html import escape
from keyword import iskeyword

from markupsafe import Markup

from fercourse.pages.page import picture_url
from fercourse.pages.text import clean

LONGEST = 20_000  # characters of one source or output that a page shows
LARGEST_PICTURE = 2_000_000  # bytes of a PNG
MOST_PICTURES = 20
# Nothing that was matched is ever tried again (*+, ++, ?+), so that no text takes more than one pass.
TOKENS = re.compile(
    r"""(?P<c>\#[^\n]*+)
    |(?P<s>(?:[rR][bBfF]?|[bBfF][rR]?|[uU])?+(?:
        \"\"\"(?:[^"\\]|\\.|"(?!""))*+\\?+(?:\"\"\")?+ | '''(?:[^'\\]|\\.|'(?!''))*+\\?+(?:''')?+
        |"(?:[^"\\\n]|\\.)*+"?+ | '(?:[^'\\\n]|\\.)*+'?+))
    |(?P<n>\.?+[0-9](?:[eE][+-][0-9]|[\w.])*+)
    |(?P<k>[^\W\d]\w*+)""",
    re.VERBOSE | re.DOTALL,
)
PNG = b"\x89PNG\r\n\x1a\n"


def code(source, *, longest=LONGEST):
    """A code cell's source as HTML, coloured, at most `longest` characters; "(empty)" where there is nothing in it.

    A text takes time in proportion to its length, whatever stands in it.
    """
    text = shortened(clean(source).strip("\n"), longest=longest)
    if not text.strip():
        return Markup('<pre class="quiet">(empty)</pre>')
    pieces, end = [], 0
    for token in TOKENS.finditer(text):
        if token.lastgroup != "k" or iskeyword(token[0]):
            coloured = f'<span class="{token.lastgroup}">{escape(token[0])}</span>'
            pieces += [escape(text[end : token.start()]), coloured]
            end = token.end()
    # Markup, since each piece is escaped above; a template would clean and escape each anew.
    return Markup(f"<pre>{''.join(pieces)}{escape(text[end:])}</pre>")


def shown_cell(kind, source, found=(), *, longest=LONGEST):
    """A cell as the templates show it, a dict: coloured code and outputs, or the words of a text cell."""
    if kind == "code":
        return {"code": code(source, longest=longest), "outputs": outputs(found)}
    return {"code": None, "words": shortened(clean(source).strip(), longest=longest) or "(empty)"}


def shortened(text, *, longest=LONGEST):
    """A text cut where it is too long for a page, saying so."""
    return text if len(text) <= longest else f"{text[:longest]}\n… ({len(text) - longest:,} more characters)"


def outputs(found):
    """The outputs of a cell, a list as in nbformat, as dicts: streams, results and errors as text, pictures as PNG."""
    blocks, pictures = [], 0
    for output in found if isinstance(found, list) else []:
        kind = output.get("output_type")
        data = output.get("data") or {}
        if kind == "stream":
            blocks.append(_text(output.get("text", "")))
        elif kind == "error":
            blocks.append(_text(f"{output.get('ename', '')}: {output.get('evalue', '')}", is_error=True))
        elif "image/png" in data and pictures < MOST_PICTURES:
            pictures += 1
            blocks.append(_picture(data["image/png"]))
        elif "text/plain" in data:
            blocks.append(_text(data["text/plain"]))
    return [block for block in blocks if block]


def _text(text, *, is_error=False):
    text = "".join(map(str, text)) if isinstance(text, list) else str(text)
    text = shortened(clean(text).strip("\n"))
    return {"picture": "", "text": text, "is_error": is_error} if text.strip() else None


def _picture(encoded):
    """A PNG, encoded anew, so that nothing but it stands in the page."""
    try:
        picture = b64decode("".join(encoded) if isinstance(encoded, list) else encoded)
    except (binascii.Error, TypeError, ValueError):
        return None
    if not picture.startswith(PNG) or len(picture) > LARGEST_PICTURE:
        return _text("(a picture that is no PNG or too large)")
    return {"picture": picture_url(picture)}
