"""The state of the optimiser is not restored: a resumed training has lost its averages."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "matterport/Mask_RCNN#1726",
    "NVlabs/stylegan2-ada-pytorch#108",
    "AlexeyAB/darknet#6720",
)


def plant(pipeline, draw):
    load = edited(pipeline.load, ('    optimizer.load_state_dict(state["optimizer"])\n', ""))
    return replace(pipeline, load=load)
