"""A name is the same student's in whatever letters, and by whatever program, it was written."""

import io
import json
import zipfile
from unicodedata import normalize

import pytest
from toy_sheet import handed_in

from fercourse.grading.submissions.collect import collect

SHEET = json.dumps(handed_in())
UTF_8 = 0x800  # the flag that says so


def packed(*names, says_so):
    """A zip with the sheet under each of these names in UTF-8, with or without the flag that says that they are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, SHEET)
    content = bytearray(file.getvalue())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while not says_so and (at := content.find(mark, at + 1)) >= 0:
            content[at + place + 1] &= ~(UTF_8 >> 8)
    return bytes(content)


@pytest.fixture
def students(tmp_path):
    """A function that collects files of these names, or a zip as bytes: pairs of a student's name and number."""

    def students(*names, packed=None):
        place = tmp_path / ("in" if packed is None else "class.zip")
        if packed is not None:
            place.write_bytes(packed)
        for name in names:
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SHEET)
        found = collect(place, marks=(), unpacked=tmp_path / "unpacked")
        return sorted((normalize("NFC", one.student), one.moodle or one.canvas) for one in found)

    return students


NAMES = ["müllerben", "nguyễnan", "สมชายใจดี", "शर्माराज", "иванойан"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", NAMES)
def test_canvas_numbers_are_found_behind_accents_and_vowel_signs_also_as_a_mac_writes_them(students, name, form):
    files = [f"{name}_12_90001_03.ipynb", f"{name}zwei_LATE_13_90002_03.ipynb", f"{name}drei_14_link.html"]
    wanted = [(f"{name}", "12"), (f"{name}drei", "14"), (f"{name}zwei", "13")]
    assert students(*(normalize(form, file) for file in files)) == wanted


@pytest.mark.parametrize("says_so", [True, False])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_zip_need_not_say_that_its_names_are_utf_8(students, form, says_so):
    moodle = [f"Jürgen Weiß_{number}_assignsubmission_file_/03.ipynb" for number in (12, 13)]
    content = packed(*(normalize(form, name) for name in moodle), says_so=says_so)
    assert students(packed=content) == [("Jürgen Weiß", "12"), ("Jürgen Weiß", "13")]
    people = packed(*(normalize(form, name) for name in ("Zoë.ipynb", "Łukasz.ipynb")), says_so=says_so)
    assert students(packed=people) == [("Zoë", ""), ("Łukasz", "")]


def test_a_name_in_a_dos_code_page_is_read_as_before(students):
    content = packed("J\u00fcrgen.ipynb", "Anna.ipynb", says_so=True).replace("Jürgen".encode(), b"J\x81rgenx")
    content = bytearray(content)
    for mark, place in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        content[content.index(mark) + place] = 0
    assert students(packed=bytes(content)) == [("Anna", ""), ("Jürgenx", "")]


def test_two_folders_of_one_number_are_one_students_in_whatever_form_the_name_is_written(students):
    name = "André_12_assignsubmission_"
    names = f"{normalize('NFC', name)}file_/03.ipynb", f"{normalize('NFD', name)}onlinetext_/03.html"
    assert students(*names, "Ben_13_assignsubmission_file_/03.ipynb") == [("André", "12"), ("Ben", "13")]


def test_a_name_with_a_colon_is_no_disk_of_windows(tmp_path):
    (tmp_path / "class.zip").write_bytes(packed("3: Anna.ipynb", "3: Ben.ipynb", says_so=True))
    found = collect(tmp_path / "class.zip", marks=(), unpacked=tmp_path / "unpacked")
    assert [(one.student, one.reason) for one in found] == [("3: Anna", ""), ("3: Ben", "")]


def test_a_notebook_and_its_zip_of_the_same_name_are_one_students(students):
    assert students("anna.ipynb", "anna.ipynb.zip", "ben.ipynb") == [("anna", ""), ("ben", "")]
