"""Every slide of every deck in headless Chromium without a network: nothing overflows, fails or asks another host.

SITE=all looks at every deck at each width in light and dark; without it in one way, at three of them in three.
FERCOURSE_SCREENSHOTS=build/slides_seen keeps a picture of each slide there, to be looked at.
"""

import os
from itertools import product
from pathlib import Path

import pytest
from lab import CHROMIUM, needs_chromium

import fercourse as fc
from fercourse.course.checkout import find_course, select
from fercourse.course.slides.decks import write_decks
from fercourse.course.slides.reveal import kept_in

COURSE = find_course(Path(fc.__file__).parent)
LESSONS = [path.stem for path in select((), COURSE.lessons, ".py")]
pytestmark = [
    *needs_chromium,
    pytest.mark.skipif(not kept_in(COURSE.root).is_dir(), reason="reveal.js was not fetched: make slides does so"),
]

WAYS = list(product((390, 820, 1400), ("light", "dark")))
SOME_WAYS = [(390, "light"), (390, "dark"), (1400, "light")]
LONGER = {"03b_adam_against_sgd", "07_measuring_honestly", "11_looking_inside"}
SCREENSHOTS = os.environ.get("FERCOURSE_SCREENSHOTS")
OVERFLOWING = """() => Array.from({length: Reveal.getTotalSlides()}, (_, place) => {
  Reveal.slide(place);
  const section = Reveal.getCurrentSlide();
  const edge = section.getBoundingClientRect(), scale = edge.width / 1280, found = [];
  if (section.scrollHeight > 721) found.push(`${section.scrollHeight} px high`);
  if (section.scrollWidth > 1281) found.push(`${section.scrollWidth} px wide`);
  for (const each of section.querySelectorAll(":scope > *:not(aside), .body *")) {
    const box = each.getBoundingClientRect(), name = each.tagName + " " + each.textContent.trim().slice(0, 30);
    if (box.width && (box.bottom > edge.bottom - 12 * scale || box.right > edge.right - 20 * scale)) found.push(name);
    if (each.matches("pre, .body, table") && each.scrollWidth > each.clientWidth + 1) found.push("wide " + name);
    const letters = each.matches("pre, td, th, li, p") ? parseFloat(getComputedStyle(each).fontSize) : 99;
    if (letters < 18 && !each.closest(".preview")) found.push(`${letters} px ` + name);
  }
  return found.length ? `slide ${place + 1}: ` + found.join("; ") : "";
}).filter((found) => found)"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("decks")
    return {path.stem: (path, count) for path, count in write_decks(course=COURSE, out=folder)}


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


class Watched:
    """A deck that is shown; what it asked for, and what it complained of."""

    def __init__(self, chromium, path, *, width=1280, height=720, scheme="light", query=""):
        self.complaints, self.asked = [], []
        self.context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{path.as_uri()}{query}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def others(self):
        """What it asked for that is neither the file itself nor inside of it."""
        return [address for address in self.asked if not address.startswith(("file:", "data:", "about:"))]


def looked_at():
    """(deck, the ways to look at it)."""
    for place, name in enumerate(LESSONS):
        once = SOME_WAYS if name in LONGER else [WAYS[place % len(WAYS)]]
        yield name, WAYS if os.environ.get("SITE") == "all" else once


@pytest.mark.parametrize("name", LESSONS)
def test_nothing_overflows_its_slide(decks, chromium, name):
    path, count = decks[name]
    with Watched(chromium, path) as deck:
        assert deck.page.evaluate(OVERFLOWING) == []
        for place in range(count if SCREENSHOTS else 0):
            deck.page.evaluate(f"Reveal.slide({place})")
            keep(deck.page, f"{name}_{place + 1:02}")
        assert deck.page.evaluate("Reveal.getTotalSlides()") == count
        assert (deck.complaints, deck.others()) == ([], [])


@pytest.mark.parametrize(("name", "ways"), [pytest.param(*each, id=each[0]) for each in looked_at()])
def test_a_deck_has_no_error_no_request_and_no_serious_finding_of_axe_and_is_never_read_sideways(
    decks, chromium, name, ways
):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing: make environment").Axe()
    path, count = decks[name]
    found = []
    for width, scheme in ways:
        with Watched(chromium, path, width=width, height=844, scheme=scheme) as deck:
            context = None if name in LONGER and width == 390 else {"exclude": [["pre code"]]}  # coloured alike in all
            found += [f"{width} pixels, {scheme}: {each}" for each in serious(axe, deck.page, context)]
            assert deck.page.evaluate("document.documentElement.scrollWidth") <= width
            assert deck.page.locator(".handout section").count() == (count if width < 600 else 0)
            assert deck.page.locator(".notes").first.is_visible() == (width < 600)
            found += [*deck.complaints, *deck.others()]
            if width < 600:
                keep(deck.page, f"{name}_phone", whole=True)
    assert found == []


def serious(axe, page, context):
    """What axe finds that keeps somebody from reading what is shown: on a telephone all slides, else the first."""
    found = axe.run(page, context=context, options={"resultTypes": ["violations"]}).response["violations"]
    bad = [each for each in found if each["impact"] in ("serious", "critical")]
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in bad]


def test_arrow_keys_turn_the_slides(decks, chromium):
    with Watched(chromium, decks[LESSONS[0]][0]) as deck:
        for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", decks[LESSONS[0]][1] - 1)):
            deck.page.keyboard.press(key)
            assert deck.page.evaluate("Reveal.getIndices().h") == place


def test_the_speaker_sees_the_notes_and_the_next_slide_in_a_window_of_its_own(decks, chromium):
    with Watched(chromium, decks[LESSONS[2]][0]) as deck:
        with deck.context.expect_page() as opened:
            deck.page.keyboard.press("s")
        speaker = opened.value
        deck.page.evaluate("Reveal.slide(3)")
        wanted = deck.page.evaluate("Reveal.getCurrentSlide().querySelector('.notes').textContent.trim()")
        assert len(wanted) > 40
        speaker.locator(".speaker-controls-notes .value", has_text=wanted[-30:]).wait_for()
        keep(speaker, "speaker")
        assert (deck.complaints, deck.others()) == ([], [])


PLACES = """() => [...document.querySelectorAll(".slides section")].map((section, place) => {
  if (!document.querySelector(".pdf-page")) Reveal.slide(place);
  return [...section.querySelectorAll(":scope > :is(h1, h2, .caption, .body)")].map(
    (each) => [each.offsetLeft, each.offsetTop, each.offsetWidth, each.offsetHeight]);
})"""


def test_a_deck_prints_as_one_page_for_each_slide_as_it_is_on_the_screen(decks, chromium):
    path, count = decks[LESSONS[0]]
    with Watched(chromium, path) as deck:
        on_screen = deck.page.evaluate(PLACES)
    with Watched(chromium, path, query="?print-pdf") as deck:
        deck.page.wait_for_selector(".pdf-page")
        assert deck.page.locator(".pdf-page").count() == count
        assert deck.page.evaluate(PLACES) == on_screen
        printed = deck.page.pdf(prefer_css_page_size=True, print_background=True)
        assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == count


def keep(page, name, *, whole=False):
    """A picture of a page, where somebody wants to look."""
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.jpg", full_page=whole, quality=70)
