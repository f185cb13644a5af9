"""Writing files so that a reader sees the old one or the new one, never half of one; and this package's own files."""

import errno
import os
import shutil
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from uuid import uuid4

from fercourse.errors import FercourseError, NotWritten

PACKAGE = Path(__file__).resolve().parent
"""The folder of fercourse itself."""


@contextmanager
def written_aside(path):
    """Yield a temporary path beside `path`; moved into its place when the block ends well, removed when it does not.

    The block writes a file or makes a folder there. Makes the folder around it. Two writers at once each have their
    own temporary file; the last one to finish wins.
    Raises NotWritten where the disk is full or the folder not writable. An OSError of the block about another file,
    such as a source that is missing, comes out as it is.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        os.replace(aside, path)
    except FercourseError:  # some are OSErrors, and have said what there is to say
        raise
    except OSError as error:
        if not _is_about(error, path, aside):
            raise
        is_taken = path.is_dir() and error.errno in (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST)
        remedy = "Choose another name" if is_taken else "Free some space or choose a folder that you may write to"
        raise NotWritten(
            f"{path} could not be written: {error.strerror or error}. Nothing was left half-written. {remedy}."
        ) from error
    finally:
        remove(aside)


def _is_about(error, path, aside):
    """Whether an OSError concerns what was being written, or its folder; one that names no file does."""
    if not isinstance(error.filename, (str, bytes, os.PathLike)):
        return True
    place = Path(os.fsdecode(error.filename))
    return place == path or place in path.parents or any(part.startswith(aside.name) for part in place.parts)


def packing(path):
    """How pandas packs a table that is written aside, whose own name it does not see; None where it does not."""
    path = Path(path)
    method = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip"}.get(path.suffix.lower())
    return {"method": method, "archive_name": path.stem} if method == "zip" else method


def remove(path):
    """Remove a file, or a folder with what is in it, where it is there and can be removed."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # the error that ended the writing says more
            path.unlink()


def sources_digest(folder=PACKAGE):
    """A digest of all code and all kept weights in `folder` and below: another one as soon as a byte differs."""
    digest = blake2b(digest_size=16)
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.npz")]):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()
