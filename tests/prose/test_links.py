"""Links, without asking anybody: each file and heading that a page or a notebook points to is there."""

import re
import tomllib
from collections import Counter
from urllib.parse import unquote, urlsplit

import pytest
from prose import COURSE, FENCED, NOTEBOOKS, PAGES, markdown_of

REPOSITORY = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|(?:href|src)=\"([^\"]+)\"")
HOSTS = {
    "ai.google.dev",
    "arxiv.org",
    "colab.research.google.com",
    "distributed.dask.org",
    "eur-lex.europa.eu",
    "github.com",
    "jupyterhub.readthedocs.io",
    "keepachangelog.com",
    "keras.io",
    "nbgitpuller.readthedocs.io",
    "revealjs.com",
    "www.tensorflow.org",
}
"""Everybody to whom the course sends a reader. Whoever adds one has looked whether the address answers."""

read = pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda path: path.relative_to(COURSE).as_posix())


def links_of(path):
    """Every address that a page or a notebook points to, as it is written; examples in code are none."""
    texts = [re.sub(r"`[^`\n]*`", " ", FENCED.sub(" ", text)) for _, text in markdown_of(path)]
    return [target for text in texts for pair in LINK.findall(text) for target in pair if target]


def headings_of(path):
    text = "\n\n".join(text for _, text in markdown_of(path))
    return [found.strip() for found in re.findall(r"^#{1,6} (.*)$", FENCED.sub("", text), re.MULTILINE)]


def anchors_of(path):
    """What may stand behind # in a link to a file: GitHub's names of a page's headings, Jupyter's of a notebook's."""
    if path.suffix == ".ipynb":
        return {heading.replace(" ", "-") for heading in headings_of(path)}
    plain = [re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", each)).lower() for each in headings_of(path)]
    names, seen = [each.replace(" ", "-") for each in plain], Counter()
    for place, name in enumerate(names):
        names[place] = f"{name}-{seen[name]}" if seen[name] else name
        seen[name] += 1
    return set(names)


def dead(path, target):
    """What is wrong with a link to a place inside the course; empty where it is there."""
    file, _, anchor = target.partition("#")
    there = (path.parent / unquote(file)).resolve() if file else path
    if not there.exists():
        return f"{target}: no such file"
    if anchor and unquote(anchor) not in anchors_of(there):
        return f"{target}: no such heading"
    return ""


def malformed(address):
    """What is wrong with an address outside of the course; empty where it can be one."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", parts.netloc):
        return f"{address}: expected https:// and a host"
    if not re.fullmatch(r"[\w./~%:+=&?#@,-]*[\w/]", address.removeprefix("https://")):
        return f"{address}: a sign that no address has, or one too many at its end"
    return "" if parts.netloc in HOSTS else f"{address}: a host that is not among HOSTS"


@read
def test_what_a_page_or_a_notebook_points_to_inside_the_course_is_there(path):
    inside = [target for target in links_of(path) if not re.match(r"[a-z]+:", target)]
    assert [found for target in inside if (found := dead(path, target))] == []


@read
def test_an_address_outside_of_the_course_is_well_formed_and_on_a_host_that_is_listed(path):
    outside = [target for target in links_of(path) if re.match(r"[a-z]+:", target)]
    outside += [
        found.rstrip(".,;:")
        for _, text in markdown_of(path)
        for found in re.findall(r"(?<![(\w])https?://[^\s`)<>\"\\]+", text)
    ]
    assert [found for target in outside if (found := malformed(target))] == []


def test_every_host_that_is_listed_is_pointed_to():
    assert {urlsplit(target).netloc for path in (*PAGES, *NOTEBOOKS) for target in links_of(path)} - {""} == HOSTS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(COURSE).as_posix())
def test_a_badge_opens_a_file_of_this_repository(path):
    home = urlsplit(REPOSITORY).path
    badges = [urlsplit(target).path for target in links_of(path) if f"{home}/blob/main/" in target]
    assert all((COURSE / badge.split("/blob/main/")[1]).is_file() for badge in badges)


OPENED_ALONE = [path for path in NOTEBOOKS if path.parent.name in ("notebooks", "exercises", "solutions")]
TWO_LINKS = re.compile(r"\]\((?!https:)([^)#]+)(#[^)]*)?\)(?: <sup>\[(in Colab|online)\]\((.*?)\)</sup>)?")


def led_astray(text, folder):
    """Links to files of the course behind which no second one, to the same file at the course's address, stands."""
    found = []
    for near, heading, where, far in TWO_LINKS.findall(text):
        file = (COURSE / folder / unquote(near)).resolve().relative_to(COURSE).as_posix()
        colab = f"https://colab.research.google.com/github{urlsplit(REPOSITORY).path}/blob/main/{file}"
        here = ("in Colab", colab) if file.endswith(".ipynb") else ("online", f"{REPOSITORY}/blob/main/{file}{heading}")
        found += [] if (where, far) == here else [near]
    return found


@pytest.mark.parametrize("path", OPENED_ALONE, ids=lambda path: path.relative_to(COURSE).as_posix())
def test_a_link_leads_on_also_from_a_notebook_that_lies_alone_in_colab(path):
    texts = [text for _, text in markdown_of(path)]
    assert [near for text in texts for near in led_astray(text, path.parent.name)] == []
    assert any("<sup>[in Colab](" in text for text in texts), "lesson and sheet lead to one another"


def test_a_link_that_leads_nowhere_from_colab_is_found():
    far = f"{REPOSITORY}/blob/main/docs/glossary.md"
    assert led_astray(f"[a](../docs/glossary.md) <sup>[online]({far})</sup>", "notebooks") == []
    assert led_astray(f"[a](../docs/glossary.md#b) <sup>[online]({far})</sup>", "notebooks") == ["../docs/glossary.md"]
    assert led_astray("[a](../docs/a.md), [b](#c), ![d](e.png)", "notebooks") == ["../docs/a.md", "e.png"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[a](there.md) and [b](there.md#a-heading)", []),
        ("[a](gone.md)", ["gone.md: no such file"]),
        ("[a](there.md#heading)", ["there.md#heading: no such heading"]),
        ("![a](gone.png)", ["gone.png: no such file"]),
        ('<img src="gone.png">', ["gone.png: no such file"]),
        ("[a](#here)\n\n# Here", []),
        ("`[a](gone.md)`\n\n```\n[a](gone.md)\n```", []),
    ],
)
def test_a_link_that_leads_nowhere_is_found(text, wrong, tmp_path, monkeypatch):
    monkeypatch.setattr("prose.COURSE", tmp_path)
    (tmp_path / "there.md").write_text("# A heading!\n")
    page = tmp_path / "page.md"
    page.write_text(text)
    assert [found for target in links_of(page) if (found := dead(page, target))] == wrong


@pytest.mark.parametrize(
    "address",
    ["http://github.com/x", "https://github", "https://github.com/x)", "https://github.com/a b", "https://evil.org"],
)
def test_an_address_that_cannot_be_one_is_found(address):
    assert malformed(address)
    assert not malformed("https://arxiv.org/abs/2105.03588")
