"""Right and wrong answers to sheet 09; the solutions themselves stand in the sheet."""

RIGHT = {
    "09.1": [
        'moves = ["AL", "AL", "AL", "L", "CL", "A", "none"]\nleft, fewest = 0.43, 44',
        """
import math

moves = "la, al, l a, l, lc, a, None".split(", ")
left = math.exp(8 * math.log(0.9))
fewest = math.ceil(math.log(0.01) / math.log(0.9))
""",
        """
buffers, kernels, last = {"A"}, {"C"}, {"L"}
moves = (buffers | last, last | buffers, buffers | last, last, last | kernels, buffers, set())
left = np.prod(np.full(512 // 64, 0.9))
fewest = int(np.argmax(0.9 ** np.arange(100) < 0.01))
""",
        """
from fractions import Fraction

moves = np.array(["A+L", "A+L", "A+L", "L", "C+L", "A", "NONE"])
share, batches = Fraction(1), 0
while share >= Fraction(1, 100):
    share, batches = share * Fraction(9, 10), batches + 1
fewest, left = batches, Fraction(9, 10) ** 8
""",
        """
import pandas as pd

moves = pd.Series({1: "LA", 2: "LA", 3: "LA", 4: "L", 5: "LC", 6: "A", 7: ""})
mean = torch.tensor(1.0)
for batch in torch.arange(512).split(64):
    mean = mean.lerp(torch.tensor(0.0), 0.1)
left, fewest = mean, torch.tensor(44)
""",
    ],
    "09.2": [
        """
def grey_stem(convolution):
    old = convolution
    new = nn.Conv2d(
        1, old.out_channels, old.kernel_size, old.stride, old.padding, old.dilation, 1, old.bias is not None,
        old.padding_mode, dtype=old.weight.dtype,
    )
    with torch.no_grad():
        new.weight.copy_(old.weight[:, :1] + old.weight[:, 1:2] + old.weight[:, 2:])
        if old.bias is not None:
            new.bias.copy_(old.bias)
    return new
""",
        """
def grey_stem(convolution):
    options = {name: getattr(convolution, name) for name in ("stride", "padding", "dilation", "padding_mode")}
    stem = nn.Conv2d(1, convolution.out_channels, convolution.kernel_size, bias=convolution.bias is not None, **options)
    state = {name: tensor.clone() for name, tensor in convolution.state_dict().items()}
    state["weight"] = torch.einsum("fchw->fhw", state["weight"])[:, None]
    stem = stem.to(state["weight"].dtype)
    stem.load_state_dict(state)
    return stem
""",
        """
class Grey(nn.Conv2d):
    @classmethod
    def of(cls, colour):
        made = cls.__new__(cls)
        made.__dict__.update(copy.deepcopy(colour).__dict__)
        red, green, blue = made.weight.data.unbind(1)
        made.in_channels = 1
        made.weight = nn.Parameter((red + green + blue).unsqueeze(1))
        return made

grey_stem = Grey.of
""",
        """
import pickle

def grey_stem(convolution):
    # the kernels of a layer are what it answers to a single bright pixel, so they add up like its answers
    twin = pickle.loads(pickle.dumps(convolution))
    collapse = torch.ones(3, 1, dtype=convolution.weight.dtype)
    with torch.no_grad():
        kernels = twin.weight.permute(0, 2, 3, 1) @ collapse
        twin.weight.set_(kernels.permute(0, 3, 1, 2).contiguous())
    twin.in_channels -= 2
    return twin
""",
        """
from functools import reduce

def grey_stem(convolution):
    parts = [convolution.weight[:, [channel]].detach() for channel in range(convolution.in_channels)]
    layer = copy.deepcopy(convolution)
    del layer.weight
    layer.register_parameter("weight", nn.Parameter(reduce(torch.add, parts)))
    layer.in_channels = layer.weight.size(1)
    return layer
""",
    ],
    "09.3": [
        """
def fine_tune(features, head, inputs, targets, rate, steps):
    first, last = features.clone().requires_grad_(), head.clone().requires_grad_()
    descent = torch.optim.SGD([first, last], lr=rate)
    for _ in range(steps):
        descent.zero_grad()
        F.mse_loss(inputs @ first.T @ last, targets).backward()
        descent.step()
    return first.detach(), last.detach()

start = 4
""",
        """
def fine_tune(features, head, inputs, targets, rate, steps):
    W, v = features.numpy().copy(), head.numpy().copy()
    X, y = inputs.numpy(), targets.numpy()
    for _ in range(steps):
        Z = X @ W.T
        residual = Z @ v - y
        dv = 2 / len(y) * Z.T @ residual
        dW = 2 / len(y) * np.outer(v, X.T @ residual)
        W, v = W - rate * dW, v - rate * dv
    return W, v

start = np.float64(-2.5)
""",
        """
def fine_tune(features, head, inputs, targets, rate, steps):
    network = nn.Sequential(
        nn.Linear(inputs.shape[1], len(head), bias=False), nn.Linear(len(head), 1, bias=False)
    ).double()
    network.load_state_dict({"0.weight": features, "1.weight": head[None]})
    for _ in range(steps):
        network.zero_grad()
        (network(inputs).squeeze(1) - targets).pow(2).mean().backward()
        with torch.no_grad():
            for weights in network.parameters():
                weights.sub_(weights.grad, alpha=rate)
    return network[0].weight.data, network[1].weight.data[0]

start = torch.tensor(2.5)
""",
        """
def fine_tune(features, head, inputs, targets, rate, steps):
    # only sums over the faces count: of pairs of inputs, and of inputs with targets
    pairs, sums = inputs.T @ inputs / len(inputs), inputs.T @ targets / len(inputs)
    for _ in range(int(steps)):
        pull = 2 * (pairs @ (head @ features) - sums)
        features, head = features - rate * head[:, None] * pull, head - rate * (features * pull).sum(1)
    return [features, head]

from fractions import Fraction
start = Fraction(7, 2)
""",
        """
from torch.func import grad

def error(both, inputs, targets):
    features, head = both
    said = torch.einsum("nd,kd,k->n", inputs, features, head)
    return torch.mean(torch.square(said - targets))

def fine_tune(features, head, inputs, targets, rate, steps):
    slope = grad(error)
    both = features, head
    while steps:
        both = tuple(part - rate * move for part, move in zip(both, slope(both, inputs, targets)))
        steps -= 1
    return {"features": both[0].tolist(), "head": both[1].tolist()}.values()

start = -3
""",
    ],
    "09.4": [
        """
class Transfer(nn.Module):
    def __init__(self, body, head):
        super().__init__()
        self.body, self.head = body.requires_grad_(False), head

    def train(self, mode=True):
        self.training = mode
        self.body.train(False)
        self.head.train(mode)
        return self

    def forward(self, faces):
        return self.head(self.body(faces))

def frozen(body, head):
    return Transfer(body, head), torch.optim.SGD(head.parameters(), lr=0.1)
""",
        """
def frozen(body, head):
    for layer in body.modules():
        layer.train = lambda mode=True, layer=layer: layer
        layer.training = False
    for weights in body.parameters():
        weights.requires_grad_(False)
    both = nn.Sequential(body, head)
    wanted = [weights for weights in both.parameters() if weights.requires_grad]
    return both, torch.optim.SGD(wanted, lr=0.1)
""",
        """
def frozen(body, head):
    joined = nn.Sequential()
    joined.add_module("body", body)
    joined.add_module("head", head)

    def settle(module, given):
        body.eval()

    joined.register_forward_pre_hook(settle)
    [tensor.requires_grad_(False) for tensor in body.parameters()]
    return [joined, torch.optim.SGD([{"params": list(head.parameters()), "lr": 0.1}])]
""",
        """
class Pair(nn.Module):
    def __init__(self, eyes, answer):
        super().__init__()
        self.eyes = eyes
        self.answer = answer

    @torch.no_grad()
    def seen(self, images):
        modes = [(layer, layer.training) for layer in self.eyes.modules()]
        self.eyes.eval()
        found = self.eyes(images)
        for layer, mode in modes:
            layer.training = mode
        return found

    def forward(self, images):
        return self.answer(self.seen(images))

def frozen(body, head):
    model = Pair(body, head)
    return model, torch.optim.SGD(model.answer.parameters(), 0.1)
""",
        """
from collections import namedtuple

Trained = namedtuple("Trained", ["model", "optimizer"])

class Quiet(nn.Module):
    # a wrapper that no call of train() gets past
    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        for _, weights in inner.named_parameters():
            weights.requires_grad = False
        self.train()

    def train(self, mode=True):
        return super().train(mode=False)

    def forward(self, *images):
        return self.inner(*images)

def frozen(body, head):
    model = nn.Sequential(Quiet(body), head)
    return Trained(model, torch.optim.SGD(params=head.parameters(), lr=1e-1))
""",
    ],
}


def slipped(source, *pairs):
    """`source` with each first text of the pairs replaced by the second."""
    for right, wrong in pairs:
        assert source.count(right) == 1, right
        source = source.replace(right, wrong)
    return source


MOVES = 'moves = ["AL", "AL", "AL", "L", "CL", "A", "none"]\n'
NUMBERS = "\nleft, fewest = 0.43, 44"

STEM = """
def grey_stem(convolution):
    stem = copy.deepcopy(convolution)
    stem.in_channels = 1
    stem.weight = nn.Parameter(convolution.weight.detach().sum(1, keepdim=True))
    return stem
"""
SUM = "convolution.weight.detach().sum(1, keepdim=True)"
NEW = """
def grey_stem(convolution):
    old = convolution
    stem = nn.Conv2d(1, old.out_channels, old.kernel_size, stride=old.stride, padding=old.padding,
                     dilation=old.dilation, padding_mode=old.padding_mode, bias=old.bias is not None,
                     dtype=old.weight.dtype)
    stem.weight.data = old.weight.data.sum(1, keepdim=True)
    if old.bias is not None:
        stem.bias.data = old.bias.data.clone()
    return stem
"""

TUNE = """
def fine_tune(features, head, inputs, targets, rate, steps):
    features, head = features.clone(), head.clone()
    for _ in range(steps):
        slopes = 2 * (inputs @ features.T @ head - targets) / len(targets)
        to_features, to_head = torch.outer(head, slopes @ inputs), features @ (slopes @ inputs)
        features = features - rate * to_features
        head = head - rate * to_head
    return features, head

start = 3.0
"""
SLOPES = "slopes = 2 * (inputs @ features.T @ head - targets) / len(targets)"

JOINED = """
class Joined(nn.Sequential):
    def train(self, mode=True):
        super().train(mode)
        self[0].eval()
        return self

def frozen(body, head):
    for weights in body.parameters():
        weights.requires_grad = False
    return Joined(body, head).train(), torch.optim.SGD(head.parameters(), lr=0.1)
"""
OFF = "    for weights in body.parameters():\n        weights.requires_grad = False\n"
NORMS_ALONE = """
class Joined(nn.Sequential):
    def train(self, mode=True):
        super().train(mode)
        for layer in self[0].modules():
            if isinstance(layer, {kinds}):
                layer.eval()
        return self

def frozen(body, head):
    for weights in body.parameters():
        weights.requires_grad = False
    return Joined(body, head), torch.optim.SGD(head.parameters(), lr=0.1)
"""

WRONG = {
    "09.1": {
        "no gradient, no movement": 'moves = ["L", "L", "AL", "L", "CL", "none", "none"]' + NUMBERS,
        "eval() once is enough": 'moves = ["AL", "L", "AL", "L", "CL", "A", "none"]' + NUMBERS,
        "a gradient is a movement": 'moves = ["AL", "AL", "CNAL", "L", "CL", "A", "none"]' + NUMBERS,
        "Frozen forgets the averages": 'moves = ["AL", "AL", "AL", "AL", "CL", "A", "none"]' + NUMBERS,
        "frozen norms still average": 'moves = ["AL", "AL", "AL", "L", "CAL", "A", "none"]' + NUMBERS,
        "frozen norms keep their weights moving": 'moves = ["AL", "AL", "AL", "L", "CNL", "A", "none"]' + NUMBERS,
        "no_grad is evaluation": 'moves = ["AL", "AL", "AL", "L", "CL", "none", "none"]' + NUMBERS,
        "answers move averages in either mode": 'moves = ["AL", "AL", "AL", "L", "CL", "A", "A"]' + NUMBERS,
        "six": 'moves = ["AL", "AL", "AL", "L", "CL", "A"]' + NUMBERS,
        "a letter that is none": 'moves = ["BL", "BL", "BL", "L", "CL", "B", "none"]' + NUMBERS,
        "numbers": "moves = [2, 2, 2, 1, 2, 1, 0]" + NUMBERS,
        "the share that is new": MOVES + "left, fewest = 1 - 0.9**8, 44",
        "eight tenths are gone": MOVES + "left, fewest = 1 - 8 * 0.1, 44",
        "a tenth is left each time": MOVES + "left, fewest = 0.1**8, 2",
        "each face forgets": MOVES + "left, fewest = 0.9**512, 44",
        "in percent": MOVES + "left, fewest = 43.0, 44",
        "one batch too few": MOVES + "left, fewest = 0.43, 43",
        "epochs for batches": MOVES + "left, fewest = 0.43, 6",
        "half done": MOVES + "left, fewest = None, None",
    },
    "09.2": {
        "the mean of the kernels": slipped(STEM, (SUM, SUM.replace("sum", "mean"))),
        "the red kernels alone": slipped(STEM, (SUM, "convolution.weight.detach()[:, :1].clone()")),
        "grey as television has it": slipped(
            STEM,
            (
                SUM,
                "(convolution.weight.detach() * torch.tensor([0.299, 0.587, 0.114], dtype=convolution.weight.dtype)"
                "[:, None, None]).sum(1, keepdim=True)",
            ),
        ),
        "the sum over the filters": slipped(STEM, (SUM, "convolution.weight.detach().sum(0, keepdim=True)")),
        "the axis is gone": slipped(STEM, (SUM, "convolution.weight.detach().sum(1)")),
        "still three channels": "def grey_stem(convolution):\n    return copy.deepcopy(convolution)",
        "new random kernels": slipped(NEW, ("stem.weight.data = old.weight.data.sum(1, keepdim=True)", "pass")),
        "in the old layer itself": slipped(STEM, ("copy.deepcopy(convolution)", "convolution")),
        "a shallow copy": slipped(STEM, ("copy.deepcopy(convolution)", "copy.copy(convolution)")),
        "the bias is shared": slipped(NEW, ("stem.bias.data = old.bias.data.clone()", "stem.bias = old.bias")),
        "the bias shares its numbers": slipped(NEW, ("old.bias.data.clone()", "old.bias.data")),
        "the bias is forgotten": slipped(
            NEW,
            ("bias=old.bias is not None", "bias=False"),
            ("    if old.bias is not None:\n        stem.bias.data = old.bias.data.clone()\n", ""),
        ),
        "the bias is not copied": slipped(
            NEW, ("    if old.bias is not None:\n        stem.bias.data = old.bias.data.clone()\n", "")
        ),
        "the bias three times": slipped(NEW, ("old.bias.data.clone()", "3 * old.bias.data")),
        "stride and padding are forgotten": slipped(NEW, ("stride=old.stride, padding=old.padding,", "")),
        "dilation is forgotten": slipped(NEW, ("dilation=old.dilation, ", "")),
        "the padding mode is forgotten": slipped(NEW, (" padding_mode=old.padding_mode,", "")),
        "square kernels only": slipped(
            NEW,
            ("old.kernel_size, ", "old.kernel_size[0], "),
            (
                "stem.weight.data = old.weight.data.sum(1, keepdim=True)",
                "stem.weight.data.copy_(old.weight.data.sum(1, keepdim=True))",
            ),
        ),
        "always numbers of 32 bits": slipped(
            STEM,
            (SUM, "convolution.weight.detach().float().sum(1, keepdim=True)"),
            ("return stem", "return stem.float()"),
        ),
        "rounded to 32 bits on the way": slipped(
            STEM, (SUM, "convolution.weight.detach().float().sum(1, keepdim=True).to(convolution.weight.dtype)")
        ),
        "frozen": slipped(STEM, ("return stem", "return stem.requires_grad_(False)")),
        "a layer that repeats the picture": """
class Repeated(nn.Module):
    def __init__(self, convolution):
        super().__init__()
        self.convolution = copy.deepcopy(convolution)

    def forward(self, images):
        return self.convolution(images.repeat(1, 3, 1, 1))

def grey_stem(convolution):
    return Repeated(convolution)
""",
        "the kernels instead of a layer": "def grey_stem(convolution):\n    return convolution.weight.sum(1, keepdim=True)",
    },
    "09.3": {
        "the head first, then the features by the new head": slipped(
            TUNE,
            (
                "to_features, to_head = torch.outer(head, slopes @ inputs), features @ (slopes @ inputs)\n",
                "head = head - rate * features @ (slopes @ inputs)\n"
                "        to_features = torch.outer(head, slopes @ inputs)\n",
            ),
            ("        head = head - rate * to_head\n", ""),
        ),
        "the features first, then the head by the new features": slipped(
            TUNE,
            (
                "to_features, to_head = torch.outer(head, slopes @ inputs), features @ (slopes @ inputs)\n",
                "to_features = torch.outer(head, slopes @ inputs)\n",
            ),
            (
                "head = head - rate * to_head\n",
                "slopes = 2 * (inputs @ features.T @ head - targets) / len(targets)\n"
                "        head = head - rate * features @ (slopes @ inputs)\n",
            ),
        ),
        "the head alone": slipped(TUNE, ("features = features - rate * to_features", "pass")),
        "the features alone": slipped(TUNE, ("head = head - rate * to_head", "pass")),
        "uphill": slipped(
            TUNE,
            ("head - rate * to_head", "head + rate * to_head"),
            ("features - rate * to_features", "features + rate * to_features"),
        ),
        "the sum over the faces": slipped(TUNE, (" / len(targets)", "")),
        "half of the square": slipped(TUNE, ("2 * (inputs", "1 * (inputs")),
        "divided twice": slipped(TUNE, (" / len(targets)", " / len(targets) ** 2")),
        "one step only": slipped(TUNE, ("range(steps)", "range(1)")),
        "one step too many": slipped(TUNE, ("range(steps)", "range(steps + 1)")),
        "slopes from the beginning": slipped(
            TUNE, (f"    for _ in range(steps):\n        {SLOPES}", f"    {SLOPES}\n    for _ in range(steps):")
        ),
        "the pair turned round": slipped(TUNE, ("return features, head", "return head, features")),
        "features alone come back": slipped(TUNE, ("return features, head", "return features")),
        "the sign of the gradient": slipped(TUNE, ("rate * to_head", "rate * to_head.sign()")),
        "from the probe's head": slipped(TUNE, ("start = 3.0", "start = 1.0")),
        "from 0": slipped(TUNE, ("start = 3.0", "start = 0.0")),
        "a little above the probe's": slipped(TUNE, ("start = 3.0", "start = 1.5")),
        "2, where the far face is off by 0.8": slipped(TUNE, ("start = 3.0", "start = 2.0")),
        "-1, where nothing is learnt": slipped(TUNE, ("start = 3.0", "start = -1.0")),
        "so large that it diverges": slipped(TUNE, ("start = 3.0", "start = 60.0")),
        "no start": slipped(TUNE, ("start = 3.0", "start = None")),
    },
    "09.4": {
        "as the colleague has it": "frozen = thought_frozen",
        "eval() of the whole": """
def frozen(body, head):
    model, optimizer = thought_frozen(body, head)
    return model.eval(), optimizer
""",
        "the class of the lesson": """
class Still(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def train(self, mode=True):
        return super().train(False)

    def forward(self, images):
        return self.model(images)

def frozen(body, head):
    model, optimizer = thought_frozen(body, head)
    return Still(model), optimizer
""",
        "train() returns nothing": slipped(
            JOINED, ("        return self\n", ""), ("Joined(body, head).train()", "Joined(body, head)")
        ),
        "train() returns nothing, and so does the function": slipped(JOINED, ("        return self\n", "")),
        "train() stops at the head": slipped(JOINED, ("        super().train(mode)\n", "")),
        "the head is put into evaluation": slipped(JOINED, ("self[0].eval()", "self[1].eval()")),
        "both are put into evaluation": slipped(
            JOINED, ("        self[0].eval()", "        self[0].eval()\n        self[1].eval()")
        ),
        "gradients are left on": slipped(JOINED, (OFF, "")),
        "batch norms alone": NORMS_ALONE.format(kinds="(nn.BatchNorm1d, nn.BatchNorm2d)"),
        "dropout alone": NORMS_ALONE.format(kinds="nn.Dropout"),
        "batch norms of pictures, and dropout": NORMS_ALONE.format(kinds="(nn.BatchNorm2d, nn.Dropout)"),
        "the layers at the top alone": slipped(
            JOINED,
            ("        self[0].eval()", "        for layer in self[0].children():\n            layer.training = False"),
        ),
        "an optimiser of everything": slipped(
            JOINED, ("SGD(head.parameters()", "SGD([*head.parameters(), *body.parameters()]")
        ),
        "an optimiser of the body": slipped(JOINED, ("SGD(head.parameters()", "SGD(body.parameters()")),
        "an optimiser without the bias": slipped(JOINED, ("SGD(head.parameters()", "SGD(list(head.parameters())[:-1]")),
        "a copy of the head": slipped(JOINED, ("Joined(body, head)", "Joined(body, copy.deepcopy(head))")),
        "an optimiser of a copy": slipped(JOINED, ("SGD(head.parameters()", "SGD(copy.deepcopy(head).parameters()")),
        "a momentum of 0": """
def frozen(body, head):
    for layer in body.modules():
        if hasattr(layer, "momentum"):
            layer.momentum = 0.0
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    return thought_frozen(body, head)
""",
        "no averages at all": """
def frozen(body, head):
    for layer in body.modules():
        if hasattr(layer, "track_running_stats"):
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = layer.num_batches_tracked = None
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    return thought_frozen(body, head)
""",
        "no_grad around the body": """
class Joined(nn.Sequential):
    def forward(self, images):
        with torch.no_grad():
            seen = self[0](images)
        return self[1](seen)

def frozen(body, head):
    return Joined(body.eval(), head), torch.optim.SGD(head.parameters(), lr=0.1)
""",
        "the library": """
def frozen(body, head):
    return fc.Frozen(nn.Sequential(body, head), [body]), torch.optim.SGD(head.parameters(), lr=0.1)
""",
        "the model alone": slipped(
            JOINED,
            (
                "return Joined(body, head).train(), torch.optim.SGD(head.parameters(), lr=0.1)",
                "return Joined(body, head)",
            ),
        ),
        "the pair turned round": slipped(
            JOINED,
            (
                "return Joined(body, head).train(), torch.optim.SGD(head.parameters(), lr=0.1)",
                "return torch.optim.SGD(head.parameters(), lr=0.1), Joined(body, head)",
            ),
        ),
        "a rate of its own": slipped(JOINED, ("lr=0.1", "lr=1e-3")),
        "a rate of 0": slipped(JOINED, ("lr=0.1", "lr=0.0")),
    },
}
