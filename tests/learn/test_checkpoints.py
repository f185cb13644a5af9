"""Checkpoints: which run goes on from which file, and what is said of a file from which none can."""

import random
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import fercourse as fc
from fercourse.learn.checkpoints import load_checkpoint, save_checkpoint

fit = partial(fc.fit, batch_size=50, device="cpu", progress=False)


def small_mlp(mean=0.5, std=0.25, **settings):
    torch.manual_seed(0)
    return fc.mlp(mean, std, **dict(hidden=(16,), dropout=0.0) | settings)


@pytest.fixture
def run(tmp_path, faces):
    """The checkpoint of a run of one epoch."""
    fit(small_mlp(), faces, epochs=1, checkpoint=tmp_path / "run.pt")
    return tmp_path / "run.pt"


@pytest.mark.parametrize("name", ["rnu.pt", "run", "run.pth", "there/run.pt"])
def test_a_mistyped_file_to_resume_from_is_refused_with_those_that_are_there(run, faces, name):
    (run.parent / "notes.txt").write_text("")
    (run.parent / "there").mkdir()
    (run.parent / "there" / "old.pt").write_text("")
    with pytest.raises(fc.ParameterError) as error:
        fc.iter_fit(small_mlp(), faces, epochs=2, checkpoint=run.parent / name, resume=True)
    assert f"there is no {run.parent / name}" in str(error.value)
    assert ("old.pt" if "/" in name else "run.pt") in str(error.value)


def test_a_folder_that_is_not_there_or_holds_nothing_is_named(tmp_path, faces):
    for path, words in ((tmp_path / "rnus" / "run.pt", "no folder .*rnus"), (tmp_path / "run.pt", "holds no file")):
        with pytest.raises(fc.ParameterError, match=words):
            fc.iter_fit(small_mlp(), faces, epochs=2, checkpoint=path, resume=True)


def test_auto_begins_where_nothing_is_and_goes_on_where_a_run_is(tmp_path, faces):
    settings = dict(checkpoint=tmp_path / "new" / "run.pt", resume="auto")
    first = fit(small_mlp(), faces, epochs=1, **settings)
    second = fit(small_mlp(), faces, epochs=2, **settings)
    assert second["train_loss"][0] == first["train_loss"][0]
    assert second["train_loss"] == fit(small_mlp(), faces, epochs=2)["train_loss"]
    with pytest.raises(fc.CheckpointMismatch, match=r"lr: 0\.001 in the checkpoint, 0\.1 now"):
        fit(small_mlp(), faces, epochs=3, lr=0.1, **settings)


class Halved(nn.Sequential):
    """A kind of its own: what its layers make of the input, halved."""

    def forward(self, images):
        return super().forward(images) / 2


class Net(nn.Module):
    """A network of one's own: dropout and activation are plain attributes."""

    def __init__(self, share=0.5, activation=F.relu, slope=1):
        super().__init__()
        self.share, self.activation, self.slope = share, activation, slope
        self.inner, self.out = nn.Linear(48 * 48, 8), nn.Linear(8, 7)

    def forward(self, images):
        hidden = self.activation(self.inner(images.flatten(1)))
        return self.out(self.slope * F.dropout(hidden, self.share, self.training))


def stack(*layers):
    return nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, 8), *layers, nn.Linear(8, 7))


OTHERS = {
    "dropout": (small_mlp, lambda: small_mlp(dropout=0.5), r"layer 4: Dropout\(p=0,.*Dropout\(p=0.5"),
    "the mean": (
        small_mlp,
        lambda: small_mlp(mean=0.4),
        r"layer 0: Standardise\(mean=0.5, std=0.25\) in the checkpoint",
    ),
    "the activation": (lambda: stack(nn.ReLU()), lambda: stack(nn.GELU()), r"layer 2: ReLU\(.*\) in the .*, GELU"),
    "a slope": (lambda: stack(nn.LeakyReLU(0.1)), lambda: stack(nn.LeakyReLU(0.2)), "negative_slope=0.1.*=0.2"),
    "one more layer": (stack, lambda: nn.Sequential(*stack(), nn.Dropout(0.5)), "not set in the checkpoint, Dropout"),
    "momentum of norm": (lambda: stack(nn.BatchNorm1d(8)), lambda: stack(nn.BatchNorm1d(8, momentum=0.5)), "momentum"),
    "an attribute": (Net, lambda: Net(0.2), "share=0.5.*share=0.2"),
    "a function": (Net, lambda: Net(activation=F.gelu), "activation=relu.*activation=gelu"),
    "a kind of block": (lambda: nn.Sequential(stack()), lambda: Halved(stack()), "Halved"),
    "without settings": (lambda: stack(nn.Tanh()), lambda: stack(nn.Sigmoid()), "Tanh.*Sigmoid"),
    "the order": (lambda: stack(nn.Tanh(), nn.ReLU()), lambda: stack(nn.ReLU(), nn.Tanh()), "Tanh.*ReLU"),
    "kernel": (
        lambda: nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(576, 7)),
        lambda: nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(576, 7)),
        "MaxPool2d.*AvgPool2d",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_network_of_equal_weights_that_computes_something_else_does_not_go_on(tmp_path, faces, name):
    build, other, words = OTHERS[name]
    fit(build(), faces, epochs=1, checkpoint=tmp_path / "run.pt")
    with pytest.raises(fc.CheckpointMismatch, match=words):
        fit(other(), faces, epochs=2, checkpoint=tmp_path / "run.pt", resume=True)
    assert len(fit(build(), faces, epochs=2, checkpoint=tmp_path / "run.pt", resume=True)) == 2


def test_the_same_settings_written_otherwise_go_on(tmp_path, faces):
    settings = dict(checkpoint=tmp_path / "run.pt")
    fit(Net(0.5, slope=1), faces, epochs=1, **settings)
    assert len(fit(Net(np.float64(0.5), slope=1.0).train(False), faces, epochs=2, **settings, resume=True)) == 2


class Watching(nn.Module):
    """Hands on what it is given."""

    def forward(self, images):
        return images


def test_a_layer_that_only_watches_is_no_other_network(run, faces):
    watched = nn.Sequential(Watching(), small_mlp()[0], nn.Identity(), *small_mlp()[1:])
    inner = small_mlp()
    inner[1] = nn.Sequential(Watching(), nn.Sequential(inner[1], nn.Identity()))
    assert len(fit(inner, faces, epochs=2, checkpoint=run, resume=True)) == 2
    with pytest.raises(fc.CheckpointMismatch, match="model"):  # the weights have other names
        fit(watched, faces, epochs=3, checkpoint=run, resume=True)


def test_of_many_differences_the_first_are_shown(run, faces):
    deep = nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, 7), *[nn.ReLU() for _ in range(40)])
    with pytest.raises(fc.CheckpointMismatch, match=r"and \d\d more") as error:
        fit(deep, faces, epochs=2, checkpoint=run, resume=True)
    assert len(str(error.value).splitlines()) < 20


def rewritten(path, change):
    saved = torch.load(path, weights_only=True)
    change(saved)
    torch.save(saved, path)


def test_a_good_checkpoint_with_numbers_of_numpy_goes_on(run, faces):
    def as_it_was_once_written(saved):
        saved["recipe"] |= dict(
            lr=np.float64(0.001), seed=np.int64(0), shuffle=np.bool_(True), optimizer=np.str_("adam")
        )
        saved["rows"][0]["lr"] = np.float64(0.001)
        saved["training"]["optimizer"]["param_groups"][0]["lr"] = np.float64(0.001)

    rewritten(run, as_it_was_once_written)
    rows = list(fc.iter_fit(small_mlp(), faces, epochs=2, batch_size=50, device="cpu", checkpoint=run, resume=True))
    assert type(rows[0]["lr"]) is float
    assert [row["train_loss"] for row in rows] == fit(small_mlp(), faces, epochs=2)["train_loss"]


def test_a_checkpoint_from_before_layers_were_kept_goes_on(tmp_path, faces):
    settings = dict(schedule=fc.Cosine(warmup=0.3), checkpoint=tmp_path / "run.pt", epochs=2)
    fit(small_mlp(), faces, **settings)

    def as_it_was_once_written(saved):
        layers = [name for name in saved["recipe"] if name.startswith("layer ")]
        assert layers
        for name in layers:
            del saved["recipe"][name]
        saved["recipe"]["schedule"] = "Cosine(warmup=np.float64(0.3))"
        saved["drawn"] = saved.pop("generator")

    rewritten(tmp_path / "run.pt", as_it_was_once_written)
    assert len(fit(small_mlp(), faces, **settings, resume=True)) == 2


class Foreign:
    """Something that only unrestricted unpickling would read."""


@pytest.mark.parametrize(
    "content",
    [
        small_mlp().state_dict(),
        small_mlp(),
        [1, 2],
        torch.ones(3),
        {"recipe": 3},
        {"recipe": {"lr": 0.1}, "model": {}},
        {"recipe": {"lr": Foreign()}},
    ],
    ids=["weights", "a model", "a list", "a tensor", "no recipe", "of another program", "a foreign object"],
)
def test_a_whole_file_that_is_something_else_is_neither_called_damaged_nor_to_be_deleted(tmp_path, faces, content):
    torch.save(content, tmp_path / "other.pt")
    before = (tmp_path / "other.pt").read_bytes()
    with pytest.raises(fc.CheckpointMismatch, match=r"other\.pt is whole, but no checkpoint that `fit` wrote") as error:
        fc.iter_fit(small_mlp(), faces, epochs=2, checkpoint=tmp_path / "other.pt", resume=True)
    assert "damaged" not in str(error.value)
    assert "elete" not in str(error.value)
    assert (tmp_path / "other.pt").read_bytes() == before


def test_no_damage_to_a_checkpoint_passes_or_escapes_as_another_error(run):
    whole, draw = run.read_bytes(), random.Random(0)
    recipe = torch.load(run, weights_only=True)["recipe"]
    content = torch.load(run, weights_only=True)["training"]["model"]
    refused = 0
    for number in range(60):
        damaged = bytearray(whole)
        place = draw.randrange(len(whole))
        if number % 3 == 0:
            del damaged[place:]
        elif number % 3 == 1:
            damaged[place] ^= 1 << draw.randrange(8)
        else:
            damaged[-1 - draw.randrange(2000)] ^= 0xFF  # the table of contents
        run.write_bytes(damaged)
        try:
            read = load_checkpoint(run, recipe=recipe)
        except fc.CheckpointMismatch:
            refused += 1
        else:  # a byte that holds nothing, such as padding
            assert all(torch.equal(content[name], read["training"]["model"][name]) for name in content)
    assert refused >= 40


def test_a_checkpoint_that_may_not_be_read_is_said_to_be_just_that(run, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(fc.CheckpointMismatch, match=r"run\.pt could not be read: Permission denied"):
        load_checkpoint(run, recipe={})


@pytest.mark.parametrize("place", ["file/run.pt", "file/deeper/run.pt"])
def test_a_folder_that_cannot_be_written_to_is_named_before_the_first_epoch(tmp_path, faces, place):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(fc.NotWritten, match=r"run\.pt could not be written: .*Nothing was trained"):
        fc.iter_fit(small_mlp(), faces, epochs=1, checkpoint=tmp_path / place)


def test_asking_whether_a_checkpoint_can_be_written_leaves_nothing_behind(tmp_path, faces):
    fc.iter_fit(small_mlp(), faces, epochs=1, checkpoint=tmp_path / "new" / "run.pt")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_checkpoint_longer_than_what_is_asked_for_is_refused_at_the_call(run, faces):
    fit(small_mlp(), faces, epochs=3, checkpoint=run, resume=True)
    with pytest.raises(fc.ParameterError, match="3 epochs long already, found epochs=2"):
        fc.iter_fit(small_mlp(), faces, epochs=2, batch_size=50, device="cpu", checkpoint=run, resume=True)


def test_what_is_saved_is_read_by_the_recipe_that_wrote_it(tmp_path):
    state = dict(recipe={"lr": 0.1}, training={}, best=None, generator=torch.ones(2), noise={}, rows=[])
    save_checkpoint(tmp_path / "a.pt", state)
    assert torch.equal(load_checkpoint(tmp_path / "a.pt", recipe={"lr": 0.1})["generator"], torch.ones(2))


def test_a_run_that_trains_other_layers_does_not_go_on(tmp_path, faces):
    def partly(*frozen):
        model = small_mlp()
        for place in frozen:
            model[place].requires_grad_(False)
        return model

    settings = dict(checkpoint=tmp_path / "run.pt")
    fit(partly(2), faces, epochs=1, **settings)
    for frozen, words in (((), "None now"), ((5,), r"5\.weight 5\.bias now")):
        with pytest.raises(fc.CheckpointMismatch, match=rf"frozen: 2\.weight 2\.bias in the checkpoint, {words}"):
            fit(partly(*frozen), faces, epochs=2, **settings, resume=True)
    old = torch.load(tmp_path / "run.pt", weights_only=True)
    del old["recipe"]["frozen"]  # as an earlier version wrote it
    save_checkpoint(tmp_path / "run.pt", old)
    assert len(fit(partly(2), faces, epochs=2, **settings, resume=True)) == 2


class Counting(nn.Linear):
    """Keeps something that is no tensor in its state."""

    def get_extra_state(self):
        return {"version": 2}

    def set_extra_state(self, state):
        assert state == {"version": 2}


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@pytest.mark.parametrize("kind", ["a state of its own", "scripted"])
def test_a_network_of_another_kind_goes_on_as_any(tmp_path, faces, kind):
    def build():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), Counting(2304, 7) if kind != "scripted" else nn.Linear(2304, 7))
        return torch.jit.script(model) if kind == "scripted" else model

    fit(build(), faces, epochs=1, checkpoint=tmp_path / "run.pt")
    resumed = fit(build(), faces, epochs=2, checkpoint=tmp_path / "run.pt", resume=True)
    assert resumed["train_loss"] == fit(build(), faces, epochs=2)["train_loss"]
