"""Parquet: all parts of a data set are read, each once, or the whole is refused by what is missing."""

import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from small_fer import IMAGES, LABELS, NAMES, PARTS, ROWS, USAGES, csv_bytes, encoded, is_whole, write_parquet

from fercourse.data.layouts import parquet as layout
from fercourse.data.load import load
from fercourse.errors import DataMismatch

TRAIN, VALID, TEST = ([row for row in ROWS if PARTS[row] == part] for part in range(3))
TRAIN_NAME, VALID_NAME, TEST_NAME = (f"{name}-00000-of-00001.parquet" for name in ("train", "validation", "test"))


def read(path):
    return load(path, cache=False)


FORMS = {
    "three files": (TRAIN_NAME, VALID_NAME, TEST_NAME),
    "plain names": ("train.parquet", "valid.parquet", "test.parquet"),
    "other words": ("fer2013_train.parquet", "fer2013_val.parquet", "FER-Test.PARQUET"),
    "a folder each": (f"train/{TRAIN_NAME}", f"validation/{VALID_NAME}", f"test/{TEST_NAME}"),
    "folders alone say it": ("train/0000.parquet", "validation/0000.parquet", "test/0000.parquet"),
    "in data": (f"data/{TRAIN_NAME}", f"data/{VALID_NAME}", f"data/{TEST_NAME}"),
    "with digests": tuple(f"{name}-00000-of-00001-8b2e1f.parquet" for name in ("train", "validation", "test")),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_split_is_read_wherever_its_name_stands(form, tmp_path):
    for name, rows in zip(FORMS[form], (TRAIN, VALID, TEST), strict=True):
        write_parquet(tmp_path / "fer" / name, rows)
    assert is_whole(read(tmp_path / "fer"))


PARTED = {
    "two parts": ("train-00000-of-00002", "train-00001-of-00002"),
    "two parts in a folder": ("train/train-00000-of-00002", "train/train-00001-of-00002"),
    "two parts counted from one": ("train-1-of-2", "train-2-of-2"),
    "two parts without a total": ("train_0", "train_1"),
    "two parts by folder": ("train/0000", "train/0001"),
}


@pytest.mark.parametrize("form", PARTED)
def test_the_parts_of_a_split_are_put_together(form, tmp_path):
    first, second = PARTED[form]
    write_parquet(tmp_path / f"{first}.parquet", TRAIN[:20])
    write_parquet(tmp_path / f"{second}.parquet", TRAIN[20:])
    write_parquet(tmp_path / VALID_NAME, VALID)
    write_parquet(tmp_path / TEST_NAME, TEST)
    assert is_whole(read(tmp_path))


INCOMPLETE = {
    "the second is missing": ("train-00000-of-00002", None, "expected 2 parts.*none of train-00001-of-00002"),
    "the first is missing": ("train-00001-of-00002", None, "expected 2 parts.*none of train-00000-of-00002"),
    "ten are missing": ("train-00000-of-00011", None, "and 2 more"),
    "one is there twice": ("train-00000-of-00001", "train/train-00000-of-00001", "expected 1 parts, each once"),
    "one is there in two versions": ("train-00000-of-00001-a1", "train-00000-of-00001-b2", "expected 1 parts"),
    "one twice, the other missing": ("train-00000-of-00002-a1", "train-00000-of-00002-b2", "none of train-00001-of"),
    "whole and parted": ("train", "train-00000-of-00001", "one form of each split.*twice"),
    "whole and a part of one": ("train", "train1", "one form of each split.*twice"),
    "all splits in one beside": ("train", "fer2013", r"fer2013\.parquet: .*found none: .*twice"),
    "of two data sets": ("fer_train", "ck_train", "one form of each split.*another set"),
    "of two data sets in parts": ("fer_train_0", "ck_train_0", "one form of each split.*another set"),
    "of two totals": ("train-00000-of-00001", "train-00000-of-00002", "one form of each split.*twice"),
    "two splits in one name": ("train-test", None, "name of one split"),
    "a folder says another split": ("test/train-00000-of-00001", None, "name of one split"),
    "no split": ("data-00000-of-00001", None, "names?.*train, validation or test.*Rename the file"),
}


@pytest.mark.parametrize("fault", INCOMPLETE)
def test_parts_that_are_missing_or_there_twice_are_named(fault, tmp_path):
    first, second, words = INCOMPLETE[fault]
    for name in (first, second) if second else (first,):
        write_parquet(tmp_path / f"{name}.parquet", TRAIN)
    write_parquet(tmp_path / VALID_NAME, VALID)
    write_parquet(tmp_path / TEST_NAME, TEST)
    with pytest.raises(DataMismatch, match=words):
        read(tmp_path)


def test_one_part_given_by_its_path_is_not_the_data_set(tmp_path):
    with pytest.raises(DataMismatch, match="load the folder that holds all"):
        read(write_parquet(tmp_path / "train-00000-of-00002.parquet", TRAIN))


def test_hidden_files_are_no_parts(tmp_path):
    for name, rows in ((TRAIN_NAME, TRAIN), (VALID_NAME, VALID), (TEST_NAME, TEST)):
        write_parquet(tmp_path / name, rows)
        (tmp_path / f"._{name}").write_bytes(b"\x00\x05\x16\x07")
    assert is_whole(read(tmp_path))


def test_train_and_test_alone_get_a_carved_valid(tmp_path):
    write_parquet(tmp_path / "train" / TRAIN_NAME, TRAIN)
    write_parquet(tmp_path / "test" / TEST_NAME, TEST)
    faces = read(tmp_path)
    assert (len(faces.train) + len(faces.valid), len(faces.test)) == (42, 14)


def texts(rows):
    return [NAMES[LABELS[row]] for row in rows]


LABELLED = {
    "numbers with names": {},
    "names": {"labels": texts, "names": []},
    "names in capitals": {"labels": lambda rows: [name.title() for name in texts(rows)], "names": []},
    "names behind numbers": {
        "labels": lambda rows: [f"{LABELS[row]}_{NAMES[LABELS[row]]}" for row in rows],
        "names": [],
    },
    "names under emotion": {"labels": texts, "names": [], "label": "emotion"},
    "categories": {"labels": lambda rows: pyarrow.array(texts(rows)).dictionary_encode(), "names": []},
    "numbers in another order": {
        "labels": lambda rows: [6 - LABELS[row] for row in rows],
        "names": list(reversed(NAMES)),
    },
}


@pytest.mark.parametrize("form", LABELLED)
def test_labels_are_read_by_their_names(form, tmp_path):
    options = dict(LABELLED[form])
    labels = options.pop("labels", lambda rows: None)
    for name, rows in ((TRAIN_NAME, TRAIN), (VALID_NAME, VALID), (TEST_NAME, TEST)):
        write_parquet(tmp_path / name, rows, labels=labels(rows), **options)
    assert is_whole(read(tmp_path))


def usages(rows):
    return [USAGES[PARTS[row]] for row in rows]


REFUSED = {
    "numbers without names": ({"labels": LABELS, "names": []}, "label as numbers without names"),
    "emotion as numbers without names": ({"labels": LABELS, "names": [], "label": "emotion"}, "emotion as numbers"),
    "fractions without names": ({"labels": LABELS / 1.0, "names": []}, "label as numbers without names"),
    "an eighth emotion": ({"labels": ["contempt", *texts(ROWS)[1:]], "names": []}, "row 1: .*'contempt'"),
    "a number of no name": ({"labels": [*[0] * 69, 7]}, "row 70: .*found 7"),
    "a digit as text": ({"labels": ["3"] * 70, "names": []}, "row 1: .*'3'"),
    "no label": ({"labels": [None, *texts(ROWS)[1:]], "names": []}, "row 1: .*None"),
    "two columns of labels": ({"emotion": LABELS}, "found label and emotion"),
    "two columns of images": ({"pixels": ["0"] * 70}, "found image and pixels"),
    "one column in two cases": ({"Label": LABELS}, "found label and Label"),
    "another usage": ({"Usage": ["Testing"] * 70}, "row 1: .*Usage.*'Testing'"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_labels_that_are_not_known_for_sure_are_refused(fault, tmp_path):
    options, words = REFUSED[fault]
    path = write_parquet(tmp_path / "fer.parquet", ROWS, **{"Usage": usages(ROWS), **options})
    with pytest.raises(DataMismatch, match=rf"fer\.parquet.*{words}"):
        read(path)


@pytest.mark.parametrize("column", ["Usage", "usage", "split"])
def test_one_file_with_a_column_of_splits_is_whole(column, tmp_path):
    words = usages(ROWS) if column != "split" else [("train", "validation", "test")[PARTS[row]] for row in ROWS]
    assert is_whole(read(write_parquet(tmp_path / "fer.parquet", ROWS, **{column: words})))


def table_of_csv(**columns):
    pixels = [" ".join(map(str, image.ravel())) for image in IMAGES]
    return pyarrow.table({"emotion": LABELS, "pixels": pixels, "Usage": usages(ROWS), **columns})


PIXELS = {
    "text": lambda image: " ".join(map(str, image.ravel())),
    "text in lines": lambda image: "\n".join(" ".join(map(str, line)) for line in image),
    "a list": lambda image: image.ravel(),
    "bytes": lambda image: image.tobytes(),
}


@pytest.mark.parametrize("form", PIXELS)
def test_pixels_are_read_in_every_form_and_what_is_amiss_is_named(form, tmp_path):
    write = PIXELS[form]
    pyarrow.parquet.write_table(table_of_csv(pixels=[write(image) for image in IMAGES]), tmp_path / "fer.parquet")
    assert is_whole(read(tmp_path / "fer.parquet"))
    joined = [write(np.concatenate([image] * (row == 5) + [image])) for row, image in enumerate(IMAGES)]
    pyarrow.parquet.write_table(table_of_csv(pixels=joined), tmp_path / "fer.parquet")
    with pytest.raises(DataMismatch, match=r"row 6: expected 2,304 pixels \(48 × 48\), found 4,608"):
        read(tmp_path / "fer.parquet")


def test_whole_faces_need_no_look_at_each_pixel(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "parse_pixels", None)
    for form in ("text", "a list", "bytes"):
        table = table_of_csv(pixels=[PIXELS[form](image) for image in IMAGES])
        pyarrow.parquet.write_table(table, tmp_path / "fer.parquet")
        assert is_whole(read(tmp_path / "fer.parquet"))


def test_a_row_without_pixels_is_named(tmp_path):
    pixels = [None if row == 8 else IMAGES[row].ravel() for row in ROWS]
    pyarrow.parquet.write_table(table_of_csv(pixels=pixels), tmp_path / "fer.parquet")
    with pytest.raises(DataMismatch, match=r"fer\.parquet, row 9: expected grey levels .* found None"):
        read(tmp_path / "fer.parquet")


@pytest.mark.parametrize("labels", [LABELS, LABELS / 1.0, texts(ROWS), list(map(str, LABELS))], ids=str)
def test_the_columns_of_the_csv_have_its_codes(labels, tmp_path):
    pyarrow.parquet.write_table(table_of_csv(emotion=labels), tmp_path / "fer.parquet")
    assert is_whole(read(tmp_path / "fer.parquet"))


@pytest.mark.parametrize("label", ["label", "labels"])
def test_codes_are_those_of_the_csv_under_its_own_name_alone(label, tmp_path):
    table = table_of_csv().rename_columns([label, "pixels", "Usage"])
    pyarrow.parquet.write_table(table, tmp_path / "fer.parquet")
    with pytest.raises(DataMismatch, match="numbers without names"):
        read(tmp_path / "fer.parquet")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "a Git LFS pointer.*git lfs pull"),
        (b"<!DOCTYPE html>", "a web page.*sign in"),
        (b"", "an empty file"),
        (b"PAR1" + b"\0" * 99, "a damaged one"),
        (b"\0" * 99, "a damaged one"),
    ],
)
def test_what_lies_in_the_place_of_a_parquet_file_is_named(content, words, tmp_path):
    write_parquet(tmp_path / TRAIN_NAME, TRAIN)
    (tmp_path / TEST_NAME).write_bytes(content)
    with pytest.raises(DataMismatch, match=rf"test-.*expected a whole parquet file, found {words}"):
        read(tmp_path)


def test_the_columns_of_the_csv_with_names_of_classes_are_read_by_these(tmp_path):
    names = sorted(NAMES)
    about = {"huggingface": json.dumps({"info": {"features": {"emotion": {"names": names}}}})}
    table = table_of_csv(emotion=[names.index(name) for name in texts(ROWS)]).replace_schema_metadata(about)
    pyarrow.parquet.write_table(table, tmp_path / "fer.parquet")
    assert is_whole(read(tmp_path / "fer.parquet"))


@pytest.mark.parametrize("about", [b"{", b"[]", b'{"info": 3}', b'{"info": {"features": {"label": null}}}'])
def test_metadata_that_tell_no_names_are_as_none(about, tmp_path):
    images = [{"bytes": encoded(image), "path": None} for image in IMAGES]
    table = pyarrow.table({"image": images, "label": LABELS, "Usage": usages(ROWS)})
    pyarrow.parquet.write_table(table.replace_schema_metadata({"huggingface": about}), tmp_path / "fer.parquet")
    with pytest.raises(DataMismatch, match="without names"):
        read(tmp_path / "fer.parquet")


def test_a_csv_beside_parquet_is_read_and_the_same(tmp_path):
    (tmp_path / "fer2013.csv").write_bytes(csv_bytes())
    assert is_whole(read(tmp_path))
    assert np.array_equal(read(tmp_path).train.labels, LABELS[PARTS == 0])
