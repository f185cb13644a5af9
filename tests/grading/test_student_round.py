"""A student's round in a real browser: wrong answer, what the check says, a hint, the right answer, saved, graded."""

import csv
import shutil

from lab import needs_chromium, opened
from sheet_runs import COURSE

from fercourse.grading.command import grade

pytestmark = needs_chromium
NAME = "03_cnns_adam_sgd.ipynb"
WRONG = """\
def conv_output_side(side, kernel, padding, stride):
    return (side + padding - kernel) // stride + 1"""
RIGHT = """\
def conv_output_side(side, kernel, padding, stride):
    room = side + 2 * padding - kernel
    if room < 0:
        raise ValueError("the kernel does not fit")
    return room // stride + 1"""


def run(page, text, source=None):
    """Run the cell that contains `text`, with `source` written into it if there is one."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").filter(has_text=text).first
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").first.click()
    if source is not None:
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(source)
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    page.locator(".jp-Notebook .jp-InputPrompt", has_text="[*]:").first.wait_for(state="detached")


def see(page, text, picture):
    """Wait for `text`, and take a picture of the page around it."""
    page.get_by_text(text).first.wait_for()
    page.get_by_text(text).first.scroll_into_view_if_needed()
    page.screenshot(path=picture)


def run_in_a_cell_of_their_own(page, after, source):
    """Insert a cell below the one that contains `after`, write `source` into it, and run it."""
    run(page, after)
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text(source)
    page.keyboard.press("Control+Enter")


def test_a_student_errs_takes_a_hint_corrects_saves_and_is_graded(tmp_path):
    student = tmp_path / "handed in" / "Ada Lovelace"
    student.mkdir(parents=True)
    shutil.copy(COURSE / "exercises" / NAME, student / NAME)
    with opened(student, NAME) as page:
        run(page, "import fercourse as fc")
        run(page, "from torch import nn")
        run(page, "def conv_output_side", WRONG)
        run(page, 'fc.check("03.2"')
        see(page, "03.2 · conv_output_side(48, 5, 2, 2): expected 24, came 23, 1 too small", tmp_path / "wrong.png")

        run_in_a_cell_of_their_own(page, 'fc.check("03.2"', 'fc.hint("03.2")')
        see(page, "Hint 1 of 3", tmp_path / "hint.png")

        run(page, "def conv_output_side", RIGHT)
        run(page, 'fc.check("03.2"')
        line = "03.2 is right. Done: 1 of 6, 03.2. Open: 03.1, 03.3, 03.4, 03.6, 03.7. Read by a person: 03.5."
        see(page, line, tmp_path / "right.png")

        page.keyboard.press("Control+S")
        page.wait_for_function("() => !document.title.startsWith('*')")
        page.wait_for_timeout(2_000)

    assert grade(student.parent, solution=COURSE / "solutions" / NAME, out=tmp_path / "marks") == 0
    with open(tmp_path / "marks" / "marks.csv", newline="", encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert row["student"] == "Ada Lovelace"
    assert float(row["total"]) == 3
    assert (tmp_path / "marks" / "feedback").is_dir()
