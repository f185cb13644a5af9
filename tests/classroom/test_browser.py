"""The course in a real browser: JupyterLab in headless Chromium, a widget moved as a student moves it."""

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


def move_slider(page, name, *, picture):
    """Move the slider called `name` by one step, and wait until the notebook's picture of this number is another."""
    picture = page.locator("img.widget-image").nth(picture)
    picture.scroll_into_view_if_needed()
    before = picture.get_attribute("src")
    page.locator(".widget-slider").filter(has_text=name).locator(".noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "([image, old]) => image.getAttribute('src') !== old", arg=[picture.element_handle(), before]
    )


def test_a_student_moves_sliders_sees_other_and_changed_faces_and_has_a_guess_scored(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "faces.ipynb")
    with opened(tmp_path, "faces.ipynb") as page:
        run_all(page, len(CELLS))

        move_slider(page, "page", picture=0)

        page.get_by_text("three", exact=True).first.click()
        page.get_by_role("button", name="That is my guess").click()
        page.get_by_text("You said three").wait_for()
        page.get_by_text('fc.reveal("99.1"').first.click()
        page.keyboard.press("Shift+Enter")
        page.get_by_text("Right: you said three").wait_for()
        move_slider(page, "rotate", picture=1)
        page.get_by_text("fc.Augment(rotate=5.0)").wait_for()
        page.screenshot(path=tmp_path / "lab.png")
