"""Answers to the exercises of lesson 06: right ones that differ from the solution, and plausible wrong ones."""

RIGHT = {
    "06.1": [
        "padding_48, padding_47 = [1, 2], [2, 2]",
        """
def missing(side, kernel, stride):
    return int(np.ceil(side / stride) - 1) * stride + kernel - side

padding_48, padding_47 = (np.array([m // 2, m - m // 2]) for m in (missing(48, 5, 2), missing(47, 5, 2)))
""",
        """
from collections import namedtuple

Rows = namedtuple("Rows", "before after")
padding_48, padding_47 = Rows(1, 2), Rows(before=2, after=2)
""",
        "padding_48, padding_47 = torch.tensor([1, 2]), range(2, 4, 1)[:1] and (np.int8(2), 2.0)",
        "import pandas as pd\npadding_48, padding_47 = pd.Series([1, 2], index=[10, 11]), pd.Index([2, 2])",
    ],
    "06.2": [
        """
def to_torch(kernel, dense, height, width, channels):
    order = np.arange(height * width * channels).reshape(height, width, channels)
    order = np.moveaxis(order, -1, 0).ravel()
    return np.einsum("hwio->oihw", kernel), dense[order].T
""",
        """
def to_torch(kernel, dense, height, width, channels):
    kernel = torch.tensor(kernel).permute(3, 2, 0, 1)
    dense = torch.tensor(dense).T.reshape(-1, height, width, channels)
    return [kernel.contiguous(), dense.permute(0, 3, 1, 2).flatten(1)]
""",
        """
def to_torch(kernel, dense, height, width, channels):
    columns = []
    for c in range(channels):
        for y in range(height):
            for x in range(width):
                columns.append(dense[(y * width + x) * channels + c])
    out = [[kernel[:, :, i, o] for i in range(kernel.shape[2])] for o in range(kernel.shape[3])]
    return np.array(out), np.stack(columns, axis=1).astype(np.float32)
""",
        """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(-1, channels, dense.shape[1])  # a place stays whole, so its two axes may stay one
    return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), places.transpose(2, 1, 0).reshape(dense.shape[::-1])
""",
        """
def to_torch(kernel, dense, height, width, channels):
    conv = nn.Conv2d(kernel.shape[2], kernel.shape[3], kernel.shape[:2], bias=False).double()
    conv.weight.data = torch.from_numpy(kernel).permute(3, 2, 0, 1)
    linear = torch.tensor(dense).T.unflatten(1, (height, width, channels)).permute(0, 3, 1, 2).flatten(1)
    return conv.weight, nn.Parameter(linear)
""",
        """
from collections import namedtuple

Weights = namedtuple("Weights", "kernel dense")

def to_torch(kernel, dense, height, width, channels):
    order = np.arange(len(dense)).reshape(-1, channels).T.ravel()
    return Weights(np.rollaxis(np.rollaxis(kernel, 3), 3, 1), np.asfortranarray(dense[order].T))
""",
        """
def to_torch(kernel, dense, height, width, channels):
    units = dense.shape[1]
    moved = np.einsum("yxcu->ucyx", dense.reshape(height, width, channels, units))
    return [torch.einsum("hwio->oihw", torch.tensor(kernel)), moved.reshape(units, -1)]
""",
    ],
    "06.4": [
        """
def epoch_cost(batch_means, sizes):
    loss_sum, seen = 0.0, 0
    for mean, size in zip(batch_means, sizes, strict=True):
        loss_sum += mean * size
        seen += size
    if seen == 0:
        raise ValueError("no faces")
    return loss_sum / seen
""",
        """
def epoch_cost(batch_means, sizes):
    means, sizes = np.asarray(batch_means, dtype=np.float32), np.asarray(sizes)
    if means.shape != sizes.shape or means.size == 0:
        raise ValueError
    return means @ sizes / sizes.sum()
""",
        """
import statistics

def epoch_cost(batch_means, sizes):
    return statistics.fmean(batch_means, weights=sizes)
""",
        """
from fractions import Fraction

def epoch_cost(batch_means, sizes):
    if len(batch_means) != len(sizes) or not len(sizes):
        raise ValueError
    return sum(Fraction(mean) * size for mean, size in zip(batch_means, sizes)) / sum(sizes)
""",
        """
class LostBatch(ValueError):
    pass

def epoch_cost(batch_means, sizes):
    if len(batch_means) != len(sizes) or len(sizes) == 0:
        raise LostBatch
    return torch.tensor([batch_means], dtype=torch.float64) @ torch.tensor(sizes, dtype=torch.float64) / sum(sizes)
""",
        """
def epoch_cost(batch_means, sizes):
    if len(batch_means) == len(sizes) == 0:
        raise UnicodeError("a kind of ValueError")
    return np.ma.average(np.array(batch_means), weights=np.array(sizes)) if len(batch_means) == len(sizes) else int("x")
""",
    ],
    "06.5": [
        """
import math

def same_padding(side, kernel, stride):
    total = max(0, (math.ceil(side / stride) - 1) * stride + kernel - side)
    return total // 2, math.ceil(total / 2)
""",
        """
def same_padding(side, kernel, stride):
    rest = side % stride or stride
    total = np.maximum(kernel - rest, 0)
    return [total // 2, total - total // 2]
""",
        """
def same_padding(side, kernel, stride):
    before = after = 0
    while len(range(0, before + side + after - kernel + 1, stride)) < len(range(0, side, stride)):
        if after > before:
            before += 1
        else:
            after += 1
    return before, after
""",
        """
def same_padding(side, kernel, stride):
    missing = max((int(np.ceil(side / stride)) - 1) * stride + kernel - side, 0)
    return np.array([missing // 2, -(-missing // 2)])
""",
        """
def same_padding(side, kernel, stride):
    missing = torch.tensor(kernel - (side % stride or stride)).clamp(min=0)
    return torch.stack([missing // 2, missing - missing // 2])
""",
        """
from fractions import Fraction
from math import ceil

def same_padding(side, kernel, stride):
    missing = max((ceil(Fraction(side, stride)) - 1) * stride + kernel - side, 0)
    return np.divmod(missing, 2)[0], np.uint8(missing - missing // 2)
""",
    ],
    "06.6": [
        """
def first_difference(ours, theirs, atol):
    for stage in range(len(ours)):
        a, b = ours[stage], theirs[stage]
        if b.ndim == 4:
            b = np.moveaxis(b, 1, -1)
        if a.shape != b.shape or not np.allclose(a, b, rtol=0, atol=atol):
            return stage
""",
        """
def first_difference(ours, theirs, atol):
    def agree(mine, other):
        mine, other = torch.tensor(mine), torch.tensor(other)
        if mine.ndim == 4:
            mine = mine.permute(0, 3, 1, 2)
        if mine.shape != other.shape:
            return False
        return (mine - other).abs().max().item() <= atol

    return next((stage for stage, pair in enumerate(zip(ours, theirs)) if not agree(*pair)), None)
""",
        """
def first_difference(ours, theirs, atol):
    def agree(mine, other):
        mine = np.moveaxis(mine, -1, 1) if mine.ndim == 4 else mine
        return mine.shape == other.shape and (np.abs(mine - other) <= atol).all()

    stages = np.flatnonzero([not agree(*pair) for pair in zip(ours, theirs)])
    return stages[0] if len(stages) else None
""",
        """
def first_difference(ours, theirs, atol):
    for stage, (a, b) in enumerate(zip(map(torch.tensor, ours), map(torch.tensor, theirs))):
        a = a.permute(0, 3, 1, 2) if a.ndim == 4 else a
        if a.shape != b.shape or not ((a - b).abs() <= atol).all():
            return torch.tensor([stage])
""",
        """
def first_difference(ours, theirs, atol):
    def part(pair):
        mine, other = pair
        mine = np.einsum("nhwc->nchw", mine) if mine.ndim == 4 else mine
        try:
            np.testing.assert_allclose(mine, other, rtol=0, atol=atol, equal_nan=False)
        except AssertionError:
            return True
        return mine.shape != other.shape

    return next((np.uint8(n) for n, pair in enumerate(zip(ours, theirs)) if part(pair)), None)
""",
    ],
}

WRONG = {
    "06.1": {
        "the odd row comes first": "padding_48, padding_47 = (2, 1), (2, 2)",
        "half the kernel on both": "padding_48, padding_47 = (2, 2), (2, 2)",
        "rounds the side of 47 down": "padding_48, padding_47 = (1, 2), (1, 1)",
        "forgets the stride": "padding_48, padding_47 = (1, 2), (1, 2)",
        "the two are swapped": "padding_48, padding_47 = (2, 2), (1, 2)",
        "totals": "padding_48, padding_47 = 3, 4",
        "texts": "padding_48, padding_47 = '(1, 2)', '(2, 2)'",
        "only one is answered": "padding_48, padding_47 = (1, 2), None",
    },
    "06.2": {
        "turns the dense layer and forgets the order": """
def to_torch(kernel, dense, height, width, channels):
    return kernel.transpose(3, 2, 0, 1), dense.T
""",
        "swaps height and width in the kernel": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel.transpose(3, 2, 1, 0), places.reshape(dense.shape[1], -1)
""",
        "swaps height and width behind the flatten": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 1, 0)
    return kernel.transpose(3, 2, 0, 1), places.reshape(dense.shape[1], -1)
""",
        "the lesson's direction": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel.transpose(2, 3, 1, 0), places.reshape(dense.shape[1], -1)
""",
        "reads the rows as if they lay channels first": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.T.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
    return kernel.transpose(3, 2, 0, 1), places.reshape(dense.shape[1], -1)
""",
        "reshapes the kernel instead of turning it": """
def to_torch(kernel, dense, height, width, channels):
    rows, columns, into, out = kernel.shape
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel.reshape(out, into, rows, columns), places.reshape(dense.shape[1], -1)
""",
        "swaps in and out": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel.transpose(2, 3, 0, 1), places.reshape(dense.shape[1], -1)
""",
        "leaves the dense layer unturned": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
    return kernel.transpose(3, 2, 0, 1), places.reshape(dense.shape)
""",
        "turns the kernel by 180 degrees as well": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel[::-1, ::-1].transpose(3, 2, 0, 1), places.reshape(dense.shape[1], -1)
""",
        "knows the sizes of the sheet": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(5, 3, 4, 7).transpose(3, 2, 0, 1)
    return kernel.transpose(3, 2, 0, 1), places.reshape(7, 60)
""",
        "returns the kernel alone": """
def to_torch(kernel, dense, height, width, channels):
    return kernel.transpose(3, 2, 0, 1)
""",
        "prints instead of returning": """
def to_torch(kernel, dense, height, width, channels):
    print(kernel.transpose(3, 2, 0, 1), dense.T)
""",
    },
    "06.4": {
        "by complete batches, as in 2019": """
def epoch_cost(batch_means, sizes):
    if not sizes or len(batch_means) != len(sizes):
        raise ValueError
    return sum(batch_means) / (sum(sizes) // max(sizes))
""",
        "a mean of means": """
def epoch_cost(batch_means, sizes):
    if not sizes or len(batch_means) != len(sizes):
        raise ValueError
    return sum(batch_means) / len(batch_means)
""",
        "divides by full batches": """
def epoch_cost(batch_means, sizes):
    if not sizes or len(batch_means) != len(sizes):
        raise ValueError
    total = sum(mean * size for mean, size in zip(batch_means, sizes))
    return total / (len(sizes) * sizes[0])
""",
        "drops the last batch if it is short": """
def epoch_cost(batch_means, sizes):
    if not sizes or len(batch_means) != len(sizes):
        raise ValueError
    whole = [(m, s) for m, s in zip(batch_means, sizes) if s == sizes[0]]
    return sum(m * s for m, s in whole) / sum(s for _, s in whole)
""",
        "returns the sum": """
def epoch_cost(batch_means, sizes):
    if not sizes or len(batch_means) != len(sizes):
        raise ValueError
    return sum(mean * size for mean, size in zip(batch_means, sizes))
""",
        "adds means and divides by faces": """
def epoch_cost(batch_means, sizes):
    if not sizes or len(batch_means) != len(sizes):
        raise ValueError
    return sum(batch_means) / sum(sizes)
""",
        "stops at the shorter list": """
def epoch_cost(batch_means, sizes):
    if not sizes:
        raise ValueError
    return sum(mean * size for mean, size in zip(batch_means, sizes)) / sum(sizes)
""",
        "an epoch without batches costs nothing": """
def epoch_cost(batch_means, sizes):
    if len(batch_means) != len(sizes):
        raise ValueError
    return sum(m * s for m, s in zip(batch_means, sizes)) / max(sum(sizes), 1)
""",
        "divides by zero": """
def epoch_cost(batch_means, sizes):
    if len(batch_means) != len(sizes):
        raise ValueError
    return sum(m * s for m, s in zip(batch_means, sizes)) / sum(sizes)
""",
        "rounds for the table": """
def epoch_cost(batch_means, sizes):
    if not sizes or len(batch_means) != len(sizes):
        raise ValueError
    return round(sum(m * s for m, s in zip(batch_means, sizes)) / sum(sizes), 3)
""",
        "asserts": """
def epoch_cost(batch_means, sizes):
    assert len(batch_means) == len(sizes) > 0
    return sum(m * s for m, s in zip(batch_means, sizes)) / sum(sizes)
""",
    },
    "06.5": {
        "the odd row comes first": """
def same_padding(side, kernel, stride):
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total - total // 2, total // 2
""",
        "half the kernel on both": """
def same_padding(side, kernel, stride):
    return kernel // 2, kernel // 2
""",
        "forgets the stride": """
def same_padding(side, kernel, stride):
    return (kernel - 1) // 2, kernel // 2
""",
        "rounds the places down": """
def same_padding(side, kernel, stride):
    total = max((side // stride - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2
""",
        "thinks the side is a multiple of the stride": """
def same_padding(side, kernel, stride):
    total = max(kernel - stride, 0)
    return total // 2, total - total // 2
""",
        "a remainder of zero": """
def same_padding(side, kernel, stride):
    total = max(kernel - side % stride, 0)
    return total // 2, total - total // 2
""",
        "forgets that a padding is not negative": """
def same_padding(side, kernel, stride):
    total = (-(-side // stride) - 1) * stride + kernel - side
    return total // 2, total - total // 2
""",
        "returns the total": """
def same_padding(side, kernel, stride):
    return max((-(-side // stride) - 1) * stride + kernel - side, 0)
""",
        "returns floats": """
def same_padding(side, kernel, stride):
    total = max((np.ceil(side / stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2
""",
        "divides into halves": """
def same_padding(side, kernel, stride):
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total / 2, total / 2
""",
        "rounds half to even": """
def same_padding(side, kernel, stride):
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total - round(total / 2), round(total / 2)
""",
        "knows one case": "def same_padding(side, kernel, stride):\n    return 1, 2",
    },
    "06.6": {
        "compares as they come": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "turns only where shapes differ": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        if mine.shape != other.shape and mine.ndim == 4:
            mine = mine.transpose(0, 3, 1, 2)
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "turns the wrong one": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        if mine.ndim == 4:
            other = other.transpose(0, 3, 1, 2)
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "swaps height and width": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 2, 1) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "allclose forgives large numbers": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.allclose(mine, other, atol=atol):
            return stage
""",
        "a NaN agrees": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or np.abs(mine - other).max() > atol:
            return stage
""",
        "stretches shapes": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "compares means": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.abs(mine - other).mean() <= atol:
            return stage
""",
        "forgets the sign": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(mine - other <= atol):
            return stage
""",
        "ignores atol": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if not np.array_equal(mine, other):
            return stage
""",
        "the stage that differs most": """
def first_difference(ours, theirs, atol):
    apart = []
    for mine, other in zip(ours, theirs):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        apart.append(np.abs(mine - other).max() if mine.shape == other.shape else np.inf)
    return int(np.argmax(apart)) if max(apart) > atol else None
""",
        "the last stage that differs": """
def first_difference(ours, theirs, atol):
    found = None
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            found = stage
    return found
""",
        "counts from one": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs), start=1):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "-1 for none": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
    return -1
""",
        "returns after the first stage": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
        return None
""",
    },
}
