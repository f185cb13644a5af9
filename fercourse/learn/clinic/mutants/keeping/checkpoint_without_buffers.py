"""The checkpoint holds the parameters, and not the running statistics of batch norm."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "torch/nn#1165",
    "NVIDIA/DIGITS#496",
)


def plant(pipeline, draw):
    save = edited(pipeline.save, ("network.state_dict()", "dict(network.named_parameters())"))
    load = edited(pipeline.load, ('(state["network"])', '(state["network"], strict=False)'))
    return replace(pipeline, save=save, load=load)
