"""What was read or drawn once, kept beside the user's other caches: an npz each, derived and replaced at need.

It lies in `$FERCOURSE_CACHE`, else in `~/.cache/fercourse`. What was read has the name and a digest of the source's
resolved path, and counts only while every source file has the size and the times it was read with. What was drawn has
the name of its scale, and counts for its seed.
"""

import os
import warnings
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np

from fercourse.data.layouts.npz import read_header, read_npz, write_npz
from fercourse.errors import DataMismatch, DataNotFound, NotWritten
from fercourse.files import sources_digest, written_aside

READER_VERSION = sources_digest(Path(__file__).parent)
"""Where the code of this room is another one, every cache is read anew. Taken when the code is loaded, not when it is
used: an edit in between changes the file, and not what runs."""


def cached(path, sources, read, *, seed):
    """`read()`, or what it gave last time while none of the `sources` has changed since.

    path:    the file or folder that the cache is named after
    sources: every file and folder that `read` looks at
    seed:    counts only for a data set whose `valid` is carved with it
    Where the cache cannot be written, a warning says so, and the faces come back all the same.
    """
    place = cache_file(path)
    stamp = {"version": READER_VERSION, "sources": [stamp_of(source) for source in sources]}
    if (faces := read_cache(place, stamp, seed)) is not None:
        return faces
    faces = read()
    try:
        keep(faces, place, stamp)
    except NotWritten as error:
        warnings.warn(
            f"{error} The data was read, but not kept, so next time it is read anew, which takes longer. "
            "FERCOURSE_CACHE names another folder; load(..., cache=False) does without.",
            stacklevel=2,
        )
    return faces


def cached_drawing(name, draw, *, seed):
    """`draw()`, or what it gave last time under this `name`, if the seed was the same.

    A cache that cannot be written is passed over in silence: to draw faces again takes seconds.
    """
    place = cache_folder() / f"{name}.npz"
    stamp = {"version": READER_VERSION, "numpy": np.__version__, "drawn with": seed}
    if (faces := read_cache(place, stamp, seed)) is None:
        faces = draw()
        with suppress(NotWritten):
            keep(faces, place, stamp)
    return faces


def keep(faces, place, stamp):
    """Write `faces` as the cache file `place`, for whoever asks with the same `stamp`. Raises NotWritten."""
    with written_aside(place) as aside:
        write_npz(faces, aside, header={**stamp, "seed": faces.carved, "remarks": faces.remarks})


def read_cache(place, stamp, seed):
    """The faces in the cache file `place` where it was made with `stamp` and serves for `seed`, else None."""
    try:
        header = read_header(place)
        carved, remarks = header.get("seed"), header.get("remarks", ())
        if header != {**stamp, "seed": None if carved is None else seed, "remarks": remarks}:
            return None
        faces = replace(read_npz(place), carved=carved, remarks=tuple(remarks))
        return faces if read_header(place) == header else None  # another process may have put its own there meanwhile
    except (DataMismatch, DataNotFound):
        return None


def cache_file(path):
    """Where the faces read from `path` are kept."""
    resolved = Path(path).resolve()
    return cache_folder() / f"{resolved.name[:40]}-{blake2b(os.fsencode(resolved), digest_size=8).hexdigest()}.npz"


def cache_folder():
    """The folder of all that is kept for next time."""
    return Path(os.path.expanduser(os.environ.get("FERCOURSE_CACHE") or "~/.cache/fercourse"))


def stamp_of(source):
    """Path of a file or folder, and a digest that changes with the size or a time of it, or of any file in it."""
    source = Path(source).resolve()
    digest = blake2b(digest_size=16)
    for path, status in sorted(statuses(source)):
        times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
        digest.update(os.fsencode(path) + f"\0{status.st_size} {times}\0".encode())
    return [str(source), digest.hexdigest()]


def statuses(source):
    """Path and `os.stat` of a file, or of every file in a folder and its folders, each folder once.

    A link that leads nowhere counts as the link; a folder that may not be read is for `read` to name, where it matters.
    """
    if not os.path.isdir(source):
        yield str(source), os.stat(source)
    seen = set()
    for folder, folders, names in os.walk(source, followlinks=True):
        if (real := os.path.realpath(folder)) in seen:  # a link back to a folder above it
            folders.clear()
            continue
        seen.add(real)
        for path in (os.path.join(folder, name) for name in names):
            try:
                yield path, os.stat(path)
            except OSError:
                yield path, os.lstat(path)
