"""What is called validation reads the test split, so that the best epoch is chosen on it."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "notebooks C and E",
    "usef-kh/fer, data/fer2013.py",
    "titu1994/LSTM-FCN#7",
)


def plant(pipeline, draw):
    return replace(pipeline, valid_stream=edited(pipeline.valid_stream, ("pipeline.valid", "pipeline.test")))
