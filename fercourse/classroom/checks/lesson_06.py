"""The exercises of lesson 06: TensorFlow's rules, written out; a test holds them against TensorFlow itself."""

import numpy as np

from fercourse.classroom.checks.compare import expect, expect_error, expect_secret, plain, short
from fercourse.errors import CheckFailed

# (side, kernel, stride): odd and even totals, kernels that are wider than the side or narrower than the stride.
# Not (48, 5, 2) and (47, 5, 2), which exercise 06.1 asks for.
PADDED = [
    (48, 4, 1), (12, 2, 1), (9, 3, 2), (48, 3, 2), (11, 7, 3), (10, 3, 4), (13, 6, 6), (5, 9, 2), (3, 5, 7), (7, 2, 5),
    (6, 1, 3), (4, 1, 4),
]  # fmt: skip
# (kernel's shape, flattened height, width and channels, units): no two of height, width and channels are equal.
NETWORKS = [((2, 3, 1, 5), (4, 2, 5), 3), ((3, 1, 4, 2), (2, 5, 3), 6), ((1, 2, 2, 3), (1, 3, 2), 1)]
# (mean loss of each batch, its faces): a short last batch, a short first one, a batch of one, no short batch.
EPOCHS = [
    ([1.5, 0.5, 4.0], [50, 50, 9]),
    ([2.0, 2.0], [50, 49]),
    ([3.25], [7]),
    ([6.0, 0.25, 0.5, 0.75], [1, 4, 4, 4]),
    ([0.5, 1.0, 2.25], [8, 8, 8]),
]


def padding_by_head(on_48, on_47):
    """06.1: rows before and after for a kernel of 5 with stride 2."""
    for side, pair in ((48, on_48), (47, on_47)):
        pair, where = plain(pair), f"padding_{side}"
        if pair is None:
            expect_secret(None, 0, where)
        pair = pair.tolist() if isinstance(pair, np.ndarray) else pair
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise CheckFailed(f"{where}: expected a pair (before, after), came {short(pair)}")
        for name, came, expected in zip(("before", "after"), pair, _same_padding(side, 5, 2), strict=True):
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
        for (name, array), came in zip(expected.items(), pair, strict=True):
            expect(came, array, f"{where}, the {name}", atol=1e-6)


def epoch_cost(answer):
    """06.4: the mean loss over faces, from means over batches."""
    for means, sizes in EPOCHS:
        expected = sum(mean * size for mean, size in zip(means, sizes, strict=True)) / sum(sizes)
        expect(answer(means, sizes), expected, f"epoch_cost({means}, {sizes})", atol=1e-6)
    for means, sizes in (([1.0, 2.0], [50]), ([1.0], [50, 9]), ([], [])):
        expect_error(answer, (means, sizes), ValueError, f"epoch_cost({means}, {sizes})")


def same_padding(answer):
    """06.5: TensorFlow's padding before and after, for any side, kernel and stride."""
    for case in PADDED:
        expect(answer(*case), _same_padding(*case), f"same_padding{case}", whole=True)


def first_difference(answer):
    """06.6: the first stage at which channels-last and channels-first arrays differ by more than atol."""
    for which, ours, theirs, atol, expected in _pairs_of_networks():
        came = answer(ours, theirs, atol)
        if came is None and expected is not None:
            why = "as if all stages agreed, or because nothing is written"
            raise CheckFailed(f"first_difference, {which}: expected {expected}, came None, {why}")
        expect(came, expected, f"first_difference, {which}")


CHECKS = {
    "06.1": padding_by_head,
    "06.2": to_torch,
    "06.4": epoch_cost,
    "06.5": same_padding,
    "06.6": first_difference,
}


def _same_padding(side, kernel, stride):
    """TensorFlow's rule: as few rows as give the side divided by the stride, rounded up; the odd one comes last."""
    places = (side + stride - 1) // stride
    missing = max((places - 1) * stride + kernel - side, 0)
    return missing // 2, (missing + 1) // 2


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
        (
            "the second of three stages differs in one number",
            ours,
            [theirs[0], _moved(theirs[1], 0.01), logits],
            1e-4,
            1,
        ),
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
