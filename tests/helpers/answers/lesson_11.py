"""Right and wrong answers to sheet 11; the solutions themselves stand in the sheet."""

HOOKED = """
def at_layer(model, layer, images, codes):
    kept = {}
    modes = [(part, part.training) for part in model.modules()]
    model.eval()

    def keep(layer, inputs, output):
        kept["maps"] = output
        return output.clone()

    handle = layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            logits = model(images.clone().requires_grad_())
    finally:
        handle.remove()
        for part, mode in modes:
            part.training = mode
    (gradient,) = torch.autograd.grad(logits[torch.arange(len(codes)), codes].sum(), kept["maps"])
    return kept["maps"].detach(), gradient
"""

WHOLE = """
def int8(weights):
    largest = np.abs(weights).max(axis=tuple(range(1, weights.ndim)), keepdims=True)
    scales = np.where(largest > 0, largest, 1) / 127
    return np.rint(weights / scales).astype(np.int8), scales
"""

COUNTED = """
def what_changed(y_true, before, after):
    was, is_now = before == y_true, after == y_true
    lost, won = int((was & ~is_now).sum()), int((~was & is_now).sum())
    ways = sum(math.comb(lost + won, heads) for heads in range(min(lost, won) + 1))
    p = min(1, 2 * ways / 2 ** (lost + won))
    return {"changed": int((before != after).sum()), "lost": lost, "won": won, "p": p}
"""


def slipped(source, *changes):
    """`source` with each (old, new) exchanged; each old one stands in it."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


RIGHT = {
    "11.1": [
        'true, covered, products = "eba", 49.0, np.int64(8)',
        'true = ["A", "B", "E"]\ncovered = ((48 - 12) // 6 + 1) ** 2\nproducts = 32767 // (255 * (2**4 - 1))',
        'true = {"E", "B", "A"}\ncovered = len(range(0, 48 - 12 + 1, 6)) ** 2\nproducts = torch.tensor(8)',
        'true = "A, B, E"\ncovered, products = np.array(49), 8.0',
    ],
    "11.2": [
        HOOKED,
        '''
class Listening:
    """A hook for as long as a block lasts; every mode is put back behind it."""

    def __init__(self, model, layer):
        self.model, self.modes = model, {name: part.training for name, part in model.named_modules()}
        self.handle = layer.register_forward_hook(self.keep)

    def keep(self, layer, inputs, output):
        self.maps = output.detach().clone()
        self.graph = output.detach().requires_grad_()
        return self.graph * 1

    def __enter__(self):
        self.model.eval()
        return self

    def __exit__(self, *error):
        self.handle.remove()
        for name, part in self.model.named_modules():
            part.training = self.modes[name]

def at_layer(model, layer, images, codes):
    with Listening(model, layer) as heard:
        logits = model(images)
    one_hot = nn.functional.one_hot(codes, logits.shape[1]).to(logits)
    return heard.maps, torch.autograd.grad((logits * one_hot).sum(), heard.graph)[0]
''',
        """
def at_layer(model, layer, images, codes):
    import copy  # of the whole network: nothing of the real one can change

    place = list(model.modules()).index(layer)
    twin = copy.deepcopy(model).eval().requires_grad_(True)
    kept = []

    def keep(_, inputs, output):
        kept.append(output)
        output.retain_grad()
        return output.clone()

    list(twin.modules())[place].register_forward_hook(keep)
    logits = twin(images.clone())
    sum(row[code] for row, code in zip(logits, codes)).backward()
    return [kept[0].detach(), kept[0].grad]
""",
        """
def at_layer(model, layer, images, codes):
    training = [part for part in model.modules() if part.training]
    kept = {}

    def before(layer, inputs):
        # an in-place layer writes over what it was given, so give it a copy
        return tuple(each.clone() for each in inputs)

    def after(layer, inputs, output):
        kept["it"] = output.clone()
        return kept["it"].clone()

    handles = [layer.register_forward_pre_hook(before), layer.register_forward_hook(after)]
    try:
        model.eval()
        logits = model(images.detach().clone().requires_grad_(True))
        gradient = torch.autograd.grad(logits.gather(1, codes.view(-1, 1)).sum(), [kept["it"]])[0]
    finally:
        for handle in handles:
            handle.remove()
        for part in training:
            part.training = True
    return kept["it"].detach(), gradient
""",
    ],
    "11.3": [
        """
weights = [[0] * 6 for _ in range(6)]
weights[5][5] = 3
face = [[0] * 6 for _ in range(6)]
face[2][2] = 0.8
""",
        """
weights = np.ones((6, 6))
weights[:, 0] = 0
weights[3, 3] = 9.5
face = np.full((6, 6), 0.05)
face[:, 0] = 1.0
""",
        """
generator = np.random.default_rng(3)
face = generator.uniform(0, 0.5, (6, 6))
face[1, 4], face[4, 1] = 0.9, 0.01
weights = generator.uniform(-0.1, 0.1, (6, 6))
weights[1, 4], weights[4, 1] = 0, 10
""",
        """
weights = torch.zeros(6, 6)
weights[0] = torch.tensor([10, 10, 10, 10, 10, 0.0])
face = torch.zeros(6, 6)
face[0, 5] = 1
""",
    ],
    "11.4": [
        WHOLE,
        """
def int8(weights):
    numbers = np.zeros(weights.shape, np.int8)
    scales = np.ones((len(weights),) + (1,) * (weights.ndim - 1))
    for place, kernel in enumerate(weights):
        largest = max(kernel.max(), -kernel.min())
        if largest:
            scales[place] = largest / 127
            numbers[place] = np.round(kernel / scales[place])
    return numbers, scales
""",
        """
def int8(weights):
    flat = weights.reshape(len(weights), -1)
    scales = np.maximum(np.linalg.norm(flat, np.inf, axis=1) if flat.ndim == 1 else np.abs(flat).max(1), 1e-12) / 127
    numbers = np.clip(np.floor(flat / scales[:, None] + 0.5), -127, 127)
    return numbers.astype("int8").reshape(weights.shape), scales.reshape(-1, *[1] * (weights.ndim - 1))
""",
        """
def int8(weights):
    tensor = torch.from_numpy(weights)
    scales = tensor.abs().amax(tuple(range(1, tensor.dim())), keepdim=True) / 127
    scales[scales == 0] = 1
    return (tensor / scales).round().to(torch.int8), scales
""",
    ],
    "11.5": [
        COUNTED,
        """
from scipy.stats import binomtest

def what_changed(y_true, before, after):
    lost = np.count_nonzero((before == y_true) > (after == y_true))
    won = np.count_nonzero((before == y_true) < (after == y_true))
    p = binomtest(lost, lost + won, 0.5).pvalue if lost + won > 0 else 1.0
    return dict(changed=np.count_nonzero(before != after), lost=lost, won=won, p=p)
""",
        """
import pandas as pd
from scipy.stats import binom

def what_changed(y_true, before, after):
    table = pd.crosstab(before == y_true, after == y_true).reindex([False, True]).reindex([False, True], axis=1).fillna(0)
    lost, won = int(table.loc[True, False]), int(table.loc[False, True])
    p = 2 * binom.cdf(min(lost, won), lost + won, 0.5)
    return pd.Series({"changed": (before != after).sum(), "lost": lost, "won": won, "p": min(p, 1.0)})
""",
        """
from fractions import Fraction

def what_changed(y_true, before, after):
    lost = won = changed = 0
    for label, one, other in zip(y_true.tolist(), before.tolist(), after.tolist()):
        changed += one != other
        lost += one == label != other
        won += one != label == other
    n = lost + won
    uneven = abs(lost - won)
    ways = sum(math.comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= uneven)
    return {"p": Fraction(ways, 2**n), "won": won, "lost": lost, "changed": changed}
""",
    ],
}

WRONG = {
    "11.1": {
        "what passes is right": 'true, covered, products = "ABCE", 49, 8',
        "the export complains": 'true, covered, products = "ABDE", 49, 8',
        "as accurate is the same": 'true, covered, products = "ABEF", 49, 8',
        "only what is kept counts": 'true, covered, products = "ABEG", 49, 8',
        "hooks go by themselves": 'true, covered, products = "BE", 49, 8',
        "the sum mixes faces": 'true, covered, products = "AE", 49, 8',
        "other scales, other numbers": 'true, covered, products = "AB", 49, 8',
        "along one side": 'true, covered, products = "ABE", 7, 8',
        "steps without the first": 'true, covered, products = "ABE", 36, 8',
        "squares over the edge": 'true, covered, products = "ABE", 64, 8',
        "the whole face too": 'true, covered, products = "ABE", 50, 8',
        "no sign": 'true, covered, products = "ABE", 49, 4',
        "seven bits": 'true, covered, products = "ABE", 49, 2',
        "sixteen": 'true, covered, products = "ABE", 49, 8.03',
        "a letter that is none": 'true, covered, products = "ABEH", 49, 8',
        "a list of bools": "true, covered, products = [True, True, False, False, True, False, False], 49, 8",
    },
    "11.2": {
        "keeps what is written over": slipped(HOOKED, ("        return output.clone()\n", "")),
        "keeps a copy, and takes the gradient behind the ReLU": slipped(
            HOOKED,
            (
                'kept["maps"] = output\n        return output.clone()',
                'kept["maps"], kept["copy"] = output, output.clone()',
            ),
            ('return kept["maps"].detach()', 'return kept["copy"].detach()'),
        ),
        "the hook stays": slipped(HOOKED, ("        handle.remove()\n", "")),
        "the hook stays after an error": slipped(
            HOOKED,
            ("        handle.remove()\n        for", "        for"),
            ("    (gradient,)", "    handle.remove()\n    (gradient,)"),
        ),
        "stays in evaluation": slipped(HOOKED, ("            part.training = mode\n", "            pass\n")),
        "stays in evaluation after an error": """
def at_layer(model, layer, images, codes):
    kept, modes = {}, [(part, part.training) for part in model.modules()]

    def keep(layer, inputs, output):
        kept["maps"] = output
        return output.clone()

    handle = layer.register_forward_hook(keep)
    try:
        logits = model.eval()(images.clone().requires_grad_())
    finally:
        handle.remove()
    for part, mode in modes:
        part.training = mode
    return kept["maps"].detach(), torch.autograd.grad(logits.gather(1, codes[:, None]).sum(), kept["maps"])[0]
""",
        "all layers in training afterwards": slipped(
            HOOKED, ("            part.training = mode\n", "            model.train()\n")
        ),
        "the mode of the whole alone": slipped(
            HOOKED,
            ("    modes = [(part, part.training) for part in model.modules()]\n", "    was = model.training\n"),
            ("        for part, mode in modes:\n            part.training = mode\n", "        model.train(was)\n"),
        ),
        "asks in training mode": slipped(HOOKED, ("    model.eval()\n", "")),
        "backward": slipped(
            HOOKED,
            ('kept["maps"] = output', 'kept["maps"] = output\n        output.retain_grad()'),
            (
                '(gradient,) = torch.autograd.grad(logits[torch.arange(len(codes)), codes].sum(), kept["maps"])',
                'logits[torch.arange(len(codes)), codes].sum().backward()\n    gradient = kept["maps"].grad',
            ),
        ),
        "clears the gradients": slipped(HOOKED, ("    model.eval()\n", "    model.eval()\n    model.zero_grad()\n")),
        "frozen weights are forgotten": slipped(HOOKED, ("images.clone().requires_grad_()", "images")),
        "thaws the weights": slipped(
            HOOKED,
            ("images.clone().requires_grad_()", "images"),
            ("    model.eval()\n", "    model.eval().requires_grad_()\n"),
        ),
        "the images take gradients from then on": slipped(
            HOOKED, ("images.clone().requires_grad_()", "images.requires_grad_()")
        ),
        "the mean of the faces": slipped(HOOKED, ("codes].sum()", "codes].mean()")),
        "all emotions": slipped(HOOKED, ("logits[torch.arange(len(codes)), codes].sum()", "logits.sum()")),
        "its own answer": slipped(
            HOOKED, ("logits[torch.arange(len(codes)), codes].sum()", "logits.max(1).values.sum()")
        ),
        "probabilities": slipped(HOOKED, ("logits[torch.arange", "logits.softmax(1)[torch.arange")),
        "the loss": slipped(
            HOOKED,
            (
                "logits[torch.arange(len(codes)), codes].sum()",
                'nn.functional.cross_entropy(logits, codes, reduction="sum")',
            ),
        ),
        "the weights of Grad-CAM": slipped(
            HOOKED, (".detach(), gradient", ".detach(), gradient.mean((2, 3), keepdim=True)")
        ),
        "the pair turned round": slipped(
            HOOKED, ('return kept["maps"].detach(), gradient', 'return gradient, kept["maps"].detach()')
        ),
        "what went in": slipped(HOOKED, ('kept["maps"] = output\n', 'kept["maps"] = inputs[0]\n')),
        "swallows the error": slipped(
            HOOKED, ("    finally:", "    except RuntimeError:\n        return None\n    finally:")
        ),
        "the gradient alone": slipped(HOOKED, ('return kept["maps"].detach(), gradient', "return gradient")),
    },
    "11.3": {
        "one weight for all": "weights = np.full((6, 6), 1)\nface = np.zeros((6, 6))\nface[0, 0] = 1",
        "nothing is marked": "weights = np.zeros((6, 6))\nweights[0, 0] = -10\nface = np.zeros((6, 6))\nface[3, 3] = 1",
        "nothing at all": "weights = np.zeros((6, 6))\nface = np.zeros((6, 6))",
        "the mouth is the brightest": "weights = np.zeros((6, 6))\nweights[4, 2] = 10\nface = np.zeros((6, 6))\nface[4, 2] = 1",
        "already grey": """
weights = np.ones((6, 6))
weights[4, 2] = 10
face = np.zeros((6, 6))
face[0, 0] = 0.5
""",
        "a face of one grey": "weights = np.zeros((6, 6))\nweights[4, 2] = 10\nface = np.full((6, 6), 0.8)",
        "nothing is missed": "weights = np.zeros((6, 6))\nweights[4, 2] = 1.5\nface = np.zeros((6, 6))\nface[0, 0] = 1",
        "the missed place is marked": """
weights = np.zeros((6, 6))
weights[4, 2] = 10
face = np.zeros((6, 6))
face[0, 0], face[4, 2] = 1, 0.25
""",
        "weights out of bounds": "weights = np.zeros((6, 6))\nweights[4, 2] = 100\nface = np.zeros((6, 6))\nface[0, 0] = 1",
        "a face of pixels": "weights = np.zeros((6, 6))\nweights[4, 2] = 10\nface = np.zeros((6, 6))\nface[0, 0] = 255",
        "another size": "weights = np.zeros((4, 4))\nweights[3, 2] = 10\nface = np.zeros((4, 4))\nface[0, 0] = 1",
        "flat": "weights = np.zeros(36)\nweights[20] = 10\nface = np.zeros(36)\nface[0] = 1",
        "a second bright place that counts": """
weights = np.zeros((6, 6))
weights[4, 2], weights[5, 5] = 10, 2
face = np.zeros((6, 6))
face[0, 0] = face[5, 5] = 1
""",
    },
    "11.4": {
        "as it was": "int8 = broken_int8",
        "the channels' axis": slipped(WHOLE, ("tuple(range(1, weights.ndim))", "(0, *range(2, weights.ndim))")),
        "one scale": slipped(WHOLE, ("tuple(range(1, weights.ndim))", "None")),
        "a scale for each kernel": slipped(
            WHOLE, ("tuple(range(1, weights.ndim))", "tuple(range(2, weights.ndim)) or 1")
        ),
        "four axes only": slipped(WHOLE, ("tuple(range(1, weights.ndim))", "(1, 2, 3)")),
        "a 128th": slipped(
            WHOLE, ("/ 127", "/ 128"), ("np.rint(weights / scales)", "np.rint(weights / scales).clip(-127, 127)")
        ),
        "a 255th": slipped(WHOLE, ("/ 127", "/ 127.5")),
        "cut off": slipped(WHOLE, ("np.rint(weights / scales)", "(weights / scales)")),
        "rounded down": slipped(WHOLE, ("np.rint(", "np.floor(")),
        "half is added to all": slipped(WHOLE, ("np.rint(weights / scales)", "(weights / scales + 0.5)")),
        "the largest without the negative ones": slipped(
            WHOLE,
            ("np.abs(weights).max", "weights.max"),
            ("np.rint(weights / scales)", "np.rint(weights / scales).clip(-127, 127)"),
        ),
        "a filter of zeros": slipped(
            WHOLE,
            ("np.where(largest > 0, largest, 1)", "largest"),
            ("np.rint(weights / scales)", "np.nan_to_num(np.rint(weights / scales))"),
        ),
        "numbers of 64 bits": slipped(WHOLE, (".astype(np.int8)", "")),
        "scales without axes": slipped(WHOLE, ("np.int8), scales", "np.int8), scales.ravel()")),
        "the weights again": slipped(
            WHOLE, ("np.rint(weights / scales).astype(np.int8), scales", "np.rint(weights / scales) * scales")
        ),
        "from 0 to 255": slipped(
            WHOLE, ("np.rint(weights / scales).astype(np.int8)", "(np.rint(weights / scales) + 128).astype(np.uint8)")
        ),
        "divides where it lies": slipped(
            WHOLE, ("    return np.rint(weights / scales)", "    weights /= scales\n    return np.rint(weights)")
        ),
    },
    "11.5": {
        "wrong to wrong is forgotten": slipped(COUNTED, ("int((before != after).sum())", "lost + won")),
        "the difference of the accuracies": slipped(COUNTED, ("int((before != after).sum())", "abs(lost - won)")),
        "the other way round": slipped(COUNTED, ('"lost": lost, "won": won', '"lost": won, "won": lost')),
        "all that are wrong afterwards": slipped(COUNTED, ("(was & ~is_now)", "(~is_now)")),
        "one side": slipped(COUNTED, ("2 * ways /", "ways /")),
        "more than 1": slipped(COUNTED, ("min(1, 2 * ways / 2 ** (lost + won))", "2 * ways / 2 ** (lost + won)")),
        "without the split itself": slipped(COUNTED, ("min(lost, won) + 1", "min(lost, won)")),
        "the lost, even if they are more": slipped(COUNTED, ("range(min(lost, won) + 1)", "range(lost + 1)")),
        "the changed ones are tossed": slipped(
            COUNTED,
            ("    ways =", "    n = int((before != after).sum())\n    ways ="),
            ("math.comb(lost + won,", "math.comb(n,"),
            ("2 ** (lost + won)", "2**n"),
        ),
        "all faces are tossed": slipped(
            COUNTED, ("math.comb(lost + won,", "math.comb(len(before),"), ("2 ** (lost + won)", "2 ** len(before)")
        ),
        "chi squared": slipped(
            COUNTED,
            (
                "    p = min(1, 2 * ways / 2 ** (lost + won))",
                "    from scipy.stats import chi2\n\n    p = chi2.sf((lost - won) ** 2 / max(lost + won, 1), 1)",
            ),
        ),
        "a float that overflows": slipped(COUNTED, ("2 * ways / 2 ** (lost + won)", "2 * ways / 2.0 ** (lost + won)")),
        "nothing lost or won": slipped(
            COUNTED,
            (
                "    p = min(1, 2 * ways / 2 ** (lost + won))",
                "    p = min(1, 2 * ways / 2 ** (lost + won)) if lost + won else 0.0",
            ),
        ),
        "unpaired": slipped(
            COUNTED,
            (
                "    p = min(1, 2 * ways / 2 ** (lost + won))",
                "    from scipy.stats import fisher_exact\n\n    n = len(before)\n    p = fisher_exact([[was.sum(), n - was.sum()], [is_now.sum(), n - is_now.sum()]])[1]",
            ),
        ),
        "shares": slipped(COUNTED, ("int((before != after).sum())", "float((before != after).mean())")),
        "other names": slipped(COUNTED, ('"changed"', '"other answers"')),
    },
}
