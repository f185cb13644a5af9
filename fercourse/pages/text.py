"""Texts of others, made fit to be shown."""

import re

ESCAPES = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])")
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean(text):
    """A text without terminal codes, control characters and what turns the direction of writing; valid as UTF-8."""
    text = str(text).encode("utf-8", "backslashreplace").decode()
    return INVISIBLE.sub("", ESCAPES.sub("", text.replace("\r\n", "\n")))
