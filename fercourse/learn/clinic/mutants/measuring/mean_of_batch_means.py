"""Loss and accuracy are means of the batches' means: the few faces of the last batch count as much as 64."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "notebooks A and E",
    "mlcommons/training#89",
    "udacity/deep-learning-v2-pytorch#74",
)


def plant(pipeline, draw):
    evaluate = edited(
        pipeline.evaluate,
        (', reduction="sum")', ")"),
        ("(logits.argmax(1) == labels).sum()", "(logits.argmax(1) == labels).float().mean()"),
        ("seen += len(labels)", "seen += 1"),
    )
    return replace(pipeline, evaluate=evaluate)
