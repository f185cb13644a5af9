"""Writing files so that a reader sees the old one or the new one, never half of one."""

import os
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from fercourse.errors import NotWritten


@contextmanager
def written_aside(path):
    """Yield a temporary path beside `path`; moved into its place when the block ends well, removed when it does not.

    Makes the folder. Two writers at once each have their own temporary file; the last one to finish wins.
    Raises NotWritten where the disk is full or the folder not writable.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        os.replace(aside, path)
    except OSError as error:
        raise NotWritten(
            f"{path} could not be written: {error.strerror or error}. Nothing was left half-written. "
            "Free some space or choose a folder that you may write to."
        ) from error
    finally:
        aside.unlink(missing_ok=True)
