"""Load triton before TensorFlow, where both are installed.

Both carry LLVM. TensorFlow 2.20 and later loads its copy for the whole process, and a triton that is loaded
afterwards (by torchvision, by torch.compile, by the first torch.optim.Adam) ends the kernel with a segmentation
fault: tensorflow issue 124205. The other order is safe. `import fercourse` therefore takes 0.2 s for triton, and
takes it only where TensorFlow is installed too.
"""

import sys
from importlib.util import find_spec


def load_triton_first():
    """Import triton if TensorFlow could come later; raise ImportError if TensorFlow came first."""
    if "triton" in sys.modules or find_spec("triton") is None:
        return
    if "tensorflow" in sys.modules:
        raise ImportError(
            "tensorflow was imported before fercourse. PyTorch would end this kernel without a message. "
            "Restart the kernel and import fercourse first."
        )
    if find_spec("tensorflow") is not None:
        import triton  # noqa: F401
