"""Files as people have them, recognised by their first bytes: plain, gzipped, or inside a tar or a zip, as streams.

Nothing is unpacked to disk, so a name like `../../x` in a tar leads nowhere, and no more than `MOST_BYTES` is inflated.
"""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath

from fercourse.errors import DataMismatch, DataNotFound

MOST_BYTES = 2 << 30
"""Bytes that one file may inflate to, seven times fer2013.csv."""

CSV_NAMES = ("fer2013.csv", "icml_face_data.csv", "train.csv")
"""What is looked for inside an archive, in this order; train.csv comes with test.csv."""


DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile)


@contextmanager
def reading(path):
    """Turn what goes wrong while `path` is read into DataNotFound (not readable) or DataMismatch (damaged)."""
    try:
        yield
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

    A plain or gzipped file holds one; of an archive's members, the first of `CSV_NAMES` that is there, and test.csv
    with train.csv. A zip may hold the tar.gz of the challenge. Raises DataMismatch where an archive has none.
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
    members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    if any(info.flag_bits & 1 for info in members.values()):
        raise DataMismatch(f"{path}: expected an open archive, found one with a password. Unpack it, load the file.")
    if wanted := wanted_members(members, path):
        return {
            described(member, path): lambda member=member: Bounded(stack.enter_context(archive.open(member)), path)
            for member in wanted
        }
    inner = sorted(name for name in members if name.endswith((".tar.gz", ".tgz")))
    if not inner:
        raise nothing_inside(path, members)
    return tar_streams(lambda: stack.enter_context(gzip.open(archive.open(inner[0]))), path, stack)


def tar_streams(opened, path, stack):
    """The streams of the tar that `opened` gives, uncompressed; read forwards only, once to list and once a member."""

    def files():
        archive = tarfile.open(fileobj=Bounded(opened(), path), mode="r|")  # noqa: SIM115, the stack closes it
        return ((stack.enter_context(archive), member) for member in archive if member.isfile())

    def stream(wanted):
        archive, member = next(found for found in files() if found[1].name == wanted)
        return Bounded(archive.extractfile(member), path)

    names = []
    for _, member in files():
        names.append(member.name)
        if PurePosixPath(member.name).name == CSV_NAMES[0]:
            break
    wanted = wanted_members(names, path)
    if not wanted:
        raise nothing_inside(path, names)
    return {described(name, path): lambda name=name: stream(name) for name in wanted}


def described(member, path):
    return f"{PurePosixPath(member).name} in {path.name}"


def wanted_members(names, path):
    """The members to read: the first of `CSV_NAMES` by its last part, with test.csv beside train.csv; may be empty."""
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise DataMismatch(
                f"{path}: expected members inside the archive's own folder, found {name!r}. "
                "Whoever packed this meant to write elsewhere: get the file from a source you trust."
            )
    by_name = {PurePosixPath(name).name: name for name in sorted(names, reverse=True) if "__MACOSX" not in name}
    for name in CSV_NAMES:
        if name in by_name:
            pair = ("train.csv", "test.csv") if name == "train.csv" and "test.csv" in by_name else (name,)
            return [by_name[one] for one in pair]
    return []


def nothing_inside(path, names):
    some = ", ".join(sorted(names)[:5]) or "nothing"
    return DataMismatch(
        f"{path}: expected an archive with {' or '.join(CSV_NAMES)} in it, found {some}. Image folders and other files "
        "are read unpacked: unpack it and load the folder."
    )


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
