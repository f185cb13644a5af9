"""docs/results.md: what the records of trainings give, by hand computation; what has no place in it is refused."""

import json
import shutil
from pathlib import Path

import pytest
from toy_course import lesson, toy_course

from fercourse.__main__ import main
from fercourse.course.checkout import find_course
from fercourse.course.results import kept_records, results_drift, results_page, write_results
from fercourse.errors import DataMismatch, DataNotFound
from fercourse.report.published import PUBLISHED

COURSE = find_course(Path(__file__).parents[2])
RECORD = {
    "kind": "training", "name": "CNN, Adam 0.001", "lesson": "03", "scale": "full", "seed": 0, "reproduces": "A4",
    "source": "fer2013.csv", "fingerprint": "ab12cd34", "drawn": False, "official": True, "device": "A GPU",
    "date": "2026-01-01T00:00:00+00:00", "seconds": 300.0, "epochs": 2, "recipe": {"lr": 0.001}, "commit": "abc1234",
    "history": [{"epoch": 1, "valid_loss": 1.9}, {"epoch": 2, "valid_loss": 1.7}], "versions": {},
    "valid": {"accuracy": 0.5, "balanced_accuracy": 0.4, "right": 500, "n": 1000},
    "test": {"accuracy": 0.52, "balanced_accuracy": 0.4, "right": 520, "n": 1000},
}  # fmt: skip


def score(right):
    return {"accuracy": right / 1000, "balanced_accuracy": right / 2000, "right": right, "n": 1000}


def put(folder, number=0, **changes):
    """A record in a folder, such as cnn-00000000.json."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"cnn-{number:08x}.json"
    path.write_text(json.dumps(RECORD | changes))
    return path


@pytest.fixture
def course(tmp_path):
    return toy_course(tmp_path / "course", toy_01=lesson("1 + 1"))


@pytest.fixture
def records(course):
    return course.root / "fercourse" / "records" / "trainings"


def page(course):
    return (course.root / "docs" / "results.md").read_text()


def rows(course):
    """The cells of each model's row, by model."""
    trainings = page(course).split("## Every training")[-1]
    lines = [line.strip("| ").split(" | ") for line in trainings.splitlines() if line.startswith("| ")]
    assert len({len(line) for line in lines}) <= 1
    return {line[0]: line for line in lines if line[0] not in ("model", "---")}


def test_the_committed_page_is_what_the_committed_records_give():
    assert results_drift(COURSE) == []


def test_without_a_record_the_page_says_so_and_lists_every_published_figure_as_not_run(course):
    assert write_results(course=course) == ([], [])
    assert "No record yet" in page(course)
    assert all(f"- {name}: {figure.model}, {figure.percent} %" in page(course) for name, figure in PUBLISHED.items())


def test_one_seed_has_its_accuracy_with_an_interval(course, records):
    put(records)
    write_results(course=course)
    # Wilson, 95 %, n = 1,000: 500 right give 46.907 to 53.093 %, 520 right 48.901 to 55.083 %.
    assert rows(course)["CNN, Adam 0.001"] == [
        "CNN, Adam 0.001", "A4: 55.1 % (PublicTest, 15 epochs)", "50.0 (46.9–53.1)", "40.0", "52.0 (48.9–55.1)",
        "0", "2", "300", "A GPU", "abc1234",
    ]  # fmt: skip
    assert "fer2013.csv, fingerprint ab12cd34" in page(course)
    assert "No record yet" not in page(course)


def test_several_seeds_have_their_mean_and_spread(course, records):
    put(records, 0, valid=score(500), test=score(510), seconds=100.0)
    put(records, 1, valid=score(520), test=score(530), seconds=200.0, seed=1, recipe={"lr": 0.001, "seed": 1})
    put(records, 2, valid=score(600), test=score(580), seconds=600.0, seed=2, commit=None, device="cpu, 2 threads",
        history=RECORD["history"][:1])  # fmt: skip
    write_results(course=course)
    # 50, 52, 60: mean 54, deviations -4, -2, 6, so the variance is 56 / 2, its root 5.29. 51, 53, 58: 54, 26 / 2, 3.61.
    assert rows(course)["CNN, Adam 0.001"] == [
        "CNN, Adam 0.001", "A4: 55.1 % (PublicTest, 15 epochs)", "54.0 ± 5.3", "27.0", "54.0 ± 3.6",
        "0, 1, 2", "1–2", "300", "A GPU; cpu, 2 threads", "abc1234, –",
    ]  # fmt: skip


def test_private_test_that_was_not_read_is_said_and_some_seeds_are_counted(course, records):
    put(records, 0, test=None)
    put(records, 1, test=None, name="MLP", reproduces=None)
    put(records, 2, seed=1, name="MLP", reproduces=None, test=score(520))
    write_results(course=course)
    assert rows(course)["CNN, Adam 0.001"][4] == "not read"
    assert rows(course)["MLP"][1:5:3] == ["–", "52.0 (48.9–55.1) (1 of 2 seeds)"]


def test_lessons_come_in_order_and_models_in_that_of_the_published_figures(course, records):
    put(records, 0, lesson="05", name="ResNet18 | plain", reproduces="A7 0.01")
    put(records, 1, name="A model of our own", reproduces=None)
    put(records, 2, name="SGD", reproduces="A5")
    put(records, 3)
    write_results(course=course)
    order = ["## Lesson 03", "| CNN, Adam", "| SGD", "| A model", "## Lesson 05", r"| ResNet18 \| plain", "## Not run"]
    trainings = page(course).split("## Every training")[-1]
    places = [trainings.index(f"\n{opening}") for opening in order]
    assert places == sorted(places)


def test_a_published_figure_that_was_reached_or_trained_for_as_long_is_not_listed_as_not_run():
    perfect, poor = ({"accuracy": share, "balanced_accuracy": share, "right": 0, "n": 1} for share in (1.0, 0.1))
    record = RECORD | {"history": RECORD["history"][:1], "valid": poor, "test": poor}
    assert "- A4:" in results_page({"a": record})
    assert "- A4:" not in results_page({"a": record | {"valid": perfect}})
    assert "- A4:" not in results_page({"a": record | {"history": [RECORD["history"][0]] * 15}})
    assert "- C augmented:" in results_page(
        {"a": record | {"reproduces": "C augmented", "valid": perfect}}
    )  # a PrivateTest score
    every = {name: record | {"name": name, "reproduces": name, "valid": perfect, "test": perfect} for name in PUBLISHED}
    assert "Not run" not in results_page(every)


def test_records_are_collected_at_any_depth_and_only_real_ones_at_full_scale(course, records, tmp_path):
    runs = tmp_path / "runs"
    wanted = put(runs / "03" / "runs", 1)
    wanted.with_suffix(".npz").touch()
    put(runs, 2, drawn=True)
    put(runs, 3, scale="lesson")
    put(runs, 4, official=False)
    (runs / "record.json").write_text("{}")
    assert write_results([runs], course=course) == (
        ["cnn-00000001.json"],
        [f"cnn-{number:08x}.json: not full scale on FER2013" for number in (2, 3, 4)],
    )
    assert [path.name for path in records.iterdir()] == ["cnn-00000001.json"]
    assert json.loads((records / "cnn-00000001.json").read_text()) == RECORD
    assert "CNN, Adam 0.001" in rows(course)
    shutil.rmtree(runs)
    assert results_drift(course) == []


def test_of_one_file_name_the_newest_record_is_kept(course, records, tmp_path):
    put(records, valid=score(400), date="2026-01-02T00:00:00+00:00")
    put(tmp_path / "a", valid=score(300), date="2026-01-01T00:00:00+00:00")
    assert write_results([tmp_path / "a"], course=course) == ([], [])
    assert rows(course)["CNN, Adam 0.001"][2].startswith("40.0")
    put(tmp_path / "b", valid=score(600), date="2026-01-04T00:00:00+00:00")
    put(tmp_path / "c", valid=score(500), date="2026-01-03T00:00:00+00:00")
    assert write_results([tmp_path / "b", tmp_path / "c"], course=course) == (["cnn-00000000.json"], [])
    assert rows(course)["CNN, Adam 0.001"][2].startswith("60.0")


def test_a_training_that_ran_longer_replaces_the_shorter_one_and_that_is_said(course, records, tmp_path):
    put(records, 0, recipe={"lr": 0.001, "epochs": 2})
    put(tmp_path / "runs", 1, recipe={"lr": 0.001, "epochs": 12}, valid=score(600))
    why = "cnn-00000000.json: 2 epochs, and cnn-00000001.json has 12"
    assert write_results([tmp_path / "runs"], course=course) == (["cnn-00000001.json"], [why])
    assert [path.name for path in records.iterdir()] == ["cnn-00000001.json"]
    assert rows(course)["CNN, Adam 0.001"][2].startswith("60.0")
    put(tmp_path / "old", 0, recipe={"lr": 0.001, "epochs": 2})
    assert write_results([tmp_path / "old"], course=course) == ([], [why])
    assert [path.name for path in records.iterdir()] == ["cnn-00000001.json"]


def test_what_was_not_run_is_listed_with_the_hours_that_it_would_take(course, records):
    history = [RECORD["history"][0]] * 5
    put(records, name="ResNet18, SGD 0.1", lesson="05", reproduces="A7 0.1", history=history, seconds=360.0)
    write_results(course=course)
    # 72 seconds for each epoch, a hundred epochs: two hours.
    line = next(line for line in page(course).splitlines() if line.startswith("- A7 0.01:"))
    assert line.endswith("; 2.0 hours for 100 epochs, as 'ResNet18, SGD 0.1' on A GPU")
    assert "65.9 % (PrivateTest); cannot be repeated, as its network is not in its text" in page(course)


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"drawn": True}, "drawn faces"), ({"scale": "smoke"}, "smoke scale"), ({"official": False}, "not FER2013's own")],
)
def test_a_record_that_is_no_result_is_refused_among_them_by_name(course, records, changes, why):
    put(records, 0)
    put(records, 7, seed=7, **changes)
    with pytest.raises(DataMismatch, match=rf"cnn-00000007\.json.*{why}"):
        write_results(course=course)
    with pytest.raises(DataMismatch, match="cnn-00000007"):
        results_drift(course)


@pytest.mark.parametrize(
    "changes",
    [{"recipe": {"lr": 0.1}, "seed": 1}, {"fingerprint": "ff", "seed": 1}, {"reproduces": None, "seed": 1}, {}],
)
def test_a_mean_over_trainings_that_differ_in_more_than_the_seed_is_refused(course, records, tmp_path, changes):
    put(records, 0)
    put(tmp_path / "new", 1, **changes)
    with pytest.raises(DataMismatch, match=r"cnn-00000000\.json, cnn-00000001\.json"):
        write_results([tmp_path / "new"], course=course)
    assert list(kept_records(course)) == ["cnn-00000000.json"]


def test_a_damaged_record_is_named_and_nothing_is_written(course, records, tmp_path):
    put(tmp_path / "runs", 1)
    put(tmp_path / "runs", 2).write_text("{")
    with pytest.raises(DataMismatch, match=r"cnn-00000002\.json"):
        write_results([tmp_path / "runs"], course=course)
    assert not (course.root / "docs").exists()
    put(records, 3, valid=None)
    with pytest.raises(DataMismatch, match=r"cnn-00000003\.json.*'valid'"):
        results_drift(course)
    put(records, 3, history=[1, 2])
    with pytest.raises(DataMismatch, match=r"cnn-00000003\.json.*'history'"):
        results_drift(course)


def test_a_folder_that_is_not_there_or_without_a_training_is_named(course, tmp_path):
    with pytest.raises(DataNotFound, match="nowhere"):
        write_results(["nowhere"], course=course)
    (tmp_path / "01").mkdir()
    (tmp_path / "01" / "record.json").write_text("{}")
    with pytest.raises(DataNotFound, match="01: no record of a training there"):
        write_results([tmp_path / "01"], course=course)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"seed": "0"}, "seed"),
        ({"seed": True}, "seed"),
        ({"seconds": True}, "seconds"),
        ({"drawn": 0}, "drawn"),
        ({"official": "yes"}, "official"),
        ({"commit": 12}, "commit"),
        ({"reproduces": ["A4"]}, "reproduces"),
        ({"valid": score(500) | {"n": True}}, "valid"),
        ({"valid": score(500) | {"right": 500.5}}, "valid"),
        ({"valid": score(500) | {"right": 1001}}, "valid"),
        ({"valid": score(500) | {"accuracy": 0.6}}, "valid"),
        ({"valid": score(500) | {"rights": "ff" * 125}}, "valid"),
        ({"valid": score(500) | {"rights": "ff" * 62 + "f0"}}, "valid"),
        ({"valid": score(500) | {"rights": "f" * 250}}, "valid"),
        ({"valid": score(500) | {"rights": [500]}}, "valid"),
        ({"valid": score(500) | {"rights": "zz" * 125}}, "valid"),
        ({"test": score(500) | {"balanced_accuracy": 1.5}}, "test"),
        ({"test": score(500) | {"accuracy": "0.5"}}, "test"),
        ({"test": [0.5]}, "test"),
    ],
    ids=str,
)
def test_a_record_whose_figures_have_another_type_or_contradict_each_other_is_refused(course, records, changes, place):
    put(records, 3, **changes)
    with pytest.raises(DataMismatch, match=rf"cnn-00000003\.json.*'{place}'"):
        write_results(course=course)


def test_the_command_collects_checks_and_shows_the_lines_that_differ(course, records, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    put(tmp_path / "runs", 1)
    assert main(["results", "--check"]) == 1
    assert main(["results", str(tmp_path / "runs")]) == 0
    assert "copied cnn-00000001.json" in capsys.readouterr().out
    assert main(["results", "--check"]) == 0
    path = course.root / "docs" / "results.md"
    path.write_text(page(course).replace("50.0 (46.9", "59.0 (46.9"))
    capsys.readouterr()
    assert main(["results", "--check"]) == 1
    said = capsys.readouterr().out
    assert "\n-| CNN, Adam 0.001 | A4: 55.1 % (PublicTest, 15 epochs) | 59.0" in said
    assert "\n+| CNN, Adam 0.001 | A4: 55.1 % (PublicTest, 15 epochs) | 50.0" in said
    assert "59.0 (46.9" in page(course)
    assert main(["results", "--check", "runs"]) == 2
    put(records, 9, drawn=True)
    assert main(["results"]) == 1
    assert "cnn-00000009.json" in capsys.readouterr().err
