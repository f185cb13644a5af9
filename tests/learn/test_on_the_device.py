"""What must be equal on the CPU and on a GPU. `benchmarks/gpu_round.py` runs these where there is one.

FERCOURSE_TESTS_DEVICE=cpu rehearses them, the CPU against itself.
"""

import os

import numpy as np
import pytest
import torch

import fercourse as fc
from fercourse.learn.fast.sides import resized

DEVICE = os.environ.get("FERCOURSE_TESTS_DEVICE", "cuda")
pytestmark = pytest.mark.skipif(
    DEVICE == "cuda" and not torch.cuda.is_available(), reason="there is no GPU that torch can use"
)
HOW = {"epochs": 3, "sides": [32, 40, 48], "optimizer": fc.muon, "schedule": fc.Triangle(), "batch_size": 30}
HOW |= {"augment": fc.Augment(flip=0.5, shift=0.1, rotate=10, zoom=0.1, erase=0.2), "ema": 0.9}


@pytest.fixture(autouse=True)
def _exact_products():
    """GPUs shorten float32 to ten bits in convolutions unless told."""
    kept = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = kept


def network(seed=0):
    torch.manual_seed(seed)
    return fc.fast(widths=(8, 8, 16, 16))


def test_the_same_faces_are_drawn_changed_and_resized_on_the_device(faces):
    streams = [fc.batches(faces.train, 30, shuffle=True, generator=g, device=d) for g, d in draws()]
    augment = fc.Augment(flip=0.5, shift=0.1, rotate=10, zoom=0.1, brightness=0.2, contrast=0.2, erase=0.3)
    here, there = (next(fc.augmented(stream, augment, torch.Generator().manual_seed(1))) for stream in streams)
    torch.testing.assert_close(there[0].cpu(), here[0], rtol=0, atol=1e-4)
    assert torch.equal(there[1].cpu(), here[1])
    torch.testing.assert_close(resized(there[0], 32).cpu(), resized(here[0], 32), rtol=0, atol=1e-4)


def draws():
    return [(torch.Generator().manual_seed(0), device) for device in ("cpu", DEVICE)]


def test_a_step_of_muon_is_the_same_step_on_the_device():
    ours, theirs = network(), network().to(DEVICE)
    optimizers = [fc.muon(ours), fc.muon(theirs)]
    for step in range(3):
        draw = torch.Generator().manual_seed(step)
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            one.grad = torch.randn(one.shape, generator=draw)
            other.grad = one.grad.to(DEVICE)
        for optimizer in optimizers:
            optimizer.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(other.cpu(), one, rtol=0, atol=2e-3)  # bfloat16 inside of Muon


def test_an_epoch_learns_on_the_device_what_it_learns_on_the_cpu(faces):
    how = HOW | {"optimizer": "sgd", "lr": 0.05}
    here, there = (next(fc.iter_fit(network(), faces, **how, device=device)) for device in ("cpu", DEVICE))
    for name in ("train_loss", "valid_loss"):
        assert there[name] == pytest.approx(here[name], abs=0.01)


def test_a_run_that_was_left_goes_on_on_the_device(faces, tmp_path):
    where = {"device": DEVICE, "checkpoint": tmp_path / "run.pt"}
    whole = list(fc.iter_fit(network(), faces, **HOW, device=DEVICE))
    next(fc.iter_fit(network(), faces, **HOW, **where))
    again = list(fc.iter_fit(network(1), faces, **HOW, **where, resume=True))
    assert [row["side"] for row in again] == [32, 40, 48]
    for row, other in zip(whole, again, strict=True):
        assert other["train_loss"] == pytest.approx(row["train_loss"], abs=0.02)  # a GPU adds up in any order
        assert other["lr"] == row["lr"]


def test_answers_are_the_cpus_and_near_them_in_bfloat16(faces):
    model = network().eval()
    here = fc.predict(model, faces.valid).probabilities
    there = fc.predict(model.to(DEVICE), faces.valid).probabilities
    np.testing.assert_allclose(there, here, atol=1e-4)
    with torch.autocast(DEVICE, torch.bfloat16):
        rounded = fc.predict(model, faces.valid).probabilities
    np.testing.assert_allclose(rounded, here, atol=0.02)


def test_bfloat16_and_the_gpus_recipe_train_on_the_device(faces):
    how = fc.GPU_RECIPE | {"epochs": 2, "sides": [32, 48], "batch_size": 30, "precision": "bfloat16"}
    history = fc.fit(network(), faces, **how, device=DEVICE, progress=False)
    assert np.isfinite(history["valid_loss"]).all()
