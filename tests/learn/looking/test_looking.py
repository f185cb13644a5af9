"""Maps of a layer, Grad-CAM and occlusion: equal to captum's, and nothing of the network is changed by looking."""

import copy

import captum.attr as captum
import numpy as np
import pytest
import torch
from torch import nn

import fercourse as fc
from fercourse.errors import ParameterError

# captum's own hooks and its way of calling torch; what we call warns of nothing.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum", "ignore::DeprecationWarning:captum")


@pytest.fixture(scope="module")
def images():
    """Six drawn faces as a network takes them."""
    return next(fc.batches(fc.drawn_faces(0, 6, 0, seed=3).valid, 6))[0]


@pytest.fixture(scope="module")
def networks():
    """Two networks with layers to look into: without training, their logits differ by little."""
    torch.manual_seed(0)
    cnn, resnet = fc.cnn(0.5, 0.25), fc.resnet(18, 0.5, 0.25, stem="faces")
    return {"cnn": (cnn, [cnn[1], cnn[4], cnn[8]]), "resnet": (resnet, [resnet[1].layer2, resnet[1].layer4])}


def in_place():
    """A small network in which each ReLU writes over what the convolution before it answered."""
    torch.manual_seed(1)
    layers = [nn.Conv2d(1, 4, 3, 2), nn.ReLU(inplace=True), nn.Conv2d(4, 6, 3, 2), nn.BatchNorm2d(6)]
    layers += [nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Flatten(), nn.Linear(6 * 11 * 11, 7)]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("name", ["cnn", "resnet"])
def test_grad_cam_is_captums(name, networks, images):
    model, layers = networks[name]
    codes = torch.arange(6)
    for layer in layers:
        ours = fc.grad_cam(model, images, layer, of=codes)
        theirs = captum.LayerGradCam(model.eval(), layer).attribute(
            images.clone(), target=codes, relu_attributions=True
        )
        theirs = theirs[:, 0].detach().numpy()
        assert ours.dtype == np.float32
        assert theirs.max() > 0
        assert np.abs(ours - theirs).max() < 1e-5 * max(1, theirs.max())


def test_grad_cam_of_no_emotion_is_that_of_each_answer(networks, images):
    model, (_, layer, _) = networks["cnn"]
    with torch.no_grad():
        answers = model.eval()(images).argmax(1)
    assert np.array_equal(fc.grad_cam(model, images, layer), fc.grad_cam(model, images, layer, of=answers))


def test_an_emotion_is_named_or_numbered(networks, images):
    model, (layer, *_) = networks["cnn"]
    named = fc.grad_cam(model, images, layer, of="Sad")
    for of in (4, np.int64(4), np.full(6, 4), [4] * 6, torch.full((6,), 4)):
        assert np.array_equal(named, fc.grad_cam(model, images, layer, of=of))
    assert not np.array_equal(named, fc.grad_cam(model, images, layer, of="Happy"))


def test_a_relu_that_works_in_place_changes_no_map(images):
    careful = in_place()
    plain = copy.deepcopy(careful)
    for layer in plain.modules():
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    for place in (0, 3):
        assert np.array_equal(
            fc.grad_cam(careful, images, careful[place], of=2), fc.grad_cam(plain, images, plain[place], of=2)
        )
        maps = fc.feature_maps(careful, images, careful[place])
        assert maps.min() < 0
        assert np.array_equal(maps, fc.feature_maps(plain, images, plain[place]))


def test_feature_maps_are_what_the_layers_before_give(networks, images):
    model, (first, second, _) = networks["cnn"]
    with torch.no_grad():
        by_hand = model[:5](images).numpy()
    assert np.array_equal(fc.feature_maps(model, images, second), by_hand)
    assert fc.feature_maps(model, images, first).shape == (6, 32, 46, 46)


def test_occlusion_is_captums_where_squares_do_not_overlap(networks, images):
    model, _ = networks["cnn"]
    model.eval()
    ours = fc.occlusion(model, images, size=12, stride=12, of="Fear")
    theirs = captum.Occlusion(lambda faces: model(faces).softmax(1)).attribute(
        images,
        target=2,
        sliding_window_shapes=(1, 12, 12),
        strides=(1, 12, 12),
        baselines=images.mean((1, 2, 3), keepdim=True).expand_as(images),
    )
    assert ours.shape == (6, 4, 4)
    assert np.abs(ours).max() > 1e-4
    assert np.abs(ours - theirs[:, 0, ::12, ::12].numpy()).max() < 1e-6


def test_occlusion_by_hand_at_one_place(networks, images):
    model, _ = networks["cnn"]
    model.eval()
    hidden = images[:1].clone()
    hidden[0, 0, 20:28, 36:44] = hidden.mean()
    with torch.no_grad():
        drop = (model(images[:1]).softmax(1) - model(hidden).softmax(1))[0, 3]
    assert fc.occlusion(model, images[:1], of=3)[0, 5, 9] == pytest.approx(float(drop), abs=1e-7)


def test_a_split_is_looked_at_as_its_batch_is(networks):
    model, (layer, *_) = networks["cnn"]
    split = fc.drawn_faces(0, 4, 0, seed=3).valid
    images, _ = next(fc.batches(split, 4))
    assert np.array_equal(fc.grad_cam(model, split, layer), fc.grad_cam(model, images, layer))
    assert np.array_equal(
        fc.occlusion(model, split, size=24, stride=24), fc.occlusion(model, images, size=24, stride=24)
    )


def test_the_map_of_random_weights_is_another_one(networks, images):
    """The sanity check of Adebayo and others 2018: a map that random weights do not change says nothing of weights."""
    model, (*_, layer) = networks["cnn"]
    other = copy.deepcopy(model)
    for part in other.modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()
    ours, random = fc.grad_cam(model, images, layer, of=3), fc.grad_cam(other, images, other[8], of=3)
    assert not np.allclose(ours, random, rtol=0.1)


def traces(model):
    """What looking might leave behind in a network."""
    modes = [layer.training for layer in model.modules()]
    hooks = [len(layer._forward_hooks) + len(layer._backward_hooks) for layer in model.modules()]
    gradients = [None if part.grad is None else part.grad.clone() for part in model.parameters()]
    return modes, hooks, gradients, [part.requires_grad for part in model.parameters()], model.state_dict()


def unchanged(before, after):
    state, state_after = before[-1], after[-1]
    same_gradients = all(
        one is other if one is None else torch.equal(one, other) for one, other in zip(before[2], after[2], strict=True)
    )
    same_weights = all(torch.equal(value, state_after[name]) for name, value in state.items())
    return before[:2] == after[:2] and before[3] == after[3] and same_gradients and same_weights


@pytest.mark.parametrize("trained_before", [False, True])
def test_looking_leaves_the_network_as_it_was(trained_before, images):
    model = in_place().train()
    model[5].eval()
    if trained_before:
        model(images).sum().backward()
    before = copy.deepcopy(traces(model))
    given = images.clone()
    for look in (
        lambda: fc.grad_cam(model, given, model[3]),
        lambda: fc.feature_maps(model, given, model[0]),
        lambda: fc.occlusion(model, given, size=24, stride=24),
    ):
        look()
        assert unchanged(before, traces(model))
    assert torch.equal(given, images)
    assert not given.requires_grad


def test_an_error_leaves_the_network_as_it_was(images):
    model = in_place().train()
    model.append(nn.Linear(9, 7))  # takes no seven numbers
    before = copy.deepcopy(traces(model))
    for look in (
        lambda: fc.grad_cam(model, images, model[3]),
        lambda: fc.feature_maps(model, images, model[0]),
        lambda: fc.occlusion(model, images),
    ):
        with pytest.raises(ParameterError, match="this one says"):
            look()
        assert unchanged(before, traces(model))


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_grad_cam_takes_its_gradient_where_torch_takes_none(context, networks, images):
    model, (layer, *_) = networks["cnn"]
    with context():
        inside = fc.grad_cam(model, images * 1, layer)
    assert np.array_equal(inside, fc.grad_cam(model, images, layer))


def test_a_frozen_network_has_the_maps_of_a_free_one(images):
    model = in_place()
    free = fc.grad_cam(model, images, model[3], of=1)
    frozen = fc.Frozen(model)
    assert np.array_equal(free, fc.grad_cam(frozen, images, model[3], of=1))


def test_a_layer_of_another_network_is_refused(images):
    with pytest.raises(ParameterError, match=r"expected a layer of this model, such as model\[1\]; found Conv2d"):
        fc.grad_cam(in_place(), images, in_place()[0])
    with pytest.raises(ParameterError, match="found 'conv1', which is none of them"):
        fc.feature_maps(in_place(), images, "conv1")


def test_a_layer_without_maps_is_refused(images):
    model = in_place()
    with pytest.raises(ParameterError, match=r"answers with \(6, 7\)\. Take a convolution"):
        fc.grad_cam(model, images, model[7])


def test_a_layer_that_runs_twice_or_never_is_refused(images):
    relu = nn.ReLU()
    model = nn.Sequential(nn.Conv2d(1, 2, 3, 4), relu, nn.Conv2d(2, 2, 3), relu, nn.Flatten(), nn.Linear(200, 7))
    with pytest.raises(ParameterError, match="runs 2 times"):
        fc.grad_cam(model, images, relu)
    model.spare = nn.Conv2d(1, 1, 1)
    model.forward = lambda images: nn.Sequential(*list(model)[:6])(images)
    with pytest.raises(ParameterError, match="runs 0 times"):
        fc.feature_maps(model, images, model.spare)


@pytest.mark.parametrize(
    "wrong",
    [
        torch.zeros(48, 48),
        torch.zeros(1, 48, 48),
        torch.zeros(2, 3, 48, 48),
        torch.zeros(2, 1, 40, 48),
        torch.zeros(0, 1, 48, 48),
        torch.zeros(2, 1, 48, 48, dtype=torch.uint8),
        np.zeros((2, 1, 48, 48), np.float32),
        torch.full((2, 1, 48, 48), 255.0),
        torch.full((2, 1, 48, 48), torch.nan),
    ],
    ids=lambda wrong: f"{wrong.dtype} {tuple(wrong.shape)} {wrong.max() if len(wrong) else 0}",
)
def test_images_of_another_shape_or_range_are_refused(wrong):
    model = in_place()
    for look in (
        fc.occlusion,
        lambda *them: fc.grad_cam(*them, model[0]),
        lambda *them: fc.feature_maps(*them, model[0]),
    ):
        with pytest.raises(ParameterError, match=r"expected faces (as float32 \(B, 1, 48, 48\)|in \[0, 1\], found)"):
            look(model, wrong)


def test_an_emotion_out_of_range_is_refused(images):
    model = in_place()
    for of, found in ((7, "0 Angry, .*6 Neutral; found 7"), (-1, "found -1"), ([0, 1, 2, 3, 4, 9], "found 9")):
        with pytest.raises(ParameterError, match=found):
            fc.grad_cam(model, images, model[0], of=of)
    for of in ("Joy", 1.5, [1, 2], True, [0.0] * 6, ["Sad"] * 6, [True] * 6, object()):
        with pytest.raises(ParameterError, match="an emotion or a code for each of the 6 faces"):
            fc.occlusion(model, images, of=of)


def test_squares_that_leave_an_edge_uncovered_are_refused(images):
    with pytest.raises(ParameterError, match="found size=10, stride=4; with size=10 the stride may be 1, 2, 19, 38"):
        fc.occlusion(in_place(), images, size=10)
    for settings in ({"size": 49}, {"size": 0}, {"stride": 0}, {"size": 8.5}):
        with pytest.raises(ParameterError):
            fc.occlusion(in_place(), images, **settings)


def test_a_network_that_ends_in_a_softmax_is_refused_where_a_second_one_would_flatten_the_map(images):
    model = nn.Sequential(in_place(), nn.Softmax(1))
    for look in (fc.occlusion, lambda *them: fc.grad_cam(*them, model[0][0])):
        with pytest.raises(ParameterError, match="expected logits from the network, found probabilities"):
            look(model, images)
