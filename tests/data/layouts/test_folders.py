"""Image folders: every picture is counted, or the whole is refused by the name of what would have been left out."""

import os

import pytest
from small_fer import IMAGES, NAMES, PARTS, encoded, is_whole, write_folders

from fercourse.data.layouts.convert import convert
from fercourse.data.load import load
from fercourse.errors import DataMismatch, DataNotFound


def read(folder):
    return load(folder, cache=False)


@pytest.fixture
def folder(tmp_path):
    return write_folders(tmp_path / "fer")


@pytest.mark.parametrize("ending", ["bmp", "gif", "tif", "tiff", "pgm", "PNG", "Bmp", "jp2", "tga"])
def test_pictures_of_every_kind_are_read_also_where_one_class_differs(ending, tmp_path):
    assert is_whole(read(write_folders(tmp_path / "all", ending=lambda row: ending)))
    mixed = write_folders(tmp_path / "one", ending=lambda row: ending if row % 7 == 4 and PARTS[row] == 0 else "png")
    assert is_whole(read(mixed))


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "JPG", "Jpg"])
def test_jpegs_under_every_ending_are_all_counted(ending, tmp_path):
    faces = read(write_folders(tmp_path / "fer", ending=lambda row: ending))
    assert [set(split.counts().values()) for split in faces] == [{6}, {2}, {2}]


def test_a_picture_is_known_by_its_content_whatever_its_name(folder):
    one, other = sorted((folder / "train" / "happy").iterdir())[:2]
    one.rename(one.with_suffix(""))
    other.rename(other.with_suffix(".jpg"))
    assert is_whole(read(folder))


LEFT_BEHIND = [
    "._im3.png",
    ".DS_Store",
    "Thumbs.db",
    "thumbs.db",
    "desktop.ini",
    "Desktop.ini",
    ".im3.png.icloud",
    "Icon\r",
]


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_files_that_systems_leave_behind_are_passed_over_at_every_height(name, folder):
    for place in (folder, folder / "train", folder / "train" / "happy", folder / "test" / "sad"):
        (place / name).write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ")
    assert is_whole(read(folder))


@pytest.mark.parametrize("name", ["__MACOSX", ".ipynb_checkpoints", "@eaDir", ".git"])
def test_folders_that_systems_leave_behind_are_passed_over_at_every_height(name, folder):
    for place in (folder, folder / "train", folder / "train" / "happy"):
        (place / name / "train" / "happy").mkdir(parents=True)
        (place / name / "._im3.png").write_bytes(b"\0")
        (place / name / "happy").mkdir()
    assert is_whole(read(folder))


def nested(folder):
    inner = folder / "train" / "happy" / "happy"
    inner.mkdir()
    for path in sorted((folder / "train" / "happy").glob("*.png"))[:3]:
        path.rename(inner / path.name)


def renamed(old, new):
    return lambda folder: (folder / old).rename(folder / new)


def copied(old, new):
    def change(folder):
        (folder / new).mkdir(parents=True, exist_ok=True)
        for path in (folder / old).glob("*.png"):
            (folder / new / path.name).write_bytes(path.read_bytes())

    return change


def emptied(place):
    def change(folder):
        for path in (folder / place).iterdir():
            path.unlink()

    return change


def removed(place):
    def change(folder):
        emptied(place)(folder)
        (folder / place).rmdir()

    return change


def written(place, data=b"?"):
    return lambda folder: (folder / place).write_bytes(data)


def numbered(folder):
    for top in ("train", "valid", "test"):
        for code, name in enumerate(NAMES):
            (folder / top / name).rename(folder / top / str(code))


def twice_the_size(folder):
    for path in (folder / "train" / "sad").iterdir():
        path.write_bytes(encoded(IMAGES[0].repeat(2, 0).repeat(2, 1)))


LEFT_OUT = {
    "a folder within its own folder": (nested, r"train/happy: .*happy/ with 3 files"),
    "an empty class folder": (emptied("train/disgust"), r"train/disgust: expected pictures.*found none"),
    "a class empty in one split": (emptied("valid/sad"), r"valid/sad: expected pictures.*found none"),
    "a class missing in one split": (removed("test/fear"), r"test: .*found none for Fear"),
    "two classes missing": (lambda folder: [removed(f"test/{name}")(folder) for name in NAMES[4:6]], "Sad, Surprise"),
    "a misspelt class": (renamed("train/happy", "train/hapy"), r"train: .*hapy.*none for Happy"),
    "an eighth class": (copied("train/sad", "train/contempt"), r"train: .*found contempt there"),
    "a class under two names": (copied("train/sad", "train/sadness"), r"train: .*found sad and sadness for the same"),
    "a class in two cases": (copied("train/sad", "train/Sad"), r"train: .*found Sad and sad for the same"),
    "classes by number": (numbered, r"test: .*found 0, 1, 2, 3, 4, 5, 6.*numbers stand for different"),
    "a picture beside the classes": (written("train/im9999.png"), r"train: .*found im9999\.png there"),
    "a zip beside the classes": (written("train/happy.zip"), r"train: .*found happy\.zip there"),
    "a text among the pictures": (written("train/happy/notes.txt"), r"notes\.txt: .*first of 1 such files among 71"),
    "a picture of no bytes": (written("train/happy/im3.png", b""), r"im3\.png: .*damaged"),
    "a class of larger pictures": (twice_the_size, r"sad/im\d+\.png: .*96 × 96.*first of 6 such files among 70"),
    "a split under two names": (copied("train/sad", "Training/sad"), "found Training and train for the same"),
    "a validation split under two names": (copied("valid/sad", "val/sad"), "found val and valid for the same"),
    "a fourth split": (copied("train/sad", "extra/sad"), r"found faces in extra too"),
    "a link to nothing": (lambda folder: (folder / "train/sad/a.png").symlink_to("gone"), r"train/sad: .*found a\.png"),
    "a pipe": (lambda folder: os.mkfifo(folder / "train/sad/a.png"), r"train/sad: .*found a\.png"),
    "test faces elsewhere": (renamed("test", "hold-out"), r"found faces in hold-out too"),
}  # fmt: skip


@pytest.mark.parametrize("fault", LEFT_OUT)
def test_what_would_be_left_out_is_refused_by_name(fault, folder):
    change, words = LEFT_OUT[fault]
    change(folder)
    with pytest.raises(DataMismatch, match=words):
        read(folder)


@pytest.mark.parametrize(
    "names",
    [
        [name.upper() for name in NAMES],
        [name.capitalize() for name in NAMES],
        [f"{code}_{name}" for code, name in enumerate(NAMES)],
        [f"{sorted(NAMES).index(name)}. {name}" for name in NAMES],
        [f"0{code}-{name.title()}" for code, name in enumerate(NAMES)],
        ["anger", "disgusted", "fearful", "happiness", "sadness", "surprised", "neutral"],
    ],
    ids=lambda names: names[0],
)
def test_classes_are_known_by_their_names_in_capitals_and_behind_numbers(names, tmp_path):
    assert is_whole(read(write_folders(tmp_path / "fer", names=names)))


@pytest.mark.parametrize("tops", [("TRAIN", "Val", "Test"), ("training", "validation", "privatetest")])
def test_splits_are_known_by_their_names_in_any_case(tops, tmp_path):
    assert is_whole(read(write_folders(tmp_path / "fer", tops=tops)))


def test_a_split_and_a_class_may_be_links(folder, tmp_path):
    (folder / "train").rename(tmp_path / "elsewhere")
    (folder / "train").symlink_to(tmp_path / "elsewhere")
    (folder / "test" / "sad").rename(tmp_path / "sad")
    (folder / "test" / "sad").symlink_to(tmp_path / "sad")
    assert is_whole(read(folder))


def test_other_files_beside_the_splits_are_no_faces(folder):
    for name in ("README.md", "labels.txt", "license", "data.yaml"):
        (folder / name).write_text("about")
    (folder / "docs").mkdir()
    assert is_whole(read(folder))


def test_a_folder_of_validation_faces_is_the_validation_split(folder):
    faces = read(folder)
    assert len(faces.valid) == 14
    assert is_whole(faces)


def test_validation_faces_that_serve_as_test_faces_are_said_to(folder, tmp_path):
    (folder / "test").rename(tmp_path / "away")
    faces = read(folder)
    assert "its validation faces are the test faces" in faces.source
    assert (len(faces.train) + len(faces.valid), len(faces.test)) == (42, 14)


def test_a_picture_that_may_not_be_read_is_named(folder, monkeypatch):
    def forbidden(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("PIL.Image.open", forbidden)
    with pytest.raises(DataNotFound, match=r"im0\.png could not be read: Permission denied"):
        read(folder)


def test_folders_are_not_written_where_one_would_be_empty(folder, tmp_path):
    faces = read(folder)
    without_sad = type(faces)(faces.train, faces.valid[faces.valid.labels != 4], faces.test, "some", official=False)
    with pytest.raises(DataMismatch, match="some has no Sad in validation"):
        convert(without_sad, tmp_path / "to", layout="png-folders")
    assert not (tmp_path / "to").exists()
