"""The loop, fitting, checkpoints: against the lesson's own code, against hand computations, against a kill."""

import ast
import inspect
import re
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from ids import stable
from lesson_code import LESSONS, definitions, run_definitions
from torch import nn

import fercourse as fc
from fercourse.classroom.source import plain_source
from fercourse.learn import fitting, loop, models, optim
from fercourse.learn.precision import at_precision

FURTHER = ("fercourse.learn.range_test", "fercourse.learn.distributed.group")
LESSON, SECOND_PART = "02_mlp_baseline.py", "02b_a_network_that_never_learns.py"


def small_mlp(faces, seed=0):
    torch.manual_seed(seed)
    return fc.mlp(faces.train.images.mean() / 255, faces.train.images.std() / 255, hidden=(32, 16))


def plain_body(node):
    """The statements of a lesson's function, or of a helper without its docstring, as text."""
    return "\n".join(ast.unparse(statement) for statement in node.body)


@pytest.mark.parametrize("helper", [loop.train_epoch, loop.evaluate, models.Standardise], ids=lambda h: h.__name__)
def test_a_shipped_helper_is_the_lessons_code_line_for_line(helper):
    assert plain_source(helper) == ast.unparse(definitions(LESSON)[helper.__name__])


def test_the_shipped_batches_are_the_lessons_code_behind_a_check_of_the_arguments():
    upload, stream = (ast.parse(plain_source(part)).body[0] for part in (loop.on_device, loop.stream_batches))
    upload.body.pop()  # its return statement
    assert f"{plain_body(upload)}\n{plain_body(stream)}" == plain_body(definitions(LESSON)["batches"])


def test_every_helper_that_claims_to_be_built_by_hand_is_built_in_that_lesson():
    claims = 0
    for module in (loop, models, fitting, *map(import_module, FURTHER)):
        for name, helper in inspect.getmembers(module):
            if getattr(helper, "__module__", None) != module.__name__:
                continue
            for number in re.findall(r"Built by hand in lesson (\d\d[a-z]?)", helper.__doc__ or ""):
                [lesson] = LESSONS.glob(f"{number}_*.py")
                assert name in definitions(lesson.name), f"{name} says it is built in lesson {number}"
                claims += 1
    assert claims >= 8


def lesson_mlp():
    """The MLP as the second part of lesson 02 writes it."""
    namespace = dict(torch=torch, nn=nn, fc=fc, env=SimpleNamespace(device=torch.device("cpu")))
    exec(ast.unparse(definitions(SECOND_PART)["mlp"]), namespace)
    return namespace["mlp"]


def test_fit_gives_the_same_curve_as_the_lessons_hand_written_loop(faces):
    namespace = dict(torch=torch, nn=nn, F=F, np=np, fc=fc, data=faces, SEED=5, EPOCHS=3)
    namespace["env"] = SimpleNamespace(device=torch.device("cpu"))
    run_definitions(LESSON, namespace)
    namespace["mlp"] = lesson_mlp()
    torch.manual_seed(1)
    by_hand_model = namespace["mlp"](0.5, 0.25)
    torch.manual_seed(1)
    by_fit_model = fc.mlp(0.5, 0.25)
    by_hand = namespace["train_by_hand"](by_hand_model)
    by_fit = fc.fit(by_fit_model, faces, epochs=3, batch_size=100, seed=5, device="cpu", progress=False)
    for column in ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy"):
        np.testing.assert_allclose(by_hand[column], by_fit[column], rtol=0, atol=1e-6)
    for ours, theirs in zip(by_hand_model.parameters(), by_fit_model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_lessons_predictions_are_those_of_predict(faces):
    namespace = dict(torch=torch, nn=nn, F=F, np=np, fc=fc, data=faces, SEED=5, EPOCHS=3)
    namespace["env"] = SimpleNamespace(device=torch.device("cpu"))
    run_definitions(LESSON, namespace)
    model = small_mlp(faces)
    by_hand, shipped = namespace["predict"](model, faces.valid), fc.predict(model, faces.valid)
    np.testing.assert_allclose(by_hand.probabilities, shipped.probabilities, atol=1e-6)
    assert shipped.drawn is True


def test_the_shipped_cnn_is_the_lessons_cnn():
    namespace = dict(torch=torch, nn=nn, F=F, np=np, fc=fc, data=None, env=Anything(), EPOCHS=1, SEED=0)
    run_definitions("03_cnns_adam_sgd.py", namespace)
    torch.manual_seed(4)
    by_hand = namespace["cnn"](0.5, 0.25).eval()
    torch.manual_seed(4)
    shipped = fc.cnn(0.5, 0.25).eval()
    images = torch.rand(3, 1, 48, 48)
    assert torch.equal(by_hand(images), shipped(images))


class Anything:
    """Stands for the session in a lesson's default arguments."""

    def pick(self, *, smoke, lesson, full=None):
        return smoke


def test_nesterov_momentum_is_the_update_of_its_paper_worked_out_by_hand():
    weight = torch.tensor([2.0], requires_grad=True)
    optimizer = optim.make_optimizer([weight], "sgd", lr=0.1, momentum=0.9)
    expected, velocity = 2.0, 0.0
    for _ in range(4):
        optimizer.zero_grad()
        (weight**2).sum().backward()
        optimizer.step()
        gradient = 2 * expected
        velocity = 0.9 * velocity + gradient
        expected -= 0.1 * (gradient + 0.9 * velocity)
        assert weight.item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("momentum", [-0.1, 1.0, 0.9])
def test_momentum_that_cannot_work_is_refused(momentum):
    name = "adam" if momentum == 0.9 else "sgd"
    with pytest.raises(fc.ParameterError, match=str(momentum)):
        optim.make_optimizer([torch.zeros(1)], name, lr=0.1, momentum=momentum)


def test_bfloat16_shares_the_models_weights_and_stays_near_its_logits():
    torch.manual_seed(0)
    model = fc.cnn(0.5, 0.25).eval()
    with torch.no_grad():
        for weights in model[-1].parameters():
            weights *= 100  # logits as large as a trained network's
    forward = at_precision(model, "bfloat16", torch.device("cpu"))
    images = torch.rand(8, 1, 48, 48)
    exact, rounded = model(images), forward(images)
    assert rounded.dtype == torch.float32
    assert not torch.equal(exact, rounded)
    torch.testing.assert_close(exact, rounded, rtol=0.01, atol=0.1)
    rounded.sum().backward()
    assert all(weights.grad is not None and weights.dtype == torch.float32 for weights in model.parameters())


def test_an_unknown_precision_is_refused_with_the_known_ones():
    with pytest.raises(fc.ParameterError, match="float32, bfloat16 or auto; found 'half'"):
        at_precision(nn.Identity(), "half", torch.device("cpu"))


def test_losses_and_accuracies_are_means_over_samples_not_over_batches(faces):
    model = small_mlp(faces)
    seen = fc.evaluate(model, fc.batches(faces.valid, 32))
    model.eval()
    with torch.no_grad():
        logits = model(torch.tensor(faces.valid.images)[:, None] / 255)
    labels = torch.tensor(faces.valid.labels)
    assert len(faces.valid) % 32 != 0, "the last batch must be short for this test to mean anything"
    assert seen["valid_loss"] == pytest.approx(F.cross_entropy(logits, labels).item(), abs=1e-6)
    assert seen["valid_accuracy"] == pytest.approx((logits.argmax(1) == labels).float().mean().item(), abs=1e-7)


def test_batches_hold_every_face_once_in_the_order_of_the_split_or_in_a_random_one(faces):
    in_order = torch.cat([images for images, _ in fc.batches(faces.train, 64)])
    assert in_order.dtype == torch.float32
    assert torch.equal((in_order[:, 0] * 255).round().byte(), torch.tensor(faces.train.images))
    generator = torch.Generator().manual_seed(3)
    expected = torch.randperm(len(faces.train), generator=torch.Generator().manual_seed(3))
    shuffled = torch.cat([labels for _, labels in fc.batches(faces.train, 64, shuffle=True, generator=generator)])
    assert torch.equal(shuffled, torch.tensor(faces.train.labels)[expected])


def test_a_split_without_labels_is_not_trained_on(faces):
    unknown = fc.Split(faces.test.images, np.full(len(faces.test), -1), "test", "somewhere")
    with pytest.raises(fc.DataMismatch, match="no labels"):
        fc.batches(unknown)


def test_a_batch_of_nothing_is_refused(faces):
    with pytest.raises(fc.ParameterError, match="batch_size=0"):
        fc.batches(faces.train, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 2**63},
        {"generator": 0},
        {"generator": np.random.default_rng(0)},
        {"device": "tpu"},
        {"device": 3},
        {"device": "meta"},
    ],
    ids=stable,
)
def test_batches_of_what_cannot_be_are_refused_at_the_call(faces, wrong):
    with pytest.raises(fc.ParameterError, match=next(iter(wrong))):
        fc.batches(faces.train, shuffle=True, **wrong)


def test_a_stream_that_was_run_through_is_said_to_be_that(faces):
    model = small_mlp(faces)
    stream, descent = fc.batches(faces.train), torch.optim.SGD(model.parameters(), lr=0.1)
    fc.train_epoch(model, stream, descent)
    for again in (lambda: fc.train_epoch(model, stream, descent), lambda: fc.evaluate(model, stream)):
        with pytest.raises(fc.DataMismatch, match="at least one batch"):
            again()


def test_a_device_that_is_not_here_is_refused_with_those_that_are():
    with pytest.raises(fc.ParameterError, match="cpu"):
        fc.choose_device("tpu")


def test_training_leaves_the_callers_random_numbers_alone(faces):
    model = small_mlp(faces)
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    fc.fit(model, faces, epochs=1, device="cpu", progress=False)
    assert torch.equal(torch.rand(3), expected)


def test_what_the_loops_body_draws_does_not_change_the_training(faces):
    def losses(draw):
        rows = []
        for row in fc.iter_fit(small_mlp(faces), faces, epochs=3, device="cpu"):
            rows.append(row["train_loss"])
            torch.rand(draw)
        return rows

    assert losses(0) == losses(1000)


def test_another_seed_gives_another_training(faces):
    curves = [fc.fit(small_mlp(faces), faces, epochs=1, seed=s, device="cpu", progress=False) for s in (0, 1)]
    assert curves[0]["train_loss"] != curves[1]["train_loss"]


def test_a_loop_that_breaks_goes_on_where_it_stopped(tmp_path, faces):
    settings = dict(epochs=4, device="cpu", checkpoint=tmp_path / "run.pt")
    for row in fc.iter_fit(small_mlp(faces), faces, **settings):
        if row["epoch"] == 2:
            break
    rows = list(fc.iter_fit(small_mlp(faces, seed=9), faces, **settings, resume=True))
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    whole = fc.fit(small_mlp(faces), faces, epochs=4, device="cpu", progress=False)
    assert [row["valid_loss"] for row in rows] == whole["valid_loss"]


def test_resuming_with_another_recipe_lists_what_differs(tmp_path, faces):
    settings = dict(epochs=1, device="cpu", checkpoint=tmp_path / "run.pt", progress=False)
    fc.fit(small_mlp(faces), faces, **settings)
    with pytest.raises(fc.CheckpointMismatch) as error:
        fc.fit(small_mlp(faces), faces, **settings, resume=True, lr=0.5, batch_size=7)
    assert "lr: 0.001 in the checkpoint, 0.5 now" in str(error.value)
    assert "batch_size: 128 in the checkpoint, 7 now" in str(error.value)
    assert "seed" not in str(error.value)


def test_resuming_on_other_data_or_with_another_model_is_refused(tmp_path, faces):
    settings = dict(epochs=1, device="cpu", checkpoint=tmp_path / "run.pt", progress=False)
    fc.fit(small_mlp(faces), faces, **settings)
    other = fc.Faces(faces.train[:100], faces.valid, faces.test, faces.source)
    with pytest.raises(fc.CheckpointMismatch, match="data"):
        fc.fit(small_mlp(faces), other, **settings, resume=True)
    with pytest.raises(fc.CheckpointMismatch, match="model"):
        fc.fit(fc.mlp(0, 1, hidden=(8,)), faces, **settings, resume=True)


def test_auto_goes_on_only_at_the_precision_that_it_began_with(tmp_path, faces, monkeypatch):
    settings = dict(device="cpu", checkpoint=tmp_path / "run.pt", progress=False, precision="auto", resume="auto")
    monkeypatch.setattr("fercourse.learn.precision.bfloat16_pays", lambda device: False)
    fc.fit(small_mlp(faces), faces, epochs=1, **settings)
    assert len(fc.fit(small_mlp(faces), faces, epochs=2, **settings | {"precision": "float32"})) == 2
    monkeypatch.setattr("fercourse.learn.precision.bfloat16_pays", lambda device: True)
    with pytest.raises(fc.CheckpointMismatch, match="precision: float32 in the checkpoint, bfloat16 now"):
        fc.fit(small_mlp(faces), faces, epochs=3, **settings)


def test_an_earlier_run_is_never_overwritten_unasked(tmp_path, faces):
    settings = dict(epochs=1, device="cpu", checkpoint=tmp_path / "run.pt", progress=False)
    fc.fit(small_mlp(faces), faces, **settings)
    before = (tmp_path / "run.pt").read_bytes()
    with pytest.raises(fc.CheckpointMismatch, match="resume=True"):
        fc.fit(small_mlp(faces), faces, **settings)
    assert (tmp_path / "run.pt").read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None], ids=["empty", "text", "cut short"])
def test_a_damaged_checkpoint_is_named_and_not_taken_for_a_fresh_start(tmp_path, faces, damage):
    settings = dict(epochs=1, device="cpu", checkpoint=tmp_path / "run.pt", progress=False)
    fc.fit(small_mlp(faces), faces, **settings)
    whole = (tmp_path / "run.pt").read_bytes()
    (tmp_path / "run.pt").write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    with pytest.raises(fc.CheckpointMismatch, match=r"run\.pt is no checkpoint, or it is damaged") as error:
        fc.fit(small_mlp(faces), faces, **settings, resume=True)
    assert "elete" not in str(error.value)


def test_fit_prints_one_line_an_epoch(faces, capsys):
    fc.fit(small_mlp(faces), faces, epochs=2, device="cpu")
    lines = capsys.readouterr().out.strip().splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("epoch")] == [["epoch", "1/2"], ["epoch", "2/2"]]
