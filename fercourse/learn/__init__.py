"""The PyTorch room: device, batches, the loop, checkpoints, models."""

from fercourse.triton_first import load_triton_first

load_triton_first()
