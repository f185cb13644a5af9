"""TensorFlow and PyTorch in one process: every order of imports, each in a process of its own."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

both = pytest.mark.skipif(
    find_spec("tensorflow") is None or find_spec("triton") is None,
    reason="needs TensorFlow and triton in the environment; without one of them the crash cannot happen",
)
TRAIN = "import torch; torch.optim.Adam([torch.zeros(1, requires_grad=True)]); import torchvision"


def run(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)


@both
@pytest.mark.parametrize(
    "program",
    [
        f"import fercourse; import tensorflow; {TRAIN}",
        f"import fercourse; {TRAIN}; import tensorflow",
        f"import torchvision, fercourse, tensorflow; {TRAIN}",
        f"import fercourse.learn; import tensorflow; {TRAIN}",
        f"import fercourse.tf; {TRAIN}",
    ],
)
def test_with_fercourse_first_both_frameworks_live_in_one_process(program):
    finished = run(program + "; print('alive')")
    assert finished.stdout.endswith("alive\n"), finished.stderr[-500:]


@both
def test_tensorflow_first_is_an_error_that_says_what_to_do():
    finished = run("import tensorflow, fercourse")
    assert finished.returncode == 1
    assert "Restart the kernel and import fercourse first" in finished.stderr


def test_without_tensorflow_nothing_is_imported(monkeypatch):
    from fercourse import triton_first

    for name in ("triton", "tensorflow"):  # other tests of this process have loaded them
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(triton_first, "find_spec", lambda name: object() if name == "triton" else None)
    triton_first.load_triton_first()
    assert "triton" not in sys.modules
