"""In JupyterLab a network of the largest size is saved with the notebook, and still there when it is opened again."""

import json
import re
import shutil

import nbformat
import numpy as np
from improved import PREPARED
from lab import needs_chromium, opened, run_all

from fercourse.classroom.improve.hand_in import found_in, handed_in_arrays, in_place_of_this_session

pytestmark = needs_chromium
TRAINED = "{'weights': np.random.default_rng(3).normal(size=(490_000, 1))}"
NAME = "09_toy.ipynb"


def save(page):
    page.keyboard.press("Control+S")
    page.wait_for_function("() => !document.title.startsWith('*')")
    page.wait_for_timeout(2_000)


def test_what_is_handed_in_is_saved_and_outlives_another_opening(tmp_path):
    sources = [PREPARED, "def network():\n    pass", f"import numpy as np\nfc.hand_in('09.1', {TRAINED})"]
    cells = [nbformat.v4.new_code_cell(source) for source in [*sources, 'fc.saved("09.1")']]
    cells[1]["id"] = "09-1-answer"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / NAME)
    with opened(tmp_path, NAME) as page:
        run_all(page, 4)
        page.get_by_text(re.compile(f"{NAME} holds no network for 09.1: save the notebook")).wait_for()
        save(page)
        page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        page.get_by_text(
            f"{NAME} holds the network that you handed in for 09.1: this file can be handed in."
        ).wait_for()
    first = found_in(json.loads((tmp_path / NAME).read_text(encoding="utf-8"))["cells"])
    with in_place_of_this_session(first):
        arrays = handed_in_arrays("09.1")
    expected = np.random.default_rng(3).normal(size=(490_000, 1))
    assert np.allclose(arrays["weights"], expected, rtol=1e-3, atol=1e-3)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(tmp_path / NAME, elsewhere)
    with opened(elsewhere, NAME) as page:
        page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
        page.keyboard.type("  # read again")
        save(page)
    text = (elsewhere / NAME).read_text(encoding="utf-8")
    assert "# read again" in text
    assert found_in(json.loads(text)["cells"]) == first
