"""Settings at the border: NumPy's and torch's numbers are Python's, and what cannot work is refused at the call."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from ids import stable
from torch import nn

import fercourse as fc
from fercourse.settings import plain

SMALL = dict(batch_size=50, device="cpu")
fit = partial(fc.fit, **SMALL, progress=False)


def small_mlp():
    torch.manual_seed(0)
    return fc.mlp(0.5, 0.25, hidden=(16,), dropout=0.0)


WAYS = {
    "float64": np.float64,
    "float32": np.float32,
    "an array": np.array,
    "a tensor": torch.tensor,
    "a double": partial(torch.tensor, dtype=torch.float64),
    "a parameter": lambda value: nn.Parameter(torch.tensor(value)),
}


@pytest.mark.parametrize("value", [0.1, 1e-3, 3e-4, 0.9, 0.02, 1e-30, 12345.678])
@pytest.mark.parametrize("way", WAYS)
def test_a_number_of_numpy_or_torch_is_the_plain_number_that_was_written(way, value):
    found = plain(WAYS[way](value))
    assert type(found) is float
    assert found == value


class Eager:
    """A scalar as TensorFlow has it: it knows `numpy`, and no `tolist`."""

    ndim = 0

    def __init__(self, value):
        self.numpy = lambda: value


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.array(3), 3),
        (torch.tensor(3), 3),
        (np.bool_(True), True),
        (torch.tensor(False), False),
        (np.str_("sgd"), "sgd"),
        (np.array("sgd"), "sgd"),
        (np.float16(0.1), 0.1),
        (np.longdouble(0.5), 0.5),
        (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
        (Eager(np.float32(0.1)), 0.1),
        (Eager(np.int64(3)), 3),
    ],
)
def test_whole_numbers_truths_and_words_are_pythons(given, expected):
    found = plain(given)
    assert (type(found), found) == (type(expected), expected)


def test_what_is_no_scalar_is_left_as_it_is():
    for value in (None, [1], np.ones(1), fc.Cosine(), "text", (1, 2)):
        assert plain(value) is value


NUMPY = dict(
    lr=np.float64(0.003),
    optimizer=np.str_("sgd"),
    momentum=np.float32(0.9),
    weight_decay=torch.tensor(0.01),
    schedule=fc.OneCycle(pct_start=np.float32(0.3)),
    batch_size=np.int64(50),
    shuffle=np.bool_(True),
    augment=fc.Augment(flip=np.float64(0.5), rotate=torch.tensor(10)),
    label_smoothing=np.array(0.1),
    class_weights=np.array([1, 2.5, 1, 1, 1, 1, 0.1], np.float32),
    clip=np.float16(1),
    ema=np.float64(0.9),
    keep=np.str_("best"),
    seed=np.uint8(5),
    compile=np.bool_(False),
)
PLAIN = dict(
    lr=0.003,
    optimizer="sgd",
    momentum=0.9,
    weight_decay=0.01,
    schedule=fc.OneCycle(pct_start=0.3),
    batch_size=50,
    shuffle=True,
    augment=fc.Augment(flip=0.5, rotate=10.0),
    label_smoothing=0.1,
    class_weights=[1, 2.5, 1, 1, 1, 1, 0.1],
    clip=1,
    ema=0.9,
    keep="best",
    seed=5,
    compile=False,
)


def test_every_setting_may_be_numpys_and_is_the_recipe_of_the_plain_one(tmp_path, faces):
    where = dict(device="cpu", progress=False, checkpoint=tmp_path / "run.pt")
    numpys = fc.fit(small_mlp(), faces, epochs=np.int64(2), **where, **NUMPY)
    read = fc.fit(small_mlp(), faces, epochs=2, **where, **PLAIN, resume=True)
    assert read["train_loss"] == numpys["train_loss"]
    again = fc.fit(small_mlp(), faces, epochs=2, device="cpu", progress=False, **PLAIN)
    assert again["train_loss"] == numpys["train_loss"]


@pytest.mark.parametrize("name", [*NUMPY])
def test_a_run_begun_with_one_setting_of_numpy_goes_on(tmp_path, faces, name):
    base = dict(optimizer="sgd", epochs=1, **SMALL, progress=False, checkpoint=tmp_path / "run.pt")
    whole = base | {name: NUMPY[name], "epochs": 2}
    fc.fit(small_mlp(), faces, **whole)
    assert len(fc.fit(small_mlp(), faces, **whole | {name: PLAIN[name]}, resume=True)) == 2


@pytest.mark.parametrize(
    "weights",
    [(1, 2, 1, 1, 1, 1, 0.1), np.array([1, 2, 1, 1, 1, 1, 0.1]), torch.tensor([1, 2, 1, 1, 1, 1, 0.1])],
    ids=["a tuple", "an array", "a tensor"],
)
def test_class_weights_are_one_recipe_whatever_holds_them(tmp_path, faces, weights):
    fit(small_mlp(), faces, epochs=1, checkpoint=tmp_path / "run.pt", class_weights=[1, 2, 1, 1, 1, 1, 0.1])
    assert (
        len(fit(small_mlp(), faces, epochs=2, checkpoint=tmp_path / "run.pt", class_weights=weights, resume=True)) == 2
    )


def test_weights_in_another_order_than_the_emotions_are_refused_and_not_taken_as_they_stand(faces):
    counts = pd.Series(faces.train.labels).value_counts()
    by_name = pd.Series(np.arange(1.0, 8), index=sorted(fc.EMOTIONS))
    for weights in (1 / counts, by_name):
        with pytest.raises(
            fc.ParameterError, match=r"expected class_weights in the order of fc\.EMOTIONS; found a column"
        ):
            fit(small_mlp(), faces, epochs=1, class_weights=weights)
    ordered = by_name[list(fc.EMOTIONS)]
    for weights in ((1 / counts).sort_index(), ordered, ordered.reset_index(drop=True)):
        listed = fit(small_mlp(), faces, epochs=1, class_weights=weights.tolist())
        assert fit(small_mlp(), faces, epochs=1, class_weights=weights)["train_loss"] == listed["train_loss"]


def test_class_weights_ten_times_as_large_change_nothing(faces):
    plain_run, tenfold = (fit(small_mlp(), faces, epochs=2, class_weights=[w] * 7) for w in (1, 10))
    np.testing.assert_allclose(plain_run["train_loss"], tenfold["train_loss"], rtol=1e-4)


def test_a_multiplier_of_numpy_leaves_a_checkpoint_that_is_read_again(tmp_path, faces):
    class Halving:
        def multiplier(self, taken, *, steps_an_epoch, epochs):
            return np.float32(0.5) ** (taken // steps_an_epoch)

        def __repr__(self):
            return "Halving()"

    settings = dict(epochs=2, schedule=Halving(), checkpoint=tmp_path / "run.pt")
    assert fit(small_mlp(), faces, **settings)["lr"] == [0.001, 0.0005]
    assert len(fit(small_mlp(), faces, **settings, resume=True)) == 2


class Own:
    """A schedule and an augmentation that print where they lie in memory."""

    def multiplier(self, taken, *, steps_an_epoch, epochs):
        return 1.0

    def __call__(self, images, generator):
        return images


class OneArgument(Own):
    def multiplier(self, taken):
        return 1.0


class NegativeRate(Own):
    def multiplier(self, taken, *, steps_an_epoch, epochs):
        return -1.0


COUNTS = [2**63, 10**400, "3", 3.0, np.float64(3), True, np.bool_(True), 0, -1, None, [3], np.array([3]), float("nan")]
NUMBERS = ["0.1", True, None, float("nan"), float("inf"), [0.1], np.array([0.1]), -0.1, 1j, 10**400]
WRONG = {
    "epochs": COUNTS,
    "batch_size": COUNTS,
    "seed": ["3", 3.0, True, None, -1, 2**64, [3], np.float32(3)],
    "lr": [*[value for value in NUMBERS if value is not None], 0],
    "momentum": [*NUMBERS, 1],
    "weight_decay": [value for value in NUMBERS if value is not None],
    "label_smoothing": [*NUMBERS, 1],
    "clip": [value for value in NUMBERS if value is not None] + [0],
    "ema": [value for value in NUMBERS if value is not None] + [1],
    "optimizer": ["Adam", None, torch.optim.Optimizer, ["adam"], 3],
    "keep": ["bset", None, True, ["best"]],
    "precision": ["half", None, torch.float16],
    "shuffle": ["False", "yes", 1, None, np.int64(0)],
    "compile": ["no", 1, None],
    "progress": ["no", 0, None],
    "schedule": ["cosine", fc.Cosine, 0.1, {}, torch.optim.lr_scheduler.StepLR, NegativeRate(), OneArgument()],
    "augment": [
        *[dict(flip=0.5), "flip", fc.Augment, 3, True, [fc.Augment()]],
        *[lambda: 1, lambda images, generator, more: images, lambda images, *, generator: images],
    ],
    "class_weights": [
        "1111111",
        3.0,
        [1] * 6,
        np.ones((7, 1)),
        dict.fromkeys(fc.EMOTIONS, 1),
        [True] * 7,
        *[[1, odd, 1, 1, 1, 1, 1] for odd in (0, -1, float("nan"), float("inf"), None, "2", 1e-300, 1e300, 3e38, -0.0)],
    ],
    "device": ["cpu:foo", "tpu", "cpu:9", "", None, 0, 1.5, "meta", ["cpu"]],
    "checkpoint": [3, True, b"run.pt", ["run.pt"], "run\0.pt", "a" * 300, np.array(3)],
    "resume": ["ture", 1, None, "run.pt", True, "auto"],
    "data": [None, "drawn", (1, 2)],
    "model": [None, nn.Linear, lambda images: images],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES, ids=lambda case: stable(case)[:30])
def test_a_setting_that_cannot_work_is_refused_at_the_call_and_named(faces, name, value):
    model = small_mlp()
    before = {key: weights.clone() for key, weights in model.state_dict().items()}
    asked = dict(model=model, data=faces, epochs=1, device="cpu") | {name: value}
    if name == "momentum":
        asked["optimizer"] = "sgd"
    with pytest.raises(fc.ParameterError, match="network" if name == "model" else name):
        fc.iter_fit(**asked)
    assert all(torch.equal(before[key], weights) for key, weights in model.state_dict().items())


def test_faces_without_labels_or_no_faces_at_all_are_refused_at_the_call(faces):
    unknown = fc.Split(faces.valid.images, np.full(len(faces.valid), -1), "valid", "somewhere")
    for part in ("train", "valid"):
        for lacking, words in ((getattr(faces, part)[:0], "no faces"), (unknown, "no labels")):
            with pytest.raises(fc.DataMismatch, match=words):
                fc.iter_fit(small_mlp(), replace(faces, **{part: lacking}), epochs=1)


def test_own_objects_that_print_their_place_in_memory_are_refused_where_a_checkpoint_is_asked_for(tmp_path, faces):
    for settings in (dict(schedule=Own()), dict(augment=Own()), dict(augment=lambda images, generator: images)):
        assert len(fit(small_mlp(), faces, epochs=1, **settings)) == 1
        with pytest.raises(fc.ParameterError, match="__repr__"):
            fc.iter_fit(small_mlp(), faces, epochs=1, checkpoint=tmp_path / "run.pt", **settings)


def test_a_path_may_come_as_text_of_numpy(tmp_path, faces):
    for way in (np.str_, np.array):
        fit(small_mlp(), faces, epochs=1, checkpoint=way(str(tmp_path / "run.pt")), resume="auto")
    assert (tmp_path / "run.pt").is_file()


@pytest.mark.parametrize(
    "returned",
    [
        lambda images: (images, images),
        lambda images: images[:2],
        lambda images: None,
        lambda images: images.double(),
        lambda images: images.half(),
    ],
)
def test_an_augmentation_that_returns_something_else_is_named_in_the_first_batch(faces, returned):
    with pytest.raises(fc.ParameterError, match="expected augment to return images"):
        fit(small_mlp(), faces, epochs=1, augment=lambda images, generator: returned(images))


def test_a_line_an_epoch_reads_the_same_whatever_number_the_epochs_are(faces, capsys):
    for epochs in (2, np.int64(2), torch.tensor(2)):
        fc.fit(small_mlp(), faces, epochs=epochs, **SMALL)
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
        assert [line.split("   ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
