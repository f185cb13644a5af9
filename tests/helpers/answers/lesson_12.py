"""Right and wrong answers to sheet 12; the solutions themselves stand in the sheet."""

RIGHT = {
    "12.1": [
        'equal, messages, megabytes = "da", 6, 36.0',
        'equal = ["A", "D"]\nmessages = 2 * (4 - 1)\nmegabytes = messages * 24 / 4',
        'equal = {"D", "A"}\nmessages, megabytes = np.int64(6), np.float32(36)',
        'equal = "A, D"\nmessages = 6.0\nmegabytes = np.array(36)',
    ],
    "12.2": [
        """
def whole_gradient(gradients, counts):
    total = np.zeros(gradients.shape[1])
    for row, count in zip(gradients, counts):
        if count:
            total += row * count
    return total / sum(counts)
""",
        """
def whole_gradient(gradients, counts):
    return np.average(np.nan_to_num(gradients), axis=0, weights=counts)
""",
        """
def whole_gradient(gradients, counts):
    sums = np.where(np.asarray(counts)[:, None] > 0, gradients * np.asarray(counts)[:, None], 0)
    return (sums.sum(0) / np.sum(counts)).tolist()
""",
        """
def whole_gradient(gradients, counts):
    import torch

    weights = torch.tensor(counts, dtype=torch.float64)
    rows = torch.tensor(gradients)[weights > 0]
    return (weights[weights > 0] / weights.sum()) @ rows
""",
    ],
    "12.3": [
        "right = [1] * 28 + [0] * 72\nworld = 64",
        "right = np.arange(100) >= 28\nworld = 64",
        "right = np.arange(97 + 5) < 26\nworld = np.int64(64)",
        "right = tuple(face < 27 for face in range(101))\nworld = 64",
    ],
    "12.4": [
        """
def ring(rows):
    total = sum(np.asarray(row, float) for row in rows)
    return [total.copy() for _ in rows]
""",
        """
def ring(rows):
    world = len(rows)
    pieces = [[piece.copy() for piece in np.array_split(row, world)] for row in rows]
    for step in range(world - 1):
        sent = [((rank - step) % world, pieces[rank][(rank - step) % world].copy()) for rank in range(world)]
        for rank in range(world):
            place, piece = sent[rank - 1]
            pieces[rank][place] = pieces[rank][place] + piece
    for step in range(world - 1):
        sent = [((rank + 1 - step) % world, pieces[rank][(rank + 1 - step) % world]) for rank in range(world)]
        for rank in range(world):
            place, piece = sent[rank - 1]
            pieces[rank][place] = piece
    return [np.concatenate(row) for row in pieces]
""",
        """
def ring(rows):
    # every process ends with the same sums, whichever way they came
    return [np.sum(rows, axis=0) for _ in rows]
""",
        """
def ring(rows):
    world, have = len(rows), [np.array(row, dtype=float) for row in rows]
    passed = [row.copy() for row in have]
    for _ in range(world - 1):
        passed = [passed[rank - 1] for rank in range(world)]
        have = [one + other for one, other in zip(have, passed)]
    return np.stack(have)
""",
    ],
}

WRONG = {
    "12.1": {
        "a batch norm changes nothing": 'equal, messages, megabytes = "ACD", 6, 36',
        "the wrapper keeps its own weights": 'equal, messages, megabytes = "A", 6, 36',
        "any order will do": 'equal, messages, megabytes = "ADF", 6, 36',
        "one way round": 'equal, messages, megabytes = "AD", 3, 18',
        "twice the world": 'equal, messages, megabytes = "AD", 8, 48',
        "whole gradients": 'equal, messages, megabytes = "AD", 6, 144',
        "a letter that is none": 'equal, messages, megabytes = "AG", 6, 36',
    },
    "12.2": {
        "the mean of the means": "def whole_gradient(gradients, counts):\n    return np.nanmean(gradients, 0)",
        "nan times nothing": "def whole_gradient(gradients, counts):\n    return counts @ gradients / counts.sum()",
        "a sum": "def whole_gradient(gradients, counts):\n    return counts @ np.nan_to_num(gradients)",
        "divides by the processes": (
            "def whole_gradient(gradients, counts):\n    return counts @ np.nan_to_num(gradients) / len(counts)"
        ),
        "writes into what came in": (
            "def whole_gradient(gradients, counts):\n    gradients[counts == 0] = 0\n"
            "    return counts @ gradients / counts.sum()"
        ),
    },
    "12.3": {
        "too few faces": "right = [True, False, False]\nworld = 2",
        "too many processes": "right = [True] * 99 + [False] * 2\nworld = 100",
        "evenly": "right = [True] * 64 + [False] * 64\nworld = 64",
        "ten points": "right = [True] * 15 + [False] * 85\nworld = 64",
        "no answers": 'right = ["yes"] * 100\nworld = 64',
    },
    "12.4": {
        "as it was": "ring = broken_ring",
        "even pieces alone": """
def ring(rows):
    world = len(rows)
    pieces = [np.reshape(row, (world, -1)).astype(float) for row in rows]
    for step in range(2 * (world - 1)):
        sent = [pieces[rank][(rank - step) % world].copy() for rank in range(world)]
        for rank, piece in enumerate(sent):
            place, mine = (rank - step) % world, pieces[(rank + 1) % world]
            mine[place] = mine[place] + piece if step < world - 1 else piece
    return [np.concatenate(list(row)) for row in pieces]
""",
        "half of the way": """
def ring(rows):
    world = len(rows)
    pieces = [np.array_split(np.asarray(row, float), world) for row in rows]
    for step in range(world - 1):
        sent = [pieces[rank][(rank - step) % world].copy() for rank in range(world)]
        for rank, piece in enumerate(sent):
            place, mine = (rank - step) % world, pieces[(rank + 1) % world]
            mine[place] = mine[place] + piece
    return [np.concatenate(row) for row in pieces]
""",
        "a mean": "def ring(rows):\n    return [np.mean(rows, axis=0) for _ in rows]",
        "adds where it lies": """
def ring(rows):
    for row in rows[1:]:
        rows[0] += row
    return [rows[0].copy() for _ in rows]
""",
    },
}
