"""Drawn portraits: sitters with an expression, photographed.

`portray` draws a head from the back to the front (hair, skin, eyes, brows, nose, mouth, what covers them), then takes
the photograph. The same sitter may be drawn with another expression: nothing but the expression then changes.
Coordinates are those of the sketchpad: 1 from the centre of the photograph to its edge.
"""

from types import SimpleNamespace

import numpy as np

from fercourse.data.drawn.sitters import UNITS, express, holds_hand, sit, visibility, wears_glasses
from fercourse.data.drawn.sketchpad import Pad, blob, blur, ellipse, fill, photograph, stroke
from fercourse.data.faces import SIDE

FRAMING = np.float32(0.15)  # photographs come from two sources: one crops faces so much high, the other so much low

CHUNK = 32  # faces drawn at a time: what they need stays in a core's cache


def draw(emotions, generator, fixed=None):
    """Draw one face for each emotion.

    emotions: int (N,), codes 0 to 6; generator: numpy's Generator; fixed: trait → the value that all sitters have
    Returns images uint8 (N, 48, 48) and clarity float32 (N,): how plainly the emotion shows, from 0 to about 1.
    """
    images = np.empty((len(emotions), SIDE, SIDE), np.uint8)
    clarity = np.empty(len(emotions), np.float32)
    for start in range(0, len(emotions), CHUNK):
        part = slice(start, start + CHUNK)
        units, intensity = express(emotions[part], generator)
        sitter = sit(len(units), generator)
        vars(sitter).update({name: np.full(len(units), value, np.float32) for name, value in (fixed or {}).items()})
        images[part] = portray(units, sitter, generator)
        clarity[part] = intensity * visibility(sitter)
    return images, clarity


def portray(units, sitter, generator):
    """Photograph sitters with an expression: images uint8 (N, 48, 48).

    units: float32 (N, 12); sitter: as `sit` returns it; generator: numpy's Generator, for the grain of the film
    """
    face = SimpleNamespace(**vars(sitter), **dict(zip(UNITS, np.ascontiguousarray(units.T), strict=True)))
    pad = Pad(len(units))
    _backdrop(pad, face)
    _head(pad, face)
    _hair(pad, face)
    for side in (-1, 1):
        _eye(pad, face, side)
        _brow(pad, face, side)
        _cheek(pad, face, side)
    _frown(pad, face)
    _nose(pad, face)
    _mouth(pad, face)
    _glasses(pad, face)
    _hand(pad, face)
    face.shift_y = face.shift_y + FRAMING * np.sign(face.framing)
    pose = {name: getattr(face, name) for name in ("roll", "yaw", "pitch", "zoom", "shift_x", "shift_y")}
    return _develop(photograph(pad, **pose), face, generator)


def _backdrop(pad, face):
    patch = pad.patch()
    patch.pixels[:] = face.backdrop
    patch.pixels += face.slope_x * patch.x
    patch.pixels += face.slope_y * patch.y
    volume = face.head_width * face.hair_volume
    behind = fill(ellipse(patch.x, patch.y, 0, -0.12, volume, face.head_height * 1.05))
    patch.paint(behind * fill(patch.y - face.hair_length, 0.3), face.hair)
    below = pad.patch(down=(0.6, 1.2))
    below.paint(fill(np.abs(below.x) - 0.42 - 0.3 * np.maximum(below.y - 0.8, 0)), face.skin * 0.62)
    below.paint(fill(1.02 + 0.3 * np.abs(below.x) - below.y, 0.1), face.collar)


def _head(pad, face):
    patch = pad.patch()
    narrow = face.head_width * (1 - face.jaw * np.maximum(patch.y, 0) * patch.y)
    across = patch.x / narrow
    down = patch.y / face.head_height
    rim = across * across + down * down
    depth = np.maximum(1 - rim, 0)
    light = 0.78 + 0.3 * depth
    light += face.light_x * across + face.light_y * down
    patch.paint(fill((np.sqrt(rim) - 1) * face.head_width), np.clip(light, 0.15, 1.4) * face.skin)
    for side in (-1, 1):
        ear = pad.patch((side * 0.65, side * 1.1), (-0.3, 0.3))
        place = side * (face.head_width + 0.02)
        lobe = fill(ellipse(ear.x, ear.y, place, 0.0, np.float32(0.07), np.float32(0.16)))
        ear.paint(lobe * (face.hair_length < 0.1), face.skin * 0.75)
    chin = pad.patch((-0.8, 0.8), (0.1, 1.15))
    stubble = blob(chin.x, chin.y, 0, 0.75, face.head_width, np.float32(0.65))
    chin.paint(stubble * np.maximum(face.beard, 0), face.hair)


def _hair(pad, face):
    patch = pad.patch(down=(-1.2, 0.0))
    within = fill(ellipse(patch.x, patch.y, 0, 0, face.head_width * 1.04, face.head_height * 1.04))
    across = patch.x - 0.3 * face.parting
    line = face.hairline + 0.3 * across * across + face.fringe * np.abs(patch.x - face.parting)
    patch.paint(within * fill(patch.y - line, 0.14), face.hair)


def _eye(pad, face, side):
    patch = pad.patch((side * 0.04, side * 0.8), (-0.5, 0.12))
    x, y = (patch.x - side * face.eye_x) * side, patch.y - face.eye_y
    patch.shade(blob(x, y, 0, -0.02, np.float32(0.3), np.float32(0.24)), 0.22)
    u = x / face.eye_width
    arch = 1 - u * u
    droop = np.maximum(-face.lids, 0)
    tilt = (face.eye_tilt + 0.035 * droop) * u
    upper = tilt - (0.078 + 0.055 * face.lids - 0.012 * face.squint) * face.eye_height * arch
    lower = tilt + (0.052 + 0.015 * face.lids - 0.035 * face.squint) * face.eye_height * arch
    upper = np.minimum(upper, lower - 0.012)
    opening = np.clip(np.minimum(y - upper, lower - y) / 0.045 + 0.35, 0, 1) * fill(-arch, 0.5)
    white = np.minimum(0.35 + 0.7 * face.skin, 0.97)
    patch.paint(opening, white)
    iris = fill(ellipse(x, y, face.gaze * side, -0.01, np.float32(0.075), np.float32(0.08)), 0.06)
    patch.paint(opening * iris, 0.06)
    within = np.maximum(fill(np.abs(u) - 1.05, 0.3), 0)
    lash = np.clip(1 - np.abs(y - upper) / 0.045, 0, 1) * within
    patch.paint(lash, face.skin * 0.22)
    bag = np.clip(1 - np.abs(y - lower - 0.01) / 0.04, 0, 1) * within
    patch.shade(bag, 0.3 + 0.25 * face.squint)
    crease = np.clip(1 - np.abs(y - upper + 0.055 - 0.02 * face.lids) / 0.035, 0, 1) * within
    patch.shade(crease, 0.2 + 0.15 * droop)


def _brow(pad, face, side):
    patch = pad.patch((0, side * 0.85), (-0.75, 0.05))
    inner = -0.12 * face.inner_brow + 0.13 * face.brow_lower + 0.03 * face.nose
    outer = -0.12 * face.outer_brow + 0.02 * face.brow_lower
    level = face.eye_y - face.brow_y + (inner + outer) / 2
    centre = face.eye_x + 0.02 - 0.045 * face.brow_lower
    bow = -0.035 - 0.03 * np.maximum(face.outer_brow, 0) + 0.03 * face.inner_brow * (face.outer_brow < 0.3)
    hairs = stroke(patch.x * side, patch.y, centre, np.float32(0.25), level, (outer - inner) / 2, bow, face.brow_width)
    patch.paint(hairs * 0.9, face.hair * 0.55)


def _cheek(pad, face, side):
    patch = pad.patch((side * 0.05, side * 0.85), (-0.05, 0.8))
    x = patch.x * side
    apple = blob(x, patch.y, 0.46, 0.17, np.float32(0.24), np.float32(0.2))
    patch.shade(apple, -0.18 * face.corners_up - 0.1 * face.squint)
    fold = np.maximum(np.maximum(face.corners_up, 0.9 * face.nose), 0.25 * face.age)
    reach = 0.3 + 0.08 * face.corners_up
    line = stroke(patch.y, x, face.mouth_y - 0.12, np.float32(0.22), reach, np.float32(0.1), 0.05, np.float32(0.012))
    patch.shade(line, 0.5 * np.clip(fold, 0, 1))


def _frown(pad, face):
    patch = pad.patch((-0.45, 0.45), (-0.8, -0.1))
    level = face.eye_y - face.brow_y
    for side in (-1, 1):
        ridge = stroke(patch.y, patch.x, level + 0.02, np.float32(0.11), side * 0.075, 0.0, 0.0, np.float32(0.012))
        patch.shade(ridge, 0.6 * np.clip(face.brow_lower, 0, 1))
    raised = np.clip(np.maximum(face.inner_brow, 0.4 * face.age), 0, 1)
    for height in (0.17, 0.27):
        crease = stroke(patch.x, patch.y, 0, np.float32(0.4), level - height, 0.0, -0.03, np.float32(0.008))
        patch.shade(crease, 0.3 * raised)


def _nose(pad, face):
    patch = pad.patch((-0.35, 0.35), (-0.35, 0.4))
    x, y = patch.x, patch.y
    tip = face.eye_y + face.nose_length - 0.05 * face.nose
    shadow = blob(x, y, -0.09 * np.sign(face.light_x), tip - 0.2, np.float32(0.1), np.float32(0.28))
    patch.shade(shadow, 0.14 + 0.3 * np.abs(face.light_x))
    patch.shade(blob(x, y, 0, tip - 0.12, np.float32(0.06), np.float32(0.3)), -0.12)
    width = face.nose_width * (1 + 0.2 * face.nose)
    patch.shade(stroke(x, y, 0, width, tip + 0.03, 0.0, 0.03, np.float32(0.015)), 0.4)
    for side in (-1, 1):
        patch.shade(fill(ellipse(x, y, side * width * 0.5, tip + 0.02, np.float32(0.035), np.float32(0.025))), 0.55)
        wing = stroke(y, x, tip - 0.02, np.float32(0.08), side * width * 1.1, 0.0, 0.0, np.float32(0.008))
        patch.shade(wing, 0.2 + 0.4 * np.clip(face.nose, 0, 1))
    for height in (0.2, 0.3):
        wrinkle = stroke(x, y, 0, np.float32(0.13), tip - height, 0.0, -0.05, np.float32(0.014))
        patch.shade(wrinkle, 0.6 * np.clip(face.nose, 0, 1))


def _mouth(pad, face):
    patch = pad.patch((-0.6, 0.6), (0.15, 1.05))
    x, y = patch.x, patch.y
    width = face.mouth_width * (1 + 0.28 * face.stretch + 0.16 * face.corners_up - 0.1 * face.press)
    width = np.clip(width, 0.12, 0.46)
    opening = 0.32 * np.maximum(face.open - 0.05, 0)
    corner = face.mouth_y - 0.11 * face.corners_up + 0.08 * face.corners_down + 0.25 * opening
    centre = face.mouth_y - 0.075 * face.upper_lip + 0.02 * face.corners_up - 0.03 * face.corners_down
    u = np.clip(x / width, -1, 1)
    square = u * u
    bulge = 1 - square
    boxy = bulge * (1 + square * np.clip(face.stretch + face.upper_lip, 0, 1) * 0.8)
    upper = corner + (centre - corner) * bulge
    lower = upper + opening * boxy
    upper = upper - 0.15 * opening * boxy
    beyond = np.maximum(np.abs(x) - width, 0)
    flesh = face.lips * (1 - 0.75 * np.clip(face.press, 0, 1)) * (1 - 0.3 * face.corners_up) * (0.25 + 0.75 * bulge)
    patch.shade(blob(x, y, 0, lower + 0.17, np.float32(0.22), np.float32(0.1)), 0.25 + 0.1 * face.press)
    lips = fill(np.maximum(upper - flesh - y, y - lower - 1.3 * flesh) + beyond, 0.05)
    patch.paint(lips, np.minimum(face.skin * face.lip_grey, 0.95))
    inside = np.maximum(upper - y, y - lower)
    hollow = fill(inside + 0.6 * beyond - 0.012, 0.045)
    patch.paint(hollow, 0.05 + 0.12 * face.skin)
    bared = np.maximum(np.maximum(face.corners_up, face.stretch), face.upper_lip) * 1.6
    bared = np.clip(bared, 0, 1) * np.clip(face.teeth, 0, 1)
    teeth = fill(np.maximum(upper - y, y - upper - np.minimum(0.6 * opening * boxy, 0.075)), 0.04)
    patch.paint(teeth * hollow * bared * fill(0.06 - opening, 0.06), np.minimum(0.45 + 0.55 * face.skin, 0.95))
    tongue = blob(x, y, 0, lower, width * 0.7, np.maximum(0.45 * opening, 0.02))
    patch.paint(tongue * hollow * np.clip(opening * 4, 0, 1), face.skin * 0.55)
    for side in (-1, 1):
        pinch = blob(x, y, side * (width + 0.03), corner, np.float32(0.07), np.float32(0.07))
        patch.shade(pinch, 0.3)


def _glasses(pad, face):
    patch = pad.patch((-0.85, 0.85), (-0.5, 0.15))
    worn = wears_glasses(face)
    for side in (-1, 1):
        rim = ellipse(patch.x, patch.y, side * face.eye_x, face.eye_y + 0.02, face.eye_width * 1.6, np.float32(0.2))
        patch.paint(fill(np.abs(rim) - 0.012) * worn, face.collar * 0.4)
    bridge = fill(np.abs(patch.y - face.eye_y) - 0.012) * fill(np.abs(patch.x) - 0.1)
    patch.paint(bridge * worn, face.collar * 0.4)


def _hand(pad, face):
    patch = pad.patch(down=(0, 1.2))
    held = holds_hand(face)
    x, y = patch.x - face.hand_x, patch.y
    palm = fill(ellipse(x, y, 0, face.hand_y + 0.5, np.float32(0.3), np.float32(0.55)))
    between = np.abs(x * 7 - np.round(x * 7))
    grey = face.skin * (0.72 + 0.5 * between * fill(y - face.hand_y - 0.35, 0.1))
    patch.paint(palm * held, grey)


def _develop(images, face, generator):
    """The photograph with its contrast, sharpness and grain, as uint8 (N, 48, 48)."""
    gamma, contrast, brightness, softness, grain = (
        trait[:, None, None] for trait in (face.gamma, face.contrast, face.brightness, face.softness, face.grain)
    )
    exposure = np.sqrt(0.65 / face.skin)[:, None, None]  # for the face: halfway to the same grey for every skin
    images = np.clip(images * exposure, 0, 1)
    images += gamma * images * (1 - images)
    images = (images - 0.5) * contrast + (0.5 + brightness)
    images = blur(images, np.maximum(softness[:, 0, 0], 0))
    images += generator.standard_normal(images.shape, np.float32) * np.maximum(grain, 0)
    return (np.clip(images, 0, 1) * 255 + 0.5).astype(np.uint8)
