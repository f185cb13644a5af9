"""Sheet 08: the bugs and checks of 08.1, the networks of 08.2, the patients of 08.4, how audits are graded in 08.5."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch import nn

from fercourse.classroom import probes
from fercourse.classroom.checks import lesson_08
from fercourse.classroom.checks.shared.compare import ask
from fercourse.errors import CheckFailed
from fercourse.learn.clinic import Pipeline, all_mutants, all_variants, clean_pipeline, ward
from fercourse.learn.clinic.parts import small_network

SOUND = ward.training(seed=80)


# 08.1: each bug by hand, and each check by hand


def with_softmax():
    return replace(SOUND, build=lambda: nn.Sequential(*SOUND.build(), nn.Softmax(1)))


def without_the_first_layer():
    def make_optimizer(network):
        _, *others = network.parameters()
        return torch.optim.Adam(others, lr=3e-3)

    return replace(SOUND, make_optimizer=make_optimizer)


def without_eval():
    def evaluate(network, stream):
        network.eval = network.train
        try:
            return SOUND.evaluate(network, stream)
        finally:
            del network.eval

    return replace(SOUND, evaluate=evaluate)


def without_memory():
    def build():
        network = SOUND.build()
        for layer in network:
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean = layer.running_var = None
        return network

    return replace(SOUND, build=build)


def with_a_leak():
    valid = SOUND.valid
    images, labels = valid.images.copy(), valid.labels.copy()
    images[::10], labels[::10] = SOUND.train.images[: len(images[::10])], SOUND.train.labels[: len(labels[::10])]
    return replace(SOUND, valid=replace(valid, images=images, labels=labels))


def with_twenty_outputs():
    return replace(SOUND, build=lambda: small_network(0.5, 0.25, classes=20))


def with_labels_left_behind():
    order = np.random.default_rng(0).permutation(len(SOUND.train))
    return replace(SOUND, train=replace(SOUND.train, images=SOUND.train.images[order]))


BUGS = [
    with_softmax, without_the_first_layer, without_eval, without_memory, with_a_leak, with_twenty_outputs,
    with_labels_left_behind,
]  # fmt: skip


def batch_of(pipeline):
    return next(iter(pipeline.train_stream(pipeline, torch.Generator().manual_seed(0))))


def first_loss_is_off(pipeline):
    images, labels = batch_of(pipeline)
    return abs(pipeline.criterion(pipeline.build()(images), labels).item() - np.log(7)) > 0.5


def sixteen_are_not_learnt(pipeline):
    images, labels = (part[:16] for part in batch_of(pipeline))
    network = pipeline.build()
    optimizer, losses = pipeline.make_optimizer(network), []
    while len(losses) < 400 and min(losses, default=9) > 0.2:
        losses.append(pipeline.train_epoch(network, [(images, labels)], optimizer, pipeline.criterion)["train_loss"])
    return min(losses) > 0.2


def two_evaluations_differ(pipeline):
    network = pipeline.build()
    return len({tuple(pipeline.evaluate(network, pipeline.valid_stream(pipeline)).values()) for _ in range(2)}) == 2


def company_matters(pipeline):
    network, images = pipeline.build().eval(), torch.tensor(pipeline.valid.images[:8])[:, None] / 255
    with torch.no_grad():
        return not torch.allclose(network(images)[:1], network(images[:1]), atol=1e-4)


def a_weight_rests(pipeline):
    network, (images, labels) = pipeline.build(), batch_of(pipeline)
    before = [weights.detach().clone() for weights in network.parameters()]
    pipeline.train_epoch(network, [(images, labels)], pipeline.make_optimizer(network), pipeline.criterion)
    return any(torch.equal(one, other) for one, other in zip(before, network.parameters(), strict=True))


def splits_share_faces(pipeline):
    return bool({bytes(image) for image in pipeline.train.images} & {bytes(image) for image in pipeline.valid.images})


CHECKS = dict(
    zip(
        "ABCDEF",
        [
            first_loss_is_off, sixteen_are_not_learnt, two_evaluations_differ, company_matters, a_weight_rests,
            splits_share_faces,
        ],
        strict=True,
    )
)  # fmt: skip


@pytest.mark.parametrize(("bug", "letter"), [*zip(BUGS, lesson_08.SEEN_BY, strict=True)])
def test_each_bug_is_seen_by_the_one_check_that_the_answer_names(bug, letter):
    torch.manual_seed(0)
    broken = bug()
    seen = [name for name, complains in CHECKS.items() if complains(broken)]
    assert seen == ([] if letter == "none" else [letter])


def test_no_check_of_the_exercise_complains_of_the_sound_training():
    torch.manual_seed(0)
    assert [name for name, complains in CHECKS.items() if complains(SOUND)] == []


# 08.2


@pytest.mark.parametrize(
    ("network", "expected"), [pytest.param(*rest, id=which) for which, *rest in lesson_08.networks()]
)
def test_the_networks_of_the_exercise_are_what_their_names_say_in_float64_too(network, expected):
    """In double precision rounding is a billion times smaller than what a mixture of faces does."""
    torch.manual_seed(1)
    network, images = network.double().eval(), torch.rand(9, 1, 12, 12, dtype=torch.float64)
    with torch.no_grad():
        together, alone = network(images), torch.cat([network(image[None]) for image in images])
    off = (together - alone).abs().max() / together.abs().max()
    assert off < 1e-9 if expected else off > 0.01


# 08.4


def test_each_patient_complains_and_the_exchange_of_one_part_alone_ends_it():
    def complains(pipeline):
        network = pipeline.build()
        first, second = (pipeline.evaluate(network, pipeline.valid_stream(pipeline)) for _ in range(2))
        return first != second

    sound, *patients = (ward.patient(number) for number in range(4))
    assert not complains(sound)
    for ill, part in zip(patients, ["valid_stream", "build", "evaluate"], strict=True):
        cures = [
            field.name
            for field in fields(Pipeline)
            if not complains(replace(ill, **{field.name: getattr(sound, field.name)}))
        ]
        assert cures == [part]


def test_a_training_of_answers_is_ill_by_the_parts_that_were_named():
    assert not ward.is_ill(ward.of_answers([]))
    ill = ward.of_answers(["fit", "train"])
    assert ward.is_ill(ill)
    assert [field.name for field in fields(Pipeline) if not getattr(ill, field.name)()] == ["train", "fit"]


# 08.5


def signs(part):
    """Whatever a function tells of itself without being called or taken apart."""
    return part.__name__, part.__qualname__, part.__module__, type(part), part.__doc__, part.__code__, part.__defaults__


def test_no_part_of_a_graded_training_tells_by_itself_what_it_does():
    names = ["", *lesson_08.BUGS_OF_THE_CHECK, *lesson_08.SOUND_OF_THE_CHECK]
    trainings = [ward.training(name, seed=80) for name in names]
    functions = [field.name for field in fields(Pipeline) if callable(getattr(SOUND, field.name))]
    assert len(functions) == len(fields(Pipeline)) - 3
    for name in functions:
        assert len({signs(getattr(training, name)) for training in trainings}) == 1


def test_a_graded_training_draws_its_augmentation_from_the_generator_that_it_is_given():
    def epoch(seed):
        return torch.cat([images for images, _ in SOUND.train_stream(SOUND, torch.Generator().manual_seed(seed))])

    assert torch.equal(epoch(6), epoch(6))
    assert not torch.equal(epoch(6), epoch(7))


def test_two_trainings_share_no_function_and_the_same_faces():
    one, other = ward.training("never_eval", seed=80), ward.training("never_eval", seed=80)
    shared = [field.name for field in fields(Pipeline) if getattr(one, field.name) is getattr(other, field.name)]
    assert shared == ["train", "valid", "test"]
    assert (one.train.images != ward.training(seed=81).train.images).any()


def test_the_faces_of_a_graded_training_overlap_in_none_of_its_splits():
    splits = [{bytes(image) for image in split.images} for split in (SOUND.train, SOUND.valid, SOUND.test)]
    assert [len(split) for split in splits] == list(ward.SIZES.values())
    assert len(set().union(*splits)) == sum(map(len, splits))


def test_what_is_asked_for_in_the_check_is_there():
    assert set(lesson_08.BUGS_OF_THE_CHECK) <= {mutant.name for mutant in all_mutants()}
    assert set(lesson_08.SOUND_OF_THE_CHECK) <= {"", *all_variants(clean_pipeline())}


def verdicts(audit, names=("", "raw_pixels")):
    return ask(probes.audited, audit, list(names), 80, 5.0)


def test_what_an_audit_says_comes_back_in_the_way_in_which_it_was_said():
    def asserts(pipeline):
        if batch_of(pipeline)[0].max() > 1:
            raise AssertionError("pixels")

    def yields(pipeline):
        yield from ["one", "two"]

    def crashes(pipeline):
        raise KeyError("bias")

    assert verdicts(asserts) == [["value", None], ["value", ["pixels"]]]
    assert verdicts(yields) == [["value", ["one", "two"]]] * 2
    assert verdicts(crashes) == [["error", "KeyError: 'bias'"]] * 2


def test_an_audit_is_asked_no_more_when_its_time_is_used_up(monkeypatch):
    def slow(pipeline):
        torch.rand(1_000, 1_000).sort()

    assert [how for how, *_ in ask(probes.audited, slow, ["", "", ""], 80, 0.01)] == ["value", "late", "late"]
    monkeypatch.setattr(lesson_08, "SECONDS", 0.01)
    with pytest.raises(CheckFailed, match=r"0\.01 seconds of processor time were used up after 1 of 8 trainings"):
        lesson_08.own_audit(slow)


def test_an_audit_draws_the_same_numbers_each_time_and_leaves_those_of_the_notebook_alone():
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    said = [verdicts(lambda pipeline: [str(torch.rand(1).item())]) for _ in range(2)]
    assert said[0] == said[1]
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("nothing", "something"),
    [
        (None, ["pixels"]),
        (False, True),
        ("", "pixels"),
        ((), ("pixels",)),
        (set(), {"pixels"}),
        ({}, {"pixels": "above 1"}),
        (0, 2),
        (np.array([]), np.array(["pixels"])),
        (torch.tensor(False), torch.tensor([True])),
        ([], [3, 7]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_complaint_may_have_any_honest_form(nothing, something):
    def audit(pipeline):
        return something if batch_of(pipeline)[0].max() > 1 else nothing

    assert lesson_08.score_of(audit, ["raw_pixels"], [""], seed=80) == 1


def test_a_list_of_truths_is_no_list_of_complaints():
    with pytest.raises(CheckFailed, match="expected a list of texts"):
        lesson_08.score_of(lambda _: [True, False], ["raw_pixels"], [""], seed=80)


def test_a_crash_catches_no_bug_and_is_a_false_alarm():
    assert lesson_08.score_of(lambda pipeline: pipeline.nothing, ["raw_pixels"], [""], seed=80) == -1


def test_a_score_is_the_share_caught_minus_the_share_of_false_alarms():
    def audit(pipeline):
        return ["pixels"] * bool(batch_of(pipeline)[0].max() > 1) + ["loss"] * (pipeline.criterion is None)

    bugs, sound = ["raw_pixels", "never_eval", "twenty_outputs"], ["", "label smoothing"]
    assert lesson_08.score_of(audit, bugs, sound, seed=80) == pytest.approx(1 / 3)
    assert lesson_08.score_of(lambda _: True, bugs, sound, seed=80) == 0
    assert lesson_08.score_of(lambda _: None, bugs, sound, seed=80) == 0
