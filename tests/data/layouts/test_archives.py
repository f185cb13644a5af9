"""Packed CSVs: of several candidates the right one is read, or all are named; nothing behind it is overlooked."""

import gzip
import io
import tarfile
import warnings
import zipfile

import pytest
from small_fer import PARTS, ROWS, csv_bytes, is_whole

from fercourse.data.load import load
from fercourse.errors import DataMismatch, DataNotFound

WHOLE = csv_bytes()
TRAIN, VALID, TEST = (
    csv_bytes([row for row in ROWS if PARTS[row] == part], ("emotion", "pixels")) for part in range(3)
)
UNLABELLED = csv_bytes([row for row in ROWS if PARTS[row] == 2], ("pixels",))


def zipped(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members with one name
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def tarred(*members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members:
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return file.getvalue()


def tarred_and_zipped(*members):
    return gzip.compress(tarred(*members))


PACKERS = {"zip": zipped, "tar": tarred, "tar.gz": tarred_and_zipped}


def read(folder, data):
    (folder / "some.file").write_bytes(data)
    return load(folder / "some.file", cache=False)


READ = {
    "one": [("fer2013.csv", WHOLE)],
    "under another name": [("faces (1).csv", WHOLE)],
    "in capitals, deep inside": [("Data/Raw/FER2013.CSV", WHOLE)],
    "with its twin of macOS": [("fer2013.csv", WHOLE), ("__MACOSX/._fer2013.csv", b"\0"), ("._fer2013.csv", b"\0")],
    "with a hidden copy": [(".ipynb_checkpoints/fer2013.csv", WHOLE), ("fer2013.csv", WHOLE)],
    "with the votes": [("fer2013new.csv", b"Usage,Image name,neutral\nTraining,a.png,1\n"), ("fer2013.csv", WHOLE)],
    "as the challenge has it": [
        ("example_submission.csv", b"Id,Prediction\n"),
        ("icml_face_data.csv", csv_bytes(columns=("emotion", "Usage", "pixels"))),
        ("test.csv", UNLABELLED),
        ("train.csv", TRAIN),
    ],
    "with texts": [("README", WHOLE), ("fer2013.bib", b"@"), ("fer2013/fer2013.csv", WHOLE), ("notes.txt", WHOLE)],
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("what", READ)
def test_the_one_data_set_in_an_archive_is_read(what, packer, tmp_path):
    assert is_whole(read(tmp_path, PACKERS[packer](*READ[what])))


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("names", [("train.csv", "test.csv"), ("a/Test.CSV", "a/Train.csv")])
def test_train_and_test_in_an_archive_are_a_pair(names, packer, tmp_path):
    contents = {"train": TRAIN, "test": UNLABELLED}
    members = [(name, contents["train" if "train" in name.lower() else "test"]) for name in names]
    faces = read(tmp_path, PACKERS[packer](*members))
    assert (len(faces.train) + len(faces.valid), len(faces.test), faces.test.labelled) == (42, 14, False)


def with_backslashes(packed):
    """A zip as .NET writes it: `a/b` is `a\\b`."""
    return packed.replace(b"fer/", b"fer\\").replace(b"__MACOSX/", b"__MACOSX\\")


def test_a_zip_of_windows_has_other_separators_and_the_same_members(tmp_path):
    pair = zipped(("fer/train.csv", TRAIN), ("fer/test.csv", UNLABELLED), ("__MACOSX/fer/._test.csv", b"pixels"))
    assert len(read(tmp_path, with_backslashes(pair)).test) == 14
    inner = tarred_and_zipped(("fer2013.csv", WHOLE))
    assert is_whole(read(tmp_path, with_backslashes(zipped(("fer/fer2013.tar.gz", inner)))))
    with pytest.raises(DataMismatch, match="meant to write elsewhere"):
        read(tmp_path, zipped(("..\\..\\fer2013.csv", WHOLE)))


def test_a_zip_that_is_packed_in_a_way_of_its_own_is_not_called_a_broken_download(tmp_path, monkeypatch):
    packed = bytearray(zipped(("fer2013.csv", WHOLE)))
    deflate64 = b"\x09\0"
    packed[8:10] = deflate64
    start = packed.index(b"PK\x01\x02")
    packed[start + 10 : start + 12] = deflate64
    with pytest.raises(DataMismatch, match=r"some\.file: .*packed in another way.*Unpack it with the program"):
        read(tmp_path, bytes(packed))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "homework.zip").write_bytes(packed)
    assert load(scale="smoke").drawn, "another zip of that kind is passed over"


SEVERAL = {
    "two of one name": [("a/fer2013.csv", WHOLE), ("b/fer2013.csv", WHOLE)],
    "one twice": [("fer2013.csv", WHOLE), ("fer2013.csv", WHOLE)],
    "two of known names": [("fer2013.csv", WHOLE), ("icml_face_data.csv", WHOLE)],
    "a second version": [("fer2013.csv", WHOLE), ("fer2013_clean.csv", WHOLE[:40_000])],
    "another set beside": [("fer2013.csv", WHOLE), ("ckextended.csv", WHOLE)],
    "two of train": [("a/train.csv", TRAIN), ("b/train.csv", TRAIN)],
    "train, validation and test": [("train.csv", TRAIN), ("val.csv", VALID), ("test.csv", TEST)],
    "train and another": [("train.csv", TRAIN), ("more.csv", TRAIN)],
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("what", SEVERAL)
def test_of_several_data_sets_none_is_taken_and_all_are_named(what, packer, tmp_path):
    with pytest.raises(DataMismatch, match=f"expected one data set, found {len(SEVERAL[what])}") as caught:
        read(tmp_path, PACKERS[packer](*SEVERAL[what]))
    assert all(name in str(caught.value) for name, _ in SEVERAL[what])


def test_several_packed_archives_in_a_zip_are_named(tmp_path):
    inner = tarred_and_zipped(("fer2013.csv", WHOLE))
    with pytest.raises(DataMismatch, match=r"found 2: a/fer2013\.tar\.gz, b\.tgz"):
        read(tmp_path, zipped(("a/fer2013.tar.gz", inner), ("b.tgz", inner)))
    assert is_whole(read(tmp_path, zipped(("a/fer2013.tar.gz", inner), ("._b.tgz", inner))))
    assert is_whole(read(tmp_path, zipped(("FER2013.TAR.GZ", inner))))


@pytest.mark.parametrize("packer", PACKERS)
def test_two_archives_joined_in_one_file_are_refused(packer, tmp_path):
    one, other = PACKERS[packer](("fer2013.csv", WHOLE)), PACKERS[packer](("more.csv", WHOLE))
    assert is_whole(read(tmp_path, one))
    with pytest.raises(DataMismatch, match="two joined"):
        read(tmp_path, one + other)


@pytest.mark.parametrize("place", [1, 300, 30_000, len(WHOLE) - 1])
def test_a_gzip_in_several_pieces_is_read_whole(place, tmp_path):
    assert is_whole(read(tmp_path, gzip.compress(WHOLE[:place]) + gzip.compress(WHOLE[place:])))


def test_two_files_in_one_gzip_are_refused_where_the_second_begins(tmp_path):
    with pytest.raises(DataMismatch, match=r"row 71 \(line 72\): expected an emotion .* found 'emotion'"):
        read(tmp_path, gzip.compress(WHOLE) * 2)


@pytest.mark.parametrize("name", ["val.csv", "Validation.csv", "valid.CSV", "PublicTest.csv"])
def test_a_third_table_beside_train_and_test_is_not_left_out_in_silence(name, tmp_path):
    (tmp_path / "train.csv").write_bytes(TRAIN)
    (tmp_path / "test.csv").write_bytes(TEST)
    assert len(load(tmp_path, cache=False).test) == 14
    (tmp_path / f"._{name}").write_bytes(b"\0")
    load(tmp_path, cache=False)
    (tmp_path / name).write_bytes(VALID)
    with pytest.raises(DataMismatch, match=rf"train\.csv: .*found {name} beside"):
        load(tmp_path, cache=False)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("val.csv", VALID),
        ("dev.csv", VALID),
        ("train_part2.csv", TRAIN),
        ("more.csv", UNLABELLED),
        ("more.csv.gz", gzip.compress(TRAIN)),
        ("val.csv.gz", b""),
        ("PublicTest.txt", VALID),
        ("PublicTest.csv", b""),
    ],
)
def test_a_third_table_that_came_after_the_faces_were_kept_is_refused_as_well(name, table, tmp_path, monkeypatch):
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "train.csv").write_bytes(TRAIN)
    (tmp_path / "test.csv").write_bytes(TEST)
    (tmp_path / "icml_face_data.csv").write_bytes(WHOLE)  # a set of its own, as the challenge has it beside them
    (tmp_path / "scores.csv").write_bytes(b"epoch,accuracy\n1,0.5\n")
    (tmp_path / "notes.txt").write_bytes(b"got on Monday")
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress(TRAIN))  # from which the one beside was unpacked
    assert len(load(tmp_path / "train.csv").test) == 14
    (tmp_path / name).write_bytes(table)
    for _ in range(2):
        with pytest.raises(DataMismatch, match=rf"train\.csv: .*found {name} beside"):
            load(tmp_path / "train.csv")


def test_a_test_csv_with_splits_of_its_own_is_refused(tmp_path):
    (tmp_path / "train.csv").write_bytes(TRAIN)
    (tmp_path / "test.csv").write_bytes(WHOLE)
    with pytest.raises(DataMismatch, match=r"test\.csv: .*found a column Usage"):
        load(tmp_path, cache=False)


def test_a_train_csv_alone_in_an_archive_says_where_test_faces_are_expected(tmp_path):
    with pytest.raises(DataNotFound, match=r"test\.csv beside"):
        read(tmp_path, zipped(("train.csv", TRAIN)))
