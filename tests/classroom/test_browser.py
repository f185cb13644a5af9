"""The course in a real browser: JupyterLab in headless Chromium, used as students use it, by eye and by ear."""

import nbformat
from lab import needs_chromium, opened, run_all

import fercourse as fc
from fercourse.classroom.transforms import LADDERS

pytestmark = needs_chromium

HEARD = [
    """\
- text: How many? one
- radio "one"
- text: three
- radio "three"
- text: sure, %
- spinbutton "sure, %": "50"
- button "That is my guess\"""",
    """\
- status: face 1 of 3
- img "face 1 of 3, without its label"
- button "Angry"
- button "Disgust"
- button "Fear"
- button "Happy"
- button "Sad"
- button "Surprise"
- button "Neutral"
- button "one face back" [disabled]""",
    """\
- text: split
- combobox "split":
  - option "train" [selected]
  - option "valid"
  - option "test"
- text: emotion
- combobox "emotion":
  - option "all" [selected]
  - option "Angry"
  - option "Disgust"
  - option "Fear"
  - option "Happy"
  - option "Sad"
  - option "Surprise"
  - option "Neutral"
- text: page
- spinbutton "page": "1"
- img "5 faces above their labels"
- status: /page 1 of 28/""",
    "\n".join(f'- text: {name}\n- spinbutton "{name}": "0"' for name in LADDERS)
    + """
- checkbox "mirrored"
- text: mirrored
- img "8 faces as they are, and changed below"
- code: fc.Augment()
- text: /at its furthest/""",
]
"""What a screen reader has of a guess, of faces to label, of the face browser and of strengths to try, in its order."""

SPOKEN = [
    'import fercourse as fc\nfc.guess("99.1", "How many?", options=["one", "three"])',
    "mine = fc.label_faces(fc.drawn_faces(0, 3, 0, seed=4).valid)",
    "fc.browse(fc.drawn_faces(140, 35, 35), rows=1, columns=5)",
    "fc.try_transforms(fc.drawn_faces(35, 0, 0).train)",
]
CELLS = [
    "import fercourse as fc\nfrom fercourse.classroom import browser",
    "widget = browser.browser(fc.drawn_faces(140, 35, 35), rows=1, columns=5)\nwidget",
    'fc.guess("99.1", "How many?", options=["one", "three"])',
    'fc.reveal("99.1", "three")',
    SPOKEN[-1],
]


def step(page, control, key, *, picture):
    """Move a control by one step, and wait until the notebook's picture of this number is another."""
    pictures = page.locator(".widget-html img")
    pictures.nth(picture).scroll_into_view_if_needed()
    before = pictures.nth(picture).get_attribute("src")
    control.focus()
    page.keyboard.press(key)
    page.keyboard.press("Tab")  # a number counts when the focus leaves it
    page.wait_for_function(
        "([place, old]) => document.querySelectorAll('.widget-html img')[place].src !== old", arg=[picture, before]
    )


def notebook_of(cells, folder):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "faces.ipynb")


def names_by_tab(page, first, count):
    """What is said of each control from `first` on, Tab after Tab."""
    named = "() => { const at = document.activeElement; return (at.labels?.[0] ?? at).textContent.trim(); }"
    first.focus()
    names = []
    for _ in range(count):
        names.append(page.evaluate(named))
        page.keyboard.press("Tab")
    return names


def test_a_screen_reader_has_a_name_for_everything_in_the_order_of_the_page(tmp_path):
    from playwright.sync_api import expect

    notebook_of(SPOKEN, tmp_path)
    with opened(tmp_path, "faces.ipynb") as page:
        run_all(page, len(SPOKEN))
        for output, heard in zip(page.locator(".jp-OutputArea").all(), HEARD, strict=True):
            expect(output).to_match_aria_snapshot(heard, timeout=60_000)
        names = names_by_tab(page, page.locator("input[type=radio]").first, 12)
        assert names[:4] == ["one", "three", "sure, %", "That is my guess"]
        assert names[4:11] == list(fc.EMOTIONS)
        page.get_by_role("button", name="That is my guess").press("Enter")
        expect(page.get_by_role("status").filter(has_text="Pick one first.")).to_be_visible()
        page.get_by_role("button", name="Happy").press("Enter")
        expect(page.get_by_role("img", name="face 2 of 3, without its label")).to_be_visible()


def test_a_student_sees_other_and_changed_faces_and_has_a_guess_scored(tmp_path):
    notebook_of(CELLS, tmp_path)
    with opened(tmp_path, "faces.ipynb") as page:
        run_all(page, len(CELLS))

        step(page, page.get_by_label("page"), "ArrowUp", picture=0)

        page.get_by_text("three", exact=True).first.click()
        page.get_by_role("button", name="That is my guess").click()
        page.get_by_text("You said three").wait_for()
        page.get_by_text('fc.reveal("99.1"').first.click()
        page.keyboard.press("Shift+Enter")
        page.get_by_text("Right: you said three").wait_for()
        step(page, page.get_by_label("rotate"), "ArrowUp", picture=1)
        page.get_by_text("fc.Augment(rotate=5.0)").wait_for()
        page.screenshot(path=tmp_path / "lab.png")
