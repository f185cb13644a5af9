"""Validation leaves out the last, short batch."""

from dataclasses import replace

MET = (
    "Zeying-Gong/PatchMixer#9",
    "openvinotoolkit/nncf#829",
)


def plant(pipeline, draw):
    def valid_stream(p):
        return (batch for batch in pipeline.valid_stream(p) if len(batch[1]) == 64)

    return replace(pipeline, valid_stream=valid_stream)
