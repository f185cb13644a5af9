"""The nouns: a split holds what it was given and nothing changes it; a data set is official where its counts say so."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fercourse.data.faces import EMOTIONS, OFFICIAL_COUNTS, SPLITS, Faces, Split, frozen, is_frozen
from fercourse.errors import DataMismatch, ParameterError


def arrays(size, seed=0):
    """Images, labels and votes of a few faces."""
    draw = np.random.default_rng(seed)
    images = draw.integers(0, 256, (size, 48, 48)).astype(np.uint8)
    return images, draw.integers(0, 7, size), draw.integers(0, 11, (size, 10)).astype(np.uint8)


def split_of(counts, name="train", **options):
    """A split with so many faces of each emotion; every image is black."""
    labels = np.repeat(np.arange(len(counts)), counts)
    return Split(np.zeros((len(labels), 48, 48), np.uint8), labels, name, "an example", **options)


def pickled(value, *, protocol):
    """The value, through a pickle."""
    return pickle.loads(pickle.dumps(value, protocol=protocol))


def test_a_split_leaves_the_callers_arrays_alone_and_later_writes_do_not_reach_it():
    given_arrays = arrays(6)
    before = [array.copy() for array in given_arrays]
    images, labels, votes = given_arrays
    split = Split(images, labels, "train", "an example", votes)
    assert all(array.flags.writeable for array in given_arrays)
    for array in given_arrays:
        array[:] = 1
    assert all(map(np.array_equal, (split.images, split.labels, split.votes), before))


@pytest.mark.parametrize("view", [lambda a: a[:4], lambda a: a[::2], lambda a: np.broadcast_to(a, a.shape)])
def test_a_split_of_a_view_does_not_change_with_the_array_behind_it(view):
    images, labels, votes = arrays(8)
    split = Split(view(images), view(labels), "train", "an example", view(votes))
    before = split.images.copy(), split.labels.copy(), split.votes.copy()
    images[:], labels[:], votes[:] = 7, 1, 2
    assert all(map(np.array_equal, (split.images, split.labels, split.votes), before))


def test_a_split_of_a_tensors_array_or_of_a_file_in_memory_is_apart_from_them(tmp_path):
    images, labels, _ = arrays(4)
    tensor = torch.tensor(images)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r+")
    read_only = np.load(tmp_path / "images.npy", mmap_mode="r")
    splits = [Split(each, labels, "train", "an example") for each in (tensor.numpy(), mapped, read_only)]
    tensor[:], mapped[:] = 7, 7
    mapped.flush()
    assert all(np.array_equal(split.images, images) for split in splits)


@pytest.mark.parametrize("what", ["images", "labels", "votes"])
def test_nothing_in_a_split_can_be_written_to(what):
    images, labels, votes = arrays(4)
    split = Split(images, labels, "train", "an example", votes)
    for part in (split, split[:2], split[split.labels >= 0], split.take(2)):
        with pytest.raises(ValueError, match="read-only"):
            getattr(part, what)[0] = 0
        with pytest.raises(FrozenInstanceError):
            setattr(part, what, images)


def test_slices_share_their_memory_and_frozen_arrays_are_not_copied():
    images, labels, votes = map(frozen, arrays(8))
    split = Split(images, labels, "train", "an example", votes)
    assert np.shares_memory(split.images, images)
    assert np.shares_memory(split[2:5].images, images)
    assert np.shares_memory(replace(split, name="valid").votes, votes)


def test_an_array_is_frozen_only_where_what_it_is_a_view_of_is():
    base = np.zeros((4, 3))
    view = base[1:]
    view.flags.writeable = False
    assert not is_frozen(view)
    assert is_frozen(frozen(view))
    assert not base.flags.writeable
    assert is_frozen(np.frombuffer(b"abcd", np.uint8))
    assert not is_frozen(np.frombuffer(bytearray(b"abcd"), np.uint8))


def test_a_split_in_any_order_becomes_a_tensor():
    images, labels, _ = arrays(5)
    split = Split(images, labels, "train", "an example")
    assert np.array_equal(torch.tensor(split[::-1].images).numpy(), images[::-1])
    assert np.array_equal(torch.tensor(Split(images[:, :, ::-1], labels, "train", "x").images), images[:, :, ::-1])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_index_takes_images_labels_and_votes_alike(data):
    images, labels, votes = arrays(9, seed=3)
    split = Split(images, labels, "valid", "an example", votes, drawn=True)
    mask = st.lists(st.booleans(), min_size=9, max_size=9).map(np.array)
    positions = st.lists(st.integers(-9, 8), max_size=12).map(lambda chosen: np.array(chosen, np.int64))
    index = data.draw(st.one_of(mask, positions, st.slices(9)))
    part = split[index]
    assert np.array_equal(part.images, images[index])
    assert np.array_equal(part.labels, labels[index])
    assert np.array_equal(part.votes, votes[index])
    assert (part.name, part.source, part.drawn) == ("valid", "an example", True)


@pytest.mark.parametrize("index", [True, np.bool_(True), None, 1.0, np.float64(1), "train", (0, 1)])
def test_what_is_neither_a_position_nor_positions_is_refused(index):
    with pytest.raises(ParameterError, match="expected a position, a slice, an array of positions or a mask; found"):
        split_of([1, 1, 1])[index]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, *[partial(pickled, protocol=each) for each in range(6)]])
def test_a_copy_of_a_split_is_as_read_only_as_the_split_and_apart_from_what_it_came_from(again):
    split = Split(*arrays(6)[:2], "train", "an example", arrays(6)[2], drawn=True)
    made = again(split)
    assert (made.name, made.source, made.drawn) == (split.name, split.source, split.drawn)
    assert made.fingerprint == split.fingerprint
    for what in ("images", "labels", "votes"):
        assert np.array_equal(getattr(made, what), getattr(split, what))
        assert is_frozen(getattr(made, what))


def test_a_split_that_comes_out_of_buffers_of_others_does_not_change_with_them():
    split = Split(*arrays(6)[:2], "train", "an example")
    buffers = []
    stored = pickle.dumps(split, protocol=5, buffer_callback=buffers.append)
    writable = [bytearray(buffer.raw()) for buffer in buffers]
    made = pickle.loads(stored, buffers=writable)
    assert writable, "the arrays travel beside the pickle"
    for buffer in writable:
        buffer[:] = bytes(len(buffer))
    assert np.array_equal(made.images, split.images)


def test_a_data_set_gives_its_splits_by_name_by_index_and_in_their_order(faces):
    assert faces["train"] is faces.train
    assert [faces[np.str_(name)] for name in SPLITS] == list(faces)
    for wrong in ("training", "Training", 0, None):
        with pytest.raises(ParameterError, match="expected split: train, valid or test; found"):
            faces[wrong]
    again = pickle.loads(pickle.dumps(faces))
    assert (again.fingerprint, again.drawn, again.source) == (faces.fingerprint, True, faces.source)


def largest_remainder(counts, n):
    """How many of each class a sample of `n` gets, by hand: whole parts first, then one each by the fractions."""
    total = sum(counts)
    whole = [n * count // total for count in counts]
    fractions = [n * count % total for count in counts]
    for place in sorted(range(len(counts)), key=lambda place: -fractions[place])[: n - sum(whole)]:
        whole[place] += 1
    return whole


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=7, max_size=7).filter(any), st.integers(0, 84), st.integers(0, 3))
def test_take_gives_each_class_its_share_by_the_largest_remainder(counts, n, seed):
    split, n = split_of(counts), min(n, sum(counts))
    taken = split.take(n, seed=seed)
    assert list(taken.counts().values()) == largest_remainder(counts, n)


def test_take_gives_the_face_that_is_left_to_the_class_with_the_largest_remainder():
    split = split_of([60, 11, 29])
    assert list(split.take(10).counts().values())[:3] == [6, 1, 3]  # 6.0, 1.1 and 2.9


def test_of_classes_with_equal_remainders_those_with_the_lower_codes_get_the_face():
    split = split_of([4, 10, 4, 6, 11, 10, 3])  # remainders of 32, 32, 32, 0, 40, 32 and 24 in 48
    assert list(split.take(8).counts().values()) == [1, 2, 1, 1, 2, 1, 0]


def test_take_keeps_the_order_takes_no_face_twice_and_depends_on_the_seed_alone():
    images, labels, votes = arrays(60)
    images[:, 0, 0] = np.arange(60)
    split = Split(images, labels, "train", "an example", votes)
    positions = split.take(25, seed=0).images[:, 0, 0].tolist()
    assert positions == sorted(set(positions))
    assert positions == split.take(np.int64(25), seed=np.int32(0)).images[:, 0, 0].tolist()
    assert positions != split.take(25, seed=1).images[:, 0, 0].tolist()
    assert np.array_equal(split.take(25).votes, votes[positions])
    assert split.take(60) is split
    assert len(split.take(0)) == 0


@pytest.mark.parametrize(
    ("n", "seed"), [(-1, 0), (4, 0), (1.5, 0), ("2", 0), (None, 0), (True, 0), (2, "0"), (2, 0.0), (2, -1), (2, None)]
)
def test_take_refuses_what_is_no_number_of_faces_and_no_seed(n, seed):
    with pytest.raises(ParameterError, match=r"n=|seed=|has 3 faces"):
        split_of([1, 1, 1]).take(n, seed=seed)


def test_counts_name_every_emotion_in_order_also_those_without_a_face():
    counts = split_of([2, 0, 1]).counts()
    assert list(counts) == list(EMOTIONS)
    assert list(counts.values()) == [2, 0, 1, 0, 0, 0, 0]
    assert all(type(number) is int for number in counts.values())


def test_a_split_without_labels_has_no_counts_and_keeps_its_faces():
    split = Split(arrays(5)[0], np.full(5, -1), "test", "an example")
    assert not split.labelled
    assert len(split.take(3)) == 3
    with pytest.raises(DataMismatch, match="never published"):
        split.counts()


def test_the_fingerprint_names_faces_with_their_labels_in_any_order():
    images, labels, votes = arrays(12)
    split = Split(images, labels, "train", "one place", votes)
    order = np.random.default_rng(0).permutation(12)
    assert Split(images[order], labels[order], "valid", "another").fingerprint == split.fingerprint
    changed = images.copy()
    changed[3, 20, 20] ^= 1
    others = [
        Split(changed, labels, "train", "one place"),
        Split(images, np.roll(labels, 1), "train", "one place"),
        split[:11],
        split[np.r_[0:12, 0]],
    ]
    assert len({split.fingerprint, *(other.fingerprint for other in others)}) == 5
    assert len(split.fingerprint) == 16


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"images": np.zeros((3, 48, 48))}, r"images of uint8 \(3, 48, 48\), found float64 \(3, 48, 48\)"),
        ({"images": np.zeros((3, 48, 47), np.uint8)}, r"found uint8 \(3, 48, 47\)"),
        ({"images": np.zeros((48, 48), np.uint8)}, r"found uint8 \(48, 48\)"),
        ({"images": np.uint8(3)}, "images of uint8"),
        ({"images": [[[0] * 48] * 48] * 3}, "found a list"),
        ({"labels": np.zeros(2, int)}, r"labels of int64 \(3,\), found int64 \(2,\)"),
        ({"labels": np.zeros(3, np.int32)}, "found int32"),
        ({"labels": [0, 1, 2]}, "labels of int64 .* found a list"),
        ({"labels": np.array([0, 7, 1])}, "expected labels 0 to 6, found 7 at position 1"),
        ({"labels": np.array([0, -1, 1])}, "found -1 at position 1"),
        ({"votes": np.zeros((3, 9), np.uint8)}, r"votes of uint8 \(3, 10\), found uint8 \(3, 9\)"),
        ({"votes": np.zeros((3, 10))}, r"votes of uint8 \(3, 10\), found float64"),
    ],
)
def test_other_arrays_are_refused_with_what_was_expected(change, words):
    good = {"images": np.zeros((3, 48, 48), np.uint8), "labels": np.array([0, 1, 2])}
    with pytest.raises(DataMismatch, match=f"^an example: .*{words}"):
        Split(**(good | change), name="train", source="an example")


def test_reprs_say_how_many_faces_where_from_and_whether_the_splits_are_fer2013s_own(faces, photographs):
    assert repr(faces.train) == "Split(train, 210 faces, drawn faces, seed 7)"
    assert repr(photographs) == f"Faces(drawn faces, seed 7: 210 / 70 / 70, fingerprint {photographs.fingerprint})"
    cut = replace(photographs, train=photographs.train[1:])
    assert "209 / 70 / 70, not FER2013's own splits, fingerprint" in repr(cut)


def official_like(counts=OFFICIAL_COUNTS, **options):
    splits = [
        split_of(numbers, name) for numbers, name in zip(counts.values(), ("train", "valid", "test"), strict=True)
    ]
    return Faces(*splits, "an example", **options)


def test_a_data_set_is_official_by_its_class_counts_and_by_nothing_else(faces):
    whole = official_like()
    assert whole.official
    assert not replace(faces, official=True).official
    one_less = replace(whole.train, labels=whole.train.labels[1:], images=whole.train.images[1:])
    twice = whole.train[np.r_[0 : len(whole.train), 0]]
    moved = Split(whole.train.images, np.r_[1, whole.train.labels[1:]], "train", "an example")
    for train in (one_less, twice, moved):
        assert not replace(whole, train=train).official
    assert not Faces(whole.train, whole.test, whole.valid, "exchanged").official
    hidden = Split(whole.test.images, np.full(len(whole.test), -1), "test", "an example")
    assert not replace(whole, test=hidden).official
    assert not replace(whole, official=False).official, "who says that they are not is believed"
    assert not replace(whole, drawn=True).official


def test_one_drawn_split_makes_the_whole_drawn_and_who_says_so_of_the_whole_says_it_of_each():
    real = official_like()
    mixed = replace(real, test=replace(real.test, drawn=True))
    assert mixed.drawn
    assert not mixed.official
    assert all(split.drawn for split in mixed)
    assert all(split.drawn for split in replace(real, drawn=True))
    assert not real.drawn


def test_splits_are_called_after_their_place_in_a_data_set(photographs):
    train, valid = photographs.train[:100], photographs.train[100:150]
    again = Faces(train, valid, photographs.test, "an example")
    assert [split.name for split in again] == ["train", "valid", "test"]


def test_the_fingerprint_of_a_data_set_knows_which_split_is_which(faces):
    exchanged = Faces(faces.train, faces.test, faces.valid, "an example")
    assert len({faces.fingerprint, exchanged.fingerprint}) == 2
    assert faces.fingerprint == replace(faces, source="another").fingerprint
    assert len(faces.fingerprint) == 8
