"""Answers to the exercises of lesson 04: right ones that differ from the solution, and plausible wrong ones."""

RIGHT = {
    "04.1": [
        "keep, pictures = [8, 6, 4, 1], 98",
        "keep, pictures = (1, 4, 6, 8), 98.0",
        "keep, pictures = np.array([1, 4, 6, 8]), np.int64(98)",
        "keep, pictures = [np.int64(number) for number in (8, 6, 4, 1)], torch.tensor([98])",
        """
import pandas as pd

keep = pd.Series([True, False, False, True, False, True, False, True, False], index=range(1, 10))
keep, pictures = keep[keep].index, 98.0
""",
        "keep, pictures = frozenset({1, 4, 6, 8}), 98",
        "keep, pictures = [1.0, 4.0, 6.0, 8.0], torch.tensor(98.0)",
        "keep, pictures = {1: 'happy', 4: 'N', 6: 'no entry', 8: 'forest'}.keys(), 98",
    ],
    "04.2": [
        """
def shear(images, degrees):
    result = np.empty(images.shape, dtype=np.float32)
    places = np.arange(48)
    for face, angle in enumerate(degrees.tolist()):
        for row in range(48):
            away = np.tan(np.radians(angle)) * (row - 23.5)
            result[face, 0, row] = np.interp(places + away, places, images[face, 0, row].numpy())
    return torch.tensor(result)
""",
        """
from torch.nn.functional import affine_grid, grid_sample

def shear(images, degrees):
    matrix = torch.zeros(len(images), 2, 3)
    matrix[:, 0, 0] = matrix[:, 1, 1] = 1
    matrix[:, 0, 1] = torch.tan(degrees * np.pi / 180)
    grid = affine_grid(matrix, images.shape, align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)
""",
        """
def shear(images, degrees):
    theta = torch.eye(2, 3).repeat(len(images), 1, 1)
    theta[:, 0, 1] = torch.tan(torch.deg2rad(degrees))
    grid = torch.nn.functional.affine_grid(theta, list(images.shape), align_corners=False)
    return torch.nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False).numpy()
""",
        """
def shear(images, degrees):
    rows = torch.arange(48.0)[None, :, None] - 23.5
    columns = torch.arange(48.0)[None, None] + degrees.deg2rad().tan()[:, None, None] * rows
    columns = columns.clamp(0, 47)
    left = columns.floor().long().clamp(max=46)
    share = columns - left
    faces = images[:, 0]
    mixed = faces.gather(2, left) * (1 - share) + faces.gather(2, left + 1) * share
    return torch.nn.Parameter(mixed[:, None].double())
""",
        """
from scipy.ndimage import map_coordinates

def shear(images, degrees):
    row, column = np.mgrid[:48, :48]
    out = np.zeros(images.shape, ">f4")
    for n, angle in enumerate(np.deg2rad(degrees.numpy())):
        places = [row, column + np.tan(angle) * (row - 23.5)]
        out[n, 0] = map_coordinates(images[n, 0].numpy().astype(float), places, order=1, mode="nearest")
    return out
""",
    ],
    "04.4": [
        """
def balanced_epoch(labels, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.as_tensor(labels)
    largest, places = labels.bincount().max(), []
    for label in labels.unique():
        members = (labels == label).nonzero()[:, 0]
        rounds = []
        while sum(map(len, rounds)) < largest:
            rounds.append(members[torch.randperm(len(members), generator=generator)])
        places.append(torch.cat(rounds)[:largest])
    places = torch.cat(places)
    return places[torch.randperm(len(places), generator=generator)]
""",
        """
import random
from collections import defaultdict

def balanced_epoch(labels, seed):
    rng, members = random.Random(seed), defaultdict(list)
    for position, label in enumerate(labels.tolist()):
        members[label].append(position)
    largest = max(map(len, members.values()))
    epoch = []
    for places in members.values():
        whole, rest = divmod(largest, len(places))
        epoch += places * whole + rng.sample(places, rest)
    rng.shuffle(epoch)
    return epoch
""",
        """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    columns, (classes, counts) = [], np.unique(labels, return_counts=True)
    for label, count in zip(classes, counts):
        places = rng.permutation(np.flatnonzero(labels == label))
        columns.append(rng.permutation(np.tile(places, -(-counts.max() // count))[: counts.max()]))
    return rng.permuted(np.stack(columns, 1), axis=1).ravel()
""",
        """
from collections import deque
import random

def balanced_epoch(labels, seed):
    random_numbers, members = random.Random(int(seed)), {}
    for place, label in enumerate(labels):
        members.setdefault(int(label), []).append(place)
    largest, epoch = max(map(len, members.values())), deque()
    for places in members.values():
        random_numbers.shuffle(places)
        epoch.extend(places[n % len(places)] for n in range(largest))
    random_numbers.shuffle(epoch)
    return epoch
""",
        """
import pandas as pd

def balanced_epoch(labels, seed):
    shuffled = pd.Series(labels).sample(frac=1, random_state=seed)
    largest = shuffled.value_counts().max()
    places = shuffled.groupby(shuffled).apply(lambda some: pd.Series(np.resize(some.index, largest)))
    return pd.Series(np.ravel(places)).sample(frac=1, random_state=seed + 1)
""",
        """
def balanced_epoch(labels, seed):
    generator = torch.Generator().manual_seed(int(seed))
    labels = torch.tensor(np.array(labels))
    most = labels.bincount().max().item()
    rows = [(labels == label).nonzero()[:, 0] for label in labels.unique()]
    rows = [row[torch.randperm(len(row), generator=generator)].repeat(-(-most // len(row)))[:most] for row in rows]
    flat = torch.cat(rows)
    return tuple(flat[torch.randperm(len(flat), generator=generator)])
""",
    ],
    "04.5": [
        """
def prepared_alike(training, testing, images):
    for i in range(len(images)):
        face = images[i:i + 1]
        seen = [prepare(face.clone()) for prepare in (training, testing)]
        seen += [prepare(images.clone())[i:i + 1] for prepare in (training, testing)]
        for other in seen[1:]:
            if other.shape != seen[0].shape or (other - seen[0]).abs().max() > 1e-4:
                return False
    return True
""",
        """
def prepared_alike(training, testing, images):
    half = len(images) // 2
    results = []
    for prepare in (training, testing):
        results.append(prepare(images.clone()).numpy())
        parts = [prepare(images[:half].clone()), prepare(images[half:].clone())]
        results.append(np.concatenate([part.numpy() for part in parts]))
    if len({result.shape for result in results}) > 1:
        return False
    return bool(np.ptp(np.stack(results), axis=0).max() < 1e-4)
""",
        """
def prepared_alike(training, testing, images):
    outcomes = []
    for prepare in (training, testing):
        outcomes.append(prepare(images.clone()))
        outcomes.append(torch.cat([prepare(face.clone()) for face in images.split(1)]))
    if len({outcome.shape for outcome in outcomes}) > 1:
        return np.False_
    return (torch.stack(outcomes) - outcomes[0]).abs().max() < 1e-5
""",
        """
def prepared_alike(training, testing, images):
    alone = [[prepare(face.clone()).numpy() for face in images.split(1)] for prepare in (training, testing)]
    company = [np.asarray(prepare(images.clone())) for prepare in (training, testing)]
    try:
        table = np.stack([*map(np.concatenate, alone), *company])
    except ValueError:
        return False
    return np.all(np.ptp(table, axis=0) < 1e-5)
""",
        """
def prepared_alike(training, testing, images):
    def views():
        for prepare in (training, testing):
            yield prepare(images.clone())
            yield torch.vstack([prepare(images[n : n + 1].clone()) for n in range(len(images))])

    first, *others = views()
    same_shape = all(other.shape == first.shape for other in others)
    return np.array([same_shape and all(torch.allclose(other, first, atol=1e-5) for other in others)])
""",
    ],
}

WRONG = {
    "04.1": {
        "a mirrored glance": "keep, pictures = [1, 2, 4, 6, 8], 98",
        "6 is 9": "keep, pictures = [1, 4, 5, 6, 8], 98",
        "only faces": "keep, pictures = [1], 98",
        "everything": "keep, pictures = list(range(1, 10)), 98",
        "forgets the mirror": "keep, pictures = [1, 4, 6, 8], 49",
        "forgets the face that stays": "keep, pictures = [1, 4, 6, 8], 2 * 6 * 6",
        "leaves the face as it is out": "keep, pictures = [1, 4, 6, 8], 97",
        "one way only": "keep, pictures = [1, 4, 6, 8], 2 * 4 * 4",
        "adds instead of multiplying": "keep, pictures = [1, 4, 6, 8], 2 + 7 + 7",
        "texts": "keep, pictures = ['1', '4', '6', '8'], '98'",
        "half done": "keep, pictures = [1, 4, 6, 8], None",
    },
    "04.2": {
        "leans the other way": """
def shear(images, degrees):
    right = torch.arange(48) - 23.5
    down = right[:, None]
    slant = torch.deg2rad(degrees).tan()[:, None, None]
    return look_up(images, right - slant * down + 23.5, down + 23.5)
""",
        "slides columns": """
def shear(images, degrees):
    right = (torch.arange(48) - 23.5).expand(48, 48)
    down = right.T
    slant = torch.deg2rad(degrees).tan()[:, None, None]
    return look_up(images, right + 23.5, down + slant * right + 23.5)
""",
        "from the upper edge": """
def shear(images, degrees):
    right = torch.arange(48.0)
    down = right[:, None]
    slant = torch.deg2rad(degrees).tan()[:, None, None]
    return look_up(images, right + slant * down, down)
""",
        "takes 24 for the middle": """
def shear(images, degrees):
    right = torch.arange(48.0)
    down = right[:, None]
    slant = torch.deg2rad(degrees).tan()[:, None, None]
    return look_up(images, right + slant * (down - 24), down)
""",
        "takes degrees for radians": """
def shear(images, degrees):
    right = torch.arange(48) - 23.5
    down = right[:, None]
    slant = degrees.tan()[:, None, None]
    return look_up(images, right + slant * down + 23.5, down + 23.5)
""",
        "takes the sine": """
def shear(images, degrees):
    right = torch.arange(48) - 23.5
    down = right[:, None]
    slant = torch.deg2rad(degrees).sin()[:, None, None]
    return look_up(images, right + slant * down + 23.5, down + 23.5)
""",
        "one angle for the whole batch": """
def shear(images, degrees):
    right = torch.arange(48) - 23.5
    down = right[:, None]
    slant = torch.deg2rad(degrees[:1]).tan()[:, None, None]
    return look_up(images, right + slant * down + 23.5, down + 23.5)
""",
        "whole pixels only": """
def shear(images, degrees):
    right = torch.arange(48) - 23.5
    down = right[:, None]
    slant = torch.deg2rad(degrees).tan()[:, None, None]
    return look_up(images, (right + slant * down + 23.5).round(), down + 23.5)
""",
        "loses the channel": """
def shear(images, degrees):
    right = torch.arange(48) - 23.5
    down = right[:, None]
    slant = torch.deg2rad(degrees).tan()[:, None, None]
    return look_up(images, right + slant * down + 23.5, down + 23.5)[:, 0]
""",
        "black where the face has left": """
def shear(images, degrees):
    matrix = torch.zeros(len(images), 2, 3)
    matrix[:, 0, 0] = matrix[:, 1, 1] = 1
    matrix[:, 0, 1] = torch.deg2rad(degrees).tan()
    grid = torch.nn.functional.affine_grid(matrix, images.shape, align_corners=False)
    return torch.nn.functional.grid_sample(images, grid, align_corners=False)
""",
        "torchvision's affine, black where the face has left": """
from torchvision.transforms import v2

def shear(images, degrees):
    bilinear = v2.InterpolationMode.BILINEAR
    one = [v2.functional.affine(face, 0, [0, 0], 1, [angle, 0], interpolation=bilinear)
           for face, angle in zip(images, degrees.tolist())]
    return torch.stack(one)
""",
        "torchvision's affine as it comes": """
from torchvision.transforms import v2

def shear(images, degrees):
    one = [v2.functional.affine(face, 0, [0, 0], 1, [angle, 0]) for face, angle in zip(images, degrees.tolist())]
    return torch.stack(one)
""",
        "turns": """
def shear(images, degrees):
    right = torch.arange(48) - 23.5
    down, angle = right[:, None], torch.deg2rad(degrees)[:, None, None]
    x = angle.cos() * right + angle.sin() * down
    y = angle.cos() * down - angle.sin() * right
    return look_up(images, x + 23.5, y + 23.5)
""",
        "shows instead of returning": """
def shear(images, degrees):
    right = torch.arange(48) - 23.5
    down = right[:, None]
    slant = torch.deg2rad(degrees).tan()[:, None, None]
    print(look_up(images, right + slant * down + 23.5, down + 23.5).shape)
""",
    },
    "04.4": {
        "the same repeats for every seed": """
def balanced_epoch(labels, seed):
    counts = np.bincount(labels)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    repeated = np.concatenate([np.resize(places, counts.max()) for places in members])
    return np.random.default_rng(seed).permutation(repeated)
""",
        "draws with replacement": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    largest = np.bincount(labels).max()
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return rng.permutation(np.concatenate([rng.choice(places, largest) for places in members]))
""",
        "a weighted sampler": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    weights = 1 / counts[np.searchsorted(classes, labels)]
    return rng.choice(len(labels), len(classes) * counts.max(), p=weights / weights.sum())
""",
        "torch's sampler with weights": """
from torch.utils.data import WeightedRandomSampler

def balanced_epoch(labels, seed):
    classes, counts = np.unique(labels, return_counts=True)
    weights = (1 / counts)[np.searchsorted(classes, labels)]
    order = torch.Generator().manual_seed(seed)
    return list(WeightedRandomSampler(weights, int(len(classes) * counts.max()), generator=order))
""",
        "discards down to the rarest": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    least = min(len(places) for places in members)
    return rng.permutation(np.concatenate([rng.permutation(places)[:least] for places in members]))
""",
        "class after class": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    largest = max(len(places) for places in members)
    return np.concatenate([np.resize(rng.permutation(places), largest) for places in members])
""",
        "whole rounds only": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    largest = max(len(places) for places in members)
    return rng.permutation(np.concatenate([np.tile(places, largest // len(places)) for places in members]))
""",
        "rounds up": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    largest = max(len(places) for places in members)
    return rng.permutation(np.concatenate([np.tile(places, -(-largest // len(places))) for places in members]))
""",
        "returns labels": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    largest = max(len(places) for places in members)
    return labels[rng.permutation(np.concatenate([np.resize(rng.permutation(p), largest) for p in members]))]
""",
        "forgets the seed": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng()
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    largest = max(len(places) for places in members)
    return rng.permutation(np.concatenate([np.resize(rng.permutation(places), largest) for places in members]))
""",
        "one seed for ever": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    largest = max(len(places) for places in members)
    return rng.permutation(np.concatenate([np.resize(rng.permutation(places), largest) for places in members]))
""",
        "counts on seven classes": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    largest = np.bincount(labels, minlength=7).max()
    members = [rng.permutation(np.flatnonzero(labels == label)) for label in range(7)]
    return rng.permutation(np.concatenate([places[np.arange(largest) % len(places)] for places in members]))
""",
        "copies the faces that are short, with replacement": """
def balanced_epoch(labels, seed):
    rng = np.random.default_rng(seed)
    epoch, largest = [], np.bincount(labels).max()
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        epoch += [places, rng.choice(places, largest - len(places))]
    return rng.permutation(np.concatenate(epoch))
""",
    },
    "04.5": {
        "hands the same tensor to both": """
def prepared_alike(training, testing, images):
    results = []
    for prepare in (training, testing):
        results.append(prepare(images))
        results.append(torch.cat([prepare(face) for face in images.split(1)]))
    return all(r.shape == results[0].shape and torch.allclose(r, results[0], atol=1e-5) for r in results)
""",
        "only in company": """
def prepared_alike(training, testing, images):
    one, other = training(images.clone()), testing(images.clone())
    return one.shape == other.shape and torch.allclose(one, other, atol=1e-5)
""",
        "only one at a time": """
def prepared_alike(training, testing, images):
    pairs = [(training(face.clone()), testing(face.clone())) for face in images.split(1)]
    return all(one.shape == other.shape and torch.allclose(one, other, atol=1e-5) for one, other in pairs)
""",
        "training in company, test alone": """
def prepared_alike(training, testing, images):
    one = training(images.clone())
    other = torch.cat([testing(face.clone()) for face in images.split(1)])
    return one.shape == other.shape and torch.allclose(one, other, atol=1e-5)
""",
        "compares means": """
def prepared_alike(training, testing, images):
    one, other = training(images.clone()), testing(images.clone())
    return bool((one.mean() - other.mean()).abs() < 1e-5)
""",
        "compares means and spreads": """
def prepared_alike(training, testing, images):
    one, other = training(images.clone()), testing(images.clone())
    near = (one.mean() - other.mean()).abs() < 1e-3 and (one.std() - other.std()).abs() < 1e-3
    return bool(near and one.shape == other.shape)
""",
        "wants the same bits": """
def prepared_alike(training, testing, images):
    results = []
    for prepare in (training, testing):
        results.append(prepare(images.clone()))
        results.append(torch.cat([prepare(face.clone()) for face in images.split(1)]))
    return all(torch.equal(result, results[0]) for result in results)
""",
        "forgets the shape": """
def prepared_alike(training, testing, images):
    results = []
    for prepare in (training, testing):
        results.append(prepare(images.clone()).flatten())
        results.append(torch.cat([prepare(face.clone()) for face in images.split(1)]).flatten())
    return all(torch.allclose(result, results[0], atol=1e-5) for result in results)
""",
        "compares the functions": """
def prepared_alike(training, testing, images):
    return training is testing
""",
        "looks at one face": """
def prepared_alike(training, testing, images):
    results = []
    for prepare in (training, testing):
        results += [prepare(images.clone())[:1], prepare(images[:1].clone())]
    return all(r.shape == results[0].shape and torch.allclose(r, results[0], atol=1e-5) for r in results)
""",
        "is content with a tenth": """
def prepared_alike(training, testing, images):
    results = []
    for prepare in (training, testing):
        results.append(prepare(images.clone()))
        results.append(torch.cat([prepare(face.clone()) for face in images.split(1)]))
    return all(r.shape == results[0].shape and torch.allclose(r, results[0], atol=0.1) for r in results)
""",
        "always false": "def prepared_alike(training, testing, images):\n    return False",
    },
}
