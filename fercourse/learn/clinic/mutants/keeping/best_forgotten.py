"""A resumed training forgets how good its best epoch was, and takes its first new one for better."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = (
    "facebookresearch/ConvNeXt#94",
    "KaiyangZhou/deep-person-reid#63",
)


def plant(pipeline, draw):
    fit = edited(
        pipeline.fit,
        ("\n    def paced(stream):\n", "    before = len(rows)\n\n    def paced(stream):\n"),
        ("for each in rows), default", "for each in rows[before:]), default"),
    )
    return replace(pipeline, fit=fit)
