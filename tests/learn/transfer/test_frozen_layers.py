"""What is frozen does not move: no weight and no buffer, whatever is called."""

import pytest
import torch
from torch import nn

import fercourse as fc


def moved(network, model, faces, **settings):
    """The names of the tensors of `model` that one epoch of `network` moves."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    data = (faces.train.take(24), faces.valid.take(8))
    fc.fit(network, data, epochs=1, batch_size=12, lr=0.01, progress=False, **settings)
    return {name for name, value in model.state_dict().items() if not torch.equal(before[name], value)}


HEAD = {"network.classifier.weight", "network.classifier.bias"}


def test_without_gradients_147_buffers_move_and_frozen_none(faces):
    careless, careful = fc.lite0(side=48), fc.lite0(side=48)
    for name, weights in careless.named_parameters():
        weights.requires_grad = name in HEAD
    by_gradient = moved(careless, careless, faces)
    assert len(by_gradient - HEAD) == 147
    assert {name.split(".")[-1] for name in by_gradient - HEAD} == {
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }
    assert moved(fc.Frozen(careful), careful, faces) == HEAD


def test_frozen_layers_stay_in_evaluation_when_train_is_called():
    model = nn.Sequential(nn.Flatten(), nn.Linear(2304, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 7))
    frozen = fc.Frozen(model)
    for mode in (True, False, True):
        frozen.train(mode)
        assert [layer.training for layer in model] == [False, False, False, False, mode]
        assert frozen.training == mode
    images = torch.rand(5, 1, 48, 48)
    assert torch.equal(frozen(images), frozen(images)), "its dropout drops nothing"


def test_named_parts_are_frozen_with_all_inside_and_the_rest_is_trained(faces):
    model = fc.lite0(side=48)
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    of_norms = {name for name in model.state_dict() if ".bn" in name}
    changed = moved(fc.Frozen(model, norms), model, faces)
    assert changed == model.state_dict().keys() - of_norms
    stem = fc.lite0(side=48)
    assert not any(
        name.startswith("network.blocks.0.") for name in moved(fc.Frozen(stem, [stem.network.blocks[0]]), stem, faces)
    )


def test_thawed_everything_moves_that_was_trainable_before(faces):
    model = fc.lite0(side=48)
    model.network.conv_stem.weight.requires_grad = False
    frozen = fc.Frozen(model)
    assert frozen.thaw() is model
    assert all(layer.training for layer in model.modules())
    assert not model.network.conv_stem.weight.requires_grad
    assert moved(model, model, faces) == model.state_dict().keys() - {"network.conv_stem.weight"}


def test_it_answers_as_the_model_does_and_keeps_the_mode_that_it_was_found_in():
    model = fc.lite0(side=48).eval()
    frozen = fc.Frozen(model)
    assert not frozen.training
    images = torch.rand(2, 1, 48, 48)
    torch.testing.assert_close(frozen(images), model(images))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (lambda model: [nn.ReLU()], "expected layers of this model in parts; found ReLU(), which is none of them"),
        (lambda model: [model], "expected a weight that is left to train; found every one of the model frozen"),
    ],
)
def test_what_cannot_be_frozen_is_refused_and_nothing_was_changed(parts, words):
    model = fc.mlp(0.5, 0.25, hidden=(8,))
    with pytest.raises(fc.ParameterError) as raised:
        fc.Frozen(model, parts(model))
    assert str(raised.value) == words
    assert all(weights.requires_grad for weights in model.parameters())


def test_a_network_without_a_linear_layer_asks_for_names():
    with pytest.raises(fc.ParameterError, match="found none: name the parts to freeze"):
        fc.Frozen(nn.Sequential(nn.Conv2d(1, 7, 48), nn.Flatten()))


def test_a_single_part_is_named_without_a_list():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Linear(3, 7))
    fc.Frozen(model, model[1])
    assert [weights.requires_grad for weights in model.parameters()] == [False, False, True, True]
