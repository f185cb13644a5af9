"""Pixels come as 0 to 255 instead of 0 to 1."""

from dataclasses import replace

MET = (
    "notebooks A and B",
    "UMLAUT (CHI 2021), input not normalised",
)


def plant(pipeline, draw):
    def raw(stream):
        return ((255 * images, labels) for images, labels in stream)

    return replace(
        pipeline,
        train_stream=lambda p, generator: raw(pipeline.train_stream(p, generator)),
        valid_stream=lambda p: raw(pipeline.valid_stream(p)),
    )
