"""Files as people have them, recognised by their first bytes: plain, gzipped, or inside a tar or a zip, as streams.

Nothing is unpacked to disk, so a name like `../../x` in a tar leads nowhere, and no more than `MOST_BYTES` is inflated.
"""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from contextlib import ExitStack, contextmanager

from fercourse.data.layouts.members import (
    HEADER,
    described,
    may_be_csv,
    nothing_inside,
    packed_inside,
    two_archives,
    wanted_members,
)
from fercourse.errors import DataMismatch, DataNotFound, FercourseError

MOST_BYTES = 2 << 30
"""Bytes that one file may inflate to, seven times fer2013.csv."""

DAMAGED = (
    EOFError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,  # a zip that is packed in a way that Python does not know, such as Deflate64
)


@contextmanager
def reading(path):
    """Turn what goes wrong while `path` is read into DataNotFound (not readable) or DataMismatch (damaged)."""
    try:
        yield
    except FercourseError:  # DataNotFound and NotWritten are OSErrors, too
        raise
    except DAMAGED as error:
        raise damaged(path, error) from error
    except OSError as error:
        if error.errno is None:  # a library's word for content that it cannot decode
            raise damaged(path, error) from error
        raise DataNotFound(
            f"{error.filename or path} could not be read: {error.strerror}. Check the path and its permissions, "
            "or load 'drawn'."
        ) from error


def damaged(path, error):
    if isinstance(error, NotImplementedError):
        return DataMismatch(
            f"{path}: expected an archive that Python unpacks, found one packed in another way ({error}). Unpack it "
            "with the program that made it, and load what was in it."
        )
    return DataMismatch(
        f"{path}: expected a whole file, found a damaged one ({error}). The download broke off: get it again."
    )


def kind_of(path):
    """What the file at `path` is, by its content: "npz", "zip", "tar", "tar.gz", "gz", "parquet" or "csv"."""
    with open(path, "rb") as file:
        start = file.read(512)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        return "npz" if names and all(name.endswith(".npy") for name in names) else "zip"
    if start.startswith(b"\x1f\x8b"):
        with gzip.open(path) as file:
            return "tar.gz" if is_tar(file.read(512)) else "gz"
    return "tar" if is_tar(start) else "csv"


def is_tar(start):
    return start[257:262] == b"ustar"


@contextmanager
def csv_streams(path):
    """Yield the CSV files in `path` as a dict from name to a function that opens a bounded binary stream of it.

    A plain or gzipped file holds one; of an archive's members `members.wanted_members` tells. A zip may hold the tar.gz
    of the challenge. Raises DataMismatch where an archive has none, or several that could be meant.
    """
    kind = kind_of(path)
    with ExitStack() as stack:
        if kind == "csv":
            yield {path.name: lambda: Bounded(stack.enter_context(open(path, "rb", buffering=0)), path)}
        elif kind == "gz":
            yield {path.name: lambda: Bounded(stack.enter_context(gzip.open(path)), path)}
        elif kind == "zip":
            yield zip_streams(stack.enter_context(zipfile.ZipFile(path)), path, stack)
        else:
            opener = gzip.open if kind == "tar.gz" else open
            yield tar_streams(lambda: stack.enter_context(opener(path, "rb")), path, stack)


def zip_streams(archive, path, stack):
    refuse_joined_zips(archive, path)
    members = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.flag_bits & 1 for info in members):
        raise DataMismatch(f"{path}: expected an open archive, found one with a password. Unpack it, load the file.")

    def stream(info):
        return Bounded(stack.enter_context(archive.open(info)), path)

    names = [info.filename.replace("\\", "/") for info in members]  # .NET writes the separators of Windows
    starts = [stream(info).read(HEADER) if may_be_csv(name) else b"" for name, info in zip(names, members, strict=True)]
    if wanted := wanted_members(names, starts, path):
        return {described(names[position], path): lambda info=members[position]: stream(info) for position in wanted}
    inner = packed_inside(names, path)
    packed = members[names.index(inner)]
    return tar_streams(lambda: stack.enter_context(gzip.open(archive.open(packed))), path, stack)


def refuse_joined_zips(archive, path):
    """Raise DataMismatch where another archive stands before this one: the names of its members are not read."""
    if min((info.header_offset for info in archive.infolist()), default=0) > 0:
        raise two_archives(path)


def tar_streams(opened, path, stack):
    """The streams of the tar that `opened` gives, uncompressed; read forwards only, once to list and once a member."""

    def members():
        archive = tarfile.open(fileobj=Bounded(opened(), path), mode="r|")  # noqa: SIM115, the stack closes it
        stack.enter_context(archive)
        yield from ((member.name, archive.extractfile(member)) for member in archive if member.isfile())
        while rest := archive.fileobj.read(1 << 20):
            if rest.strip(b"\0"):
                raise two_archives(path)

    def stream(wanted):
        return Bounded(next(file for position, (_, file) in enumerate(members()) if position == wanted), path)

    found = [(name, file.read(HEADER) if may_be_csv(name) else b"") for name, file in members()]
    names, starts = [name for name, _ in found], [start for _, start in found]
    wanted = wanted_members(names, starts, path)
    if not wanted:
        raise nothing_inside(path, names)
    return {described(names[position], path): lambda position=position: stream(position) for position in wanted}


class Bounded:
    """A binary stream that raises DataMismatch once it has given more than `MOST_BYTES`: no bomb fills the memory."""

    def __init__(self, stream, path):
        self.stream, self.path, self.given = stream, path, 0

    def read(self, size):
        piece = self.stream.read(size)
        self.given += len(piece)
        if self.given > MOST_BYTES:
            raise DataMismatch(
                f"{self.path}: expected at most {MOST_BYTES:,} bytes, found more: this is no FER2013. Get it again."
            )
        return piece
