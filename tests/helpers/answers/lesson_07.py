"""Right and wrong answers to sheet 07; the solutions themselves stand in the sheet."""

RIGHT = {
    "07.1": [
        "tests = ('interval', 'faces', 'seeds', 'chance', 'seeds', 'faces')\nleast_p, fewest = 0.125, 6",
        """
tests = np.array(["Interval", "Faces", "Seeds", "Chance", "Seeds", "Faces"])
least_p = np.float32(1 / 8)
fewest = np.int64(6)
""",
        """
from fractions import Fraction

tests = " interval, faces, seeds, chance, seeds, faces".split(",")
least_p = Fraction(2, 16)
fewest = next(n for n in range(1, 20) if 2 / 2**n < 0.05)
""",
        """
import pandas as pd
from itertools import product

questions = {1: "interval", 2: "faces", 3: "seeds", 4: "chance", 5: "seeds", 6: "faces"}
tests = pd.Series(questions)
signs = np.array(list(product([-1, 1], repeat=4)))
least_p = np.mean(np.abs(signs.sum(1)) >= 4)
fewest = 6.0
""",
        """
import math

tests = ["interval", "faces", "seeds", "chance", "seeds", "faces"]
least_p = 0.5 ** 3
fewest = math.ceil(math.log2(2 / 0.05))
""",
    ],
    "07.2": [
        """
def macro_f1_interval(y_true, y_pred, level=0.95, repeats=1000, seed=0):
    rng = np.random.default_rng(seed)
    confusion = np.zeros((7, 7), int)
    np.add.at(confusion, (y_true, y_pred), 1)
    rows = confusion[confusion.sum(1) > 0]
    present = np.flatnonzero(confusion.sum(1))
    draws = np.stack([rng.multinomial(row.sum(), row / row.sum(), size=repeats) for row in rows], axis=1)
    hits = draws[:, np.arange(len(present)), present]
    f1 = 2 * hits / (draws.sum(2) + draws.sum(1)[:, present])
    tail = 50 * (1 - level)
    return np.percentile(f1.mean(1), [tail, 100 - tail])
""",
        """
import random

def macro_f1_interval(y_true, y_pred, level=0.95, repeats=1000, seed=0):
    dice = random.Random(seed)
    answers_of = {}
    for true, answered in zip(y_true.tolist(), y_pred.tolist()):
        answers_of.setdefault(true, []).append(answered)
    figures = []
    for _ in range(repeats):
        drawn = {true: dice.choices(given, k=len(given)) for true, given in answers_of.items()}
        everything = [one for given in drawn.values() for one in given]
        f1 = [2 * given.count(true) / (len(given) + everything.count(true)) for true, given in drawn.items()]
        figures.append(sum(f1) / len(f1))
    figures.sort()
    last = repeats - 1
    return [figures[round(last * (1 - level) / 2)], figures[round(last * (1 + level) / 2)]]
""",
        """
import torch

def macro_f1_interval(y_true, y_pred, level=0.95, repeats=1000, seed=0):
    generator = torch.Generator().manual_seed(seed)
    true, answered = torch.as_tensor(y_true), torch.as_tensor(y_pred)
    places = [torch.nonzero(true == label)[:, 0] for label in true.unique()]
    columns = [own[torch.randint(len(own), (repeats, len(own)), generator=generator)] for own in places]
    drawn = torch.cat(columns, dim=1)
    f1 = []
    for label in true.unique():
        is_true, is_answered = true[drawn] == label, answered[drawn] == label
        f1.append(2 * (is_true & is_answered).sum(1) / (is_true.sum(1) + is_answered.sum(1)))
    means = torch.stack(f1).mean(0).double()
    edges = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
    return torch.quantile(means, edges)
""",
        """
import pandas as pd

def macro_f1_interval(y_true, y_pred, level=0.95, repeats=1000, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.crosstab(pd.Series(y_true, name="true"), pd.Series(y_pred, name="answer"))
    table = table.reindex(columns=range(7), fill_value=0)
    results = []
    for _ in range(repeats):
        again = np.array([rng.multinomial(row.sum(), row / row.sum()) for row in table.to_numpy()])
        precision, recall = [], []
        for place, label in enumerate(table.index):
            precision.append(again[place, label] / max(again[:, label].sum(), 1))
            recall.append(again[place, label] / again[place].sum())
        parts = [2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(precision, recall)]
        results.append(np.mean(parts))
    return tuple(pd.Series(results).quantile([(1 - level) / 2, 1 - (1 - level) / 2]))
""",
        """
def f1_of(label, true, answered):
    both = np.count_nonzero((true == label) & (answered == label))
    return 2 * both / (np.count_nonzero(true == label) + np.count_nonzero(answered == label))

def macro_f1_interval(y_true, y_pred, level=0.95, repeats=1000, seed=0):
    generator = np.random.RandomState(seed)
    order = np.argsort(y_true, kind="stable")
    true, answered = np.asarray(y_true)[order], np.asarray(y_pred)[order]
    starts = np.searchsorted(true, true, side="left")
    sizes = np.searchsorted(true, true, side="right") - starts
    kinds = sorted(set(true.tolist()))
    values = np.empty(repeats)
    for turn in range(repeats):
        chosen = starts + (generator.random_sample(len(true)) * sizes).astype(int)
        values[turn] = np.mean([f1_of(label, true, answered[chosen]) for label in kinds])
    values = np.sort(values)
    low, high = np.interp([(1 - level) / 2, (1 + level) / 2], np.linspace(0, 1, repeats), values)
    return {"low": low, "high": high}.values()
""",
    ],
    "07.3": [
        """
from scipy.optimize import minimize_scalar

def tempered(first, first_labels, second):
    def cooler(p, t):
        with np.errstate(divide="ignore"):
            z = np.log(p.astype(np.float64)) / t
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def cost(log_t):
        chosen = np.take_along_axis(cooler(first, np.exp(log_t)), first_labels[:, None], axis=1)
        return -np.mean(np.log(chosen))

    t = np.exp(minimize_scalar(cost, bounds=(-3, 3), method="bounded").x)
    return t, cooler(second, t)
""",
        """
import torch

def tempered(first, first_labels, second):
    logits, targets = torch.as_tensor(first).double().log(), torch.as_tensor(first_labels)
    logits = logits.clamp_min(-200)
    coldness = torch.ones((), dtype=torch.float64, requires_grad=True)
    descent = torch.optim.LBFGS([coldness], lr=0.5, max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        descent.zero_grad()
        loss = torch.nn.functional.cross_entropy(logits * coldness, targets)
        loss.backward()
        return loss

    descent.step(closure)
    temperature = 1 / coldness.item()
    return temperature, torch.softmax(torch.as_tensor(second).double().log() / temperature, dim=1)
""",
        """
import math

def tempered(first, first_labels, second):
    def row_at(row, power):
        raised = [float(p) ** power for p in row]
        return [value / sum(raised) for value in raised]

    def loss(log_temperature):
        power = math.exp(-log_temperature)
        return -sum(math.log(row_at(row, power)[label]) for row, label in zip(rows, wanted))

    rows, wanted = first.tolist(), first_labels.tolist()
    low, high = math.log(0.08), math.log(12.5)
    while high - low > 0.005:
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    found = math.exp((low + high) / 2)
    return [found, [row_at(row, 1 / found) for row in second.tolist()]]
""",
        """
import pandas as pd

def tempered(first, first_labels, second):
    first, second = pd.DataFrame(first).astype(float), pd.DataFrame(second).astype(float)

    def sharpened(table, t):
        raised = table.pow(1 / t)
        return raised.div(raised.sum(axis=1), axis=0)

    tried = {}
    for t in 10 ** np.linspace(-1, 1, 301):
        p = sharpened(first, t).to_numpy()
        tried[t] = -np.log(p[range(len(p)), first_labels]).sum()
    best = pd.Series(tried).idxmin()
    return best, sharpened(second, best).to_numpy()
""",
        """
def tempered(first, first_labels, second):
    # the slope of the loss in 1 / T is zero where the mean log-probability of the labels is the expected one
    with np.errstate(divide="ignore"):
        logs = np.log(np.float64(first))
    logs[np.isinf(logs)] = -1e4
    true = logs[np.arange(len(logs)), first_labels]

    def power_of(p, beta):
        raised = np.float64(p) ** beta
        return raised / raised.sum(1, keepdims=True)

    low, high = 0.05, 20.0
    for _ in range(60):
        beta = (low * high) ** 0.5
        expected = (power_of(first, beta) * logs).sum(1)
        low, high = (beta, high) if (true - expected).mean() > 0 else (low, beta)
    return np.array(1 / beta), power_of(second, beta).astype(np.float32)
""",
    ],
    "07.5": [
        """
def scored_on(matrix, splits, batch=64):
    sides = [sorted(matrix.sum(1).tolist()), sorted(matrix.sum(0).tolist())]
    for name in splits:
        wanted = sorted(splits[name])
        for side in sides:
            if side == wanted:
                return name
            gaps = [more - less for more, less in zip(wanted, side)]
            if min(gaps) >= 0 and sum(gaps) == sum(wanted) % batch:
                return name
""",
        """
from collections import Counter

def scored_on(matrix, splits, batch=64):
    table = [[int(count) for count in row] for row in matrix]
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table)]
    whole = [name for name, counts in splits.items() if Counter(counts) in (Counter(rows), Counter(columns))]
    if whole:
        return whole[0]
    for name, counts in splits.items():
        total = sum(counts)
        seen = batch * (total // batch)
        for sums in (rows, columns):
            fits = all(less <= more for less, more in zip(sorted(sums), sorted(counts)))
            if sum(sums) == seen and fits:
                return name
    return None
""",
        """
import pandas as pd

def scored_on(matrix, splits, batch=64):
    counts = pd.DataFrame(splits).apply(np.sort)
    rest = counts.sum() % batch
    for seen in (np.sort(matrix.sum(axis=1)), np.sort(matrix.sum(axis=0))):
        lost = counts.sub(seen, axis=0)
        good = (lost >= 0).all() & ((lost.sum() == 0) | (lost.sum() == rest))
        if good.any():
            return good.idxmax()
    return None
""",
        """
import torch

def scored_on(matrix, splits, batch=64):
    matrix = torch.as_tensor(np.ascontiguousarray(matrix))
    both_ways = torch.stack([matrix.sum(1), matrix.sum(0)]).sort(dim=1).values
    names = list(splits)
    known = torch.tensor([splits[name] for name in names]).sort(dim=1).values
    missing = known[:, None, :] - both_ways[None]
    all_missing = missing.sum(2)
    last = known.sum(1, keepdim=True) % batch
    fits = (missing >= 0).all(2) & ((all_missing == 0) | (all_missing == last))
    found = fits.any(1).nonzero().flatten().tolist()
    return np.str_(names[found[0]]) if found else None
""",
        """
from itertools import product

def scored_on(matrix, splits, batch=64):
    def fits(sums, counts):
        sums, counts = sorted(map(int, sums), reverse=True), sorted(counts, reverse=True)
        left_out = sum(counts) - sum(sums)
        if any(one > other for one, other in zip(sums, counts)):
            return False
        return left_out in {0, divmod(sum(counts), batch)[1]}

    hits = [name for (name, counts), way in product(splits.items(), (matrix, matrix.T)) if fits(way.sum(1), counts)]
    return hits[0] if hits else None
""",
    ],
}

INTERVAL = """
def macro_f1_interval(y_true, y_pred, level=0.95, repeats=1000, seed=0):
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(y_true == label) for label in np.unique(y_true)]
    results = []
    for _ in range(repeats):
        places = np.concatenate([rng.choice(own, len(own)) for own in members])
        t, p = y_true[places], y_pred[places]
        f1 = [2 * np.sum((t == c) & (p == c)) / (np.sum(t == c) + np.sum(p == c)) for c in np.unique(t)]
        results.append(np.mean(f1))
    return tuple(np.quantile(results, [(1 - level) / 2, (1 + level) / 2]))
"""
"""A right answer, into which the wrong ones below put one slip each."""
F1 = "f1 = [2 * np.sum((t == c) & (p == c)) / (np.sum(t == c) + np.sum(p == c)) for c in np.unique(t)]"
PLACES = "places = np.concatenate([rng.choice(own, len(own)) for own in members])"
TAILS = "[(1 - level) / 2, (1 + level) / 2]"

TEMPERED = """
def tempered(first, first_labels, second):
    def at(p, t):
        powers = p.astype(float) ** (1 / t)
        return powers / powers.sum(1, keepdims=True)

    def loss(t):
        return -np.log(at(first, t)[np.arange(len(first)), first_labels]).mean()

    best = min(np.geomspace(0.1, 10, 400), key=loss)
    return best, at(second, best)
"""
LOSS = "return -np.log(at(first, t)[np.arange(len(first)), first_labels]).mean()"
SEARCH = "np.geomspace(0.1, 10, 400)"

FOUND = """
def scored_on(matrix, splits, batch=64):
    for name, counts in splits.items():
        for axis in (1, 0):
            missing = np.sort(counts) - np.sort(matrix.sum(axis))
            if missing.min() >= 0 and missing.sum() in (0, sum(counts) % batch):
                return name
    return None
"""


def slipped(source, right, wrong):
    """`source` with one place changed."""
    assert source.count(right) == 1, right
    return source.replace(right, wrong)


NAMES = "['interval', 'faces', 'seeds', 'chance', 'seeds', 'faces']"
WRONG = {
    "07.1": {
        "a file is a recipe": f"tests = {NAMES.replace('faces', 'seeds')}\nleast_p, fewest = 0.125, 6",
        "one pair decides for all trainings": (
            "tests = ['interval', 'faces', 'faces', 'chance', 'seeds', 'faces']\nleast_p, fewest = 0.125, 6"
        ),
        "twelve networks, and the test of two": (
            "tests = ['interval', 'faces', 'seeds', 'chance', 'faces', 'faces']\nleast_p, fewest = 0.125, 6"
        ),
        "an interval for a calibration": (
            "tests = ['interval', 'faces', 'seeds', 'interval', 'seeds', 'faces']\nleast_p, fewest = 0.125, 6"
        ),
        "intervals that overlap decide": (
            "tests = ['interval', 'faces', 'seeds', 'chance', 'seeds', 'interval']\nleast_p, fewest = 0.125, 6"
        ),
        "five names": "tests = ['interval', 'faces', 'seeds', 'chance', 'seeds']\nleast_p, fewest = 0.125, 6",
        "another word": f"tests = {NAMES.replace('faces', 'McNemar')}\nleast_p, fewest = 0.125, 6",
        "numbers": "tests = [1, 2, 3, 4, 3, 2]\nleast_p, fewest = 0.125, 6",
        "one text": "tests = 'interval faces seeds chance seeds faces'\nleast_p, fewest = 0.125, 6",
        "one side only": f"tests = {NAMES}\nleast_p, fewest = 1 / 16, 6",
        "three pairs": f"tests = {NAMES}\nleast_p, fewest = 0.25, 6",
        "in percent": f"tests = {NAMES}\nleast_p, fewest = 12.5, 6",
        "four halves": f"tests = {NAMES}\nleast_p, fewest = 0.5 / 4, 4",
        "fewest by one side": f"tests = {NAMES}\nleast_p, fewest = 0.125, 5",
        "twenty, as one in twenty": f"tests = {NAMES}\nleast_p, fewest = 0.125, 20",
        "half done": f"tests = {NAMES}\nleast_p, fewest = None, None",
    },
    "07.2": {
        "all faces together": slipped(INTERVAL, PLACES, "places = rng.choice(len(y_true), len(y_true))"),
        "each answer by itself, not each emotion": slipped(
            INTERVAL,
            "members = [np.flatnonzero(y_true == label) for label in np.unique(y_true)]",
            "members = [np.flatnonzero(y_pred == label) for label in np.unique(y_pred)]",
        ),
        "the same number of faces for each emotion": slipped(
            INTERVAL,
            PLACES,
            "places = np.concatenate([rng.choice(own, len(y_true) // len(members)) for own in members])",
        ),
        "without replacement": slipped(
            INTERVAL, PLACES, "places = np.concatenate([rng.permutation(own) for own in members])"
        ),
        "a new generator for each resample": slipped(
            INTERVAL, PLACES, f"rng = np.random.default_rng(seed)\n        {PLACES}"
        ),
        "labels and answers drawn apart": slipped(
            INTERVAL,
            "t, p = y_true[places], y_pred[places]",
            "t, p = y_true[places], y_pred[rng.permutation(places)]",
        ),
        "balanced accuracy": slipped(
            INTERVAL, F1, "f1 = [np.sum((t == c) & (p == c)) / np.sum(t == c) for c in np.unique(t)]"
        ),
        "accuracy": slipped(INTERVAL, F1, "f1 = [np.mean(t == p)]"),
        "F1 without the 2": slipped(INTERVAL, F1, F1.replace("2 * ", "")),
        "weighed by faces": slipped(
            INTERVAL,
            "results.append(np.mean(f1))",
            "results.append(np.average(f1, weights=np.unique(t, return_counts=True)[1]))",
        ),
        "over all seven": slipped(INTERVAL, F1, F1.replace("np.unique(t)", "range(7)").replace("/ (", "/ max(1, ")),
        "over answers as well, as scikit-learn has it": slipped(
            INTERVAL, F1, F1.replace("np.unique(t)", "np.unique([*t, *p])")
        ),
        "scikit-learn's macro": slipped(
            "from sklearn.metrics import f1_score\n" + INTERVAL,
            F1,
            'f1 = f1_score(t, p, average="macro", zero_division=0)',
        ),
        "a precision that is 0 / 0": slipped(
            INTERVAL,
            F1,
            "f1 = [2 / (np.sum(p == c) / np.sum((t == c) & (p == c)) + np.sum(t == c) / np.sum((t == c) & (p == c)))"
            " for c in np.unique(t)]",
        ),
        "95 % whatever the level": slipped(INTERVAL, TAILS, "[0.025, 0.975]"),
        "all of it in each tail": slipped(INTERVAL, TAILS, "[1 - level, level]"),
        "one tail only": slipped(INTERVAL, TAILS, "[0, level]"),
        "quantiles of a hundred": slipped(INTERVAL, "np.quantile(", "np.percentile("),
        "least and largest": slipped(INTERVAL, f"np.quantile(results, {TAILS})", "(min(results), max(results))"),
        "high before low": slipped(INTERVAL, TAILS, "[(1 + level) / 2, (1 - level) / 2]"),
        "the error of the mean": slipped(
            INTERVAL,
            f"np.quantile(results, {TAILS})",
            "np.mean(results) + np.array([-1.96, 1.96]) * np.std(results) / repeats**0.5",
        ),
        "1.96 whatever the level": slipped(
            INTERVAL, f"np.quantile(results, {TAILS})", "np.mean(results) + np.array([-1.96, 1.96]) * np.std(results)"
        ),
        "Wilson's formula": """
from statistics import NormalDist

def macro_f1_interval(y_true, y_pred, level=0.95, repeats=1000, seed=0):
    z, n = NormalDist().inv_cdf((1 + level) / 2), len(y_true)
    f1 = [2 * np.sum((y_true == c) & (y_pred == c)) / (np.sum(y_true == c) + np.sum(y_pred == c)) for c in np.unique(y_true)]
    p = np.mean(f1)
    middle, width = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return (middle - width) / (1 + z * z / n), (middle + width) / (1 + z * z / n)
""",
        "forgets the seed": slipped(INTERVAL, "default_rng(seed)", "default_rng()"),
        "one seed for ever": slipped(INTERVAL, "default_rng(seed)", "default_rng(0)"),
        "percent": slipped(INTERVAL, "np.mean(f1)", "100 * np.mean(f1)"),
        "the figures themselves": slipped(INTERVAL, f"return tuple(np.quantile(results, {TAILS}))", "return results"),
        "shows instead of returning": slipped(INTERVAL, "return tuple(", "print("),
    },
    "07.3": {
        "divides the probabilities": slipped(TEMPERED, "p.astype(float) ** (1 / t)", "p.astype(float) / t"),
        "the power itself": slipped(TEMPERED, "** (1 / t)", "** t"),
        "softmax of the probabilities": slipped(
            TEMPERED, "powers = p.astype(float) ** (1 / t)", "powers = np.exp(p.astype(float) / t)"
        ),
        "no sum to 1": slipped(TEMPERED, "return powers / powers.sum(1, keepdims=True)", "return powers"),
        "one sum for all rows": slipped(TEMPERED, "powers.sum(1, keepdims=True)", "powers.sum()"),
        "columns that sum to 1": slipped(TEMPERED, "powers.sum(1, keepdims=True)", "powers.sum(0, keepdims=True)"),
        "the accuracy": slipped(TEMPERED, LOSS, "return -np.mean(at(first, t).argmax(1) == first_labels)"),
        "the mean probability": slipped(TEMPERED, LOSS, LOSS.replace("-np.log(", "-(")),
        "squares": slipped(TEMPERED, LOSS, "return ((at(first, t) - np.eye(7)[first_labels]) ** 2).mean()"),
        "as sure as right, on the whole": slipped(
            TEMPERED, LOSS, "return abs(at(first, t).max(1).mean() - np.mean(first.argmax(1) == first_labels))"
        ),
        "the loss of its own answers": slipped(TEMPERED, LOSS, "return -np.log(at(first, t).max(1)).mean()"),
        "the highest loss": slipped(TEMPERED, LOSS, LOSS.replace("return -", "return ")),
        "never under 1": slipped(TEMPERED, SEARCH, "np.geomspace(1, 10, 400)"),
        "five is enough": slipped(TEMPERED, SEARCH, "np.geomspace(0.1, 5, 400)"),
        "whole numbers": slipped(TEMPERED, SEARCH, "range(1, 11)"),
        "steps of a fifth": slipped(TEMPERED, SEARCH, "np.arange(0.2, 10, 0.2)"),
        "the first half comes back": slipped(TEMPERED, "at(second, best)", "at(first, best)"),
        "the second half as it was": slipped(TEMPERED, "at(second, best)", "second"),
        "tempered twice": slipped(TEMPERED, "at(second, best)", "at(at(second, best), best)"),
        "found on the second half, with its own answers": slipped(
            TEMPERED, LOSS, "return -np.log(at(second, t)[np.arange(len(second)), second.argmax(1)]).mean()"
        ),
        "no zeros, but a ten-thousandth": slipped(
            TEMPERED, "p.astype(float) **", "np.maximum(p.astype(float), 1e-3) **"
        ),
        "NaN for zeros": """
def tempered(first, first_labels, second):
    def at(p, t):
        with np.errstate(all="ignore"):
            z = p * np.log(p) / p / t
        z = np.exp(z - z.max(1, keepdims=True))
        return z / z.sum(1, keepdims=True)

    def loss(t):
        return -np.log(at(first, t)[np.arange(len(first)), first_labels]).mean()

    best = min(np.geomspace(0.1, 10, 400), key=loss)
    return best, at(second, best)
""",
        "the temperature alone": slipped(TEMPERED, "return best, at(second, best)", "return best"),
        "the other way round": slipped(TEMPERED, "return best, at(second, best)", "return at(second, best), best"),
        "the loss for the temperature": slipped(TEMPERED, "return best, at", "return loss(best), at"),
        "half done": "def tempered(first, first_labels, second):\n    return 1.0, second",
        "shows instead of returning": slipped(TEMPERED, "return best, at(second, best)", "print(best)"),
    },
    "07.5": {
        "the number of all faces": """
def scored_on(matrix, splits, batch=64):
    for name, counts in splits.items():
        if sum(counts) == matrix.sum():
            return name
""",
        "rows only": slipped(FOUND, "(1, 0)", "(1,)"),
        "columns only": slipped(FOUND, "(1, 0)", "(0,)"),
        "in that order only": slipped(
            FOUND, "np.sort(counts) - np.sort(matrix.sum(axis))", "np.array(counts) - matrix.sum(axis)"
        ),
        "no last batch": slipped(FOUND, "in (0, sum(counts) % batch)", "== 0"),
        "always without the last batch": slipped(FOUND, "in (0, sum(counts) % batch)", "== sum(counts) % batch"),
        "anything less than a batch": slipped(
            FOUND, "missing.sum() in (0, sum(counts) % batch)", "missing.sum() < batch"
        ),
        "batches of 64, whatever they are": slipped(FOUND, "% batch", "% 64"),
        "some may be too many": slipped(FOUND, "missing.min() >= 0 and ", ""),
        "no more than the split": slipped(FOUND, " and missing.sum() in (0, sum(counts) % batch)", ""),
        "the nearest": """
def scored_on(matrix, splits, batch=64):
    far = {}
    for name, counts in splits.items():
        far[name] = min(np.abs(np.sort(counts) - np.sort(matrix.sum(axis))).sum() for axis in (0, 1))
    return min(far, key=far.get)
""",
        "within one percent": """
def scored_on(matrix, splits, batch=64):
    for name, counts in splits.items():
        for axis in (1, 0):
            if np.allclose(np.sort(counts), np.sort(matrix.sum(axis)), rtol=0.01):
                return name
""",
        "as many Happy as there": """
def scored_on(matrix, splits, batch=64):
    for name, counts in splits.items():
        if max(counts) in (matrix.sum(0).max(), matrix.sum(1).max()):
            return name
""",
        "the diagonal": slipped(FOUND, "matrix.sum(axis)", "np.diag(matrix)"),
        "shares of the whole": """
def scored_on(matrix, splits, batch=64):
    for name, counts in splits.items():
        for axis in (1, 0):
            sums = np.sort(matrix.sum(axis))
            if np.allclose(np.sort(counts) / sum(counts), sums / sums.sum(), atol=0.001):
                return name
""",
        "the first of the four": "def scored_on(matrix, splits, batch=64):\n    return next(iter(splits))",
        "the position": slipped(FOUND, "return name", "return list(splits).index(name)"),
        "a list of names": slipped(FOUND, "return name", "return [name]"),
        "a text for None": slipped(FOUND, "return None", "return 'None'"),
        "an error for None": slipped(FOUND, "return None", "raise ValueError('no split')"),
        "shows instead of returning": slipped(FOUND, "return name", "print(name)"),
    },
}
