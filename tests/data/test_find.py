"""FER2013 is found where a student puts it, what else lies there is passed over, and the line about it names both."""

import builtins
import errno
import io
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from fercourse.data import find
from fercourse.data.find import data_folder, find_first, located, look_into, looked_at
from fercourse.data.layouts.convert import convert
from fercourse.data.load import load
from fercourse.errors import DataMismatch, DataNotFound


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    """A course's folder with lessons/ and notebooks/; the kernel's working folder is notebooks/."""
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FERCOURSE_DATA", raising=False)
    monkeypatch.setattr(find, "PLACES", ("data", str(tmp_path / "kaggle" / "*")))
    course = tmp_path / "course"
    for name in ("lessons", "notebooks", "data"):
        (course / name).mkdir(parents=True)
    monkeypatch.chdir(course / "notebooks")
    return course


def nothing_found(capsys):
    """The line that is printed where "auto" finds nothing."""
    assert find_first() is None
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return printed


def test_data_of_the_course_is_found_from_the_folder_of_the_notebooks(course, photographs, monkeypatch, capsys):
    convert(photographs, course / "data" / "fer2013.csv", layout="csv")
    assert load().source == "fer2013.csv"
    (course / "runs" / "today" / "02").mkdir(parents=True)
    for folder in ("runs/today/02", "lessons", "."):
        monkeypatch.chdir(course / folder)
        assert load().source == "fer2013.csv"
    assert capsys.readouterr().out == ""


def test_data_of_the_working_folder_comes_first(course, photographs):
    convert(photographs, course / "data" / "fer2013.csv", layout="csv")
    convert(photographs, course / "notebooks" / "data" / "icml_face_data.csv", layout="icml")
    assert load().source == "icml_face_data.csv"


def test_nothing_above_the_course_is_looked_at(course, photographs, monkeypatch, capsys):
    convert(photographs, course.parent / "data" / "fer2013.csv", layout="csv")
    assert "DRAWN FACES" in nothing_found(capsys)
    (course / "lessons").rmdir()  # a folder that is no course's: the working folder alone
    monkeypatch.chdir(course)
    assert find_first() is None
    assert data_folder() == course / "data"


@pytest.mark.parametrize("wanted", ["data/fer2013.csv", "data", "./data/fer2013.csv"])
def test_a_relative_path_is_seen_from_the_course_as_well(wanted, course, photographs, monkeypatch):
    convert(photographs, course / "data" / "fer2013.csv", layout="csv")
    assert load(wanted).source == load(Path(wanted)).source == "fer2013.csv"
    monkeypatch.setenv("FERCOURSE_DATA", wanted)
    assert load().source == "fer2013.csv"
    assert located(wanted).is_absolute()


def test_relative_votes_are_seen_from_the_course_as_well(course, faces, photographs):
    path = convert(photographs, course / "data" / "fer2013.csv", layout="csv")
    from fercourse.data.layouts.csv.writer import write_votes

    with open(path.with_name("votes.csv"), "wb") as file:
        write_votes(faces, file)
    assert np.array_equal(load("data/fer2013.csv", votes="data/votes.csv").test.votes, faces.test.votes)


def test_a_relative_path_that_is_nowhere_names_the_folders_it_was_seen_from(course):
    with pytest.raises(DataNotFound) as caught:
        load("data/fer.csv")
    assert f"seen from {course / 'notebooks'} or {course}" in str(caught.value)


def test_the_real_working_folder_of_a_kernel_finds_the_data_of_the_course(course, photographs):
    convert(photographs, course / "data" / "fer2013.csv", layout="csv")
    program = "import fercourse as fc; print(fc.load().source)"
    printed = subprocess.check_output([sys.executable, "-c", program], cwd=course / "notebooks", text=True)
    assert printed.splitlines()[-1] == "fer2013.csv"


@pytest.mark.parametrize(
    "name",
    ["FER2013.csv", "fer2013.CSV", "Fer2013.csv", "fer2013", "FER2013", "fer2013 (1).csv", "fer2013.csv.txt",
     "fer2013_original.csv", "my_faces.csv", "ICML_Face_Data.csv", "fer2013.csv.csv"],
)  # fmt: skip
def test_a_table_is_found_under_any_name_a_system_or_a_person_gives_it(name, course, photographs, capsys):
    convert(photographs, course / "data" / name, layout="csv")
    assert load().source == name
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("archive.zip", "zip"),
        ("FER2013.ZIP", "zip"),
        ("faces.csv.gz", "csv.gz"),
        ("fer2013 (1).tar.gz", "tar.gz"),
        ("fer2013.tgz", "tar.gz"),
        ("FER2013-2.TAR", "tar.gz"),
        ("Copy of fer2013.tar.gz", "tar.gz"),
    ],
)
def test_an_archive_under_another_name_is_found_by_what_it_holds(name, layout, course, photographs):
    convert(photographs, course / "data" / "inner" / name, layout=layout)
    assert load().source == name


def test_train_and_test_in_capitals_belong_together(course, photographs):
    folder = convert(photographs, course / "data" / "challenge", layout="train-test")
    for name in ("train.csv", "test.csv"):
        (folder / name).rename(folder / name.title())
    assert [len(split) for split in load()] == [251, 29, 70]


def sales(folder):
    pyarrow.parquet.write_table(pyarrow.table({"city": ["Oslo"], "sales": [3]}), folder / "sales.parquet")


def other_classes(folder):
    import json

    features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    table = pyarrow.table({"image": [b""], "label": [0]})
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    pyarrow.parquet.write_table(table.replace_schema_metadata(about), folder / "train-00000-of-00001.parquet")


def other_pictures(folder):
    from PIL import Image

    for part in ("train", "test"):
        for emotion in ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"):
            (folder / part / emotion).mkdir(parents=True)
            Image.new("RGB", (224, 224)).save(folder / part / emotion / "1.png")


def an_emotion_too_many(folder):
    for emotion in ("angry", "contempt", "happy"):
        (folder / "train" / emotion).mkdir(parents=True)


def without_names(folder):
    table = pyarrow.table({"image": [b""], "label": [3]})
    pyarrow.parquet.write_table(table, folder / "train-00000-of-00001.parquet")


def emotions_of_another_size(folder):
    from small_fer import IMAGES, encoded

    table = pyarrow.table({"image": [encoded(IMAGES[0].repeat(2, 0).repeat(2, 1))], "label": ["happy"]})
    pyarrow.parquet.write_table(table, folder / "train-00000-of-00001.parquet")


def text(name, content):
    return lambda folder: (folder / name).write_bytes(content)


OTHERS = {
    "parquet of something else": sales,
    "parquet of other classes": other_classes,
    "parquet of labels without names": without_names,
    "parquet of emotions on larger pictures": emotions_of_another_size,
    "a damaged parquet file": text("train-00000-of-00001.parquet", b"PAR1" + b"\0" * 99),
    "a train.csv of something else": text("train.csv", b"PassengerId,Survived\n1,0\n"),
    "a train.csv with pixels and no emotion": text("train.csv", b"age,gender,pixels\n1,0,1 2 3\n"),
    "digits in columns": text("train.csv", b"label,pixel0,pixel1\n1,0,3\n"),
    "a web page": text("index.html", b"<html>"),
    "a web page called train.csv": text("train.csv", b"<html>"),
    "a broken zip": text("archive.zip", b"PK\x03\x04" + b"\0" * 50),
    "a zip of pictures": lambda folder: zipfile.ZipFile(folder / "archive.zip", "w").writestr("train/sad/1.png", b"?"),
    "a tar of another name": lambda folder: shutil.make_archive(str(folder / "homework"), "gztar", folder, "."),
    "a tar of something else": lambda folder: shutil.make_archive(str(folder / "fer2013-nets"), "gztar", folder, "."),
    "a broken tar of that name": text("fer2013 (1).tar.gz", b"\x1f\x8b\x08" + b"\0" * 50),
    "a broken tar": text("broken.tar.gz", b"\x1f\x8b\x08" + b"\0" * 50),
    "a table in UTF-16": text("sales.csv", "emotion,pixels,Usage\n".encode("utf-16")),
    "votes alone": text("fer2013new.csv", b"Usage,Image name,neutral\n"),
    "an empty file": text("notes.txt", b""),
    "a picture": text("photo.png", b"\x89PNG"),
    "bytes": text("model", bytes(range(256)) * 9),
    "image folders of another size": other_pictures,
    "image folders with other classes": an_emotion_too_many,
    "a link to nothing": lambda folder: (folder / "fer2013.csv").symlink_to(folder / "unmounted" / "fer2013.csv"),
    "a folder that may not be read": lambda folder: (folder / "secret").mkdir(mode=0),
}


@pytest.mark.parametrize("place", ["data", "data/aaa", "kaggle"])
@pytest.mark.parametrize("other", OTHERS)
def test_what_is_not_fer2013_is_passed_over_for_what_is(other, place, course, photographs):
    folder = course.parent / "kaggle" / "aaa" if place == "kaggle" else course / place
    folder.mkdir(parents=True, exist_ok=True)
    OTHERS[other](folder)
    right = course.parent / "kaggle" / "fer" if place == "kaggle" else course / "data" / "zz_fer"
    convert(photographs, right / "fer2013.csv", layout="csv")
    assert load().fingerprint == photographs.fingerprint
    if place == "data":
        assert load(course / "data").fingerprint == photographs.fingerprint


@pytest.fixture
def forbidden(monkeypatch):
    """Make a path one that may not be read, also for root: `forbidden(path)`."""
    paths = set()

    def refusing(call):
        def called(path=".", *args, **options):
            if not isinstance(path, int) and Path(path) in paths:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return call(path, *args, **options)

        return called

    for module, name in ((os, "listdir"), (os, "scandir"), (io, "open"), (builtins, "open")):
        monkeypatch.setattr(module, name, refusing(getattr(module, name)))
    return paths.add


def test_a_folder_that_may_not_be_read_hides_nothing_behind_it(course, photographs, forbidden, capsys):
    forbidden(course / "data" / "aaa")
    (course / "data" / "aaa").mkdir()
    assert f"{course / 'data'}: {course / 'data' / 'aaa'} (Permission denied)." in nothing_found(capsys)
    convert(photographs, course / "data" / "zz_fer" / "fer2013.csv", layout="csv")
    assert load().fingerprint == photographs.fingerprint


def test_a_table_that_may_not_be_read_is_not_called_damaged(course, photographs, forbidden, capsys):
    forbidden(convert(photographs, course / "data" / "faces.csv", layout="csv"))
    assert "faces.csv (Permission denied)." in nothing_found(capsys)


@pytest.mark.parametrize("layout", ["csv", "npz"])
def test_a_file_is_read_also_in_a_folder_that_does_not_show_what_lies_in_it(layout, course, photographs, forbidden):
    path = convert(photographs, course / "shared" / f"fer2013.{layout}", layout=layout)
    forbidden(path.parent)
    assert load(path).fingerprint == photographs.fingerprint


def test_a_folder_of_the_system_beside_the_splits_is_not_looked_into(course, photographs, forbidden):
    folder = convert(photographs, course / "data" / "fer", layout="png-folders")
    (folder / "lost+found").mkdir()
    forbidden(folder / "lost+found")
    assert load().fingerprint == photographs.fingerprint


PICTURES = {"fer2013.zip": "png-folders", "FER2013.ZIP": "jpeg-folders"}


@pytest.mark.parametrize("place", ["data", "data/fer2013"])
@pytest.mark.parametrize("name", PICTURES)
def test_folders_are_read_also_beside_the_zip_that_they_were_unpacked_from(name, place, course, photographs, capsys):
    pictures = convert(photographs, course / "made", layout=PICTURES[name])
    (pictures / "about.csv").write_text("file,label\n")
    shutil.make_archive(str(course / "packed"), "zip", pictures)
    (pictures / "about.csv").unlink()
    (course / "packed.zip").rename(course / "data" / name)
    with pytest.raises(DataMismatch, match="unpack it"):
        load()
    shutil.copytree(pictures, course / place, dirs_exist_ok=True)
    for faces in (load(), load(course / "data")):
        assert [len(split) for split in faces] == [len(split) for split in photographs]
        assert faces.source == Path(place).name
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("wanted", ['"{}"', "'{}'", " {}", "{} ", "{}\n", '"{}/"'])
def test_blanks_and_quotes_around_the_place_in_the_environment_are_no_part_of_it(
    wanted, course, photographs, monkeypatch
):
    convert(photographs, course / "my faces" / "fer2013.csv", layout="csv")
    monkeypatch.setenv("FERCOURSE_DATA", wanted.format(course / "my faces"))
    assert load().source == "fer2013.csv"
    monkeypatch.setenv("FERCOURSE_DATA", wanted.format("drawn").replace("/", ""))
    assert load(scale="smoke").drawn


@pytest.mark.parametrize("nothing", ["", " ", '""', "\n"])
def test_an_empty_place_in_the_environment_is_none(nothing, course, photographs, monkeypatch):
    convert(photographs, course / "data" / "fer2013.csv", layout="csv")
    monkeypatch.setenv("FERCOURSE_DATA", nothing)
    assert load().source == "fer2013.csv"


def test_the_home_folder_of_nobody_is_an_error_of_the_course(tmp_path, photographs):
    with pytest.raises(DataNotFound, match=r"~nobody-of-this-name/fer2013\.csv could not"):
        load("~nobody-of-this-name/fer2013.csv")
    path = convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    with pytest.raises(DataNotFound, match="no FER\\+ votes at ~nobody-of-this-name"):
        load(path, votes="~nobody-of-this-name/votes.csv")


NAMED = {
    "parquet of something else": "sales.parquet (its columns are 'city, sales')",
    "parquet of other classes": "train-00000-of-00001.parquet (its classes are 'cat, dog')",
    "a train.csv of something else": "train.csv (its first line is 'PassengerId,Survived')",
    "a train.csv with pixels and no emotion": "train.csv (its first line is 'age,gender,pixels')",
    "a web page": "index.html (another name)",
    "a zip of pictures": "archive.zip (a zip in which no table can be read: unpack it)",
    "a tar of another name": "homework.tar.gz (another name)",
    "a table in UTF-16": "sales.csv (UTF-16 text or binary data)",
    "a broken zip": "archive.zip (no table, or a damaged file)",
    "an empty file": "notes.txt (its first line is nothing)",
    "a link to nothing": "fer2013.csv (a link to nothing, or no file)",
}


@pytest.mark.parametrize("other", NAMED)
def test_the_line_before_drawn_faces_names_what_lies_there_and_why_it_is_not_fer2013(other, course, capsys):
    OTHERS[other](course / "data")
    printed = nothing_found(capsys)
    assert f"Looked into {course / 'data'}: {NAMED[other]}." in printed
    assert f"Not there: {course / 'notebooks' / 'data'}, {course.parent / 'kaggle' / '*'}." in printed
    assert f"Put it into {course / 'data'}, set FERCOURSE_DATA to its place, or load 'drawn'." in printed
    with pytest.raises(DataNotFound, match="found ") as caught:
        load(course / "data")
    assert NAMED[other] in str(caught.value)


def test_the_line_names_an_empty_folder_one_that_is_too_deep_and_no_more_than_eight_names(course, capsys):
    assert f"Looked into {course / 'data'}: nothing." in nothing_found(capsys)
    (course / "data" / "a" / "b" / "c").mkdir(parents=True)
    assert f"Looked into {course / 'data'}: a/b (too deep to be looked into)." in nothing_found(capsys)
    for number in range(20):
        (course / "data" / f"{number:02}.png").write_bytes(b"")
    assert "07.png (another name), and 13 more." in nothing_found(capsys)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (text("fer2013.csv", b"<html>"), "web page"),
        (text("FER2013.csv", b""), "an empty file"),
        (text("fer2013.zip", b"PK\x03\x04" + b"\0" * 50), "damaged"),
        (text("train-00000-of-00001.parquet", b"PAR1" + b"\0" * 99), "damaged"),
        (other_pictures, "224"),
        (an_emotion_too_many, "contempt"),
    ],
)
def test_what_is_called_fer2013_and_is_broken_is_an_error_where_nothing_better_is_there(write, words, course):
    write(course / "data")
    with pytest.raises(DataMismatch, match=words):
        load()


def test_known_names_come_before_other_names_also_one_folder_deeper(course, photographs):
    fewer = replace(photographs, train=photographs.train[:99])
    convert(fewer, course / "data" / "ckextended.csv", layout="csv")
    convert(photographs, course / "data" / "zz" / "fer2013.csv", layout="csv")
    assert load().source == "fer2013.csv"


def test_a_name_that_is_no_text_can_be_printed(course, capsys):
    try:
        with open(os.fsencode(course / "data") + b"/caf\xe9.csv", "wb") as file:
            file.write(b"a,b\n")
    except OSError:
        pytest.skip("this disk takes text alone for a name")
    assert "caf\ufffd.csv (its first line is 'a,b')" in nothing_found(capsys)
    assert [str(look).encode() for look in looked_at()]


TWINS = {
    "two copies": ("data/a/fer2013.csv", "data/b/fer2013.csv"),
    "two tables of other names": ("data/mine.csv", "data/yours.csv"),
    "a copy and what it was packed from": ("data/b.csv", "data/b.csv.gz"),
}


@pytest.mark.parametrize("twins", TWINS)
def test_of_two_that_could_be_meant_a_line_names_both(twins, course, photographs, capsys):
    read, other = (course / name for name in TWINS[twins])
    for path in (read, other):
        convert(photographs, path, layout="csv.gz" if path.suffix == ".gz" else "csv")
    for source in ("auto", "data"):
        load(source)
        assert capsys.readouterr().out == (
            f"fercourse: {read} is read; {other} could be meant as well. If you mean another one, give its path.\n"
        )
    assert f"csv in {read}; {other} could be meant as well" in [str(look) for look in looked_at()][1]
    load(read)
    assert capsys.readouterr().out == ""


def test_the_parts_of_a_set_are_not_meant_as_well(course, photographs, capsys):
    folder = convert(photographs, course / "data" / "fer", layout="parquet")
    for part in ("train", "validation", "test"):
        (course / "data" / part).mkdir()
        (folder / f"{part}-00000-of-00001.parquet").rename(course / "data" / part / "0000.parquet")
    assert load().fingerprint == photographs.fingerprint
    assert capsys.readouterr().out == ""


def test_hidden_copies_are_not_looked_at(course, photographs, capsys):
    convert(photographs, course / "data" / ".ipynb_checkpoints" / "fer2013.csv", layout="csv")
    convert(photographs, course / "data" / "._fer2013.csv", layout="csv")
    assert f"Looked into {course / 'data'}: nothing." in nothing_found(capsys)


def test_a_drive_is_searched_by_names_alone(tmp_path, photographs, monkeypatch):
    convert(photographs, tmp_path / "drive" / "homework.csv", layout="csv")
    convert(photographs, tmp_path / "drive" / "deeper" / "fer2013.csv", layout="csv")
    assert look_into(tmp_path / "drive", deeper=False).found is None
    convert(photographs, tmp_path / "drive" / "FER2013.csv", layout="csv")
    assert look_into(tmp_path / "drive", deeper=False).found.path.name == "FER2013.csv"


def test_a_place_is_looked_into_once(course, monkeypatch):
    monkeypatch.setattr(find, "PLACES", ("data", str(course / "data"), str(course / "data")))
    assert [look.place for look in looked_at()] == [course / "notebooks" / "data", course / "data"]


def test_a_download_goes_into_the_data_folder_of_the_course(course):
    assert data_folder() == course / "data"
    os.chdir("/")
    assert data_folder() == Path("/data")
