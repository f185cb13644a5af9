"""Answers to the exercises of lesson 05: right ones that differ from the solution, and plausible wrong ones."""

BOTTLENECK = """
class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride=1, downsample=None):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = downsample

    def forward(self, x):
        shortcut = x
        if self.downsample is not None:
            shortcut = self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        x = x + shortcut
        return F.relu(x)
"""
BATCH_NORM = """
def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    if training:
        m = images.mean(dim=(0, 2, 3))
        v = images.var(dim=(0, 2, 3), unbiased=False)
        n = images.numel() / images.shape[1]
        mean = mean * (1 - momentum) + m * momentum
        variance = variance * (1 - momentum) + v * n / (n - 1) * momentum
    else:
        m, v = mean, variance
    out = (images - m.view(1, -1, 1, 1)) / torch.sqrt(v.view(1, -1, 1, 1) + eps)
    return out, mean, variance
"""
COMPLETE = """
def schedule_is_complete(rates, peak):
    if len(rates) == 0:
        return False
    if rates[0] > 0.1 * peak or rates[-1] > 0.001 * peak:
        return False
    if max(rates) < 0.99 * peak or max(rates) > 1.01 * peak:
        return False
    falling = False
    for before, after in zip(rates, rates[1:]):
        if after < before:
            falling = True
        if after > before and falling:
            return False
    return True
"""


def _changed(source, *changes):
    """The source with (old, new) replaced; each old must stand there."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def _counted(values):
    return f"weights, operations, at_stride_2, shortcut, counts = {values}"


RIGHT = {
    "05.1": [
        _counted("73728, 84_934_656, 21_233_664, 8192, 1.12"),
        _counted("73728, 8.4934656e7, 84_934_656 / 4, 8192, 1.1236"),
        """
from fractions import Fraction

weights, operations, at_stride_2, shortcut, counts = 73728, 84934656, Fraction(84934656, 4), 8192, Fraction(100, 89)
""",
        """
weights = nn.Conv2d(64, 128, 3, bias=False).weight.numel()
operations, at_stride_2, counts = 2.0 * weights * 24**2, 2 * weights * 12**2, torch.tensor([100 / 89])
shortcut = nn.Conv2d(64, 128, 1, bias=False).weight.numel()
""",
        "import numpy as np\n" + _counted("np.array([73728, 84934656, 21233664, 8192, 1.12])"),
    ],
    "05.2": [
        BOTTLENECK,
        """
class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride=1, downsample=None):
        super().__init__()
        sizes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, width * 4, 1, 1)]
        for number, (taken, made, kernel, step) in enumerate(sizes, start=1):
            layer = nn.Conv2d(taken, made, kernel, stride=step, padding=kernel // 2, bias=False)
            setattr(self, f"conv{number}", layer)
            setattr(self, f"bn{number}", nn.BatchNorm2d(made))
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Identity() if downsample is None else downsample

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += self.downsample(x)
        return self.relu(out)
""",
        """
from torchvision.models.resnet import Bottleneck as Theirs

class Bottleneck(Theirs):
    pass
""",
        """
def Bottleneck(inputs, width, stride=1, downsample=None):
    from torchvision.models.resnet import Bottleneck as Theirs

    return Theirs(inputs, width, stride, downsample)
""",
        """
class Base(nn.Module):
    def __init__(self, inputs, width, stride=1, downsample=None):
        super().__init__()
        sides = ((inputs, width, 1, 1, 0), (width, width, 3, stride, 1), (width, 4 * width, 1, 1, 0))
        for n, (given, made, *where) in enumerate(sides, 1):
            self.add_module(f"conv{n}", nn.Conv2d(given, made, *where, bias=False))
            self.add_module(f"bn{n}", nn.BatchNorm2d(made))
        self.downsample = downsample

class Bottleneck(Base):
    def forward(self, x):
        y = x
        for n in (1, 2, 3):
            y = getattr(self, f"bn{n}")(getattr(self, f"conv{n}")(y))
            y = y.relu() if n < 3 else y
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))
""",
    ],
    "05.4": [
        COMPLETE,
        """
import numpy as np

def schedule_is_complete(rates, peak):
    if not len(rates):
        return False
    rates = np.asarray(rates) / peak
    steps = np.sign(np.diff(rates))
    steps = steps[steps != 0]
    once = (np.diff(steps) <= 0).all()
    return bool(rates[0] <= 0.1 and abs(rates.max() - 1) <= 0.01 and rates[-1] <= 0.001 and once)
""",
        """
import numpy as np

def schedule_is_complete(rates, peak):
    if len(rates) == 0:
        return np.bool_(False)
    rates = np.array(rates)
    top = rates.argmax()
    once = (np.diff(rates[: top + 1]) >= 0).all() & (np.diff(rates[top:]) <= 0).all()
    return once & (abs(rates[top] - peak) <= 0.01 * peak) & (rates[0] <= peak / 10) & (rates[-1] <= peak / 1000)
""",
        """
def schedule_is_complete(rates, peak):
    rates = torch.tensor(rates, dtype=torch.float64)
    if not rates.numel():
        return torch.tensor(False)
    top = rates.argmax()
    once = (rates[: top + 1].diff() >= 0).all() & (rates[top:].diff() <= 0).all()
    return once & ((rates[top] - peak).abs() <= 0.01 * peak) & (rates[0] <= peak / 10) & (rates[-1] <= peak / 1000)
""",
        """
import pandas as pd

def schedule_is_complete(rates, peak):
    rates = pd.Series(rates, dtype=float)
    if rates.empty:
        return False
    climb, fall = rates[: rates.idxmax()], rates[rates.idxmax() :]
    limits = pd.Series([rates.iloc[0] <= peak / 10, rates.iloc[-1] <= peak / 1000, abs(rates.max() / peak - 1) <= 0.01])
    return limits.all() & climb.is_monotonic_increasing & fall.is_monotonic_decreasing
""",
    ],
    "05.5": [
        BATCH_NORM,
        """
def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    mean, variance = mean.clone(), variance.clone()
    output = F.batch_norm(images, mean, variance, training=training, momentum=momentum, eps=eps)
    return [output, mean, variance]
""",
        """
import numpy as np

def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    images, mean, variance = (tensor.double().numpy() for tensor in (images, mean, variance))
    values = images.transpose(1, 0, 2, 3).reshape(len(mean), -1)
    m, v = mean, variance
    if training:
        m, v = values.mean(1), values.var(1)
        mean = mean + momentum * (m - mean)
        variance = variance + momentum * (values.var(1, ddof=1) - variance)
    return (images - m[:, None, None]) / np.sqrt(v + eps)[:, None, None], mean, variance
""",
        """
from collections import namedtuple

Normed = namedtuple("Normed", "output mean variance")

def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    mean, variance = mean.clone(), variance.clone()
    return Normed(F.batch_norm(images, mean, variance, None, None, training, momentum, eps), mean, variance)
""",
        """
def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    layer = nn.BatchNorm2d(len(mean), eps, momentum, affine=False).train(training)
    layer.load_state_dict({"running_mean": mean, "running_var": variance, "num_batches_tracked": torch.tensor(0)})
    return [layer(images), *list(layer.buffers())[:2]]
""",
        """
import numpy as np

def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    x, mean, variance = (np.asarray(each, dtype=float) for each in (images, mean, variance))
    m, v = (x.mean((0, 2, 3)), x.var((0, 2, 3))) if training else (mean, variance)
    out = np.einsum("bchw,c->bchw", x - m[:, None, None], (v + eps) ** -0.5)
    if training:
        shares, unbiased = [1 - momentum, momentum], x.var((0, 2, 3), ddof=1)
        mean, variance = np.average([mean, m], 0, shares), np.average([variance, unbiased], 0, shares)
    return out, mean, variance
""",
    ],
}

WRONG = {
    "05.1": {
        "counts products only": _counted("73728, 42_467_328, 10_616_832, 8192, 100 / 89"),
        "forgets the inputs": _counted("1152, 84_934_656, 21_233_664, 8192, 100 / 89"),
        "counts a bias": _counted("73856, 84_934_656, 21_233_664, 8192, 100 / 89"),
        "halves at stride 2": _counted("73728, 84_934_656, 42_467_328, 8192, 100 / 89"),
        "does not pad": _counted("73728, 2 * 73728 * 22 * 22, 21_233_664, 8192, 100 / 89"),
        "forgets the outputs": _counted("73728, 2 * 9 * 64 * 576, 165_888, 8192, 1.12"),
        "turns the ratio round": _counted("73728, 84_934_656, 21_233_664, 8192, 0.89"),
        "counts batches of 128": _counted("73728, 84_934_656, 21_233_664, 8192, 128 / 5"),
        "takes 11 for 89": _counted("73728, 84_934_656, 21_233_664, 8192, 100 / 11"),
        "takes a 3 × 3 for the shortcut": _counted("73728, 84_934_656, 21_233_664, 73728, 1.12"),
        "leaves the last one": _counted("73728, 84_934_656, 21_233_664, 8192, None"),
    },
    "05.2": {
        "the stride in the first convolution": _changed(
            BOTTLENECK,
            ("nn.Conv2d(inputs, width, 1, bias=False)", "nn.Conv2d(inputs, width, 1, stride, bias=False)"),
            ("width, 3, stride, 1,", "width, 3, 1, 1,"),
        ),
        "forgets the stride": _changed(BOTTLENECK, ("width, 3, stride, 1,", "width, 3, 1, 1,")),
        "makes no four times as many": _changed(BOTTLENECK, ("4 * width", "width")),
        "takes width for the last number": _changed(BOTTLENECK, ("4 * width", "inputs")),
        "forgets the padding": _changed(BOTTLENECK, ("width, 3, stride, 1,", "width, 3, stride,")),
        "keeps the biases": _changed(BOTTLENECK, (", bias=False", "")),
        "names of its own": _changed(BOTTLENECK, ("self.conv", "self.convolution")),
        "one batch norm for two": _changed(
            BOTTLENECK, ("        self.bn2 = nn.BatchNorm2d(width)\n", ""), ("self.bn2(", "self.bn1(")
        ),
        "forgets the last batch norm": _changed(BOTTLENECK, ("self.bn3(self.conv3(x))", "self.conv3(x)")),
        "forgets the last ReLU": _changed(BOTTLENECK, ("return F.relu(x)", "return x")),
        "ReLU before the sum": _changed(
            BOTTLENECK, ("self.bn3(self.conv3(x))", "F.relu(self.bn3(self.conv3(x)))"), ("return F.relu(x)", "return x")
        ),
        "ReLU before and after the sum": _changed(
            BOTTLENECK, ("self.bn3(self.conv3(x))", "F.relu(self.bn3(self.conv3(x)))")
        ),
        "ReLU before the batch norm": _changed(
            BOTTLENECK, ("F.relu(self.bn2(self.conv2(x)))", "self.bn2(F.relu(self.conv2(x)))")
        ),
        "forgets the shortcut": _changed(BOTTLENECK, ("x = x + shortcut", "pass")),
        "forgets to downsample": _changed(BOTTLENECK, ("shortcut = self.downsample(x)", "pass")),
        "writes into the input": _changed(
            BOTTLENECK,
            ("x = F.relu(self.bn1(self.conv1(x)))", "out = F.relu(self.bn1(self.conv1(x)))"),
            ("x = F.relu(self.bn2(self.conv2(x)))", "out = F.relu(self.bn2(self.conv2(out)))"),
            ("x = self.bn3(self.conv3(x))", "out = self.bn3(self.conv3(out))"),
            ("x = x + shortcut\n        return F.relu(x)", "shortcut += out\n        return F.relu_(shortcut)"),
        ),
        "no super().__init__()": _changed(BOTTLENECK, ("        super().__init__()\n", "")),
        "a shortcut of zeros where channels differ": _changed(
            BOTTLENECK, ("shortcut = self.downsample(x)", "shortcut = torch.zeros_like(self.downsample(x))")
        ),
    },
    "05.4": {
        "asks for the peak only": """
def schedule_is_complete(rates, peak):
    return bool(rates) and max(rates) >= 0.99 * peak
""",
        "asks for first, highest and last": """
def schedule_is_complete(rates, peak):
    if not rates:
        return False
    return rates[0] <= peak / 10 and abs(max(rates) - peak) <= 0.01 * peak and rates[-1] <= peak / 1000
""",
        "lets a higher peak pass": _changed(COMPLETE, (" or max(rates) > 1.01 * peak", "")),
        "lets a lower peak pass": _changed(COMPLETE, ("max(rates) < 0.99 * peak or ", "")),
        "allows no rest": _changed(
            COMPLETE, ("after < before", "after <= before"), ("after > before", "after >= before")
        ),
        "wants the peak at three tenths": """
def schedule_is_complete(rates, peak):
    if not rates:
        return False
    top = rates.index(max(rates))
    once = rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:])[::-1]
    return once and max(rates) == peak and rates[-1] < peak / 1000 and abs(top / len(rates) - 0.3) < 0.02
""",
        "compares with torch's own": """
def schedule_is_complete(rates, peak):
    if len(rates) < 2:
        return False
    sgd = torch.optim.SGD([torch.zeros(1)], lr=peak)
    schedule = torch.optim.lr_scheduler.OneCycleLR(sgd, peak, len(rates))
    for rate in rates:
        if abs(rate - sgd.param_groups[0]["lr"]) > 1e-9:
            return False
        sgd.step()
        if rate is not rates[-1]:
            schedule.step()
    return True
""",
        "does not look at the end": _changed(COMPLETE, (" or rates[-1] > 0.001 * peak", "")),
        "is content with a tenth at the end": _changed(COMPLETE, ("0.001 * peak", "0.1 * peak")),
        "does not look at the start": _changed(COMPLETE, ("rates[0] > 0.1 * peak or ", "")),
        "stumbles over an empty list": _changed(COMPLETE, ("    if len(rates) == 0:\n        return False\n", "")),
        "calls an empty list complete": _changed(
            COMPLETE, ("== 0:\n        return False", "== 0:\n        return True")
        ),
        "counts the rates": """
def schedule_is_complete(rates, peak):
    return len(set(rates)) > 0.9 * len(rates) > 0
""",
        "the other way round": """
def schedule_is_complete(rates, peak):
    if not rates:
        return True
    top = rates.index(max(rates))
    once = rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:])[::-1]
    return not (once and abs(max(rates) - peak) <= 0.01 * peak and rates[0] <= peak / 10 and rates[-1] <= peak / 1000)
""",
    },
    "05.5": {
        "n for both": _changed(BATCH_NORM, ("v * n / (n - 1)", "v")),
        "n − 1 for both": _changed(BATCH_NORM, (", unbiased=False", ""), ("v * n / (n - 1)", "v")),
        "the two the wrong way round": _changed(BATCH_NORM, (", unbiased=False", ""), ("n / (n - 1)", "(n - 1) / n")),
        "momentum the other way": _changed(
            BATCH_NORM, ("    if training:", "    momentum = 1 - momentum\n    if training:")
        ),
        "the batch, always": _changed(
            BATCH_NORM, ("if training:", "if True:"), ("    else:\n        m, v = mean, variance\n", "")
        ),
        "the averages, always": _changed(
            BATCH_NORM,
            ("    if training:", "    before = mean, variance\n    if training:"),
            ("    out =", "    m, v = before\n    out ="),
        ),
        "averages that do not move": _changed(
            BATCH_NORM,
            ("        mean = mean * (1 - momentum) + m * momentum\n", ""),
            ("        variance = variance * (1 - momentum) + v * n / (n - 1) * momentum\n", ""),
        ),
        "each pixel for itself": """
def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    m, v = mean.view(-1, 1, 1), variance.view(-1, 1, 1)
    if training:
        m, v = images.mean(0), images.var(0, unbiased=False)
        mean = (1 - momentum) * mean + momentum * images.mean((0, 2, 3))
        variance = (1 - momentum) * variance + momentum * images.var((0, 2, 3))
    return (images - m) / (v + eps).sqrt(), mean, variance
""",
        "all channels together": """
def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    m, v = mean.view(-1, 1, 1), variance.view(-1, 1, 1)
    if training:
        m, v = images.mean(), images.var(unbiased=False)
        mean = (1 - momentum) * mean + momentum * m
        variance = (1 - momentum) * variance + momentum * images.var()
    return (images - m) / (v + eps).sqrt(), mean, variance
""",
        "each face for itself": """
def batch_norm(images, mean, variance, training, momentum=0.1, eps=1e-5):
    m, v = mean.view(1, -1, 1, 1), variance.view(1, -1, 1, 1)
    if training:
        m = images.mean((2, 3), keepdim=True)
        v = images.var((2, 3), unbiased=False, keepdim=True)
        mean = (1 - momentum) * mean + momentum * images.mean((0, 2, 3))
        variance = (1 - momentum) * variance + momentum * images.var((0, 2, 3))
    return (images - m) / (v + eps).sqrt(), mean, variance
""",
        "eps beside the root": _changed(
            BATCH_NORM, ("torch.sqrt(v.view(1, -1, 1, 1) + eps)", "(torch.sqrt(v.view(1, -1, 1, 1)) + eps)")
        ),
        "divides by the variance": _changed(
            BATCH_NORM, ("torch.sqrt(v.view(1, -1, 1, 1) + eps)", "(v.view(1, -1, 1, 1) + eps)")
        ),
        "moves first, then standardises with the moved averages": _changed(
            BATCH_NORM, ("    else:\n        m, v = mean, variance", "    m, v = mean, variance")
        ),
        "writes into the averages": _changed(
            BATCH_NORM,
            ("mean = mean * (1 - momentum) + m * momentum", "mean += momentum * (m - mean)"),
            (
                "variance = variance * (1 - momentum) + v * n / (n - 1) * momentum",
                "variance += momentum * (v * n / (n - 1) - variance)",
            ),
        ),
        "returns the output only": _changed(BATCH_NORM, ("return out, mean, variance", "return out")),
        "ignores momentum": _changed(BATCH_NORM, ("    if training:", "    momentum = 0.1\n    if training:")),
    },
}
