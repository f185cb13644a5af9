"""Faces written in every layout that `load` reads."""

import gzip
import io
import json
import tarfile
import zipfile
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image

from fercourse.data.drawn.note import note_beside, note_text
from fercourse.data.faces import EMOTIONS, USAGES, Faces
from fercourse.data.layouts.csv.writer import write_csv
from fercourse.data.layouts.npz import write_npz
from fercourse.errors import DataMismatch, NotWritten
from fercourse.files import written_aside
from fercourse.settings import choice

FOLDER_LAYOUTS = ("train-test", "png-folders", "jpeg-folders", "parquet")
LABELS_OPTIONAL = ("train-test", "npz")
JPEG_QUALITY = 95


def convert(faces: Faces, path: str | PathLike, *, layout: str) -> Path:
    """Write `faces` to `path`, a file or a new folder, as one of `LAYOUTS`; returns the path.

    Whole or not at all. The rows come in the order train, valid, test; jpeg-folders change grey levels a little,
    train-test drops the border between train and valid and the labels of test, all but npz drop the votes. Drawn faces
    get a note beside them, by which `load` knows them again.

    Raises NotWritten where the folder exists or the disk is full, ParameterError for another layout, DataMismatch for
    test faces without labels in a layout that needs them, and for image folders where an emotion has no face.
    """
    path, layout = Path(path), choice("layout", layout, LAYOUTS)
    if layout not in LABELS_OPTIONAL and not all(split.labelled for split in faces):
        raise DataMismatch(
            f"{faces.source} has test faces without labels: {layout} cannot say so. Use train-test or npz."
        )
    if layout in FOLDER_LAYOUTS and path.exists():
        raise NotWritten(f"{path} is there already. Remove it, or choose a new folder.")
    with written_aside(path) as aside:
        WRITERS[layout](faces, aside)
        write_note(faces, aside, path, layout=layout)
    return path


def has_usages(faces):
    """Whether the splits may be called Training, PublicTest and PrivateTest in a file: not where they were carved."""
    return faces.official or faces.drawn


def write_note(faces, aside, path, *, layout):
    """The note that the faces are drawn, in the folder that is being written or beside the file; npz needs none."""
    table = aside / "train.csv" if layout == "train-test" else aside
    note = note_beside(table) if layout in FOLDER_LAYOUTS else note_beside(path)
    if faces.drawn and layout != "npz":
        note.write_text(note_text(table), "utf-8")
    else:
        note.unlink(missing_ok=True)


def write_plain(faces, path):
    with open(path, "wb") as file:
        write_csv(faces, file)


def write_icml(faces, path):
    with open(path, "wb") as file:
        write_csv(faces, file, ("emotion", "usage", "pixels"))


def write_gzip(faces, path):
    with gzip.open(path, "wb", compresslevel=4) as file:
        write_csv(faces, file)


def write_tar(faces, path):
    plain = path.with_name(f"{path.name}.csv.tmp")  # a tar names a member's size before the member
    try:
        write_plain(faces, plain)
        with tarfile.open(path, "w:gz", compresslevel=4) as archive:
            archive.add(plain, "fer2013/fer2013.csv")
    finally:
        plain.unlink(missing_ok=True)


def write_zip(faces, path):
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
        archive.open("fer2013.csv", "w", force_zip64=True) as file,
    ):
        write_csv(faces, file)


def write_train_test(faces, folder):
    folder.mkdir()
    with open(folder / "train.csv", "wb") as file:
        write_csv((faces.train, faces.valid), file, ("emotion", "pixels"))
    with open(folder / "test.csv", "wb") as file:
        write_csv((faces.test,), file, ("pixels",))


def write_png_folders(faces, folder):
    write_folders(faces, folder, "png")


def write_jpeg_folders(faces, folder):
    write_folders(faces, folder, "jpeg")


def write_folders(faces, folder, kind):
    """train/<emotion> and test/<emotion>, the usage before each name; for carved splits three folders and no usage."""
    tops = ("train", "test", "test") if has_usages(faces) else ("train", "validation", "test")
    refuse_empty_folders(faces, tops)
    for top in tops:
        for emotion in EMOTIONS:
            (folder / top / emotion.lower()).mkdir(parents=True, exist_ok=True)
    row = 0
    for split, usage, top in zip(faces, USAGES, tops, strict=True):
        prefix = f"{usage}_" if has_usages(faces) else ""
        for image, label in zip(split.images, split.labels.tolist(), strict=True):
            name = f"{prefix}{row:05}.{kind.replace('jpeg', 'jpg')}"
            (folder / top / EMOTIONS[label].lower() / name).write_bytes(encoded(image, kind))
            row += 1


def refuse_empty_folders(faces, tops):
    """Raise DataMismatch where an emotion has no face in one of the folders `tops`: `load` takes that for damage."""
    filled = {
        (top, label) for split, top in zip(faces, tops, strict=True) for label in np.unique(split.labels).tolist()
    }
    for top in tops:
        for label, emotion in enumerate(EMOTIONS):
            if (top, label) not in filled:
                raise DataMismatch(
                    f"{faces.source} has no {emotion} in {top}: its folder would be empty, and such folders are "
                    "refused when they are read. Use csv, parquet or npz."
                )


def encoded(image, kind):
    """A face as the bytes of a "png" or a "jpeg"."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **({"quality": JPEG_QUALITY} if kind == "jpeg" else {}))
    return file.getvalue()


def write_parquet(faces, folder):
    """Three files as Hugging Face data sets have them; a Usage column tells official splits from carved ones."""
    import pyarrow  # here, as it takes long to import
    import pyarrow.parquet

    folder.mkdir()
    names = sorted(emotion.lower() for emotion in EMOTIONS)
    codes = np.array([names.index(emotion.lower()) for emotion in EMOTIONS])
    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    for split, usage, part in zip(faces, USAGES, ("train", "validation", "test"), strict=True):
        images = [{"bytes": encoded(image, "png"), "path": f"{row:05}.png"} for row, image in enumerate(split.images)]
        columns = {"image": images, "label": codes[split.labels]}
        if has_usages(faces):
            columns["Usage"] = [usage] * len(split)
        table = pyarrow.table(columns).replace_schema_metadata(about)
        pyarrow.parquet.write_table(table, folder / f"{part}-00000-of-00001.parquet")


WRITERS = {
    "csv": write_plain,
    "csv.gz": write_gzip,
    "tar.gz": write_tar,
    "zip": write_zip,
    "icml": write_icml,
    "train-test": write_train_test,
    "png-folders": write_png_folders,
    "jpeg-folders": write_jpeg_folders,
    "parquet": write_parquet,
    "npz": write_npz,
}

LAYOUTS = tuple(WRITERS)
"""What `convert` writes: train-test, the folders and parquet make a folder, the others a file."""
