"""Whatever lies under the name of FER2013 either loads as it should or is refused by file and row."""

import bz2
import csv
import gzip
import io
import lzma
import re
import struct
import tarfile
import time
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from fercourse.data.faces import USAGES
from fercourse.data.layouts import archives
from fercourse.data.layouts.convert import convert
from fercourse.data.layouts.csv import reader as csv_reader
from fercourse.data.layouts.csv.reader import read_csv
from fercourse.data.load import load
from fercourse.errors import DataMismatch, DataNotFound

PIXELS = 2304
HEADER = b"emotion,pixels,Usage"


def lines_of(rows=7, seed=0):
    """The lines of a small valid fer2013.csv, the header first."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (rows, PIXELS)).tolist()
    labels = generator.integers(0, 7, rows).tolist()
    usages = [USAGES[min(row * 3 // rows, 2)] for row in range(rows)]
    return [HEADER] + [
        f"{label},{' '.join(map(str, image))},{usage}".encode()
        for label, image, usage in zip(labels, images, usages, strict=True)
    ]


LINES = lines_of()
GOOD = b"\n".join(LINES) + b"\n"
IMAGE = LINES[3].split(b",")[1].split()


def oracle(data):
    """Labels, images and usages by the csv module and an int loop."""
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""), skipinitialspace=True)
    columns = [column.strip() for column in header]
    rows = [dict(zip(columns, row, strict=True)) for row in rows if "".join(row).strip()]
    images = [[int(value) for value in row["pixels"].split()] for row in rows]
    return [int(row["emotion"]) for row in rows], images, [row["Usage"].strip() for row in rows]


def same(rows, expected):
    labels, images, usages = expected
    return (
        rows.labels.tolist() == labels
        and rows.images.reshape(len(rows), -1).tolist() == images
        and [USAGES[code] for code in rows.usages] == usages
    )


def read(data):
    return read_csv(io.BytesIO(data), "fer2013.csv")


def with_row(row, line):
    """The good file with another line for `row`, 1 for the first face."""
    return b"\n".join([*LINES[:row], line, *LINES[row + 1 :]]) + b"\n"


def with_pixel(value, row=3, position=100):
    label, _, usage = LINES[row].split(b",")
    pixels = [*IMAGE[:position], value, *IMAGE[position + 1 :]]
    return with_row(row, b",".join([label, b" ".join(pixels), usage]))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))


def refused(path, *words, error=DataMismatch, **options):
    """Loading `path` raises `error` in words that name the file and hold each of `words`; nothing is cached."""
    with pytest.raises(error) as caught:
        load(path, **options)
    message = str(caught.value)
    for word in words:
        assert word in message
    assert not (path.parent / "cache").exists()
    return message


def test_a_good_file_reads_as_the_csv_module_reads_it():
    assert same(read(GOOD), oracle(GOOD))


ODD = {
    "carriage returns": GOOD.replace(b"\n", b"\r\n"),
    "carriage returns that Windows doubled": GOOD.replace(b"\n", b"\r\r\n"),
    "a byte-order mark": b"\xef\xbb\xbf" + GOOD,
    "two byte-order marks": b"\xef\xbb\xbf" * 2 + GOOD,
    "no last line end": GOOD[:-1],
    "quoted pixels": re.sub(rb",(\d[\d ]+),", rb',"\1",', GOOD),
    "everything quoted": b"\n".join(b",".join(b'"%s"' % field for field in line.split(b",")) for line in LINES),
    "quoted pixels with carriage returns": re.sub(rb",(\d[\d ]+),", rb',"\1",', GOOD).replace(b"\n", b"\r\n"),
    "spaces after commas": GOOD.replace(b",", b", "),
    "double spaces": GOOD.replace(b" 1", b"  1"),
    "blank lines": GOOD.replace(b"\n", b"\n\n"),
    "lines of blanks": GOOD.replace(b"\n", b"\n  \n"),
    "blanks at the ends of quoted pixels": re.sub(rb",(\d[\d ]+),", rb',  "  \1 " ,', GOOD),
    "tabs for blanks": GOOD.replace(b" ", b"\t"),
    "leading zeros": GOOD.replace(b" 7 ", b" 007 "),
    "tabs between the pixels of a row": with_row(3, LINES[3].replace(b" ", b"\t")),
    "one row with spaces at its ends": with_row(3, b"  " + LINES[3] + b" "),
    "other columns first": b"\n".join(b"id%d," % n + line for n, line in enumerate(LINES)).replace(b"id0", b"id", 1),
}


@pytest.mark.parametrize("oddity", ODD)
def test_odd_but_legal_files_read_as_the_csv_module_reads_them(oddity):
    assert ODD[oddity] != GOOD
    assert same(read(ODD[oddity]), oracle(GOOD))


def test_columns_may_stand_in_any_order():
    fields = [dict(zip(("emotion", "pixels", "Usage"), line.split(b","), strict=True)) for line in LINES]
    for order in (("emotion", "Usage", "pixels"), ("Usage", "pixels", "emotion"), ("pixels", "emotion", "Usage")):
        data = b"\n".join(b",".join(row[column] for column in order) for row in fields)
        assert same(read(data), oracle(GOOD)), order


FURTHER = {
    "an index without a name": ("",),
    "an index of an index": ("Unnamed: 0.1", "Unnamed: 0"),
    "names of files": ("file name",),
    "columns of nothing": ("", "", "note"),
    "votes": ("neutral", "happiness", "surprise"),
}
TEXTS = (
    "0",
    "",
    "a b.png",
    "x,y",
    "[0, 0, 48, 48]",
    'a "b" c',
    "é",
    "-0.5",
    "2013-04-14 00:00",
    '"',
    "Training",
    " ",
    "3",
)


def with_further_columns(names, at, *, texts=TEXTS, quoting=csv.QUOTE_MINIMAL, end="\n"):
    """The good file with the columns `names` before, between or after its own: `at` is where each stands."""
    file = io.StringIO()
    table = csv.writer(file, quoting=quoting, lineterminator=end)
    for number, line in enumerate(LINES):
        fields = line.decode().split(",")
        for position, (place, name) in enumerate(zip(at, names, strict=True)):
            fields.insert(place, texts[(number + position) % len(texts)] if number else name)
        table.writerow(fields)
    return file.getvalue().encode()


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("what", FURTHER)
def test_further_columns_are_read_past_on_the_fast_path(what, place, quoting, monkeypatch):
    monkeypatch.setattr(csv_reader, "parse_line", None)
    names = FURTHER[what]
    for end in ("\n", "\r\n"):
        data = with_further_columns(names, [place] * len(names), quoting=quoting, end=end)
        assert same(read(data), oracle(GOOD))


def test_further_columns_cost_little_beside_the_pixels():
    rows = 20 * LINES[1:]
    data = b"\n".join([HEADER, *rows])
    indexed = b"\n".join([b"," + HEADER + b",path"] + [b"%d,%s,a.png" % pair for pair in enumerate(rows)])

    def seconds(data):
        start = time.process_time()
        read(data)
        return time.process_time() - start

    plain, further = (min(seconds(data) for _ in range(7)) for data in (data, indexed))
    assert further < 2.5 * plain, "line by line it is 20 to 40 times as much"


@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("damage", [b"\0", b"\r", b'"', b",", b"x" * 70_000])
def test_damage_in_a_further_column_is_named_by_its_row(damage, place):
    rows = [line.split(b",") for line in with_further_columns(["note"], [place], texts="z").splitlines()]
    rows[3][place] = b"z" + damage
    rows = b"\n".join(map(b",".join, rows))
    if damage == b'"' or (damage, place) == (b"\r", 3):  # a letter of the text, an end of the line
        assert same(read(rows), oracle(GOOD))
    else:
        with pytest.raises(DataMismatch, match=r"row 3 \(line 4\)"):
            read(rows)


def test_a_value_in_quotes_within_quotes_is_refused_with_further_columns_as_without():
    for names, at in ((), ()), (("note",), (0,)):
        data = with_further_columns(names, at, texts="z").replace(b",Training", b',"""Training"""')
        with pytest.raises(DataMismatch, match=r"row 1 .*'\"Training\"'"):
            read(data)


@pytest.mark.parametrize("header", ["id,id,{}", "{},Note,note", "{},emotion", "{},PIXELS", "usage,{}", "{}, Usage"])
def test_a_column_that_is_there_twice_is_refused(header):
    header = header.format(HEADER.decode())
    with pytest.raises(DataMismatch, match=r"line 1: expected the columns .* each once"):
        read(GOOD.replace(HEADER, header.encode()))


def test_odd_blocks_go_through_the_fast_path_again(monkeypatch):
    monkeypatch.setattr(csv_reader, "parse_line", None)
    for oddity in ODD:
        assert same(read(ODD[oddity]), oracle(GOOD)), oddity


def label_of(text):
    return with_row(3, text + LINES[3][1:])


def usage_of(text):
    return with_row(3, LINES[3].rpartition(b",")[0] + b"," + text)


BROKEN_ROWS = {
    "a pixel of 256": (with_pixel(b"256"), "row 3", "line 4", "'256' as pixel 101", "0 to 255"),
    "a pixel of 999": (with_pixel(b"999"), "row 3", "'999' as pixel 101"),
    "a negative pixel": (with_pixel(b"-1"), "row 3", "'-1' as pixel 101"),
    "a fraction": (with_pixel(b"3.5"), "row 3", "'3.5' as pixel 101"),
    "a word": (with_pixel(b"abc"), "row 3", "'abc' as pixel 101"),
    "a pixel of four digits": (with_pixel(b"0012"), "row 3", "'0012' as pixel 101"),
    "a pixel in quotes": (with_pixel(b'"12"', position=PIXELS - 1), "row 3", "'\"12\"' as pixel 2304"),
    "a signed pixel": (with_pixel(b"+12"), "row 3", "'+12'"),
    "an underscore": (with_pixel(b"1_2"), "row 3", "'1_2'"),
    "foreign digits": (with_pixel("٣".encode()), "row 3", "'٣'"),
    "a pixel too few": (with_pixel(b""), "row 3", "2,304", "2,303"),
    "a pixel too many": (with_pixel(b"1 2"), "row 3", "2,304", "2,305"),
    "no pixels": (with_row(3, b"3,,Training"), "row 3", "found 0"),
    "an emotion of 7": (label_of(b"7"), "row 3", "emotion from 0 to 6", "'7'"),
    "a negative emotion": (label_of(b"-1"), "row 3", "'-1'"),
    "no emotion": (label_of(b""), "row 3", "nothing"),
    "an emotion in words": (label_of(b"happy"), "row 3", "'happy'"),
    "an unknown usage": (usage_of(b"Testing"), "row 3", "Training, PublicTest, PrivateTest", "'Testing'"),
    "a usage in lower case": (usage_of(b"training"), "row 3", "'training'"),
    "no usage": (usage_of(b""), "row 3", "nothing"),
    "a truncated last row": (GOOD[: -len(LINES[-1]) // 2], "row 7", "line 8", "3 fields", "found 2"),
    "a truncated last word": (GOOD[:-4], "row 7", "'PrivateT"),
    "a comma and a space exchanged": (
        with_row(3, LINES[3].replace(b",", b"#", 1).replace(b" ", b",", 1).replace(b"#", b" ", 1)),
        "row 3",
        "emotion",
    ),
    "a plus for a comma": (with_row(3, LINES[3].replace(b",", b"+", 1)), "row 3", "found 2"),
    "semicolons in a row": (with_row(3, LINES[3].replace(b",", b";")), "row 3", "3 fields", "found 1"),
    "a NUL byte": (with_pixel(b"\0"), "row 3", "NUL"),
    "an open quote": (with_row(3, LINES[3].replace(b",", b',"', 1)), "row 3"),
    "a carriage return in a row": (with_pixel(b"1\r2"), "row 3"),
    "a row of two joined": (with_row(3, LINES[3] + LINES[4]), "row 3", "found 5"),
    "a row without an end": (with_row(3, LINES[3] * 20), "row 3", "no end within"),
}


@pytest.mark.parametrize("damage", BROKEN_ROWS)
def test_a_broken_row_is_named_with_what_was_expected_and_found(damage, tmp_path):
    data, *words = BROKEN_ROWS[damage]
    path = tmp_path / "fer2013.csv"
    path.write_bytes(data)
    message = refused(path, "fer2013.csv", "expected", "found", *words)
    assert message.count(". ") >= 1, "the remedy is missing"


def test_a_pixel_moved_into_the_next_row_is_found_in_the_first_of_the_two():
    first, second = LINES[3].split(b","), LINES[4].split(b",")
    head, _, moved = first[1].rpartition(b" ")
    first[1], second[1] = head, moved + b" " + second[1]
    lines = [*LINES[:3], b",".join(first), b",".join(second), *LINES[5:]]
    with pytest.raises(DataMismatch, match=r"row 3 .*found 2,303"):
        read(b"\n".join(lines))


@pytest.mark.parametrize("blank", [b" ", b"\t", b"\x0b"])
def test_nothing_behind_a_hole_of_blanks_is_left_out_in_silence(blank):
    for hole in (blank * 500_000, LINES[3] + blank * 500_000):
        with pytest.raises(DataMismatch, match=r"row 3 \(line 4\): .*found no end within"):
            read(b"\n".join([*LINES[:3], hole, *LINES[3:]]))


def test_blank_lines_count_as_lines_but_not_as_rows():
    data = with_pixel(b"256").replace(b"\n", b"\n\n")
    with pytest.raises(DataMismatch, match=r"row 3 \(line 7\)"):
        read(data)


DAMAGE = st.tuples(
    st.integers(1, 7),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["replace", "insert", "delete"]),
    st.binary(min_size=1, max_size=2),
    st.sampled_from([1 << 18, 20_000, 1_000]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example((2, 0.0, "insert", b"\n", 1 << 18), ())
@example((2, 0.5, "insert", b"\n", 1 << 18), ())
@example((2, 0.9999999, "delete", b"_", 1 << 18), ())
@example((7, 0.9999999, "replace", b"\r", 20_000), ())
@example((1, 0.0, "insert", b"\x1c", 1 << 18), ())
@given(DAMAGE, st.sampled_from([(), ("",), ("id", "note")]))
def test_a_row_damaged_anywhere_reads_as_the_oracle_reads_it_or_is_named(damage, further):
    row, place, kind, new, block = damage
    good = with_further_columns(further, range(0, 3 * len(further), 3))
    lines = good.split(b"\n")
    start = sum(len(line) + 1 for line in lines[:row])
    at = start + int(place * (len(lines[row]) + 1))
    old = 0 if kind == "insert" else len(new)
    data = good[:at] + (b"" if kind == "delete" else new) + good[at + old :]
    before, csv_reader.BLOCK = csv_reader.BLOCK, block
    try:
        rows = read(data)
    except DataMismatch as error:
        # Two bytes over a line's end damage two rows.
        assert re.search(rf"fer2013.csv, row ({row}|{row + 1}) \(line \d+\): expected", str(error))  # noqa: PT017
    else:
        assert same(rows, oracle(data))
    finally:
        csv_reader.BLOCK = before


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.integers(0, PIXELS - 1), st.text(alphabet="0123456789.-+ e", max_size=5))
def test_any_token_in_the_place_of_a_pixel_reads_as_the_oracle_reads_it_or_is_named(row, position, token):
    data = with_pixel(token.encode(), row, position)
    tokens = token.split()
    legal = len(tokens) == 1 and tokens[0].isdigit() and len(tokens[0]) <= 3 and int(tokens[0]) <= 255
    if legal:
        assert same(read(data), oracle(data))
    else:
        with pytest.raises(DataMismatch, match=rf"row {row} \(line {row + 1}\)"):
            read(data)


BROKEN_FILES = {
    "an empty file": (b"", "an empty file"),
    "a header alone": (HEADER + b"\n", "a header and nothing under it"),
    "a header without an end": (HEADER, "a header and nothing under it"),
    "a misspelt column": (GOOD.replace(b"pixels", b"pixel", 1), "line 1", "'emotion,pixel,Usage'"),
    "a missing column": (b"\n".join(line.split(b",", 1)[1] for line in LINES), "line 1", "'pixels,Usage'"),
    "a column twice": (GOOD.replace(b"Usage", b"pixels", 1), "line 1", "'emotion,pixels,pixels'"),
    "no header": (b"\n".join(LINES[1:]), "line 1", "emotion, pixels, Usage"),
    "semicolons": (GOOD.replace(b",", b";"), "line 1", "another separator"),
    "tabs": (GOOD.replace(b",", b"\t"), "line 1", "another separator"),
    "NUL bytes": (b"\0" * 100_000, "binary"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": (GOOD.decode().encode("utf-16-le"), "UTF-16"),
    "a login page": (b"<!DOCTYPE html>\n<html><title>Sign in | Kaggle</title>", "a web page", "sign in"),
    "bzip2": (bz2.compress(GOOD), "a file packed with bzip2", "Unpack it"),
    "xz": (lzma.compress(GOOD), "a file packed with xz", "Unpack it"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c\0\x04\r\x81", "a file packed with 7-Zip", "Unpack it"),
    "RAR": (b"Rar!\x1a\x07\x01\0" + bytes(40), "a file packed with RAR", "Unpack it"),
    "Zstandard": (b"\x28\xb5\x2f\xfd" + bytes(40), "a file packed with Zstandard", "Unpack it"),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "Git LFS", "git lfs pull"),
    "a blank first line": (b"\n" + GOOD, "blank first line"),
    "one endless line": (b"1 " * 200_000, "line 1"),
    "old Macintosh line ends": (GOOD.replace(b"\n", b"\r"), "lines that end as on old Macs", "Save it as CSV"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(40), "a picture or other binary data"),
    "a JPEG": (b"\xff\xd8\xff\xe0\n", "a picture or other binary data"),
    "a pickle": (b"\x80\x04\x95\n", "a picture or other binary data"),
    "no PrivateTest": (b"\n".join(LINES[:6]), "none of PrivateTest"),
}


@pytest.mark.parametrize("damage", BROKEN_FILES)
def test_a_file_that_is_no_fer2013_is_refused_by_its_name(damage, tmp_path):
    data, *words = BROKEN_FILES[damage]
    path = tmp_path / "fer2013.csv"
    path.write_bytes(data)
    refused(path, "fer2013.csv", "expected", "found", *words)


def test_more_rows_than_any_fer2013_has_are_refused_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(csv_reader, "MOST_ROWS", 5)
    with pytest.raises(DataMismatch, match="at most 5 rows"):
        read(GOOD)


def test_a_zip_bomb_is_left_after_its_first_bytes(tmp_path):
    path = tmp_path / "fer2013.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("fer2013.csv", "w") as file:
        file.write(HEADER + b"\n")
        for _ in range(200):
            file.write(b"1" * 1_000_000)
    refused(path, "row 1", "no end within")


def test_an_archive_that_inflates_without_an_end_is_left_at_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 1_000_000)
    plain = tmp_path / "huge"
    plain.write_bytes(b"\0" * 5_000_000)
    path = tmp_path / "fer2013.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(plain, "a_first_member")
        archive.add(plain, "fer2013.csv")
    refused(path, "at most 1,000,000 bytes")
    many = tmp_path / "fer2013.csv.gz"
    many.write_bytes(gzip.compress(HEADER + b"\n" + GOOD[len(HEADER) + 1 :] * 30))
    refused(many, "at most 1,000,000 bytes")


def test_a_tar_that_would_write_elsewhere_is_refused_and_writes_nowhere(tmp_path):
    (tmp_path / "good.csv").write_bytes(GOOD)
    path = tmp_path / "inside" / "fer2013.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tmp_path / "good.csv", "../../fer2013.csv")
    refused(path, "'../../fer2013.csv'", "trust")
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["fer2013.tar.gz", "good.csv", "inside"]


@pytest.mark.parametrize("kept", [5, 40, 0.5, -20, -4])
def test_a_gzip_that_was_cut_short_is_refused(kept, tmp_path):
    whole = gzip.compress(GOOD)
    path = tmp_path / "fer2013.csv.gz"
    path.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    refused(path, "fer2013.csv.gz", "get it again", "damaged")


@pytest.mark.parametrize("layout", ["tar.gz", "zip", "npz", "parquet"])
def test_a_container_that_was_cut_short_or_overwritten_is_refused(layout, tmp_path, faces):
    path = convert(faces, tmp_path / "whole", layout=layout)
    if path.is_dir():
        path = path / "test-00000-of-00001.parquet"
    whole = path.read_bytes()
    damaged = tmp_path / "damaged"
    damaged.write_bytes(whole[: len(whole) // 2])
    refused(damaged, "damaged", "again")
    damaged.write_bytes(whole[:3_000] + bytes(20_000) + whole[23_000:])
    refused(damaged, "damaged")


def test_a_gzip_whose_sum_is_wrong_is_refused(tmp_path):
    whole = gzip.compress(GOOD)
    path = tmp_path / "fer2013.csv.gz"
    path.write_bytes(whole[:-8] + struct.pack("<I", zlib.crc32(GOOD) ^ 1) + whole[-4:])
    refused(path, "CRC")


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = tmp_path / "fer2013.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fer2013.csv", GOOD)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    refused(path, "password")


def test_an_archive_of_other_things_is_refused_with_what_it_holds(tmp_path):
    path = tmp_path / "fer2013.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train/angry/1.png", b"")
    refused(path, "train/angry/1.png", "unpack it")
    with tarfile.open(tmp_path / "fer2013.tar.gz", "w:gz") as archive:
        archive.add(path, "readme.txt")
    refused(tmp_path / "fer2013.tar.gz", "readme.txt")


def test_a_folder_where_a_file_is_expected_is_searched_and_named(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.mkdir()
    (path / "readme.txt").write_text("")
    refused(path, "fer2013.csv", "readme.txt", "FERCOURSE_DATA", error=DataNotFound)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(GOOD)

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", forbidden)
    refused(path, "fer2013.csv", "Permission denied", "permissions", error=DataNotFound)


def image_folder(root, faces):
    return convert(faces, root / "faces", layout="png-folders")


def saved(image, path):
    image.save(path)
    return path.name


BROKEN_IMAGES = {
    "a truncated PNG": (lambda path: path.write_bytes(path.read_bytes()[:200]), "damaged"),
    "a text": (lambda path: path.write_text("<html>"), "damaged"),
    "an empty file": (lambda path: path.write_bytes(b""), "damaged"),
    "a PNG with a wrong sum": (lambda path: path.write_bytes(path.read_bytes()[:60] + b"xxxx" * 99), "damaged"),
    "a colour image": (lambda path: saved(Image.new("RGB", (48, 48), "red"), path), "grey", "colour"),
    "a larger image": (lambda path: saved(Image.new("L", (64, 48)), path), "48 × 48", "64 × 48"),
    "sixteen bits": (lambda path: saved(Image.new("I;16", (48, 48)), path), "mode I"),
}


@pytest.mark.parametrize("damage", BROKEN_IMAGES)
def test_a_folder_with_one_wrong_image_is_refused_by_the_name_of_the_image(damage, tmp_path, faces):
    change, *words = BROKEN_IMAGES[damage]
    folder = image_folder(tmp_path, faces)
    wrong = sorted(folder.glob("test/sad/*.png"))[3]
    change(wrong)
    refused(folder, wrong.name, "expected", "found", *words)


def test_a_corrupt_jpeg_is_refused_by_its_name(tmp_path, faces):
    folder = convert(faces, tmp_path / "faces", layout="jpeg-folders")
    wrong = sorted(folder.glob("train/happy/*.jpg"))[0]
    wrong.write_bytes(wrong.read_bytes()[:300])
    refused(folder, wrong.name, "damaged")


def test_a_folder_of_an_unknown_emotion_is_refused(tmp_path, faces):
    folder = image_folder(tmp_path, faces)
    (folder / "train" / "sad").rename(folder / "train" / "sadnes")
    refused(folder, "sadnes", "Sad")


def test_image_folders_without_test_faces_are_refused(tmp_path, faces):
    folder = image_folder(tmp_path, faces)
    (folder / "test").rename(folder / "elsewhere")
    refused(folder, "test", "expected")
