"""What the demo says to one picture: the face, seven probabilities, what such an answer is worth, or that it knows not.

A network here is what `fercourse.learn.export.network.OnnxNetwork` is: arrays in, logits out, with its `sureness`.
"""

import io
from base64 import b64encode

import numpy as np
from PIL import Image

from fercourse.classroom.demo.finding import boxes_in, cut_out, picture_in
from fercourse.data.faces import EMOTIONS, SIDE
from fercourse.errors import DataMismatch
from fercourse.report.calibration.sureness import FEW, HALF

NO_FACE = "No face was found. Look straight into the camera, with light from the front, and come closer."


def answer_to(network, data: bytes) -> dict:
    """What is shown for an encoded picture, as JSON takes it; {"error": why} where it is no picture.

    Else: width and height of the picture, `found` faces, and of the largest one its box, its 48 × 48 pixels as an
    address that holds them, `chances` of the seven emotions, the `answer` or None, and `said`, sentences. Where no face
    was found, `said` alone.
    """
    try:
        grey = picture_in(data)
    except DataMismatch as error:
        return {"error": str(error)}
    height, width = grey.shape
    boxes = boxes_in(grey)
    shown = {"width": width, "height": height, "found": len(boxes)}
    if not boxes:
        return shown | {"said": [NO_FACE]}
    face = cut_out(grey, boxes[0])
    chances = chances_of(network, face)
    answer, said = in_words(network.sureness, chances)
    whole = [f"The picture has {SIDE} × {SIDE} pixels: it is taken as one face."] if grey.shape == face.shape else []
    several = [f"{len(boxes)} faces were found; this is the largest."] if len(boxes) > 1 else []
    return shown | {
        "box": boxes[0],
        "face": as_address(face),
        "chances": dict(zip(EMOTIONS, (round(float(chance), 4) for chance in chances), strict=True)),
        "answer": answer,
        "said": [*said, *whole, *several],
    }


def chances_of(network, face: np.ndarray) -> np.ndarray:
    """The seven probabilities, float32 (7,), of a face, uint8 (48, 48), at the network's temperature."""
    logits = network(face[None, None].astype(np.float32) / 255).astype(np.float64)
    powers = np.exp(logits - logits.max())
    chances = (powers / powers.sum()).astype(np.float32)
    return (network.sureness.answers(chances) if network.sureness else chances)[0]


def in_words(sureness, chances) -> tuple[str | None, list[str]]:
    """The answer, or None where it would be too unsure, and what to say about it."""
    best = int(chances.argmax())
    name, confidence = EMOTIONS[best], float(chances[best])
    threshold = sureness.threshold if sureness else HALF
    percent = "over 99 %" if confidence > 0.99 else f"{100 * confidence:.0f} %"
    if confidence <= threshold:
        unsure = f"I do not know. The likeliest of the seven is {name}, with {percent}; that is too little to answer."
        return None, [unsure, *worth(sureness, confidence)]
    return name, [f"{name}, says the network, and is {percent} sure.", *worth(sureness, confidence)]


def worth(sureness, confidence) -> list[str]:
    """What became of answers as sure as this one on held-out faces."""
    if sureness is None:
        return ["How often such answers are right was never measured for this network."]
    right, faces = sureness.of(confidence)
    kind = "drawn faces" if sureness.drawn else "faces"
    if faces < FEW:
        return [f"Only {faces} of the {kind} held out were answered so surely: too few to say how often that is right."]
    share = f"Of {faces} {kind} held out and answered as surely, {100 * right / faces:.0f} % had that label."
    return [share, *([DRAWN] if sureness.drawn else [])]


DRAWN = (
    "This says nothing about photographs: the network was measured on drawn faces, and people look otherwise than "
    "drawings."
)


def as_address(face: np.ndarray) -> str:
    """Grey levels, uint8 (H, W), as an address that holds the picture itself."""
    file = io.BytesIO()
    Image.fromarray(face).save(file, "png")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
