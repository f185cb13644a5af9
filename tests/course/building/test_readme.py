"""The built parts of README.md: held against front matter, measured costs and records, which are read here anew."""

import json
import re
import subprocess
from pathlib import Path
from statistics import mean
from xml.etree import ElementTree

import pytest
import yaml
from toy_course import FRONT, lesson, toy_course

from fercourse.__main__ import main
from fercourse.course.building.published_chart import LEFT, MOST, RIGHT, WIDTH, published_chart
from fercourse.course.building.readme import readme_drift, readme_texts, write_readme
from fercourse.course.checkout import find_course
from fercourse.course.trainings.listed import TRAININGS
from fercourse.errors import ParameterError
from fercourse.report.published import PUBLISHED

COURSE = Path(__file__).parents[3]
README = (COURSE / "README.md").read_text(encoding="utf-8")
CHART = (COURSE / "docs" / "published.svg").read_text(encoding="utf-8")
RECORDS = [json.loads(path.read_text()) for path in (COURSE / "fercourse" / "records" / "trainings").glob("*.json")]


def part(name, text=README):
    return re.search(rf"<!-- built: {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)[1]


def percents_of(name, faces="valid"):
    return [100 * record[faces]["accuracy"] for record in RECORDS if record["name"] == name and record[faces]]


def test_the_readme_and_its_chart_are_what_is_built():
    assert readme_drift(find_course(COURSE)) == []


def test_each_lesson_has_one_row_with_what_its_front_matter_promises():
    rows = part("lessons").splitlines()[2:]
    paths = sorted((COURSE / "lessons").glob("*.py"), key=lambda path: path.stem.split("_"))
    assert len(rows) == len(paths)
    costs = json.loads((COURSE / "lessons" / "records.json").read_text())
    for row, path in zip(rows, paths, strict=True):
        lines = path.read_text(encoding="utf-8").split("# ---\n")[1].splitlines()
        front = yaml.safe_load("\n".join(line.removeprefix("# ") for line in lines))
        number, link, outcomes, needs, minutes = (cell.strip() for cell in row.strip("| ").split(" | "))
        assert number == path.stem.split("_")[0]
        assert link == f"[{front['title']}](notebooks/{path.stem}.ipynb)"
        assert outcomes == "; ".join(front["outcomes"][:2])
        assert needs == "; ".join(front["needs"])
        seconds = costs[path.stem]["cpu"]["processor_seconds"]
        assert ("under a minute" in minutes) == (seconds < 60)
        assert seconds < 60 or f"run: {round(seconds / 60)} minute" in minutes


def test_what_makes_curious_is_computed_from_the_records():
    said = " ".join(part("figures").split())
    lesson_two = json.loads((COURSE / "fercourse/records/lessons/02.json").read_text())
    (lazy,) = [each["value"] for each in lesson_two["figures"] if each["name"] == "the lazy classifier"]
    published = [float(figure.percent) for figure in PUBLISHED.values()]
    names = {record["name"] for record in RECORDS}
    best = max(names, key=lambda name: mean(percents_of(name)))
    public, private = mean(percents_of(best)), percents_of(best, "test")
    assert (
        f"report {len(published)} accuracies on FER2013, and {sum(22.9 < each < 26.95 for each in published)} of"
        in said
    )
    assert f"hardly above {lazy:.1f} %" in said
    assert f"{PUBLISHED['A3'].percent} % become {mean(percents_of('MLP, repaired')):.1f} %" in said
    assert f"best on PublicTest, {best}, is right there for {public:.1f} %" in said
    assert not private or f"{mean(private):.1f} % of PrivateTest" in said
    both = min([public, *([mean(private)] if private else [])])
    assert ("above all" in said) == (both > max(published))


def test_one_screen_of_the_readme_has_what_it_is_its_pictures_and_the_two_commands():
    above = README[: README.index("## What is different")]
    assert len(above) < 3_000
    assert "docs/drawn_faces.png" in above
    assert "docs/published.svg" in above
    commands = re.findall(r"^(make \w+)", above, re.MULTILINE)
    assert commands == ["make lab", "make course"]


def circles(kind):
    """(percent, row) of each circle of the chart, by the scale of its axis."""
    found = []
    for circle in ElementTree.fromstring(CHART).iter("{http://www.w3.org/2000/svg}circle"):
        if circle.get("class") == kind and float(circle.get("cy")) > 40:  # below the legend
            found.append(((float(circle.get("cx")) - LEFT) / (WIDTH - LEFT - RIGHT) * MOST, float(circle.get("cy"))))
    return found


def test_the_chart_shows_every_published_figure_at_its_place():
    assert sorted(percent for percent, _ in circles("theirs")) == pytest.approx(
        sorted(float(figure.percent) for figure in PUBLISHED.values()), abs=0.1
    )
    assert len({row for _, row in circles("theirs")}) == 5


def test_the_chart_shows_the_best_training_and_the_best_that_is_held_against_each_notebook():
    *held, best = (percent for percent, _ in circles("ours"))
    others = {each.name for each in TRAININGS if each.framework == "ready weights" or each.networks > 1}
    names = {record["name"] for record in RECORDS} - others
    assert best == pytest.approx(max(mean(percents_of(name)) for name in names), abs=0.1)
    notebooks = {record["reproduces"][0] for record in RECORDS if record["reproduces"]}
    assert len(held) == len(notebooks)


def test_the_chart_asks_nothing_of_another_host_and_has_a_title():
    assert re.findall(r"https?://[^\"]+", CHART) == ["http://www.w3.org/2000/svg"]
    assert '<title id="t">' in CHART
    assert "prefers-color-scheme: dark" in CHART


def test_the_chart_can_be_drawn_where_nothing_was_recorded():
    ElementTree.fromstring(published_chart({}, None))


@pytest.fixture
def course(tmp_path):
    return toy_course(tmp_path, toy_01=lesson("1"), more_02=lesson("2", front=FRONT.replace("A toy", "More | less")))


def test_a_readme_without_marks_and_a_course_without_readme_are_left_alone(course):
    assert readme_texts(course) == {}
    (course.root / "README.md").write_text("# Mine\n")
    assert write_readme(course) == readme_drift(course) == []


def test_what_lies_around_the_marks_stays_and_building_twice_changes_nothing(course):
    path = course.root / "README.md"
    path.write_text("# Mine\n\n<!-- built: lessons -->\nold\n<!-- end -->\nbelow\n")
    assert readme_drift(course) == ["README.md: not what is built", "docs/published.svg: not what is built"]
    assert write_readme(course) == [path, course.root / "docs" / "published.svg"]
    assert path.read_text().startswith("# Mine\n\n<!-- built: lessons -->\n| | lesson |")
    assert path.read_text().endswith("<!-- end -->\nbelow\n")
    assert '| 01 | [A toy](notebooks/01_toy.ipynb) | draw a toy; say "toy" | Lesson 00 |' in path.read_text()
    assert r"[More \| less](notebooks/02_more.ipynb)" in path.read_text()
    assert "run: not measured yet" in path.read_text()
    assert write_readme(course) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- built: lesson -->\n<!-- end -->", "found lesson and 0 without an end"),
        ("<!-- built: lessons -->\n", "1 without an end"),
    ],
)
def test_a_mark_that_names_no_part_or_has_no_end_is_an_error(text, said, course):
    (course.root / "README.md").write_text(text)
    with pytest.raises(ParameterError, match=said):
        readme_texts(course)


def test_the_command_builds_the_readme_and_its_check_names_it(tmp_path, monkeypatch, capsys):
    subprocess.run(
        ["cp", "-r", *(COURSE / name for name in ("lessons", "README.md", "pyproject.toml")), tmp_path], check=True
    )
    (tmp_path / "fercourse" / "classroom").mkdir(parents=True)  # the hints are built there
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "lessons").rglob("*.py"):
        if path.name != "01_data_exploration.py":
            path.unlink()
    assert main(["build"]) == 0
    assert "built README.md" in capsys.readouterr().out
    assert part("lessons", (tmp_path / "README.md").read_text()).count("](notebooks/") == 1
    assert main(["build", "--check"]) == 0
    (tmp_path / "README.md").write_text((tmp_path / "README.md").read_text().replace("under a minute", "an hour"))
    capsys.readouterr()
    assert main(["build", "--check"]) == 1
    assert capsys.readouterr().out == "README.md: not what is built\n"
