"""Cells of a student's notebook as HTML: code coloured, outputs as text and PNG only, everything escaped."""

import binascii
import re
from base64 import b64decode, b64encode
from keyword import iskeyword

from fercourse.grading.pages.page import safe
from fercourse.grading.text import clean

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
    """A code cell's source, coloured, at most `longest` characters; empty where there is nothing in it.

    A text takes time in proportion to its length, whatever stands in it.
    """
    text = shortened(clean(source).strip("\n"), longest=longest)
    if not text.strip():
        return '<pre class="quiet">(empty)</pre>'
    pieces, end = [], 0
    for token in TOKENS.finditer(text):
        if token.lastgroup != "k" or iskeyword(token[0]):
            coloured = f'<span class="{token.lastgroup}">{safe(token[0])}</span>'
            pieces += [safe(text[end : token.start()]), coloured]
            end = token.end()
    return f"<pre>{''.join(pieces)}{safe(text[end:])}</pre>"


def words(source, *, longest=LONGEST):
    """A text cell, as its author typed it, at most `longest` characters."""
    return f'<pre class="words">{safe(shortened(clean(source).strip(), longest=longest)) or "(empty)"}</pre>'


def shortened(text, *, longest=LONGEST):
    """A text cut where it is too long for a page, saying so."""
    return text if len(text) <= longest else f"{text[:longest]}\n… ({len(text) - longest:,} more characters)"


def outputs(found):
    """The outputs of a cell, a list as in nbformat, as HTML: streams, results and errors as text, pictures as PNG."""
    blocks, pictures = [], 0
    for output in found if isinstance(found, list) else []:
        kind = output.get("output_type")
        data = output.get("data") or {}
        if kind == "stream":
            blocks.append(_text(output.get("text", "")))
        elif kind == "error":
            blocks.append(_text(f"{output.get('ename', '')}: {output.get('evalue', '')}", "output error"))
        elif "image/png" in data and pictures < MOST_PICTURES:
            pictures += 1
            blocks.append(_picture(data["image/png"]))
        elif "text/plain" in data:
            blocks.append(_text(data["text/plain"]))
    return "\n".join(filter(None, blocks))


def _text(text, css="output"):
    text = "".join(map(str, text)) if isinstance(text, list) else str(text)
    text = shortened(clean(text).strip("\n"))
    return f'<pre class="{css}">{safe(text)}</pre>' if text.strip() else ""


def _picture(encoded):
    """A PNG, encoded anew, so that nothing but it stands in the page."""
    try:
        picture = b64decode("".join(encoded) if isinstance(encoded, list) else encoded)
    except (binascii.Error, TypeError, ValueError):
        return ""
    if not picture.startswith(PNG) or len(picture) > LARGEST_PICTURE:
        return _text("(a picture that is no PNG or too large)")
    return f'<img alt="" src="data:image/png;base64,{b64encode(picture).decode()}">'
