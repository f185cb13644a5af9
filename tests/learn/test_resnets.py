"""The residual networks: against torchvision's own, against sizes worked out by hand, in both precisions."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from lesson_code import run_definitions
from torch import nn
from torchvision.models.resnet import BasicBlock

import fercourse as fc
from fercourse.learn.costs import cost
from fercourse.learn.models import (
    DEPTHS,
    Residual,
    ResidualBlock,
    bn_cnn,
    efficientnet_b0,
    plain9,
    resnet,
    resnet9,
    small_resnet,
)
from fercourse.learn.precision import at_precision

PUBLISHED = {
    18: torchvision.models.ResNet18_Weights.IMAGENET1K_V1,
    50: torchvision.models.ResNet50_Weights.IMAGENET1K_V1,
    152: torchvision.models.ResNet152_Weights.IMAGENET1K_V1,
}
CONVOLUTIONS = {18: 16 + 3 + 1, 50: 48 + 4 + 1, 152: 150 + 4 + 1}  # in blocks, in shortcuts, in the stem


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return {depth: resnet(depth, 0.5, 0.25) for depth in DEPTHS}


@pytest.mark.parametrize("depth", DEPTHS)
def test_parameters_are_the_published_count_with_the_two_ends_swapped(networks, depth):
    features = 512 if depth == 18 else 2048
    published = PUBLISHED[depth].meta["num_params"]
    ends_of_imagenet = 64 * 3 * 7 * 7 + 1000 * features + 1000
    ends_of_faces = 64 * 1 * 7 * 7 + 7 * features
    ours = sum(weights.numel() for weights in networks[depth].parameters())
    assert ours == published - ends_of_imagenet + ends_of_faces


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_depth_is_the_number_of_convolutions_outside_shortcuts_and_one_linear_layer(networks, depth):
    convolutions = [layer for layer in networks[depth].modules() if isinstance(layer, nn.Conv2d)]
    shortcuts = 3 if depth == 18 else 4
    assert len(convolutions) == CONVOLUTIONS[depth]
    assert len(convolutions) - shortcuts + 1 == depth


def test_faces_go_through_torchvisions_network_standardised_once(networks):
    images = torch.rand(2, 1, 48, 48)
    model = networks[18].eval()
    theirs = torchvision.models.resnet18(weights=None)
    theirs.conv1, theirs.fc = nn.Conv2d(1, 64, 7, 2, 3, bias=False), nn.Linear(512, 7, bias=False)
    theirs.load_state_dict(model[1].state_dict())
    expected = theirs.eval()((images - 0.5) / 0.25)
    torch.testing.assert_close(model(images), expected)
    assert expected.shape == (2, 7)


def sides(model, layers):
    """The side of the activation that goes into each of `layers`, for one face of 48 pixels."""
    seen = []
    hooks = [layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[-1])) for layer in layers]
    with torch.no_grad():
        model.eval()(torch.rand(1, 1, 48, 48))
    for hook in hooks:
        hook.remove()
    return seen


def stages(model):
    return [model[1].layer1, model[1].layer2, model[1].layer3, model[1].layer4, model[1].avgpool]


def test_the_stem_of_imagenet_leaves_twelve_pixels_and_the_stem_for_faces_twenty_four(networks):
    assert sides(networks[18], stages(networks[18])) == [12, 12, 6, 3, 2]
    repaired = resnet(18, 0.5, 0.25, stem="faces")
    assert sides(repaired, stages(repaired)) == [24, 24, 12, 6, 3]


def test_the_stem_for_faces_costs_between_three_and_four_times_the_arithmetic(networks):
    repaired = resnet(18, 0.5, 0.25, stem="faces")
    assert 3 < cost(repaired).flops / cost(networks[18]).flops < 4
    assert cost(repaired).parameters == cost(networks[18]).parameters - 64 * (49 - 9)


@pytest.mark.parametrize("wrong", [dict(depth=34), dict(depth="18"), dict(depth=18, stem="cifar")], ids=str)
def test_another_depth_or_stem_is_refused_with_those_there_are(wrong):
    with pytest.raises(fc.ParameterError, match=r"18, 50, 152|imagenet or faces"):
        resnet(wrong.pop("depth"), 0.5, 0.25, **wrong)


def test_a_residual_step_with_a_silent_block_changes_nothing():
    images = torch.rand(2, 3, 5, 5)
    silent = nn.Conv2d(3, 3, 3, padding=1, bias=False)
    nn.init.zeros_(silent.weight)
    assert torch.equal(Residual(silent)(images), images)


def test_resnet9_is_eight_convolutions_and_a_linear_layer_with_the_weights_counted_by_hand():
    model = resnet9(0.5, 0.25)
    pairs = [(1, 64), (64, 128), (128, 128), (128, 128), (128, 256), (256, 512), (512, 512), (512, 512)]
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in convolutions] == pairs
    weights = sum(9 * inputs * outputs + 2 * outputs for inputs, outputs in pairs) + 512 * 7 + 7
    assert sum(each.numel() for each in model.parameters()) == weights
    assert sides(model, convolutions) == [48, 48, 24, 24, 24, 12, 6, 6]


def test_resnet9_adds_the_input_of_both_residual_steps():
    torch.manual_seed(0)
    model = resnet9(0.5, 0.25).eval()
    images = torch.rand(2, 1, 48, 48)
    activation = images
    for layer in model:
        activation = activation + layer.block(activation) if isinstance(layer, Residual) else layer(activation)
    assert activation.shape == (2, 7)
    torch.testing.assert_close(model(images), activation)
    assert sum(isinstance(layer, Residual) for layer in model) == 2


def tiny_resnet():
    torch.manual_seed(0)
    block = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
    pooled = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 7))
    return nn.Sequential(fc.Standardise(0.5, 0.25), nn.Conv2d(1, 4, 4, stride=4), Residual(block), *pooled)


def test_batch_norm_keeps_its_statistics_in_float32_and_near_the_exact_ones_under_bfloat16():
    images, labels = torch.rand(64, 1, 48, 48), torch.arange(64) % 7
    norms = {}
    for precision in ("float32", "bfloat16"):
        model = tiny_resnet()
        forward = at_precision(model, precision, torch.device("cpu")).train()
        F.cross_entropy(forward(images), labels).backward()
        norms[precision] = model[2].block[1]
    exact, rounded = norms["float32"], norms["bfloat16"]
    assert rounded.running_mean.dtype == rounded.running_var.dtype == rounded.weight.grad.dtype == torch.float32
    assert exact.running_var.min() > 0.9, "it holds something worth comparing: nine tenths of its start, and the batch"
    torch.testing.assert_close(exact.running_mean, rounded.running_mean, rtol=0.02, atol=0.002)
    torch.testing.assert_close(exact.running_var, rounded.running_var, rtol=0.02, atol=0.002)


@pytest.mark.parametrize("build", [lambda: resnet(18, 0.5, 0.25), lambda: resnet(18, 0.5, 0.25, stem="faces")])
def test_a_step_of_training_moves_every_weight_of_a_resnet(build):
    torch.manual_seed(0)
    model = build()
    before = [weights.detach().clone() for weights in model.parameters()]
    batch = (torch.rand(8, 1, 48, 48), torch.arange(8) % 7)
    row = fc.train_epoch(model, [batch], torch.optim.SGD(model.parameters(), lr=0.1))
    assert row["train_loss"] < 5
    assert all((old != new).any() for old, new in zip(before, model.parameters(), strict=True))


def test_the_shipped_resnet_is_the_lessons_resnet():
    namespace = dict(torch=torch, nn=nn, fc=fc, torchvision=torchvision)
    run_definitions("05b_large_resnets.py", namespace)
    torch.manual_seed(4)
    by_hand = namespace["resnet"](18, 0.5, 0.25).eval()
    torch.manual_seed(4)
    shipped = resnet(18, 0.5, 0.25).eval()
    images = torch.rand(3, 1, 48, 48)
    assert torch.equal(by_hand(images), shipped(images))


def test_the_lessons_count_of_operations_is_that_of_cost(networks):
    namespace = dict(torch=torch, nn=nn, fc=fc, torchvision=torchvision)
    run_definitions("05b_large_resnets.py", namespace)
    assert namespace["count_operations"](networks[50]) == cost(networks[50]).flops


def test_nine_layers_without_shortcuts_are_resnet9s_own_one_after_the_other():
    torch.manual_seed(0)
    with_shortcuts = resnet9(0.5, 0.25).eval()
    torch.manual_seed(0)
    without = plain9(0.5, 0.25).eval()
    assert not any(isinstance(layer, Residual) for layer in without.modules())
    pairs = zip(with_shortcuts.parameters(), without.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    images = torch.rand(2, 1, 48, 48)
    activation = images
    for layer in with_shortcuts:
        activation = layer.block(activation) if isinstance(layer, Residual) else layer(activation)
    torch.testing.assert_close(without(images), activation)
    assert activation.shape == (2, 7)


PRINTED = [(1, 80, 5), (80, 140, 5), (140, 200, 3), (200, 250, 3)], [(2250, 160), (160, 70), (70, 20)]
"""The layers of notebook B as it prints them: inputs, outputs and kernels of convolutions, then linear layers."""


def test_the_network_with_batch_norm_has_as_many_weights_as_the_one_that_its_notebook_prints():
    convolutions, linears = PRINTED
    expected = sum(inputs * outputs * side**2 + outputs for inputs, outputs, side in convolutions)
    expected += sum(inputs * outputs + outputs for inputs, outputs in linears)
    expected += sum(2 * outputs for _, outputs, *_ in convolutions + linears)  # a scale and a shift of batch norm
    assert expected == 1_359_360
    assert sum(weights.numel() for weights in bn_cnn(0.5, 0.25, outputs=20).parameters()) == expected
    thirteen_less = 13 * (70 + 1 + 2)
    assert sum(weights.numel() for weights in bn_cnn(0.5, 0.25).parameters()) == expected - thirteen_less


def test_the_network_with_batch_norm_halves_its_pictures_four_times():
    activation, shapes = torch.rand(2, 1, 48, 48), []
    for layer in bn_cnn(0.5, 0.25):
        activation = layer(activation)
        shapes += [tuple(activation.shape[1:])] * isinstance(layer, (nn.MaxPool2d, nn.Linear))
    assert shapes == [(80, 24, 24), (140, 12, 12), (200, 6, 6), (250, 3, 3), (160,), (70,), (7,)]
    kinds = [type(layer).__name__ for layer in bn_cnn(0.5, 0.25)]
    assert kinds[1:6] == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Dropout"]
    assert kinds[-6:] == ["Linear", "BatchNorm1d", "ReLU", "Dropout", "Linear", "BatchNorm1d"]


@pytest.fixture(scope="module")
def lesson():
    namespace = dict(torch=torch, nn=nn, F=F, fc=fc, np=np, SEED=7, mean=0.5, std=0.25)
    namespace["data"] = SimpleNamespace(train=None, valid=None)
    run_definitions("05_resnets.py", namespace)
    return namespace


@pytest.mark.parametrize("shortcuts", [True, False])
def test_the_shipped_small_resnet_is_the_lessons_family(lesson, shortcuts):
    by_hand = lesson["family"](14, shortcuts).eval()
    torch.manual_seed(7)
    shipped = small_resnet(14, 0.5, 0.25, shortcuts=shortcuts).eval()
    images = torch.rand(3, 1, 48, 48)
    assert torch.equal(by_hand(images), shipped(images))


@pytest.mark.parametrize(("depth", "weights"), [(8, 77_559), (20, 271_991), (44, 660_855)])
def test_a_small_resnet_has_as_many_layers_as_it_says_and_the_weights_counted_by_hand(depth, weights):
    model, n = small_resnet(depth, 0.5, 0.25), (depth - 2) // 6
    on_the_way = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3)]
    assert len(on_the_way) + 1 == depth
    first = {16: 9 * 16 * 16, 32: 9 * 16 * 32 + 16 * 32 + 64, 64: 9 * 32 * 64 + 32 * 64 + 128}
    of_stages = [first[c] + 9 * c * c + 4 * c + (n - 1) * (18 * c * c + 4 * c) for c in (16, 32, 64)]
    assert sum(each.numel() for each in model.parameters()) == weights == 9 * 16 + 32 + sum(of_stages) + 64 * 7 + 7


def test_shortcuts_of_a_small_resnet_add_the_weights_of_two_one_by_one_convolutions_and_no_layer():
    sizes = [
        sum(each.numel() for each in small_resnet(20, 0.5, 0.25, shortcuts=cut).parameters()) for cut in (True, False)
    ]
    assert sizes[0] - sizes[1] == (16 * 32 + 64) + (32 * 64 + 128)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_residual_block_is_torchvisions(stride):
    fitting = nn.Sequential(nn.Conv2d(8, 12, 1, stride, bias=False), nn.BatchNorm2d(12))
    theirs, mine = BasicBlock(8, 12, stride, fitting), ResidualBlock(8, 12, stride)
    mine.load_state_dict(theirs.state_dict())
    images = torch.rand(4, 8, 7, 9)
    torch.testing.assert_close(mine(images), theirs(images))
    torch.testing.assert_close(mine.eval()(images), theirs.eval()(images))


@pytest.mark.parametrize("depth", [2, 9, 18, 13])
def test_a_small_resnet_of_another_depth_is_refused_with_those_there_are(depth):
    with pytest.raises(fc.ParameterError, match=rf"6n \+ 2: 8, 14, 20, …; found {depth}"):
        small_resnet(depth, 0.5, 0.25)


def blocks_of_b0():
    """EfficientNet-B0's blocks as its paper lists them: inputs, outputs, expansion, kernel."""
    stages = (
        (1, 16, 1, 3),
        (6, 24, 2, 3),
        (6, 40, 2, 5),
        (6, 80, 3, 3),
        (6, 112, 3, 5),
        (6, 192, 4, 5),
        (6, 320, 1, 3),
    )
    inputs = 32
    for expansion, outputs, blocks, side in stages:
        for _ in range(blocks):
            yield inputs, outputs, expansion, side
            inputs = outputs


def test_efficientnet_b0_has_the_weights_counted_by_hand():
    expected = 27 * 32 + 2 * 32  # the stem, and its batch norm
    for inputs, outputs, expansion, side in blocks_of_b0():
        wide, squeezed = expansion * inputs, inputs // 4
        expected += (inputs * wide + 2 * wide) * (expansion > 1)
        expected += side * side * wide + 2 * wide  # depthwise
        expected += wide * squeezed + squeezed + squeezed * wide + wide  # squeeze and excitation
        expected += wide * outputs + 2 * outputs
    expected += 320 * 1280 + 2 * 1280 + 1280 * 7 + 7
    assert sum(weights.numel() for weights in efficientnet_b0().parameters()) == expected == 4_016_515
    with_a_thousand = torchvision.models.EfficientNet_B0_Weights.IMAGENET1K_V1.meta["num_params"]
    assert expected == with_a_thousand - 1281 * 1000 + 1281 * 7


def test_efficientnet_b0_sees_a_face_as_three_equal_channels_and_draws_nothing_while_it_trains():
    torch.manual_seed(0)
    model, images = efficientnet_b0(), torch.rand(4, 1, 48, 48)
    first, again = model(images), model(images)
    assert torch.equal(first, again)
    torch.testing.assert_close(first, model[1](images.repeat(1, 3, 1, 1)))
    assert first.shape == (4, 7)
