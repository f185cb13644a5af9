"""What lesson 04 builds by hand, held against the package and against torchvision."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lesson_code import run_definitions
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

import fercourse as fc
from fercourse.learn.augment import Augment
from fercourse.learn.models import prelu_cnn


@pytest.fixture(scope="module")
def lesson(faces):
    namespace = dict(torch=torch, nn=nn, np=np, fc=fc, replace=replace, SEED=0, Dataset=Dataset)
    namespace |= dict(data=faces, train=faces.train, env=SimpleNamespace(device=torch.device("cpu")))
    run_definitions("04_augmentation_imbalance.py", namespace)
    return SimpleNamespace(**namespace)


@pytest.fixture(scope="module")
def part_three():
    namespace = dict(torch=torch, nn=nn, np=np, fc=fc, generator=np.random.default_rng(0))
    run_definitions("04c_comparison_resume.py", namespace)
    return SimpleNamespace(**namespace)


@pytest.fixture(scope="module")
def part_two():
    namespace = dict(torch=torch, nn=nn, np=np, fc=fc, replace=replace, generator=np.random.default_rng(0))
    run_definitions("04b_rare_emotions.py", namespace)
    return SimpleNamespace(**namespace)


@pytest.fixture(scope="module")
def images(faces):
    return next(fc.batches(faces.train, 16))[0]


def test_the_shipped_prelu_cnn_is_the_lessons(part_three, images):
    networks = []
    for build in (part_three.prelu_cnn, prelu_cnn):
        torch.manual_seed(4)
        networks.append(build(0.5, 0.25).eval())
    by_hand, shipped = networks
    assert torch.equal(by_hand(images), shipped(images))


def test_the_prelu_cnn_has_the_published_shapes(images):
    layers = list(prelu_cnn(0.5, 0.25).eval())
    sides, activation = [], images
    for layer in layers:
        activation = layer(activation)
        if isinstance(layer, (nn.Conv2d, nn.ZeroPad2d, nn.MaxPool2d, nn.AvgPool2d)):
            sides.append(activation.shape[2])
    assert sides == [44, 48, 22, 22, 22, 10, 10, 10, 5]
    assert [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)] == [64, 64, 128, 128, 128]
    assert [layer.in_features for layer in layers if isinstance(layer, nn.Linear)] == [3200, 1024, 1024]
    assert sum(isinstance(layer, nn.PReLU) for layer in layers) == 7
    assert activation.shape == (16, 7)


def test_its_dropout_is_the_one_asked_for():
    layers = list(prelu_cnn(0.5, 0.25, dropout=0.35))
    assert [layer.p for layer in layers if isinstance(layer, nn.Dropout)] == [0.35, 0.35]


def test_the_shift_by_hand_moves_each_face_by_its_own_pixels(lesson, images):
    moved = lesson.shift(images[:2], torch.tensor([3, 0]), torch.tensor([0, -2]))
    assert torch.equal(moved[0, :, 3:], images[0, :, :-3])
    assert torch.equal(moved[0, :, :3], images[0, :, :1].expand(1, 3, 48))
    assert torch.equal(moved[1, :, :, :-2], images[1, :, :, 2:])


def test_the_turn_by_hand_is_torchvisions_inside_the_picture(lesson, images):
    turned = lesson.turn(images, torch.full((16,), 20.0))
    bilinear = v2.InterpolationMode.BILINEAR
    theirs = v2.functional.rotate(images, -20, interpolation=bilinear)
    inside = (slice(None), slice(None), slice(10, 38), slice(10, 38))
    torch.testing.assert_close(turned[inside], theirs[inside], rtol=0, atol=1e-4)


def test_the_shipped_augmented_does_what_the_lessons_does(lesson, faces):
    augment = Augment(flip=0.5, rotate=10)
    streams = [
        list(build(fc.batches(faces.train, 32), augment, torch.Generator().manual_seed(3)))
        for build in (lesson.augmented, fc.augmented)
    ]
    for (mine, my_labels), (theirs, their_labels) in zip(*streams, strict=True):
        assert torch.equal(mine, theirs)
        assert torch.equal(my_labels, their_labels)


def test_the_table_of_2022_counts_five_faces_a_batch_and_one_too_many_below(part_two):
    certain = np.eye(7, dtype=np.float32)[np.full(256, 3)]
    recall, looked_at = part_two.recall_of_2022(fc.Predictions(certain, np.full(256, 3), "an example"))
    assert looked_at == 10
    assert recall[3] == pytest.approx(10 / 11)


def test_the_gain_of_one_seed_is_the_difference_and_its_interval_that_of_the_paired_counts(lesson):
    labels = np.zeros(400, int)
    generator = np.random.default_rng(1)
    new, old = (
        fc.Predictions(np.eye(7, dtype=np.float32)[(generator.random(400) > bound).astype(int)], labels, "x")
        for bound in (0.7, 0.5)
    )
    points, half = lesson.gain([new], [old])
    paired = new.versus(old)
    share = (paired.wins - paired.losses) / 400
    variance = ((paired.wins + paired.losses) / 400 - share**2) / 399
    assert points == pytest.approx(100 * share)
    assert half == pytest.approx(196 * variance**0.5)
    assert lesson.clearly_better([new], [old])
    assert not lesson.clearly_better([old], [new])
    assert not lesson.clearly_better([new, old], [old, old]), "every seed has to agree"


def test_stored_copies_are_the_changes_one_after_the_other_beside_their_labels(lesson, faces):
    darker = [lambda images, generator, factor=factor: images * factor for factor in (1, 0.5, 0.2)]
    split = lesson.stored(darker)
    size = len(faces.train)
    assert np.array_equal(split.labels, np.tile(faces.train.labels, 3))
    assert np.array_equal(split.images[:size], faces.train.images)
    assert np.abs(split.images[size : 2 * size] - faces.train.images / 2.0).max() <= 0.51


def test_anew_picks_one_of_the_changes_for_each_face(lesson, images):
    augment = lesson.anew([lambda images, generator, factor=factor: images * factor for factor in (1, 0.5, 0.25)])
    changed = augment(images, torch.Generator().manual_seed(2))
    factors = (changed.flatten(1).sum(1) / images.flatten(1).sum(1)).tolist()
    assert {round(factor, 3) for factor in factors} == {1, 0.5, 0.25}


def test_the_lessons_data_set_gives_a_loader_the_faces_of_the_split_changed(lesson, faces):
    loader = DataLoader(lesson.Changed(faces.train, lambda image: image / 2), 16)
    images, labels = next(iter(loader))
    ours, our_labels = next(fc.batches(faces.train, 16))
    torch.testing.assert_close(images, ours / 2)
    assert torch.equal(labels, our_labels)


def test_adjusted_answers_are_those_of_bayes_rule_with_other_shares(part_two):
    generator = np.random.default_rng(3)
    likelihoods, shares = generator.random((50, 7)), generator.dirichlet(np.ones(7))
    in_training = likelihoods * shares / (likelihoods * shares).sum(1, keepdims=True)
    even = likelihoods / likelihoods.sum(1, keepdims=True)
    guess = fc.Predictions(in_training.astype(np.float32), np.zeros(50, int), "an example")
    np.testing.assert_allclose(part_two.adjusted(guess, 1 / shares).probabilities, even, atol=1e-5)


def test_choosing_among_equals_costs_nothing_and_among_lucky_ones_something(part_three):
    lucky = np.random.default_rng(4).random((100, 400)) < 0.6
    assert part_three.price(lucky, 100) > 8
    assert abs(part_three.price(np.repeat(lucky[:1], 100, axis=0), 200)) < 0.5
