"""Cells of a student's notebook as HTML: code coloured, outputs as text and PNG only, everything escaped."""

import binascii
from base64 import b64decode, b64encode

from fercourse.grading.page import safe
from fercourse.grading.text import clean

LONGEST = 20_000  # characters of one source or output that a page shows
LARGEST_PICTURE = 2_000_000  # bytes of a PNG
MOST_PICTURES = 20
PNG = b"\x89PNG\r\n\x1a\n"


def code(source):
    """A code cell's source, coloured; empty where there is nothing in it."""
    from pygments.lexers import PythonLexer

    text = shortened(clean(source).strip("\n"))
    if not text.strip():
        return '<pre class="quiet">(empty)</pre>'
    pieces = [_piece(str(kind), value) for kind, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text)]
    return f"<pre>{''.join(pieces)}</pre>"


def _piece(kind, value):
    for name, css in (("Keyword", "k"), ("Literal.String", "s"), ("Comment", "c"), ("Literal.Number", "n")):
        if name in kind:
            return f'<span class="{css}">{safe(value)}</span>'
    return safe(value)


def words(source):
    """A text cell, as its author typed it."""
    return f'<pre class="words">{safe(shortened(clean(source).strip())) or "(empty)"}</pre>'


def shortened(text):
    """A text cut where it is too long for a page, saying so."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… ({len(text) - LONGEST:,} more characters)"


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
