"""All faces of a batch are changed by one and the same draw."""

from dataclasses import replace

MET = (
    "pytorch/vision#8484",
    "pytorch/vision#2929",
)


def plant(pipeline, draw):
    def augment(images, generator):
        draws = pipeline.augment.draws(1, generator)
        return pipeline.augment.apply(images, draws.expand(len(images), -1))

    return replace(pipeline, augment=augment)
