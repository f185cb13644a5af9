"""The demo's page in a browser without a network: an upload, a drawn face, a camera that plays a film.

FERCOURSE_SCREENSHOTS=build/demo keeps pictures of the page there, to be looked at.
"""

import os
import re
from pathlib import Path

import pytest
from lab import CHROMIUM, needs_chromium
from PIL import Image
from scenes import scene, write_film
from toy_demo import Brightness, served

import fercourse as fc

pytestmark = needs_chromium

NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="module")
def folder(drawn, tmp_path_factory):
    """Files to choose, and a film for the camera."""
    folder = tmp_path_factory.mktemp("files")
    scene(drawn[2], side=200, left=200, top=120).save(folder / "scene.png")
    scene(drawn[2], drawn[5], side=220, left=60, size=(640, 480)).save(folder / "two.jpg")
    Image.fromarray(drawn[7]).save(folder / "bare.png")
    (folder / "notes.png").write_text("Dear diary")
    (folder / "large.png").write_bytes(b"\0" * 9_000_000)
    write_film(folder / "camera.mjpeg", drawn[2])
    return folder


@pytest.fixture(scope="module")
def browser(folder):
    from playwright.sync_api import sync_playwright

    camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    camera += [f"--use-file-for-fake-video-capture={folder / 'camera.mjpeg'}"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", NO_NETWORK, *camera]
        )
        yield chromium
        chromium.close()


class Watched:
    """A page of the demo; what it asked for, and what it complained of."""

    def __init__(self, browser, address, width=1200):
        self.asked, self.complaints, self.address = [], [], address
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.set_default_timeout(60_000)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)

    def choose(self, file, said):
        self.page.set_input_files("#file", file)
        self.page.get_by_text(said).wait_for()
        return self.page.inner_text("#answer")

    def check(self):
        """Nothing was complained of, and nothing asked for but at the page's own address."""
        assert self.complaints == []
        elsewhere = [url for url in self.asked if not url.startswith((self.address, "data:", "blob:"))]
        assert elsewhere == []
        self.page.close()


@pytest.fixture
def watched(browser, server):
    watched = Watched(browser, server.address)
    yield watched
    watched.check()


def test_a_picture_is_chosen_and_its_face_framed_and_answered(watched, folder):
    said = watched.choose(folder / "scene.png", re.compile("says the network"))
    assert re.search(r"Happy, says the network, and is \d+ % sure\.", said)
    assert "drawn faces held out" in said
    assert [line for line in said.splitlines() if line in fc.EMOTIONS] == list(fc.EMOTIONS)
    widths = watched.page.eval_on_selector_all(".bar", "bars => bars.map(bar => bar.getBoundingClientRect().width)")
    assert widths[3] > 5 * max(widths[:3] + widths[4:])
    red = """canvas => { const { data, width, height } = canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height);
        let count = 0; for (let i = 0; i < data.length; i += 4)
        if (data[i] > 220 && data[i + 1] < 130 && data[i + 2] < 150) count++; return [count, width, height]; }"""
    count, width, height = watched.page.eval_on_selector("#canvas", red)
    assert (width, height) == (640, 480)
    assert count > 1500, "the frame round the face"


HEARD = """\
- main:
  - heading "What does the network say?" [level=1]
  - region "Before you begin":
    - paragraph
    - paragraph
    - paragraph
  - button "Start the camera"
  - text: Choose a picture
  - button "Choose a picture"
  - button "Draw a face"
  - img "The picture that was read, with a frame round the face"
  - paragraph: /says the network/
  - paragraph
  - img /The face as the network gets it/
  - list "Probability of each emotion":
    - listitem: /Angry \\d+\\.\\d %/
    - listitem: /Disgust/
"""
"""What a screen reader has of the page once a face was answered, in its order."""


def test_a_screen_reader_has_a_name_for_everything_in_the_order_of_the_page(watched, folder):
    from playwright.sync_api import expect

    watched.choose(folder / "scene.png", re.compile("says the network"))
    expect(watched.page.locator("body")).to_match_aria_snapshot(HEARD)
    assert watched.page.get_attribute("html", "lang") == "en"
    watched.page.locator("#camera").focus()
    order = []
    for _ in range(3):
        order.append(watched.page.evaluate("document.activeElement.id"))
        watched.page.keyboard.press("Tab")
    assert order == ["camera", "file", "drawn"]


def test_answers_are_read_out_but_not_those_of_a_running_camera(watched):
    answer = watched.page.locator("#answer")
    assert answer.get_attribute("aria-live") == "polite"
    watched.page.get_by_role("button", name="Start the camera").click()
    watched.page.wait_for_selector(".face")
    assert answer.get_attribute("aria-live") == "off"
    watched.page.get_by_role("button", name="Stop the camera").click()
    assert answer.get_attribute("aria-live") == "polite"


def test_one_file_after_another_is_answered(watched, folder):
    watched.choose(folder / "bare.png", "The picture has 48 × 48 pixels")
    said = watched.choose(folder / "notes.png", re.compile("expected a picture"))
    assert "%" not in said
    assert not watched.page.is_visible("#canvas")
    watched.choose(folder / "two.jpg", "2 faces were found; this is the largest.")
    assert watched.page.is_visible("#canvas")
    watched.choose(folder / "large.png", "This file has more than 8 MB.")
    watched.choose(folder / "bare.png", "The picture has 48 × 48 pixels")


def test_a_drawn_face_is_answered_beside_its_label(watched):
    watched.page.get_by_role("button", name="Draw a face").click()
    watched.page.get_by_text(re.compile(r"It was drawn with the label \w+\.")).wait_for()
    assert watched.page.get_attribute(".face", "alt")


def test_the_camera_is_read_until_it_is_stopped(watched):
    watched.page.get_by_role("button", name="Start the camera").click()
    watched.page.wait_for_selector(".face")
    reads = sum(url.endswith("/read") for url in watched.asked)
    watched.page.wait_for_function(
        "before => performance.getEntriesByName(location.href + 'read').length > before", arg=reads
    )
    watched.page.get_by_role("button", name="Stop the camera").click()
    watched.page.get_by_role("button", name="Start the camera").wait_for()
    watched.page.wait_for_timeout(1500)
    after = len(watched.asked)
    watched.page.wait_for_timeout(1500)
    assert len(watched.asked) == after


def test_a_browser_without_a_camera_says_so(browser, server):
    watched = Watched(browser, server.address)
    watched.page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('none')) }")
    watched.page.get_by_role("button", name="Start the camera").click()
    watched.page.get_by_text("No camera: none").wait_for()
    watched.check()


def test_a_program_that_has_ended_is_said(browser, folder, drawn_sureness):
    with served(Brightness(drawn_sureness)) as server:
        watched = Watched(browser, server.address)
    watched.choose(folder / "bare.png", "The program in the terminal does not answer.")
    watched.page.close()


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_its_window(browser, server, folder, width):
    watched = Watched(browser, server.address, width=width)
    watched.choose(folder / "scene.png", re.compile("says the network"))
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    if shots := os.environ.get("FERCOURSE_SCREENSHOTS"):
        watched.page.screenshot(path=Path(shots) / f"upload-{width}.png", full_page=True)
        watched.choose(folder / "bare.png", "The picture has 48 × 48 pixels")
        watched.page.screenshot(path=Path(shots) / f"bare-{width}.png", full_page=True)
    watched.check()
