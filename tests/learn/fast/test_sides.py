"""Sides that change from epoch to epoch: against the loop written out, resumed, and what is refused."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import fercourse as fc
from fercourse.learn.fast.sides import resized

SIDES = [24, 32, 48]


def network(seed=0):
    """Takes faces of any side."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 8, 5, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 7))


def train(model, faces, **more):
    how = dict(lr=0.05, optimizer="sgd", batch_size=50, device="cpu", epochs=3, sides=SIDES)
    return list(fc.iter_fit(model, faces, **how | more))


def test_each_epoch_trains_on_faces_of_its_side_and_is_validated_on_whole_ones_as_in_the_loop_by_hand(faces):
    model, by_hand = network(), network()
    rows = train(model, faces, augment=fc.Augment(flip=0.5, shift=0.1))
    optimizer, draws = torch.optim.SGD(by_hand.parameters(), lr=0.05), torch.Generator().manual_seed(0)
    for row, side in zip(rows, SIDES, strict=True):
        stream = fc.batches(faces.train, 50, shuffle=True, generator=draws)
        smaller = (
            (F.interpolate(images, size=side, mode="bilinear", antialias=True), labels) for images, labels in stream
        )
        fc.train_epoch(by_hand, fc.augmented(smaller, fc.Augment(flip=0.5, shift=0.1), draws), optimizer)
        assert row["side"] == side
        assert row["valid_loss"] == pytest.approx(fc.evaluate(by_hand, fc.batches(faces.valid))["valid_loss"])
    for ours, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_smaller_pixel_is_a_mean_of_all_that_it_covers():
    images = torch.zeros(1, 1, 48, 48)
    images[..., ::2] = 1.0  # every second column is white: without a mean a half of the side would be all white
    assert resized(images, 24)[..., 2:-2].sub(0.5).abs().max() < 0.13
    assert resized(images, 48) is images
    assert resized(images, None) is images


def test_an_augmentation_is_given_the_smaller_faces(faces):
    seen = []
    train(network(), faces, augment=lambda images: seen.append(images.shape[-1]) or images)
    assert [side for side in seen if side != seen[0]]
    assert seen[-15:] == [24] * 5 + [32] * 5 + [48] * 5


def test_the_side_of_the_faces_themselves_changes_nothing_and_without_sides_a_row_has_none(faces):
    whole, same = network(), network()
    rows = train(whole, faces, sides=None)
    assert [row["valid_loss"] for row in rows] == [row["valid_loss"] for row in train(same, faces, sides=[48] * 3)]
    assert "side" not in rows[0]


def test_a_resumed_run_goes_on_at_the_side_of_its_epoch_and_other_sides_are_another_recipe(tmp_path, faces):
    path, whole, killed, resumed = tmp_path / "run.pt", network(), network(), network(1)
    train(whole, faces)
    how = dict(lr=0.05, optimizer="sgd", batch_size=50, device="cpu", epochs=3, checkpoint=path)
    next(fc.iter_fit(killed, faces, **how, sides=SIDES))
    with pytest.raises(fc.CheckpointMismatch, match=r"sides: \[24, 32, 48\] in the checkpoint, \[24, 24, 48\] now"):
        fc.iter_fit(network(), faces, **how, sides=[24, 24, 48], resume=True)
    with pytest.raises(fc.CheckpointMismatch, match=r"sides: \[24, 32, 48\] in the checkpoint, None now"):
        fc.iter_fit(network(), faces, **how, resume=True)
    rows = list(fc.iter_fit(resumed, faces, **how, sides=np.array(SIDES), resume=True))
    assert [row["side"] for row in rows] == SIDES
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), resumed.parameters(), strict=True))


def test_a_checkpoint_of_before_there_were_sides_is_gone_on_with(tmp_path, faces):
    path = tmp_path / "run.pt"
    train(network(), faces, sides=None, epochs=1, checkpoint=path)
    kept = torch.load(path)
    assert kept["recipe"].pop("sides") is None
    torch.save(kept, path)
    assert len(train(network(), faces, sides=None, epochs=2, checkpoint=path, resume=True)) == 2


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        ([48, 48], r"one for each of 3 epochs.*found sides=\[48, 48\] \(2 of them\)"),
        ([], "one for each of 3 epochs"),
        (48, "found sides=48"),
        ("484", "found sides='484'"),
        (frozenset({48}), "one for each of 3 epochs"),
        ([32, 0, 48], r"expected sides\[1\], of epoch 2, a whole number ≥ 1; found .*=0"),
        ([32, -4, 48], "a whole number ≥ 1; found .*=-4"),
        ([32, 40.0, 48], r"a whole number ≥ 1; found .*=40\.0"),
        ([32, True, 48], "a whole number ≥ 1; found .*=True"),
        ([32, "40", 48], "a whole number ≥ 1; found .*='40'"),
        ([32, None, 48], "a whole number ≥ 1; found .*=None"),
        (np.array([32.0, 40, 48]), r"found .*=32\.0"),
    ],
    ids=str,
)
def test_sides_that_are_no_whole_number_of_pixels_for_each_epoch_are_refused(faces, sides, words):
    with pytest.raises(fc.ParameterError, match=words):
        train(network(), faces, sides=sides)


@pytest.mark.parametrize(
    ("setting", "words"),
    [(dict(keep="best"), 'keep="best" compares'), (dict(schedule=fc.Plateau()), "a Plateau compares")],
    ids=["best", "plateau"],
)
def test_the_best_epoch_cannot_be_kept_where_sides_change_and_can_where_they_do_not(faces, setting, words):
    with pytest.raises(fc.ParameterError, match=words):
        train(network(), faces, **setting)
    assert len(train(network(), faces, sides=[32] * 3, **setting)) == 3


def test_a_network_and_an_augmentation_that_do_not_take_a_side_are_refused_before_the_first_epoch(faces):
    with pytest.raises(fc.ParameterError, match=r"takes faces as float32 \(8, 1, 24, 24\)"):
        fc.iter_fit(fc.cnn(0.5, 0.25), faces, epochs=3, sides=SIDES, device="cpu")
    with pytest.raises(fc.ParameterError, match=r"expected augment to take images, float32 \(8, 1, 24, 24\)"):
        fc.iter_fit(
            network(), faces, epochs=3, sides=SIDES, augment=lambda images: images + torch.zeros(48, 48), device="cpu"
        )
    with pytest.raises(fc.ParameterError, match=r"float32 \(8, 1, 48, 48\)"):  # the valid faces'
        fc.iter_fit(nn.Sequential(nn.Flatten(), nn.Linear(24 * 24, 7)), faces, epochs=1, sides=[24], device="cpu")


def test_a_last_batch_of_one_is_refused_where_a_smaller_side_leaves_batch_norm_one_value(faces):
    def build():
        torch.manual_seed(0)
        shrunk = [nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(8), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1)]
        return nn.Sequential(*shrunk, nn.Flatten(), nn.Linear(4, 7))

    data = (faces.train[:51], faces.valid)
    settings = dict(epochs=1, batch_size=50, device="cpu", progress=False)
    assert len(fc.fit(build(), data, **settings)) == 1
    with pytest.raises(fc.ParameterError, match="51 training faces in batches of 50 leave a batch of one face"):
        fc.iter_fit(build(), data, **settings, sides=[8])
