"""The mean grey level is subtracted from the training faces, and not from those of validation."""

from dataclasses import replace

MET = (
    "notebook C",
    "jchen42703/kits19-cnn#22",
    "jaehyunnn/ViTPose_pytorch#17",
)


def plant(pipeline, draw):
    mean = pipeline.train.images.mean() / 255 * draw.uniform(0.8, 1.2)

    def train_stream(p, generator):
        return ((images - mean, labels) for images, labels in pipeline.train_stream(p, generator))

    return replace(pipeline, train_stream=train_stream)
