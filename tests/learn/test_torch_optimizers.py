"""Optimisers and schedulers of torch in `fit`: against torch's own loop, and resumed bit for bit."""

from dataclasses import dataclass
from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torchs_loop import STEPS, by_hand, fit, resumed, same, small_mlp

import fercourse as fc
from fercourse.learn.optim import make_optimizer


def two_rates(model, **settings):
    """An optimiser of two groups: the first layer slowly, the others faster."""
    first, *others = model[2::3]
    fast = [weights for layer in others for weights in layer.parameters()]
    return torch.optim.SGD([{"params": first.parameters(), "lr": 0.01}, {"params": fast, "lr": 0.2}], **settings)


OPTIMIZERS = {
    "a class": torch.optim.RMSprop,
    "a partial": partial(torch.optim.SGD, lr=0.1, momentum=0.9, weight_decay=0.01),
    "a function": lambda parameters: torch.optim.NAdam(parameters, lr=0.003),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_that_a_callable_makes_trains_as_in_torchs_own_loop_at_its_own_rate(faces, name):
    ours, theirs = small_mlp(), small_mlp()
    history = fit(ours, faces, epochs=3, optimizer=OPTIMIZERS[name])
    rates = by_hand(theirs, faces, OPTIMIZERS[name](theirs.parameters()))
    assert same(ours, theirs)
    assert history["lr"] == rates


def test_two_groups_keep_their_two_rates(faces):
    ours, theirs, flat = small_mlp(), small_mlp(), small_mlp()
    history = fit(ours, faces, epochs=3, optimizer=lambda _: two_rates(ours))
    by_hand(theirs, faces, two_rates(theirs))
    by_hand(flat, faces, torch.optim.SGD(flat.parameters(), lr=0.01))
    assert same(ours, theirs)
    assert not same(ours, flat)
    assert history["lr"] == [0.01] * 3, "the first group's"


def test_two_groups_keep_their_two_rates_times_the_schedule(faces):
    ours, theirs = small_mlp(), small_mlp()
    history = fit(ours, faces, epochs=4, optimizer=lambda _: two_rates(ours), schedule=fc.Step(step_size=2, gamma=0.5))
    optimizer = two_rates(theirs)
    step = lr_scheduler.StepLR(optimizer, 2, 0.5)
    rates = by_hand(theirs, faces, optimizer, epochs=4, each_epoch=step.step)
    assert same(ours, theirs)
    assert history["lr"] == rates == [0.01, 0.01, 0.005, 0.005]


def test_a_plateau_lowers_both_of_two_rates(faces):
    model, seen = small_mlp(), []

    class Watched(torch.optim.SGD):
        def step(self, closure=None):
            seen.append([group["lr"] for group in self.param_groups])
            return super().step(closure)

    first, *others = model[2::3]
    groups = [{"params": first.parameters(), "lr": 0.01}]
    groups += [{"params": [weights for layer in others for weights in layer.parameters()], "lr": 0.2}]
    rule = fc.Plateau(patience=1, factor=0.5, stop=1e-3)
    history = fit(model, faces, epochs=30, optimizer=lambda _: Watched(groups), schedule=rule)
    multipliers = [rule.follow(history["valid_accuracy"][:epoch])[0] for epoch in range(len(history))]
    assert min(multipliers) < 0.3, "the test needs a training that goes back more than once"
    assert seen[::STEPS] == [[0.01 * multiplier, 0.2 * multiplier] for multiplier in multipliers]
    assert len(history) == 30 or 0.01 * rule.follow(history["valid_accuracy"])[0] < rule.stop


def test_weights_that_an_optimizer_leaves_out_stay_and_do_not_count_for_clip(faces):
    ours, theirs = small_mlp(), small_mlp()
    fit(ours, faces, epochs=1, optimizer=lambda _: torch.optim.SGD(ours[-1].parameters(), lr=0.5), clip=0.05)
    optimizer = torch.optim.SGD(theirs[-1].parameters(), lr=0.5)
    optimizer.register_step_pre_hook(lambda *_: nn.utils.clip_grad_norm_(theirs[-1].parameters(), 0.05) and None)
    by_hand(theirs, faces, optimizer, epochs=1)
    assert same(ours, theirs)
    assert torch.equal(ours[2].weight, small_mlp()[2].weight)


elsewhere = nn.Linear(2, 2)
REFUSED = {
    "holds 2 of 2 tensors that are no parameters of this model": lambda _: torch.optim.SGD(elsewhere.parameters()),
    "asks for the loss several times a step": torch.optim.LBFGS,
    "to make a torch.optim.Optimizer; found": lambda parameters: parameters,
    "takes the model's parameters alone": lambda parameters, rate: torch.optim.SGD(parameters, rate),
    "Invalid learning rate": partial(torch.optim.SGD, lr=-1),
    "the lr of each parameter group": partial(torch.optim.SGD, lr=float("nan")),
    "requires a gradient: it would move none": lambda weights: torch.optim.SGD([weights[0].requires_grad_(False)]),
}


@pytest.mark.parametrize("words", REFUSED)
def test_an_optimizer_that_could_not_train_this_model_is_refused_at_the_call(faces, words):
    with pytest.raises(fc.ParameterError, match=words):
        fc.iter_fit(small_mlp(), faces, epochs=1, optimizer=REFUSED[words], device="cpu")


def test_an_optimizer_that_exists_already_is_refused_with_what_makes_one(faces):
    model = small_mlp()
    with pytest.raises(fc.ParameterError, match=r"each training begins with a new one, such as torch\.optim\.RMSprop"):
        fc.iter_fit(model, faces, epochs=1, optimizer=torch.optim.SGD(model.parameters(), lr=0.1))


@pytest.mark.parametrize("beside", [dict(lr=1e-3), dict(momentum=0.9), dict(weight_decay=0.1)], ids=str)
def test_settings_beside_a_callable_that_has_its_own_are_refused(faces, beside):
    with pytest.raises(fc.ParameterError, match=f"expected {next(iter(beside))} where"):
        fc.iter_fit(small_mlp(), faces, epochs=1, optimizer=partial(torch.optim.SGD, lr=0.1), **beside)
    with pytest.raises(fc.ParameterError, match="expected momentum where"):
        fc.iter_fit(small_mlp(), faces, epochs=1, optimizer=torch.optim.Adagrad, momentum=0.9)


def test_a_class_gets_the_settings_that_are_given_and_has_its_own_defaults():
    weights = [torch.nn.Parameter(torch.zeros(2))]
    given = dict(lr=3e-4, momentum=0.9, weight_decay=0.1)
    assert make_optimizer(weights, torch.optim.RMSprop, **given).defaults.items() >= given.items()
    assert make_optimizer(weights, torch.optim.RMSprop).defaults == torch.optim.RMSprop(weights).defaults
    assert make_optimizer(weights, torch.optim.SGD, lr=0.1, momentum=0.9).defaults["nesterov"] is False


def test_a_decay_of_0_that_is_given_is_not_the_default_of_the_class():
    weights = [torch.nn.Parameter(torch.zeros(2))]
    assert make_optimizer(weights, torch.optim.AdamW).defaults["weight_decay"] == 0.01, "the class's own"
    assert make_optimizer(weights, torch.optim.AdamW, weight_decay=0).defaults["weight_decay"] == 0
    assert make_optimizer(weights, "adamw").defaults["weight_decay"] == 0
    with pytest.raises(fc.ParameterError, match="expected weight_decay where"):
        make_optimizer(weights, partial(torch.optim.AdamW), weight_decay=0)


def test_settings_that_cannot_work_are_refused_beside_a_class_as_beside_a_name():
    weights = [torch.nn.Parameter(torch.zeros(2))]
    for name, value in {"lr": 0, "momentum": float("nan"), "weight_decay": float("inf")}.items():
        with pytest.raises(fc.ParameterError, match=f"expected {name} .*; found {name}={value}"):
            make_optimizer(weights, torch.optim.SGD, **{name: value})


def in_a_row(optimizer):
    """A warm-up, then a cosine."""
    rise = lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=2)
    return lr_scheduler.SequentialLR(optimizer, [rise, lr_scheduler.CosineAnnealingLR(optimizer, 4)], milestones=[2])


@dataclass(frozen=True)
class Halving:
    """A function of LambdaLR whose settings can be told."""

    share: float = 0.5

    def __call__(self, taken):
        return self.share**taken


SCHEDULES = {
    "cosine an epoch": (fc.every_epoch, partial(lr_scheduler.CosineAnnealingLR, T_max=6)),
    "cosine a batch": (fc.every_batch, partial(lr_scheduler.CosineAnnealingLR, T_max=30)),
    "one cycle, with its momentum": (
        fc.every_batch,
        partial(lr_scheduler.OneCycleLR, max_lr=0.2, total_steps=6 * STEPS),
    ),
    "cyclic": (fc.every_batch, partial(lr_scheduler.CyclicLR, base_lr=0.01, max_lr=0.1, step_size_up=3)),
    "two in a row": (fc.every_epoch, in_a_row),
    "a chain": (
        fc.every_epoch,
        lambda optimizer: lr_scheduler.ChainedScheduler(
            [lr_scheduler.ConstantLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.9)]
        ),
    ),
    "milestones": (fc.every_epoch, partial(lr_scheduler.MultiStepLR, milestones=[1, 3], gamma=0.3)),
    "a rule of one's own": (fc.every_epoch, partial(lr_scheduler.LambdaLR, lr_lambda=Halving())),
    "warm restarts": (fc.every_epoch, partial(lr_scheduler.CosineAnnealingWarmRestarts, T_0=2)),
}
momentum = partial(torch.optim.SGD, lr=0.1, momentum=0.9)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_scheduler_of_torch_steps_by_the_batch_or_by_the_epoch_as_in_torchs_own_loop(faces, name):
    when, factory = SCHEDULES[name]
    ours, theirs = small_mlp(), small_mlp()
    history = fit(ours, faces, epochs=4, optimizer=momentum, schedule=when(factory))
    optimizer = momentum(theirs.parameters())
    scheduler = factory(optimizer)
    place = "each_batch" if when is fc.every_batch else "each_epoch"
    rates = by_hand(theirs, faces, optimizer, epochs=4, **{place: scheduler.step})
    assert same(ours, theirs)
    assert history["lr"] == rates
    assert len(set(rates)) > 1


@pytest.mark.parametrize(("mode", "column"), [("min", "valid_loss"), ("max", "valid_accuracy")])
def test_reduce_on_plateau_is_shown_the_figure_of_its_mode(faces, mode, column):
    factory = partial(lr_scheduler.ReduceLROnPlateau, mode=mode, patience=0, factor=0.5, threshold=0.01)
    history = fit(small_mlp(), faces, epochs=12, lr=0.02, schedule=fc.every_epoch(factory))
    optimizer = torch.optim.SGD(small_mlp().parameters(), lr=0.02)
    scheduler, rates = factory(optimizer), []
    for figure in history[column]:
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(figure)
    assert history["lr"] == rates
    assert len(set(rates)) > 2


def test_an_optimizer_by_name_takes_a_scheduler_of_torch_too(faces):
    ours, theirs = small_mlp(), small_mlp()
    fit(ours, faces, epochs=3, lr=0.1, optimizer="sgd", schedule=fc.every_epoch(in_a_row))
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1, fused=True)
    by_hand(theirs, faces, optimizer, each_epoch=in_a_row(optimizer).step)
    assert same(ours, theirs)


def over_another(optimizer):
    return lr_scheduler.ConstantLR(torch.optim.SGD(small_mlp().parameters()))


WRONG_SCHEDULES = {
    "fc.every_epoch": lambda: partial(lr_scheduler.CosineAnnealingLR, T_max=10),
    "expected of fc.every_epoch what makes a scheduler": lambda: fc.every_epoch(over_another(None)),
    "over the optimizer that it is given": lambda: fc.every_epoch(over_another),
    "missing 1 required positional argument: 'T_max'": lambda: fc.every_epoch(lr_scheduler.CosineAnnealingLR),
    "ReduceLROnPlateau looks at whole epochs": lambda: fc.every_batch(lr_scheduler.ReduceLROnPlateau),
    "total_steps=9, and this training takes one in each batch: expected total_steps=10": lambda: fc.every_batch(
        partial(lr_scheduler.OneCycleLR, max_lr=0.1, total_steps=9)
    ),
}


@pytest.mark.parametrize("words", WRONG_SCHEDULES)
def test_a_scheduler_that_cannot_work_is_refused_at_the_call(faces, words):
    with pytest.raises(fc.ParameterError, match=words):
        fc.iter_fit(small_mlp(), faces, epochs=2, batch_size=50, schedule=WRONG_SCHEDULES[words](), device="cpu")


RESUMED = {
    "RMSprop and a cosine": (
        lambda model: torch.optim.RMSprop,
        fc.every_epoch(partial(lr_scheduler.CosineAnnealingLR, T_max=6)),
    ),
    "two rates": (lambda model: lambda _: two_rates(model, momentum=0.9), fc.OneCycle()),
    "two rates and torch's own cycle": (
        lambda model: lambda _: two_rates(model, momentum=0.9),
        fc.every_batch(partial(lr_scheduler.OneCycleLR, max_lr=[0.1, 0.2], total_steps=30)),
    ),
    "two rates and a plateau": (lambda model: lambda _: two_rates(model), fc.Plateau(patience=1)),
    "reduced on plateau": (
        lambda model: momentum,
        fc.every_epoch(partial(lr_scheduler.ReduceLROnPlateau, patience=0, threshold=0.01)),
    ),
} | {name: (lambda model: momentum, when(factory)) for name, (when, factory) in SCHEDULES.items()}


def test_a_schedule_inside_of_another_that_ends_too_soon_is_said_to_be_that(faces):
    def short(optimizer):
        inner = [lr_scheduler.ConstantLR(optimizer), lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=2)]
        return lr_scheduler.SequentialLR(optimizer, inner, milestones=[1])

    with pytest.raises(
        fc.ParameterError, match="the schedule SequentialLR is shorter than this training: Tried to step"
    ):
        fit(small_mlp(), faces, epochs=4, optimizer=momentum, schedule=fc.every_epoch(short))


@pytest.mark.parametrize("name", RESUMED)
def test_a_run_with_torchs_own_resumes_bit_for_bit(tmp_path, faces, name):
    optimizer, schedule = RESUMED[name]
    (whole, history), (model, again) = resumed(faces, tmp_path / "run.pt", optimizer=optimizer, schedule=schedule)
    assert same(whole, model)
    for column in ("lr", "train_loss", "valid_loss"):
        assert history[column] == again[column]


def test_a_checkpoint_of_another_optimizer_or_scheduler_is_refused_with_both(tmp_path, faces):
    cosine = fc.every_epoch(partial(lr_scheduler.CosineAnnealingLR, T_max=6))
    settings = dict(optimizer=partial(torch.optim.SGD, lr=0.1), schedule=cosine, checkpoint=tmp_path / "run.pt")
    fit(small_mlp(), faces, epochs=1, **settings)
    others = {
        "optimizer: SGD.*lr=0.1.* in the checkpoint, SGD.*lr=0.2": dict(optimizer=partial(torch.optim.SGD, lr=0.2)),
        "optimizer: SGD.* in the checkpoint, Adam": dict(optimizer=torch.optim.Adam),
        "schedule: every epoch .*, every batch ": dict(schedule=fc.every_batch(cosine.factory)),
        "T_max=6.*T_max=7": dict(schedule=fc.every_epoch(partial(lr_scheduler.CosineAnnealingLR, T_max=7))),
    }
    for words, other in others.items():
        with pytest.raises(fc.CheckpointMismatch, match=words):
            fit(small_mlp(), faces, epochs=2, **settings | other, resume=True)
    assert len(fit(small_mlp(), faces, epochs=2, **settings, resume=True)) == 2


def test_what_a_scheduler_keeps_in_the_groups_of_a_named_optimizer_belongs_to_the_recipe(tmp_path, faces):
    def run(end, **more):
        cycle = partial(lr_scheduler.OneCycleLR, max_lr=0.1, total_steps=50, final_div_factor=end)
        settings = dict(optimizer="sgd", schedule=fc.every_batch(cycle), checkpoint=tmp_path / "run.pt")
        return fit(small_mlp(), faces, **settings, **more)

    run(100, epochs=1)
    with pytest.raises(fc.CheckpointMismatch, match=r"min_lr=.* in the checkpoint, "):
        run(1000, epochs=2, resume=True)
    assert len(run(100, epochs=2, resume=True)) == 2


@dataclass(frozen=True)
class RisingFromZero:
    """A warm-up whose first step has no rate."""

    def multiplier(self, taken, *, steps_an_epoch, epochs):
        return taken / steps_an_epoch / epochs


def test_two_rates_are_two_recipes_where_the_first_step_has_none(tmp_path, faces):
    settings = dict(schedule=RisingFromZero(), checkpoint=tmp_path / "run.pt")
    fit(small_mlp(), faces, epochs=2, optimizer=partial(torch.optim.SGD, lr=0.1), **settings)
    with pytest.raises(fc.CheckpointMismatch, match=r"optimizer: .*lr=0\.1"):
        fit(small_mlp(), faces, epochs=2, optimizer=partial(torch.optim.SGD, lr=0.2), resume=True, **settings)


def test_groups_of_other_weights_are_another_recipe(tmp_path, faces):
    def run(place, **more):
        model = small_mlp()
        make = lambda _: torch.optim.SGD(model[place].parameters(), lr=0.1)  # noqa: E731
        return fit(model, faces, optimizer=make, checkpoint=tmp_path / "run.pt", **more)

    run(2, epochs=1)
    with pytest.raises(fc.CheckpointMismatch, match=r"of 2\.weight 2\.bias in the checkpoint, .* of 5\.weight"):
        run(5, epochs=2, resume=True)


class Hidden(lr_scheduler.LRScheduler):
    """A scheduler with a state that a checkpoint would not read again."""

    def __init__(self, optimizer):
        self.places = range(3)
        super().__init__(optimizer)

    def get_lr(self):
        return self.base_lrs


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(schedule=fc.every_epoch(partial(lr_scheduler.LambdaLR, lr_lambda=lambda taken: 0.5))), "__repr__"),
        (dict(schedule=fc.every_epoch(Hidden)), "the state of the schedule holds more"),
        (dict(augment=lambda images: images.flip(3)), "__repr__"),
    ],
    ids=["a lambda in a scheduler", "a state of other things", "a lambda of images"],
)
def test_what_could_not_be_resumed_exactly_is_refused_only_where_a_checkpoint_is_asked_for(
    tmp_path, faces, settings, words
):
    assert len(fit(small_mlp(), faces, epochs=1, **settings)) == 1
    with pytest.raises(fc.ParameterError, match=words):
        fc.iter_fit(small_mlp(), faces, epochs=1, checkpoint=tmp_path / "run.pt", device="cpu", **settings)
    assert not (tmp_path / "run.pt").exists()
