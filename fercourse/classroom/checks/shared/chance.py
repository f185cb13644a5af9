"""What the checks of sheet 07 hold answers against: resamples, temperatures, and answers that nobody gave."""

from functools import cache

import numpy as np


def made_up_answers(seed, counts):
    """Labels, so many of each class, and answers of which about half are right: two arrays (N,)."""
    generator = np.random.default_rng(seed)
    y_true = generator.permutation(np.repeat(np.arange(len(counts)), counts))
    others = generator.choice(len(counts), len(y_true), p=np.array(counts) / sum(counts))
    return y_true, np.where(generator.random(len(y_true)) < 0.45, y_true, others)


def confusion(y_true, y_pred):
    return np.bincount(7 * y_true + y_pred, minlength=49).reshape(7, 7)


def macro_f1(counts):
    """Of confusion matrices (R, 7, 7), over the classes that occur in the rows: (R,)."""
    right, support, answered = np.einsum("rii->ri", counts), counts.sum(2), counts.sum(1)
    return np.where(support > 0, 2 * right / np.maximum(support + answered, 1), 0).sum(1) / (support > 0).sum(1)


def stratified(y_true, y_pred):
    """Macro-F1 of 20,000 resamples: to draw faces of one class again is to draw a row of counts again."""
    return _stratified(confusion(y_true, y_pred).tobytes())


@cache
def _stratified(counts):
    generator, counts = np.random.default_rng(7), np.frombuffer(counts, int).reshape(7, 7)
    drawn = [generator.multinomial(row.sum(), row / max(row.sum(), 1), size=20_000) for row in counts]
    return macro_f1(np.stack(drawn, axis=1))


def unstratified(y_true, y_pred):
    counts = confusion(y_true, y_pred).ravel()
    drawn = np.random.default_rng(7).multinomial(counts.sum(), counts / counts.sum(), size=20_000)
    return macro_f1(drawn.reshape(-1, 7, 7))


def halves(seed, temperature, *, dtype=np.float64, has_zeros=False, wrong=0.0):
    """Probabilities and labels of one half, and another half's probabilities, too sharp by about `temperature`.

    wrong: the share of faces whose label is the emotion that seems least probable
    """
    generator = np.random.default_rng(70 + seed)
    logits = generator.normal(0, 1.3, (500, 7))
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (generator.random((500, 1)) > honest.cumsum(1)[:, :-1]).sum(1)
    sharp = at_temperature(honest, 1 / temperature)
    labels = np.where(generator.random(500) < wrong, honest.argmin(1), labels)
    if has_zeros:
        sharp[(sharp < 1e-3) & (np.arange(7) != labels[:, None])] = 0
        sharp /= sharp.sum(1, keepdims=True)
    return sharp[:300].astype(dtype), labels[:300], sharp[300:].astype(dtype)


def at_temperature(probabilities, temperature):
    """Probabilities to the power 1 / temperature, their rows summing to 1; what is 0 stays 0."""
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities.astype(np.float64)) / temperature
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def loss_at(probabilities, labels, temperature):
    return -np.log(at_temperature(probabilities, temperature)[np.arange(len(labels)), labels]).mean()


def best_temperature(probabilities, labels):
    """By golden section on the logarithm of the temperature; the loss has one valley."""
    low, high, ratio = np.log(0.05), np.log(20), (5**0.5 - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        is_left = loss_at(probabilities, labels, np.exp(left)) < loss_at(probabilities, labels, np.exp(right))
        low, high = (low, right) if is_left else (left, high)
    return float(np.exp((low + high) / 2))


def made_up_matrix(counts, seed):
    """A confusion matrix whose rows have these sums, right about six times of ten."""
    generator = np.random.default_rng(750 + seed)
    shares = 0.6 * np.eye(len(counts)) + 0.4 * generator.dirichlet(np.full(len(counts), 3.0), len(counts))
    return np.stack([generator.multinomial(count, share) for count, share in zip(counts, shares, strict=True)])
