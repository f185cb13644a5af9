"""Runs as a lesson begins them, on drawn faces and on FER2013."""

from fercourse.report.run import begin


def on_drawn_faces(scale="lesson"):
    begin(lesson="02", scale=scale, seed=3, source="drawn faces, seed 0", fingerprint="9f3c", drawn=True)


def on_fer2013(scale="full"):
    begin(lesson="02", scale=scale, seed=3, source="fer2013.csv", fingerprint="ab12", drawn=False)
