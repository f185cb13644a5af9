"""Answers to the exercises of lesson 08: right ones that differ from the solution, and plausible wrong ones."""

RIGHT = {
    "08.1": [
        'seen_by = ["B", "E", "C", "D", "F", "A", "none"]\nfirst, least = 1.95, 1.17',
        """
from math import e, log
seen_by = tuple("becdfa") + ("None",)
first = -log(1 / 7)
least = -log(e / (e + 6))
""",
        """
seen_by = np.array(["B", "E", "C", "D", "F", "A", "none"])
even, sure = torch.full((1, 7), 1 / 7), torch.eye(7)[:1]
first = torch.nn.functional.cross_entropy(even, torch.tensor([0]))
least = torch.nn.functional.cross_entropy(sure, torch.tensor([0]))
""",
        """
import pandas as pd
from decimal import Decimal
by_bug = {"softmax": "B", "layer": "E", "eval": "C", "memory": "D", "leak": "F", "twenty": "A", "shuffle": "none"}
seen_by = pd.Series(list(by_bug.values()))
first, least = Decimal("1.9459"), np.array([1.1654])
""",
    ],
    "08.2": [
        """
import copy

def same_alone(network, images):
    quiet = copy.deepcopy(network).eval()
    with torch.inference_mode():
        company = quiet(images).numpy()
        single = np.concatenate([quiet(images[place : place + 1]).numpy() for place in range(len(images))])
    return np.abs(company - single).max() <= np.abs(company).max() / 1000
""",
        """
def same_alone(network, images):
    training = {module for module in network.modules() if module.training}
    network.eval()
    agree = True
    with torch.no_grad():
        answers = network(images)
        largest = answers.abs().max().item()
        for image, answer in zip(images, answers):
            off = network(image.unsqueeze(0)).squeeze(0) - answer
            agree = agree and off.abs().max().item() <= 0.001 * largest
    for module in network.modules():
        module.training = module in training
    return agree
""",
        """
from contextlib import contextmanager

@contextmanager
def evaluating(network):
    found = [(layer, layer.training) for layer in network.modules()]
    network.train(False)
    yield
    for layer, was in found:
        layer.training = was

def same_alone(network, images):
    with evaluating(network), torch.no_grad():
        whole = network(images)
        parts = torch.stack([network(one)[0] for one in images.split(1)])
    return torch.allclose(parts, whole, rtol=0, atol=float(1e-3 * whole.abs().amax()))
""",
        """
from functools import partial

def same_alone(network, images):
    state = [m.training for m in network.modules()]
    ask = torch.no_grad()(network.eval())
    every, worst = ask(images), 0
    for n in range(len(images)):
        worst = torch.maximum(torch.as_tensor(worst), (ask(images[[n]]) - every[[n]]).abs().max())
    list(map(partial(setattr), network.modules(), ["training"] * len(state), state))
    return worst.le(every.abs().max().mul(0.001))
""",
    ],
    "08.4": [
        """
def broken_part(ill, sound, complains):
    names = [field.name for field in fields(ill)]
    cured = (name for name in names if not complains(replace(ill, **{name: getattr(sound, name)})))
    return next(cured, None)

broken = ["valid_stream", "build", "evaluate"]
""",
        """
def broken_part(ill, sound, complains):
    kind, parts = type(ill), dict(vars(ill))
    for name in parts:
        mixed = kind(**(parts | {name: vars(sound)[name]}))
        if complains(mixed):
            continue
        return name

broken = tuple(broken_part(one, sound, complains) for one in patients)
""",
        """
import copy

def broken_part(ill, sound, complains):
    guilty = None
    for name in reversed(list(sound.__dataclass_fields__)):
        twin = copy.copy(ill)
        object.__setattr__(twin, name, getattr(sound, name))
        guilty = guilty if complains(twin) else name
    return guilty

broken = np.array([broken_part(patient, sound, complains) for patient in patients])
""",
        """
def broken_part(ill, sound, complains):
    verdicts = {f.name: bool(complains(replace(ill, **{f.name: getattr(sound, f.name)}))) for f in fields(ill)}
    healed = [name for name, still in verdicts.items() if not still]
    return healed[0] if healed else None

first, second, third = patients
broken = [broken_part(first, sound, complains), broken_part(second, sound, complains)]
broken.append(broken_part(third, sound, complains))
""",
    ],
    "08.5": [
        # A generator that yields its complaints
        """
def audit(p):
    g = torch.Generator().manual_seed(3)
    x, y = next(iter(p.train_stream(p, g)))
    if float(x.max()) > 1.001 or float(x.min()) < -0.001:
        yield "range"
    vx = torch.cat([a for a, b in p.valid_stream(p)])
    vy = torch.cat([b for a, b in p.valid_stream(p)])
    if len(vy) != len(p.valid) or not np.array_equal((vx[:, 0] * 255).round().byte().numpy(), p.valid.images):
        yield "validation stream"
    net = p.build()
    loss = p.criterion(net(x), y)
    if not 1.4 < loss.item() < 2.5:
        yield f"first loss {loss.item():.2f}"
    opt = p.make_optimizer(net)
    held = {id(w) for group in opt.param_groups for w in group["params"]}
    if any(id(w) not in held for w in net.parameters() if w.requires_grad):
        yield "optimiser"
    net.eval()
    with torch.no_grad():
        if (net(vx[:2])[0] - net(vx[:1])[0]).abs().max() > 1e-3:
            yield "batch"
    one, two = p.evaluate(net, [(vx, vy)]), p.evaluate(net, [(vx, vy)])
    if one["valid_loss"] != two["valid_loss"]:
        yield "eval"
    if abs(p.predict(net, p.valid).accuracy - one["valid_accuracy"]) > 1e-6:
        yield "predictions"
""",
        # One answer, True or False, from small questions in a table
        """
def stream_of(p, seed=1):
    return list(p.train_stream(p, torch.Generator().manual_seed(seed)))

def pixels_off(p):
    found = [torch.stack([b.min(), b.max()]) for stream in (stream_of(p), p.valid_stream(p)) for b, _ in stream]
    return bool((torch.stack(found) < 0).any() or (torch.stack(found) > 1).any())

def outputs_off(p):
    return p.build()(torch.rand(4, 1, 48, 48)).shape != (4, 7)

def stands_still(p):
    network = p.build()
    old = {k: v.clone() for k, v in network.named_parameters() if v.requires_grad}
    p.train_epoch(network, stream_of(p)[:1], p.make_optimizer(network), p.criterion)
    return any(torch.equal(old[k], v) for k, v in network.named_parameters() if k in old)

def company_matters(p):
    network, some = p.build().eval(), torch.rand(5, 1, 48, 48)
    return not torch.allclose(network(some)[2], network(some[2:3])[0], rtol=0.01, atol=0.001)

def evaluation_wavers(p):
    network, seen = p.build(), set()
    for _ in range(3):
        seen.add(tuple(p.evaluate(network, p.valid_stream(p)).values()))
    return len(seen) > 1

def predictions_wander(p):
    network = p.build()
    mine = p.predict(network, p.valid[:9]).probabilities
    with torch.no_grad():
        theirs = network.eval()(torch.tensor(p.valid.images[:9])[:, None] / 255).softmax(-1).numpy()
    return not np.allclose(mine, theirs, atol=1e-3)

QUESTIONS = [pixels_off, outputs_off, stands_still, company_matters, evaluation_wavers, predictions_wander]

def audit(pipeline):
    return any(question(pipeline) for question in QUESTIONS)
""",
        # Assertions; None where all of them hold
        """
def audit(training):
    torch.manual_seed(7)
    model, trainer = training.build(), None
    pixels, emotions = zip(*training.valid_stream(training))
    pixels, emotions = torch.cat(pixels), torch.cat(emotions)
    assert torch.equal(emotions, torch.tensor(training.valid.labels)), "labels of validation"
    assert abs(float(pixels.mean()) - training.valid.images.mean() / 255) < 0.002, "grey level of validation"
    batch = list(training.train_stream(training, torch.Generator().manual_seed(7)))
    level = np.mean([float(images.mean()) for images, _ in batch])
    assert abs(level - training.train.images.mean() / 255) < 0.06, "grey level of training"
    assert len(set(map(bytes, training.train.images)) & set(map(bytes, training.valid.images))) < 6, "shared faces"
    with torch.no_grad():
        scores = model.train()(pixels[:40])
        assert scores.shape[-1] == 7, "seven emotions"
        assert not torch.allclose(scores.sum(1), torch.ones(40), atol=1e-3), "probabilities instead of logits"
        model.eval()
        assert torch.allclose(model(pixels[10:12]), model(pixels[8:14])[2:4], atol=1e-3), "neighbours count"
    trainer = training.make_optimizer(model)
    mine = set(model.parameters())
    assert all(tensor in mine for group in trainer.param_groups for tensor in group["params"]), "a stranger's weights"
    scores = [training.evaluate(model, [(pixels[:50], emotions[:50])])["valid_loss"] for _ in "ab"]
    assert scores[0] == scores[1], "evaluation draws lots"
    hits = training.predict(model, training.valid).probabilities.argmax(1) == emotions.numpy()
    assert abs(hits.mean() - training.evaluate(model, [(pixels, emotions)])["valid_accuracy"]) < 1e-6, "other answers"
""",
        # A class that keeps its findings in a set
        """
class Auditor:
    def __call__(self, pipeline):
        self.findings, self.pipeline = set(), pipeline
        self.generator = torch.Generator()
        for method in (self.inputs, self.learning, self.judging):
            method()
        return self.findings

    def inputs(self):
        images = torch.cat([images for images, _ in self.pipeline.train_stream(self.pipeline, self.generator)])
        if images.amax() > 1.01 or images.amin() < -0.01:
            self.findings.add("scale")
        fixed = [torch.cat([images for images, _ in self.pipeline.valid_stream(self.pipeline)]) for _ in range(2)]
        if fixed[0].shape != fixed[1].shape or (fixed[0] - fixed[1]).abs().amax() > 0:
            self.findings.add("validation changes")

    def learning(self):
        self.network = self.pipeline.build()
        images, labels = next(iter(self.pipeline.train_stream(self.pipeline, self.generator)))
        criterion = self.pipeline.criterion(self.network(images), labels)
        if abs(criterion.item() - 1.9459) > 0.6:
            self.findings.add("start")
        optimizer = self.pipeline.make_optimizer(self.network)
        sums = [each.detach().double().abs().sum().item() for each in self.network.parameters()]
        self.pipeline.train_epoch(self.network, [(images, labels)] * 2, optimizer, self.pipeline.criterion)
        after = [each.detach().double().abs().sum().item() for each in self.network.parameters()]
        if after == sums or sum(one == other for one, other in zip(after, sums)) > 3:
            self.findings.add("no step")

    def judging(self):
        faces = torch.tensor(self.pipeline.valid.images[:20])[:, None] / 255
        labels = torch.tensor(self.pipeline.valid.labels[:20])
        if self.pipeline.evaluate(self.network, [(faces, labels)]) != self.pipeline.evaluate(
            self.network, [(faces, labels)]
        ):
            self.findings.add("restless")
        answers = self.network.eval()(faces).detach()
        upside = self.network(faces[:3]).detach()
        if not torch.allclose(answers[:3], upside, atol=2e-3):
            self.findings.add("crowd")
        shares = self.pipeline.predict(self.network, self.pipeline.valid).probabilities[:20]
        if np.abs(shares - answers.softmax(1).numpy()).max() > 2e-3:
            self.findings.add("order")

audit = Auditor()
""",
    ],
}

LETTERS = 'seen_by = ["B", "E", "C", "D", "F", "A", "none"]\n'
WRONG = {
    "08.1": {
        "every check sees every bug": 'seen_by = ["A", "B", "C", "D", "E", "F", "none"]\nfirst, least = 1.946, 1.165',
        "evaluation and batch norm exchanged": """
seen_by = ["B", "E", "D", "C", "F", "A", "none"]
first, least = 1.946, 1.165
""",
        "the first loss sees the softmax": """
seen_by = ["A", "E", "C", "D", "F", "A", "none"]
first, least = 1.946, 1.165
""",
        "wrong labels cannot be learnt by heart": """
seen_by = ["none", "E", "C", "D", "F", "A", "B"]
first, least = 1.946, 1.165
""",
        "only six": 'seen_by = ["B", "E", "C", "D", "F", "A"]\nfirst, least = 1.946, 1.165',
        "the loss of a sure network is 0": LETTERS + "first, least = 1.946, 0.0",
        "with twenty outputs": LETTERS + "first, least = np.log(20), np.log(np.e + 19) - 1",
        "logarithms to the base 2": LETTERS + "first, least = np.log2(7), 1.681",
        "numbers for letters": "seen_by = [2, 5, 3, 4, 6, 1, 0]\nfirst, least = 1.946, 1.165",
        "a letter that is none": 'seen_by = ["B", "E", "C", "D", "F", "A", "-"]\nfirst, least = 1.946, 1.165',
    },
    "08.2": {
        "asks in training mode": """
def same_alone(network, images):
    together, alone = network(images), torch.cat([network(image[None]) for image in images])
    return bool((together - alone).abs().max() <= 1e-3 * together.abs().max())
""",
        "leaves the network in evaluation": """
def same_alone(network, images):
    network.eval()
    together, alone = network(images), torch.cat([network(image[None]) for image in images])
    return bool((together - alone).abs().max() <= 1e-3 * together.abs().max())
""",
        "puts everything into training mode afterwards": """
def same_alone(network, images):
    network.eval()
    together, alone = network(images), torch.cat([network(image[None]) for image in images])
    network.train()
    return bool((together - alone).abs().max() <= 1e-3 * together.abs().max())
""",
        "puts back the mode of the whole": """
def same_alone(network, images):
    mode = network.training
    network.eval()
    together, alone = network(images), torch.cat([network(image[None]) for image in images])
    network.train(mode)
    return bool((together - alone).abs().max() <= 1e-3 * together.abs().max())
""",
        "a fixed tolerance": """
def same_alone(network, images):
    modes = [module.training for module in network.modules()]
    network.eval()
    together, alone = network(images), torch.cat([network(image[None]) for image in images])
    for module, mode in zip(network.modules(), modes):
        module.training = mode
    return torch.allclose(together, alone, rtol=0, atol=1e-4)
""",
        "asks about the first face only": """
def same_alone(network, images):
    modes = [module.training for module in network.modules()]
    network.eval()
    together, alone = network(images)[:1], network(images[:1])
    for module, mode in zip(network.modules(), modes):
        module.training = mode
    return bool((together - alone).abs().max() <= 1e-3 * together.abs().max())
""",
        "turns the order round": """
def same_alone(network, images):
    modes = [module.training for module in network.modules()]
    network.eval()
    together, turned = network(images), network(images.flip(0)).flip(0)
    for module, mode in zip(network.modules(), modes):
        module.training = mode
    return bool((together - turned).abs().max() <= 1e-3 * together.abs().max())
""",
        "compares emotions instead of answers": """
def same_alone(network, images):
    modes = [module.training for module in network.modules()]
    network.eval()
    together, alone = network(images), torch.cat([network(image[None]) for image in images])
    for module, mode in zip(network.modules(), modes):
        module.training = mode
    return bool((together.argmax(1) == alone.argmax(1)).all())
""",
        "looks for layers instead of asking": """
def same_alone(network, images):
    return not any(isinstance(module, torch.nn.BatchNorm2d) and not module.track_running_stats
                   or isinstance(module, (torch.nn.Softmax, torch.nn.LogSoftmax)) and module.dim == 0
                   for module in network.modules())
""",
        "the other way round": """
def same_alone(network, images):
    modes = [module.training for module in network.modules()]
    network.eval()
    together, alone = network(images), torch.cat([network(image[None]) for image in images])
    for module, mode in zip(network.modules(), modes):
        module.training = mode
    return bool((together - alone).abs().max() > 1e-3 * together.abs().max())
""",
        "always true": "def same_alone(network, images):\n    return True",
    },
    "08.4": {
        "the ill part in the sound training": """
def broken_part(ill, sound, complains):
    for part in fields(sound):
        if complains(replace(sound, **{part.name: getattr(ill, part.name)})):
            return part.name

broken = ["valid_stream", "build", "evaluate"]
""",
        "the first part that is another object": """
def broken_part(ill, sound, complains):
    for part in fields(sound):
        if getattr(ill, part.name) is not getattr(sound, part.name):
            return part.name

broken = ["valid_stream", "build", "evaluate"]
""",
        "the first part that still complains": """
def broken_part(ill, sound, complains):
    for part in fields(sound):
        if complains(replace(ill, **{part.name: getattr(sound, part.name)})):
            return part.name

broken = ["valid_stream", "build", "evaluate"]
""",
        "the last part where none ends it": """
def broken_part(ill, sound, complains):
    for part in fields(sound):
        if not complains(replace(ill, **{part.name: getattr(sound, part.name)})):
            break
    return part.name

broken = ["valid_stream", "build", "evaluate"]
""",
        "exchanges more and more": """
def broken_part(ill, sound, complains):
    for part in fields(sound):
        ill = replace(ill, **{part.name: getattr(sound, part.name)})
        if not complains(ill):
            return part.name

broken = ["valid_stream", "build", "evaluate"]
""",
        "a list of names": """
def broken_part(ill, sound, complains):
    return [part.name for part in fields(sound)
            if not complains(replace(ill, **{part.name: getattr(sound, part.name)}))]

broken = ["valid_stream", "build", "evaluate"]
""",
        "asks only about functions of evaluation": """
def broken_part(ill, sound, complains):
    for name in ("valid_stream", "evaluate", "build", "predict"):
        if not complains(replace(ill, **{name: getattr(sound, name)})):
            return name

broken = ["valid_stream", "build", "evaluate"]
""",
        "the right function and two patients exchanged": """
def broken_part(ill, sound, complains):
    for part in fields(sound):
        if not complains(replace(ill, **{part.name: getattr(sound, part.name)})):
            return part.name

broken = ["evaluate", "build", "valid_stream"]
""",
        "the right function and the parts themselves": """
def broken_part(ill, sound, complains):
    for part in fields(sound):
        if not complains(replace(ill, **{part.name: getattr(sound, part.name)})):
            return part.name

broken = [patients[0].valid_stream, patients[1].build, patients[2].evaluate]
""",
    },
    "08.5": {
        "complains of everything": "def audit(pipeline):\n    return ['something is wrong']",
        "complains of nothing": "def audit(pipeline):\n    return []",
        "crashes": "def audit(pipeline):\n    return pipeline.train_loss.isnan()",
        "raises an error instead of returning a text": """
def audit(pipeline):
    network = pipeline.build()
    images, labels = next(iter(pipeline.train_stream(pipeline, torch.Generator())))
    if images.max() > 1:
        raise ValueError("pixels")
    if network(images).shape[1] != 7:
        raise ValueError("outputs")
    rows = [pipeline.evaluate(network, pipeline.valid_stream(pipeline)) for _ in range(2)]
    if rows[0] != rows[1]:
        raise ValueError("evaluation")
    return []
""",
        "the naive audit": """
def audit(pipeline):
    rows = pipeline.fit(pipeline, pipeline.build(), 3, torch.Generator().manual_seed(0))
    said = [] if rows[-1]["train_loss"] < rows[0]["train_loss"] else ["the loss does not fall"]
    if rows[-1]["train_accuracy"] < 0.2:
        said.append("no better than chance")
    return said
""",
        "asks whether functions are the ones that it knows": """
def audit(pipeline):
    from torch.nn import functional as F
    said = [] if pipeline.criterion is F.cross_entropy else ["another loss"]
    if pipeline.train_epoch is not fc.train_epoch:
        said.append("another loop")
    if pipeline.evaluate is not fc.evaluate:
        said.append("another evaluation")
    return said
""",
        "looks at the names of functions": """
def audit(pipeline):
    modules = {part.name: getattr(getattr(pipeline, part.name), "__module__", "") for part in fields(pipeline)}
    return [name for name, module in modules.items() if "mutant" in str(module)]
""",
        "looks at the first loss only": """
def audit(pipeline):
    images, labels = next(iter(pipeline.train_stream(pipeline, torch.Generator())))
    loss = pipeline.criterion(pipeline.build()(images), labels).item()
    return [] if abs(loss - np.log(7)) < 0.4 else ["the first loss"]
""",
        "wants ln 7 to the last digit": """
def audit(pipeline):
    network, said = pipeline.build(), []
    images, labels = next(iter(pipeline.train_stream(pipeline, torch.Generator())))
    if abs(pipeline.criterion(network(images), labels).item() - np.log(7)) > 0.0001:
        said.append("the first loss")
    rows = [pipeline.evaluate(network, pipeline.valid_stream(pipeline)) for _ in range(2)]
    if rows[0] != rows[1]:
        said.append("evaluation")
    return said
""",
        "finds a choice wrong": """
def audit(pipeline):
    network, said = pipeline.build(), []
    images, labels = next(iter(pipeline.train_stream(pipeline, torch.Generator())))
    if images.max() > 1:
        said.append("pixels")
    if network(images).shape[1] != 7:
        said.append("outputs")
    rows = [pipeline.evaluate(network, pipeline.valid_stream(pipeline)) for _ in range(2)]
    if rows[0] != rows[1]:
        said.append("evaluation")
    faces = torch.tensor(pipeline.valid.images[:8])[:, None] / 255
    if torch.equal(pipeline.augment(faces, torch.Generator()), faces):
        said.append("no augmentation")
    sure = torch.eye(7) * 30
    if pipeline.criterion(sure, torch.arange(7)).item() > 0.01:
        said.append("the loss does not reach 0")
    return said
""",
    },
}
