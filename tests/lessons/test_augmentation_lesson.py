"""What lesson 04 builds by hand, held against the package and against torchvision."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lesson_code import run_definitions
from torch import nn
from torchvision.transforms import v2

import fercourse as fc
from fercourse.learn.augment import Augment
from fercourse.learn.models import prelu_cnn


@pytest.fixture(scope="module")
def lesson():
    namespace = dict(torch=torch, nn=nn, np=np, fc=fc, env=SimpleNamespace(device=torch.device("cpu")))
    run_definitions("04_augmentation_imbalance.py", namespace)
    return SimpleNamespace(**namespace)


@pytest.fixture(scope="module")
def images(faces):
    return next(fc.batches(faces.train, 16))[0]


def test_the_shipped_prelu_cnn_is_the_lessons(lesson, images):
    networks = []
    for build in (lesson.prelu_cnn, prelu_cnn):
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


def test_the_table_of_2022_counts_five_faces_a_batch_and_one_too_many_below(lesson):
    certain = np.eye(7, dtype=np.float32)[np.full(256, 3)]
    recall, looked_at = lesson.recall_of_2022(fc.Predictions(certain, np.full(256, 3), "an example"))
    assert looked_at == 10
    assert recall[3] == pytest.approx(10 / 11)
