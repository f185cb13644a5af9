"""The clean pipeline: its parts do what lesson 02's do, it learns, it resumes, and no two have a function in common."""

import inspect
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

import fercourse as fc
from fercourse.learn.clinic.editing import edited
from fercourse.learn.clinic.parts import fit
from fercourse.learn.clinic.pipeline import PARTS, SIZES


@pytest.fixture(scope="module")
def pipeline():
    return fc.clinic.clean_pipeline(seed=3)


@pytest.fixture(scope="module")
def few(pipeline):
    return replace(pipeline, train=pipeline.train[:200], valid=pipeline.valid[:69])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_its_splits_have_the_promised_sizes_and_a_short_last_batch(pipeline):
    assert tuple(map(len, (pipeline.train, pipeline.valid, pipeline.test))) == SIZES
    assert [len(labels) for _, labels in pipeline.valid_stream(pipeline)][-1] == 5
    assert "1,200 / 645 / 645" in repr(pipeline)


def test_it_takes_its_faces_from_data_that_are_given_and_other_ones_for_another_seed():
    data = fc.drawn_faces(1_300, 700, 700, seed=9)
    one, other = (fc.clinic.clean_pipeline(data, seed=seed) for seed in (1, 2))
    own = {image.tobytes() for image in data.train.images}
    assert all(image.tobytes() in own for image in one.train.images)
    assert one.train.fingerprint != other.train.fingerprint


def test_too_few_faces_are_refused_with_both_numbers(faces):
    with pytest.raises(fc.DataMismatch, match=r"at least 1,200 faces in the train split.* found 210"):
        fc.clinic.clean_pipeline(faces)
    with pytest.raises(fc.ParameterError, match="Faces"):
        fc.clinic.clean_pipeline("drawn")


def test_it_learns(pipeline):
    torch.manual_seed(0)
    rows = pipeline.fit(pipeline, pipeline.build(), 4, generator())
    assert rows[-1]["train_loss"] < rows[0]["train_loss"] - 0.1


def test_evaluate_and_predict_are_the_courses_own(few):
    network = few.build()
    few.train_epoch(network, few.train_stream(few, generator()), few.make_optimizer(network), few.criterion)
    row, wanted = few.evaluate(network, few.valid_stream(few)), fc.evaluate(network, fc.batches(few.valid, 64))
    assert row == pytest.approx(wanted, abs=1e-6)
    own, theirs = few.predict(network, few.valid), fc.predict(network, few.valid)
    np.testing.assert_allclose(own.probabilities, theirs.probabilities, atol=1e-6)


def test_the_best_epoch_stays_in_the_network(few):
    network = few.build()
    rows = few.fit(few, network, 3, generator())
    best = max(row["valid_accuracy"] for row in rows)
    assert few.evaluate(network, few.valid_stream(few))["valid_accuracy"] == best


def test_each_group_keeps_its_own_rate_along_the_schedule(few):
    rates, optimizers = [], []

    def make_optimizer(network):
        optimizers.append(few.make_optimizer(network))
        return optimizers[-1]

    def train_epoch(network, stream, optimizer, criterion):
        rates.extend([group["lr"] for group in optimizer.param_groups] for _ in stream)
        return {"train_loss": 1.0, "train_accuracy": 0.0}

    watched = replace(few, make_optimizer=make_optimizer, train_epoch=train_epoch)
    watched.fit(watched, few.build(), 3, generator())
    assert len(rates) == 12
    assert all(body == pytest.approx(2 * head) for body, head in rates)
    assert max(body for body, _ in rates) == pytest.approx(8e-3)
    assert rates[-1][0] < 0.05 * 8e-3


def test_a_checkpoint_holds_what_the_next_step_needs(few, tmp_path):
    network = few.build()
    optimizer, order = few.make_optimizer(network), generator(4)
    few.train_epoch(network, few.train_stream(few, order), optimizer, few.criterion)
    few.save(tmp_path / "c.pt", network, optimizer, order, {"rows": [1], "best": None})
    other = few.build()
    twin, its_order = few.make_optimizer(other), generator(5)
    assert few.load(tmp_path / "c.pt", other, twin, its_order) == {"rows": [1], "best": None}
    assert torch.equal(order.get_state(), its_order.get_state())
    assert all(map(torch.equal, network.state_dict().values(), other.state_dict().values()))
    moments = [[state["exp_avg"] for state in each.state.values()] for each in (optimizer, twin)]
    assert len(moments[0]) == len(list(network.parameters()))
    assert all(map(torch.equal, *moments))


def test_what_is_exported_answers_pixels_as_the_network_answers_faces(few):
    network = few.build()
    answer = few.export(few, network)
    np.testing.assert_allclose(answer(few.valid.images), few.predict(network, few.valid).probabilities, atol=1e-6)
    with torch.no_grad():
        next(network.parameters()).add_(1)
    assert not np.allclose(answer(few.valid.images), few.predict(network, few.valid).probabilities)


def test_no_two_pipelines_share_a_function_and_each_can_show_its_source(pipeline):
    other = fc.clinic.clean_pipeline(seed=3)
    for name, part in PARTS.items():
        assert getattr(pipeline, name) is not getattr(other, name)
        assert getattr(pipeline, name) is not part
        assert inspect.getsource(getattr(pipeline, name)).startswith(("def ", "@torch"))
    assert {field.name for field in fields(pipeline)} >= {*PARTS, "train", "valid", "test", "build", "augment"}


def test_a_part_is_edited_where_its_text_stands_once():
    again = edited(fit, ("value.clone()", "value"))
    assert "value.clone()" not in inspect.getsource(again)
    assert again.edits == (("value.clone()", "value"),)
    with pytest.raises(fc.ParameterError, match="expected 'rows' once in fit; found it"):
        edited(fit, ("rows", "lines"))
