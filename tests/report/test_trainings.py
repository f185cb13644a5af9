"""Training records: what was kept comes back, the right one and only that one, and says where it comes from."""

import json
import re
import subprocess
from dataclasses import FrozenInstanceError, dataclass, replace
from functools import partial

import nbformat
import numpy as np
import pytest
from toy_course import publish

import fercourse as fc
from fercourse.course.outputs import shown_in
from fercourse.data.faces import Split
from fercourse.errors import DataMismatch, ParameterError
from fercourse.report import run, trainings
from fercourse.report.history import History
from fercourse.report.origin import commit
from fercourse.report.predictions import Predictions
from fercourse.report.trainings import load_run, read_training, rights_in, save_run

RECIPE = {"lr": 0.001, "epochs": 2, "optimizer": "adam", "sizes": (32, 64), "augment": None}
HISTORY = History([{"epoch": 1, "valid_loss": 1.9, "seconds": 2.5}, {"epoch": 2, "valid_loss": 1.7, "seconds": 3.0}])


@dataclass(frozen=True)
class Turn:
    degrees: float


@pytest.fixture(autouse=True)
def _run(faces):
    run.begin(lesson="03", scale="full", seed=5, source=faces.source, device="cpu, 2 threads")
    yield
    run.begin()


@pytest.fixture
def shown(monkeypatch):
    """What `show` was given: a list of (record, text)."""
    seen = []
    monkeypatch.setattr(trainings, "show", lambda record, *, text, html: seen.append((record, text)))
    return seen


def answers(split, right=3):
    """Predictions that are right for the first `right` faces of a split and wrong for the others."""
    classes = np.where(np.arange(len(split)) < right, split.labels, (split.labels + 1) % 7)
    probabilities = np.full((len(split), 7), 0.05, np.float32)
    probabilities[np.arange(len(split)), classes] = 0.7
    return Predictions(probabilities, split.labels, split.source)


def keep(faces, folder, name="CNN, Adam 0.001", recipe=RECIPE, history=HISTORY, predict=answers, **options):
    return save_run(name, recipe, faces, history, predict, folder=folder, **options)


def test_what_was_kept_comes_back(faces, tmp_path, shown):
    kept = keep(faces, tmp_path)
    found = load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path)
    for training in (kept, found):
        assert (training.name, training.seconds, training.test_accuracy) == ("CNN, Adam 0.001", 5.5, None)
        assert training.recipe == RECIPE | {"sizes": [32, 64]}
        assert training.history == HISTORY
        assert training.valid.accuracy == 3 / 70
        np.testing.assert_array_equal(training.valid.probabilities, answers(faces.valid).probabilities)
        assert training.valid.probabilities.dtype == np.float32
        assert training.valid.source == faces.valid.source
    with pytest.raises(FrozenInstanceError):
        found.seconds = 0


def test_a_device_of_an_older_record_is_read_as_it_is_written_now(faces, tmp_path):
    path = keep(faces, tmp_path).path
    record = json.loads(path.read_text())
    for written, read in (("cpu, 1 threads", "cpu, 1 thread"), ("cpu, 11 threads", "cpu, 11 threads")):
        path.write_text(json.dumps(record | {"device": written}))
        assert read_training(path)["device"] == read


def test_a_record_says_what_was_trained_on_what_and_by_which_software(faces, tmp_path, shown):
    record = read_training(keep(faces, tmp_path, reproduces="A4").path)
    expected = {
        "kind": "training", "name": "CNN, Adam 0.001", "lesson": "03", "scale": "full", "seed": 5, "reproduces": "A4",
        "source": faces.source, "fingerprint": faces.fingerprint, "drawn": True, "official": faces.official,
        "device": "cpu, 2 threads", "seconds": 5.5, "epochs": 2, "test": None, "history": list(HISTORY),
    }  # fmt: skip
    assert {key: record[key] for key in expected} == expected
    assert (record["valid"]["right"], record["valid"]["n"], record["valid"]["accuracy"]) == (3, 70, 3 / 70)
    assert record["valid"]["balanced_accuracy"] == answers(faces.valid).balanced_accuracy
    assert record["versions"]["numpy"] == np.__version__
    assert record["date"].startswith("20")
    np.testing.assert_array_equal(rights_in(record["valid"]), answers(faces.valid).y_pred == faces.valid.labels)
    assert rights_in({"right": 3, "n": 70}) is None


def test_one_quiet_line_says_what_was_reached_and_publishes_it(faces, tmp_path, shown):
    run = keep(faces, tmp_path)
    [(record, text)] = shown
    low, high = (f"{100 * bound:.1f}" for bound in run.valid.interval())
    assert text == f"saved: CNN, Adam 0.001 · 4.3 % ({low}–{high}, n = 70, drawn faces) · 2 epochs, 6 s"
    assert repr(run) == f"TrainingRun({text.removeprefix('saved: ')})"
    assert (record["kind"], record["valid"]["right"]) == ("training", 3)
    assert "history" not in record
    assert json.loads(json.dumps(record)) == record


def test_the_runner_finds_what_a_notebook_kept():
    cell = nbformat.v4.new_code_cell(publish({}))
    metadata = {"fercourse": {"kind": "training", "name": "CNN"}}
    cell.outputs = [nbformat.v4.new_output("display_data", metadata=metadata)]
    assert shown_in(nbformat.v4.new_notebook(cells=[cell]))["trainings"] == [{"kind": "training", "name": "CNN"}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 3},
        {"name": " "},
        {"name": "two\nlines"},
        {"recipe": ["lr", 0.1]},
        {"recipe": {3: 0.1}},
        {"recipe": {"seed": "3"}},
        {"recipe": {"seed": 1.5}},
        {"reproduces": ["A4"]},
        {"test": "no"},
        {"test": 1},
    ],
    ids=str,
)
def test_what_could_not_be_read_back_or_would_read_private_test_by_mistake_is_refused(wrong, faces, tmp_path, shown):
    with pytest.raises(ParameterError):
        keep(faces, tmp_path, **wrong)
    assert shown == [*tmp_path.iterdir()] == []


def test_a_recipe_of_numpys_scalars_is_the_recipe_of_their_numbers(faces, tmp_path, shown):
    scalars = {"lr": np.float32(0.1), "epochs": np.int64(2), "shuffle": np.True_, "seed": np.uint8(7)}
    run = keep(faces, tmp_path, recipe=scalars)
    assert run.recipe == {"lr": 0.1, "epochs": 2, "shuffle": True, "seed": 7}
    assert load_run(run.name, run.recipe, faces, folder=tmp_path).path == run.path


def test_private_test_is_read_once_and_only_where_it_is_asked_for(faces, tmp_path, shown):
    asked = []

    def predict(split):
        asked.append(split.name)
        return answers(split, right=7)

    assert keep(faces, tmp_path, predict=predict).test_accuracy is None
    assert asked == ["valid"]
    assert keep(faces, tmp_path, predict=predict, test=True).test_accuracy == 0.1
    assert asked == ["valid", "valid", "test"]
    found = load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path)
    assert (found.test_accuracy, read_training(found.path)["test"]["right"]) == (0.1, 7)
    assert len(asked) == 3


def test_a_test_split_without_labels_is_not_scored_and_that_is_said(faces, tmp_path, shown):
    hidden = Split(faces.test.images, np.full(len(faces.test), -1), "test", faces.source)
    assert keep(replace(faces, test=hidden), tmp_path, test=True).test_accuracy is None
    assert shown[0][1].endswith("PrivateTest has no labels here")


def test_another_name_recipe_data_set_seed_or_scale_is_another_training(faces, tmp_path, shown):
    keep(faces, tmp_path)
    others = replace(faces, train=faces.train[:100])
    assert load_run("CNN", RECIPE, faces, folder=tmp_path) is None
    assert load_run("CNN, Adam 0.001", RECIPE | {"lr": 0.01}, faces, folder=tmp_path) is None
    assert load_run("CNN, Adam 0.001", RECIPE | {"seed": 6}, faces, folder=tmp_path) is None
    assert load_run("CNN, Adam 0.001", RECIPE, others, folder=tmp_path) is None
    assert load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path / "nowhere") is None
    run.begin(scale="full", seed=6)
    assert load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path) is None
    run.begin(scale="lesson", seed=5)
    assert load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path) is None
    run.begin(lesson="04", scale="full", seed=5)
    assert load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path) is not None


def test_a_recipes_own_seed_wins_over_the_runs(faces, tmp_path, shown):
    recipe = RECIPE | {"seed": 11}
    assert read_training(keep(faces, tmp_path, recipe=recipe).path)["seed"] == 11
    run.begin(scale="full", seed=0)
    assert load_run("CNN, Adam 0.001", recipe, faces, folder=tmp_path) is not None


def test_the_file_is_named_after_the_training_and_kept_again_it_is_replaced(faces, tmp_path, shown):
    keep(faces, tmp_path)
    run = keep(faces, tmp_path, predict=lambda split: answers(split, right=9))
    assert sorted(path.name for path in tmp_path.iterdir()) == [run.path.name, run.path.with_suffix(".npz").name]
    assert run.path.name[:-14] == "cnn-adam-0-001"
    assert load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path).valid.accuracy == 9 / 70


def test_values_such_as_a_schedule_are_kept_as_they_print(faces, tmp_path, shown):
    recipe = {"augment": Turn(10.0), "rates": [np.float64(0.5), Turn(2.0)]}
    assert keep(faces, tmp_path, recipe=recipe).recipe == {
        "augment": "Turn(degrees=10.0)",
        "rates": [0.5, "Turn(degrees=2.0)"],
    }
    assert load_run("CNN, Adam 0.001", recipe, faces, folder=tmp_path) is not None
    assert load_run("CNN, Adam 0.001", recipe | {"augment": Turn(11.0)}, faces, folder=tmp_path) is None


def test_a_number_of_numpy_is_the_recipe_of_the_plain_number(faces, tmp_path, shown):
    numpys = {"lr": np.float32(0.001), "epochs": np.array(2), "sizes": (np.int8(32), np.uint16(64))}
    assert keep(faces, tmp_path, recipe=RECIPE | numpys).recipe == RECIPE | {"sizes": [32, 64]}
    assert load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path) is not None


@pytest.mark.parametrize("value", [{"lr": 1}, float("nan"), np.zeros(3), Turn, print])
def test_what_no_recipe_can_hold_is_refused_by_its_name(faces, tmp_path, value):
    with pytest.raises(ParameterError, match=r"recipe\['extra'\]"):
        keep(faces, tmp_path, recipe={"extra": value})
    assert not list(tmp_path.iterdir())


def test_an_unknown_published_figure_is_refused_with_the_known_ones(faces, tmp_path):
    with pytest.raises(ParameterError, match=r"'A9'.*A3, A4, A5.*C augmented"):
        keep(faces, tmp_path, reproduces="A9")


def test_a_training_that_diverged_is_kept_with_its_losses(faces, tmp_path, shown):
    rows = [
        {"epoch": 1, "valid_loss": float("inf"), "seconds": 1.0},
        {"epoch": 2, "valid_loss": float("nan"), "seconds": 1},
    ]
    keep(faces, tmp_path, history=History(rows))
    losses = load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path).history["valid_loss"]
    assert losses[0] == float("inf")
    assert np.isnan(losses[1])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "CNN"}'])
def test_a_damaged_record_is_named(faces, tmp_path, shown, text):
    path = keep(faces, tmp_path).path
    path.write_text(text)
    with pytest.raises(DataMismatch, match=path.name):
        load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path)


@pytest.mark.parametrize(
    ("place", "value"),
    [("name", "MLP"), ("fingerprint", "ab"), ("recipe", {}), ("seed", "5"), ("valid", {"right": 3}), ("test", 0.5),
     ("history", [1]), ("history", [{"loss": "much"}]), ("reproduces", "Z"), ("recipe", None)],
)  # fmt: skip
def test_a_record_that_was_edited_is_named(faces, tmp_path, shown, place, value):
    path = keep(faces, tmp_path).path
    path.write_text(json.dumps(json.loads(path.read_text()) | {place: value}))
    with pytest.raises(DataMismatch, match=path.name):
        load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path)


def test_damaged_probabilities_are_named(faces, tmp_path, shown):
    path = keep(faces, tmp_path).path.with_suffix(".npz")
    whole = path.read_bytes()
    for damaged in (whole[:100], b"", b"no archive", whole[:200] + bytes(50) + whole[250:]):
        path.write_bytes(damaged)
        with pytest.raises(DataMismatch, match=path.name):
            load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path)
    path.unlink()
    with pytest.raises(DataMismatch, match=path.name):
        load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path)


def test_probabilities_of_another_training_or_of_fewer_faces_are_refused(faces, tmp_path, shown):
    path = keep(faces, tmp_path).path
    for other in (answers(faces.valid, right=9), answers(faces.valid[:60])):
        np.savez(path.with_suffix(".npz"), probabilities=other.probabilities)
        with pytest.raises(DataMismatch, match=path.stem):
            load_run("CNN, Adam 0.001", RECIPE, faces, folder=tmp_path)


def test_a_lesson_says_on_which_device_it_trains(faces, capsys, monkeypatch):
    monkeypatch.setattr("fercourse.data.load.load", lambda source, *, scale, seed: faces)
    env = fc.setup("03", scale="smoke", device="cpu")
    assert re.fullmatch(r"cpu, (1 thread|\d+ threads)", run.current_run().device)
    env.load("drawn")
    assert re.fullmatch(r"cpu, (1 thread|\d+ threads)", run.current_run().device)
    assert "device" not in run.current_run().stamp()
    assert capsys.readouterr().out


def git(folder, *words):
    name = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_is_that_of_the_code_and_says_whether_it_was_changed(tmp_path, monkeypatch):
    monkeypatch.delenv("FERCOURSE_COMMIT", raising=False)
    code, installed = tmp_path / "code", tmp_path / ".venv"
    code.mkdir()
    installed.mkdir()
    assert commit(code) is None
    git(tmp_path, "init")
    (code / "a.py").write_text("x = 1\n")
    git(tmp_path, "add", "code")
    git(tmp_path, "commit", "-m", "a")
    git(tmp_path, "tag", "-a", "v1", "-m", "v1")
    assert commit(code) == git(tmp_path, "rev-parse", "--short", "HEAD")
    (code / "a.py").write_text("x = 2\n")
    assert commit(code) == git(tmp_path, "rev-parse", "--short", "HEAD") + "+"
    assert commit(installed) is None
    monkeypatch.setenv("FERCOURSE_COMMIT", "abc1234")
    assert commit(installed) == "abc1234"
    monkeypatch.setenv("PATH", str(installed))
    assert commit(code) == "abc1234"


def test_answers_to_other_faces_than_those_that_were_asked_about_are_not_saved(faces, tmp_path, shown):
    elsewhere = answers(faces.test[: len(faces.valid)])
    for predict in (lambda _: answers(faces.train), lambda _: elsewhere, lambda split: split.labels):
        with pytest.raises(
            DataMismatch, match=r"expected of predict, .* the Predictions for Split\(valid.*Nothing was"
        ):
            keep(faces, tmp_path, predict=predict)
    assert not [*tmp_path.iterdir()]


def test_a_recipe_that_no_other_process_would_find_again_is_refused():
    def factory(optimizer):
        return optimizer

    with pytest.raises(ParameterError, match=r"recipe\['schedule'\] prints where it lies in memory"):
        trainings.plain_recipe({"schedule": fc.every_epoch(factory)})
    told = fc.every_epoch(partial(print, sep=""))
    assert trainings.plain_recipe({"schedule": told}) == {"schedule": repr(told)}
