"""Answers to the exercises of lesson 03: right ones that differ from the solution, and plausible wrong ones."""

RIGHT = {
    "03.1": [
        "side, numbers = 24, 4608",
        "import numpy as np\nside, numbers = np.int64(24), np.prod([128, 6, 6])",
        "side, numbers = nn.Conv2d(1, 1, 5, 2, 2)(torch.zeros(1, 1, 48, 48)).shape[-1], torch.tensor([4608.0])",
        "from fractions import Fraction\nside, numbers = Fraction(48, 2), float(128 * 6 * 6)",
    ],
    "03.2": [
        """
def conv_output_side(side, kernel, padding, stride):
    padded = side + padding + padding
    places = len(range(0, padded - kernel + 1, stride))
    if places == 0:
        raise ValueError("the kernel does not fit")
    return places
""",
        """
import math

def conv_output_side(side, kernel, padding, stride):
    if kernel > side + 2 * padding:
        raise ValueError
    return math.floor((side + 2 * padding - (kernel - 1) - 1) / stride + 1)
""",
        """
import numpy as np

def conv_output_side(side, kernel, padding, stride):
    if (room := side + 2 * padding - kernel) < 0:
        raise ValueError
    return np.floor_divide(room, stride) + np.int64(1)
""",
        """
class DoesNotFit(ValueError):
    pass

def conv_output_side(side, kernel, padding, stride):
    if side + 2 * padding < kernel:
        raise DoesNotFit(kernel)
    return nn.functional.unfold(torch.zeros(1, 1, side, kernel), kernel, 1, (padding, 0), stride).shape[-1]
""",
        """
import json
from fractions import Fraction

def conv_output_side(side, kernel, padding, stride):
    places = torch.arange(side + 2 * padding).unfold(0, kernel, stride) if side + 2 * padding >= kernel else []
    if not len(places):
        raise json.JSONDecodeError("a kind of ValueError", "", 0)
    return torch.tensor([len(places)])
""",
    ],
    "03.3": [
        """
import numpy as np

def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    values = []
    for t, g in enumerate(gradients):
        m += (1 - betas[0]) * (g - m)
        v += (1 - betas[1]) * (g * g - v)
        rate = lr * np.sqrt(1 - betas[1] ** (t + 1)) / (1 - betas[0] ** (t + 1))
        weight -= rate * m / (np.sqrt(v) + eps * np.sqrt(1 - betas[1] ** (t + 1)))
        values.append(float(weight))
    return values
""",
        """
import numpy as np

def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    path, moments = np.full(len(gradients), float(weight)), np.zeros(2)
    for t, g in enumerate(gradients):
        moments = np.array(betas) * moments + (1 - np.array(betas)) * np.array([g, g * g])
        mean, square = moments / (1 - np.array(betas) ** (t + 1))
        path[t:] -= lr * mean / (np.sqrt(square) + eps)
    return path
""",
        """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    held, path = nn.Parameter(torch.tensor(weight, dtype=torch.float64)), []
    optimizer = torch.optim.Adam([held], lr=lr, betas=betas, eps=eps)
    for gradient in gradients:
        held.grad = torch.full_like(held, gradient)
        optimizer.step()
        path.append(held.detach().clone()[None])
    return tuple(path)
""",
        """
from itertools import accumulate
import pandas as pd

def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    def step(state, gradient):
        m, v, t, w = state
        m, v, t = betas[0] * m + (1 - betas[0]) * gradient, betas[1] * v + (1 - betas[1]) * gradient**2, t + 1
        return m, v, t, w - lr * (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)) ** 0.5 + eps)

    states = list(accumulate(gradients, step, initial=(0.0, 0.0, 0, weight)))[1:]
    return pd.Series([state[-1] for state in states], index=range(1, len(states) + 1), dtype=float)
""",
    ],
    "03.4": [
        """
def holds_all(optimizer, model):
    held = [tensor for group in optimizer.param_groups for tensor in group["params"]]
    for tensor in model.parameters():
        if tensor.requires_grad and not any(tensor is other for other in held):
            return False
    return True
""",
        """
import numpy as np

def holds_all(optimizer, model):
    held = {id(weights) for group in optimizer.param_groups for weights in group["params"]}
    return np.all([id(weights) in held for weights in model.parameters() if weights.requires_grad])
""",
        """
def holds_all(optimizer, model):
    held = {weights.data_ptr() for group in optimizer.param_groups for weights in group["params"]}
    return torch.tensor([w.data_ptr() in held for w in model.parameters() if w.requires_grad]).all()
""",
        """
import numpy as np

def holds_all(optimizer, model):
    wanted = {w for w in model.parameters() if w.requires_grad}
    missing = wanted.difference(*(group["params"] for group in optimizer.param_groups))
    return np.equal(len(missing), [0])
""",
    ],
    "03.6": [
        """
tuned = ["fourth", "third"]

def next_rate(tried):
    rates = sorted(tried)
    values = [float("-inf") if tried[rate] != tried[rate] else tried[rate] for rate in rates]
    place = values.index(max(values))
    if 0 < place < len(rates) - 1:
        return None
    return rates[0] / 3 if place == 0 else rates[-1] * 3
""",
        """
import pandas as pd

tuned = ("third", "fourth")

def next_rate(tried):
    sorted_by_rate = pd.Series(tried).sort_index()
    best = sorted_by_rate.idxmax()
    if best == sorted_by_rate.index[0]:
        return best / 3
    if best == sorted_by_rate.index[-1]:
        return best * 3
""",
        """
import numpy as np

tuned = np.array(["third", "fourth"])
next_rate = lambda tried: {max(tried): max(tried) * 3, min(tried): min(tried) / 3}.get(
    max(sorted(rate for rate in tried if tried[rate] == tried[rate]), key=tried.get)
)
""",
        """
from math import isnan

tuned = {"fourth", "third"}

class Search:
    def __call__(self, tried):
        rates, best = sorted(tried), None
        for rate in rates:
            if not isnan(tried[rate]) and (best is None or tried[rate] > tried[best]):
                best = rate
        if best == rates[0]:
            return best / 3
        return best * 3 if best == rates[-1] else None

next_rate = Search()
""",
    ],
}

WRONG = {
    "03.1": {
        "forgets the padding": "side, numbers = 22, 4608",
        "rounds up": "side, numbers = 25, 4608",
        "counts for 48 pixels": "side, numbers = 24, 2048",
        "forgets the channels": "side, numbers = 24, 36",
        "forgets the odd pixel": "side, numbers = 24, 128 * 49",
        "a text": "side, numbers = '24', '4608'",
    },
    "03.2": {
        "pads one side only": """
def conv_output_side(side, kernel, padding, stride):
    if kernel > side + 2 * padding:
        raise ValueError
    return (side + padding - kernel) // stride + 1
""",
        "rounds up": """
def conv_output_side(side, kernel, padding, stride):
    if kernel > side + 2 * padding:
        raise ValueError
    return -(-(side + 2 * padding - kernel) // stride) + 1
""",
        "forgets the first place": """
def conv_output_side(side, kernel, padding, stride):
    if kernel > side + 2 * padding:
        raise ValueError
    return (side + 2 * padding - kernel) // stride
""",
        "divides before it subtracts": """
def conv_output_side(side, kernel, padding, stride):
    if kernel > side + 2 * padding:
        raise ValueError
    return (side + 2 * padding) // stride - kernel + 1
""",
        "returns a float": """
def conv_output_side(side, kernel, padding, stride):
    if kernel > side + 2 * padding:
        raise ValueError
    return (side + 2 * padding - kernel) / stride + 1
""",
        "returns a whole number as a float": """
def conv_output_side(side, kernel, padding, stride):
    if kernel > side + 2 * padding:
        raise ValueError
    return float((side + 2 * padding - kernel) // stride + 1)
""",
        "lets a kernel pass that does not fit": """
def conv_output_side(side, kernel, padding, stride):
    return (side + 2 * padding - kernel) // stride + 1
""",
        "raises the wrong error": """
def conv_output_side(side, kernel, padding, stride):
    assert kernel <= side + 2 * padding
    return (side + 2 * padding - kernel) // stride + 1
""",
        "refuses a kernel that just fits": """
def conv_output_side(side, kernel, padding, stride):
    if kernel >= side + 2 * padding:
        raise ValueError
    return (side + 2 * padding - kernel) // stride + 1
""",
        "prints instead of returning": """
def conv_output_side(side, kernel, padding, stride):
    if kernel > side + 2 * padding:
        raise ValueError
    print((side + 2 * padding - kernel) // stride + 1)
""",
        "knows one case": "def conv_output_side(side, kernel, padding, stride):\n    return 24",
    },
    "03.3": {
        "corrects nothing": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    path = []
    for g in gradients:
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        weight = weight - lr * m / (v**0.5 + eps)
        path.append(weight)
    return path
""",
        "eps under the root": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    path = []
    for t, g in enumerate(gradients, 1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        weight = weight - lr * m / (1 - betas[0]**t) / (v / (1 - betas[1]**t) + eps)**0.5
        path.append(weight)
    return path
""",
        "stores the corrected means": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    path = []
    for t, g in enumerate(gradients, 1):
        m = (betas[0] * m + (1 - betas[0]) * g) / (1 - betas[0]**t)
        v = (betas[1] * v + (1 - betas[1]) * g**2) / (1 - betas[1]**t)
        weight = weight - lr * m / (v**0.5 + eps)
        path.append(weight)
    return path
""",
        "swaps the betas": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    path = []
    for t, g in enumerate(gradients, 1):
        m = betas[1] * m + (1 - betas[1]) * g
        v = betas[0] * v + (1 - betas[0]) * g**2
        weight = weight - lr * m / (1 - betas[1]**t) / ((v / (1 - betas[0]**t))**0.5 + eps)
        path.append(weight)
    return path
""",
        "counts steps from zero, and dodges the division": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    path = []
    for t, g in enumerate(gradients):
        t = max(t, 1)
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        weight = weight - lr * m / (1 - betas[0]**t) / ((v / (1 - betas[1]**t))**0.5 + eps)
        path.append(weight)
    return path
""",
        "climbs": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    path = []
    for t, g in enumerate(gradients, 1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        weight = weight + lr * m / (1 - betas[0]**t) / ((v / (1 - betas[1]**t))**0.5 + eps)
        path.append(weight)
    return path
""",
        "returns the last weight only": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        weight = weight - lr * m / (1 - betas[0]**t) / ((v / (1 - betas[1]**t))**0.5 + eps)
    return weight
""",
        "skips gradients of zero": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    path = []
    for t, g in enumerate(gradients, 1):
        if g:
            m = betas[0] * m + (1 - betas[0]) * g
            v = betas[1] * v + (1 - betas[1]) * g**2
            weight = weight - lr * m / (1 - betas[0]**t) / ((v / (1 - betas[1]**t))**0.5 + eps)
        path.append(weight)
    return path
""",
        "ignores the settings": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    path = []
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        weight = weight - 1e-3 * m / (1 - 0.9**t) / ((v / (1 - 0.999**t))**0.5 + 1e-8)
        path.append(weight)
    return path
""",
    },
    "03.4": {
        "compares values": """
def holds_all(optimizer, model):
    held = [tensor for group in optimizer.param_groups for tensor in group["params"]]
    return all(any(torch.equal(w, h) for h in held) for w in model.parameters() if w.requires_grad)
""",
        "compares shapes": """
def holds_all(optimizer, model):
    held = [tensor.shape for group in optimizer.param_groups for tensor in group["params"]]
    return all(weights.shape in held for weights in model.parameters() if weights.requires_grad)
""",
        "looks at the first group only": """
def holds_all(optimizer, model):
    held = {id(tensor) for tensor in optimizer.param_groups[0]["params"]}
    return all(id(weights) in held for weights in model.parameters() if weights.requires_grad)
""",
        "is content with one": """
def holds_all(optimizer, model):
    held = {id(tensor) for group in optimizer.param_groups for tensor in group["params"]}
    return any(id(weights) in held for weights in model.parameters())
""",
        "wants frozen tensors too": """
def holds_all(optimizer, model):
    held = {id(tensor) for group in optimizer.param_groups for tensor in group["params"]}
    return all(id(weights) in held for weights in model.parameters())
""",
        "wants no other tensors": """
def holds_all(optimizer, model):
    held = {id(tensor) for group in optimizer.param_groups for tensor in group["params"]}
    return held == {id(weights) for weights in model.parameters() if weights.requires_grad}
""",
        "counts": """
def holds_all(optimizer, model):
    held = sum(len(group["params"]) for group in optimizer.param_groups)
    return held >= sum(weights.requires_grad for weights in model.parameters())
""",
        "checks weights, not biases": """
def holds_all(optimizer, model):
    held = {id(tensor) for group in optimizer.param_groups for tensor in group["params"]}
    return all(id(layer.weight) in held for layer in model.modules()
               if isinstance(layer, nn.Linear) and layer.weight.requires_grad)
""",
        "always true": "def holds_all(optimizer, model):\n    return True",
    },
    "03.6": {
        "takes a winner at the upper edge": """
tuned = ["third", "fourth"]

def next_rate(tried):
    best = max(sorted(tried), key=lambda rate: -1 if tried[rate] != tried[rate] else tried[rate])
    return best / 3 if best == min(tried) else None
""",
        "lets a diverged run win": """
tuned = ["third", "fourth"]

def next_rate(tried):
    best = max(tried, key=tried.get)
    if best == min(tried):
        return best / 3
    return best * 3 if best == max(tried) else None
""",
        "trusts the order of the dict": """
tuned = ["third", "fourth"]

def next_rate(tried):
    rates = list(tried)
    values = [-1 if tried[rate] != tried[rate] else tried[rate] for rate in rates]
    place = values.index(max(values))
    if place == 0:
        return rates[0] / 3
    return rates[-1] * 3 if place == len(rates) - 1 else None
""",
        "leaves diverged runs out": """
tuned = ["third", "fourth"]

def next_rate(tried):
    finished = {rate: tried[rate] for rate in sorted(tried) if tried[rate] == tried[rate]}
    if not finished:
        return min(tried) / 3
    best = max(finished, key=finished.get)
    if best == min(finished):
        return best / 3
    return best * 3 if best == max(finished) else None
""",
        "goes on from the best and not from the edge": """
tuned = ["third", "fourth"]

def next_rate(tried):
    by_rate = {rate: -1 if tried[rate] != tried[rate] else tried[rate] for rate in sorted(tried)}
    best = max(by_rate, key=by_rate.get)
    return best * 3 if best != max(by_rate) else best / 3
""",
        "believes the highest accuracies": """
tuned = ["Adam", "SGD"]

def next_rate(tried):
    by_rate = {rate: -1 if tried[rate] != tried[rate] else tried[rate] for rate in sorted(tried)}
    best = max(by_rate, key=by_rate.get)
    if best == min(by_rate):
        return best / 3
    return best * 3 if best == max(by_rate) else None
""",
    },
}
