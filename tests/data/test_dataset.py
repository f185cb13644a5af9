"""A split is a dataset as PyTorch means it: by position, in a DataLoader, cut and joined, and through transforms."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch.utils.data import ConcatDataset, DataLoader, Subset, random_split
from torchvision import transforms as v1
from torchvision.transforms import v2

import fercourse as fc

UNLABELLED = fc.Split(np.zeros((3, 48, 48), np.uint8), np.full(3, -1), "test", "an example")


def small_mlp():
    torch.manual_seed(0)
    return fc.mlp(0.5, 0.25, hidden=(16,), dropout=0.0)


@pytest.mark.parametrize("position", [3, -1, 0, np.int32(3), np.uint8(209), np.array(3), torch.tensor(3)])
def test_a_position_gives_one_face_as_the_networks_take_it_and_its_label(faces, position):
    image, label = faces.train[position]
    assert (image.shape, image.dtype, type(label)) == ((1, 48, 48), np.float32, int)
    assert label == faces.train.labels[int(position)]
    assert np.array_equal(image[0], faces.train.images[int(position)] / np.float32(255))
    assert image.flags.writeable, "it is the caller's own: torch.from_numpy does not warn"


@pytest.mark.parametrize("position", [210, -211, 10**30])
def test_past_the_end_there_is_an_index_error_by_which_a_loop_ends(faces, position):
    with pytest.raises(IndexError):
        faces.train[position]
    with pytest.raises(IndexError):
        faces.train.with_transform(np.array)[position]


def test_a_loop_goes_over_every_face_once_and_ends(faces):
    for split in (faces.valid, UNLABELLED, faces.train[:0]):
        assert [label for _, label in split] == split.labels.tolist()
    assert len(list(faces.valid.with_transform(np.array))) == 70


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_batches_of_a_dataloader_are_those_of_the_course_bit_for_bit(faces, shuffle):
    loader = DataLoader(faces.train, batch_size=64, shuffle=shuffle, generator=torch.Generator().manual_seed(3))
    found = [torch.cat(parts) for parts in zip(*loader, strict=True)]
    assert [part.dtype for part in found] == [torch.float32, torch.int64]
    expected = [torch.cat(parts) for parts in zip(*fc.batches(faces.train), strict=True)]
    if shuffle:  # in some order of its own
        order = found[0].flatten(1).double().sum(1).argsort(), expected[0].flatten(1).double().sum(1).argsort()
        found, expected = ([part[rows] for part in parts] for parts, rows in zip((found, expected), order, strict=True))
        assert torch.equal(found[0].flatten(1).double().sum(1), expected[0].flatten(1).double().sum(1))
        assert torch.equal(found[1].bincount(), expected[1].bincount())
    else:
        assert all(map(torch.equal, found, expected))


@pytest.mark.parametrize("chain", [None, v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])], ids=str)
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_bring_the_same_faces(faces, method, chain):
    split = faces.valid if chain is None else faces.valid.with_transform(chain)
    loader = DataLoader(split, batch_size=32, num_workers=2, multiprocessing_context=method)
    images, labels = (torch.cat(parts) for parts in zip(*loader, strict=True))
    torch.testing.assert_close(images[:, 0], torch.tensor(faces.valid.images).float() / 255)
    assert torch.equal(labels, torch.tensor(faces.valid.labels))


def test_a_training_over_a_dataloader_is_the_one_over_the_batches_of_the_course(faces):
    rows = []
    for stream in (DataLoader(faces.train, batch_size=64), fc.batches(faces.train, 64)):
        model = small_mlp()
        rows.append(fc.train_epoch(model, stream, torch.optim.SGD(model.parameters(), lr=0.1)))
    assert rows[0] == rows[1]
    assert fc.evaluate(small_mlp(), DataLoader(faces.valid, 64)) == fc.evaluate(
        small_mlp(), fc.batches(faces.valid, 64)
    )


def test_a_dataloader_with_transforms_of_torchvision_trains(faces):
    chain = v2.Compose(
        [v2.ToImage(), v2.RandomHorizontalFlip(), v2.RandomAffine(10), v2.ToDtype(torch.float32, scale=True)]
    )
    model, losses = small_mlp(), []
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(faces.train.with_transform(chain), batch_size=64, shuffle=True)
    for _ in range(8):
        losses.append(fc.train_epoch(model, loader, optimizer)["train_loss"])
    assert losses[-1] < losses[0]


MIRRORS = {
    "v2, then a tensor": v2.Compose([v2.RandomHorizontalFlip(1), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]),
    "v2, a tensor first": v2.Compose([v2.ToImage(), v2.RandomHorizontalFlip(1), v2.ToDtype(torch.float32, scale=True)]),
    "v1": v1.Compose([v1.RandomHorizontalFlip(1), v1.ToTensor()]),
    "a function": lambda image: np.asarray(image, np.float32)[None, :, ::-1] / np.float32(255),
}


@pytest.mark.parametrize("way", MIRRORS)
def test_a_transform_sees_the_image_that_torchvision_would_show_it_and_the_label_stays(faces, way):
    dataset = faces.train.with_transform(MIRRORS[way])
    image, label = dataset[-2]
    assert (len(dataset), label) == (210, faces.train.labels[-2])
    # torchvision multiplies by 1/255, which rounds in another place than dividing by 255
    np.testing.assert_allclose(np.asarray(image), faces.train[-2][0][:, :, ::-1], rtol=2e-7, atol=0)


def test_random_transforms_come_from_the_seed_of_torch(faces):
    dataset = faces.train.with_transform(v2.Compose([v2.ToImage(), v2.RandomCrop(40)]))
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(torch.stack([dataset[position][0] for position in range(5)]))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_transforms_work_on_whole_batches_as_well(faces):
    images, _ = next(iter(DataLoader(faces.train, batch_size=8)))
    assert torch.equal(v2.RandomHorizontalFlip(1)(images), images.flip(3))


def test_what_is_no_transform_is_refused_and_a_transformed_dataset_is_no_split_for_fit(faces):
    with pytest.raises(fc.ParameterError, match="expected a transform"):
        faces.train.with_transform("flip")
    with pytest.raises(fc.ParameterError, match="a Split"):
        fc.batches(faces.train.with_transform(v2.ToImage()))
    with pytest.raises(TypeError, match="interpreted as an integer"):
        faces.train.with_transform(v2.ToImage())[2:5]


def test_datasets_of_pytorch_cut_and_join_splits(faces):
    few = Subset(faces.train, [5, 3, 3])
    assert [label for _, label in DataLoader(few, batch_size=None)] == faces.train.labels[[5, 3, 3]].tolist()
    one, other = random_split(faces.train, [200, 10], generator=torch.Generator().manual_seed(0))
    assert sorted([*one.indices, *other.indices]) == list(range(210))
    assert np.array_equal(other[4][0], faces.train[other.indices[4]][0])
    both = ConcatDataset([faces.train, faces.valid])
    assert np.array_equal(both[212][0], faces.valid[2][0])


def test_faces_without_labels_have_the_label_minus_one_which_no_loss_takes(faces):
    assert UNLABELLED[1][1] == -1
    _images, labels = next(iter(DataLoader(UNLABELLED, batch_size=3)))
    assert labels.tolist() == [-1, -1, -1]
    with pytest.raises(IndexError, match="-1 is out of bounds"):
        torch.nn.functional.cross_entropy(torch.zeros(3, 7), labels)


def test_the_lines_of_the_page_on_use_run_as_they_stand(faces):
    page = (Path(fc.__file__).parents[1] / "docs" / "use.md").read_text(encoding="utf-8")
    [lines] = [block for block in page.split("```") if block.startswith("\nloader")]
    model = small_mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    names = dict(DataLoader=DataLoader, fc=fc, torch=torch, v2=v2, f1_score=f1_score)
    exec(lines, names | dict(data=faces, model=model, optimizer=optimizer))
