"""TensorFlow's first import, without its log.

TensorFlow's C++ side writes to file descriptor 2 past `sys.stderr`, and its own switch no longer silences it. So the
descriptor is sent to nowhere during the import and the first operations. They wake the devices, and everything that
has to be settled before they wake is settled here.
"""

import os
import sys
from contextlib import contextmanager
from importlib.util import find_spec


def load_tensorflow():
    """Import TensorFlow and Keras; harmless where they are imported already.

    Raises ImportError where TensorFlow is not installed, or where Keras runs on another framework.
    """
    if find_spec("tensorflow") is None:
        raise ImportError('this part of the course needs TensorFlow. In the course\'s folder: pip install -e ".[tf]"')
    # Unset, Keras takes its framework from a file in the user's home.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        with without_log():
            _wake()
    import keras

    if keras.config.backend() != "tensorflow":
        raise ImportError(
            f"expected Keras on tensorflow, found it on {keras.config.backend()}. "
            "Restart the kernel, set KERAS_BACKEND=tensorflow, and import fercourse first."
        )


def _wake():
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)  # or it takes all of it, and PyTorch gets none
    # On recent GPUs, float32 products are otherwise rounded to 10 bits: enough to break a comparison to 1e-4.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    tf.constant(0) + 1
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:  # the first session of TensorFlow 1 has a line too
        session.run(tf.constant(0))


@contextmanager
def without_log():
    """Send file descriptor 2 to nowhere for a while, as for a conversion of which every step is logged.

    Errors are raised all the same. What other threads and programs write to it meanwhile is lost too.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
