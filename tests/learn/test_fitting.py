"""What `fit` adds to the loop: schedules, averages, clipping, weights of classes, augmentation; and an exact resume."""

import copy
import json
import signal
import subprocess
import sys
import textwrap
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import fercourse as fc
from fercourse.learn.loop import on_device, stream_batches
from fercourse.learn.optim import Descent

fit = partial(fc.fit, batch_size=50, device="cpu", progress=False)


def small_mlp(seed=0):
    torch.manual_seed(seed)
    return fc.mlp(0.5, 0.25, hidden=(32, 16), dropout=0.0)


def same_weights(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def by_hand(faces, model, *, epochs, optimizer, after_backward=lambda: None, after_step=lambda: None, loss_of=None):
    """The loop of lesson 02 with room for what a test is about."""
    order = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for images, labels in stream_batches(*on_device(faces.train, "cpu"), 50, True, order, "cpu"):
            loss = (loss_of or F.cross_entropy)(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            after_backward()
            optimizer.step()
            after_step()
    return model


def test_a_schedule_sets_the_rate_of_every_step(faces):
    model = small_mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.3, total_steps=15, cycle_momentum=False)
    by_hand(faces, model, epochs=3, optimizer=optimizer, after_step=schedule.step)
    ours = small_mlp()
    history = fit(ours, faces, epochs=3, lr=0.3, optimizer="sgd", schedule=fc.OneCycle())
    for mine, theirs in zip(ours.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)
    assert history["lr"][-1] == pytest.approx(0.3 / 25e4)


def test_gradients_are_clipped_all_together(faces):
    model = small_mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def clip():
        norm = torch.sqrt(sum((weights.grad**2).sum() for weights in model.parameters()))
        for weights in model.parameters():
            weights.grad *= min(1, 0.1 / norm)

    by_hand(faces, model, epochs=2, optimizer=optimizer, after_backward=clip)
    ours = small_mlp()
    fit(ours, faces, epochs=2, lr=0.5, optimizer="sgd", clip=0.1)
    for mine, theirs in zip(ours.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


def test_averaged_weights_are_evaluated_and_left_in_the_model_and_do_not_steer_the_training(faces):
    model = small_mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    average = []

    def remember():
        weights = torch.cat([weights.detach().flatten() for weights in model.parameters()])
        average[:] = [weights.clone()] if not average else [0.8 * average[0] + 0.2 * weights]

    by_hand(faces, model, epochs=3, optimizer=optimizer, after_step=remember)
    ours = small_mlp()
    history = fit(ours, faces, epochs=3, lr=0.1, optimizer="sgd", ema=0.8)
    found = torch.cat([weights.detach().flatten() for weights in ours.parameters()])
    torch.testing.assert_close(found, average[0], rtol=1e-4, atol=1e-5)
    assert history["valid_loss"][-1] == pytest.approx(fc.evaluate(ours, fc.batches(faces.valid, 512))["valid_loss"])
    plain = fit(small_mlp(), faces, epochs=3, lr=0.1, optimizer="sgd")
    assert history["train_loss"] == plain["train_loss"]


def test_the_buffers_of_batch_norm_are_averaged_with_the_weights(faces):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(2304), nn.Linear(2304, 7))
    fit(model, faces, epochs=1, ema=0.9)
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(2304), nn.Linear(2304, 7))
    fit(plain, faces, epochs=1)
    assert not torch.allclose(model[1].running_mean, plain[1].running_mean)


def test_smoothing_and_class_weights_change_the_training_loss_alone(faces):
    weights = [1.0, 9.0, 1.0, 0.5, 1.0, 1.0, 2.0]
    model = small_mlp()
    smoothed = nn.CrossEntropyLoss(weight=torch.tensor(weights), label_smoothing=0.1)
    by_hand(faces, model, epochs=1, optimizer=torch.optim.SGD(model.parameters(), lr=0.1), loss_of=smoothed)
    ours = small_mlp()
    history = fit(ours, faces, epochs=1, lr=0.1, optimizer="sgd", label_smoothing=0.1, class_weights=weights)
    for mine, theirs in zip(ours.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)
    assert history["valid_loss"][0] == pytest.approx(fc.predict(ours, faces.valid).loss, abs=1e-5)


def test_augmentation_is_for_training_faces_alone_and_new_in_every_epoch(faces):
    seen, probes = [], 8  # the faces on which it is tried at the call

    def watch(images, generator):
        assert generator.device.type == "cpu"
        seen.append(len(images))
        return images

    model, plain = small_mlp(), small_mlp()
    history = fit(model, faces, epochs=2, augment=watch)
    assert seen == [probes] + [50, 50, 50, 50, 10] * 2
    assert history["train_loss"] == fit(plain, faces, epochs=2)["train_loss"]
    shifted = fit(small_mlp(), faces, epochs=2, augment=fc.Augment(flip=0.5, shift=0.1))
    assert shifted["train_loss"] != history["train_loss"]


def test_keep_best_leaves_the_weights_of_the_best_epoch(faces):
    model = small_mlp()
    history = fit(model, faces, epochs=8, lr=0.01, keep="best")
    assert history.best()["epoch"] < 8, "the test needs a training that gets worse again"
    assert fc.predict(model, faces.valid).accuracy == pytest.approx(history.best()["valid_accuracy"])


def test_a_plateau_goes_back_to_the_best_weights_at_a_part_of_the_rate_and_ends(faces):
    rule = fc.Plateau(patience=1, factor=0.1, stop=1e-4)
    model, rows, weights = small_mlp(), [], []
    for row in fc.iter_fit(model, faces, epochs=40, lr=0.01, schedule=rule, device="cpu"):
        rows.append(row)
        weights.append(model[2].weight.detach().clone())
    accuracies = [row["valid_accuracy"] for row in rows]
    backs = [epoch for epoch in range(len(rows)) if rule.follow(accuracies[: epoch + 1])[1]]
    assert len(backs) == 3, "at 0.01, 0.001 and 0.0001"
    for epoch in backs:
        best = accuracies.index(max(accuracies[: epoch + 1]))
        assert torch.equal(weights[epoch], weights[best])
    assert [row["lr"] for row in rows][backs[0] + 1] == pytest.approx(0.001)
    assert len(rows) == backs[-1] + 1 < 40
    assert fc.predict(model, faces.valid).accuracy == pytest.approx(max(accuracies))


def test_a_plateau_that_would_end_before_the_first_epoch_is_refused(faces):
    for settings in (
        dict(lr=1e-8),
        dict(optimizer=lambda weights: torch.optim.SGD([{"params": weights[:2], "lr": 0}, {"params": weights[2:]}])),
    ):
        with pytest.raises(fc.ParameterError, match=r"a rate of at least 1e-07.*found lr=.*not one epoch"):
            fc.iter_fit(small_mlp(), faces, epochs=3, schedule=fc.Plateau(), device="cpu", **settings)


def test_going_back_twice_to_one_state_brings_the_same_momentum_back_twice(faces):
    model = small_mlp()
    momentum = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    length = {"steps_an_epoch": 1, "epochs": 9}
    descent = Descent(model, momentum, schedule=None, **length, clip=None, ema=None)
    images, labels = next(fc.batches(faces.train, 50, device="cpu"))

    def two_steps():
        for _ in range(2):
            descent.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            descent.step()
        return copy.deepcopy(model)

    two_steps()
    best, ends = copy.deepcopy(descent.state()), []
    for _ in range(2):
        descent.restore(best)
        ends.append(two_steps())
    assert same_weights(*ends)


def test_a_compiled_network_learns_what_the_plain_one_learns(faces, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda forward: compiled.append(forward) or forward)
    fit(small_mlp(), faces, epochs=1, compile=True)
    assert len(compiled) == 1


def test_flips_at_test_time_are_the_mean_of_a_face_and_its_mirror(faces):
    model = small_mlp()
    mirrored = fc.Split(faces.valid.images[:, :, ::-1].copy(), faces.valid.labels, "valid", "mirrored")
    mean = (fc.predict(model, faces.valid).probabilities + fc.predict(model, mirrored).probabilities) / 2
    np.testing.assert_allclose(fc.predict(model, faces.valid, flips=True).probabilities, mean, atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        dict(epochs=0),
        dict(lr=0.0),
        dict(weight_decay=-0.1),
        dict(optimizer="adm"),
        dict(keep="first"),
        dict(label_smoothing=1.0),
        dict(clip=0.0),
        dict(ema=1.0),
        dict(class_weights=[1.0, 2.0]),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused_with_what_was_found(faces, wrong):
    found = next(iter(wrong.values()))
    with pytest.raises(fc.ParameterError, match=r"found .*") as error:
        next(fc.iter_fit(small_mlp(), faces, **dict(epochs=1, device="cpu") | wrong))
    assert str(found) in str(error.value)


KILLED = """
    import os, signal, sys, torch
    import fercourse as fc
    from fercourse.data.drawn.dataset import drawn_faces

    class Killer(torch.nn.Module):
        "Passes images on; in the middle of the third epoch it kills its own process without a word."
        seen = 0
        def forward(self, images):
            Killer.seen += self.training
            if Killer.seen == 13:
                os.kill(os.getpid(), signal.SIGKILL)
            return images

    torch.set_num_threads(1)
    faces = drawn_faces(210, 70, 70, seed=7)
    torch.manual_seed(0)
    model = fc.mlp(0.5, 0.25, hidden=(32, 16))
    model[1] = torch.nn.Sequential(Killer(), model[1])
    settings = dict(epochs=6, batch_size=50, device="cpu", augment=fc.Augment(flip=0.5, rotate=10), progress=False)
    fc.fit(model, faces, checkpoint=sys.argv[1], **settings | eval(sys.argv[2]))
"""

RECIPES = [
    "dict()",
    "dict(optimizer='sgd', lr=0.05, augment=None)",
    "dict(optimizer='adamw', weight_decay=0.1, schedule=fc.Cosine(warmup=0.1))",
    "dict(optimizer='sgd', momentum=0.9, lr=0.05, schedule=fc.OneCycle())",
    "dict(optimizer='adadelta', lr=0.1, schedule=fc.Step(step_size=2))",
    "dict(schedule=fc.Plateau(patience=1), lr=0.01)",
    "dict(precision='bfloat16', ema=0.9, clip=1.0, label_smoothing=0.1, keep='best', class_weights=[1,9,1,1,1,1,1])",
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_killed_in_the_middle_of_an_epoch_resumes_to_the_same_weights_bit_for_bit(tmp_path, faces, recipe):
    def train(**settings):
        torch.manual_seed(0)
        model = fc.mlp(0.5, 0.25, hidden=(32, 16))
        settings |= dict(epochs=6, batch_size=50, device="cpu", progress=False)
        settings |= dict(augment=fc.Augment(flip=0.5, rotate=10)) | eval(recipe)
        return model, fc.fit(model, faces, **settings)

    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "run.pt"), recipe]
    killed = subprocess.run(command, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole, whole_history = train()
        resumed, resumed_history = train(checkpoint=tmp_path / "run.pt", resume=True)
        read_again, read_history = train(checkpoint=tmp_path / "run.pt", resume=True)
    finally:
        torch.set_num_threads(threads)
    for column in ("train_loss", "valid_loss", "valid_accuracy", "lr"):
        assert resumed_history[column] == read_history[column] == whole_history[column]
    assert len(resumed_history) == len(whole_history) > 2
    assert same_weights(resumed, whole)
    assert same_weights(read_again, whole)


def test_resuming_with_another_recipe_lists_everything_that_differs(tmp_path, faces):
    settings = dict(epochs=1, checkpoint=tmp_path / "run.pt")
    fit(small_mlp(), faces, **settings, augment=fc.Augment(flip=0.5))
    other = dict(augment=fc.Augment(flip=0.4), schedule=fc.Step(), ema=0.9, class_weights=[1] * 7)
    with pytest.raises(fc.CheckpointMismatch) as error:
        fit(small_mlp(), faces, **settings, resume=True, **other)
    for line in (
        "augment: Augment(flip=0.5) in the checkpoint, Augment(flip=0.4) now",
        "schedule: None in the checkpoint, Step(step_size=10, gamma=0.1) now",
        "ema: None in the checkpoint, 0.9 now",
        "class_weights: None in the checkpoint, [1, 1, 1, 1, 1, 1, 1] now",
    ):
        assert line in str(error.value)
    assert "seed" not in str(error.value)


def test_a_schedule_laid_out_over_all_epochs_cannot_be_made_longer_afterwards(tmp_path, faces):
    settings = dict(checkpoint=tmp_path / "run.pt", schedule=fc.OneCycle())
    fit(small_mlp(), faces, epochs=2, **settings)
    with pytest.raises(fc.CheckpointMismatch, match="epochs: 2 in the checkpoint, 3 now"):
        fit(small_mlp(), faces, epochs=3, **settings, resume=True)


def test_a_checkpoint_holds_plain_values_alone(tmp_path, faces):
    settings = dict(augment=fc.Augment(flip=0.5), schedule=fc.Plateau(), class_weights=np.ones(7))
    fit(small_mlp(), faces, epochs=1, checkpoint=tmp_path / "run.pt", **settings)
    saved = torch.load(tmp_path / "run.pt", weights_only=True)
    assert json.dumps(saved["recipe"])
