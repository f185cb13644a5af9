"""A small FER2013 of random grey levels, written by hand in the layouts of others: what the readers' tests read."""

import io
import json

import numpy as np
import pyarrow
import pyarrow.parquet
from PIL import Image

NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
USAGES = ("Training", "PublicTest", "PrivateTest")
PARTS = np.repeat(np.arange(3), (42, 14, 14))
LABELS = np.arange(len(PARTS)) % 7
IMAGES = np.random.default_rng(5).integers(0, 256, (len(PARTS), 48, 48)).astype(np.uint8)
ROWS = range(len(PARTS))


def is_whole(faces):
    """Whether `faces` are these, split by split and in their order."""
    return all(
        np.array_equal(split.images, IMAGES[code == PARTS]) and np.array_equal(split.labels, LABELS[code == PARTS])
        for code, split in enumerate(faces)
    )


def encoded(image, kind="png", mode="L", **options):
    """A face (48, 48) as the bytes of a picture file."""
    file = io.BytesIO()
    Image.fromarray(image).convert(mode).save(file, kind, **options)
    return file.getvalue()


def write_folders(folder, *, tops=("train", "valid", "test"), names=NAMES, ending=lambda row: "png"):
    """<top>/<emotion>/<row>.<ending>; returns the folder."""
    for row in ROWS:
        place = folder / tops[PARTS[row]] / names[LABELS[row]]
        place.mkdir(parents=True, exist_ok=True)
        kind = ending(row)
        (place / f"im{row}.{kind}").write_bytes(encoded(IMAGES[row], KINDS.get(kind.lower(), kind)))
    return folder


KINDS = {"jpg": "jpeg", "tif": "tiff", "pgm": "ppm", "jp2": "jpeg2000"}


def write_parquet(path, rows, *, label="label", labels=None, names=None, **columns):
    """The faces at `rows` as Hugging Face writes them: encoded images and class labels; `columns` come on top."""
    names = sorted(NAMES) if names is None else names
    if labels is None:
        labels = [names.index(NAMES[LABELS[row]]) for row in rows]
    images = [{"bytes": encoded(IMAGES[row]), "path": None} for row in rows]
    features = {"image": {"_type": "Image"}, label: {"names": names, "_type": "ClassLabel"}}
    table = pyarrow.table({"image": images, label: labels, **columns})
    about = {"huggingface": json.dumps({"info": {"features": features}})} if names else None
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(table.replace_schema_metadata(about), path)
    return path


def csv_bytes(rows=ROWS, columns=("emotion", "pixels", "Usage"), **further):
    """The faces at `rows` as a CSV with `columns`; `further` are functions from a row to the text of its field."""
    texts = {"emotion": lambda row: LABELS[row], "Usage": lambda row: USAGES[PARTS[row]], **further}
    texts["pixels"] = lambda row: " ".join(map(str, IMAGES[row].ravel()))
    lines = [",".join(columns)] + [",".join(str(texts[column](row)) for column in columns) for row in rows]
    return "\n".join(lines).encode() + b"\n"
