"""What a cell showed, as a notebook stores it: believed in nothing, cut to a size, the same in every run."""

import re
import sys
from pathlib import Path

from fercourse.grading.inside.shown import PRINTED

COURSE = str(Path(__file__).resolve().parents[2])
MOST_OUTPUTS = 100
MOST_PICTURES = 20
LARGEST_PICTURE = 1_400_000  # base64 characters
LONGEST_RECORD = 2000
PICTURES = frozenset({"image/png", "image/jpeg"})
MIMES = frozenset({"text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml"}) | PICTURES
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")


class Outputs:
    """Collects the heads that a kernel sends while a cell runs, up to `characters` of text and of encoded pictures."""

    def __init__(self, characters, *, pictures):
        self._found, self._places = [], []
        self._characters, self._outputs, self._pictures = characters, MOST_OUTPUTS, MOST_PICTURES
        self._printable = int(PRINTED * characters)
        self._picture_characters = pictures
        self._cut = False

    def take(self, head):
        """Add what a head shows; leave out what is not as it should be, or too much."""
        kind = head.get("is")
        if kind == "stream" and head.get("name") in ("stdout", "stderr") and type(head.get("text")) is str:
            self._stream(head["name"], self._printed(head["text"]))
        elif kind in ("display", "result", "update") and type(head.get("data")) is dict:
            self._display(kind, head)
        elif kind == "error":
            self._append(_error(head.get("ename"), head.get("evalue"), head.get("traceback")))
        elif kind == "clear":
            self._found, self._places = [], []
        elif kind == "cut":
            self._cut = True

    def stopped(self, why):
        """Add, whatever came before, the reason why the cell did not come to its end."""
        self._found.append(_error("Stopped", why, [f"Stopped: {why}"]))
        self._places.append("")

    def finished(self, *, home):
        """The outputs as nbformat has them. home: the kernel's home, whose name differs from run to run."""
        found = [_cleaned(output, home) for output in self._found]
        if self._cut:
            note = "[Cut here: a cell may show no more.]\n"
            found.append({"output_type": "stream", "name": "stderr", "text": note})
        return found

    def _stream(self, name, text):
        last = self._found[-1] if self._found else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"].append(text)
        elif text:
            self._append({"output_type": "stream", "name": name, "text": [text]})

    def _display(self, kind, head):
        data = {mime: self._kept(mime, text) for mime, text in head["data"].items() if mime in MIMES}
        data = {mime: text for mime, text in data.items() if text}
        if not data:
            return
        output = {"output_type": "display_data", "data": data, "metadata": metadata_of(head)}
        if kind == "result":
            output |= {"output_type": "execute_result", "execution_count": None}
        place = head.get("place") if type(head.get("place")) is str else ""
        if kind == "update" and place in self._places:
            self._found[self._places.index(place)] = output
        else:
            self._append(output, place)

    def _kept(self, mime, text):
        if type(text) is not str:
            return None
        if mime not in PICTURES:
            return self._shortened(text)
        if self._pictures == 0 or len(text) > min(LARGEST_PICTURE, self._picture_characters):
            self._cut = True
            return None
        self._pictures -= 1
        self._picture_characters -= len(text)
        return text

    def _printed(self, text):
        kept = self._shortened(text[: self._printable])
        self._printable -= len(kept)
        self._cut |= len(kept) < len(text)
        return kept

    def _shortened(self, text):
        kept = text[: self._characters]
        self._characters -= len(kept)
        self._cut |= len(kept) < len(text)
        return kept

    def _append(self, output, place=""):
        self._outputs -= 1
        if self._outputs < 0:
            self._cut = True
            return
        self._found.append(output)
        self._places.append(place)


def characters_of(outputs):
    """How many characters the outputs of a cell hold, pictures encoded."""
    return sum(len(text) for output in outputs for text in _texts(output))


def _texts(output):
    if output["output_type"] == "stream":
        return [output["text"]]
    return [output["evalue"], *output["traceback"]] if output["output_type"] == "error" else output["data"].values()


def metadata_of(output):
    """The metadata of an output that is kept: a record of the course's, if it is small and flat; else nothing."""
    metadata = output.get("metadata")
    record = metadata.get("fercourse") if type(metadata) is dict else None
    if type(record) is not dict or not all(_is_small(part) for pair in record.items() for part in pair):
        return {}
    return {"fercourse": record} if sum(len(str(part)) for part in record.values()) < LONGEST_RECORD else {}


def tidy(text, *, home=None):
    """A text without what differs from run to run or names the machine's folders: addresses, homes, the interpreter."""
    for folder in sorted({home or "", sys.prefix, sys.base_prefix, COURSE}, key=len, reverse=True):
        if len(folder) > len("/usr"):
            text = text.replace(folder, "…")
    return _ADDRESS.sub("0x…", text.encode("utf-8", "replace").decode())


def _error(name, value, lines):
    lines = [str(line)[:500] for line in lines[:20]] if type(lines) is list else []
    return {"output_type": "error", "ename": str(name)[:100], "evalue": str(value)[:2000], "traceback": lines}


def _is_small(value):
    if type(value) is int:
        return abs(value) < 2**63
    return value is None or type(value) in (bool, float) or (type(value) is str and len(value) <= 500)


def _cleaned(output, home):
    """The output with every text in it tidied."""
    if output["output_type"] == "stream":
        return output | {"text": tidy("".join(output["text"]), home=home)}
    if output["output_type"] == "error":
        lines = [tidy(line, home=home) for line in output["traceback"]]
        return output | {"evalue": tidy(output["evalue"], home=home), "traceback": lines}
    data = {mime: text if mime in PICTURES else tidy(text, home=home) for mime, text in output["data"].items()}
    return output | {"data": data}
