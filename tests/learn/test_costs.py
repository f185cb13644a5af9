"""Predicted costs: against hand computation, against PyTorch's own counter, against what autograd really stores."""

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

import fercourse as fc
from fercourse.learn import costs
from fercourse.learn.costs import Cost, cost, flops_per_second
from fercourse.learn.models import resnet, resnet9


def test_operations_of_a_convolution_are_those_counted_by_hand():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 5, stride=2, padding=1, bias=False), nn.Flatten())
    first = 46 * 46 * 4 * (3 * 3 * 1)  # a number of the output is a sum of nine products
    second = 22 * 22 * 6 * (5 * 5 * 4)
    assert cost(model).flops == 2 * (first + second)
    assert cost(model).parameters == (9 * 4 + 4) + 5 * 5 * 4 * 6


def test_operations_of_grouped_convolutions_count_the_channels_of_one_group():
    model = nn.Sequential(nn.Conv2d(1, 8, 1), nn.Conv2d(8, 8, 3, groups=8, padding=1))
    assert cost(model).flops == 2 * 48 * 48 * 8 * (1 + 9)


class Attention(nn.Module):
    """36 patches of 8×8 as tokens of 32 numbers, one layer of attention with four heads, seven logits."""

    def __init__(self):
        super().__init__()
        self.patches, self.out = nn.Conv2d(1, 32, 8, 8), nn.Linear(32, 7)
        self.layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)

    def forward(self, images):
        return self.out(self.layer(self.patches(images).flatten(2).mT).mean(1))


def test_operations_of_attention_are_those_counted_by_hand():
    tokens, width, hidden = 36, 32, 64
    patches = tokens * width * 8 * 8
    projections = tokens * (3 * width * width + width * width)
    scores_and_mixing = 2 * tokens * tokens * width
    feed_forward = tokens * 2 * width * hidden
    assert cost(Attention()).flops == 2 * (patches + projections + scores_and_mixing + feed_forward + width * 7)


@pytest.mark.parametrize(
    ("model", "products"),
    [
        (nn.Sequential(nn.Flatten(2), nn.Conv1d(1, 4, 5)), (2304 - 4) * 4 * 5),
        (nn.ConvTranspose2d(1, 3, 2, 2), 48 * 48 * 3 * 4),
        (nn.Sequential(nn.Flatten(1, 2), nn.LSTM(48, 16, batch_first=True)), 48 * 4 * 16 * (48 + 16)),
    ],
    ids=["1-d", "transposed", "recurrent"],
)
def test_operations_of_other_layers_are_counted_as_well(model, products):
    assert cost(model).flops == 2 * products


MODELS = {
    "attention": Attention,
    "mlp": lambda: fc.mlp(0.5, 0.25),
    "cnn": lambda: fc.cnn(0.5, 0.25),
    "resnet18": lambda: resnet(18, 0.5, 0.25),
    "resnet18 for faces": lambda: resnet(18, 0.5, 0.25, stem="faces"),
    "resnet50": lambda: resnet(50, 0.5, 0.25),
    "resnet9": lambda: resnet9(0.5, 0.25),
}


@pytest.mark.parametrize("name", [name for name in MODELS if name != "attention"])  # evaluated, it is counted short
def test_operations_are_those_that_pytorch_counts(name):
    model = MODELS[name]()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.rand(3, 1, 48, 48))
    assert counter.get_total_flops() == 3 * cost(model).flops


def stored_bytes(model, faces):
    """What autograd keeps of a real forward pass: its tensors, each storage once, without the model's own."""
    own = {value.untyped_storage().data_ptr() for value in model.state_dict().values()}
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = model.train()(torch.rand(faces, 1, 48, 48))
    assert logits.requires_grad
    return sum(storage.nbytes() for pointer, storage in kept.items() if pointer not in own)


@pytest.mark.parametrize("name", ["attention", "mlp", "cnn", "resnet18", "resnet9"])
def test_the_stored_activations_are_those_that_autograd_keeps_of_a_real_batch(name):
    model = MODELS[name]()
    weights = 4 * 2 * sum(each.numel() for each in model.parameters())
    predicted = 1e6 * cost(model, batch_size=8).memory_mb - weights
    assert predicted == pytest.approx(stored_bytes(model, 8), abs=1)


def test_memory_of_one_linear_layer_is_counted_by_hand():
    model = nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, 10, bias=False))
    weights = 4 * 48 * 48 * 10
    inputs = 4 * 48 * 48  # of one face: kept, because the gradient of the weights needs it
    assert cost(model, batch_size=50).memory_mb == pytest.approx((2 * weights + 50 * inputs) / 1e6)
    assert cost(model, batch_size=50, moments=2).memory_mb == pytest.approx((4 * weights + 50 * inputs) / 1e6)


def test_frozen_weights_are_no_parameters_to_train():
    model = fc.mlp(0.5, 0.25, hidden=(8,))
    model[2].requires_grad_(False)
    assert cost(model).parameters == 8 * 7 + 7


def test_counting_leaves_the_model_as_it_was():
    model = resnet(18, 0.5, 0.25).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.inference_mode():
        inside = cost(model)
    assert inside == cost(model)
    assert not model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(layer._forward_hooks for layer in model.modules())
    assert all(weights.grad is None for weights in model.parameters())


def test_seconds_are_three_forward_passes_of_every_face():
    assert Cost(1, 2_000, 1.0).seconds(500, 1_000_000) == pytest.approx(3 * 2_000 * 500 / 1_000_000)


@pytest.mark.parametrize(
    "wrong",
    [dict(batch_size=0), dict(moments=-1), dict(batch_size="7"), dict(moments=1.5), dict(batch_size=True)],
    ids=str,
)
def test_costs_that_cannot_be_are_refused_with_what_was_found(wrong):
    with pytest.raises(fc.ParameterError, match=str(next(iter(wrong.values())))):
        cost(nn.Flatten(), **wrong)


def test_the_measured_rate_is_operations_over_the_time_of_the_best_run(monkeypatch):
    ticks = iter([0.0, 0.1, 10.0, 10.5, 20.0, 20.25, 30.0, 31.0])  # warm-up, then three runs: the best takes 0.25 s
    monkeypatch.setattr(costs.time, "perf_counter", lambda: next(ticks))
    assert flops_per_second("cpu", side=16, repeats=3) == pytest.approx(2 * 16**3 / 0.25)


def test_an_unknown_precision_to_measure_is_refused():
    with pytest.raises(fc.ParameterError, match="half"):
        flops_per_second("cpu", precision="half")


def test_what_is_no_network_or_does_not_know_its_sizes_yet_is_refused():
    for model, words in ((nn.Linear, "expected a network"), (nn.LazyLinear(7), "whose layers know their sizes")):
        with pytest.raises(fc.ParameterError, match=words):
            cost(model)
