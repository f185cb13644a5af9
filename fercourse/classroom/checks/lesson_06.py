"""The exercises of lesson 06: TensorFlow's rules, written out; a test holds them against TensorFlow itself."""

import numpy as np

from fercourse.classroom.checks.shared.compare import as_whole, ask, expect, expect_secret, plain, short
from fercourse.classroom.improve.baselines import Baseline
from fercourse.classroom.improve.judge import expect_better
from fercourse.classroom.probes import keras_layer, keras_step
from fercourse.errors import CheckFailed

# (kernel's shape, flattened height, width and channels, units): no two of height, width and channels are equal.
NETWORKS = [((2, 3, 1, 5), (4, 2, 5), 3), ((3, 1, 4, 2), (2, 5, 3), 6), ((1, 2, 2, 3), (1, 3, 2), 1)]


def padding_by_head(on_48, on_47):
    """06.1: rows before and after for a kernel of 5 with stride 2."""
    for side, pair in ((48, on_48), (47, on_47)):
        pair, where = plain(pair), f"padding_{side}"
        if pair is None:
            expect_secret(None, 0, where)
        pair = pair.tolist() if isinstance(pair, np.ndarray) else pair
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise CheckFailed(f"{where}: expected a pair (before, after), came {short(pair)}")
        rows = _same_padding(side, 5, 2)
        _name_the_padding(pair, rows, where)
        for name, came, expected in zip(("before", "after"), pair, rows, strict=True):
            expect_secret(came, expected, f"{where}, {name}, for kernel 5 and stride 2 on {side} pixels")


def to_torch(answer):
    """06.2: a kernel and the dense layer behind a flatten, in PyTorch's order, number by number."""
    generator = np.random.default_rng(6)
    for shape, (height, width, channels), units in NETWORKS:
        kernel = generator.permutation(np.prod(shape)).reshape(shape) / 8
        dense = generator.permutation(height * width * channels * units).reshape(-1, units) / 8
        expected = {"kernel": _kernel_in_torch(kernel), "dense": _dense_in_torch(dense, height, width, channels)}
        where = f"to_torch for a kernel {shape} and dense {dense.shape}, behind {height} × {width} × {channels}"
        pair = plain(answer(kernel, dense, height, width, channels))
        if pair is None:
            expect(None, expected["kernel"], where)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise CheckFailed(f"{where}: expected a pair (kernel, dense), came {short(pair)}")
        if _is(pair[1], dense.T):
            raise CheckFailed(
                f"{where}, the dense: its axes are turned, and its rows are still in Keras' order, place by place; "
                "PyTorch's inputs go map by map"
            )
        for (name, array), came in zip(expected.items(), pair, strict=True):
            expect(came, array, f"{where}, the {name}", atol=1e-6)


def first_difference(answer):
    """06.6: the first stage at which channels-last and channels-first arrays differ by more than atol."""
    for which, ours, theirs, atol, expected in _pairs_of_networks():
        came = answer(ours, theirs, atol)
        if came is None and expected is not None:
            why = "as if all stages agreed, or because nothing is written"
            raise CheckFailed(f"first_difference, {which}: expected {expected}, came None, {why}")
        expect(came, expected, f"first_difference, {which}")


def accumulated_step(answer):
    """06.7: one step of SGD from many parts, and the loss before it."""
    generator = np.random.default_rng(607)
    for sizes, rate in (((12,), 0.5), ((5, 5, 2), 0.5), ((1, 8), 0.25)):
        weights = [generator.normal(size=shape).astype(np.float32) for shape in ((4, 7), (7,))]
        parts = [(generator.normal(size=(n, 4)).astype(np.float32), generator.integers(0, 7, n)) for n in sizes]
        came, *after = plain(ask(keras_step, answer, *weights, parts, rate))
        where = f"accumulated_step, parts of {' and '.join(map(str, sizes))} faces, rate {rate}"
        if came is None and _is(after[0], weights[0]):
            raise CheckFailed(f"{where}: no weight has moved and nothing is returned: nothing is written yet")
        losses, slopes = zip(*(_loss_and_slopes(*weights, *part) for part in parts), strict=True)
        shares = [n / sum(sizes) for n in sizes]
        whole = map(np.concatenate, zip(*parts, strict=True))
        afterwards = _loss_and_slopes(*after, *whole)[0]
        _check_the_step(after, weights, parts, slopes, shares, rate, where)
        _check_the_loss(came, losses, shares, afterwards, where)


def keras_norm(answer):
    """06.8: a batch norm of PyTorch as Keras' layer: four arrays, epsilon and momentum."""
    generator = np.random.default_rng(608)
    for eps, momentum in ((1e-5, 0.1), (0.05, 0.3)):
        weight, bias, mean, variance = (generator.uniform(low, 2, 3).astype(np.float32) for low in (0.5, -1, 0.2, 0.1))
        maps = generator.normal(size=(4, 3, 2, 3)).astype(np.float32)
        came = plain(ask(keras_layer, answer, (weight, bias, mean, variance, eps, momentum), maps))
        where = f"keras_norm with eps={eps:g} and momentum={momentum:g}"
        if came is None:
            raise CheckFailed(f"{where}: expected a layer, came None: nothing is written, or nothing returned")
        if came["layer"] != "BatchNormalization":
            raise CheckFailed(f"{where}: expected a keras.layers.BatchNormalization, came a {came['layer']}")
        _check_evaluated(came["evaluated"], maps, (weight, bias, mean, variance), eps, where)
        _check_followed(came["mean"], mean, maps.mean((0, 1, 2)), momentum, where)


def better_than_the_colleagues(network):
    """06.9: a trained network that beats the colleague's on practice faces."""
    expect_better("06.9", network)


def colleagues():
    """The colleague's network, in PyTorch."""
    from torch import nn

    from fercourse.learn.models import Standardise

    return nn.Sequential(
        Standardise(0.5, 0.25),
        *(nn.Conv2d(1, 8, 4), nn.ReLU(), nn.MaxPool2d(4)),
        *(nn.Conv2d(8, 16, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 7)),
    )


def trained_colleagues():
    import torch

    from fercourse.data.drawn.dataset import drawn_faces
    from fercourse.learn.fitting import fit

    torch.manual_seed(6)
    model = colleagues()
    data = drawn_faces(2_000, 200, 0, seed=609)
    fit(model, data, epochs=10, lr=1e-3, batch_size=50, seed=6, device="cpu", progress=False)
    return model


BASELINES = {"06.9": Baseline("the colleague's network", network=colleagues, train=trained_colleagues)}

CHECKS = {
    "06.1": padding_by_head,
    "06.2": to_torch,
    "06.6": first_difference,
    "06.7": accumulated_step,
    "06.8": keras_norm,
    "06.9": better_than_the_colleagues,
}


def _same_padding(side, kernel, stride):
    """TensorFlow's rule: as few rows as give the side divided by the stride, rounded up; the odd one comes last."""
    places = (side + stride - 1) // stride
    missing = max((places - 1) * stride + kernel - side, 0)
    return missing // 2, (missing + 1) // 2


def _name_the_padding(pair, rows, where):
    """Raise CheckFailed where a pair is one of the usual mistakes, and say which."""
    came = [as_whole(plain(number)) for number in pair]
    if came != [*rows] and came == [*rows][::-1]:
        raise CheckFailed(f"{where}: came {short(tuple(came))}: the odd row stands on the wrong side")
    if came != [*rows] and came == [2, 2]:
        raise CheckFailed(f"{where}: came (2, 2), half the kernel on both sides, which is right at stride 1 alone")


def _is(came, expected):
    """Whether an array came that is `expected`, number by number."""
    return (
        isinstance(came, np.ndarray)
        and came.dtype.kind in "iuf"
        and came.shape == expected.shape
        and np.allclose(came.astype(float), expected, rtol=1e-4, atol=1e-5)
    )


def _loss_and_slopes(weights, bias, images, labels):
    """The mean cross-entropy of one dense layer's logits, and its gradient: (loss, [of the weights, of the bias])."""
    logits = (images @ weights + bias).astype(float)
    logits -= logits.max(1, keepdims=True)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(np.maximum(chances[rows, labels], 1e-300)).mean()
    chances[rows, labels] -= 1
    return loss, [images.T @ chances / len(labels), chances.mean(0)]


def _check_the_step(after, weights, parts, slopes, shares, rate, where):
    """Raise CheckFailed where the weights after the step are others; name the usual mistakes."""

    def moved(factors):
        return [
            old - rate * sum(f * slope[k] for f, slope in zip(factors, slopes, strict=True))
            for k, old in enumerate(weights)
        ]

    in_turn = list(weights)
    for part in parts:
        in_turn = [old - rate * slope for old, slope in zip(in_turn, _loss_and_slopes(*in_turn, *part)[1], strict=True)]
    faces, last = sum(len(labels) for _, labels in parts), [0] * (len(parts) - 1) + [1]
    mistakes = {
        "every part counts as much as any other, though one has fewer faces": moved([1 / len(parts)] * len(parts)),
        "each part took a step of its own: move the weights once, after the last part": in_turn,
        "only the last part moved them": moved(last),
        "the parts' means were added and not divided": moved([1] * len(parts)),
        "it is the gradient of the sum of the losses, not of their mean": moved([faces * share for share in shares]),
        "they moved along the gradient, and not against it": moved([-share for share in shares]),
        "they moved by the whole gradient, and not by rate times it": moved([share / rate for share in shares]),
        "no weight has moved": list(weights),
    }
    wanted = moved(shares)
    if all(_is(came, array) for came, array in zip(after, wanted, strict=True)):
        return
    for mistake, result in mistakes.items():
        if all(_is(came, array) for came, array in zip(after, result, strict=True)):
            raise CheckFailed(f"{where}: {mistake}")
    for name, came, array in zip(("weights", "bias"), after, wanted, strict=True):
        expect(came, array, f"{where}, the {name} after it", atol=1e-4)


def _check_the_loss(came, losses, shares, afterwards, where):
    expected = float(np.dot(losses, shares))
    mistakes = {
        "the mean of the parts' means, in which a short part counts too much": np.mean(losses),
        "the loss of the last part alone": losses[-1],
        "the sum of the parts' means": np.sum(losses),
        "the loss after the step; before it was asked for": afterwards,
    }
    came = plain(came)
    number = came.item() if isinstance(came, np.ndarray) and came.size == 1 else came
    if type(number) in (int, float) and abs(number - expected) > 1e-4:
        for mistake, result in mistakes.items():
            if abs(number - result) <= 1e-4:
                raise CheckFailed(f"{where}: the loss that came, {short(float(number))}, is {mistake}")
    expect(came, expected, f"{where}, the loss", atol=1e-4)


def _check_evaluated(came, maps, arrays, eps, where):
    """Raise CheckFailed where the layer gives something else in evaluation; name what would give that."""
    weight, bias, mean, variance = arrays

    def normed(weight=weight, bias=bias, mean=mean, variance=variance, eps=eps):
        return weight * (maps - mean) / np.sqrt(np.abs(variance) + eps) + bias

    if _is(came, normed()):
        return
    mistakes = {
        "its epsilon is 0.001, Keras' own, and not PyTorch's eps": normed(eps=1e-3),
        "its running mean is 0 and its variance 1: the two averages were not copied": normed(mean=0, variance=1),
        "the same with Keras' own epsilon: neither the averages nor eps arrived": normed(mean=0, variance=1, eps=1e-3),
        "weight and bias are exchanged: Keras wants gamma, the factor, first": normed(weight=bias, bias=weight),
        "its four arrays are those of a new layer: nothing was copied": normed(1, 0, 0, 1),
        "a new layer with Keras' own epsilon: nothing was copied": normed(1, 0, 0, 1, 1e-3),
        "mean and variance are exchanged: Keras wants the mean first": normed(mean=variance, variance=mean),
        "it has the root of the variance where the variance belongs": normed(variance=np.sqrt(variance)),
    }
    for mistake, result in mistakes.items():
        if _is(came, result):
            raise CheckFailed(f"{where}, in evaluation: {mistake}")
    expect(came, normed(), f"{where}, in evaluation", atol=1e-4)


def _check_followed(came, before, of_batch, momentum, where):
    """Raise CheckFailed where the running mean follows at another speed; name the usual mistakes."""

    def followed(old):
        return old * before + (1 - old) * of_batch

    if _is(came, followed(1 - momentum)):
        return
    where = f"{where}, its running mean after one more batch"
    if _is(came, followed(momentum)):
        raise CheckFailed(
            f"{where}: momentum was passed on as it is, and Keras takes it for the weight of the old mean"
        )
    if _is(came, followed(0.99)):
        raise CheckFailed(f"{where}: it moves at Keras' own momentum of 0.99")
    expect(came, followed(1 - momentum), where, atol=1e-4)


def _kernel_in_torch(kernel):
    height, width, inputs, outputs = kernel.shape
    turned = np.zeros((outputs, inputs, height, width))
    for row, column, into, out in np.ndindex(kernel.shape):
        turned[out, into, row, column] = kernel[row, column, into, out]
    return turned


def _dense_in_torch(dense, height, width, channels):
    """Input (row · width + column) · channels + channel becomes (channel · height + row) · width + column."""
    turned = np.zeros(dense.shape[::-1])
    for row, column, channel in np.ndindex(height, width, channels):
        theirs = (channel * height + row) * width + column
        turned[:, theirs] = dense[(row * width + column) * channels + channel]
    return turned


def _pairs_of_networks():
    """(what is special, ours, theirs, atol, the first stage that differs)."""
    generator = np.random.default_rng(66)
    maps, narrow = generator.normal(size=(3, 5, 4, 2)), generator.normal(size=(3, 2, 2, 6))
    cube, logits = generator.normal(size=(2, 3, 3, 3)), generator.normal(size=(3, 7))
    ours = [maps, narrow, logits]
    theirs = [maps.transpose(0, 3, 1, 2), narrow.transpose(0, 3, 1, 2), logits]
    nan = logits.copy()
    nan[1, 4] = np.nan
    large, column = 1e4 + logits, np.ones((3, 1))
    cubes = [cube, cube.transpose(0, 3, 1, 2)]
    return [
        ("one number of the second stage differs", ours, [theirs[0], _moved(theirs[1], 0.01), logits], 1e-4, 1),
        ("stages that agree", ours, theirs, 1e-6, None),
        ("the first stage and the last one differ", ours, [_moved(theirs[0], 0.01), *theirs[1:2], -logits], 1e-4, 0),
        ("only the logits differ", ours, [*theirs[:2], _moved(logits, -0.01)], 1e-4, 2),
        ("a later stage differs more", ours, [theirs[0], _moved(theirs[1], 0.1), logits + 5], 0.05, 1),
        ("a difference below atol", ours, [theirs[0], _moved(theirs[1], 0.01), logits], 0.02, None),
        ("height, width and channels are equal", cubes[:1], cubes[1:], 1e-6, None),
        ("a cube in the wrong order", cubes[:1], cubes[:1], 1e-6, 0),
        ("numbers near 10,000 that differ by 0.05", [logits, large], [logits, _moved(large, 0.05)], 0.01, 1),
        ("a NaN in theirs", [logits, logits], [logits, nan], 1.0, 1),
        ("a NaN in ours", [nan], [logits], 1.0, 0),
        ("shapes (3, 1) and (3, 7), all ones", [logits, column], [logits, np.ones((3, 7))], 0.1, 1),
        ("another number of channels", [logits, maps], [logits, narrow.transpose(0, 3, 1, 2)], 0.1, 1),
    ]


def _moved(array, by):
    """A copy with one number moved, far from the corners."""
    moved = array.copy()
    moved.flat[array.size // 2 + 1] += by
    return moved
