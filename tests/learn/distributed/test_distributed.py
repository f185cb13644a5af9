"""Several processes train and judge as one does: in real processes that talk by gloo."""

import textwrap
import time
from collections import Counter

import psutil
import pytest
import torch
from several import in_processes
from training_shares import counted, network, padded, stopped_early, trained

import fercourse as fc
from fercourse.errors import DataMismatch, FercourseError, ParameterError
from fercourse.learn.distributed import Shares, average_gradients, processes, same_weights, together, torchrun


@pytest.fixture(scope="module")
def odd():
    """Drawn faces in numbers that two processes cannot share evenly: 131 to train on, 357 to judge by."""
    return fc.drawn_faces(131, 357, 0, seed=3)


@pytest.fixture(scope="module")
def even(odd):
    return fc.Faces(odd.train[:128], odd.valid, odd.valid[:0], odd.source)


def furthest(one, other):
    return max(float((torch.tensor(one[name]) - torch.tensor(other[name])).abs().max()) for name in one)


@pytest.mark.parametrize("how", ["hand", "ddp"])
def test_two_processes_train_the_weights_of_one(even, how):
    weights, row, apart, left_out = trained(0, 1, even, how)
    for theirs, their_row, their_apart, their_left_out in in_processes(trained, 2, even, how):
        assert furthest(weights, theirs) < 1e-5
        assert their_row == pytest.approx(row, abs=1e-5)
        assert their_apart == apart == 0
        assert left_out == their_left_out == 0


def test_without_averaging_the_processes_part(even):
    [(weights, _, apart, _), _] = in_processes(trained, 2, even, "alone")
    assert apart > 0.01
    assert furthest(trained(0, 1, even)[0], weights) > 0.01


def test_on_a_cpu_each_process_normalises_by_its_own_part(even):
    one = trained(0, 1, even, "ddp", norm=True)[0]
    (two, *_), _ = in_processes(trained, 2, even, "ddp", norm=True)
    assert 1e-4 < furthest(one, two) < 1


def test_batch_norms_averages_part_by_hand_and_are_those_of_rank_0_with_ddp(even):
    assert in_processes(trained, 2, even, "hand", norm=True)[0][2] > 1e-4


@pytest.mark.parametrize("world", [2, 3, 4])
def test_every_face_is_judged_once_whatever_the_number_of_processes(odd, world):
    alone, _ = counted(0, 1, odd.valid)
    answers = in_processes(counted, world, odd.valid)
    assert sum(seen for _, seen in answers) == 357
    for row, _ in answers:
        right = row["valid_accuracy"] * 357
        assert right == pytest.approx(round(right), abs=1e-9)
        assert round(right) == round(alone["valid_accuracy"] * 357)
        assert row["valid_loss"] == pytest.approx(alone["valid_loss"], abs=1e-6)


def test_a_sampler_that_pads_counts_faces_twice(odd):
    faces = odd.valid[:3]  # the one that is added is the first one again
    with torch.inference_mode():
        images, labels = next(fc.batches(faces, 3))
        right = (network().eval()(images).argmax(1) == labels).tolist()
    [(hits, answers), _] = in_processes(padded, 2, faces)
    assert answers == 4
    assert hits == sum(right) + right[0]


def test_a_missing_gradient_counts_as_0():
    assert in_processes(stopped_early, 2, None) == [[6, 6, 3, 3]] * 2


def test_the_parts_of_an_epoch_are_its_faces_and_what_is_left_out_is_said(odd):
    def share(rank, world, **options):
        return Shares(fc.batches(odd.train, 32), rank, world, **options)

    everybody = Counter(odd.train.images[:, 20, 20].tolist())
    parts = [share(rank, 3, even=False) for rank in range(3)]
    seen = [round(float(value) * 255) for part in parts for images, _ in part for value in images[:, 0, 20, 20]]
    assert Counter(seen) == everybody
    assert [part.seen for part in parts] == [45, 45, 41]  # of each batch of 32: 11, 11, 10
    first, second = share(0, 2, even=True), share(1, 2, even=True)
    with pytest.warns(UserWarning, match=r"^1 of 131 faces were left out: 2 processes get equally many of each batch$"):
        sizes = [len(labels) for _, labels in first]
    assert sizes == [16, 16, 16, 16, 1]
    assert [len(labels) for _, labels in second] == sizes  # and says nothing
    assert first.left_out == second.left_out == 1


def test_each_process_draws_for_the_batch_and_changes_its_part(odd):
    augment = fc.Augment(flip=0.5, rotate=20)
    [(whole, _)] = fc.augmented(fc.batches(odd.train[:9], 9), augment, torch.Generator().manual_seed(5))
    for rank in range(2):
        generator = torch.Generator().manual_seed(5)
        options = {"augment": augment, "generator": generator}
        [(part, _)] = Shares(fc.batches(odd.train[:9], 9), rank, 2, even=False, **options)
        assert torch.equal(part, whole[rank::2])


def test_a_share_that_cannot_be_is_refused(odd):
    with pytest.raises(ParameterError, match="expected rank, from 0 to 1 of 2; found rank=2"):
        Shares([], 2, 2, even=True)
    with pytest.raises(DataMismatch, match="expected a face for each of 3 processes, found none for rank 2"):
        list(Shares(fc.batches(odd.train[:2], 2), 2, 3, even=False))


def test_one_process_alone_needs_no_group(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    model = network()
    model(torch.rand(2, 1, 48, 48)).sum().backward()
    before = [weights.grad.clone() for weights in model.parameters()]
    with processes() as found:
        average_gradients(model)
        assert found == (0, 1)
        assert together({"loss": 0.5}, 3) == {"loss": 0.5}
        assert same_weights(model) == 0
    assert all(torch.equal(a, weights.grad) for a, weights in zip(before, model.parameters(), strict=True))


CRASHES = """
import sys, time
from fercourse.learn.distributed import processes
with processes() as (rank, world):
    print(f"{rank} of {world} {sys.argv[1]}\\n", end="", flush=True)  # in one piece: both print at once
    if sys.argv[1] == "fail" and rank == 1:
        raise ValueError("the disk is gone")
    if sys.argv[1] != "end":
        time.sleep(300)
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "two.py"
    path.write_text(textwrap.dedent(CRASHES))
    return path


def mine(program):
    """The processes of this program that run, whoever started them."""
    return [found for found in psutil.process_iter(["cmdline"]) if str(program) in (found.info["cmdline"] or [])]


def test_torchrun_gives_what_the_processes_print(program):
    printed = torchrun(program, "end").splitlines()
    lines = [line for line in printed if not line.startswith("[Gloo]")]  # PyTorch 2.10 has a line of its own
    assert sorted(lines) == ["0 of 2 end", "1 of 2 end"]


def test_a_crash_in_one_process_ends_all_with_its_error(program):
    began = time.monotonic()
    with pytest.raises(FercourseError, match=r"two\.py failed in 2 processes\. ValueError: the disk is gone$"):
        torchrun(program, "fail")
    assert time.monotonic() - began < 60
    assert mine(program) == []


def test_processes_whose_time_is_over_are_ended(program):
    with pytest.raises(FercourseError, match="2 processes were not done after 8 s and were ended"):
        torchrun(program, "hang", seconds=8)
    assert mine(program) == []


def test_where_no_port_may_be_opened_torchrun_says_so(program, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("socket.create_server", forbidden)
    with pytest.raises(FercourseError, match=r"opening a port on 127\.0\.0\.1 failed \(.*not permitted\)\. Sandboxes"):
        torchrun(program, "end")
    with pytest.raises(ParameterError, match="expected a Python file to run, found none"):
        torchrun(program.with_name("three.py"))
