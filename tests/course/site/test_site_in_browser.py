"""The built site, opened from disk in Chromium: guesses, search, three widths, light and dark, and axe's findings.

SITE=all looks at every page at each width in light and dark; without it, each page is looked at once, in turn in
one of the six ways, and four of them in three. The colours of code are the same on all pages and at all widths: axe,
which takes longest for them, judges them on the four.
"""

import os
from itertools import product

import built_site
import pytest
from lab import CHROMIUM, needs_chromium

from fercourse.course.checkout import find_course
from fercourse.course.site.links import page_sources

OPTIONS = {"resultTypes": ["violations"], "preload": False}  # from disk no style may be read a second time
COLOURED_CODE = ".highlight code"
COURSE = find_course(__file__)
pytestmark = [*needs_chromium, built_site.needs_mkdocs]
WAYS = list(product((390, 820, 1400), ("light", "dark")))
SOME_WAYS = [(390, "light"), (1400, "light"), (1400, "dark")]
LONGER = {"index.html", "results.html", "lessons/07c_labels_and_opinions.html", "exercises/03_cnns_adam_sgd.html"}
LESSON = "lessons/02_mlp_baseline.html"


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def browser(chromium):
    """A page that notes in `.troubles` what goes wrong: errors of the console, and requests that leave the disk."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.troubles = []
    page.on("console", lambda said: said.type in ("error", "warning") and page.troubles.append(said.text))
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.on("requestfailed", lambda asked: page.troubles.append(f"failed: {asked.url[:200]}"))
    page.on("request", lambda asked: outside(asked.url) and page.troubles.append(f"asked for {asked.url[:200]}"))
    yield page
    context.close()


def outside(address):
    return not address.startswith(("file:", "data:", "blob:", "about:"))


def opened(browser, site, name, width=1400, scheme="light"):
    browser.emulate_media(color_scheme=scheme)
    browser.set_viewport_size({"width": width, "height": 900})
    browser.goto((site / name).as_uri())
    return browser


def looked_at():
    """(page, its ways to be looked at): all pages of the site, whose names are those of its sources."""
    names = sorted(
        {source.replace(".md", ".html") for source in page_sources(COURSE).values() if source.endswith(".md")}
    )
    for place, name in enumerate(names):
        once = SOME_WAYS if name in LONGER else [WAYS[place % len(WAYS)]]
        yield name, WAYS if os.environ.get("SITE") == "all" else once


WIDER = """() => [...document.querySelectorAll("main *")].filter((each) => {
  const right = each.getBoundingClientRect().right;
  if (!each.offsetParent || right <= innerWidth + 1) return false;
  for (let box = each.parentElement; box; box = box.parentElement)
    if (/auto|scroll/.test(getComputedStyle(box).overflowX)) return false;
  return true;
}).map((each) => each.outerHTML.slice(0, 120))"""


CUT = """() => [...document.querySelectorAll("main pre > code")].filter((each) =>
  !each.closest("details") && each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText.slice(0, 120))"""


@pytest.mark.parametrize(("name", "ways"), [pytest.param(*each, id=each[0]) for each in looked_at()])
def test_a_page_has_no_error_no_request_no_cut_column_and_no_serious_finding_of_axe(name, ways, browser, site):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing: make environment").Axe()
    found = []
    for width, scheme in ways:
        page = opened(browser, site, name, width, scheme)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        context = None if name in LONGER and width == 1400 else {"exclude": [[COLOURED_CODE]]}
        results = axe.run(page, context=context, options=OPTIONS)
        problems = [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in serious(results)]
        problems += [f"wider than the page: {each}" for each in page.evaluate(WIDER)]
        problems += [f"code that is cut: {each}" for each in (page.evaluate(CUT) if width == 1400 else [])]
        problems += page.troubles
        page.troubles.clear()
        found += [f"{width} pixels, {scheme}: {problem}" for problem in problems]
    assert found == []


def serious(results):
    return [each for each in results.response["violations"] if each["impact"] in ("serious", "critical")]


def test_a_guess_opens_the_answer_is_scored_as_in_a_notebook_and_is_remembered(browser, site):
    page = opened(browser, site, LESSON)
    form, answers = page.locator('form[data-guess="02.5"]'), page.locator('details[data-waits-for="02.5"]')
    assert answers.count() >= 3
    assert not any(answers.nth(place).get_attribute("open") is not None for place in range(answers.count()))
    assert not page.get_by_text("The answer: 36.7 %").is_visible()
    form.get_by_text("That is my guess").click()
    assert not page.get_by_text("The answer: 36.7 %").is_visible(), "nothing was chosen yet"
    form.get_by_label("25 %", exact=True).check()
    form.locator("input[type=range]").fill("60")
    form.get_by_text("That is my guess").click()
    said = "Not this time: it is 35 %. You said 25 %, 60 % sure. Brier score 0.36; 0 is best."
    assert form.locator("[role=status]").inner_text() == said
    assert page.get_by_text("The answer: 36.7 %").is_visible()
    assert page.locator('details.answer[data-waits-for="02.4"][open]').count() == 0, "other guesses are not made"
    page.reload()
    assert form.locator("[role=status]").inner_text() == said
    assert page.get_by_text("The answer: 36.7 %").is_visible()
    form.get_by_label("35 %", exact=True).check()
    form.get_by_text("That is my guess").click()
    assert form.locator("[role=status]").inner_text().startswith("Right. You said 35 %, 60 % sure. Brier score 0.16")
    assert page.troubles == []


def test_the_search_works_on_pages_opened_from_disk(browser, site):
    page = opened(browser, site, "index.html")
    page.locator("input.md-search__input").fill("cross-entropy")
    result = page.locator(".md-search-result__item a").first
    result.wait_for()
    result.click()
    page.wait_for_url("**/lessons/**")
    assert page.troubles == []


def test_code_has_a_button_that_copies_it(browser, site):
    page = opened(browser, site, LESSON)
    assert page.locator(".highlight button").count() >= page.locator("article .highlight").count() - 1 > 20


def test_light_and_dark_follow_the_system(browser, site):
    grounds = [
        opened(browser, site, "index.html", scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    bright = [sum(map(int, ground.strip("rgb()").split(", ")[:3])) for ground in grounds]
    assert bright[0] > 600 > 200 > bright[1]
