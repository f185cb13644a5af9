"""Finding submissions: every layout that people and platforms make, exactly one row for each student."""

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from toy_sheet import STUBS, cell, handed_in, notebook, solution

from fercourse.errors import GradingError
from fercourse.grading.submissions import handed_in as reading
from fercourse.grading.submissions.collect import collect

MARKS = tuple(f'"{found["id"]}"'.encode() for found in handed_in()["cells"])
SHEET = json.dumps(handed_in())
AS_NOBODY = """
import os, sys
from fercourse.grading.submissions.collect import collect
if os.geteuid() == 0:
    os.seteuid(65534)
for one in collect(sys.argv[1], marks=(), unpacked="/nowhere"):
    print(one.key, one.reason)
"""
DRAFT = json.dumps(notebook([cell("code", "draft", "1")]))


@pytest.fixture
def found(tmp_path):
    """Collect what lies in tmp_path / "in": key → submission."""

    def collected(place="in"):
        submissions = collect(tmp_path / place, marks=MARKS, unpacked=tmp_path / "unpacked")
        assert [one.key for one in submissions] == sorted({one.key for one in submissions})
        return {one.key: one for one in submissions}

    return collected


@pytest.fixture
def put(tmp_path):
    """Write files below tmp_path / "in": name → text or bytes."""

    def written(**files):
        for name, content in files.items():
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "in"

    return written


def packed(**members):
    """A zip as bytes: name → content, or a ZipInfo's content by its name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def names(submissions):
    return {key: (one.student, one.moodle or one.canvas) for key, one in submissions.items()}


def test_plain_files_and_folders_are_students_and_a_list_beside_them_is_not(put, found):
    put(**{"anna.ipynb": SHEET, "bob/deep/er/x.ipynb": SHEET, "marks.csv": "", ".DS_Store": "", "cleo.pdf": ""})
    assert names(found()) == {"anna": ("anna", ""), "bob": ("bob", ""), "cleo": ("cleo", "")}
    assert found()["anna"].path.endswith("anna.ipynb")
    assert found()["cleo"].path is None
    assert found()["cleo"].reason == "no notebook was handed in; found cleo.pdf"


@pytest.mark.parametrize("wrapper", ["", "Deep Learning-Sheet 03-4711/"])
def test_a_moodle_export_has_a_student_a_folder_or_a_file(put, found, wrapper):
    put(
        **{
            f"{wrapper}Anna Smith_1234567_assignsubmission_file_/x.ipynb": SHEET,
            f"{wrapper}Anna Smith_1234568_assignsubmission_file_/x.ipynb": SHEET,
            f"{wrapper}Bo_1_2_assignsubmission_file/y.ipynb": SHEET,
            f"{wrapper}Cleo_77_assignsubmission_onlinetext_/onlinetext.html": "",
            f"{wrapper}Dan_78_assignsubmission_file_sheet_9_assignsubmission_file_.ipynb": SHEET,
        }
    )
    assert names(found()) == {
        "anna-smith-1234567": ("Anna Smith", "1234567"),
        "anna-smith-1234568": ("Anna Smith", "1234568"),
        "bo_1-2": ("Bo_1", "2"),
        "cleo-77": ("Cleo", "77"),
        "dan-78": ("Dan", "78"),
    }
    assert all(one.moodle and not one.canvas for one in found().values())


def test_a_canvas_export_is_flat_and_says_who_was_late(put, found):
    put(
        **{
            "smithanna_11_901_sheet.ipynb": SHEET,
            "jonesbo_LATE_12_902_my_sheet_1_2_.ipynb": SHEET,
            "anon_X7abc_903_sheet.ipynb": SHEET,
            "leecleo_13_904_notes.pdf": b"",
            "leecleo_13_905_sheet.ipynb": SHEET,
        }
    )
    submissions = found()
    assert names(submissions) == {
        "smithanna-11": ("smithanna", "11"),
        "jonesbo-12": ("jonesbo", "12"),
        next(key for key in submissions if key.startswith("anon")): ("anon_X7abc", ""),
        "leecleo-13": ("leecleo", "13"),
    }
    assert submissions["jonesbo-12"].remarks == ("handed in late",)
    assert submissions["leecleo-13"].path.endswith("leecleo_13_905_sheet.ipynb")


def test_an_nbgrader_course_is_graded_from_its_submitted_folder(put, found):
    place = put(
        **{"submitted/anna/ps1/x.ipynb": SHEET, "submitted/bob/ps1/x.ipynb": SHEET, "source/ps1/x.ipynb": SHEET}
    )
    (place / "gradebook.db").touch()
    assert set(found()) == {"anna", "bob"}
    assert set(found("in/submitted")) == {"anna", "bob"}


def test_of_two_notebooks_the_one_with_most_of_the_sheet_counts_and_then_the_first_by_name(put, found):
    put(
        **{
            "anna/a.ipynb": DRAFT,
            "anna/z.ipynb": SHEET,
            "bob/b.ipynb": SHEET,
            "bob/a.ipynb": SHEET,
            "bob/.ipynb_checkpoints/0.ipynb": SHEET,
            "bob/__MACOSX/0.ipynb": SHEET,
        }
    )
    assert found()["anna"].path.endswith("z.ipynb")
    assert found()["bob"].path.endswith("a.ipynb")
    assert found()["bob"].remarks == (
        "two notebooks were handed in; a.ipynb counts, which has most of the sheet's cells",
    )


OWN = {"total": STUBS["total"].replace("pass", "return sum(values)")}  # below the comment that was handed out


@pytest.mark.parametrize("answers", [{}, STUBS | OWN, {"words": STUBS["words"]}], ids=["all", "one", "no words"])
@pytest.mark.parametrize("untouched", ["03_cnns.ipynb", "03_cnns-Copy1.ipynb", "zz/03_cnns (1).ipynb"])
def test_the_sheet_as_it_was_handed_out_does_not_count_beside_the_students_own(put, found, untouched, answers):
    handed_out = json.dumps(handed_in(**STUBS))
    put(**{f"anna/{untouched}": handed_out, "anna/03_cnns_anna.ipynb": json.dumps(handed_in(**answers))})
    put(**{"bob/x.ipynb": handed_out})
    assert found()["anna"].path.endswith("03_cnns_anna.ipynb")
    why = "the longest of them" if answers == STUBS | OWN else "which has most answers in it"
    assert found()["anna"].remarks == (f"two notebooks were handed in; 03_cnns_anna.ipynb counts, {why}",)
    assert found()["bob"].path.endswith("x.ipynb")


def test_of_two_with_a_cell_less_in_the_students_own_the_own_one_counts(put, found):
    own = notebook(handed_in()["cells"][:-1])
    put(**{"anna/a.ipynb": json.dumps(handed_in(**STUBS)), "anna/b.ipynb": json.dumps(own), "bob/x.ipynb": SHEET})
    assert found()["anna"].path.endswith("b.ipynb")


def test_the_solution_does_not_count_where_a_student_packs_the_whole_course(put, found):
    course = {"c/solutions/00_toy.ipynb": solution(), "c/exercises/00_toy.ipynb": handed_in(), "c/a.ipynb": solution()}
    put(**{"anna/mine.zip": packed(**{name: json.dumps(content) for name, content in course.items()})})
    put(**{"bob/x.ipynb": json.dumps(solution())})
    assert found()["anna"].fingerprint == sha256(SHEET.encode()).hexdigest()
    assert "exercises/00_toy.ipynb counts" in found()["anna"].remarks[0]
    assert found()["bob"].path is not None  # there is nothing else


def test_of_two_in_a_zip_that_are_as_full_the_one_that_was_written_later_counts(put, found):
    early = json.dumps(
        handed_in(total="def total(values):\n    return 1  # a first try that is longer than the second")
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("v2.ipynb", (2026, 11, 2, 10, 11, 12)), SHEET)
        archive.writestr(zipfile.ZipInfo("v1.ipynb", (2026, 11, 1, 10, 11, 12)), early)
    put(**{"anna/mine.zip": file.getvalue(), "bob/backup.zip": packed(**{"x.ipynb": SHEET}), "bob/x.ipynb": early})
    assert found()["anna"].remarks == ("two notebooks were handed in; mine.zip/v2.ipynb counts, the latest of them",)
    assert found()["bob"].remarks == ("two notebooks were handed in; x.ipynb counts, the longest of them",)


def test_of_two_members_of_one_name_the_later_counts_as_where_the_zip_is_unpacked(put, found):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.ipynb", DRAFT + " " * len(SHEET))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x.ipynb", SHEET)
    put(**{"anna/mine.zip": file.getvalue(), "bob/x.ipynb": SHEET})
    assert (found()["anna"].fingerprint, found()["anna"].remarks) == (found()["bob"].fingerprint, ())


def test_what_stands_beside_the_notebook_that_counts_and_is_not_opened_is_said(put, found):
    inner = packed(**{"x.ipynb": SHEET})
    put(**{"anna/mine.zip": packed(**{"draft.ipynb": DRAFT, "Blatt/inner.zip": inner}), "bob/x.ipynb": SHEET})
    put(**{"bob/all.tar.gz": b"", "bob/mine.zip": packed(**{"y.txt": ""}), "bob/helpers.py": ""})
    assert found()["anna"].remarks == ("handed in as well, and not opened: mine.zip/Blatt/inner.zip",)
    assert found()["bob"].remarks == ("handed in as well, and not opened: all.tar.gz, helpers.py",)


def test_a_folder_without_a_notebook_is_a_row_and_says_what_was_found(put, found, tmp_path):
    put(**{"anna/essay.docx": "", "bob/x.ipynb.txt": SHEET})
    (tmp_path / "in" / "cleo").mkdir()
    assert found()["anna"].reason == "no notebook was handed in; found essay.docx"
    assert found()["cleo"].reason == "no notebook was handed in"
    assert found()["bob"].path.endswith("x.ipynb.txt")


def test_links_are_not_followed(put, found, tmp_path):
    put(**{"anna/x.ipynb": SHEET, "cleo/keep": ""})
    (tmp_path / "secret.ipynb").write_text(SHEET)
    (tmp_path / "in" / "bob").symlink_to(tmp_path / "in" / "anna", target_is_directory=True)
    (tmp_path / "in" / "cleo" / "x.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (tmp_path / "in" / "dan.ipynb").symlink_to(tmp_path / "secret.ipynb")
    os.mkfifo(tmp_path / "in" / "eve.ipynb")
    submissions = found()
    assert set(submissions) == {"anna", "bob", "cleo", "dan", "eve"}
    assert all(submissions[key].path is None for key in ("bob", "cleo", "dan", "eve"))
    assert all("link" in submissions[key].reason for key in ("bob", "cleo", "dan"))
    assert submissions["eve"].reason == "eve.ipynb is no ordinary file"


def test_a_link_that_takes_a_files_place_after_the_listing_is_not_read(tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        reading.read_file(tmp_path / "link", 10)


def test_a_student_zip_is_read_in_memory_and_its_notebook_copied_elsewhere(put, found, tmp_path):
    place = put(
        **{"anna/mine.zip": packed(**{"My work/x.ipynb": SHEET, "__MACOSX/._x.ipynb": ""}), "bob.zip": packed()}
    )
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    submissions = found()
    assert submissions["anna"].path == str(tmp_path / "unpacked" / "anna.ipynb")
    assert submissions["anna"].fingerprint == sha256(SHEET.encode()).hexdigest()
    assert submissions["bob"].reason.startswith("no notebook was handed in")
    assert before == {path: path.stat().st_mtime_ns for path in place.rglob("*")}


def test_a_zip_beside_others_cannot_speak_for_another_student(put, found):
    spoof = packed(**{"Anna_1_assignsubmission_file_/x.ipynb": DRAFT, "Bob_2_assignsubmission_file_/x.ipynb": DRAFT})
    put(**{"Anna_1_assignsubmission_file_/x.ipynb": SHEET, "eve.zip": spoof})
    submissions = found()
    assert set(submissions) == {"anna-1", "eve"}
    assert submissions["anna-1"].fingerprint == sha256(SHEET.encode()).hexdigest()
    assert submissions["anna-1"].remarks == ()


@pytest.mark.parametrize("place", ["in/class.zip", "in"])
def test_the_whole_class_comes_in_one_zip_with_zips_in_it(put, found, place):
    members = {
        "Sheet/Anna_1_assignsubmission_file_/x.ipynb": SHEET,
        "Sheet/Bob_2_assignsubmission_file_/mine.zip": packed(**{"x.ipynb": SHEET}),
        "Sheet/Cleo_3_assignsubmission_file_/x.txt": "",
    }
    put(**{"class.zip": packed(**members)})
    submissions = found(place)
    assert set(submissions) == {"anna-1", "bob-2", "cleo-3"}
    assert [one.path is not None for one in submissions.values()] == [True, True, False]


def linked():
    info = zipfile.ZipInfo("x.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return file.getvalue()


def locked():
    content = bytearray(packed(**{"x.ipynb": SHEET}))
    content[6] |= 1  # the flag of a password, in the local header and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packed(**{"../x.ipynb": SHEET}), "leads out of the zip"),
        (packed(**{"/x.ipynb": SHEET}), "leads out of the zip"),
        (packed(**{"C:\\x.ipynb": SHEET}), "leads out of the zip"),
        (packed(**{"a\\..\\..\\x.ipynb": SHEET}), "leads out of the zip"),
        (packed(**{"x.ipynb": bytes(21_000_000)}), "inflates to more than 20 MB"),
        (linked(), "symbolic link"),
        (locked(), "password"),
        (packed(**{"x.ipynb": SHEET})[:-30], "could not be opened"),
        (packed(**{"x.ipynb": SHEET}).replace(b"PK\x03\x04", b"PK\x03\x05"), "could not be read"),
        (b"no zip", "could not be opened"),
        (b"", "could not be opened"),
        (packed(**{f"{number}.txt": "" for number in range(10_001)}), "more than 10,000 files"),
        (packed(**{"inner.zip": packed(**{"x.ipynb": SHEET})}), "no notebook was handed in; found mine.zip/inner.zip"),
    ],
)
def test_a_bad_zip_is_a_row_with_its_reason(put, found, content, reason):
    put(**{"anna/mine.zip": content, "bob/x.ipynb": SHEET})
    submissions = found()
    assert submissions["anna"].path is None
    assert reason in submissions["anna"].reason
    assert submissions["bob"].path is not None


def test_a_bad_member_beside_a_good_notebook_is_a_remark(put, found):
    put(**{"anna/mine.zip": packed(**{"../y.ipynb": SHEET, "x.ipynb": SHEET})})
    assert found("in/anna/mine.zip") is not None
    put(**{"bob/x.ipynb": SHEET})
    assert found()["anna"].path is not None
    assert found()["anna"].remarks == ("mine.zip/y.ipynb leads out of the zip by its name, and was not read",)


def test_names_become_unique_safe_file_names_and_readable_lines(put, found, tmp_path):
    odd = ["Zoe\u0308", "Zo\u00eb", "-rf", "\u202egnirts", "line\nbreak", "CON", "con", "ж" * 120, "=1+1", "a b"]
    odd.append(".Dot_7_assignsubmission_file_")
    put(**{f"{name}/x.ipynb": SHEET for name in odd})
    (tmp_path / "in" / os.fsdecode(b"\xff\xfe")).mkdir()
    submissions = found()
    assert len(submissions) == len(odd) + 1
    assert len({key.casefold() for key in submissions}) == len(submissions)
    for key, one in submissions.items():
        assert key.isascii()
        assert key[0].isalnum()
        assert not set(key) & set("/\\:*?\"<>| \n'")
        assert "\n" not in one.student
        assert one.student.encode()
        assert one.student


def test_what_is_no_class_says_so(found, put, tmp_path):
    with pytest.raises(GradingError, match="no such folder"):
        found()
    (tmp_path / "in").mkdir()
    with pytest.raises(GradingError, match="no submission in it"):
        found()
    put(**{"class.zip": b"PK"})
    with pytest.raises(GradingError, match=r"class\.zip: expected a folder or a zip"):
        found("in/class.zip")


def test_what_may_not_be_read_is_a_row_with_its_reason(put, tmp_path):
    """As an ordinary user: root may read everything."""
    put(**{"anna/x.ipynb": SHEET, "bob/x.ipynb": SHEET, "cleo.ipynb": SHEET})
    with TemporaryDirectory() as reachable:
        Path(reachable).chmod(0o755)
        place = Path(shutil.copytree(tmp_path / "in", f"{reachable}/in"))
        (place / "anna").chmod(0)
        (place / "cleo.ipynb").chmod(0)
        done = subprocess.run([sys.executable, "-c", AS_NOBODY, place], capture_output=True, text=True)
        (place / "anna").chmod(0o755)
    assert done.stdout.splitlines() == [
        "anna anna could not be read: Permission denied",
        "bob ",
        "cleo cleo.ipynb could not be read: Permission denied",
    ], done.stderr
