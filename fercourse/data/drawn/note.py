"""The mark of drawn faces in files: a CSV cannot say that its faces are no photographs; a note beside it can."""

import os
from dataclasses import replace

FOLDER_NOTE = "DRAWN.txt"


def note_beside(path):
    """Where the note on a file or a folder lies: in the folder, or beside the file."""
    return path / FOLDER_NOTE if path.is_dir() else path.with_name(f"{path.name}.drawn.txt")


def note_text(path):
    """The note for what lies at `path`; it names the size of a file, so that another one put there is not meant."""
    belongs = "the faces in this folder" if path.is_dir() else f"the file of {path.stat().st_size} bytes"
    return f"Drawn by fercourse from a seed: no photographs, not FER2013. This note belongs to {belongs} beside it.\n"


def marked(faces, path):
    """`faces`, read from `path`, each split as drawn or not; drawn ones by a note on `path` say so in their source."""
    drawn = faces.drawn or has_note(path)
    source = f"drawn faces in {faces.source}" if drawn and not faces.drawn else faces.source
    splits = {split.name: replace(split, source=source, drawn=drawn) for split in faces}
    return replace(faces, **splits, source=source, drawn=drawn)


def has_note(path):
    """Whether the note that belongs to what lies at `path` is there; not where its name is longer than names may be."""
    note = note_beside(path)
    return os.path.isfile(note) and note.read_text("utf-8", errors="replace") == note_text(path)
