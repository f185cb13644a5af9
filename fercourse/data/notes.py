"""The mark of drawn faces in files: a CSV cannot say that its faces are no photographs; a note beside it can."""

from dataclasses import replace

FOLDER_NOTE = "DRAWN.txt"


def note_beside(path):
    """Where the note on a file or a folder lies: in the folder, or beside the file."""
    return path / FOLDER_NOTE if path.is_dir() else path.with_name(f"{path.name}.drawn.txt")


def note_text(path):
    """The note for what lies at `path`; it names the size of a file, so that another one put there is not meant."""
    belongs = "the faces in this folder" if path.is_dir() else f"the file of {path.stat().st_size} bytes"
    return f"Drawn by fercourse from a seed: no photographs, not FER2013. This note belongs to {belongs} beside it.\n"


def marked_if_drawn(faces, path):
    """`faces`, read from `path`, as drawn ones, in their source too, where the note on `path` is there."""
    note = note_beside(path)
    if faces.drawn or not note.is_file() or note.read_text("utf-8") != note_text(path):
        return faces
    source = f"drawn faces in {faces.source}"
    train, valid, test = (replace(split, source=source) for split in faces)
    return replace(faces, train=train, valid=valid, test=test, source=source, official=False, drawn=True)
