"""The course in a real browser: JupyterLab in headless Chromium, used as students use it, by eye and by ear."""

import nbformat
from lab import needs_chromium, opened, run_all

pytestmark = needs_chromium

CELLS = [
    "import fercourse as fc\nfrom fercourse.classroom import browser",
    "widget = browser.browser(fc.drawn_faces(140, 35, 35), rows=1, columns=5)\nwidget",
    'fc.guess("99.1", "How many?", options=["one", "three"])',
    'fc.reveal("99.1", "three")',
    "from fercourse.classroom import transforms\ntransforms.sliders(fc.drawn_faces(35, 0, 0).train, faces=4)",
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


def test_a_student_moves_sliders_sees_other_and_changed_faces_and_has_a_guess_scored(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "faces.ipynb")
    with opened(tmp_path, "faces.ipynb") as page:
        run_all(page, len(CELLS))

        step(page, page.get_by_label("page"), "ArrowUp", picture=0)

        page.get_by_text("three", exact=True).first.click()
        page.get_by_role("button", name="That is my guess").click()
        page.get_by_text("You said three").wait_for()
        page.get_by_text('fc.reveal("99.1"').first.click()
        page.keyboard.press("Shift+Enter")
        page.get_by_text("Right: you said three").wait_for()
        handle = page.locator(".widget-slider").filter(has_text="rotate").locator(".noUi-handle")
        step(page, handle, "ArrowRight", picture=1)
        page.get_by_text("fc.Augment(rotate=5.0)").wait_for()
        page.screenshot(path=tmp_path / "lab.png")
