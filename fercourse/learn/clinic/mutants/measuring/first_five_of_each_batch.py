"""Accuracy counts the first few faces of each batch alone."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = ("notebook B, accuracy by class",)


def plant(pipeline, draw):
    first = draw.randint(4, 6)
    evaluate = edited(
        pipeline.evaluate,
        ("(logits.argmax(1) == labels).sum()", f"(logits.argmax(1) == labels)[:{first}].float().mean() * len(labels)"),
    )
    return replace(pipeline, evaluate=evaluate)
