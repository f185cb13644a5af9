"""Right and wrong answers to sheet 10; the solutions themselves stand in the sheet."""

RIGHT = {
    "10.1": [
        'changes = ["W", "W", "WP", "none", "E", "F", "A"]\nleast, height = 0.45, 0.33',
        """
import math

changes = "w; w; pw; None; e; f; a".split("; ")
shares = [0.9 + 0.1 / 7] + 6 * [0.1 / 7]
least = math.fsum(-share * math.log(share) for share in shares)
height = (8 - 6) / (8 * 0.75)
""",
        """
weights, products = {"W"}, {"P"}
changes = (weights, weights, weights | products, set(), {"E"}, {"F"}, {"A"})
label = torch.tensor([3])
best = torch.full((1, 7), 0.1 / 7)
best[0, 3] = 0.9 + 0.1 / 7
least = torch.nn.functional.cross_entropy(best.log(), label, label_smoothing=0.1)
height = fc.Triangle(rise=0.25).multiplier(6 * 50, steps_an_epoch=50, epochs=8)
""",
        """
import numpy as np
from fractions import Fraction

changes = np.array(["W", "W", "W+P", "NONE", "E", "F", "A"])
logits = torch.zeros(1, 7, requires_grad=True)
target = 0.9 * torch.nn.functional.one_hot(torch.tensor([0]), 7) + 0.1 / 7
climb = torch.optim.LBFGS([logits], max_iter=100)

def loss():
    climb.zero_grad()
    value = -(target * logits.log_softmax(1)).sum()
    value.backward()
    return value

climb.step(loss)
least = loss().detach()
height = Fraction(1, 3)
""",
        """
import pandas as pd

changes = pd.Series(["W", "W", "WP", "", "E", "F", "A"], index=range(1, 8))
least = torch.distributions.Categorical(torch.tensor([0.9 + 0.1 / 7] + [0.1 / 7] * 6)).entropy().numpy()
height = torch.linspace(1, 0, 601)[400]
""",
    ],
    "10.2": [
        """
class Averaged:
    def __init__(self, model, keep):
        self.keep, self.total = keep, 0.0
        self.mean = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}

    def update(self, model):
        self.total = self.keep * self.total + 1
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.mean[name] += (value - self.mean[name]) / self.total
            else:
                self.mean[name].copy_(value)

    def state(self):
        return {name: value.clone() for name, value in self.mean.items()}
""",
        """
from collections import OrderedDict

class Averaged(nn.Module):
    def __init__(self, model, keep):
        super().__init__()
        self.keep, self.past = keep, []

    def update(self, model):
        self.past.append({name: value.clone() for name, value in model.state_dict().items()})

    def state(self):
        powers = [self.keep**age for age in reversed(range(len(self.past)))]
        found = OrderedDict(self.past[-1])
        for name, last in found.items():
            if torch.is_floating_point(last):
                parts = (power * state[name] for power, state in zip(powers, self.past))
                found[name] = sum(parts) / sum(powers)
            else:
                found[name] = last.clone()
        return found
""",
        """
import copy

class Averaged:
    def __init__(self, model, keep):
        self.twin, self.share = copy.deepcopy(model), 1 - keep
        self.left = 1.0
        for value in self.twin.state_dict().values():
            value.zero_()

    def update(self, model):
        self.left *= 1 - self.share
        ours = self.twin.state_dict()
        for name, value in model.state_dict().items():
            if value.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
                ours[name].mul_(1 - self.share).add_(value, alpha=self.share)
            else:
                ours[name].copy_(value)

    def state(self):
        corrected = {}
        for name, value in copy.deepcopy(self.twin.state_dict()).items():
            corrected[name] = value.div(1 - self.left) if value.is_floating_point() else value
        return corrected
""",
        """
import numpy as np

class Averaged:
    def __init__(self, model, keep):
        self.keep = keep
        self.sums = None
        self.weight = 0

    def update(self, model):
        arrays = {name: value.numpy().copy() for name, value in model.state_dict().items()}
        self.weight = self.keep * self.weight + 1
        if self.sums is None:
            self.sums = arrays
            return
        for name, array in arrays.items():
            is_real = np.issubdtype(array.dtype, np.floating)
            self.sums[name] = self.keep * self.sums[name] + array if is_real else array

    def state(self):
        return {
            name: torch.tensor(array / self.weight if array.dtype.kind == "f" else array, dtype=torch.tensor(array).dtype)
            for name, array in self.sums.items()
        }
""",
        """
from dataclasses import dataclass, field

@dataclass
class Averaged:
    model: nn.Module
    keep: float
    steps: int = 0
    kept: dict = field(default_factory=dict)

    def update(self, model):
        self.steps += 1
        share = (1 - self.keep) / (1 - self.keep**self.steps)  # of the newest; 1 in the first step
        with torch.no_grad():
            for name, new in model.state_dict().items():
                old = self.kept.get(name, new)
                self.kept[name] = old + share * (new - old) if new.is_floating_point() else new.detach().clone()

    def state(self):
        return {name: 1 * value for name, value in self.kept.items()}
""",
    ],
    "10.3": [
        """
def agreement(gradient, steps):
    return torch.nn.functional.cosine_similarity(gradient.flatten(), evened(gradient, steps).flatten(), dim=0)

gradient = 0.6 * torch.ones(32, 32, dtype=torch.float64) + 0.22 * torch.eye(32, dtype=torch.float64)
""",
        """
import numpy as np

def agreement(gradient, steps):
    one, other = gradient.numpy().ravel(), evened(gradient, steps).numpy().ravel()
    return one @ other / np.sqrt((one @ one) * (other @ other))

gradient = 0.5 + 0.2 * np.eye(32)
""",
        """
def agreement(gradient, steps):
    left, values, right = torch.linalg.svd(gradient / gradient.norm(), full_matrices=False)
    lifted = values
    for _ in range(steps):
        lifted = lifted * (3.4445 - 4.775 * lifted**2 + 2.0315 * lifted**4)
    return float((values * lifted).sum() / lifted.norm())

gradient = [[0.7 if row == column else 0.5 for column in range(32)] for row in range(32)]
""",
        """
def agreement(gradient, steps):
    unit = lambda matrix: matrix / torch.sqrt((matrix**2).sum())
    return torch.trace(unit(gradient).T @ unit(evened(gradient, steps)))

# a turned identity: the second half of the rows the other way round
turned = torch.eye(32)[torch.arange(31, -1, -1)]
gradient = 0.55 + 0.2 * turned
""",
        """
def agreement(gradient, steps):
    other = evened(gradient, steps)
    return 1 - ((gradient / gradient.norm() - other / other.norm()) ** 2).sum().item() / 2

generator = torch.Generator().manual_seed(1)
turned, _ = torch.linalg.qr(torch.randn(32, 32, generator=generator, dtype=torch.float64))
gradient = 0.75 + turned * (0.2 / turned.abs().max())
""",
    ],
    "10.4": [
        """
def price(widths, faces, sides, batch_size):
    return fc.training_flops(plain_network(widths), faces=faces, sides=sides)
""",
        """
from collections import Counter
from itertools import pairwise

def price(widths, faces, sides, batch_size):
    def forward(side):
        layers = enumerate(pairwise([1, *widths]))
        return 14 * widths[-1] + sum(18 * one * other * (side // 2**depth) ** 2 for depth, (one, other) in layers)

    return sum(3 * faces * epochs * forward(side) for side, epochs in Counter(sides).items())
""",
        """
def price(widths, faces, sides, batch_size):
    total = 0
    for side in sides:
        left = faces
        while left > 0:
            batch = min(left, batch_size)
            place, channels, products = side, 1, 0
            for filters in widths:
                products += 9 * channels * filters * place * place
                channels, place = filters, place // 2
            total += 6 * batch * (products + 7 * channels)
            left -= batch
    return total
""",
        """
import math
import numpy as np

def price(widths, faces, sides, batch_size):
    pairs = np.array([1, *widths[:-1]]) * np.array(widths)
    halvings = 2 ** np.arange(len(widths))
    places = (np.array(sides)[:, None] // halvings) ** 2
    forward = 18 * (places * pairs).sum(1) + 14 * widths[-1]
    batches = [batch_size] * (faces // batch_size) + [faces % batch_size]
    return (3 * sum(batches) * forward).sum()
""",
        """
def price(widths, faces, sides, batch_size):
    return float(sum(3 * faces * one_face(plain_network(widths), side) for side in sides))

def one_face(network, side):
    found, maps = 0, torch.zeros(1, 1, side, side)
    for layer in network:
        maps = layer(maps)
        if isinstance(layer, nn.Conv2d):
            found += 2 * layer.weight.numel() * maps.shape[2] * maps.shape[3]
        if isinstance(layer, nn.Linear):
            found += 2 * layer.weight.numel()
    return found
""",
    ],
}


def slipped(source, *pairs):
    """`source` with each first text of the pairs replaced by the second."""
    for right, wrong in pairs:
        assert source.count(right) == 1, right
        source = source.replace(right, wrong)
    return source


def changed(**letters):
    """A list for 10.1 in which ingredients, such as i1, have other letters."""
    right = ["W", "W", "WP", "none", "E", "F", "A"]
    for name, wrong in letters.items():
        right[int(name[1:]) - 1] = wrong
    return f"changes = {right}\nleast, height = 0.446, 1 / 3"


CHANGES = 'changes = ["W", "W", "WP", "none", "E", "F", "A"]\n'

AVERAGED = """
class Averaged:
    def __init__(self, model, keep):
        self.keep, self.steps, self.sums = keep, 0, {}

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.sums[name] = torch.lerp(self.sums.get(name, torch.zeros_like(value)), value, 1 - self.keep)
            else:
                self.sums[name] = value.clone()

    def state(self):
        share = 1 - self.keep**self.steps
        return {name: sums / share if sums.is_floating_point() else sums.clone() for name, sums in self.sums.items()}
"""
LERP = "torch.lerp(self.sums.get(name, torch.zeros_like(value)), value, 1 - self.keep)"
GIVEN = "sums / share if sums.is_floating_point() else sums.clone()"

AGREEMENT = """
def agreement(gradient, steps):
    other = evened(gradient, steps)
    return ((gradient * other).sum() / (gradient.norm() * other.norm())).item()

gradient = torch.full((32, 32), 0.5, dtype=torch.float64) + 0.2 * torch.eye(32, dtype=torch.float64)
"""
COSINE = "(gradient * other).sum() / (gradient.norm() * other.norm())"
MATRIX = "torch.full((32, 32), 0.5, dtype=torch.float64) + 0.2 * torch.eye(32, dtype=torch.float64)"

PRICE = """
def price(widths, faces, sides, batch_size):
    total = 0
    for places in sides:
        inputs = 1
        for outputs in widths:
            total += 2 * 9 * inputs * outputs * places**2
            inputs, places = outputs, places // 2
        total += 2 * inputs * 7
    return 3 * faces * total
"""
SCALED = """
def price(widths, faces, sides, batch_size):
    forward, places, inputs = 0, 48, 1
    for outputs in widths:
        forward += 2 * 9 * inputs * outputs * places**2
        inputs, places = outputs, places // 2
    forward += 2 * inputs * 7
    return sum(3 * faces * forward * {how} for side in sides)
"""

WRONG = {
    "10.1": {
        "the stem saves products": changed(i1="WP"),
        "the stem costs nothing": changed(i1="none"),
        "the stem changes products alone": changed(i1="P"),
        "batch norm has products": changed(i2="WP"),
        "batch norm has no weights": changed(i2="none"),
        "batch norm answers with averages": changed(i2="WA"),
        "pools have no weights, so none are gone": changed(i3="P"),
        "the linear layers had no products": changed(i3="W"),
        "Muon multiplies matrices": changed(i4="P"),
        "Muon answers with averages": changed(i4="A"),
        "Muon changes the least loss": changed(i4="F"),
        "a triangle changes nothing": changed(i5="none"),
        "a triangle reaches a lower loss": changed(i5="EF"),
        "smoothing changes nothing": changed(i6="none"),
        "smoothing has to know the end": changed(i6="FE"),
        "averages know the end": changed(i7="AE"),
        "averages are more weights to train": changed(i7="WA"),
        "six": 'changes = ["W", "W", "WP", "none", "E", "F"]\nleast, height = 0.446, 1 / 3',
        "a letter that is none": changed(i4="M"),
        "numbers": "changes = [1, 1, 2, 0, 1, 1, 1]\nleast, height = 0.446, 1 / 3",
        "the label's part alone": f"{CHANGES}least, height = 0.0819, 1 / 3",
        "the label's logarithm": f"{CHANGES}least, height = 0.0896, 1 / 3",
        "to the base 2": f"{CHANGES}least, height = 0.6436, 1 / 3",
        "spread over the six others": f"{CHANGES}least, height = 0.504, 1 / 3",
        "no floor": f"{CHANGES}least, height = 0.0, 1 / 3",
        "the share itself": f"{CHANGES}least, height = 0.1, 1 / 3",
        "the rate falls from the beginning": f"{CHANGES}least, height = 0.446, 0.25",
        "what is done": f"{CHANGES}least, height = 0.446, 0.75",
        "what of the fall is over": f"{CHANGES}least, height = 0.446, 2 / 3",
        "in percent": f"{CHANGES}least, height = 0.446, 33.3",
        "half done": f"{CHANGES}least, height = None, None",
    },
    "10.2": {
        "not corrected": slipped(AVERAGED, (GIVEN, "sums.clone()")),
        "begins with the random weights": """
class Averaged:
    def __init__(self, model, keep):
        self.keep = keep
        self.mean = {name: value.clone() for name, value in model.state_dict().items()}

    def update(self, model):
        for name, value in model.state_dict().items():
            self.mean[name] = torch.lerp(self.mean[name], value, 1 - self.keep) if value.is_floating_point() else value.clone()

    def state(self):
        return {name: value.clone() for name, value in self.mean.items()}
""",
        "begins with the random weights, and is corrected": slipped(
            AVERAGED,
            (
                "self.keep, self.steps, self.sums = keep, 0, {}",
                "self.keep, self.steps = keep, 0\n        self.sums = {name: value.clone() for name, value in model.state_dict().items()}",
            ),
        ),
        "begins with the first step": slipped(
            AVERAGED,
            ("self.sums.get(name, torch.zeros_like(value))", "self.sums.get(name, value)"),
            (GIVEN, "sums.clone()"),
        ),
        "torch's own": """
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

class Averaged:
    def __init__(self, model, keep):
        self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(keep), use_buffers=True)

    def update(self, model):
        self.average.update_parameters(model)

    def state(self):
        return {name: value.clone() for name, value in self.average.module.state_dict().items()}
""",
        "the mean of all steps": slipped(
            AVERAGED, (LERP, "self.sums.get(name, 0) + value"), ("1 - self.keep**self.steps", "self.steps")
        ),
        "the last weights": slipped(AVERAGED, (LERP, "value.clone()"), (GIVEN, "sums.clone()")),
        "keep the wrong way round": slipped(
            AVERAGED,
            ("value, 1 - self.keep)", "value, self.keep)"),
            ("1 - self.keep**self.steps", "1 - (1 - self.keep)**self.steps"),
        ),
        "one step too few in the correction": slipped(
            AVERAGED, ("1 - self.keep**self.steps", "1 - self.keep**max(1, self.steps - 1)")
        ),
        "one step too many in the correction": slipped(
            AVERAGED, ("1 - self.keep**self.steps", "1 - self.keep**(self.steps + 1)")
        ),
        "corrected by keep times the steps": slipped(
            AVERAGED, ("1 - self.keep**self.steps", "(1 - self.keep) * self.steps")
        ),
        "corrected in place": slipped(
            AVERAGED,
            (
                f"return {{name: {GIVEN} for name, sums in self.sums.items()}}",
                "self.sums = {name: sums / share if sums.is_floating_point() else sums for name, sums in self.sums.items()}\n        return self.sums",
            ),
        ),
        "weights alone, without the buffers": slipped(
            AVERAGED,
            ("model.state_dict().items()", "model.named_parameters()"),
            ("= value.clone()", "= value.detach().clone()"),
        ),
        "buffers as they came": slipped(
            AVERAGED,
            ("if value.is_floating_point():", "if value.is_floating_point() and 'running' not in name:"),
            (GIVEN, "sums / share if sums.is_floating_point() and 'running' not in name else sums.clone()"),
        ),
        "counters averaged as well": slipped(
            AVERAGED,
            ("if value.is_floating_point():", "if True:"),
            (LERP, "self.sums.get(name, 0) * self.keep + value * (1 - self.keep)"),
            (GIVEN, "(sums / share).to(torch.int64 if 'num' in name else sums.dtype)"),
        ),
        "counters from before the first step": slipped(
            AVERAGED,
            (
                "                self.sums[name] = value.clone()",
                "                self.sums.setdefault(name, value.clone())",
            ),
        ),
        "counters left out": slipped(
            AVERAGED, ("            else:\n                self.sums[name] = value.clone()\n", "")
        ),
        "a counter that is the model's": slipped(
            AVERAGED, ("= value.clone()", "= value"), ("else sums.clone()", "else sums")
        ),
        "always numbers of 32 bits": slipped(
            AVERAGED, (GIVEN, "sums.float() / share if sums.is_floating_point() else sums.clone()")
        ),
        "rounded to 32 bits on the way": slipped(
            AVERAGED,
            (
                LERP,
                "torch.lerp(self.sums.get(name, torch.zeros_like(value)).float(), value.float(), 1 - self.keep).to(value.dtype)",
            ),
        ),
        "the average is loaded into the model": slipped(
            AVERAGED, ("    def state(self):", "        model.load_state_dict(self.state())\n\n    def state(self):")
        ),
        "the model is frozen": slipped(
            AVERAGED, ("        self.steps += 1", "        self.steps += 1\n        model.requires_grad_(False)")
        ),
        "one dict that is overwritten": """
class Averaged:
    def __init__(self, model, keep):
        self.keep, self.total = keep, 0.0
        self.mean = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}

    def update(self, model):
        self.total = self.keep * self.total + 1
        for name, value in model.state_dict().items():
            self.mean[name] += (value - self.mean[name]) / self.total if value.is_floating_point() else value - self.mean[name]

    def state(self):
        return dict(self.mean)
""",
        "the model's own tensors": """
class Averaged:
    def __init__(self, model, keep):
        pass

    def update(self, model):
        self.model = model

    def state(self):
        return self.model.state_dict()
""",
        "state() returns nothing": slipped(AVERAGED, ("return {name: " + GIVEN, "_ = {name: " + GIVEN)),
        "state() is missing": AVERAGED[: AVERAGED.index("    def state")],
        "two steps counted": slipped(AVERAGED, ("self.steps += 1", "self.steps += 2")),
    },
    "10.3": {
        "no lengths": slipped(AGREEMENT, (COSINE, "(gradient * other).sum()")),
        "the gradient's length alone": slipped(
            AGREEMENT, (" / (gradient.norm() * other.norm())", " / gradient.norm()")
        ),
        "the evened length alone": slipped(AGREEMENT, (" / (gradient.norm() * other.norm())", " / other.norm()")),
        "divided by one and multiplied by the other": slipped(
            AGREEMENT, ("(gradient.norm() * other.norm())", "gradient.norm() * other.norm()")
        ),
        "row by row": slipped(
            AGREEMENT, (f"({COSINE})", "torch.nn.functional.cosine_similarity(gradient, other, dim=1).mean()")
        ),
        "column by column": slipped(
            AGREEMENT, (f"({COSINE})", "torch.nn.functional.cosine_similarity(gradient, other, dim=0).mean()")
        ),
        "the angle": slipped(AGREEMENT, (f"({COSINE})", f"torch.arccos({COSINE})")),
        "how far apart": slipped(AGREEMENT, (f"({COSINE})", f"(1 - {COSINE})")),
        "the size of the cosine's square": slipped(AGREEMENT, (f"({COSINE})", f"(({COSINE}) ** 2)")),
        "always four steps": slipped(AGREEMENT, ("evened(gradient, steps)", "evened(gradient)")),
        "one step too many": slipped(AGREEMENT, ("evened(gradient, steps)", "evened(gradient, steps + 1)")),
        "perfect evening": slipped(
            AGREEMENT,
            (
                "evened(gradient, steps)",
                "(lambda left, _, right: left @ right)(*torch.linalg.svd(gradient, full_matrices=False))",
            ),
        ),
        "with the sign, as Adam goes": slipped(AGREEMENT, ("evened(gradient, steps)", "gradient.sign()")),
        "spectral norms": slipped(
            AGREEMENT,
            (
                "(gradient.norm() * other.norm())",
                "(torch.linalg.matrix_norm(gradient, 2) * torch.linalg.matrix_norm(other, 2))",
            ),
        ),
        "the largest numbers": slipped(
            AGREEMENT, ("(gradient.norm() * other.norm())", "(gradient.abs().max() * other.abs().max())")
        ),
        "the trace without turning": slipped(AGREEMENT, ("(gradient * other).sum()", "(gradient @ other.T).sum()")),
        "the mean of the products": slipped(AGREEMENT, ("(gradient * other).sum()", "(gradient * other).mean()")),
        "all numbers equal": slipped(AGREEMENT, (MATRIX, "torch.full((32, 32), 0.7)")),
        "random numbers": slipped(
            AGREEMENT, (MATRIX, "0.5 + 0.5 * torch.rand(32, 32, generator=torch.Generator().manual_seed(0))")
        ),
        "too little on the diagonal": slipped(AGREEMENT, (MATRIX, "0.5 + 0.03 * torch.eye(32)")),
        "too much on the diagonal": slipped(AGREEMENT, (MATRIX, "0.5 + 0.5 * torch.eye(32)")),
        "the identity": slipped(AGREEMENT, (MATRIX, "torch.eye(32)")),
        "small numbers outside of the bounds": slipped(AGREEMENT, (MATRIX, "0.05 + 0.02 * torch.eye(32)")),
        "minus on the diagonal": slipped(AGREEMENT, (MATRIX, "0.5 - 0.2 * torch.eye(32)")),
        "a smaller matrix": slipped(AGREEMENT, (MATRIX, "0.5 + 0.2 * torch.eye(16)")),
        "a vector": slipped(AGREEMENT, (MATRIX, "torch.full((1024,), 0.5)")),
        "two blocks": slipped(AGREEMENT, (MATRIX, "0.5 + 0.5 * torch.kron(torch.eye(2), torch.ones(16, 16))")),
        "not a number": slipped(AGREEMENT, (MATRIX, "torch.full((32, 32), float('nan'))")),
        "no matrix": slipped(AGREEMENT, (MATRIX, "None")),
    },
    "10.4": {
        "as the colleague has it": "price = priced",
        "the side squared, of the whole": SCALED.format(how="side**2 // 48**2"),
        "the side squared first": SCALED.format(how="(side / 48) ** 2"),
        "the last batch alone is mended": SCALED.format(how="side // 48"),
        "the side alone is mended": slipped(PRICE, ("3 * faces", "3 * (faces // batch_size * batch_size)")),
        "the last batch as if it were full": slipped(
            PRICE, ("3 * faces", "3 * (-(-faces // batch_size) * batch_size)")
        ),
        "one batch more in any case": slipped(PRICE, ("3 * faces", "3 * (faces // batch_size + 1) * batch_size")),
        "batches for faces": slipped(PRICE, ("3 * faces", "3 * (faces // batch_size)")),
        "forward alone": slipped(PRICE, ("3 * faces", "faces")),
        "the way back as once": slipped(PRICE, ("3 * faces", "2 * faces")),
        "products for operations": slipped(PRICE, ("2 * 9 *", "9 *"), ("2 * inputs * 7", "inputs * 7")),
        "no linear layer": slipped(PRICE, ("        total += 2 * inputs * 7\n", "")),
        "the linear layer once, not for each epoch": slipped(
            PRICE, ("        total += 2 * inputs * 7\n", ""), ("return", "total += 2 * widths[-1] * 7\n    return")
        ),
        "the linear layer for each place": slipped(PRICE, ("2 * inputs * 7", "2 * inputs * 7 * places**2")),
        "sides that are not halved": slipped(PRICE, ("inputs, places = outputs, places // 2", "inputs = outputs")),
        "halved before the convolution": slipped(
            PRICE,
            ("            total += 2", "            places //= 2\n            total += 2"),
            ("inputs, places = outputs, places // 2", "inputs = outputs"),
        ),
        "pools that round up": slipped(PRICE, ("places // 2", "(places + 1) // 2")),
        "sides with half a pixel": slipped(PRICE, ("places // 2", "places / 2")),
        "the side is not squared": slipped(PRICE, ("places**2", "places")),
        "the channels stay": slipped(
            PRICE, ("        inputs = 1\n", ""), ("    total = 0", "    total, inputs = 0, 1")
        ),
        "the first side for all epochs": slipped(PRICE, ("in sides", "in sides[:1] * len(sides)")),
        "48 pixels for all epochs": slipped(PRICE, ("in sides", "in [48] * len(sides)")),
        "each side once": slipped(PRICE, ("in sides", "in set(sides)")),
        "the mean side": slipped(PRICE, ("in sides", "in [sum(sides) // len(sides)] * len(sides)")),
        "no padding": slipped(PRICE, ("places**2", "(places - 2)**2")),
        "biases counted": slipped(
            PRICE, ("2 * 9 * inputs * outputs * places**2", "(2 * 9 * inputs + 1) * outputs * places**2")
        ),
        "in TFLOP": slipped(PRICE, ("3 * faces * total", "3 * faces * total / 1e12")),
        "nothing returned": slipped(PRICE, ("return 3 * faces * total", "total = 3 * faces * total")),
    },
}
