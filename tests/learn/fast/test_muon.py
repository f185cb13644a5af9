"""Muon for kernels: against the algorithm written out, against torch's own on matrices, and resumed bit for bit."""

from functools import partial

import pytest
import torch
from torch import nn

import fercourse as fc
from fercourse.learn.precision import channels_last


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 6, 3, 2, padding=1), nn.ReLU(),
        nn.Conv2d(6, 6, 3, padding=1, groups=6),
        nn.Conv2d(6, 24, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 7),
    )  # fmt: skip


KERNELS = ("3.weight", "6.weight")
"""Of that network: neither the stem, which reads one channel, nor the depthwise kernels, which read one each."""


def random_gradients(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for weights in model.parameters():
        weights.grad = torch.randn(weights.shape, generator=generator).to(memory_format=torch.preserve_format)


def written_out(model, steps, *, lr, weight_decay, rest):
    """What the weights are after steps along `random_gradients`: Muon by hand, for the others torch's AdamW."""
    weights = {name: value.detach().clone().contiguous() for name, value in model.named_parameters()}
    others = {name: nn.Parameter(value) for name, value in weights.items() if name not in KERNELS}
    adamw = torch.optim.AdamW(others.values(), lr=rest, weight_decay=0, fused=True)
    momentum = {name: torch.zeros_like(weights[name]) for name in KERNELS}
    for step in range(steps):
        random_gradients(model, step)
        gradients = {name: value.grad.contiguous() for name, value in model.named_parameters()}
        for name in KERNELS:
            momentum[name] = 0.9 * momentum[name] + 0.1 * gradients[name]
            direction = 0.1 * gradients[name] + 0.9 * momentum[name]
            matrix = direction.flatten(1)
            matrix = matrix / matrix.norm()
            for _ in range(4):
                square = matrix @ matrix.T
                matrix = 3.4445 * matrix + (-4.775 * square + 2.0315 * square @ square) @ matrix
            length = 0.2 * max(matrix.shape) ** 0.5
            weights[name] = weights[name] * (1 - lr * weight_decay) - lr * length * matrix.view_as(weights[name])
        for name, value in others.items():
            value.grad = gradients[name]
        adamw.step()
    return weights | {name: value.detach() for name, value in others.items()}


@pytest.fixture(params=[True, False], ids=["with bfloat16", "without"])
def sixteen(request, monkeypatch):
    """Whether the device has instructions for bfloat16, in which torch's Muon computes."""
    monkeypatch.setattr("fercourse.learn.fast.muon.bfloat16_pays", lambda device: request.param)
    return request.param


@pytest.mark.parametrize("layout", [lambda model: model, channels_last], ids=["channels first", "channels last"])
def test_steps_are_those_of_muon_written_out_for_kernels_and_of_adamw_for_the_rest(layout, sixteen):
    model, settings = layout(network()), dict(lr=0.03, weight_decay=0.2, rest=0.004)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    expected = written_out(model, 5, **settings)
    optimizer = fc.muon(model, **settings)
    for step in range(5):
        random_gradients(model, step)
        optimizer.step()
    for name, weights in model.named_parameters():
        if name in KERNELS:  # bfloat16 has three digits, and is not computed with where it is emulated
            way = (expected[name] - before[name]).norm()
            assert (weights - expected[name]).norm() < (0.01 if sixteen else 1e-5) * way, name
        else:
            torch.testing.assert_close(weights.detach(), expected[name], rtol=1e-6, atol=1e-7)


def test_a_kernel_that_lies_in_memory_in_yet_another_order_is_stepped_as_well():
    one = nn.Parameter(torch.randn(12, 10, 3, 2, generator=torch.Generator().manual_seed(0)))
    other = nn.Parameter(one.detach().transpose(2, 3).contiguous().transpose(2, 3))
    assert not other.is_contiguous()
    for kernel in (one, other):
        optimizer = fc.muon([kernel])
        kernel.grad = torch.randn(one.shape, generator=torch.Generator().manual_seed(1))
        optimizer.step()
    torch.testing.assert_close(one, other, rtol=0, atol=2e-3)


@pytest.mark.parametrize("last", [False, True], ids=["channels first", "channels last"])
def test_a_kernel_is_stepped_bit_for_bit_as_torch_steps_the_matrix_of_the_same_numbers(last, monkeypatch):
    monkeypatch.setattr("fercourse.learn.fast.muon.bfloat16_pays", lambda device: True)  # as torch does everywhere
    kernel = torch.randn(12, 10, 3, 3, generator=torch.Generator().manual_seed(0))
    rows = kernel.permute(0, 2, 3, 1) if last else kernel
    matrix = nn.Parameter(rows.flatten(1).clone())
    kernel = nn.Parameter(kernel.to(memory_format=torch.channels_last) if last else kernel)
    ours = fc.muon([kernel], lr=0.05, weight_decay=0.3)
    theirs = torch.optim.Muon(
        [matrix], lr=0.05, weight_decay=0.3, momentum=0.9, ns_steps=4, adjust_lr_fn="match_rms_adamw"
    )
    for step in range(4):
        kernel.grad = torch.randn(kernel.shape, generator=torch.Generator().manual_seed(step))  # channels first
        matrix.grad = (kernel.grad.permute(0, 2, 3, 1) if last else kernel.grad).flatten(1)
        ours.step(), theirs.step()
    assert torch.equal((kernel.permute(0, 2, 3, 1) if last else kernel).flatten(1), matrix)
    assert kernel.is_contiguous(memory_format=torch.channels_last) == last


def test_a_kernel_without_a_gradient_and_a_frozen_one_stay_and_the_others_move():
    model = network()
    model[6].requires_grad_(False)
    optimizer = fc.muon(model)
    random_gradients(model, 0)
    model[3].weight.grad = None
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer.step()
    still = {name for name, value in model.named_parameters() if torch.equal(value, before[name])}
    assert still == {"3.weight", "6.weight", "6.bias"}
    optimizer.zero_grad()
    optimizer.step()  # none has a gradient


def test_a_kernel_that_two_layers_share_is_stepped_once():
    torch.manual_seed(0)
    once, twice = (nn.Sequential(nn.Conv2d(8, 8, 3, bias=False), nn.Conv2d(8, 8, 3, bias=False)) for _ in range(2))
    once.load_state_dict(twice.state_dict())
    twice[1].weight = twice[0].weight
    for model in (once, twice):
        model[0].weight.grad = torch.ones_like(model[0].weight)
    for optimizer in (fc.muon(once), fc.muon([*twice[0].parameters(), *twice[1].parameters()])):
        assert sum(len(group["params"]) for group in optimizer.param_groups) in (1, 2)
        optimizer.step()
    assert torch.equal(once[0].weight, twice[0].weight)


def epochs_of(model, faces, **more):
    how = dict(optimizer=fc.muon, schedule=fc.Triangle(), batch_size=50, device="cpu", clip=5.0, epochs=3)
    return fc.iter_fit(model, faces, **how, **more)


@pytest.mark.parametrize("layout", [lambda model: model, channels_last], ids=["channels first", "channels last"])
def test_a_run_that_was_killed_after_its_first_epoch_ends_as_one_that_was_not_bit_for_bit(tmp_path, faces, layout):
    whole, killed, resumed = layout(network()), layout(network()), layout(network(seed=1))
    rows = list(epochs_of(whole, faces))
    next(epochs_of(killed, faces, checkpoint=tmp_path / "run.pt"))
    again = list(epochs_of(resumed, faces, checkpoint=tmp_path / "run.pt", resume=True))
    assert [row["train_loss"] for row in rows] == [row["train_loss"] for row in again]
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), resumed.parameters(), strict=True))
    assert not torch.equal(killed[3].weight, whole[3].weight)


def test_other_rates_are_another_recipe(tmp_path, faces):
    next(epochs_of(network(), faces, checkpoint=tmp_path / "run.pt"))
    slower = partial(fc.muon, rest=0.001)
    with pytest.raises(fc.CheckpointMismatch, match=r"optimizer: Muon\(.*lr=0.003.*rest|optimizer: Muon"):
        fc.iter_fit(
            network(), faces, epochs=3, optimizer=slower, schedule=fc.Triangle(), batch_size=50, clip=5.0,
            device="cpu", checkpoint=tmp_path / "run.pt", resume=True,
        )  # fmt: skip


def test_a_state_that_lies_otherwise_in_memory_is_laid_like_the_weights():
    first, last = network(), channels_last(network())
    optimizer = fc.muon(first)
    random_gradients(first, 0)
    optimizer.step()
    other = fc.muon(last)
    other.load_state_dict(optimizer.state_dict())
    last.load_state_dict(first.state_dict())
    for model, each in ((first, optimizer), (last, other)):
        random_gradients(model, 1)
        each.step()
    for one, same in zip(first.parameters(), last.parameters(), strict=True):
        torch.testing.assert_close(one, same, rtol=0, atol=2e-3)


def test_every_group_keeps_its_own_rate_under_a_schedule(faces):
    seen = []

    def watched(parameters):
        optimizer = fc.muon(parameters, lr=0.02, rest=0.003)
        optimizer.register_step_pre_hook(lambda it, *_: seen.append([group["lr"] for group in it.param_groups]))
        return optimizer

    fc.fit(
        network(), faces, epochs=2, optimizer=watched, schedule=fc.Triangle(rise=0.5), batch_size=50, device="cpu",
        progress=False,
    )  # fmt: skip
    parts = [0.2, 0.4, 0.6, 0.8, 1, 1, 0.8, 0.6, 0.4, 0.2]
    assert seen == [pytest.approx([0.02 * part, 0.003 * part]) for part in parts]


@pytest.mark.parametrize(
    ("settings", "words"),
    [(dict(lr=0), "expected lr over 0"), (dict(rest=-1), "expected rest over 0"), (dict(lr="fast"), "expected lr"),
     (dict(weight_decay=-0.1), "expected weight_decay")],
    ids=["no rate", "a negative one", "a word", "a negative decay"],
)  # fmt: skip
def test_rates_that_cannot_work_are_refused(settings, words):
    with pytest.raises(fc.ParameterError, match=words):
        fc.muon(network(), **settings)


def test_a_network_without_a_kernel_for_muon_is_refused():
    with pytest.raises(fc.ParameterError, match='optimizer="adamw"'):
        fc.muon(fc.mlp(0.5, 0.25))
    with pytest.raises(fc.ParameterError, match="require a gradient"):
        fc.muon(network().requires_grad_(False))


def test_an_older_torch_is_told_to_be_renewed(monkeypatch):
    monkeypatch.delattr(torch.optim, "Muon")
    with pytest.raises(ImportError, match="pip install --upgrade torch"):
        fc.muon(network())
