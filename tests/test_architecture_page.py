"""The pages on the rooms, docs/architecture.md and CONTRIBUTING.md, held against the code and its rules."""

import pkgutil
import re
from pathlib import Path

import pytest
from test_architecture import ALLOWED_FRAMEWORKS, ALLOWED_ROOMS, MODULES, PACKAGE, ROOMS, SHARED, imports, room_of

PAGE = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(rf"`((?:{'|'.join([*ROOMS, *sorted(SHARED)])})\.[\w.]+)`", PAGE)))
NO_STAGE = {Path("data/drawn"), Path("classroom/checks"), Path("tf"), Path(".")}
"""Folders that lie on none of the two ways which the page walks."""


def test_the_drawn_arrows_are_the_imports_of_the_code():
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", PAGE.partition("## A face")[0], re.MULTILINE)
    names = {(room_of(path), name) for path in MODULES if room_of(path) for name, _ in imports(path)}
    imported = {(room, name.split(".")[1]) for room, name in names if name.startswith("fercourse.")}
    assert sorted(drawn) == sorted((room, other) for room, other in imported if other in ROOMS and other != room)


def test_the_table_of_rooms_says_what_may_be_imported():
    contributing = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", contributing, re.MULTILINE)
    assert [room for room, *_ in rows] == ROOMS
    for room, rooms, frameworks in rows:
        assert set(re.findall(r"\w+", rooms)) == ALLOWED_ROOMS[room] - {room}
        assert set(re.findall(r"\w+", frameworks)) == ALLOWED_FRAMEWORKS.get(room, set())


@pytest.mark.parametrize("name", NAMES)
def test_what_the_architecture_page_names_is_there(name):
    assert pkgutil.resolve_name(f"fercourse.{name}")


def test_the_walks_of_the_architecture_page_pass_through_every_stage():
    folders = {path.parent.relative_to(PACKAGE) for path in MODULES}
    passed = {Path(*name.split(".")[:depth]) for name in NAMES for depth in (1, 2)}
    assert {folder for folder in folders if len(folder.parts) <= 2} - passed <= NO_STAGE
