"""What a training leaves behind that was stopped: by `break`, an error, Ctrl-C, or a loss that is no number."""

import copy
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import fercourse as fc

SETTINGS = dict(batch_size=50, device="cpu")
fit = partial(fc.fit, **SETTINGS, progress=False)


def small_mlp(seed=0):
    torch.manual_seed(seed)
    return fc.mlp(0.5, 0.25, hidden=(32, 16), dropout=0.0)


def weights_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


class Stopped(Exception):
    """Stands for whatever the loop's body may raise."""


def leave_by_break(rows, epochs):
    for row in rows:
        if row["epoch"] == epochs:
            break


def leave_by_break_while_something_holds_the_loop(rows, epochs):
    leave_by_break_while_something_holds_the_loop.held = rows  # as a notebook's traceback does
    leave_by_break(rows, epochs)


def leave_by_an_error(rows, epochs):
    with suppress(Stopped):
        for row in rows:
            if row["epoch"] == epochs:
                raise Stopped


def leave_by_ctrl_c_in_the_body(rows, epochs):
    with suppress(KeyboardInterrupt):
        for row in rows:
            if row["epoch"] == epochs:
                raise KeyboardInterrupt


def leave_by_close(rows, epochs):
    for _ in range(epochs):
        next(rows)
    rows.close()


def leave_by_next_alone(rows, epochs):
    leave_by_next_alone.held = rows
    for _ in range(epochs):
        next(rows)


LEAVES = [
    leave_by_break,
    leave_by_break_while_something_holds_the_loop,
    leave_by_an_error,
    leave_by_ctrl_c_in_the_body,
    leave_by_close,
    leave_by_next_alone,
]


def best_weights(faces, epochs, **settings):
    """The weights after each epoch of a plain run, and the place of the best of its first `epochs`."""
    weights, accuracies, model = [], [], small_mlp()
    for row in fc.iter_fit(model, faces, epochs=epochs, **SETTINGS, **settings):
        weights.append(weights_of(model))
        accuracies.append(row["valid_accuracy"])
    best = accuracies.index(max(accuracies))
    assert best < epochs - 1, "the test needs a training that gets worse again"
    return weights[best], accuracies[best]


@pytest.mark.parametrize("settings", [dict(lr=0.01), dict(lr=0.02, ema=0.5)], ids=["plain", "averaged"])
@pytest.mark.parametrize("leave", LEAVES, ids=lambda leave: leave.__name__)
def test_the_best_weights_are_in_the_model_however_the_loop_is_left(faces, leave, settings):
    expected, accuracy = best_weights(faces, 8, **settings)
    model = small_mlp()
    leave(fc.iter_fit(model, faces, epochs=20, keep="best", **SETTINGS, **settings), 8)
    assert same(expected, weights_of(model))
    assert fc.predict(model, faces.valid).accuracy == pytest.approx(accuracy)
    assert not model.training


def test_a_loop_that_is_let_go_of_later_does_not_touch_a_model_that_was_trained_on(faces):
    model = small_mlp()
    rows = fc.iter_fit(model, faces, epochs=20, lr=0.01, keep="best", **SETTINGS)
    leave_by_break(rows, 3)
    fit(model, faces, epochs=2)
    after = weights_of(model)
    rows.close()
    assert same(after, weights_of(model))


class Interrupting(nn.Module):
    """Passes activations on; raises in the middle of an epoch of training."""

    def __init__(self, batch, error):
        super().__init__()
        self._left, self._error = batch, error

    def forward(self, images):
        self._left -= self.training
        if self._left < 0:
            raise self._error
        return images


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), Stopped(), MemoryError()], ids=lambda error: type(error).__name__
)
@pytest.mark.parametrize("settings", [dict(lr=0.01), dict(lr=0.02, ema=0.5)], ids=["plain", "averaged"])
def test_ctrl_c_in_the_middle_of_an_epoch_leaves_the_best_weights(faces, error, settings):
    expected, _ = best_weights(faces, 8, **settings)
    inner = small_mlp()
    model = nn.Sequential(Interrupting(8 * 5 + 3, error), inner)
    with pytest.raises(type(error)):
        fit(model, faces, epochs=20, keep="best", **settings)
    assert same(expected, weights_of(inner))
    assert not model.training


def test_ctrl_c_without_keep_best_leaves_the_averaged_weights_and_no_old_ones(faces):
    inner = small_mlp()
    with pytest.raises(KeyboardInterrupt):
        fit(nn.Sequential(Interrupting(7, KeyboardInterrupt()), inner), faces, epochs=3, lr=0.1, ema=0.9)
    raw = small_mlp()
    with pytest.raises(KeyboardInterrupt):
        fit(nn.Sequential(Interrupting(7, KeyboardInterrupt()), raw), faces, epochs=3, lr=0.1)
    start = small_mlp().state_dict()["2.weight"]
    moved, averaged = ((each.state_dict()["2.weight"] - start).abs().mean() for each in (raw, inner))
    assert 0 < averaged < moved


def test_a_plateau_that_is_left_early_leaves_the_best_weights(faces):
    expected, _ = best_weights(faces, 8, lr=0.01)
    model = small_mlp()
    leave_by_break(fc.iter_fit(model, faces, epochs=20, lr=0.01, schedule=fc.Plateau(patience=9), **SETTINGS), 8)
    assert same(expected, weights_of(model))


def test_showing_the_best_weights_does_not_steer_the_training(faces):
    kept, last = (fit(small_mlp(), faces, epochs=8, lr=0.01, keep=keep) for keep in ("best", "last"))
    assert kept["train_loss"] == last["train_loss"]
    assert kept["valid_loss"] == last["valid_loss"]


def test_a_run_left_by_break_with_the_best_weights_shown_goes_on_from_its_last_ones(tmp_path, faces):
    settings = dict(lr=0.01, keep="best", checkpoint=tmp_path / "run.pt", **SETTINGS)
    leave_by_break(fc.iter_fit(small_mlp(), faces, epochs=20, **settings), 8)
    resumed, straight = small_mlp(9), small_mlp()
    rows = list(fc.iter_fit(resumed, faces, epochs=12, resume=True, **settings))
    whole = fit(straight, faces, epochs=12, lr=0.01, keep="best")
    assert [row["train_loss"] for row in rows] == whole["train_loss"]
    assert same(weights_of(resumed), weights_of(straight))


@pytest.mark.parametrize("keep", ["last", "best"])
def test_fit_and_its_loop_leave_the_model_ready_to_answer(faces, keep):
    model = small_mlp().train()
    for _ in fc.iter_fit(model, faces, epochs=2, keep=keep, **SETTINGS):
        assert not any(layer.training for layer in model.modules())


class Diverging(nn.Module):
    """Passes logits on; from one training batch on, they are `value`."""

    def __init__(self, batch, value):
        super().__init__()
        self._left, self._value = batch, value

    def forward(self, logits):
        self._left -= self.training
        return logits if self._left > 0 else logits * self._value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e39])
@pytest.mark.parametrize("batch", [1, 3, 5, 6, 10])
def test_a_loss_that_is_no_number_stops_the_training_and_says_where(faces, batch, value):
    model = nn.Sequential(small_mlp(), Diverging(batch, value))
    with pytest.raises(fc.TrainingDiverged) as error:
        fit(model, faces, epochs=9, lr=0.003)
    epoch, place = 1 + (batch - 1) // 5, 1 + (batch - 1) % 5
    for words in (f"epoch {epoch}, batch {place}", "nan", "rate of 0.003", "clip=1.0"):
        assert words in str(error.value)


class DivergingAnswers(nn.Module):
    """Passes logits on; from one question in evaluation on, they are NaN."""

    def __init__(self, question):
        super().__init__()
        self._left = question

    def forward(self, logits):
        self._left -= not self.training
        return logits if self.training or self._left > 0 else logits * float("nan")


def test_a_loss_on_validation_faces_that_is_no_number_stops_the_training_too(faces):
    model = nn.Sequential(small_mlp(), DivergingAnswers(4))  # one is asked before the first epoch
    with pytest.raises(fc.TrainingDiverged, match="epoch 3, after its last batch: the loss on validation faces is nan"):
        fit(model, faces, epochs=9)


def test_the_rate_in_the_message_is_that_of_the_batch(faces):
    model = nn.Sequential(small_mlp(), Diverging(3, float("nan")))
    with pytest.raises(fc.TrainingDiverged, match=r"batch 3: .* rate of 0\.006\. "):
        fit(model, faces, epochs=1, lr=0.01, schedule=fc.Cosine(warmup=0.99))


def test_a_training_that_diverged_leaves_the_checkpoint_of_the_last_good_epoch(tmp_path, faces):
    path = tmp_path / "run.pt"
    good = small_mlp()
    model = nn.Sequential(good, Diverging(13, float("nan")))
    rows = []
    with pytest.raises(fc.TrainingDiverged, match=r"epoch 3.*run\.pt holds the 2 before"):
        rows.extend(row for row in fc.iter_fit(model, faces, epochs=9, checkpoint=path, **SETTINGS))
    saved = torch.load(path, weights_only=True)
    assert [row["epoch"] for row in saved["rows"]] == [1, 2]
    assert all(value.isfinite().all() for value in saved["training"]["model"].values())


def test_a_training_that_diverged_leaves_the_best_weights_where_they_are_kept(faces):
    inner, expected = small_mlp(), small_mlp()
    fit(expected, faces, epochs=2, keep="best")
    with pytest.raises(fc.TrainingDiverged):
        fit(nn.Sequential(inner, Diverging(13, float("nan"))), faces, epochs=9, keep="best")
    assert same(weights_of(expected), weights_of(inner))


def test_a_rate_far_too_high_is_noticed_on_the_training_or_on_the_validation_faces(faces):
    with pytest.raises(fc.TrainingDiverged, match=r"epoch \d+, (batch|after)"):
        fit(small_mlp(), faces, epochs=30, lr=1e6, optimizer="sgd")


@pytest.mark.parametrize("ask", [fc.predict, lambda model, split: fc.evaluate(model, fc.batches(split))])
@pytest.mark.parametrize("fails", [False, True])
def test_asking_a_model_leaves_each_layer_in_the_mode_it_was_found_in(faces, ask, fails):
    model = nn.Sequential(small_mlp(), nn.Dropout(), nn.BatchNorm1d(7), Diverging(99, 1.0)).train()
    model[2].eval()  # a frozen norm inside a model in training
    before = [layer.training for layer in model.modules()]
    split = faces.valid
    if fails:
        model[3].forward = lambda logits: 1 / 0
        with pytest.raises(ZeroDivisionError):
            ask(model, split)
    else:
        ask(model, split)
        assert np.array_equal(fc.predict(copy.deepcopy(model).eval(), split).y_pred, fc.predict(model, split).y_pred)
    assert [layer.training for layer in model.modules()] == before
