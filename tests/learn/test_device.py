"""Devices and their random numbers; an Apple device is a stand-in, so that the test runs everywhere."""

import pytest
import torch
from apple import Noise

import fercourse as fc
from fercourse.learn import device


def test_a_device_of_torch_is_taken_as_it_is():
    assert fc.choose_device(torch.device("cpu")) == fc.choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:2", "cuda", "mps", "mps:1"])
def test_a_device_is_here_only_as_often_as_it_is_counted(monkeypatch, name):
    monkeypatch.setitem(device._DEVICES, "cuda", lambda: True)
    monkeypatch.setitem(device._COUNTS, "cuda", lambda: 2)
    monkeypatch.setitem(device._DEVICES, "mps", lambda: True)
    monkeypatch.setitem(device._COUNTS, "mps", lambda: 1)
    if ":" not in name:
        assert fc.choose_device(name).type == name
    else:
        with pytest.raises(fc.ParameterError, match=f"'{name}' is not on this machine; it has cuda, mps, cpu"):
            fc.choose_device(name)


@pytest.mark.parametrize("seed", ["3", 3.7, True, None, -1, 2**64])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(fc.ParameterError, match="expected seed, a whole number"):
        fc.seed_everything(seed)


def test_random_numbers_of_an_apple_device_are_put_back_also_after_an_error(monkeypatch):
    fake = Noise(7)
    for name in ("get_rng_state", "set_rng_state", "manual_seed"):
        monkeypatch.setattr(torch.mps, name, getattr(fake, name))
    before = torch.get_rng_state()

    def draw_and_fail():
        with device.random_numbers_aside(torch.device("mps")):
            device.seed_device(3, torch.device("mps"))
            assert fake.state.item() == 3
            fake.manual_seed(9)
            torch.rand(3)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        draw_and_fail()
    assert fake.state.item() == 7
    assert torch.equal(torch.get_rng_state(), before)


def test_seeding_one_device_leaves_the_others_and_draws_what_seeding_all_draws(monkeypatch):
    fake = Noise(7)
    monkeypatch.setattr(torch.mps, "manual_seed", fake.manual_seed)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("another device is seeded"))
    with device.random_numbers_aside(torch.device("cpu")):
        device.seed_device(3, torch.device("cpu"))
        drawn = torch.rand(5)
    assert fake.state.item() == 7
    monkeypatch.undo()
    fc.seed_everything(3)
    assert torch.equal(torch.rand(5), drawn)
