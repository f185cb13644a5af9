"""Texts that students wrote, made fit for a line, a table, a page and a file name."""

import re
import unicodedata
from hashlib import sha256

from fercourse.pages.text import clean

FORMULA = ("=", "+", "-", "@", "\t", "\r")
MONTHS = (
    " january february march april may june july august september october november december januar februar maerz mrz"
    " mai juni juli oktober dezember janvier fevrier mars avril juin juillet aout octobre decembre enero febrero marzo"
    " abril mayo junio julio agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio"
    " settembre ottobre dicembre janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro maart mei"
)
TRUTHS = " true false wahr falsch vrai faux verdadero falso vero verdadeiro waar onwaar "


def one_line(text, *, longest=300):
    """A cleaned text on one line, cut at `longest` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def few(lines, *, most=10):
    """The first `most` of the lines and, where there are more, a last one that counts these."""
    return lines[:most] + ([f"{len(lines) - most:,} more"] if len(lines) > most else [])


def defused(text):
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def undefused(text):
    """The text that `defused` was given."""
    return text[1:] if text.startswith("'") and defused(text[1:]) == text else text


def kept_as_text(text):
    """A key with a ' in front where a spreadsheet could take it for a number, a date or a truth value."""
    names = re.findall(r"[^\W\d_]+", text.lower())
    name = names[0] if len(names) == 1 else ""
    is_number = not names or (0 < len(name) <= 2 and text[0].isdigit())  # 1e5
    is_date = len(name) > 2 and f" {name}" in MONTHS and any(map(str.isdigit, text))
    is_truth = name and f" {name} " in TRUTHS
    return f"'{text}" if is_number or is_date or is_truth else text


def number(value):
    """Points as people write them: 2, 1.5, 0.333; nothing where there is none yet."""
    return "" if value is None else f"{round(value, 3):g}"


def short_digest(text):
    """Six letters and digits that stand for a text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def file_name(text):
    """A short file name, lower case ASCII, that says what `text` says as far as it can."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_.]+", "-", plain).strip("-._")[:60].rstrip("-._")
