"""The exercises of lesson 08, against networks whose faults are known and small trainings with a bug or without."""

import copy

import numpy as np
import torch
from torch import nn

from fercourse.classroom.checks.shared.compare import as_texts, ask, expect, expect_secret, plain, short
from fercourse.classroom.probes import answer_modes_and_state, audited, parts_named
from fercourse.errors import CheckFailed

SEEN_BY = ["B", "E", "C", "D", "F", "A", "none"]
BUGS = [
    "a softmax in front of the loss",
    "layers in a Python list",
    "no eval() before validation",
    "batch norm without memory",
    "validation faces in training",
    "twenty outputs for seven emotions",
    "labels left behind by a shuffle",
]


def which_check_sees_it(seen_by, first, least):
    """08.1: the one check of six that sees each bug, and two losses of a network that ends in a softmax."""
    letters, seen_by = as_texts(seen_by), plain(seen_by)
    if seen_by is None or letters == []:
        raise CheckFailed('seen_by: expected a list of seven texts, such as "A" or "none": nothing is written yet')
    if letters is None:
        raise CheckFailed(f'seen_by: expected a list of seven texts, such as "A" or "none", came {short(seen_by)}')
    expect(len(letters), len(SEEN_BY), "seen_by, the number of bugs")
    came = [letter.strip() for letter in letters]
    came = [letter.lower() if letter.lower() == "none" else letter.upper() for letter in came]
    if strange := [letter for letter in came if letter not in (*"ABCDEF", "none")]:
        raise CheckFailed(f'seen_by: expected letters from A to F, and "none", came {strange[0]!r}')
    wrong = [number for number, (one, other) in enumerate(zip(came, SEEN_BY, strict=True), start=1) if one != other]
    if wrong:
        bug = f"bug {wrong[0]}, {BUGS[wrong[0] - 1]}"
        raise CheckFailed(f"seen_by: {len(SEEN_BY) - len(wrong)} of {len(SEEN_BY)} are right. Think again about {bug}")
    even = nn.functional.cross_entropy(torch.full((1, 7), 1 / 7, dtype=torch.float64), torch.tensor([2])).item()
    sure = nn.functional.cross_entropy(torch.eye(7, dtype=torch.float64), torch.arange(7)).item()
    expect_secret(first, even, "first, the loss of a network that knows nothing", atol=0.006)
    expect_secret(least, sure, "least, the loss of a network that is right and sure", atol=0.006)


def same_alone(answer):
    """08.2: whether a network answers each face alone as in company; it is left as it was."""
    torch.manual_seed(8)
    images = torch.rand(9, 1, 12, 12)
    for which, network, expected in networks():
        before = [module.training for module in network.modules()]
        came, modes, kept = ask(answer_modes_and_state, answer, copy.deepcopy(network), images)
        expect(came, expected, f"same_alone, {which}")
        if list(plain(modes)) != before:
            raise CheckFailed(f"same_alone, {which}: afterwards a layer is not in the mode in which it was found")
        if not kept:
            raise CheckFailed(f"same_alone, {which}: the network's averages have moved; was it asked in training mode?")


def networks():
    """(what it is, network, whether it answers each face for itself), to be asked about 9 images of 12 × 12."""
    torch.manual_seed(8)

    def convolution():
        return [nn.Conv2d(1, 8, 3, padding=1)]

    def head(*more):
        return [nn.ReLU(), nn.Flatten(), nn.Linear(8 * 144, 7), *more]

    norm = nn.Sequential(*convolution(), nn.BatchNorm2d(8), *head(nn.Dropout(0.5)))
    norm(torch.rand(40, 1, 12, 12))  # its averages are no longer 0 and 1
    half = copy.deepcopy(norm)
    half[1].eval()
    group = nn.Sequential(*convolution(), nn.GroupNorm(2, 8), *head())
    instance = nn.Sequential(*convolution(), nn.InstanceNorm2d(8), *head(nn.Softmax(1)))
    loud, memoryless = _scaled(head(), 1e6), nn.BatchNorm2d(8, track_running_stats=False)
    read_as_words = nn.TransformerEncoderLayer(16, 2, 16, dropout=0.0)
    slipped = [nn.Unflatten(0, (1, -1)), nn.ZeroPad2d((0, 0, 1, -1)), nn.Flatten(0, 1)]
    quiet = nn.Sequential(*convolution(), *head(nn.Softmax(0)), *_scaled([nn.Linear(7, 7, bias=False)], 1e-5))
    return [
        ("a network with batch norm and dropout, in training", norm.train(), True),
        ("a network of which one layer is in evaluation", half, True),
        ("a network with group norm", group.eval(), True),
        ("a network that standardises each face by itself", instance, True),
        ("a network with very large logits", nn.Sequential(*convolution(), *loud), True),
        ("batch norm that keeps no averages", nn.Sequential(*convolution(), memoryless, *head()), False),
        ("a softmax over the faces", nn.Sequential(*convolution(), *head(nn.LogSoftmax(0))).eval(), False),
        ("a softmax over the faces, with very small logits", quiet, False),
        ("attention between the faces", nn.Sequential(nn.Flatten(), nn.Linear(144, 16), read_as_words), False),
        ("answers that slip by one face", nn.Sequential(*convolution(), *head(*slipped)), False),
    ]


def _scaled(layers, factor):
    with torch.no_grad():
        layers[-1].weight *= factor
    return layers


EXCHANGES = [["evaluate"], ["train"], ["export"], ["build", "schedule"], ["valid_stream"], ["criterion", "fit", "load"]]


def whose_part_is_it(broken, broken_part):
    """08.4: the broken parts of three patients, and a function that finds such a part by exchange."""
    for case, came in zip(EXCHANGES, ask(parts_named, broken_part, EXCHANGES), strict=True):
        where = f"broken_part, where {' and '.join(case)} {'is' if len(case) == 1 else 'are'} broken"
        if len(case) > 1:
            if plain(came) is not None:
                raise CheckFailed(
                    f"{where}: expected None, as no single exchange ends the complaint, came {short(came)}"
                )
        else:
            expect(came, case[0], where)
    names, broken = as_texts(broken), plain(broken)
    if names is None or len(names) != 3:
        nothing = ": nothing is written yet" if broken is None or names == [] else ""
        raise CheckFailed(f"broken: expected a list of three names of parts, came {short(broken)}{nothing}")
    for number, (one, right) in enumerate(zip(names, ["valid_stream", "build", "evaluate"], strict=True), start=1):
        if one != right:
            raise CheckFailed(f"broken: the part of patient {number} is not {short(one)}")


BUGS_OF_THE_CHECK = [
    "raw_pixels",
    "twenty_outputs",
    "optimizer_of_another_network",
    "never_eval",
    "batch_norm_without_memory",
]
SOUND_OF_THE_CHECK = ["", "label smoothing", "no augmentation"]
PASSES = 0.6
SECONDS = 8.0
"""Of processor time, for all audits of one cell: the grader gives it ten by the clock."""


def own_audit(audit):
    """08.5: the share of bugs that an audit complains of, minus the share of sound trainings; at least 0.6."""
    names = [*BUGS_OF_THE_CHECK, *SOUND_OF_THE_CHECK]
    said = dict(zip(names, _said_of(audit, names, seed=85), strict=True))
    if all(came is None for came in said.values()):
        raise CheckFailed("audit: expected a list of texts, came None for all eight: nothing is written, or returned")
    missed = [name for name in BUGS_OF_THE_CHECK if not _complains(said[name])]
    alarms = [name for name in SOUND_OF_THE_CHECK if _alarms(said[name])]
    score = _score(said, BUGS_OF_THE_CHECK, SOUND_OF_THE_CHECK)
    if score < PASSES:
        caught = len(BUGS_OF_THE_CHECK) - len(missed)
        about = [f"Not caught: {', '.join(missed)}{'' if alarms else _crash(said, missed)}"] if missed else []
        about += [f"Of {name or 'the clean one'}, which is sound, it says {_shown(said[name])}" for name in alarms[:1]]
        raise CheckFailed(
            f"audit: expected a score of {PASSES}, came {score:.2f}: {caught} of {len(BUGS_OF_THE_CHECK)} bugs caught, "
            f"{len(alarms)} of {len(SOUND_OF_THE_CHECK)} sound ones refused. {'. '.join(about)}"
        )


def score_of(audit, bugs, sound, *, seed):
    """The share of `bugs` that an audit complains of, minus that of the `sound` trainings, by their names."""
    names = [*bugs, *sound]
    said = dict(zip(names, _said_of(audit, names, seed=seed), strict=True))
    return _score(said, bugs, sound)


def _score(said, bugs, sound):
    caught, alarms = sum(_complains(said[name]) for name in bugs), sum(_alarms(said[name]) for name in sound)
    return caught / len(bugs) - alarms / len(sound)


def _said_of(audit, names, seed):
    """What an audit says of each training, in plain form; of one with which it crashed a `_Crash`."""
    came = ask(audited, audit, names, seed, SECONDS)
    if any(how == "late" for how, *_ in came):
        done = sum(how != "late" for how, *_ in came)
        raise CheckFailed(
            f"audit: {SECONDS:g} seconds of processor time were used up after {done} of {len(names)} trainings. Take "
            "out what trains for many steps"
        )
    return [_Crash(what) if how == "error" else plain(what) for how, what in came]


class _Crash(str):
    """The error with which an audit ended."""


def _alarms(said):
    return isinstance(said, _Crash) or _complains(said)


def _complains(said):
    """Whether what an audit returned says that something is wrong. Raises CheckFailed where that cannot be told."""
    if said is None or isinstance(said, _Crash):
        return False
    if isinstance(said, (bool, int, float, str)):
        return bool(said)
    if isinstance(said, np.ndarray) and said.size == 1 and said.dtype.kind in "biuf":
        return bool(said.item())
    unclear = not isinstance(said, (list, tuple, set, frozenset, dict, np.ndarray))
    if unclear or (len(said) and all(isinstance(each, (bool, np.bool_)) for each in _values(said))):
        raise CheckFailed(f"audit: expected a list of texts, empty where nothing is wrong, came {short(said)}")
    return len(said) > 0


def _values(said):
    return said.values() if isinstance(said, dict) else said


def _shown(said):
    return f"nothing, it crashed: {said}" if isinstance(said, _Crash) else short(said)


def _crash(said, names):
    crashes = [said[name] for name in names if isinstance(said[name], _Crash)]
    return f" (of {len(crashes)} it crashed: {short(str(crashes[0]))})" if crashes else ""


CHECKS = {
    "08.1": which_check_sees_it,
    "08.2": same_alone,
    "08.4": whose_part_is_it,
    "08.5": own_audit,
}
