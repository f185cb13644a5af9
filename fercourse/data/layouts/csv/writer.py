"""FER2013 and FER+ CSV files, written."""

import numpy as np

from fercourse.data.faces import BALLOT, USAGES

VOTE_COLUMNS = {
    "neutral": "Neutral",
    "happiness": "Happy",
    "surprise": "Surprise",
    "sadness": "Sad",
    "anger": "Angry",
    "disgust": "Disgust",
    "fear": "Fear",
    "contempt": "Contempt",
    "unknown": "Unknown",
    "NF": "Not a face",
}
"""The columns of fer2013new.csv in its order, by which many read it, and what `BALLOT` calls them."""

DIGITS = np.array([list(f"{level} ".encode().ljust(4, b"\0")) for level in range(256)], np.uint8)
"""Each grey level as text and a space, filled up with zero bytes: uint8 (256, 4)."""

HEADERS = {
    ("emotion", "pixels", "usage"): b"emotion,pixels,Usage\n",
    ("emotion", "usage", "pixels"): b"emotion, Usage, pixels\n",  # icml_face_data.csv, with its spaces
    ("emotion", "pixels"): b"emotion,pixels\n",
    ("pixels",): b"pixels\n",
}


def write_csv(splits, file, columns=("emotion", "pixels", "usage")):
    """Write the rows of `splits` to a binary `file`: the columns of one of `HEADERS`, in their order."""
    file.write(HEADERS[columns])
    for split, usage in zip(splits, USAGES, strict=False):
        for image, label in zip(split.images, split.labels.tolist(), strict=True):
            text = DIGITS[image.ravel()].ravel()
            fields = {"emotion": b"%d" % label, "pixels": text[text > 0][:-1].tobytes(), "usage": usage.encode()}
            file.write(b",".join([fields[column] for column in columns]) + b"\n")


def write_votes(faces, file):
    """Write the votes of `faces` to a binary `file` as fer2013new.csv has them, in the order train, valid, test."""
    file.write(f"Usage,Image name,{','.join(VOTE_COLUMNS)}\n".encode())
    answers = [BALLOT.index(answer) for answer in VOTE_COLUMNS.values()]
    row = 0
    for split, usage in zip(faces, USAGES, strict=True):
        for votes in split.votes[:, answers].tolist():
            file.write(f"{usage},fer{row:07}.png,{','.join(map(str, votes))}\n".encode())
            row += 1
