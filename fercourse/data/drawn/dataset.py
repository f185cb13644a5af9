"""Drawn faces: a data set with FER2013's form, made on the spot from a seed.

FER2013 may not be handed on, so the course carries its own faces, drawn by `fercourse.data.drawn.portrait`. What makes
FER2013 hard is drawn too: its class shares; one label a face, given by an annotator who is wrong on about one face in
seven and takes fear for surprise or sadness for neutral; near-twins of a face, some in another split, some with another
label. And, as FER+ did for FER2013, ten voters look at every face. They disagree most where the expression is faint or
covered.
"""

import numpy as np

from fercourse.data.drawn.portrait import draw
from fercourse.data.faces import BALLOT, EMOTIONS, SPLITS, Faces, Split, frozen
from fercourse.settings import seed_number, whole

SHARES = np.array([4953, 547, 5121, 8989, 6077, 4002, 6198]) / 35887
"""What part of FER2013 each emotion is."""

VOTERS = 10

MISREADINGS = {
    ("Fear", "Surprise"): 0.015,
    ("Sad", "Neutral"): 0.020,
    ("Fear", "Sad"): 0.009,
    ("Angry", "Sad"): 0.007,
    ("Angry", "Neutral"): 0.005,
    ("Happy", "Neutral"): 0.0045,
    ("Angry", "Fear"): 0.004,
    ("Happy", "Surprise"): 0.002,
    ("Angry", "Disgust"): 0.0012,
}
"""Which emotions the annotator takes for each other: the share of all faces that is wrong in each direction."""

TWINS = 0.025
"""What share of the faces is a copy of another face."""


def drawn_faces(train: int = 8_000, valid: int = 1_000, test: int = 1_000, *, seed: int = 0) -> Faces:
    """A drawn data set with FER2013's class shares, label noise, near-twins and FER+ votes; the same for one seed.

    train, valid, test: number of faces in each split
    Returns Faces with drawn=True; every split carries votes.

    Raises ParameterError where a number or the seed is negative, a text or a fraction.
    """
    asked = dict(zip(SPLITS, (train, valid, test), strict=True))
    sizes = [whole(name, size, least=0) for name, size in asked.items()]
    seed = seed_number(seed)
    generator = np.random.default_rng(seed)
    emotions = np.concatenate([emotions_in_shares(size, generator) for size in sizes])
    images, clarity = draw(emotions, generator)
    bounds = np.cumsum(sizes)[:-1]
    parts = np.split(np.arange(sum(sizes)), bounds)
    labels = np.concatenate([_annotate(emotions[part], clarity[part], generator) for part in parts])
    _plant_twins(images, emotions, clarity, labels, generator)
    votes = _vote(emotions, clarity, generator)
    source = f"drawn faces, seed {seed}"
    splits = (
        Split(frozen(images[part]), frozen(labels[part]), name, source, frozen(votes[part]), drawn=True)
        for part, name in zip(parts, SPLITS, strict=True)
    )
    return Faces(*splits, source)


def emotions_in_shares(number, generator):
    """`number` emotions, shuffled, in FER2013's shares by the largest remainder: int64 (number,)."""
    exact = SHARES * number
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: number - counts.sum()]] += 1
    return generator.permutation(np.repeat(np.arange(len(EMOTIONS)), counts))


def _annotate(emotions, clarity, generator):
    """One label a face: the emotion drawn, but swapped in the pairs of MISREADINGS for the least plain faces.

    Swapping keeps the class shares.
    """
    labels = emotions.copy()
    doubt = clarity + generator.normal(0, 0.2, len(clarity))
    order = np.argsort(doubt, kind="stable")
    unclear = [iter(order[emotions[order] == label]) for label in range(len(EMOTIONS))]
    for pair, share in MISREADINGS.items():
        one, other = map(EMOTIONS.index, pair)
        for _ in range(round(share * len(emotions))):
            labels[next(unclear[one])] = other
            labels[next(unclear[other])] = one
    return labels


def _plant_twins(images, emotions, clarity, labels, generator):
    """Overwrite some faces, in place, by copies: most a little changed, a few exact, a few labelled otherwise."""
    number = round(TWINS * len(labels))
    copies, others = np.split(generator.permutation(len(labels)), [number])
    for copy in copies:
        kind = generator.random()
        alike = others if kind < 0.15 else others[labels[others] == labels[copy]]
        if len(alike) == 0:
            continue
        original = generator.choice(alike)
        emotions[copy], clarity[copy] = emotions[original], clarity[original]
        images[copy] = images[original] if kind > 0.85 else _altered(images[original], generator)


def _altered(image, generator):
    """The same photograph, cropped a pixel off and a little brighter or darker."""
    across, down = generator.integers(-1, 2, 2)
    moved = np.pad(image, 1, mode="edge")[1 + down :, 1 + across :][:48, :48]
    return np.clip(moved.astype(int) + generator.integers(-12, 13), 0, 255).astype(np.uint8)


def _vote(emotions, clarity, generator):
    """Ten voters a face: uint8 (N, 10). The plainer the expression, the more of them see it."""
    mistaken = np.clip(0.75 - 0.7 * clarity, 0.05, 0.6)[:, None]
    chance = mistaken * _mistakes()[emotions]
    chance[np.arange(len(emotions)), emotions] += 1 - mistaken[:, 0]
    return generator.multinomial(VOTERS, chance / chance.sum(1, keepdims=True)).astype(np.uint8)


def _mistakes():
    """What a mistaken voter answers, float64 (7, 10): mostly as the annotator, sometimes anything, Unknown or worse."""
    table = np.zeros((len(EMOTIONS), len(BALLOT)))
    for pair, share in MISREADINGS.items():
        one, other = map(EMOTIONS.index, pair)
        table[one, other] = table[other, one] = share
    table = 0.7 * table / table.sum(1, keepdims=True)
    table[:, BALLOT.index("Neutral")] += 0.1
    table[:, : len(EMOTIONS)] += 0.01
    table[:, len(EMOTIONS) :] += (0.02, 0.09, 0.01)
    return table / table.sum(1, keepdims=True)
