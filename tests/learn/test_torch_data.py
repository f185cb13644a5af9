"""Transforms, pairs of splits and data loaders: against torch's own loop, and resumed bit for bit."""

import random
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchs_loop import by_hand, fit, resumed, same, small_mlp
from torchvision import transforms
from torchvision.transforms import v2

import fercourse as fc
from fercourse.learn.augment import takes_generator


class Noise(nn.Module):
    """Noise of one's own, drawn from torch's random numbers."""

    def __init__(self, strength=0.1):
        super().__init__()
        self.strength = strength

    def forward(self, images):
        return images + self.strength * torch.randn_like(images)


TRANSFORMS = {
    "v2": v2.RandomHorizontalFlip(),
    "v2, composed": v2.Compose([v2.RandomHorizontalFlip(), v2.RandomAffine(10, (0.1, 0.1)), v2.RandomErasing()]),
    "v1": transforms.RandomHorizontalFlip(),
    "v1, composed": transforms.Compose([transforms.RandomRotation(10), transforms.RandomHorizontalFlip()]),
    "a module of one's own": Noise(),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_of_images_alone_trains_as_in_torchs_own_loop_and_resumes_bit_for_bit(tmp_path, faces, name):
    transform = TRANSFORMS[name]
    ours, theirs = small_mlp(), small_mlp()
    sgd = partial(torch.optim.SGD, lr=0.1)
    fit(ours, faces, epochs=3, optimizer=sgd, augment=transform)
    torch.manual_seed(0)  # as `fit` seeds torch's own random numbers
    by_hand(theirs, faces, sgd(theirs.parameters()), augment=transform)
    assert same(ours, theirs)
    (whole, _), (model, _) = resumed(faces, tmp_path / "run.pt", epochs=4, augment=transform)
    assert same(whole, model)
    assert not same(ours, small_mlp())


def test_the_settings_of_a_transform_belong_to_the_recipe(tmp_path, faces):
    pairs = [(v2.RandomRotation(10), v2.RandomRotation(20)), (Noise(0.1), Noise(0.2))]
    for number, (one, other) in enumerate(pairs):
        path = tmp_path / f"{number}.pt"
        fit(small_mlp(), faces, epochs=1, augment=one, checkpoint=path)
        with pytest.raises(fc.CheckpointMismatch, match="augment"):
            fit(small_mlp(), faces, epochs=2, augment=other, checkpoint=path, resume=True)


def blurred(images, kernel_size=3):
    return F.avg_pool2d(images, kernel_size, 1, kernel_size // 2)


@pytest.mark.parametrize(
    ("augment", "takes"),
    [
        (fc.Augment(), True),
        (lambda images, generator: images, True),
        (lambda images, random: images, True),
        (lambda images: images, False),
        (blurred, False),
        (v2.RandomHorizontalFlip(), False),
        (Noise(), False),
        (torch.sigmoid, False),
    ],
)
def test_a_generator_is_handed_to_those_that_take_one(faces, augment, takes):
    assert takes_generator(augment) is takes
    assert len(fit(small_mlp(), faces, epochs=1, augment=augment)) == 1
    [(images, _)] = fc.augmented([(torch.rand(3, 1, 48, 48), None)], augment, torch.Generator())
    assert images.shape == (3, 1, 48, 48)


def with_numpys(images):
    return images + float(np.random.rand())


WRONG_TRANSFORMS = {
    r"as many images|float32 \(8, 1, side, side\)": lambda images: images[:1],
    "NaN or infinity of images": lambda images: images * float("nan"),
    "v2.*says|says": v2.RandomCrop(100),
    "Python's or NumPy's random numbers": with_numpys,
    "random numbers, which depend neither on seed": transforms.RandomChoice([v2.Identity(), v2.Identity()]),
}


@pytest.mark.parametrize("words", WRONG_TRANSFORMS)
def test_what_makes_no_images_of_images_is_refused_at_the_call_and_changes_nothing(faces, words):
    before = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]
    torch.manual_seed(0)
    expected = torch.rand(3)
    model = small_mlp()
    torch.manual_seed(0)
    with pytest.raises(fc.ParameterError, match=words):
        fc.iter_fit(model, faces, epochs=1, augment=WRONG_TRANSFORMS[words], device="cpu")
    assert (random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]) == before
    assert torch.equal(torch.rand(3), expected)


class BreakingLater:
    """Images as they are, and NaN in one batch."""

    def __init__(self, batch):
        self.left = batch + 1  # it is tried once at the call

    def __call__(self, images):
        self.left -= 1
        return images if self.left else images * float("nan")


@pytest.mark.parametrize("batch", [1, 3, 5])
def test_nan_out_of_an_augmentation_is_not_blamed_on_the_rate(faces, batch):
    with pytest.raises(fc.TrainingDiverged, match=f"epoch 1, batch {batch}: .* after augment=.*BreakingLater") as error:
        fit(small_mlp(), faces, epochs=1, augment=BreakingLater(batch))
    assert "rate" not in str(error.value)


def test_a_pair_of_splits_is_data_and_trains_as_the_faces_do(tmp_path, faces):
    ours, theirs = small_mlp(), small_mlp()
    pair = (faces.train, faces.valid)
    history = fit(ours, pair, epochs=2, checkpoint=tmp_path / "run.pt")
    assert history["valid_loss"] == fit(theirs, faces, epochs=2)["valid_loss"]
    assert same(ours, theirs)
    assert len(fit(small_mlp(), list(pair), epochs=3, checkpoint=tmp_path / "run.pt", resume=True)) == 3
    with pytest.raises(fc.CheckpointMismatch, match="data: "):
        fit(small_mlp(), (faces.train, faces.test), epochs=3, checkpoint=tmp_path / "run.pt", resume=True)


def test_other_data_is_refused_with_the_loop_that_takes_it(faces):
    for data in (DataLoader([1, 2]), (faces.train,), (faces.train, "valid"), faces.train):
        with pytest.raises(
            fc.ParameterError, match=r"expected data.* fc\.train_epoch and fc\.evaluate take any stream"
        ):
            fc.iter_fit(small_mlp(), data, epochs=1)
    with pytest.raises(fc.DataMismatch, match="no faces"):
        fc.iter_fit(small_mlp(), (faces.train, faces.valid[:0]), epochs=1)


class Items(Dataset):
    """A split as pairs of one image and its label, changed by a transform."""

    def __init__(self, split, transform):
        self.split, self.transform = split, transform

    def __len__(self):
        return len(self.split)

    def __getitem__(self, place):
        return self.transform(self.split.images[place].copy()), int(self.split.labels[place])


FLOATS = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


def test_a_loader_with_torchvisions_transforms_trains_and_is_evaluated_as_batches_are(faces):
    ours, theirs = small_mlp(), small_mlp()
    loader = DataLoader(Items(faces.train, FLOATS), batch_size=50)
    for model, stream in ((ours, loader), (theirs, fc.batches(faces.train, 50))):
        row = fc.train_epoch(model, stream, torch.optim.SGD(model.parameters(), lr=0.1))
        row |= fc.evaluate(model, DataLoader(Items(faces.valid, FLOATS), batch_size=32))
        assert row["valid_loss"] == pytest.approx(fc.predict(model, faces.valid).loss, abs=1e-5)
    for mine, others in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, others)


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (lambda faces: DataLoader(Items(faces.train, v2.ToImage()), batch_size=50), r"found uint8 \(50, 1, 48, 48\)"),
        (lambda faces: [(torch.rand(2, 1, 48, 48, device="meta"), torch.zeros(2).long())], "images are on meta"),
        (lambda faces: [(torch.rand(2, 1, 48, 48), torch.zeros(2, device="meta").long())], "labels are on meta"),
        (lambda faces: [torch.rand(2, 1, 48, 48)], r"a stream of \(images, labels\), two tensors"),
        (lambda faces: DataLoader([{"image": torch.rand(1, 48, 48)}]), "two tensors, .*; found a dict"),
    ],
    ids=["bytes", "images elsewhere", "labels elsewhere", "images alone", "dicts"],
)
def test_a_stream_that_the_model_cannot_take_is_refused_in_words(faces, stream, words):
    model = small_mlp()
    for ask in (
        lambda: fc.train_epoch(model, stream(faces), torch.optim.SGD(model.parameters())),
        lambda: fc.evaluate(model, stream(faces)),
        lambda: fc.predict(model, stream(faces)),
    ):
        with pytest.raises(fc.ParameterError, match=words):
            ask()


def test_images_that_are_no_numbers_are_not_blamed_on_the_network():
    stream = [(torch.full((2, 1, 48, 48), torch.nan), torch.zeros(2).long())]
    for ask in (fc.evaluate, fc.predict):
        with pytest.raises(fc.ParameterError, match="the images hold NaN or infinity"):
            ask(small_mlp(), stream)


def test_a_loader_is_predicted_as_its_split_is_in_its_own_order(faces):
    model, unlabelled = small_mlp(), fc.Split(faces.valid.images, np.full(len(faces.valid), -1), "valid", "somewhere")
    split = fc.predict(model, faces.valid, flips=True)
    loader = fc.predict(model, DataLoader(Items(faces.valid, FLOATS), batch_size=32), flips=True)
    np.testing.assert_allclose(loader.probabilities, split.probabilities, atol=1e-6)
    np.testing.assert_array_equal(loader.y_true, faces.valid.labels)
    assert fc.predict(model, DataLoader(Items(unlabelled, FLOATS), batch_size=32)).y_true is None
    shuffled = fc.predict(model, DataLoader(Items(faces.valid, FLOATS), batch_size=32, shuffle=True))
    assert shuffled.accuracy == fc.predict(model, faces.valid).accuracy


def test_a_range_test_keeps_the_ratio_of_two_rates(faces):
    ratio = partial(fc.range_test, split=faces.train, lowest=1e-3, highest=0.1, steps=6, batch_size=50, device="cpu")

    def halves(parameters):
        return torch.optim.SGD([{"params": parameters[:2], "lr": 0.5}, {"params": parameters[2:], "lr": 0.25}])

    table, twin, losses = ratio(small_mlp(), optimizer=halves), small_mlp(), []
    optimizer, order = halves(list(twin.parameters())), torch.Generator().manual_seed(0)
    stream = [*fc.batches(faces.train, 50, shuffle=True, generator=order)]
    stream += [*fc.batches(faces.train, 50, shuffle=True, generator=order)]
    for rate, (images, labels) in zip(table["lr"], stream, strict=False):
        optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"] = rate, rate / 2
        optimizer.zero_grad()
        loss = F.cross_entropy(twin(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert table["loss"].tolist() == pytest.approx(losses, rel=1e-6)
    assert table["loss"].tolist() == ratio(small_mlp(), optimizer=halves)["loss"].tolist()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            lambda labels: F.one_hot(labels, 7).float(),
            r"expected a stream of labels int64 \(7,\).*found float32 \(7, 7\)",
        ),
        (lambda labels: labels[:, None], r"found int64 \(7, 1\).*labels\.flatten\(\)"),
        (lambda labels: labels.int(), r"found int32 \(7,\).*labels\.long\(\)"),
        (lambda labels: labels[:3], r"expected a stream of labels int64 \(7,\).*found int64 \(3,\)"),
        (
            lambda labels: torch.where(labels == 3, -100, labels),
            "expected labels from 0 to 6.*found -100 in the stream",
        ),
        (lambda labels: labels + 1, "expected labels from 0 to 6.*found 7 in the stream"),
    ],
    ids=["one-hot, seven faces a batch", "a column", "int32", "too few", "torch's ignore_index", "from 1 to 7"],
)
def test_labels_that_are_no_codes_are_refused_in_whichever_batch_they_stand(faces, changed, words):
    model, first, *others = small_mlp(), *fc.batches(faces.train, 7)
    stream = [first, *((images, changed(labels)) for images, labels in others)]
    for ask in (
        lambda: fc.train_epoch(model, stream, torch.optim.SGD(model.parameters())),
        lambda: fc.evaluate(model, stream),
    ):
        with pytest.raises(fc.ParameterError, match=words):
            ask()


@pytest.mark.parametrize(
    "augment",
    [
        v2.Normalize([0.5], [0.5]),
        v2.Compose([v2.RandomHorizontalFlip(), v2.Normalize([0.507], [0.255])]),
        lambda images: 255 * images,
    ],
    ids=["to −1 and 1", "standardised", "grey levels"],
)
def test_what_would_standardise_training_faces_alone_is_refused(faces, augment):
    with pytest.raises(
        fc.ParameterError, match=r"(?s)images in \[0, 1\], as valid faces are;.*fc\.Standardise\(mean, std\)"
    ):
        fc.iter_fit(small_mlp(), faces, epochs=1, augment=augment, device="cpu")
