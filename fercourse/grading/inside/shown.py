"""Cells run by IPython, inside the sandbox, and what they show: sent on piece by piece, cut where it is too much."""

import io
import sys
import threading
import time
import traceback
import warnings
from base64 import b64encode

from fercourse.grading.inside.elsewhere import StandIns

LARGEST_PIECE = 4096  # characters that wait to be sent together
LONGEST_WAIT = 0.1  # seconds that they wait, while something is written
LARGEST_PICTURE = 1_000_000  # bytes
TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml")
PICTURES = ("image/png", "image/jpeg")
LONGEST_ERROR = 2000
MOST_FRAMES = 10
PRINTED = 3 / 4  # of the room of a cell at most: the rest stays for what it displays and for its result
NOT_FOR_GRADING = (
    "matplotlib", "gui", "pip", "conda", "mamba", "micromamba", "uv", "autosave", "connect_info", "qtconsole",
)  # fmt: skip
"""Magics that set up the student's own windows or machine: pictures are inline here, and nothing is to be had."""


class Showing:
    """An IPython shell whose outputs go to `send`, a function of one dict."""

    def __init__(self, send):
        from IPython.core.error import UsageError
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        self.shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
        self._run_cell = self.shell.run_cell  # whatever a cell puts in its place, the next one is run
        self._usage_error = UsageError
        self._run_magic, self._load = self.shell.run_line_magic, self.shell.extension_manager.load_extension
        self._send = send
        self._room, self._printable, self._reported = 0, 0, False
        self._lock = threading.RLock()
        self._streams = [Stream(name, self._written) for name in ("stdout", "stderr")]

    def take_over(self):
        """Send what is printed and displayed from now on; errors are reported by `run`."""
        sys.stdout, sys.stderr = self._streams
        shell = self.shell
        shell.display_pub.publish = self._published
        shell.display_pub.clear_output = self._cleared
        shell.displayhook.write_output_prompt = _nothing
        shell.displayhook.finish_displayhook = _nothing
        shell.displayhook.write_format_data = self._resulted
        shell.showtraceback, shell.showsyntaxerror = self._failed, self._failed_to_begin
        shell.ask_exit = shell.enable_gui = _nothing
        shell.run_line_magic, shell.extension_manager.load_extension = self._magic, self._extension
        for name in NOT_FOR_GRADING:
            shell.register_magic_function(_nothing, magic_name=name)
        shell.ast_transformers.append(StandIns())
        warnings.filterwarnings("ignore", message="To exit: use")  # said in a terminal, to someone who is there

    def run(self, source, *, room):
        """Run a cell. room: characters that it may show."""
        self._room = self._printable = 0
        self._flush()  # what was printed since the last cell, while a question was answered, is not this one's
        self._room, self._printable, self._reported = room, int(PRINTED * room), False
        result = self._run_cell(source, store_history=True)
        self._flush()
        error = result.error_before_exec or result.error_in_exec
        if error is not None and not self._reported:
            self._report(error)

    def _magic(self, magic_name, line, _stack_depth=1):
        """A magic of an extension that only the student has does nothing, and the cell goes on."""
        try:
            return self._run_magic(magic_name, line, _stack_depth + 1)
        except self._usage_error:
            if self.shell.find_line_magic(magic_name) is not None:
                raise

    def _extension(self, module_str):
        try:
            return self._load(module_str)
        except ModuleNotFoundError:
            return None

    def _failed(self, exc_tuple=None, *_, **__):
        self._report(exc_tuple[1] if exc_tuple else sys.exc_info()[1])

    def _failed_to_begin(self, *_, **__):
        self._report(sys.exc_info()[1])

    def _report(self, error):
        self._flush()
        self._reported = True
        self._send({"is": "error", **described(error)})

    def _written(self, name, text):
        with self._lock:
            room = min(self._printable, self._room)
            if room > 0:
                self._send({"is": "stream", "name": name, "text": text[:room]})
            if 0 < room < len(text):
                self._send({"is": "cut"})
            self._printable -= min(room, len(text))
            self._room -= min(room, len(text))

    def _flush(self):
        for stream in self._streams:
            stream.flush()

    def _resulted(self, format_dict, md_dict=None):
        self._display("result", format_dict, md_dict or {}, None)

    def _published(self, data, metadata=None, source=None, *, transient=None, update=False):
        place = (transient or {}).get("display_id")
        self._display("update" if update else "display", data, metadata or {}, place)

    def _display(self, kind, data, metadata, place):
        self._flush()
        found = {mime: text for mime, value in data.items() if (text := _as_text(mime, value)) is not None}
        with self._lock:
            found = {mime: text for mime, text in found.items() if mime in PICTURES or len(text) <= self._room}
            self._room -= sum(len(text) for mime, text in found.items() if mime not in PICTURES)
        record = metadata.get("fercourse")
        kept = {"fercourse": record} if isinstance(record, dict) else {}
        if found:
            self._send({"is": kind, "data": found, "metadata": kept, "place": str(place or "")})
        else:
            self._send({"is": "cut"})

    def _cleared(self, wait=False):
        self._flush()
        self._send({"is": "clear"})


class Stream(io.TextIOBase):
    """What takes the place of sys.stdout: collects small pieces, passes larger ones to `write_piece(name, text)`."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name, write_piece):
        self._name = name
        self._write_piece = write_piece
        self._held, self._length, self._since = [], 0, time.monotonic()
        self._lock = threading.RLock()

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() takes a str, not {type(text).__name__}")
        with self._lock:
            self._held.append(text)
            self._length += len(text)
            if self._length > LARGEST_PIECE or time.monotonic() - self._since > LONGEST_WAIT:
                self.flush()
        return len(text)

    def flush(self):
        with self._lock:
            text, self._held, self._length = "".join(self._held), [], 0
            self._since = time.monotonic()
            if text:
                self._write_piece(self._name, text)


def described(error):
    """What an output of type "error" says: its name, its text, and the lines of the notebook that led to it."""
    try:
        value = str(error)[:LONGEST_ERROR]
    except BaseException:  # the student wrote this __str__
        value = "(its text cannot be read)"
    name = type(error).__name__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "ipython-input" in frame.filename]
    lines = [f"line {frame.lineno}: {frame.line}" for frame in frames[-MOST_FRAMES:]]
    return {"ename": name, "evalue": value, "traceback": [*lines, f"{name}: {value}" if value else name]}


def _as_text(mime, value):
    """A representation as text; pictures as base64; None for what is not kept."""
    if mime in PICTURES:
        text = b64encode(value).decode() if isinstance(value, bytes) else value
        return text if isinstance(text, str) and len(text) <= LARGEST_PICTURE else None
    return value if mime in TEXTS and isinstance(value, str) else None


def _nothing(*_, **__):
    """In place of what only somebody at the screen would see."""
