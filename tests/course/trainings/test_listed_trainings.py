"""The trainings at full scale: the list is what the records have, a killed one goes on, PrivateTest is read once."""

from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from small_fer import csv_bytes
from torch.optim import Adam

import fercourse as fc
from fercourse.__main__ import main
from fercourse.course.trainings import listed, train
from fercourse.course.trainings.hours import estimate, operations
from fercourse.course.trainings.listed import TRAININGS, Listed, chosen
from fercourse.course.trainings.table import recorded_by, seeds_of, table
from fercourse.learn import training as one_training
from fercourse.report.published import PUBLISHED
from fercourse.report.recorded import all_recorded
from fercourse.report.run import begin
from fercourse.report.trainings import read_training, rights_in

RECORDS = all_recorded()
NAMED = {training.name: training for training in TRAININGS}
TINY = Listed(
    name="A tiny MLP", lesson="02", network=partial(fc.mlp, hidden=(8,)), reproduces="A3",
    recipe={"epochs": 3, "lr": 0.01, "batch_size": 50, "augment": fc.Augment(flip=0.5)},
)  # fmt: skip


@pytest.fixture(autouse=True)
def _run():
    yield
    begin()


@pytest.fixture
def asked(monkeypatch):
    """The names of the splits that trained networks were asked about, in order."""
    names = []

    def predict(model, split):
        names.append(split.name)
        return fc.predict(model, split)

    monkeypatch.setattr(train, "predict", predict)
    return names


def run(trainings, faces, folder, seed=0):
    return train.train(trainings, faces, seed=seed, folder=folder, device="cpu")


def rows(run):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in run.history]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record['name']}, seed {record['seed']}")
def test_a_kept_record_has_the_name_recipe_lesson_and_figure_of_the_list(record):
    training = NAMED[record["name"]]
    if record["recipe"]["epochs"] < training.recipe["epochs"]:  # was cut short, and waits for the whole training
        training = replace(training, recipe=training.recipe | {"epochs": record["recipe"]["epochs"]})
    assert recorded_by(training, record)
    assert (record["lesson"], record["reproduces"]) == (training.lesson, training.reproduces)
    assert len(record["history"]) == training.recipe["epochs"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record['name']}, seed {record['seed']}")
def test_private_test_was_read_for_no_record_whose_training_does_not_say_so(record):
    assert record["test"] is None or NAMED[record["name"]].test


def test_names_are_found_by_their_files_as_well_and_no_two_trainings_share_one():
    assert len({listed.slug(training.name) for training in TRAININGS}) == len(TRAININGS)
    assert chosen(("resnet18-sgd-1e-06", "CNN, Adam 0.001")) == [NAMED["ResNet18, SGD 1e-06"], NAMED["CNN, Adam 0.001"]]


def test_every_published_figure_of_a_core_lesson_is_in_the_list_or_said_to_be_unrepeatable():
    covered = {training.reproduces for training in TRAININGS} | listed.NOT_SHOWN.keys()
    assert covered - {None} == PUBLISHED.keys()


@pytest.mark.parametrize(
    "training", [each for each in TRAININGS if each.framework == "torch"], ids=lambda each: each.name
)
def test_every_recipe_is_one_that_fit_takes_and_a_record_keeps(training, faces, tmp_path):
    few = replace(faces, train=faces.train.take(20), valid=faces.valid.take(10))
    model = training.network(0.5, 0.25)
    how = training.recipe | ({"optimizer": training.optimizer(model)} if training.optimizer else {})
    fc.iter_fit(model, few, **how, device="cpu", checkpoint=tmp_path / "a.pt")  # checks, and trains nothing
    assert training.recorded(3) | {"seed": 3} == training.recipe | training.written | {"seed": 3}


def test_a_killed_training_goes_on_to_the_same_record(faces, tmp_path, monkeypatch):
    [straight] = run([TINY], faces, tmp_path / "straight")
    kept = one_training.save_checkpoint

    def killed(path, state):
        kept(path, state)
        if len(state["rows"]) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(one_training, "save_checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            run([TINY], faces, tmp_path / "killed")
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["A tiny MLP, seed 0.pt"]
    epochs = []
    monkeypatch.setattr(one_training, "save_checkpoint", lambda path, state: epochs.append(len(state["rows"])))
    [resumed] = run([TINY], faces, tmp_path / "killed")
    assert epochs == [3]  # the two before were not trained again
    assert rows(resumed) == rows(straight)
    np.testing.assert_array_equal(resumed.valid.probabilities, straight.valid.probabilities)
    assert resumed.path.name == straight.path.name
    here, there = (read_training(each.path) for each in (resumed, straight))
    told_apart = ("seconds", "history", "date")
    assert {key: here[key] for key in here if key not in told_apart} == {
        key: there[key] for key in there if key not in told_apart
    }
    assert not [*(tmp_path / "killed").glob("*.pt")]


def test_a_record_says_at_which_scale_from_which_seed_and_for_which_lesson_it_was_trained(faces, tmp_path):
    [done] = run([TINY], faces, tmp_path, seed=4)
    record = read_training(done.path)
    assert (record["scale"], record["seed"], record["lesson"], record["reproduces"]) == ("full", 4, "02", "A3")
    assert record["recipe"] == {
        "epochs": 3, "lr": 0.01, "batch_size": 50, "augment": "Augment(flip=0.5)", "seed": 4,
    }  # fmt: skip
    assert (record["drawn"], record["fingerprint"]) == (True, faces.fingerprint)


def test_a_training_is_that_of_its_lesson(faces, tmp_path):
    training = replace(NAMED["CNN, SGD 0.05"], recipe=NAMED["CNN, SGD 0.05"].recipe | {"epochs": 1})
    [done] = run([training], faces, tmp_path, seed=2)
    fc.seed_everything(2)
    model = fc.cnn(faces.train.images.mean() / 255, faces.train.images.std() / 255)
    settings = {"optimizer": "sgd", "momentum": 0.9, "batch_size": 128, "precision": "auto", "seed": 2}
    fc.fit(model, faces, epochs=1, lr=0.05, **settings, device="cpu", progress=False)
    np.testing.assert_array_equal(done.valid.probabilities, fc.predict(model, faces.valid).probabilities)


def test_seeds_differ_in_their_first_weights_and_in_the_order_of_the_faces(faces, tmp_path):
    first, second = (run([TINY], faces, tmp_path, seed=seed)[0] for seed in (0, 1))
    assert rows(first)[0]["train_loss"] != rows(second)[0]["train_loss"]
    assert first.path != second.path


def test_what_is_recorded_is_not_trained_again(faces, tmp_path, monkeypatch, capsys):
    [done] = run([TINY], faces, tmp_path)
    monkeypatch.setattr(train, "fit", None)
    [again] = run([TINY], faces, tmp_path)
    assert (again.path, again.history) == (done.path, done.history)
    assert "there already: A tiny MLP" in capsys.readouterr().out


@pytest.mark.parametrize(("test", "splits"), [(False, ["valid"]), (True, ["valid", "test"])])
def test_private_test_is_read_once_at_the_end_and_only_where_the_list_says_so(test, splits, faces, tmp_path, asked):
    training = replace(TINY, test=test)
    [done] = run([training], faces, tmp_path)
    run([training], faces, tmp_path)
    assert asked == splits
    assert (done.test_accuracy is not None) == test


def test_copies_are_trained_on_and_the_record_names_the_faces_that_they_were_made_of(faces, tmp_path, monkeypatch):
    seen = []

    def fit(model, data, **settings):
        seen.append(len(data.train))
        return fc.fit(model, data, **settings)

    monkeypatch.setattr(train, "fit", fit)
    thrice = NAMED["CNN, offline copies"]
    [done] = run([replace(TINY, faces=thrice.faces, copies=3)], faces, tmp_path)
    assert seen == [630]
    assert read_training(done.path)["fingerprint"] == faces.fingerprint


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_the_port_is_trained_in_tensorflow(faces, tmp_path):
    training = NAMED["TensorFlow port"]
    [done] = run([replace(training, recipe=training.recipe | {"epochs": 1}, test=False)], faces, tmp_path)
    assert done.recipe == {"augment": "flip 0.5", "batch_size": 50, "epochs": 1, "lr": 0.0005, "seed": 0}
    assert np.isfinite(done.history["valid_loss"]).all()


def timed(name, epochs, seconds):
    return {"name": name, "history": [{}] * epochs, "seconds": seconds, "device": "a machine"}


def test_hours_are_those_of_the_same_training_where_it_is_recorded():
    records = [timed("ResNet18, SGD 0.1", 2, 360.0), timed("ResNet18, all together, one cycle to 0.05", 20, 7200.0)]
    assert estimate(NAMED["ResNet18, SGD 0.1"], 100, records).hours == pytest.approx(5.0)
    assert estimate(NAMED["ResNet18, SGD 0.01"], 100, records).hours == pytest.approx(
        10.0
    )  # the longest of its network


def test_hours_of_a_network_that_was_never_trained_are_its_arithmetic_at_the_median_speed():
    # 3 · 28,709 faces · 5,276,544 and 31,665,280 operations, worked out layer by layer: 0.454 and 2.727 · 10¹².
    faces = 3 * 28_709
    speeds = [5_276_544 * faces / 10, 31_665_280 * faces / 20, 31_665_280 * faces / 40]
    records = [timed("MLP, repaired", 1, 10.0), timed("CNN, SGD 0.02", 3, 60.0), timed("CNN, Adam 0.001", 2, 80.0)]
    flops = fc.cost(fc.prelu_cnn(0.5, 0.25)).flops
    expected = flops * faces * 30 / sorted(speeds)[1] / 3600
    assert estimate(NAMED["PReLU CNN with augmentation"], 30, records).hours == pytest.approx(expected)


def test_three_copies_of_each_face_take_three_times_as_long():
    records = [timed("CNN, Adam 0.001", 10, 100.0)]
    assert estimate(NAMED["CNN, offline copies"], 10, records).hours == pytest.approx(3 * 100 / 3600)


def test_without_a_record_no_hours_are_given():
    assert estimate(NAMED["MLP, repaired"], 15, []) is None
    assert estimate(NAMED["TensorFlow port"], 30, [timed("CNN, Adam 0.001", 1, 10.0)]) is None


def test_a_network_whose_package_is_not_installed_has_no_hours_and_stays_in_the_list(monkeypatch):
    tuned = NAMED["EfficientNet-Lite0, fine-tuned at 80 pixels"]
    assert estimate(tuned, 10, [timed("CNN, Adam 0.001", 1, 10.0)]) is not None
    monkeypatch.setattr(listed, "find_spec", lambda name: None)
    assert not tuned.installed
    assert NAMED["CNN, Adam 0.001"].installed
    assert estimate(tuned, 10, [timed("CNN, Adam 0.001", 1, 10.0)]) is None
    assert tuned.name in table([])


def test_where_the_list_says_so_answers_are_means_over_mirror_images(faces, tmp_path, monkeypatch):
    models = []
    monkeypatch.setattr(
        train, "predict", lambda model, *split, **how: models.append(model) or fc.predict(model, *split, **how)
    )
    [done] = run([replace(TINY, flips=True)], faces, tmp_path)
    both = fc.predict(models[0], faces.valid, flips=True)
    np.testing.assert_array_equal(done.valid.probabilities, both.probabilities)
    assert not np.array_equal(both.probabilities, fc.predict(models[0], faces.valid).probabilities)


def test_several_networks_have_seeds_of_their_own_and_answer_with_the_means_of_their_probabilities(faces, tmp_path):
    [done] = run([replace(TINY, networks=3)], faces, tmp_path, seed=2)
    alone = [run([TINY], faces, tmp_path / "alone", seed=seed)[0] for seed in (6, 7, 8)]
    means = np.mean([each.valid.probabilities for each in alone], axis=0)
    np.testing.assert_allclose(done.valid.probabilities, means, atol=1e-7)
    for epoch, row in enumerate(rows(done)):
        assert row == pytest.approx({name: np.mean([rows(each)[epoch][name] for each in alone]) for name in row})
    assert len(done.history) == 3
    assert not [*tmp_path.glob("*.pt")]


def test_a_row_of_several_networks_has_the_seconds_of_all_and_the_means_of_the_rest():
    one, other = ({"epoch": 2, "valid_loss": loss, "seconds": seconds} for loss, seconds in ((1.0, 5.0), (2.0, 7.5)))
    assert train._together([one, other]) == {"epoch": 2, "valid_loss": 1.5, "seconds": 12.5}


def test_of_several_networks_those_that_were_trained_before_a_kill_are_not_trained_again(faces, tmp_path, monkeypatch):
    three, kept, saved = replace(TINY, networks=3), one_training.save_checkpoint, []
    [straight] = run([three], faces, tmp_path / "straight")

    def killed(path, state):
        kept(path, state)
        saved.append(path.name)
        if len(saved) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(one_training, "save_checkpoint", killed)
    with pytest.raises(KeyboardInterrupt):
        run([three], faces, tmp_path / "killed")
    [resumed] = run([three], faces, tmp_path / "killed")
    assert saved == [f"A tiny MLP, seed 0, network {number}.pt" for number in (1, 2, 3) for _ in range(3)]
    assert rows(resumed) == rows(straight)
    np.testing.assert_array_equal(resumed.valid.probabilities, straight.valid.probabilities)


def test_three_networks_take_three_times_as_long_as_one_of_them():
    recipe = timed("Fast network, CPU recipe", 15, 600.0)
    assert estimate(NAMED["Three fast networks, CPU recipe, averaged"], 15, [recipe]).hours == pytest.approx(0.5)
    assert operations(NAMED["Fast network, CPU recipe"], recipe) is not None
    assert operations(NAMED["Three fast networks, CPU recipe, averaged"], recipe) is None


def test_an_optimizer_of_the_list_is_made_of_the_network_that_is_trained(faces, tmp_path):
    recipe = {name: value for name, value in TINY.recipe.items() if name != "lr"}
    by_hand = replace(
        TINY, recipe=recipe, optimizer=lambda model: lambda _: Adam(model.parameters(), lr=0.01, fused=True)
    )
    [made], [named] = run([by_hand], faces, tmp_path / "made"), run([TINY], faces, tmp_path / "named")
    np.testing.assert_array_equal(made.valid.probabilities, named.valid.probabilities)


def test_the_list_says_what_is_recorded_and_what_is_not():
    lines = table(RECORDS).splitlines()
    adam = next(line for line in lines if "CNN, Adam 0.001" in line)
    assert adam.split()[:4] == ["03", "CNN,", "Adam", "0.001"]
    assert adam.endswith(", ".join(map(str, seeds_of(NAMED["CNN, Adam 0.001"], RECORDS))))
    assert all(any(training.name in line for line in lines) for training in TRAININGS)


def test_the_command_without_a_name_shows_the_list(capsys):
    assert main(["train"]) == 0
    assert "CNN, Adam 0.001" in capsys.readouterr().out


def test_the_command_trains_what_is_named_on_the_data_that_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(listed, "TRAININGS", (TINY,))
    data, out = tmp_path / "fer2013.csv", tmp_path / "out"
    data.write_bytes(csv_bytes())
    asked_for = ["train", "a tiny mlp", "--data", str(data), "--seed", "3", "--out", str(out), "--device", "cpu"]
    assert main(asked_for) == 0
    [record] = out.glob("*.json")
    assert (read_training(record)["seed"], read_training(record)["source"]) == (3, "fer2013.csv")
    assert "will leave the records out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["CNN, Adam 0.01", "--data", "drawn"], "no training 'CNN, Adam 0.01' in the list; the nearest: CNN, Adam"),
        (["CNN, Adam 0.001"], "--data is missing"),
    ],
)  # fmt: skip
def test_a_name_that_is_not_there_and_data_that_lacks_are_said(arguments, words, capsys):
    assert main(["train", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_hours_of_a_training_whose_sides_change_are_those_of_its_operations():
    records = [timed("Fast network, CPU recipe", 15, 3000.0), timed("CNN, Adam 0.001", 1, 30.0)]
    assert estimate(NAMED["Fast network, CPU recipe"], 15, records).hours == pytest.approx(3000 / 3600)
    flops = fc.training_flops(fc.fast(), faces=28_709, sides=fc.CPU_RECIPE["sides"])
    speed = fc.training_flops(fc.cnn(0.5, 0.25), faces=28_709, sides=[48]) / 30
    expected = estimate(NAMED["Fast network, CPU recipe"], 15, records[1:])
    assert expected.hours == pytest.approx(flops / speed / 3600)


@pytest.mark.parametrize("name", ["Fast network, CPU recipe", "Fast network, GPU recipe"])
def test_the_fast_networks_are_trained_by_the_recipes_that_the_lesson_reads(name):
    recipe, network = {
        "Fast network, CPU recipe": (fc.CPU_RECIPE, {}),
        "Fast network, GPU recipe": (fc.GPU_RECIPE, fc.GPU_NETWORK),
    }[name]
    assert NAMED[name].recipe == recipe
    with torch.device("meta"):
        listed_one, by_hand = NAMED[name].network(0.5, 0.25), fc.fast(**network)
    assert str(listed_one) == str(by_hand)
    assert NAMED[name].flips
    assert NAMED[name].test


NEW = [training for training in TRAININGS if training.lesson == "10" and training.framework == "torch"]


@pytest.mark.parametrize("training", NEW, ids=lambda training: training.name)
def test_a_training_of_lesson_10_runs_to_its_record_at_the_smallest_size(training, faces, tmp_path):
    few = replace(faces, train=faces.train.take(20), valid=faces.valid.take(10), test=faces.test.take(10))
    small = {"epochs": 2} | ({"sides": [32, 48]} if "sides" in training.recipe else {})
    if training.name.startswith("Fast network"):
        training = replace(training, network=lambda mean, std: fc.fast(widths=(4, 8, 8, 8)))
    [done] = run([replace(training, recipe=training.recipe | small)], few, tmp_path, seed=1)
    record = read_training(done.path)
    assert (record["lesson"], record["seed"], len(record["history"])) == ("10", 1, 2)
    assert record["recipe"]["epochs"] == 2
    assert record["test"] is not None
    assert ("side" in record["history"][0]) == ("sides" in training.recipe)


@pytest.mark.parametrize("flips", [False, True])
def test_ready_weights_are_recorded_as_a_training_of_no_epoch(flips, faces, tmp_path, ready_weights):
    if find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    from fercourse import tf

    network = tf.fer_network(ready_weights)
    [training] = [each for each in TRAININGS if each.framework == "ready weights" and each.flips == flips]
    [done] = run([replace(training, network=lambda: network)], faces, tmp_path)
    record = read_training(done.path)
    assert (record["history"], record["seconds"], record["reproduces"]) == ([], 0, None)
    for split, score in ((faces.valid, record["valid"]), (faces.test, record["test"])):
        right = tf.predict(network, split, flips=flips).y_pred == split.labels
        assert (rights_in(score) == right).all()
