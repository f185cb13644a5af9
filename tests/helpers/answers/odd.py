"""Answers of an odd kind that are not right: exercise → pairs of a source and what the check's line says of it."""

ADAM = "def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):"
SIDE = "def conv_output_side(side, kernel, padding, stride):"
EXCHANGE = """
def broken_part(ill, sound, complains):
    for part in fields(sound):
        if not complains(replace(ill, **{part.name: getattr(sound, part.name)})):
            return part.name
"""
TUNE = """
def fine_tune(features, head, inputs, targets, rate, steps):
    for _ in range(steps):
        slopes = 2 * (inputs @ features.T @ head - targets) / len(targets)
        features, head = (
            features - rate * torch.outer(head, slopes @ inputs), head - rate * features @ (slopes @ inputs)
        )
    return features, head
"""
CHANGES = "changes, least, height = ['W', 'W', 'WP', 'none', 'E', 'F', 'A']"
AVERAGED = """
class Averaged:
    def __init__(self, model, keep):
        pass

    def update(self, model):
        pass

    def state(self):
"""
AGREEMENT = """
def agreement(gradient, steps):
    other = evened(gradient, steps)
    return torch.nn.functional.cosine_similarity(gradient.flatten(), other.flatten(), dim=0)
"""
ODD = {
    "01.1": [
        (
            "from fractions import Fraction\nemotion, score, peeked = 'Sad', Fraction(3, 40), 0.266",
            "came Fraction(3, 40), which is too small",
        ),
        ("emotion, score, peeked = len, 0.15, 0.266", "a name from the table, came <builtin_function_or_method>"),
        ("emotion, score, peeked = 'Sad', lambda: 0.15, 0.266", "score, on PrivateTest: came <function>"),
    ],
    "01.2": [
        ("def mirror_twins(images, splits):\n    return zip([0], [1])", "of pairs (i, j) of whole numbers, came <zip>"),
        ("def mirror_twins(images, splits):\n    return [(0.0, 1.5)]", "of whole numbers, came [(0.0, 1.5)]"),
        (
            "import pandas as pd\ndef mirror_twins(images, splits):\n    return pd.DataFrame([(0, 1)]).groupby(0)",
            "came <DataFrameGroupBy>",
        ),
    ],
    "01.4": [("def first_parting(*columns):\n    return 'row 5'", "expected the number 5, came 'row 5'")],
    "01.5": [
        ("def ceiling(votes):\n    return votes[:, :7].max(1) / votes[:, :7].sum(1)", "came an array of shape (2,)")
    ],
    "02.1": [("two_classes, surely_happy, mean_loss = 0.69j, 3.1, 1.88", "two_classes: came 0.69j")],
    "02.2": [
        (
            "from collections import Counter\ndef train_epoch(model, batches, rate):\n    return Counter(train_loss=1)",
            "came ['train_loss']",
        ),
        ("def train_epoch(model, batches, rate):\n    return 1.0, 2.0, 3.0", "came [1, 2, 3]"),
    ],
    "02.4": [("def first_silent_layer(model, images):\n    return model[2]", "expected the number 2, came <ReLU>")],
    "03.1": [("side, numbers = nn.Identity, 4608", "came <type>")],
    "03.2": [
        (f"{SIDE}\n    return (side + 2 * padding - kernel) / stride // 1 + 1", "came 24.0, a float"),
        (f"{SIDE}\n    return torch.tensor((side + 2 * padding - kernel) // stride + 1.0)", "came 24.0, a float"),
        (
            f"{SIDE}\n    if kernel > side + 2 * padding:\n        raise KeyError\n"
            "    return (side + 2 * padding - kernel) // stride + 1",
            "expected a ValueError, came a KeyError",
        ),
    ],
    "03.3": [
        (f"{ADAM}\n    yield weight", "came <generator>"),
        (f"{ADAM}\n    return map(float, gradients)", "came <map>"),
        (f"{ADAM}\n    return dict.fromkeys(range(30_000))", "too much to be tested: more than 20,000 keys"),
    ],
    "03.4": [("def holds_all(optimizer, model):\n    return len(optimizer.param_groups)", "expected True, came 1")],
    "03.6": [
        ("tuned = 'third'\ndef next_rate(tried):\n    return None", "a list of names such as 'third', came 'third'"),
        ("tuned = [3, 4]\ndef next_rate(tried):\n    return None", "a list of names such as 'third', came [3, 4]"),
        ("tuned = ['third', 'fourth']\ndef next_rate(tried):\n    return [0.1]", "came [0.1]"),
        ("tuned = ['third', 'fourth']\ndef next_rate(tried):\n    return max", "so the search is done; came <built"),
    ],
    "04.1": [
        ("keep, pictures = np.array([1.5, 4, 6, 8]), 98", "came [1.5, 4, 6, 8]"),
        ("keep, pictures = (number for number in [1, 4, 6, 8]), 98", "came <generator>"),
    ],
    "04.2": [("def shear(images, degrees):\n    return images.to_sparse()", "came <Tensor of float32, torch.sparse")],
    "04.4": [("def balanced_epoch(labels, seed):\n    return iter(labels)", "whole numbers; came <iterator>")],
    "04.5": [("def prepared_alike(training, testing, images):\n    return 'yes'", "expected True, came 'yes'")],
    "05.1": [("weights, operations, at_stride_2, shortcut, counts = '73728', 1, 1, 1, 1", "weights: came '73728'")],
    "05.2": [("Bottleneck = nn.Identity()", "your code raised ")],
    "05.4": [("def schedule_is_complete(rates, peak):\n    return not None, peak", "expected True, came (True, 0.2)")],
    "05.5": [("def batch_norm(images, *rest):\n    return {'output': images}", "came {'output': array(")],
    "06.1": [("padding_48, padding_47 = {1: 2}, (2, 2)", "expected a pair (before, after), came {1: 2}")],
    "06.2": [("def to_torch(*given):\n    return torch.nn.Linear(2, 2)", "a pair (kernel, dense), came <Linear>")],
    "06.6": [("def first_difference(ours, theirs, atol):\n    return len", "expected the number 1, came <builtin")],
    "06.7": [("def accumulated_step(model, parts, rate):\n    return model", "no weight has moved")],
    "06.8": [
        ("def keras_norm(*given):\n    return 'a layer'", "expected a keras.layers.BatchNormalization, came a str")
    ],
    "07.1": [
        ("tests, least_p, fewest = 'interval', 0.125, 6", "names such as 'seeds', came 'interval'"),
        (
            "tests, least_p, fewest = ['interval', 'faces', 'seeds', 'chance', 'seeds', 'faces'], '1/8', 6",
            "least_p, for four pairs: came '1/8'",
        ),
    ],
    "07.2": [
        (
            "def macro_f1_interval(y_true, y_pred, level, repeats, seed):\n    return (n for n in (0, 1))",
            "a pair of numbers (low, high), came <generator>",
        ),
        (
            "def macro_f1_interval(y_true, y_pred, level, repeats, seed):\n    return {'low': 0.1}",
            "a pair of numbers (low, high), came {'low': 0.1}",
        ),
    ],
    "07.3": [
        (
            "def tempered(first, first_labels, second):\n    return {2.4: second}",
            "expected a pair (temperature, probabilities), came {2.4: array(",
        ),
        (
            "def tempered(first, first_labels, second):\n    return '2.4', second",
            "expected the number 3.39639, came '2.4'",
        ),
    ],
    "07.5": [
        ("def scored_on(matrix, splits, batch=64):\n    return 1", "expected 'PublicTest', came 1"),
        (
            "def scored_on(matrix, splits, batch=64):\n    return ['PublicTest']",
            "expected 'PublicTest', came ['PublicTest']",
        ),
    ],
    "08.1": [
        ("seen_by, first, least = {'B': 1}, 1.95, 1.17", 'such as "A" or "none", came {\'B\': 1}'),
        ("seen_by, first, least = ['B', 'E', 'C', 'D', 'F', 'A', 'none'], '1.95', 1.17", "came '1.95'"),
        ("seen_by, first, least = ['B', 'E', 'C', 'D', 'F', 'A', 'none'], 1.95, torch.nn.ReLU()", "came <ReLU>"),
    ],
    "08.2": [
        ("def same_alone(network, images):\n    return 1", "expected True, came 1"),
        ("def same_alone(network, images):\n    return network", "expected True, came <Sequential>"),
    ],
    "08.4": [
        (
            "broken = ['valid_stream', 'build', 'evaluate']\n"
            "def broken_part(ill, sound, complains):\n    return sound.evaluate",
            "expected 'evaluate', came <partial>",
        ),
        (f"{EXCHANGE}\nbroken = 'evaluate'", "expected a list of three names of parts, came 'evaluate'"),
        (f"{EXCHANGE}\nbroken = [3, 4, 5]", "expected a list of three names of parts, came [3, 4, 5]"),
        (f"{EXCHANGE}\nbroken = 3", "expected a list of three names of parts, came 3"),
        (f"{EXCHANGE}\nbroken = [np.arange(2)] * 3", "expected a list of three names of parts, came [array("),
    ],
    "08.5": [
        ("def audit(pipeline):\n    return pipeline", "empty where nothing is wrong, came <Pipeline>"),
        ("def audit(pipeline):\n    return [False, False]", "empty where nothing is wrong, came [False, False]"),
        ("def audit(pipeline):\n    return {'loss': True}", "empty where nothing is wrong, came {'loss': True}"),
    ],
    "09.1": [
        ("moves, left, fewest = 'AL', 0.43, 44", 'such as "CL" or "none", came \'AL\''),
        ("moves, left, fewest = [nn.ReLU()] * 7, 0.43, 44", 'expected texts, such as "CL" or "none", came <ReLU>'),
        (
            "moves, left, fewest = ['AL', 'AL', 'AL', 'L', 'CL', 'A', 'none'], 'half', 44",
            "moves are right. left: came 'half'",
        ),
        (
            "moves, left, fewest = ['AL', 'AL', 'AL', 'L', 'CL', 'A', 'none'], 0.43, [44, 45]",
            "moves and left are right. fewest: came [44, 45]",
        ),
    ],
    "09.2": [
        ("def grey_stem(convolution):\n    return 'a layer'", "expected a layer, an nn.Conv2d, came <str>"),
        ("def grey_stem(convolution):\n    return nn.ReLU()", "came 'a layer without kernels'"),
        ("def grey_stem(convolution):\n    return nn.Linear(3, 1)", "the shape of its kernels, the number of items"),
    ],
    "09.3": [
        ("def fine_tune(*given):\n    return 3\nstart = 3", "expected a pair (features, head), came 3"),
        ("def fine_tune(*given):\n    return (each for each in given[:2])\nstart = 3", "came <generator>"),
        ("def fine_tune(features, head, *rest):\n    return 'both', head\nstart = 3", "came 'both'"),
        (f"{TUNE}\nstart = [3, 4]", "fine_tune is right. start: expected a number, came [3, 4]"),
        (f"{TUNE}\nstart = '3'", "fine_tune is right. start: expected a number, came '3'"),
        (f"{TUNE}\nstart = float('nan')", "fine_tune is right. start: from nan the training diverges"),
    ],
    "09.4": [
        ("def frozen(body, head):\n    return body", "a pair (model, optimiser), came <Sequential>"),
        ("def frozen(body, head):\n    return body, head", "came <Sequential> and <Linear>"),
        ("def frozen(body, head):\n    return {1: body, 2: head}", "came <int> and <int>"),
    ],
    "10.1": [
        ("changes, least, height = 'W', 0.446, 1 / 3", 'such as "WF" or "none", came \'W\''),
        ("changes, least, height = {'W': 1}, 0.446, 1 / 3", 'such as "WF" or "none", came {\'W\': 1}'),
        (
            "changes, least, height = [nn.ReLU()] * 7, 0.446, 1 / 3",
            'expected texts, such as "WF" or "none", came <ReLU>',
        ),
        (f"{CHANGES}, '0.446', 1 / 3", "changes are right. least: came '0.446'"),
        (f"{CHANGES}, 0.446, [0, 1]", "changes and least are right. height: came [0, 1]"),
    ],
    "10.2": [
        (f"{AVERAGED}        return {{}}", "the names, the number of items: expected 2, came 0"),
        (f"{AVERAGED}        return {{'weights': torch.zeros(2, 3), 'bias': torch.zeros(2)}}", "came 'weights'"),
        (
            f"{AVERAGED}        return {{'weight': torch.zeros(3, 2), 'bias': torch.zeros(2)}}",
            "the shape: expected (2, 3), came (3, 2)",
        ),
        ("def Averaged(model, keep):\n    return model", "your code raised AttributeError: 'Linear' object has no"),
    ],
    "10.3": [
        (
            "gradient = 3\ndef agreement(gradient, steps):\n    return 'same'",
            "expected the number 0.608996, came 'same'",
        ),
        ("gradient = 3\ndef agreement(gradient, steps):\n    yield 0.5", "came <generator>"),
        (f"{AGREEMENT}\ngradient = 3", "expected a matrix of 32 × 32 numbers, came 3"),
        (f"{AGREEMENT}\ngradient = [nn.ReLU()]", "expected a matrix of 32 × 32 numbers, came [<ReLU>]"),
        (f"{AGREEMENT}\ngradient = torch.ones(32, 32) > 0", "expected a matrix of 32 × 32 numbers, came an array of"),
    ],
    "10.4": [
        ("def price(*given):\n    return '3'", "expected the number 135407616, came '3'"),
        ("def price(*given):\n    return 3, 4", "expected the number 135407616, came (3, 4)"),
        ("def price(*given):\n    return nn.ReLU()", "expected the number 135407616, came <ReLU>"),
    ],
    "11.1": [
        ("true, covered, products = 3, 49, 8", 'such as "CF", came 3'),
        ("true, covered, products = 'ABE', '49', 8", "true is right. covered: came '49'"),
        ("true, covered, products = 'ABE', 49, [8, 9]", "true and covered are right. products: came [8, 9]"),
        ("true, covered, products = 'A and B', 49, 8", "expected letters from A to G, came 'N'"),
    ],
    "11.2": [
        ("def at_layer(model, layer, images, codes):\n    return layer", "a pair (answered, gradient), came <Conv2d>"),
        ("def at_layer(model, layer, images, codes):\n    return 'maps', 3", "answered: expected an array of shape"),
        ("def at_layer(model, layer, images, codes):\n    return {1: images, 2: codes}", "a pair (answered, gradient)"),
    ],
    "11.3": [
        ("weights, face = 'mouth', np.zeros((6, 6))", "weights: expected an array of 6 × 6 numbers, came 'mouth'"),
        ("weights, face = np.ones((6, 6)), nn.ReLU()", "face: expected an array of 6 × 6 numbers, came <ReLU>"),
        ("weights, face = np.full((6, 6), np.nan), np.ones((6, 6))", "weights: expected numbers from -10 to 10"),
    ],
    "11.4": [
        ("def int8(weights):\n    return 'numbers', 1", "numbers: expected an array of int8, came 'numbers'"),
        ("def int8(weights):\n    return weights.astype(np.int8), 'one'", "scales: expected numbers, came 'one'"),
        ("def int8(weights):\n    return weights.astype(np.int8), np.full((5, 1, 1, 1), np.nan)", "positive numbers"),
    ],
    "11.5": [
        ("def what_changed(*given):\n    return [28, 14, 5, 0.06]", 'expected a dict with "changed"'),
        (
            "def what_changed(*given):\n    return {'changed': 28, 'lost': 14, 'won': 5, 'p': 'small'}",
            "p: expected the number",
        ),
        (
            "def what_changed(*given):\n    return {'changed': 28, 'lost': [14], 'won': 5, 'p': 0.06}",
            "lost: expected the number 14, came [14]",
        ),
        (
            "def what_changed(*given):\n    return {'changed': 28, 'lost': 14, 'won': 5, 'p': float('nan')}",
            "not a finite number",
        ),
    ],
    "12.1": [
        ("equal, messages, megabytes = 3, 6, 36", 'equal: expected a text such as "BC", came 3'),
        ("equal, messages, megabytes = 'AD', 'six', 36", "equal is right. messages: came 'six'"),
        ("equal, messages, megabytes = 'AD', 6, [36]", "equal and messages are right. megabytes: came [36]"),
    ],
    "12.2": [
        ("def whole_gradient(gradients, counts):\n    return 'the mean'", "expected numbers, came 'the mean'"),
        ("def whole_gradient(gradients, counts):\n    yield gradients.mean(0)", "expected numbers, came <generator>"),
        ("def whole_gradient(gradients, counts):\n    return {1: gradients}", "expected numbers, came {1: array("),
    ],
    "12.3": [
        ("right, world = 'all of them', 64", "right: expected numbers, came 'all of them'"),
        ("right, world = [[True] * 50, [False] * 50], 64", "right: expected a list of True and False, came [[True"),
        ("right, world = [True] * 28 + [False] * 72, '64'", "world: expected a whole number from 1 to 64, came '64'"),
    ],
    "12.4": [
        ("def ring(rows):\n    return 'the sum'", "ring, 2 processes and 4 numbers: expected numbers, came 'the sum'"),
        ("def ring(rows):\n    yield sum(rows)", "expected numbers, came <generator>"),
        ("def ring(rows):\n    return {0: sum(rows)}", "expected numbers, came {0: array("),
    ],
    "12.5": [
        ("def sweep(run, root, **axes):\n    return 'the records'", "expected a list of records, came 'the records'"),
        ("def sweep(run, root, **axes):\n    yield run(rate=0.1, seed=0)", "a list of records, came <generator>"),
        ("def sweep(run, root, **axes):\n    return {0: axes}", "a list of records, came {0: {"),
    ],
}
