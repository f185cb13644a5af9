"""A resumed training takes the rates at which it was stopped for the peaks of its schedule."""

from dataclasses import replace

from fercourse.learn.clinic.editing import edited

MET = ("MichiganCOG/ViP#19",)


def plant(pipeline, draw):
    line = '    peaks = [group["lr"] for group in optimizer.param_groups]\n'
    begin = "\n    def paced(stream):\n"
    return replace(pipeline, fit=edited(pipeline.fit, (line, ""), (begin, f"{line}{begin}")))
