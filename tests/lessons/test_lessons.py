"""The lessons themselves: their length and shape, what is committed of them, and a run of some with other parameters.

LESSONS=all runs every lesson with them, as .ci/run does; without it every third one.
"""

import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import nbformat
import pytest
from kernel_start import APPLE_DEVICE, EQUAL_TIMES, kernels_that_begin_with

from fercourse.course.building.lesson import read_lesson
from fercourse.course.building.lesson_rules import advice
from fercourse.course.checkout import find_course, select
from fercourse.course.lesson_records import kept_lessons
from fercourse.course.outputs import problems_in, shown_in
from fercourse.course.site.notebook_page import SMALLEST
from fercourse.report.records import read_records

COURSE = Path(__file__).parents[2]
JUDGED_ON_RECORDS = {"09b.saved"}
"""Claims about what FER2013's record says: they are judged by it wherever the lesson runs, and no run is needed."""
ABOUT_DRAWN_PEOPLE = ("11", True)
"""Its figures "cost of …" change one trait of a drawn person, which no photograph allows."""
PHONE = 343
"""Pixels: what is left for a figure on a page of 390."""
RECORDED = kept_lessons(find_course(COURSE))
LESSONS = select((), COURSE / "lessons", ".py")
lessons = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def committed(path):
    """The executed notebook, as a reader finds it."""
    return nbformat.read(COURSE / "docs" / "lessons" / f"{path.stem}.ipynb", as_version=4)


def prose(path):
    return "\n".join(cell.source for cell in committed(path).cells if cell.cell_type == "markdown")


@lessons
def test_a_lesson_has_the_length_and_shape_that_a_reader_can_follow(path):
    assert advice(read_lesson(path)) == []


@lessons
def test_a_lesson_asks_before_it_tells_and_ends_with_checked_claims(path):
    text = path.read_text(encoding="utf-8")
    asked = re.findall(r'fc\.guess\(\s*"([\da-z.]+)"', text)
    answered = re.findall(r'fc\.reveal\("([\da-z.]+)"', text)
    assert asked
    assert sorted(asked) == sorted(answered), "every guess is revealed, once"
    for id in asked:
        assert text.index(f'fc.reveal("{id}"') > re.search(rf'fc\.guess\(\s*"{id}"', text).end()
    conclusions = text[text.index("## What you can say now") :]
    assert len(re.findall(r"fc\.claim\(", text)) >= 3
    assert conclusions.count("fc.claims()") == 1
    assert {"## Exercises", "## References"} <= set(re.findall(r"^# (## .*)$", conclusions, re.MULTILINE))
    assert 1 <= len(re.findall(r"^# - ", conclusions[conclusions.index("## References") :], re.MULTILINE)) <= 5


@lessons
def test_every_claim_of_a_lesson_has_an_id_of_its_own(path):
    ids = re.findall(r'fc\.claim\(\s*"([^"]+)"', path.read_text(encoding="utf-8"))
    assert len(ids) == len(set(ids)) > 0
    assert all(id.split(".")[0] == path.stem.split("_")[0] for id in ids)


@lessons
def test_a_committed_notebook_was_run_whole_on_drawn_faces_at_lesson_scale(path):
    notebook = committed(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    stamp = shown_in(notebook)["stamp"]
    assert stamp["drawn"], "pictures of real faces must not be committed"
    assert stamp["scale"] == "lesson"


@lessons
def test_a_committed_notebook_shows_no_error_no_warning_and_no_claim_that_fails(path):
    assert problems_in(committed(path)) == []
    assert {claim["status"] for claim in shown_in(committed(path))["claims"]} <= {"held", "untested"}


@lessons
def test_a_committed_notebook_is_small_and_names_no_path_of_the_machine_it_ran_on(path):
    file = COURSE / "docs" / "lessons" / f"{path.stem}.ipynb"
    assert file.stat().st_size <= 1_000_000
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)


@lessons
def test_a_student_opens_a_lesson_without_an_answer_in_it(path):
    notebook = nbformat.read(COURSE / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in committed(path).cells]


@lessons
def test_every_picture_of_a_lesson_has_an_alternative_text(path):
    for cell in committed(path).cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                assert len(output.metadata["image/png"]["alt"]) > 20, cell.id


@lessons
def test_every_sentence_that_a_committed_claim_bears_out_was_tested_where_it_is_shown(path):
    shown = {claim["id"]: claim["status"] for claim in shown_in(committed(path))["claims"]}
    marked = re.findall(r"<!-- *(\d\d[a-z]?\.[\w-]+) *-->", path.read_text(encoding="utf-8"))
    assert marked
    assert {id: shown[id] for id in marked} == dict.fromkeys(marked, "held")


@lessons
def test_every_claim_of_a_lesson_has_a_verdict_on_fer2013(path):
    key = path.stem.split("_")[0]
    recorded = {(claim["id"], claim["sentence"]) for claim in RECORDED.get(key, {"claims": ()})["claims"]}
    stated = {(claim["id"], claim["sentence"]) for claim in shown_in(committed(path))["claims"]}
    new = {id for id, _ in stated - recorded} - JUDGED_ON_RECORDS
    assert not new, f"run {key} --scale lesson --data fer2013.csv --out FOLDER, then results FOLDER"


@lessons
def test_every_figure_of_a_lesson_has_its_figure_on_fer2013(path):
    """Under the same name and unit: a figure that is renamed in the lesson alone would lose the one beside it."""
    key = path.stem.split("_")[0]
    recorded = {(figure["name"], figure["unit"]) for figure in RECORDED.get(key, {"figures": ()})["figures"]}
    stated = {(figure["name"], figure["unit"]) for figure in shown_in(committed(path))["figures"]}
    missing = {name for name, _ in stated - recorded if (key, name.startswith("cost of ")) != ABOUT_DRAWN_PEOPLE}
    assert not missing, f"run {key} --scale lesson --data fer2013.csv --out FOLDER, then results FOLDER"


@lessons
def test_every_picture_of_a_lesson_fits_a_phone(path):
    for cell in committed(path).cells:
        for output in cell.get("outputs", ()):
            if picture := output.get("data", {}).get("image/png"):
                width = int.from_bytes(b64decode(picture)[16:20])
                assert SMALLEST * width <= PHONE, f"{cell.id} is {width} pixels wide"


@lessons
def test_a_lesson_that_goes_on_with_drawn_faces_says_so_to_the_run(path):
    """What `env.load("drawn")` loads, the run records as drawn; faces from elsewhere would be recorded as FER2013's."""
    assert not re.search(r"^ *data\b.*= fc\.drawn", path.read_text(encoding="utf-8"), re.MULTILINE)


@lessons
def test_a_claim_that_does_not_hold_on_fer2013_is_contradicted_beside_its_sentence(path):
    recorded = RECORDED.get(path.stem.split("_")[0], {"claims": ()})["claims"]
    cells = [cell.source for cell in read_lesson(path).cells if cell.cell_type == "markdown"]
    for claim in recorded:
        if claim["status"] == "failed":
            beside = [cell for cell in cells if f"<!-- {claim['id']} -->" in cell]
            assert beside and all("FER2013" in cell for cell in beside), claim["id"]


def test_the_accuracy_that_lesson_02_asks_for_is_shown_by_no_cell_above_its_guess():
    [path] = [path for path in LESSONS if path.stem.startswith("02_")]
    cells = committed(path).cells
    [place] = [number for number, cell in enumerate(cells) if 'fc.guess(\n    "02.5"' in cell.source]
    text = [text_of(cell) for cell in cells]
    [answer] = set(re.findall(r"The answer: (\d+\.\d+) %, nearest", "".join(text[place:])))
    assert answer in "".join(text[place:])
    assert answer not in "".join(text[:place])


def text_of(cell):
    """What a code cell shows, as text and as HTML."""
    outputs = cell.get("outputs", ())
    return "".join(output.get("text", "") + "".join(map(str, output.get("data", {}).values())) for output in outputs)


@lessons
def test_the_output_of_a_cell_is_never_a_wall(path):
    for cell in committed(path).cells:
        for output in cell.get("outputs", ()):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            assert len(text.splitlines()) <= 30, f"{cell.id} prints {len(text.splitlines())} lines"


def run(out, *options, **variables):
    """The runner's exit code and its records of every lesson. variables: of the environment."""
    command = [sys.executable, "-m", "fercourse", "run", "--out", str(out), *options]
    finished = subprocess.run(command, cwd=COURSE, env=os.environ | variables, capture_output=True, text=True)
    return finished, read_records(out)


def assert_all_passed(finished, records, of=LESSONS):
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-2000:]
    assert [record["status"] for record in records] == ["passed"] * len(of)
    assert f"{len(of)} of {len(of)} lessons passed" in finished.stdout


@pytest.mark.timeout(1500)  # every lesson, and some train on all real faces even at smoke scale
def test_lessons_run_by_papermill_on_another_device_with_another_seed_on_the_real_data(tmp_path, real_or_drawn):
    """On the real faces where they are. Every lesson is executed by nbval, with seed 0 on drawn ones.

    The device is the stand-in for an Apple one. By the clock everything takes equally long, because beside other work
    short times can come out any way: a claim that one thing takes longer belongs to lesson scale.
    """
    asked = LESSONS if os.environ.get("LESSONS") == "all" else LESSONS[::3]
    options = ("--scale", "smoke", "--data", real_or_drawn, "--seed", "5", "--device", "mps", "--jobs", "2")
    variables = kernels_that_begin_with(tmp_path / "ipython", APPLE_DEVICE + EQUAL_TIMES)
    finished, records = run(tmp_path / "runs", *(path.stem for path in asked), *options, **variables)
    assert_all_passed(finished, records, of=asked)
    for record in records:
        assert (record["seed"], record["scale"], record["stamp"]["drawn"]) == (5, "smoke", real_or_drawn == "drawn")
        assert record["stamp"]["device"] == "mps"
        notebook = nbformat.read(tmp_path / "runs" / record["lesson"] / "notebook.ipynb", as_version=4)
        assert problems_in(notebook) == []
    claims = {claim["id"]: claim["status"] for record in records for claim in record["claims"]}
    if real_or_drawn != "drawn":
        assert claims["01.counts"] == "held"
        drawn = {figure["name"] for record in records for figure in record["figures"] if figure["drawn"]}
        assert len(drawn) == 6 and all(name.startswith("cost of ") for name in drawn), "lesson 11's drawn people, alone"


def test_the_readme_lists_every_lesson():
    readme = (COURSE / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in LESSONS if f"notebooks/{path.stem}.ipynb" not in readme] == []


def test_the_measured_costs_of_the_lessons_are_records_of_runs_on_drawn_faces():
    records = json.loads((COURSE / "lessons" / "records.json").read_text(encoding="utf-8"))
    assert set(records) == {path.stem for path in LESSONS}
    for devices in records.values():
        assert devices["cpu"]["scale"] == "lesson"
        assert devices["cpu"]["seconds"] > 0
