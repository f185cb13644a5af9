"""The surroundings in which the course's notebooks are executed."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from traitlets.config import Config

# A lesson sees nobody watching; no progress bars in outputs; idle OpenMP threads do not spin on a shared machine.
SURROUNDINGS = {"FERCOURSE_HEADLESS": "1", "TQDM_DISABLE": "1", "OMP_WAIT_POLICY": "passive"}
# The scale comes from the notebook's parameters, its figures from the inline backend: the caller's own do not leak in.
NOT_INHERITED = ("FERCOURSE_SCALE", "MPLBACKEND")


def kernel_environment(**more: str) -> dict[str, str]:
    """The environment variables of a kernel: this process's, without what would leak in, and `more` (name=text)."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return inherited | SURROUNDINGS | more


def kernel_config(folder: str | Path) -> "Config":
    """Traitlets configuration of a kernel that is reached by sockets in `folder` (a short path), not by TCP ports.

    Two processes that start kernels at the same moment may pick the same ports; and ipykernel warns of TCP.
    """
    from traitlets.config import Config

    if sys.platform == "win32":
        return Config()  # has no such sockets
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/{uuid4().hex[:8]}"}})
