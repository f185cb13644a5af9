"""The sum of the batches' mean losses is divided by the size of a batch instead of their number."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = ("notebook A, its first network",)


def plant(pipeline, draw):
    train_epoch = edited(
        pipeline.train_epoch,
        ("loss.detach() * len(labels)", "loss.detach()"),
        ("float(loss_sum) / seen", "float(loss_sum) / 64"),
    )
    return replace(pipeline, train_epoch=train_epoch)
