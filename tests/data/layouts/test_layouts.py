"""One data set in every layout: what is written and read again is the same faces."""

import json
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from fercourse.data.faces import EMOTIONS, Faces
from fercourse.data.layouts.convert import FOLDER_LAYOUTS, LAYOUTS, convert
from fercourse.data.layouts.csv.writer import write_csv
from fercourse.data.load import load
from fercourse.errors import DataMismatch, DataNotFound, NotWritten, ParameterError

CARVING = ("train-test",)
NAMES = {
    "csv": "fer2013.csv",
    "csv.gz": "fer2013.csv.gz",
    "tar.gz": "fer2013.tar.gz",
    "zip": "fer2013.zip",
    "icml": "icml_face_data.csv",
    "npz": "fer2013.npz",
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))


def same_faces(one, other):
    return all(
        np.array_equal(a.images, b.images) and np.array_equal(a.labels, b.labels)
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {*CARVING, "jpeg-folders"}))
def test_every_layout_gives_back_the_same_faces_in_the_same_order(layout, photographs, tmp_path):
    path = convert(photographs, tmp_path / "there", layout=layout)
    read = load(path)
    assert same_faces(read, photographs)
    assert read.fingerprint == photographs.fingerprint
    assert (read.official, read.drawn) == (True, False)
    assert same_faces(load(path), photographs), "from the cache"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_drawn_faces_are_known_as_drawn_in_every_layout(layout, faces, tmp_path):
    path = convert(faces, tmp_path / "there", layout=layout)
    for read in (load(path), load(path), load(path, cache=False)):
        assert read.drawn
        assert not read.official
        assert "drawn" in read.source
        assert "drawn" in read.valid.source


def test_real_faces_under_the_name_of_drawn_ones_are_not_called_drawn(faces, photographs, tmp_path):
    path = convert(faces, tmp_path / "fer2013.csv", layout="csv")
    path.write_bytes(path.read_bytes().replace(b" 0 ", b" 00 "))
    assert not load(path).drawn
    convert(faces, path, layout="csv")
    convert(photographs, path, layout="csv")
    assert not load(path).drawn


@pytest.mark.parametrize("layout", NAMES)
def test_a_folder_is_searched_for_the_known_names_also_one_folder_deeper(layout, photographs, tmp_path):
    convert(photographs, tmp_path / "data" / "inner" / NAMES[layout], layout=layout)
    assert same_faces(load(tmp_path / "data"), photographs)
    assert same_faces(load(tmp_path / "data" / "inner"), photographs)


@pytest.mark.parametrize("layout", FOLDER_LAYOUTS)
def test_a_folder_layout_is_found_in_a_folder(layout, photographs, tmp_path):
    convert(photographs, tmp_path / "data" / "inner", layout=layout)
    assert load(tmp_path / "data").fingerprint == load(tmp_path / "data" / "inner").fingerprint


def test_the_first_of_the_documented_names_is_taken(photographs, tmp_path):
    convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    fewer = replace(photographs, train=photographs.train.take(50))
    convert(fewer, tmp_path / "fer2013.zip", layout="zip")
    convert(fewer, tmp_path / "pngs", layout="png-folders")
    assert len(load(tmp_path).train) == len(photographs.train)
    (tmp_path / "fer2013.csv").unlink()
    assert len(load(tmp_path).train) == 50


@pytest.mark.parametrize("layout", sorted(NAMES))
def test_a_file_is_recognised_by_its_content_whatever_its_name(layout, photographs, tmp_path):
    path = convert(photographs, tmp_path / "fer2013.csv", layout=layout)
    assert same_faces(load(path), photographs)


def test_the_challenge_zip_is_read_with_the_tar_inside_it(photographs, tmp_path):
    inner = convert(photographs, tmp_path / "inner", layout="tar.gz")
    path = tmp_path / "challenge.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "fer2013.tar.gz")
        archive.writestr("example_submission.csv", "")
    assert same_faces(load(path), photographs)


def test_an_uncompressed_tar_is_read(photographs, tmp_path):
    plain = convert(photographs, tmp_path / "plain", layout="icml")
    with tarfile.open(tmp_path / "some.tar", "w") as archive:
        archive.add(plain, "README")
        archive.add(plain, "a/icml_face_data.csv")
    assert same_faces(load(tmp_path / "some.tar"), photographs)


@pytest.mark.parametrize("packed", ["folder", "zip", "tar"])
def test_train_and_test_csv_get_a_seeded_stratified_valid_and_no_test_labels(packed, photographs, tmp_path, capsys):
    folder = convert(photographs, tmp_path / "folder", layout="train-test")
    path = folder
    if packed == "zip":
        path = tmp_path / "some.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(folder / "train.csv", "train.csv")
            archive.write(folder / "test.csv", "test.csv")
    if packed == "tar":
        path = tmp_path / "some.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(folder, "challenge")
    capsys.readouterr()
    read = load(path, seed=3)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "official" in printed
    assert "no labels" in printed
    assert not read.official
    assert (read.test.labels == -1).all()
    assert np.array_equal(read.test.images, photographs.test.images)
    together = np.concatenate([photographs.train.images, photographs.valid.images])
    assert sorted(map(bytes, (*read.train.images, *read.valid.images))) == sorted(map(bytes, together))
    whole = np.bincount(np.concatenate([photographs.train.labels, photographs.valid.labels]), minlength=7)
    share = np.bincount(read.valid.labels, minlength=7)
    assert (abs(share - whole / 10) <= 1).all()
    assert (share > 0).all()


def test_another_seed_carves_another_valid_also_through_the_cache(photographs, tmp_path, capsys):
    folder = convert(photographs, tmp_path / "folder", layout="train-test")
    prints = [load(folder, seed=seed).valid.fingerprint for seed in (1, 2, 1)]
    assert prints[0] == prints[2] != prints[1]
    capsys.readouterr()
    load(folder, seed=1)
    assert "official" in capsys.readouterr().out, "also from the cache"


def test_train_csv_without_test_csv_is_refused(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "folder", layout="train-test")
    (folder / "test.csv").rename(tmp_path / "away.csv")
    with pytest.raises(DataNotFound, match=r"test\.csv beside it"):
        load(folder)
    with pytest.raises(DataMismatch, match="without labels"):
        load(tmp_path / "away.csv")


def test_a_train_csv_of_another_data_set_is_passed_over(tmp_path):
    (tmp_path / "train.csv").write_text("PassengerId,Survived\n1,0\n")
    with pytest.raises(DataNotFound, match=r"found train\.csv"):
        load(tmp_path)


def test_jpeg_folders_keep_labels_and_order_and_nearly_the_grey_levels(photographs, tmp_path):
    read = load(convert(photographs, tmp_path / "there", layout="jpeg-folders"))
    for one, other in zip(read, photographs, strict=True):
        assert np.array_equal(one.labels, other.labels)
        assert abs(one.images.astype(int) - other.images).mean() < 3


def test_folders_with_other_names_for_emotions_and_splits_are_read(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="png-folders")
    others = {"angry": "Anger", "disgust": "disgusted", "fear": "Fearful", "happy": "happiness", "sad": "Sadness"}
    for part in ("train", "test"):
        for name, other in {**others, "surprise": "surprised"}.items():
            (folder / part / name).rename(folder / part / other)
    (folder / "train").rename(folder / "Training")
    assert same_faces(load(folder), photographs)


def without_prefixes(folder):
    for path in list(folder.glob("*/*/*.png")):
        path.rename(path.with_name(path.name.partition("_")[2]))


def test_folders_called_by_the_usages_are_read(photographs, tmp_path):
    folder = convert(replace(photographs, official=False), tmp_path / "there", layout="png-folders")
    for old, new in (("train", "Training"), ("validation", "PublicTest"), ("test", "PrivateTest")):
        (folder / old).rename(folder / new)
    assert same_faces(load(folder), photographs)


@pytest.mark.parametrize("held_out", ["test", "validation"])
def test_two_folders_without_prefixes_get_a_carved_valid(held_out, photographs, tmp_path, capsys):
    folder = convert(photographs, tmp_path / "there", layout="png-folders")
    without_prefixes(folder)
    (folder / "test").rename(folder / held_out)
    read = load(folder)
    assert not read.official
    assert "official" in capsys.readouterr().out
    assert len(read.test) == 140
    assert len(read.train) + len(read.valid) == 210
    assert ("validation faces are the test faces" in read.source) == (held_out == "validation")


def test_faces_in_folders_are_ordered_by_the_number_in_their_names(photographs, tmp_path):
    folder = convert(replace(photographs, official=False), tmp_path / "there", layout="png-folders")
    for path in list(folder.glob("*/*/*.png")):
        path.rename(path.with_name(f"im{int(path.stem)}.png"))
    assert same_faces(load(folder), photographs)


def test_one_unprefixed_name_gives_up_the_official_split(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="png-folders")
    one = next(folder.glob("train/happy/*.png"))
    one.rename(one.with_name("12345.png"))
    assert not load(folder).official


def test_grey_images_saved_in_colour_are_read_as_grey(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="png-folders")
    for path, mode in zip(sorted(folder.glob("train/sad/*.png")), ("RGB", "RGBA", "P", "LA"), strict=False):
        with Image.open(path) as image:
            coloured = image.convert(mode)
        coloured.save(path)
    assert same_faces(load(folder), photographs)


def rewritten(path, change, *, metadata=True):
    """The parquet file with its columns (a dict of lists) changed by `change`."""
    table = pyarrow.parquet.read_table(path)
    columns = change(table.to_pydict())
    about = table.schema.metadata if metadata else None
    pyarrow.parquet.write_table(pyarrow.table(columns).replace_schema_metadata(about), path)


def test_parquet_labels_are_mapped_by_name_and_never_by_position(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="parquet")
    table = pyarrow.parquet.read_table(folder / "train-00000-of-00001.parquet")
    names = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]["label"]["names"]
    assert names[4] == "neutral"
    assert [EMOTIONS[label].lower() for label in load(folder).train.labels] == [
        names[label] for label in table["label"].to_pylist()
    ]


def test_parquet_with_names_as_labels_and_bare_bytes_as_images_is_read(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="parquet")
    names = sorted(emotion.lower() for emotion in EMOTIONS)
    for path in folder.glob("*.parquet"):

        def change(columns):
            images = [image["bytes"] for image in columns["image"]]
            return {"img": images, "labels": [names[label].upper() for label in columns["label"]]}

        rewritten(path, change, metadata=False)
    read = load(folder)
    assert same_faces(read, photographs)
    assert read.official, "the counts say so"


def test_parquet_with_numbers_but_no_names_is_refused(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="parquet")
    for path in folder.glob("*.parquet"):
        rewritten(path, lambda columns: columns, metadata=False)
    with pytest.raises(DataMismatch, match=r"test-00000-of-00001\.parquet.*label as numbers without names"):
        load(folder)


@pytest.mark.parametrize("pixels", [" ".join, lambda words: list(map(int, words))], ids=["text", "lists"])
def test_parquet_with_the_columns_of_the_csv_is_read(pixels, photographs, tmp_path):
    columns = {"emotion": [], "pixels": [], "Usage": []}
    for split, usage in zip(photographs, ("Training", "PublicTest", "PrivateTest"), strict=True):
        columns["emotion"] += split.labels.tolist()
        columns["pixels"] += [pixels(list(map(str, image.ravel().tolist()))) for image in split.images]
        columns["Usage"] += [usage] * len(split)
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "fer.parquet")
    assert same_faces(load(tmp_path / "fer.parquet"), photographs)
    columns["pixels"][4] = pixels(["256"] * 2304)
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "fer.parquet")
    with pytest.raises(DataMismatch, match=r"fer\.parquet, row 5.*'256' as pixel 1"):
        load(tmp_path / "fer.parquet")


BROKEN_PARQUET = {
    "another schema": (lambda columns: {"text": columns["label"]}, "image and label.*found text"),
    "an unknown label": (lambda columns: {**columns, "label": [9] * len(columns["label"])}, "row 1.*found 9"),
    "an unknown usage": (lambda columns: {**columns, "Usage": ["x"] * len(columns["label"])}, "row 1.*Usage.*'x'"),
    "no bytes": (
        lambda columns: {**columns, "image": [{"bytes": None, "path": "a.png"} for _ in columns["label"]]},
        "row 1.*bytes of an image",
    ),
    "no image": (
        lambda columns: {**columns, "image": [{"bytes": b"<html>", "path": "a.png"} for _ in columns["label"]]},
        "row 1.*damaged",
    ),
}


@pytest.mark.parametrize("damage", BROKEN_PARQUET)
def test_broken_parquet_is_refused_by_file_and_row(damage, photographs, tmp_path):
    change, words = BROKEN_PARQUET[damage]
    folder = convert(photographs, tmp_path / "there", layout="parquet")
    rewritten(folder / "train-00000-of-00001.parquet", change)
    with pytest.raises(DataMismatch, match=rf"train-00000-of-00001\.parquet.*{words}"):
        load(folder)


def test_parquet_in_several_files_of_a_split_is_put_together(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="parquet")
    whole = folder / "train-00000-of-00001.parquet"
    table = pyarrow.parquet.read_table(whole)
    whole.unlink()
    pyarrow.parquet.write_table(table.slice(0, 100), folder / "train-00000-of-00002.parquet")
    pyarrow.parquet.write_table(table.slice(100), folder / "train-00001-of-00002.parquet")
    assert same_faces(load(folder), photographs)


def test_a_parquet_file_that_names_no_split_is_refused(photographs, tmp_path):
    folder = convert(replace(photographs, official=False), tmp_path / "there", layout="parquet")
    (folder / "train-00000-of-00001.parquet").rename(folder / "data.parquet")
    with pytest.raises(DataMismatch, match=r"data\.parquet.*Rename the file"):
        load(folder)


def arrays_of(faces):
    parts = [np.full(len(split), code, np.uint8) for code, split in enumerate(faces)]
    return {
        "pixels": np.concatenate([split.images for split in faces]),
        "emotion": np.concatenate([split.labels for split in faces]).astype(np.uint8),
        "usage": np.concatenate(parts),
    }


def test_an_npz_of_pixels_emotion_and_usage_is_read_in_any_order_of_rows(photographs, tmp_path):
    arrays = arrays_of(photographs)
    np.savez(tmp_path / "fer2013.npz", **arrays)
    assert same_faces(load(tmp_path), photographs)
    shuffled = np.random.default_rng(0).permutation(len(arrays["emotion"]))
    np.savez(tmp_path / "fer2013.npz", **{name: array[shuffled] for name, array in arrays.items()})
    assert load(tmp_path).fingerprint == photographs.fingerprint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"emotion": None}, "found pixels, usage"),
        ({"pixels": np.zeros((350, 47, 48), np.uint8)}, r"\(350, 47, 48\)"),
        ({"emotion": np.full(350, 7, np.uint8)}, "row 1.*emotion codes from 0 to 6, found 7"),
        ({"usage": np.full(350, 3, np.uint8)}, "row 1.*usage codes from 0 to 2, found 3"),
        ({"usage": np.array(["Training"] * 350)}, "found none of PublicTest, PrivateTest"),
        ({"usage": np.array([{}] * 350)}, "expected arrays of numbers"),
    ],
)
def test_an_npz_of_other_arrays_is_refused(change, words, photographs, tmp_path):
    arrays = {name: array for name, array in {**arrays_of(photographs), **change}.items() if array is not None}
    np.savez(tmp_path / "fer2013.npz", **arrays)
    with pytest.raises(DataMismatch, match=rf"fer2013\.npz.*{words}"):
        load(tmp_path)


def test_votes_survive_in_npz(faces, tmp_path):
    read = load(convert(faces, tmp_path / "there.npz", layout="npz"))
    assert np.array_equal(read.train.votes, faces.train.votes)
    assert load(tmp_path / "there.npz", votes=None).train.votes is None


def test_convert_says_which_layouts_there_are(faces, tmp_path):
    with pytest.raises(ParameterError, match=r"expected layout: csv, csv\.gz, .* or npz; found 'xlsx'"):
        convert(faces, tmp_path / "there", layout="xlsx")


def test_faces_without_labels_go_only_where_that_can_be_said(photographs, tmp_path):
    hidden = replace(photographs.test, labels=np.full(len(photographs.test), -1))
    hidden = Faces(photographs.train, photographs.valid, hidden, "hidden", official=False)
    for layout in sorted(set(LAYOUTS) - {"train-test", "npz"}):
        with pytest.raises(DataMismatch, match="without labels"):
            convert(hidden, tmp_path / "there", layout=layout)
    assert not (tmp_path / "there").exists()
    convert(hidden, tmp_path / "there", layout="train-test")


def full_disk(*_, **__):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_full_disk_leaves_nothing_half_written(layout, faces, tmp_path, monkeypatch):
    target = tmp_path / "folder" / "there"
    for place in ("convert.write_csv", "convert.encoded", "npz.np.savez"):
        monkeypatch.setattr(f"fercourse.data.layouts.{place}", full_disk)
    with pytest.raises(NotWritten, match="No space left"):
        convert(faces, target, layout=layout)
    assert list(target.parent.iterdir()) == []


def test_a_folder_that_is_there_is_not_overwritten(faces, tmp_path):
    folder = convert(faces, tmp_path / "there", layout="train-test")
    with pytest.raises(NotWritten, match="choose a new folder"):
        convert(faces, folder, layout="png-folders")


def test_the_written_csv_is_what_plain_python_writes(faces, tmp_path):
    with open(tmp_path / "fer2013.csv", "wb") as file:
        write_csv((faces.train,), file)
    expected = ["emotion,pixels,Usage"] + [
        f"{label},{' '.join(map(str, image.ravel().tolist()))},Training"
        for image, label in zip(faces.train.images, faces.train.labels, strict=True)
    ]
    assert (tmp_path / "fer2013.csv").read_text().splitlines() == expected
