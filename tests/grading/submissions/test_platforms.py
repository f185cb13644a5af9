"""A class is never one student, and one student never several: names as platforms and people really write them."""

import io
import json
import zipfile

import pytest
from toy_sheet import cell, handed_in, notebook

from fercourse.errors import GradingError
from fercourse.grading.submissions.collect import collect

MARKS = tuple(f'"{found["id"]}"'.encode() for found in handed_in()["cells"])
SHEET = json.dumps(handed_in())
OTHER = json.dumps(notebook([cell("code", "07-1-answer", "1")]))
HALF = json.dumps(notebook(handed_in()["cells"][:6]))
CNNS = "03_cnns_adam_sgd.ipynb"


def packed(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def collected(tmp_path):
    """A function that puts files, name → content, into a folder or a zip, and collects: student → submission."""

    def collected(files, *, as_zip=""):
        files = {name: SHEET for name in files} if not isinstance(files, dict) else files
        place = tmp_path / (as_zip or "in")
        if as_zip:
            place.write_bytes(packed(files))
        for name, content in {} if as_zip else files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = collect(place, marks=MARKS, unpacked=tmp_path / "unpacked")
        assert len({one.key for one in found}) == len(found)
        return {f"{one.student} {one.moodle or one.canvas}".strip(): one for one in found}

    return collected


ILIAS = [f"{name}/20251102101112_{CNNS}" for name in ("Smith_Anna_asmith_1234567", "Ort_Ben_bort_1234568")]
DRIVE = "Sheet 03-20251102T101112Z-1-00"
EACH = {  # what the platform writes → the students
    "Moodle, folders": (
        [f"Anna Smith_1234567_assignsubmission_file/{CNNS}", f"Ben Ort_1234568_assignsubmission_file/{CNNS}"],
        {"Anna Smith 1234567", "Ben Ort 1234568"},
    ),
    "Moodle, files": (
        [f"Anna Smith_1234567_assignsubmission_file_{CNNS}", f"Ben Ort_1234568_assignsubmission_file_{CNNS}"],
        {"Anna Smith 1234567", "Ben Ort 1234568"},
    ),
    "Moodle, groups": (
        [f"Group 1-Anna Smith_12_assignsubmission_file/{CNNS}", f"Group 1-Ben Ort_13_assignsubmission_file/{CNNS}"],
        {"Group 1-Anna Smith 12", "Group 1-Ben Ort 13"},
    ),
    "Moodle, one number for a group": (
        [f"group 3_12_assignsubmission_file/{CNNS}", f"Anna_12_assignsubmission_file/{CNNS}"],
        {"group 3", "Anna"},
    ),
    "Moodle, nameless": (
        [f"Participant_12_assignsubmission_file_/{CNNS}", f"Participant_13_assignsubmission_file_/{CNNS}"],
        {"Participant 12", "Participant 13"},
    ),
    "Canvas": (
        {
            f"smithanna_11_90001_{CNNS}": SHEET,
            "ortben_LATE_12_90002_03_cnns_adam_sgd-1.ipynb": SHEET,
            "linkjohn_10005_link.html": "",
            "tom_LATE_10006_text.html": "",
            "nuñez-ortizeva_13_90003_Untitled (1).ipynb": SHEET,
        },
        {"smithanna 11", "ortben 12", "linkjohn 10005", "tom 10006", "nuñez-ortizeva 13"},
    ),
    "Canvas, nameless": (
        {
            f"anon_aB3xY_900011_{CNNS}": SHEET,
            f"LATE_anon_Zz9Qa_900012_{CNNS}": SHEET,
            f"anon_Qq1Ww_LATE_900013_{CNNS}": SHEET,
            "anon_Pp2Ee_link.html": "",
        },
        {"anon_aB3xY", "anon_Zz9Qa", "anon_Qq1Ww", "anon_Pp2Ee"},
    ),
    "Canvas, two files and two of one name": (
        {f"smithanna_11_90001_{CNNS}": SHEET, "smithanna_11_90004_notes.pdf": "", f"smithanna_12_90002_{CNNS}": SHEET},
        {"smithanna 11", "smithanna 12"},
    ),
    "nbgrader, a course": (
        [f"submitted/{name}/03/{CNNS}" for name in ("anna", "ben")] + [f"source/03/{CNNS}", "gradebook.db"],
        {"anna", "ben"},
    ),
    "nbgrader, a course in a folder, its data base elsewhere": (
        [f"dl101/submitted/anna/03/{CNNS}", f"dl101/submitted/ben/03/{CNNS}", f"dl101/autograded/anna/03/{CNNS}"],
        {"anna", "ben"},
    ),
    "nbgrader, the exchange": (
        [
            f"dl101/inbound/anna+03+2025-11-02 10:11:12.123456 UTC+1b2c3d/{CNNS}",
            f"dl101/inbound/ben+03+2025-11-02 10:11:12.654321 UTC/{CNNS}",
            f"dl101/outbound/03/{CNNS}",
        ],
        {"anna", "ben"},
    ),
    "ILIAS": (ILIAS, {"Smith_Anna_asmith_1234567", "Ort_Ben_bort_1234568"}),
    "ILIAS, one of them handed in twice": (
        [f"Blatt 3/Abgaben/{name}" for name in (*ILIAS, ILIAS[1].replace("20251102", "20251103"))],
        {"Smith_Anna_asmith_1234567", "Ort_Ben_bort_1234568"},
    ),
    "ILIAS, as it packs": (
        [f"Abgabe 3/Abgaben/{name}" for name in ILIAS], {"Smith_Anna_asmith_1234567", "Ort_Ben_bort_1234568"}),
    "ILIAS, feedback for many": (
        [f"multi_feedback_Sheet_03_4711/{name}" for name in ILIAS],
        {"Smith_Anna_asmith_1234567", "Ort_Ben_bort_1234568"},
    ),
    "Google Drive, a folder": (
        {f"{DRIVE}1.zip": packed({"Sheet 03/Copy of 03.ipynb": SHEET, "Sheet 03/Copy of 03 (1).ipynb": SHEET})},
        {"Copy of 03", "Copy of 03 (1)"},
    ),
    "Google Drive, in two parts": (
        {
            f"{DRIVE}1.zip": packed({"Sheet 03/anna/x.ipynb": SHEET, "Sheet 03/ben/notes.txt": ""}),
            f"{DRIVE}2.zip": packed({"Sheet 03/ben/x.ipynb": SHEET}),
        },
        {"anna", "ben"},
    ),
    "Google Classroom": (
        [f"Anna Smith - {CNNS}", f"Ben Ort - {CNNS}", "Ben Ort - 03_cnns_adam_sgd (1).ipynb"],
        {"Anna Smith", "Ben Ort"},
    ),
    "Google Classroom, the sheet before the name": (
        ["Sheet 3 - Anna.ipynb", "Sheet 3 - Ben.ipynb", "Sheet 4 - Anna.ipynb"],
        {"Sheet 3 - Anna", "Sheet 3 - Ben", "Sheet 4 - Anna"},
    ),
    "Google Classroom, the group before the name": (
        ["Montag - Anna.ipynb", "Montag - Ben.ipynb", "Dienstag - Anna.ipynb"],
        {"Montag - Anna", "Montag - Ben", "Dienstag - Anna"},
    ),
    "Gradescope": (
        {
            "assignment_4711_export/submission_200001/03.ipynb": SHEET,
            "assignment_4711_export/submission_200002/03.ipynb": SHEET,
            "assignment_4711_export/submission_metadata.yml": "",
        },
        {"submission_200001", "submission_200002"},
    ),
    "students' folders with what they downloaded from Canvas": (
        ["anna/smithanna_11_90001_x.ipynb", "ben/ortben_12_90002_x.ipynb"], {"anna", "ben"}),
    "GitHub Classroom": (
        {
            f"sheet03-submissions/sheet03-{login}/{file}": content
            for login in ("anna", "ben")
            for file, content in ((CNNS, SHEET), ("README.md", ""), (".git/config", ""))
        },
        {"sheet03-anna", "sheet03-ben"},
    ),
    "Teams": (
        [
            f"Submitted files/Anna Smith/Sheet 03/Version 1/{CNNS}",
            f"Submitted files/Ben Ort/Sheet 03/Version 1/{CNNS}",
            f"Working files/Ben Ort/Sheet 03/{CNNS}",
        ],
        {"Anna Smith", "Ben Ort"},
    ),
    "Teams, the students' folders alone, one of them twice": (
        [f"{name}/Sheet 03/Version {version}/{CNNS}" for name, version in (("Anna", 1), ("Anna", 2), ("Ben", 1))],
        {"Anna", "Ben"},
    ),
    "Blackboard": (
        {
            f"Sheet 03_asmith_attempt_2025-11-02-10-11-12_{CNNS}": SHEET,
            "Sheet 03_asmith_attempt_2025-11-02-10-11-12.txt": "Name: Anna Smith",
            f"Sheet 03_b_ort_attempt_2025-11-02-10-11-12_{CNNS}": SHEET,
            "Sheet 03_c_ort_attempt_2025-11-02-10-11-13.txt": "Name: Cleo Ort",
        },
        {"asmith", "b_ort", "c_ort"},
    ),
    "Brightspace": (
        {
            f"12345-67890 - Anna Smith - Nov 2, 2025 1011 AM - {CNNS}": SHEET,
            f"12346-67890 - Anna-Maria Ort - Nov 2, 2025 1011 PM - {CNNS}": SHEET,
            "index.html": "",
        },
        {"Anna Smith", "Anna-Maria Ort"},
    ),
    "Brightspace, the assignment first": (
        [f"67890-1 - Ben Ort - Nov 2, 2025 1011 AM - {CNNS}", f"67890-2 - Ben Ort - Nov 2, 2025 1011 AM - {CNNS}",
         f"67890-3 - Cleo - Nov 2, 2025 1011 AM - {CNNS}"],
        {"Ben Ort", "Cleo"},
    ),
    "Sakai": (
        {
            **{f"Sheet 03/{who}/Submission attachment(s)/{CNNS}": SHEET for who in ("Smith, Anna(as)", "Ort, Ben(bo)")},
            "Sheet 03/Smith, Anna(as)/Feedback Attachment(s)/a.ipynb": SHEET,
            "Sheet 03/Smith, Anna(as)/timestamp.txt": "",
            "Sheet 03/grades.csv": "",
        },
        {"Smith, Anna(as)", "Ort, Ben(bo)"},
    ),
    "people, a dot in their names and no ending": (
        {"Anna B. Smith": "", "Anna B. Jones": "", "Cleo.ipynb": SHEET}, {"Anna B. Smith", "Anna B. Jones", "Cleo"}),
    "people, two numbers in each name": (
        ["anna_2025_03_cnns.ipynb", "ben_2025_03_cnns.ipynb", "clara_2025_03_cnns.ipynb"],
        {"anna_2025_03_cnns", "ben_2025_03_cnns", "clara_2025_03_cnns"},
    ),
    "people, three digits": (
        ["anna_2025_101_cnns.ipynb", "ben_2025_101_cnns.ipynb"], {"anna_2025_101_cnns", "ben_2025_101_cnns"}),
    "people, a number of their own and one for all": (
        ["anna_7012345_2025_03.ipynb", "ben_7012346_2025_03.ipynb"],
        {"anna_7012345_2025_03", "ben_7012346_2025_03"},
    ),
    "people, the course first": (
        ["ws_2025_101_anna.ipynb", "ws_2025_102_ben.ipynb"], {"ws_2025_101_anna", "ws_2025_102_ben"}),
    "people, a date first": (
        ["cnns_2025_11_anna.ipynb", "cnns_2025_11_ben.ipynb"], {"cnns_2025_11_anna", "cnns_2025_11_ben"}),
    "people, copies of one name": (["anna.ipynb", "anna (1).ipynb"], {"anna", "anna (1)"}),
    "numbers of students in a folder": (["sheet03/1234567.ipynb", "sheet03/1234568.ipynb"], {"1234567", "1234568"}),
    "a folder in a folder": (
        ["submissions/anna.ipynb", "submissions/ben.ipynb", "submissions/clara.ipynb"], {"anna", "ben", "clara"}),
    "a folder of any name in a folder": (
        ["Deep Learning/x/anna.ipynb", "Deep Learning/x/ben.ipynb", "Deep Learning/x/clara.ipynb"],
        {"anna", "ben", "clara"},
    ),
    "students' folders in a folder": (["dl/anna/a.ipynb", "dl/ben/b.ipynb"], {"anna", "ben"}),
    "students' zips in a folder": (
        {f"submissions/{name}.zip": packed({"x.ipynb": SHEET}) for name in ("anna", "ben")}, {"anna", "ben"}),
    "one of them handed in a notebook, one something else": (
        ["submissions/anna/a.ipynb", "submissions/ben/b.docx"], {"anna", "ben"}),
    "groups of people": (
        ["group A/anna.ipynb", "group A/ben.ipynb", "group B/cleo.ipynb"], {"anna", "ben", "cleo"}),
    "a folder of any name in a class": (["class/Montag/anna.ipynb", "class/Montag/ben.ipynb"], {"anna", "ben"}),
    "groups, one of them in a folder more": (
        ["group A/anna.ipynb", "group A/ben.ipynb", "group B/x/cleo.ipynb", "group B/x/dan.ipynb"],
        {"anna", "ben", "cleo", "dan"},
    ),
    "a folder with one notebook": (["submissions/anna.ipynb"], {"anna"}),
    "groups that handed in one notebook each": (["group 1/a.ipynb", "group 2/a.ipynb"], {"group 1", "group 2"}),
    "what says how to read it": (
        ["class/anna.ipynb", "class/ben.ipynb", "class/README", "class/liesmich.txt", "README.md"], {"anna", "ben"}),
    "a list beside the folder": (
        ["submissions/anna.ipynb", "submissions/ben.ipynb", "marks.csv", "names.xlsx"], {"anna", "ben"}),
}  # fmt: skip


@pytest.mark.parametrize("as_zip", ["", "class.zip"], ids=["folder", "zip"])
@pytest.mark.parametrize(("files", "students"), EACH.values(), ids=EACH)
def test_every_student_is_a_row(collected, files, students, as_zip):
    found = collected(files, as_zip=as_zip)
    assert set(found) == students
    assert all(one.path or "no notebook" in one.reason for one in found.values())


@pytest.mark.parametrize("wrapper", ["submissions", "Deep Learning", "Ordner", "hw3"])
def test_a_zip_of_a_folder_is_the_class(collected, wrapper):
    files = [f"{wrapper}/{name}.ipynb" for name in ("anna", "ben", "clara")]
    assert set(collected([*files, f"__MACOSX/{wrapper}/._anna.ipynb"], as_zip="class.zip")) == {"anna", "ben", "clara"}


ONE = {
    "attempts in Blackboard": [f"S_anna_attempt_2025-11-{day}-10-11-12_{CNNS}" for day in ("02", "10", "09")],
    "attempts in Canvas": [f"smithanna_11_{number}_{CNNS}" for number in (90001, 120001, 90002)],
    "attempts in Brightspace": [
        f"12345-67890 - Anna Smith - {date} - {CNNS}"
        for date in ("Sep 30, 2025 1011 PM", "Oct 2, 2025 110 PM", "Oct 2, 2025 1159 AM")
    ],
    "attempts in Brightspace, the day first": [
        f"12345-67890 - Anna Smith - {date} - {CNNS}"
        for date in ("30 September, 2025 2211", "2 October, 2025 1310", "2 October, 2025 1259")
    ],
    "attempts in Brightspace at noon": [
        f"12345-67890 - Anna Smith - {date} - {CNNS}"
        for date in ("Oct 2, 2025 1201 AM", "Oct 2, 2025 101 PM", "Oct. 2, 2025 1259 PM")
    ],
    "attempts in nbgrader": [
        f"inbound/anna+03+2025-11-{day} 10:11:12.123456 UTC+1b/{CNNS}" for day in ("02", "10", "09")
    ],
    "versions in Teams": [f"Submitted files/Anna/Sheet 03/Version {number}/{CNNS}" for number in (1, 10, 9)],
    "times of ILIAS": [f"Smith_Anna_as_123/2025{day}101112_{CNNS}" for day in ("1102", "1110", "1109")],
}


@pytest.mark.parametrize("files", ONE.values(), ids=ONE)
def test_of_several_attempts_of_one_student_the_latest_counts_and_a_remark_says_so(collected, files):
    found = collected([*files])
    assert len(found) == 1
    (one,) = found.values()
    assert one.path.endswith(files[1].rpartition("inbound/")[2].rpartition("Submitted files/")[2])
    assert one.remarks[0].startswith("3 notebooks were handed in; ")
    assert one.remarks[0].endswith("counts, the latest of them")


def test_the_latest_attempt_counts_also_with_a_cell_less_but_no_other_sheet_does(collected):
    early, late = (f"S_anna_attempt_2025-11-{day}-10-11-12_{CNNS}" for day in ("02", "09"))
    less = json.dumps(notebook(handed_in()["cells"][:-1]))
    assert collected({early: SHEET, late: less}).popitem()[1].path.endswith(late)
    assert collected({early: SHEET, late: OTHER}).popitem()[1].path.endswith(early)


def test_of_an_nbgrader_course_the_assignment_of_the_sheet_is_taken_without_a_remark(collected):
    files = {f"submitted/{name}/ps{number}/x.ipynb": OTHER for name in ("anna", "ben", "cleo") for number in (1, 2)}
    files |= {f"submitted/{name}/ps3/x.ipynb": SHEET for name in ("anna", "ben")}
    found = collected(files)
    assert {name: one.remarks for name, one in found.items()} == {"anna": (), "ben": (), "cleo": ()}
    assert found["anna"].path.endswith("ps3/x.ipynb")
    assert found["cleo"].path is None
    assert found["cleo"].reason == "no notebook was handed in; found ps1, ps1/x.ipynb, ps2, …"


def test_two_downloads_in_one_folder_are_one_class(collected):
    moodle = {f"{name}_{number}_assignsubmission_file_/x.ipynb": SHEET for number, name in enumerate(("Anna", "Ben"))}
    more = {f"{name}_{number}_assignsubmission_file_/x.ipynb": SHEET for number, name in enumerate(("Cleo", "Dan"))}
    both = {"Anna", "Ben", "Cleo", "Dan"}
    zips = {"Group A.zip": packed(moodle), "Group B.zip": packed({f"Group B/{name}": SHEET for name in more})}
    assert {one.student for one in collected(zips).values()} == both
    folders = {f"{group}/{name}": SHEET for group, names in (("A", moodle), ("B", more)) for name in names}
    assert {one.student for one in collected(folders, as_zip="x.zip").values()} == both
    canvas = {f"{name}_{number}_90{number}_x.ipynb": SHEET for number, name in enumerate(("anna", "ben"), start=10)}
    assert set(collected({"c.zip": packed({"a.zip": packed(canvas), "b.zip": packed({"cleo_12_977_x.ipynb": SHEET,
        "dan_13_978_x.ipynb": SHEET})})}, as_zip="y.zip")) == {"anna 10", "ben 11", "cleo 12", "dan 13"}  # fmt: skip


ONE_STUDENT = {
    "a draft beside": {"anna/a.ipynb": OTHER, "anna/z.ipynb": SHEET},
    "a copy": {"anna/03_cnns.ipynb": SHEET, "anna/03_cnns-Copy1.ipynb": SHEET},
    "versions": {"anna/cnns_v1.ipynb": SHEET, "anna/cnns_v2.ipynb": SHEET, "anna/cnns_final.ipynb": SHEET},
    "other assignments": {"anna/ps1/x.ipynb": OTHER, "anna/ps3/x.ipynb": SHEET},
    "deep down": {"anna/My files/x/y.ipynb": SHEET, "anna/My files/x/data.csv": ""},
    "a zip with a draft": {"anna/mine.zip": packed({"x/draft.ipynb": HALF, "x/03.ipynb": SHEET})},
}


@pytest.mark.parametrize("files", ONE_STUDENT.values(), ids=ONE_STUDENT)
def test_a_students_folder_is_one_student_alone_and_in_a_class(collected, files):
    assert set(collected(files)) == {"anna"}
    assert set(collected(files | {"ben/x.ipynb": SHEET})) == {"anna", "ben"}


def test_a_student_with_files_of_any_names_is_one_beside_others(collected):
    files = ["anna/alpha.ipynb", "anna/beta.ipynb", "anna/gamma.ipynb", "ben/x.ipynb"]
    found = collected(files)
    assert set(found) == {"anna", "ben"}
    assert found["anna"].remarks[0].startswith("3 notebooks were handed in; alpha.ipynb counts")


@pytest.mark.parametrize(
    "files",
    [
        ["bob/alpha.ipynb", "bob/beta.ipynb"],
        ["bob/a.ipynb", "bob/b.ipynb", "bob/c.ipynb"],
        ["sheet 03/Copy of 03_cnns.ipynb", "sheet 03/Copy of 03_cnns (1).ipynb"],
        ["x/alpha.ipynb", "x/beta.ipynb", "y/alpha.ipynb", "y/beta.ipynb"],
        ["dl/1234.ipynb", "dl/1235.ipynb", "dl/1236.ipynb"],
        ["dl/student_1.ipynb", "dl/student_2.ipynb"],
        ["dl/Team 1/a/x.ipynb", "dl/Team 2/b/x.ipynb"],
    ],
)
@pytest.mark.parametrize("as_zip", ["", "class.zip"])
def test_where_it_cannot_be_told_whether_a_folder_is_a_class_nothing_is_guessed(collected, files, as_zip):
    files = {f"{name}": SHEET for name in files}
    files = {"x.zip": packed(files)} if as_zip and len(files) > 2 else files
    with pytest.raises(GradingError, match=r"cannot tell whether .* is one student or a class; found in it .*ipynb"):
        collected(files)


@pytest.mark.parametrize("beside", ["anna.ipynb", "anna/x.ipynb"])
@pytest.mark.parametrize(
    "files",
    [
        {"submissions.zip": packed({"ben.ipynb": SHEET, "cleo.ipynb": SHEET})},
        {"late/ben.ipynb": SHEET, "late/cleo.ipynb": SHEET},
        {"x.zip": packed({f"{name}_assignsubmission_file_/x.ipynb": SHEET for name in ("Ben_1", "Cleo_2")})},
    ],
)
def test_a_class_beside_students_does_not_become_one_of_them(collected, files, beside):
    with pytest.raises(GradingError, match=r"cannot tell whether .* is one student or a class; found in it .*[Bb]en"):
        collected(files | {beside: SHEET})


@pytest.mark.parametrize(
    "names",
    [
        [f"smithanna_11_90001_{CNNS}", f"ortben_12_90002_{CNNS}"],
        [f"Anna_11_assignsubmission_file_/{CNNS}", f"Ben_12_assignsubmission_file_/{CNNS}"],
    ],
)
@pytest.mark.parametrize("inside", ["", "submissions/"])
def test_a_download_beside_what_it_holds_is_no_student(collected, names, inside):
    download = {"download.zip": packed({f"{inside}{name}": SHEET for name in names})}
    with pytest.raises(GradingError, match=r"each student once, found all of download\.zip beside it"):
        collected(download | dict.fromkeys(names, SHEET))


def test_two_of_one_name_in_two_groups_are_not_taken_for_one(collected):
    files = {f"group {name}.ipynb": SHEET for name in ("A/anna", "A/ben", "B/cleo", "B/dan")}
    with pytest.raises(GradingError, match="each student once, found anna in group A and in group B"):
        collected(files | {"group B/anna.ipynb": SHEET})
    assert collected(files | {"group B/anna.ipynb": OTHER})["anna"].marks  # of another week


def test_what_lies_in_the_folder_that_was_unclear_is_a_class_when_it_is_given_itself(collected):
    assert set(collected(["alpha.ipynb", "beta.ipynb"])) == {"alpha", "beta"}


def test_one_notebook_may_be_given_by_itself(tmp_path):
    (tmp_path / "anna.ipynb").write_text(SHEET)
    (found,) = collect(tmp_path / "anna.ipynb", marks=MARKS, unpacked=tmp_path / "unpacked")
    assert (found.student, found.path) == ("anna", str(tmp_path / "anna.ipynb"))


def test_more_notebooks_than_are_looked_at_are_counted(collected):
    found = collected([f"anna/{number:03}.ipynb" for number in range(60)] + ["ben/x.ipynb"])
    assert "only the first 50 of 60 notebooks were looked at" in found["anna"].remarks
