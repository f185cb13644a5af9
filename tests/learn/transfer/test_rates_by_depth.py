"""A rate for each depth: every weight once, and in a training each rate times the schedule, as torch has it."""

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torchs_loop import by_hand, fit, same, small_mlp

import fercourse as fc
from fercourse.learn.transfer.rates import adamw_by_depth


def test_every_weight_is_in_one_group_and_the_last_layer_in_the_first():
    model = fc.lite0(side=48)
    groups = fc.discriminative(model, 1e-3, 0.5)
    held = [id(weights) for group in groups for weights in group["params"]]
    assert sorted(held) == sorted(id(weights) for weights in model.parameters())
    assert [group["lr"] for group in groups] == [1e-3 * 0.5**depth for depth in range(10)]
    assert groups[0]["params"] == list(model.network.classifier.parameters())
    assert groups[-1]["params"][0] is model.network.conv_stem.weight


def test_groups_go_from_the_last_stage_to_the_first():
    model = fc.lite0(side=48)
    names = {id(weights): name for name, weights in model.named_parameters()}
    groups = fc.discriminative(model, 1e-3, 0.5)
    stages = [{names[id(weights)].split(".")[2] for weights in group["params"]} for group in groups[2:9]]
    assert stages == [{str(stage)} for stage in reversed(range(7))]


def test_of_a_frozen_network_only_the_rest_gets_a_rate():
    model = fc.lite0(side=48)
    [group] = fc.discriminative(fc.Frozen(model), 1e-3, 0.5)
    assert group == {"params": list(model.network.classifier.parameters()), "lr": 1e-3}


def test_another_network_is_divided_by_its_layers_at_the_top():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 7)))
    last, first = fc.discriminative(model, 0.1, 0.1)
    assert (last["lr"], first["lr"]) == (0.1, pytest.approx(0.01))
    assert last["params"] == [*model[3].parameters()]
    assert first["params"] == [*model[1].parameters()]


def test_in_a_training_each_depth_keeps_its_rate_times_the_schedule(faces):
    def slower(model):
        return torch.optim.SGD(fc.discriminative(model, 0.2, 0.3), momentum=0.5)

    ours, theirs, flat = small_mlp(), small_mlp(), small_mlp()
    history = fit(ours, faces, epochs=4, optimizer=lambda _: slower(ours), schedule=fc.Step(step_size=2, gamma=0.5))
    optimizer = slower(theirs)
    rates = by_hand(theirs, faces, optimizer, epochs=4, each_epoch=lr_scheduler.StepLR(optimizer, 2, 0.5).step)
    fit(
        flat,
        faces,
        epochs=4,
        optimizer=lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.5),
        schedule=fc.Step(step_size=2, gamma=0.5),
    )
    assert same(ours, theirs)
    assert not same(ours, flat)
    assert history["lr"] == rates == [0.2, 0.2, 0.1, 0.1], "the last layer's"


def test_adamw_by_depth_is_an_optimizer_that_fit_takes(faces):
    ours, theirs = small_mlp(), small_mlp()
    fit(ours, faces, epochs=2, optimizer=adamw_by_depth(ours, lr=0.01, factor=0.5, weight_decay=0.1))
    by_hand(
        theirs, faces, torch.optim.AdamW(fc.discriminative(theirs, 0.01, 0.5), weight_decay=0.1, fused=True), epochs=2
    )
    assert same(ours, theirs)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 0.5), "expected lr over 0; found lr=0"),
        ((0.1, 0), "expected factor over 0, up to 1; found factor=0"),
        ((0.1, 2), "expected factor over 0, up to 1; found factor=2"),
    ],
)
def test_numbers_that_cannot_work_are_refused(arguments, words):
    with pytest.raises(fc.ParameterError) as raised:
        fc.discriminative(nn.Linear(2, 2), *arguments)
    assert str(raised.value) == words


def test_a_model_without_weights_to_train_is_refused():
    with pytest.raises(fc.ParameterError, match="expected a model with weights that require a gradient; found none"):
        fc.discriminative(nn.Linear(2, 2).requires_grad_(False), 0.1, 0.5)


class Own(nn.Module):
    """Has a weight of its own, two layers that share one, and layers that are called stages."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(7))
        self.stages = nn.Sequential(nn.Flatten(), nn.Linear(2304, 8))
        self.hidden, self.again, self.last = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 7)
        self.again.weight = self.hidden.weight

    def forward(self, images):
        return self.scale * self.last(self.again(self.hidden(self.stages(images))))


def test_a_weight_of_the_models_own_and_a_shared_one_are_in_one_group_each(faces):
    model = Own()
    groups = fc.discriminative(model, 0.1, 0.5)
    held = [id(weights) for group in groups for weights in group["params"]]
    assert sorted(held) == sorted(id(weights) for weights in model.parameters())
    assert groups[1]["params"] == [model.hidden.weight, model.again.bias], "the faster of the two"
    assert groups[-1] == {"params": [model.scale], "lr": 0.1 * 0.5**4}
    fit(model, faces, epochs=1, optimizer=lambda _: torch.optim.SGD(fc.discriminative(model, 0.1, 0.5)))
    assert not torch.equal(model.scale, torch.ones(7))


def test_a_network_behind_a_layer_that_standardises_is_divided_as_by_itself():
    inside = small_mlp()
    wrapped = nn.Sequential(fc.Standardise(0.5, 0.25), inside)
    expected = [(group["lr"], group["params"]) for group in fc.discriminative(inside, 0.1, 0.5)]
    assert len(expected) > 1
    assert [(group["lr"], group["params"]) for group in fc.discriminative(wrapped, 0.1, 0.5)] == expected
    assert len(fc.discriminative(fc.resnet(18, 0.5, 0.25), 0.1, 0.5)) == 7, "two of the stem, four stages, the head"
