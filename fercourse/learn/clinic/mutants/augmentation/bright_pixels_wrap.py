"""Bright pixels pass the end of the scale and come out black, as in bytes."""

from dataclasses import replace

MET = (
    "tensorpack/tensorpack#614",
    "vxy10/p5_VehicleDetection_Unet#2",
    "LCAV/LenslessPiCam#173",
)


def plant(pipeline, draw):
    factor = draw.uniform(1.25, 1.45)
    return replace(pipeline, augment=lambda images, generator: (factor * pipeline.augment(images, generator)) % 1)
