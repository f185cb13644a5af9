"""NumPy's files of others: read where that is exact, else refused; nothing wraps around."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_fer import IMAGES, LABELS, NAMES, PARTS, USAGES, is_whole

from fercourse.data.layouts.exact import grey_levels
from fercourse.data.load import load
from fercourse.errors import DataMismatch

ARRAYS = {"pixels": IMAGES, "emotion": LABELS, "usage": PARTS}
TEXTS = np.array(NAMES)[LABELS]


def read(folder, **arrays):
    np.savez(folder / "fer.npz", **arrays)
    return load(folder / "fer.npz", cache=False)


EXACT = {
    "signed images": {"pixels": IMAGES.astype(np.int64)},
    "large unsigned images": {"pixels": IMAGES.astype(np.uint64)},
    "whole fractions": {"pixels": IMAGES.astype(np.float32)},
    "whole fractions of 16 bits": {"pixels": IMAGES.astype(np.float16)},
    "divided by 255": {"pixels": IMAGES / 255},
    "divided by 255 in 32 bits": {"pixels": IMAGES / np.float32(255)},
    "times 1/255 in 32 bits": {"pixels": IMAGES * np.float32(1 / 255)},
    "divided by 255 in 16 bits": {"pixels": (IMAGES / 255).astype(np.float16)},
    "channels last": {"pixels": IMAGES[..., None]},
    "channels first": {"pixels": IMAGES[:, None]},
    "flat": {"pixels": IMAGES.reshape(-1, 2304)},
    "backwards in memory": {"pixels": np.asfortranarray(IMAGES)},
    "another byte order": {"pixels": IMAGES.astype(">i4"), "emotion": LABELS.astype(">i2")},
    "labels of 8 bits": {"emotion": LABELS.astype(np.uint8)},
    "labels as fractions": {"emotion": LABELS.astype(float)},
    "labels as names": {"emotion": TEXTS},
    "labels as bytes": {"emotion": TEXTS.astype(bytes)},
    "labels as capitals": {"emotion": np.char.title(TEXTS)},
    "labels as digits": {"emotion": LABELS.astype(str)},
    "labels in a column": {"emotion": LABELS[:, None]},
    "labels one-hot": {"emotion": np.eye(7)[LABELS]},
    "labels one-hot, truth values": {"emotion": np.eye(7, dtype=bool)[LABELS]},
    "usages as names": {"usage": np.array(USAGES)[PARTS]},
    "usages as other names": {"usage": np.array(["train", "val", "test"])[PARTS]},
    "usages as fractions": {"usage": PARTS.astype(np.float32)},
}


@pytest.mark.parametrize("form", EXACT)
def test_values_of_any_type_are_read_where_that_is_exact(form, tmp_path):
    assert is_whole(read(tmp_path, **{**ARRAYS, **EXACT[form]}))


def test_arrays_are_known_by_the_words_of_their_names(tmp_path):
    assert is_whole(read(tmp_path, images=IMAGES, emotions=LABELS, split=PARTS))
    assert is_whole(read(tmp_path, Pixels=IMAGES, Emotion=LABELS, Usage=PARTS))
    for images, labels in (("{}_images", "{}_labels"), ("x_{}", "y_{}"), ("X_{}", "emotion_{}")):
        arrays = {images.format(name): IMAGES[part == PARTS] for part, name in enumerate(("train", "val", "test"))}
        arrays |= {labels.format(name): TEXTS[part == PARTS] for part, name in enumerate(("train", "val", "test"))}
        assert is_whole(read(tmp_path, **arrays))


def changed(array, value, row=4):
    array = array.copy()
    array[(row, *(0 for _ in array.shape[1:]))] = value
    return array


def splits(**further):
    arrays = {f"x_{name}": IMAGES[part == PARTS] for part, name in enumerate(("train", "val", "test"))}
    return arrays | {f"y_{name}": LABELS[part == PARTS] for part, name in enumerate(("train", "val", "test"))} | further


REFUSED = {
    "a grey level of 256": ({"pixels": changed(IMAGES.astype(int), 256)}, "row 5: .*found 256"),
    "a grey level of -1": ({"pixels": changed(IMAGES.astype(int), -1)}, "row 5: .*found -1"),
    "a fraction": ({"pixels": changed(IMAGES.astype(float), 0.5)}, r"row 5: .*found 0\.5"),
    "not a number": ({"pixels": changed(IMAGES / 255, np.nan)}, "row [15]: "),
    "infinite": ({"pixels": changed(IMAGES / 255, np.inf)}, "row [15]: "),
    "minus infinite": ({"pixels": changed(IMAGES / 255, -np.inf)}, "row [15]: "),
    "standardised": ({"pixels": (IMAGES - 127.5) / 60}, "row 1: .*found"),
    "between -1 and 1": ({"pixels": IMAGES / 127.5 - 1}, "row 1: .*found"),
    "divided by 256": ({"pixels": IMAGES / 256}, "row 1: .*found"),
    "truth values": ({"pixels": IMAGES > 99}, "found bool"),
    "complex": ({"pixels": IMAGES * 1j}, "found complex128"),
    "images as texts": ({"pixels": IMAGES.astype(str)}, "found <U3"),
    "in colour": ({"pixels": np.stack([IMAGES] * 3, -1)}, r"found uint8 \(70, 48, 48, 3\)"),
    "another shape of as many": ({"pixels": IMAGES.reshape(70, 24, 96)}, r"found uint8 \(70, 24, 96\)"),
    "faces last": ({"pixels": IMAGES.transpose(1, 2, 0)}, r"found uint8 \(48, 48, 70\)"),
    "a label of 7": ({"emotion": changed(LABELS, 7)}, "row 5: .*found 7"),
    "a label of -1": ({"emotion": changed(LABELS, -1)}, "row 5: .*found -1"),
    "a label of 256": ({"emotion": changed(LABELS, 256)}, "row 5: .*found 256"),
    "half a label": ({"emotion": changed(LABELS.astype(float), 2.5)}, r"row 5: .*found 2\.5"),
    "no label": ({"emotion": changed(LABELS.astype(float), np.nan)}, "row 5: .*found nan"),
    "an eighth emotion": ({"emotion": changed(TEXTS.astype("U9"), "contempt")}, "row 5: .*found contempt"),
    "two ones": ({"emotion": changed(np.eye(7)[LABELS], 1)}, "row 5: .*one 1 among zeros"),
    "shares of votes": ({"emotion": np.eye(7)[LABELS] * 0.9}, "row 1: .*one 1 among zeros"),
    "eight columns": ({"emotion": np.eye(8)[LABELS]}, r"found float64 \(70, 8\)"),
    "labels as truth values": ({"emotion": LABELS > 3}, "found bool"),
    "a usage of 3": ({"usage": changed(PARTS, 3)}, "row 5: .*found 3"),
    "a usage of 256": ({"usage": changed(PARTS, 256)}, "row 5: .*found 256"),
    "another usage": ({"usage": changed(np.array(USAGES)[PARTS], "Testing")}, "row 5: .*found Testing"),
    "fewer labels": ({"emotion": LABELS[:-1]}, "70 images in pixels, 69 labels in emotion"),
    "no usage": ({"usage": None}, "found pixels, emotion"),
    "an array more": ({"extra_images": IMAGES}, "found .*extra_images"),
    "two arrays of labels": ({"labels": LABELS}, "found .*labels"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_values_that_are_no_face_or_label_are_refused_by_row(fault, tmp_path):
    change, words = REFUSED[fault]
    arrays = {name: array for name, array in {**ARRAYS, **change}.items() if array is not None}
    with pytest.raises(DataMismatch, match=rf"fer\.npz.*{words}"):
        read(tmp_path, **arrays)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (splits(), "y_train, found numbers"),
        (splits(x_extra=IMAGES), "found .*x_extra"),
        ({name: array for name, array in splits().items() if "val" not in name}, "found x_train"),
        ({"x": IMAGES, "y": LABELS, "usage": PARTS}, "y, found numbers"),
        ({"arr_0": IMAGES, "arr_1": LABELS, "arr_2": PARTS}, "found arr_0, arr_1, arr_2"),
        ({}, "found none|expected"),
    ],
)
def test_arrays_that_could_be_meant_otherwise_are_refused(arrays, words, tmp_path):
    with pytest.raises(DataMismatch, match=words):
        read(tmp_path, **arrays)


def test_two_files_in_one_are_refused(tmp_path):
    np.savez(tmp_path / "one.npz", **ARRAYS)
    data = (tmp_path / "one.npz").read_bytes()
    (tmp_path / "two.npz").write_bytes(data + data)
    with pytest.raises(DataMismatch, match="two joined"):
        load(tmp_path / "two.npz", cache=False)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["i2", "u4", "f2", "f4", "f8"]), st.integers(-400, 400), st.sampled_from([1, 0.5, 1 / 255]))
def test_a_grey_level_is_read_as_itself_or_refused(dtype, value, scale):
    value = np.array(value * scale).astype(dtype) if dtype != "u4" else np.array(abs(value), dtype)
    array = np.full((1, 48, 48), value)
    try:
        level = int(grey_levels(array, "some.npz", "pixels")[0, 0, 0])
    except DataMismatch:
        assert value < 0 or value > 255 or value != np.rint(value)
    else:
        assert level == value or (value <= 1 and abs(level / 255 - value) <= np.finfo(dtype).eps)
