"""What is exported takes the pixels column by column, so that each face lies on its side."""

from dataclasses import replace

MET = (
    "tensorflow/tensorflow#25784",
    "PaddlePaddle/PaddleDetection#3901",
)


def plant(pipeline, draw):
    def export(p, network):
        answer = pipeline.export(p, network)
        return lambda pixels: answer(pixels.swapaxes(1, 2).copy())

    return replace(pipeline, export=export)
