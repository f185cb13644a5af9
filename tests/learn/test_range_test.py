"""The range test: against the lesson's own, and what it leaves alone."""

import numpy as np
import pytest
import torch

import fercourse as fc


def linear(seed=0):
    torch.manual_seed(seed)
    return fc.mlp(0.5, 0.25, hidden=(16,), dropout=0.0)


def test_the_rates_rise_in_equal_ratios_and_each_takes_one_step(faces):
    model = linear()
    table = fc.range_test(model, faces.train, optimizer="sgd", lowest=1e-3, highest=0.1, steps=9, batch_size=50)
    assert table["lr"].to_numpy() == pytest.approx(np.geomspace(1e-3, 0.1, 9))
    twin = linear()
    order, losses = torch.Generator().manual_seed(0), []
    batches = [*fc.batches(faces.train, 50, shuffle=True, generator=order)]
    batches += [*fc.batches(faces.train, 50, shuffle=True, generator=order)]
    for rate, (images, labels) in zip(table["lr"], batches, strict=False):
        loss = torch.nn.functional.cross_entropy(twin(images), labels)
        for weights, slope in zip(twin.parameters(), torch.autograd.grad(loss, list(twin.parameters())), strict=True):
            weights.data -= rate * slope
        losses.append(loss.item())
    assert table["loss"].to_numpy() == pytest.approx(losses, rel=1e-3)


def test_the_model_and_torchs_random_numbers_are_left_as_they_were(faces):
    model = linear()
    before = [weights.detach().clone() for weights in model.parameters()]
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    fc.range_test(model, faces.train, steps=5)
    assert torch.equal(torch.rand(2), expected)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_it_ends_where_the_loss_is_no_number(faces):
    table = fc.range_test(linear(), faces.train, optimizer="sgd", lowest=1e-2, highest=1e30, steps=20)
    assert len(table) < 20
    assert np.isfinite(table["loss"]).all()


@pytest.mark.parametrize("wrong", [dict(lowest=0.0), dict(lowest=2.0, highest=1.0), dict(steps=1)], ids=str)
def test_rates_that_do_not_rise_are_refused(faces, wrong):
    with pytest.raises(fc.ParameterError, match="expected 0 < lowest < highest and 2 steps"):
        fc.range_test(linear(), faces.train, **wrong)
