"""The exercises of lesson 01, against correlations, words and fractions."""

from contextlib import contextmanager
from fractions import Fraction

import numpy as np

from fercourse.classroom.checks.shared.compare import as_whole, expect, expect_secret, plain, same, short
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.judge import expect_better
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import EMOTIONS
from fercourse.errors import CheckFailed

PUBLIC = {"Angry": 61, "Disgust": 9, "Fear": 70, "Happy": 118, "Sad": 131, "Surprise": 55, "Neutral": 96}
PRIVATE = {"Angry": 58, "Disgust": 7, "Fear": 77, "Happy": 149, "Sad": 84, "Surprise": 62, "Neutral": 123}


def what_laziness_earns(emotion, score, peeked):
    """01.1: the commonest emotion of one split, what it scores on the other, and the best lazy score there."""
    commonest, emotion = max(PUBLIC, key=PUBLIC.get), plain(emotion)
    if emotion is not None and not isinstance(emotion, str):
        raise CheckFailed(f"emotion: expected a name from the table, came {short(emotion)}")
    named = None if emotion is None else emotion.strip().capitalize()
    expect_secret(named, commonest, "emotion, the commonest on PublicTest")
    public, private = sum(PUBLIC.values()), sum(PRIVATE.values())
    for name, came, right, where in (
        ("score", score, PRIVATE[commonest], "on PrivateTest"),
        ("peeked", peeked, max(PRIVATE.values()), "chosen on PrivateTest"),
    ):
        readings = {
            right / public: f"{public} is the number of faces on PublicTest",
            100 * right / private: "write a share from 0 to 1, not percent",
            PUBLIC[commonest] / public: f"that is the share of {commonest} on PublicTest",
            1 / len(EMOTIONS): "that is a guess among seven; the lazy model always gives the same answer",
        }
        with _naming(came, readings, atol=6e-4):
            expect_secret(came, right / private, f"{name}, {where}", atol=6e-4)


def mirror_twins(answer):
    """01.2: which faces are correlated above 0.99 with the mirror image of a face in another split."""
    chance = np.random.default_rng(5)
    face, other, third = (_enlarged(chance.integers(50, 180, (8, 8))) for _ in range(3))
    mirrored, upside_down = face[:, ::-1], face[::-1]
    half = chance.integers(20, 230, (8, 4))
    symmetric = _enlarged(np.hstack([half, half[:, ::-1]]))
    faint = (mirrored * 0.6 + 40).astype(np.uint8)
    black = np.zeros_like(face)
    cases = [
        ("a mirrored copy in another split", [face, mirrored, other], "train valid test", [(0, 1)]),
        ("a mirrored copy that is brighter and fainter", [other, faint, face], "train valid train", [(1, 2)]),
        ("a mirrored copy in the same split", [face, mirrored, other], "train train test", []),
        ("a plain copy in another split", [face, face, other], "train valid test", []),
        ("a copy upside down in another split", [face, upside_down, other], "train valid test", []),
        ("a face as good as its own mirror image, alone", [symmetric, other], "train valid", []),
        ("two faces that are their own mirror images", [symmetric, other, symmetric], "train test valid", [(0, 2)]),
        ("a mirrored copy with much noise, at 0.98", [third, _near(third, 0.98, chance)], "train valid", []),
        ("a mirrored copy with less noise, at 0.995", [third, _near(third, 0.995, chance)], "valid train", [(0, 1)]),
        ("two black faces", [black, face, black, mirrored], "train train valid valid", [(1, 3)]),
    ]
    for which, faces, splits, expected in cases:
        came = answer(np.stack(faces), np.array(splits.split()))
        try:
            _expect_pairs(came, expected, f"mirror_twins, {which}")
        except CheckFailed as error:
            raise CheckFailed(f"{error}{_found_instead(answer, face, other, came, expected)}") from None
    images, splits = _crowd(chance)
    _expect_pairs(answer(images, splits), _by_correlation(images, splits), "mirror_twins, 24 faces in three splits")


def first_parting(answer):
    """01.4: the first row where two columns of codes mean different emotions."""
    table, folders = list(EMOTIONS), sorted(emotion.lower() for emotion in EMOTIONS)
    met = ["Happy", "Sad", "Neutral", "Angry", "Fear", "Surprise", "Disgust"]
    rows = ["Happy", "Sad", "Neutral", "Happy", "Surprise", "Disgust", "Fear", "Angry", "Sad"]
    changed = [*rows[:5], "Neutral", "Fear", "Sad", "Sad"]
    first_changed = ["Neutral", *rows[1:]]
    cases = [
        ("a table and folders, row 5 and row 7 changed", (rows, table, changed, folders), 5),
        ("folders and a table, row 0 changed", (rows, folders, first_changed, table), 0),
        ("a table and folders, the same labels", (rows, table, rows, folders), None),
        ("numbered as met and a table, the same labels", (rows, met, rows, table), None),
        ("the same names, the last row changed", (rows, table, [*rows[:8], "Fear"], table), 8),
        ("numbered as met and folders, two rows missing", (rows[:7], met, rows, folders), 7),
        ("folders, the second column cut off after a change", (rows, folders, changed[:7], met), 5),
    ]
    for which, (words, names, other_words, other_names), expected in cases:
        columns = _coded(words, names), names, _coded(other_words, other_names), other_names
        came = answer(*columns)
        with _naming(came, _rows_that_agree(*columns)):
            expect(came, expected, f"first_parting, {which}")


def ceiling(answer):
    """01.5: the mean over faces of the largest share among the votes for the seven emotions."""
    happy_or_sad = [0, 0, 0, 6, 2, 0, 0, 0, 2, 0]
    contempt = [0, 1, 0, 0, 0, 0, 2, 7, 0, 0]
    nobody = [0, 0, 0, 0, 0, 0, 0, 2, 5, 3]
    crowd = np.random.default_rng(8).multinomial(10, [0.04, 0.02, 0.1, 0.2, 0.08, 0.1, 0.16, 0.1, 0.12, 0.08], 40)
    cases = [
        ("Happy 6, Sad 2, Unknown 2", [happy_or_sad]),
        ("Disgust 1, Neutral 2, Contempt 7", [contempt]),
        ("these two faces", [happy_or_sad, contempt]),
        ("these two and one in which nobody saw an emotion", [happy_or_sad, nobody, contempt]),
        ("forty faces", crowd.tolist()),
    ]
    for which, votes in cases:
        came, expected = answer(np.array(votes, np.uint8)), _by_fractions(votes)
        counts = np.array(votes, float)
        readings = {
            float(
                (counts[:, :7].max(1) / counts.sum(1)).mean()
            ): "the three last answers give no label: leave them out below the line, too",
            100 * expected: "return a share from 0 to 1, not percent",
        }
        with _naming(came, readings, atol=1e-5):
            expect(came, expected, f"ceiling, {which}", atol=1e-5)


def better_than_sixty_four(answer):
    """01.6: weights that answer more practice faces rightly than least squares on the lesson's thumbnails."""
    expect_better("01.6", answer)


def sixty_four_weights(images, arrays):
    """The baseline of 01.6: the scores of thumbnails of 8 × 8, and of a one."""
    return _thumbnails_and_one(images) @ arrays["weights"]


def least_squares():
    """The weights of the baseline of 01.6, as the sheet finds them."""
    train = drawn_faces(4_000, 1_000, 0, seed=61).train
    weights, *_ = np.linalg.lstsq(_thumbnails_and_one(train.images), np.eye(len(EMOTIONS))[train.labels], rcond=None)
    return {"weights": weights}


def as_pairs(came):
    """Pairs of whole numbers, sorted, out of a list or an array of them, or a set; None where it is something else."""
    came = plain(came)
    if not isinstance(came, (list, tuple, set, frozenset, np.ndarray)):
        return None
    if not all(isinstance(pair, (list, tuple, np.ndarray)) and len(pair) == 2 for pair in came):
        return None
    pairs = [tuple(map(as_whole, plain([*pair]))) for pair in came]
    return None if any(None in pair for pair in pairs) else sorted(pairs)


CHECKS = {
    "01.1": what_laziness_earns,
    "01.2": mirror_twins,
    "01.4": first_parting,
    "01.5": ceiling,
    "01.6": better_than_sixty_four,
}

BASELINES = {"01.6": Baseline("the 64 weights", network=sixty_four_weights, train=least_squares)}


@contextmanager
def _naming(came, readings, *, atol=0.0):
    """Where a check in the block fails on a number of `readings`, its line also says what was counted instead."""
    try:
        yield
    except CheckFailed as error:
        for number, says in readings.items():
            if same(came, number, atol=atol):
                raise CheckFailed(f"{error}: {says}") from None
        raise


def _found_instead(answer, face, other, came, expected):
    """What an answer to 01.2 finds that is no mirrored copy, in words; empty where that is not known."""
    pairs = as_pairs(came) or []
    if pairs != expected and sorted({(min(pair), max(pair)) for pair in pairs}) == expected:
        return ": each pair once, the smaller place first"
    if pairs:
        return ""
    turned = {"plain copies": face, "copies upside down": face[::-1], "copies turned by 180 degrees": face[::-1, ::-1]}
    for name, copy in turned.items():
        if as_pairs(answer(np.stack([face, copy, other]), np.array(["train", "valid", "test"]))) == [(0, 1)]:
            return f": it finds {name} instead"
    return ""


def _rows_that_agree(codes, names, other_codes, other_names):
    """Row → what it means in both columns, in words, for the rows of 01.4 that mean the same."""
    told = {}
    for row, (code, other) in enumerate(zip(codes.tolist(), other_codes.tolist(), strict=False)):
        if names[code].lower() == other_names[other].lower():
            told[row] = f"row {row} is {names[code]} here, code {code}, and {other_names[other]} there, code {other}"
    return told


def _thumbnails_and_one(images):
    small = images.reshape(-1, 8, 6, 8, 6).mean((2, 4)).reshape(-1, 64)
    small = small - small.mean(1, keepdims=True)
    small = small / np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)
    return np.hstack([small, np.ones((len(small), 1))])


def _enlarged(blocks):
    return np.kron(blocks, np.ones((6, 6), int)).astype(np.uint8)


def _near(face, wanted, chance):
    """The mirror image of a face, changed until its thumbnail has the correlation `wanted` with the mirrored face's."""
    kept = _centred(face[3::6, 3::6][:, ::-1].astype(float))
    noise = _centred(chance.normal(size=(8, 8)))
    noise = _centred(noise - (noise * kept).sum() * kept)
    return _enlarged(np.round(120 + 400 * (wanted * kept + (1 - wanted**2) ** 0.5 * noise)).clip(0, 255))


def _centred(blocks):
    blocks = blocks - blocks.mean()
    return blocks / np.linalg.norm(blocks)


def _crowd(chance):
    """24 faces with pixels that differ inside a block, some of them mirrored copies, and their splits."""
    images = np.stack([_enlarged(chance.integers(40, 200, (8, 8))) for _ in range(24)])
    for copy, original in ((7, 2), (11, 2), (15, 14), (23, 0), (20, 19), (9, 22), (16, 5)):
        images[copy] = images[original, :, ::-1]
    images += chance.integers(0, 12, images.shape, np.uint8)
    return images, np.array(["train", "train", "valid", "test"])[np.arange(24) % 4]


def _by_correlation(images, splits):
    """The pairs, one after the other, by the correlation of their block means."""
    means = [_block_means(face) for face in images]
    mirrored = [_block_means(face[:, ::-1]) for face in images]
    pairs = [(i, j) for i in range(len(images)) for j in range(i + 1, len(images)) if splits[i] != splits[j]]
    return [(i, j) for i, j in pairs if np.corrcoef(means[i], mirrored[j])[0, 1] > 0.99]


def _block_means(face):
    starts = range(0, 48, 6)
    return [face[row : row + 6, column : column + 6].mean() for row in starts for column in starts]


def _expect_pairs(came, expected, where):
    """As `expect`, for pairs in any order; both lists of pairs stand in the line."""
    pairs, came = as_pairs(came), plain(came)
    if came is None:
        expect(came, expected, where)
    if pairs is None:
        raise CheckFailed(f"{where}: expected a list of pairs (i, j) of whole numbers, came {short(came)}")
    if pairs != expected:
        raise CheckFailed(f"{where}: expected {short(expected)}, came {short(pairs)}")


def _coded(words, names):
    place = {name.lower(): code for code, name in enumerate(names)}
    return np.array([place[word.lower()] for word in words])


def _by_fractions(votes):
    emotions = [face[:7] for face in votes if any(face[:7])]
    return float(sum(Fraction(max(face), sum(face)) for face in emotions) / len(emotions))
