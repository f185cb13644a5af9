"""The course in a real browser: JupyterLab in headless Chromium, a widget moved as a student moves it."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import nbformat
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
    # JupyterLab's own server and playwright leave sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CELLS = [
    "import fercourse as fc\nfrom fercourse.data.drawn import drawn_faces\nfrom fercourse.classroom import browser",
    "widget = browser.browser(drawn_faces(140, 35, 35), rows=1, columns=5)\nwidget",
    'fc.guess("99.1", "How many?", options=["one", "three"])',
    'fc.reveal("99.1", "three")',
    "from fercourse.classroom import transforms\ntransforms.sliders(drawn_faces(35, 0, 0).train, faces=4)",
]


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@contextmanager
def jupyterlab(folder):
    """The address of a JupyterLab that serves `folder`, with settings of its own."""
    port, token = free_port(), secrets.token_hex(8)
    settings = {f"JUPYTER_{kind}_DIR": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "DATA", "RUNTIME")}
    settings |= {f"JUPYTERLAB_{kind}_DIR": str(folder / f".{kind.lower()}") for kind in ("SETTINGS", "WORKSPACES")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with open(folder / "lab.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | settings)
    try:
        wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server)
        yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token={token}&reset"
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address, server, *, seconds=90):
    for _ in range(4 * seconds):
        assert server.poll() is None, "JupyterLab did not start; see lab.log"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"JupyterLab did not answer in {seconds} s")


def run_all(page, cells):
    """Run all cells; JupyterLab drops the request while the kernel is not connected, so it is repeated."""
    page.get_by_text(re.compile(r"\| Idle$")).wait_for()
    for _ in range(5):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        try:
            page.get_by_text(f"[{cells}]:").first.wait_for(timeout=30_000)
            return
        except page.timeout_error:
            continue
    raise AssertionError("the notebook did not run to its last cell")


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
    from playwright.sync_api import TimeoutError as Timeout
    from playwright.sync_api import sync_playwright

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "faces.ipynb")
    with jupyterlab(tmp_path) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1280, "height": 1200})
        page.timeout_error = Timeout
        page.set_default_timeout(60_000)
        page.goto(address.format("faces.ipynb"))
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
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
        chromium.close()
