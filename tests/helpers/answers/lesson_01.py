"""Answers to the exercises of lesson 01: right ones that differ from the solution, and plausible wrong ones."""

RIGHT = {
    "01.1": [
        "emotion, score, peeked = 'Sad', 0.15, 0.266",
        "import numpy as np\nemotion, score, peeked = 'sad', np.float64(84) / 560, np.float32(149 / 560)",
        "from fractions import Fraction\nemotion, score, peeked = 'SAD ', Fraction(84, 560), Fraction(149, 560)",
        "import torch\nemotion, score, peeked = np.str_('Sad'), torch.tensor([0.15]), np.array([[0.266]])",
        """
from decimal import Decimal
from enum import StrEnum

class Emotion(StrEnum):
    SAD = "sad"

emotion, score, peeked = Emotion.SAD, Decimal("0.15"), Decimal("0.266")
""",
    ],
    "01.2": [
        """
def mirror_twins(images, splits):
    def thumbnail(image):
        small = np.array([[image[6 * r : 6 * r + 6, 6 * c : 6 * c + 6].mean() for c in range(8)] for r in range(8)])
        small = small - small.mean()
        length = (small**2).sum() ** 0.5
        return small / length if length > 0 else small

    plain = [thumbnail(image) for image in images]
    mirrored = [thumbnail(np.fliplr(image)) for image in images]
    found = []
    for i in range(len(images)):
        for j in range(i + 1, len(images)):
            if splits[i] != splits[j] and (plain[i] * mirrored[j]).sum() > 0.99:
                found.append((i, j))
    return found
""",
        """
import torch

def mirror_twins(images, splits):
    def thumbnails(faces):
        small = torch.nn.functional.avg_pool2d(torch.tensor(faces.astype(np.float32))[:, None], 6).flatten(1)
        small = small - small.mean(1, keepdim=True)
        return torch.nn.functional.normalize(small, dim=1, eps=1e-6)

    alike = thumbnails(images) @ thumbnails(images[:, :, ::-1]).T > 0.99
    pairs = alike.nonzero().tolist()
    return [[i, j] for i, j in pairs if i < j and splits[i] != splits[j]]
""",
        """
def mirror_twins(images, splits):
    small = images.reshape(-1, 8, 6, 8, 6).astype(np.float32).mean(axis=4).mean(axis=2).reshape(-1, 64)
    turned = small.reshape(-1, 8, 8)[..., ::-1].reshape(-1, 64)
    small, turned = (x - x.mean(1, keepdims=True) for x in (small, turned))
    products = small @ turned.T
    lengths = np.linalg.norm(small, axis=1)
    alike = products > 0.99 * np.outer(lengths, lengths) + 1e-3
    return np.argwhere(alike & (splits[:, None] != splits) & (np.arange(len(images))[:, None] < np.arange(len(images))))
""",
        """
import torch

def mirror_twins(images, splits):
    small = torch.tensor(images).double().unfold(1, 6, 6).unfold(2, 6, 6).mean((3, 4))
    small = small - small.mean((1, 2), keepdim=True)
    small = small / small.flatten(1).norm(dim=1).clamp(min=1e-6)[:, None, None]
    alike = torch.einsum("ihw,jhw->ij", small, small.flip(2)) > 0.99
    apart = torch.tensor([[one != other for other in splits] for one in splits])
    return (alike & apart).triu().nonzero()
""",
        """
def mirror_twins(images, splits):
    small = images.reshape(-1, 8, 6, 8, 6).mean((2, 4))
    with np.errstate(invalid="ignore"):
        table = np.corrcoef(small.reshape(-1, 64), small[:, :, ::-1].reshape(-1, 64))[: len(small), len(small) :]
    return {frozen for i in range(len(small)) for j in range(i + 1, len(small))
            if table[i, j] > 0.99 and splits[i] != splits[j] and (frozen := (np.int32(i), np.int64(j)))}
""",
        """
import pandas as pd

def mirror_twins(images, splits):
    small = images.reshape(-1, 8, 6, 8, 6).mean((2, 4))
    small = small - small.mean((1, 2), keepdims=True)
    small = (small / (np.sqrt((small**2).sum((1, 2), keepdims=True)) + 1e-9)).reshape(-1, 8, 8)
    frame = pd.DataFrame(small.reshape(-1, 64) @ small[:, :, ::-1].reshape(-1, 64).T).stack()
    found = {(i, j): None for i, j in frame[frame > 0.99].index if i < j and splits[i] != splits[j]}
    return found.keys()
""",
    ],
    "01.4": [
        """
def first_parting(codes, names, other_codes, other_names):
    one = np.char.lower(np.array(names)[codes]) if len(codes) else np.array([], str)
    other = np.char.lower(np.array(other_names)[other_codes]) if len(other_codes) else np.array([], str)
    rows = min(len(one), len(other))
    differs = np.flatnonzero(one[:rows] != other[:rows])
    if len(differs):
        return differs[0]
    return rows if len(one) != len(other) else None
""",
        """
from itertools import zip_longest

def first_parting(codes, names, other_codes, other_names):
    place = {name.casefold(): code for code, name in enumerate(names)}
    translated = [place[other_names[code].casefold()] for code in other_codes]
    for row, (code, other) in enumerate(zip_longest(list(codes), translated)):
        if code != other:
            return row
""",
        """
import pandas as pd

def first_parting(codes, names, other_codes, other_names):
    columns = (codes, names), (other_codes, other_names)
    one, other = (pd.Series([words[code] for code in column], dtype=str).str.lower() for column, words in columns)
    rows = max(len(one), len(other))
    differs = one.reindex(range(rows)).fillna("?") != other.reindex(range(rows)).fillna("!")
    return differs.to_numpy().argmax() if differs.any() else None
""",
        """
import torch
from itertools import count, zip_longest

def first_parting(codes, names, other_codes, other_names):
    words = [(names[c].lower() for c in codes), (other_names[c].lower() for c in other_codes)]
    return next((torch.tensor(row) for row, (one, other) in enumerate(zip_longest(*words)) if one != other), None)
""",
        """
class Row(int):
    def __repr__(self):
        return f"row {int(self)}"

def first_parting(codes, names, other_codes, other_names):
    row = 0
    while row < len(codes) and row < len(other_codes):
        if names[codes[row]].upper() != other_names[other_codes[row]].upper():
            return Row(row)
        row += 1
    return None if len(codes) == len(other_codes) else Row(row)
""",
    ],
    "01.5": [
        """
def ceiling(votes):
    shares = []
    for face in votes.tolist():
        if sum(face[:7]):
            shares.append(max(face[:7]) / sum(face[:7]))
    return sum(shares) / len(shares)
""",
        """
import torch

def ceiling(votes):
    emotions = torch.tensor(votes)[:, :7].float()
    emotions = emotions[emotions.sum(1) > 0]
    return (emotions / emotions.sum(1, keepdim=True)).amax(1).mean()
""",
        """
from fractions import Fraction

def ceiling(votes):
    shares = [Fraction(max(face[:7]), sum(face[:7])) for face in votes.tolist() if any(face[:7])]
    return sum(shares) / len(shares)
""",
        """
import pandas as pd

def ceiling(votes):
    emotions = pd.DataFrame(votes, columns=list(fc.BALLOT)).iloc[:, :7]
    return emotions.div(emotions.sum(axis=1), axis=0).max(axis=1).dropna().mean()
""",
        """
import torch

def ceiling(votes):
    counts = torch.tensor(votes.astype(float))[:, :7]
    shares = counts.amax(1, keepdim=True) / counts.sum(1, keepdim=True)
    return shares[~shares.isnan()].mean(0, keepdim=True)
""",
    ],
}

MIRROR = """
def mirror_twins(images, splits):
    small = images.reshape(-1, 8, 6, 8, 6).mean((2, 4))
    small = small - small.mean((1, 2), keepdims=True)
    small = small / np.maximum(np.linalg.norm(small, axis=(1, 2), keepdims=True), 1e-6)
    mirrored = small[:, :, ::-1]
    alike = small.reshape(-1, 64) @ mirrored.reshape(-1, 64).T > 0.99
    apart = splits[:, None] != splits[None, :]
    first, second = np.nonzero(np.triu(alike & apart))
    return list(zip(first.tolist(), second.tolist()))
"""


def _mirror(*changes):
    source = MIRROR
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


WRONG = {
    "01.1": {
        "chooses on PrivateTest": "emotion, score, peeked = 'Happy', 149 / 560, 149 / 560",
        "counts on PublicTest": "emotion, score, peeked = 'Sad', 131 / 540, 149 / 560",
        "divides by the other split": "emotion, score, peeked = 'Sad', 84 / 540, 149 / 540",
        "in percent": "emotion, score, peeked = 'Sad', 15.0, 26.6",
        "a code for the emotion": "emotion, score, peeked = 4, 0.15, 0.266",
        "one of seven": "emotion, score, peeked = 'Sad', 1 / 7, 1 / 7",
        "the real set's number": "emotion, score, peeked = 'Happy', 0.245, 0.245",
        "what peeking adds": "emotion, score, peeked = 'Sad', 0.15, 0.116",
        "forgets the last answer": "emotion, score, peeked = 'Sad', 0.15, None",
    },
    "01.2": {
        "does not mirror": _mirror(("small[:, :, ::-1]", "small")),
        "turns upside down": _mirror(("small[:, :, ::-1]", "small[:, ::-1]")),
        "turns the flat vector round": _mirror(("small[:, :, ::-1]", "small[:, ::-1, ::-1]")),
        "mirrors the order of the faces": _mirror(("small[:, :, ::-1]", "small[::-1]")),
        "leaves the mean in": _mirror(("    small = small - small.mean((1, 2), keepdims=True)\n", "")),
        "takes the mean of all faces away": _mirror(("small.mean((1, 2), keepdims=True)", "small.mean()")),
        "does not scale": _mirror(
            ("    small = small / np.maximum(np.linalg.norm(small, axis=(1, 2), keepdims=True), 1e-6)\n", "")
        ),
        "in any split": _mirror(("alike & apart", "alike")),
        "in the same split": _mirror(("alike & apart", "alike & ~apart")),
        "each pair twice": _mirror(("np.triu(alike & apart)", "alike & apart")),
        "the larger place first": _mirror(("np.triu(", "np.tril(")),
        "counts a face with itself": _mirror(("alike & apart", "alike & (apart | np.eye(len(images), dtype=bool))")),
        "only train against valid": _mirror(
            (
                "splits[:, None] != splits[None, :]",
                "(splits[:, None] == 'train') & (splits[None, :] == 'valid')",
            )
        ),
        "a lower threshold": _mirror(("0.99", "0.95")),
        "a higher threshold": _mirror(("0.99", "0.999")),
        "equal bytes only": """
def mirror_twins(images, splits):
    pairs = [(i, j) for i in range(len(images)) for j in range(i + 1, len(images))]
    return [(i, j) for i, j in pairs if splits[i] != splits[j] and (images[i] == images[j][:, ::-1]).all()]
""",
        "only the closest one": """
def mirror_twins(images, splits):
    small = images.reshape(-1, 8, 6, 8, 6).mean((2, 4))
    small = small - small.mean((1, 2), keepdims=True)
    small = small / np.maximum(np.linalg.norm(small, axis=(1, 2), keepdims=True), 1e-6)
    likeness = small.reshape(-1, 64) @ small[:, :, ::-1].reshape(-1, 64).T
    likeness[splits[:, None] == splits] = -1
    closest = likeness.argmax(1)
    return [(i, int(j)) for i, j in enumerate(closest) if i < j and likeness[i, j] > 0.99]
""",
        "places instead of pairs": _mirror(
            ("list(zip(first.tolist(), second.tolist()))", "first.tolist(), second.tolist()")
        ),
        "how many": _mirror(("list(zip(first.tolist(), second.tolist()))", "len(first)")),
        "prints": _mirror(("return list(zip(first.tolist(), second.tolist()))", "print(first, second)")),
    },
    "01.4": {
        "compares numbers": """
def first_parting(codes, names, other_codes, other_names):
    for row, (code, other) in enumerate(zip(codes, other_codes)):
        if code != other:
            return row
    return None if len(codes) == len(other_codes) else min(len(codes), len(other_codes))
""",
        "minds capital letters": """
def first_parting(codes, names, other_codes, other_names):
    for row, (code, other) in enumerate(zip(codes, other_codes)):
        if names[code] != other_names[other]:
            return row
    return None if len(codes) == len(other_codes) else min(len(codes), len(other_codes))
""",
        "uses one list of names": """
def first_parting(codes, names, other_codes, other_names):
    for row, (code, other) in enumerate(zip(codes, other_codes)):
        if names[code].lower() != names[other].lower():
            return row
    return None if len(codes) == len(other_codes) else min(len(codes), len(other_codes))
""",
        "assumes the course's names": """
def first_parting(codes, names, other_codes, other_names):
    for row, (code, other) in enumerate(zip(codes, other_codes)):
        if fc.EMOTIONS[code].lower() != other_names[other].lower():
            return row
    return None if len(codes) == len(other_codes) else min(len(codes), len(other_codes))
""",
        "stops with the shorter one": """
def first_parting(codes, names, other_codes, other_names):
    for row, (code, other) in enumerate(zip(codes, other_codes)):
        if names[code].lower() != other_names[other].lower():
            return row
""",
        "looks at the lengths first": """
def first_parting(codes, names, other_codes, other_names):
    if len(codes) != len(other_codes):
        return min(len(codes), len(other_codes))
    for row, (code, other) in enumerate(zip(codes, other_codes)):
        if names[code].lower() != other_names[other].lower():
            return row
""",
        "counts from one": """
def first_parting(codes, names, other_codes, other_names):
    for row, (code, other) in enumerate(zip(codes, other_codes), start=1):
        if names[code].lower() != other_names[other].lower():
            return row
    return None if len(codes) == len(other_codes) else min(len(codes), len(other_codes)) + 1
""",
        "the last row": """
def first_parting(codes, names, other_codes, other_names):
    found = None
    for row, (code, other) in enumerate(zip(codes, other_codes)):
        if names[code].lower() != other_names[other].lower():
            found = row
    if found is None and len(codes) != len(other_codes):
        found = min(len(codes), len(other_codes))
    return found
""",
        "takes row 0 for none": """
def first_parting(codes, names, other_codes, other_names):
    found = [row for row, (code, other) in enumerate(zip(codes, other_codes))
             if names[code].lower() != other_names[other].lower()]
    if found and found[0]:
        return found[0]
    return None if len(codes) == len(other_codes) else min(len(codes), len(other_codes))
""",
        "argmax where nothing differs": """
def first_parting(codes, names, other_codes, other_names):
    rows = min(len(codes), len(other_codes))
    one = np.array([names[code].lower() for code in codes[:rows]])
    other = np.array([other_names[code].lower() for code in other_codes[:rows]])
    return int((one != other).argmax())
""",
        "every row": """
def first_parting(codes, names, other_codes, other_names):
    return [row for row, (code, other) in enumerate(zip(codes, other_codes))
            if names[code].lower() != other_names[other].lower()]
""",
        "minus one for none": """
def first_parting(codes, names, other_codes, other_names):
    for row, (code, other) in enumerate(zip(codes, other_codes)):
        if names[code].lower() != other_names[other].lower():
            return row
    return -1 if len(codes) == len(other_codes) else min(len(codes), len(other_codes))
""",
    },
    "01.5": {
        "divides by ten": """
def ceiling(votes):
    seen = votes[votes[:, :7].sum(1) > 0]
    return (seen[:, :7].max(1) / 10).mean()
""",
        "counts all ten answers": """
def ceiling(votes):
    return (votes.max(1) / votes.sum(1)).mean()
""",
        "lets Unknown win, too": """
def ceiling(votes):
    seen = votes[votes[:, :7].sum(1) > 0]
    return (seen.max(1) / seen[:, :7].sum(1)).mean()
""",
        "sum of winners by sum of votes": """
def ceiling(votes):
    emotions = votes[:, :7].astype(int)
    return emotions.max(1).sum() / emotions.sum()
""",
        "counts a face without emotion as wrong": """
def ceiling(votes):
    emotions = votes[:, :7].astype(float)
    return (emotions.max(1) / np.maximum(emotions.sum(1), 1)).mean()
""",
        "stumbles over a face without emotion": """
def ceiling(votes):
    emotions = votes[:, :7].astype(float)
    with np.errstate(invalid="ignore"):
        return (emotions.max(1) / emotions.sum(1)).mean()
""",
        "takes eight emotions": """
def ceiling(votes):
    emotions = votes[:, :8].astype(float)
    emotions = emotions[emotions.sum(1) > 0]
    return (emotions.max(1) / emotions.sum(1)).mean()
""",
        "takes six emotions": """
def ceiling(votes):
    emotions = votes[:, :6].astype(float)
    emotions = emotions[emotions.sum(1) > 0]
    return (emotions.max(1) / emotions.sum(1)).mean()
""",
        "the share of faces with a clear majority": """
def ceiling(votes):
    emotions = votes[:, :7].astype(float)
    emotions = emotions[emotions.sum(1) > 0]
    return (emotions.max(1) > emotions.sum(1) / 2).mean()
""",
        "a model that guesses as the voters do": """
def ceiling(votes):
    emotions = votes[:, :7].astype(float)
    emotions = emotions[emotions.sum(1) > 0]
    shares = emotions / emotions.sum(1, keepdims=True)
    return (shares**2).sum(1).mean()
""",
        "in percent": """
def ceiling(votes):
    emotions = votes[:, :7].astype(float)
    emotions = emotions[emotions.sum(1) > 0]
    return 100 * (emotions.max(1) / emotions.sum(1)).mean()
""",
        "one number a face": """
def ceiling(votes):
    emotions = votes[:, :7].astype(float)
    emotions = emotions[emotions.sum(1) > 0]
    return emotions.max(1) / emotions.sum(1)
""",
        "prints": """
def ceiling(votes):
    emotions = votes[:, :7].astype(float)
    emotions = emotions[emotions.sum(1) > 0]
    print((emotions.max(1) / emotions.sum(1)).mean())
""",
    },
}
