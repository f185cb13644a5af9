"""What lies in a folder of submissions or in a zip: files, and what cannot be read, with the reason.

Symbolic links are not followed, names that lead elsewhere are not used, and nothing inflates beyond a bound.
Nothing is unpacked.
"""

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

LARGEST = 20_000_000
"""Bytes of a notebook; a larger one is cut there, which the grader then finds too large."""

LARGEST_ZIP = 50_000_000
MOST_MEMBERS = 10_000
DEEPEST = 30
JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")
DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
    MemoryError,
)
"""What zipfile raises for a zip that somebody damaged, or made to do harm."""


@dataclass(frozen=True)
class Item:
    """A file or a folder, by its `parts` below the root; `problem` says why it is not read.

    read: a function of the most bytes to read, for a file; None for a folder. path: where it lies on the disk, if so.
    when: year, month, … second in which it was written, of a file in a zip: what is unpacked or copied has new dates.
    """

    parts: tuple
    read: Callable | None = None
    path: str | None = None
    problem: str = ""
    when: tuple = ()

    @property
    def name(self):
        """The last part."""
        return self.parts[-1]

    def below(self, count):
        """The same item seen from the folder `count` parts further down."""
        return replace(self, parts=self.parts[count:])


def of_folder(root):
    """Every file and folder below `root`, in the order of their names."""
    items, waiting = [], [((), os.fspath(root))]
    while waiting:
        parts, folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            items.append(Item(parts or (".",), problem=f"could not be read: {error.strerror}"))
            continue
        for entry in found:
            if is_junk(entry.name):
                continue
            item = _entry(entry, (*parts, entry.name))
            items.append(item)
            if item.read is None and not item.problem and len(item.parts) < DEEPEST:
                waiting.append((item.parts, entry.path))
    return sorted(items, key=lambda item: item.parts)


def of_file(path):
    """The one file at `path`, as if it lay in a folder."""
    return Item((path.name,), read=lambda most: read_file(path, most), path=os.fspath(path))


def is_junk(name):
    """Whether a file or folder of this name is the system's or Jupyter's own, not a student's."""
    return (name.startswith(".") and "_assignsubmission_" not in name) or name in JUNK


def _entry(entry, parts):
    if entry.is_symlink():
        return Item(parts, problem="is a symbolic link, which is not followed")
    if entry.is_dir(follow_symlinks=False):
        return Item(parts)
    if not entry.is_file(follow_symlinks=False):
        return Item(parts, problem="is no ordinary file")
    return Item(parts, read=lambda most: read_file(entry.path, most), path=entry.path)


def read_file(path, most):
    """The first `most` bytes of an ordinary file; raises OSError, also where a link took its place."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "no ordinary file")
        return file.read(most)


def of_student_zip(item):
    """Every member of the zip that is `item`, with its parts after the zip's; raises one of `DAMAGED`."""
    data = item.read(LARGEST_ZIP + 1)
    if len(data) > LARGEST_ZIP:
        raise zipfile.BadZipFile(f"more than {LARGEST_ZIP // 10**6} MB")
    if data.count(b"PK\x01\x02") > MOST_MEMBERS:
        raise zipfile.BadZipFile(f"more than {MOST_MEMBERS:,} files in it")
    return [replace(one, parts=(*item.parts, *one.parts)) for one in of_zip(io.BytesIO(data))]


def of_zip(file):
    """Every member of a zip, in the order of their names; it stays open as long as they are held.

    Of two with the same name the later, as where it is unpacked.
    """
    archive = zipfile.ZipFile(file)
    items = {item.parts: item for info in archive.infolist() if (item := _member(archive, info))}
    return sorted(items.values(), key=lambda item: item.parts)


def _member(archive, info):
    name = _name_of(info).replace("\\", "/")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if not parts or any(is_junk(part) for part in parts if part != ".."):
        return None
    if ".." in parts or PurePosixPath(name).is_absolute() or re.match("[A-Za-z]:/", name):
        return Item(parts[-1:], problem="leads out of the zip by its name, and was not read")
    if info.flag_bits & 1:
        return Item(parts, problem="is locked by a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return Item(parts, problem="is packed by a method other than deflate")
    if stat.S_ISLNK(info.external_attr >> 16):
        return Item(parts, problem="is a symbolic link, which is not followed")
    if info.is_dir():
        return Item(parts)
    return Item(parts, read=lambda most: _inflate(archive, info, most), when=info.date_time)


def _name_of(info):
    """A member's name. macOS and Brightspace write UTF-8 without the flag that says so; `zipfile` then reads cp437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _inflate(archive, info, most):
    with archive.open(info) as stream:
        return stream.read(most)
