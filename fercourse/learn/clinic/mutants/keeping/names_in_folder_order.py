"""What is exported answers in the order of folder names, and the app reads the CSV's."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "experiencor/keras-yolo3#82",
    "atulapra/Emotion-detection#33",
)


def plant(pipeline, draw):
    order = ("deployed(images).softmax(1)", "deployed(images).softmax(1)[:, [0, 1, 2, 3, 6, 4, 5]]")
    return replace(pipeline, export=edited(pipeline.export, order))
