"""Who is drawn, and what the face does: expressions as action units, sitters as traits.

An expression is a row of action units, the face's muscles as FACS numbers them: brows, lids, nose, lips, mouth, each
from 0 (at rest) to about 1 (as far as it goes). `EXPRESSIONS` says which units make an emotion; `express` adds an
intensity and a person's own way of showing it. A sitter is everything else: the head, hair, skin, pose, light, glasses,
a hand, the camera.
"""

from types import SimpleNamespace

import numpy as np

UNITS = (
    "inner_brow",  # AU 1: inner ends of the brows raised
    "outer_brow",  # AU 2: outer ends raised
    "brow_lower",  # AU 4: brows lowered and drawn together
    "lids",  #        AU 5: upper lids raised; negative: drooping
    "squint",  #      AU 6, 7: cheeks raised, lower lids tightened
    "nose",  #        AU 9: nose wrinkled
    "upper_lip",  #   AU 10: upper lip raised
    "corners_up",  #  AU 12: lip corners pulled up
    "corners_down",  # AU 15: lip corners pulled down
    "stretch",  #     AU 20: lips stretched sideways; negative: rounded
    "press",  #       AU 24: lips pressed together
    "open",  #        AU 25 to 27: lips parted, jaw dropped
)
"""The action units, the columns of an expression."""

SIGNED = np.isin(UNITS, ("inner_brow", "outer_brow", "lids", "stretch"))  # the others only pull one way

EXPRESSIONS = np.array(
    [  # inner outer lower  lids squint nose  lip    up  down stretch press open
        [[ 0.0,  0.1,  1.0,  0.3,  0.5,  0.2,  0.0,  0.0,  0.4,  0.0,  1.0,  0.0],
         [ 0.0,  0.2,  1.0,  0.5,  0.3,  0.4,  0.5,  0.0,  0.3,  0.3,  0.0,  0.7],
         [ 0.0,  0.1,  0.9,  0.2,  0.7,  0.4,  0.4,  0.0,  0.2,  0.7,  0.0,  0.3]],
        [[ 0.0,  0.0,  0.5, -0.4,  0.8,  1.0,  0.9,  0.0,  0.5,  0.0,  0.0,  0.1],
         [ 0.1,  0.1,  0.4, -0.3,  0.9,  1.0,  1.0,  0.0,  0.6,  0.1,  0.0,  0.5],
         [ 0.0,  0.2,  0.6, -0.2,  0.7,  1.0,  0.6,  0.0,  0.8, -0.2,  0.3,  0.0]],
        [[ 1.0,  0.5,  0.4,  1.0,  0.0,  0.0,  0.0,  0.0,  0.2,  1.0,  0.0,  0.3],
         [ 0.9,  0.6,  0.4,  0.9,  0.0,  0.0,  0.1,  0.0,  0.3,  0.8,  0.0,  0.6],
         [ 1.0,  0.3,  0.5,  0.8,  0.0,  0.0,  0.0,  0.0,  0.4,  0.7,  0.2,  0.0]],
        [[ 0.0,  0.0,  0.0,  0.0,  0.4,  0.0,  0.0,  0.9,  0.0,  0.4,  0.0,  0.0],
         [ 0.0,  0.1,  0.0, -0.1,  0.7,  0.0,  0.2,  1.0,  0.0,  0.5,  0.0,  0.3],
         [ 0.1,  0.3,  0.0, -0.2,  0.9,  0.2,  0.3,  1.0,  0.0,  0.5,  0.0,  0.8]],
        [[ 1.0, -0.2,  0.3, -0.5,  0.1,  0.0,  0.0,  0.0,  0.9, -0.1,  0.3,  0.0],
         [ 0.9, -0.2,  0.5, -0.8,  0.5,  0.1,  0.1,  0.0,  0.9,  0.3,  0.0,  0.4],
         [ 0.8, -0.2,  0.1, -0.8,  0.0,  0.0,  0.0,  0.0,  0.6, -0.2,  0.0,  0.0]],
        [[ 0.9,  1.0,  0.0,  1.0,  0.0,  0.0,  0.0,  0.0,  0.0, -0.6,  0.0,  1.0],
         [ 0.8,  0.9,  0.0,  0.8,  0.0,  0.0,  0.0,  0.1,  0.0, -0.4,  0.0,  0.6],
         [ 1.0,  1.1,  0.0,  0.7,  0.0,  0.0,  0.0,  0.2,  0.0, -0.2,  0.0,  0.3]],
        [[ 0.0,  0.0,  0.0,  0.0,  0.0,  0.0,  0.0,  0.0,  0.0,  0.0,  0.0,  0.0],
         [ 0.0,  0.0,  0.1, -0.1,  0.1,  0.0,  0.0,  0.1,  0.1,  0.0,  0.2,  0.0],
         [ 0.1,  0.1,  0.0,  0.1,  0.0,  0.0,  0.1,  0.0,  0.0,  0.0,  0.0,  0.2]],
    ],
    np.float32,
)  # fmt: skip
"""Three ways to show each emotion, float32 (7, 3, 12): pressed lips, shouting, bared teeth; and so on."""

HABIT = 0.24  # standard deviation of a person's own deviation in every unit

SITTER = dict(
    head_width=(0.72, 0.88),
    head_height=(0.98, 1.14),
    jaw=(0.0, 0.32),
    skin=(0.28, 0.92),
    age=(-0.8, 1.0),
    eye_x=(0.33, 0.41),
    eye_y=(-0.24, -0.14),
    eye_width=(0.145, 0.185),
    eye_height=(0.85, 1.15),
    eye_tilt=(-0.02, 0.02),
    gaze=(-0.05, 0.05),
    brow_y=(0.16, 0.22),
    brow_width=(0.022, 0.05),
    nose_length=(0.36, 0.46),
    nose_width=(0.10, 0.15),
    mouth_y=(0.48, 0.56),
    mouth_width=(0.24, 0.31),
    lips=(0.03, 0.065),
    lip_grey=(0.5, 1.25),
    teeth=(-0.5, 2.0),
    hair=(0.03, 0.45),
    hair_volume=(1.05, 1.3),
    hair_length=(-0.5, 1.6),
    hairline=(-1.0, -0.5),
    parting=(-0.35, 0.35),
    fringe=(0.0, 0.45),
    beard=(-1.2, 0.55),
    collar=(0.05, 0.95),
    backdrop=(0.15, 0.85),
    glasses=(0.0, 1.0),
    hand=(0.0, 1.0),
    hand_x=(-0.6, 0.6),
    hand_y=(0.5, 1.0),
    framing=(-1.0, 1.0),
)
"""Ranges of a sitter's traits, any value as likely as another; lengths in half photographs, greys from 0 to 1."""

POSE = dict(
    roll=(-0.25, 0.25),
    yaw=(-0.25, 0.25),
    pitch=(-0.08, 0.08),
    zoom=(0.93, 1.07),
    shift_x=(-0.06, 0.06),
    shift_y=(-0.06, 0.06),
    light_x=(-0.3, 0.3),
    light_y=(-0.3, 0.15),
    slope_x=(-0.2, 0.2),
    slope_y=(-0.2, 0.2),
    gamma=(-0.4, 0.4),
    contrast=(0.7, 1.3),
    brightness=(-0.14, 0.14),
    softness=(-0.12, 0.32),
    grain=(-0.01, 0.04),
)
"""Ranges of pose, light and camera, the middle most likely (the mean of two even draws)."""


def express(emotions, generator):
    """Action units float32 (N, 12) that show these emotions, and the intensity float32 (N,) with which they do."""
    number = len(emotions)
    intensity = 0.25 + 0.8 * np.sqrt(generator.random(number, np.float32))
    chosen = EXPRESSIONS[emotions, generator.integers(0, 3, number)]
    habit = generator.standard_normal((number, len(UNITS)), np.float32) * np.float32(HABIT)
    units = intensity[:, None] * chosen + habit
    return np.where(SIGNED, units, np.maximum(units, 0)), intensity


def sit(number, generator):
    """`number` sitters with their pose, light and camera: a namespace of traits, each float32 (N,)."""
    even = generator.random((len(SITTER), number), np.float32)
    peaked = generator.random((2, len(POSE), number), np.float32).mean(0)
    ranges = SITTER | POSE
    return SimpleNamespace(
        **{
            name: np.float32(low) + np.float32(high - low) * part
            for (name, (low, high)), part in zip(ranges.items(), (*even, *peaked), strict=True)
        }
    )


def visibility(sitter):
    """What share of an expression can be seen, float32 (N,): less behind a hand, blur or grain, or in poor contrast."""
    hidden = 0.35 * holds_hand(sitter) + 0.8 * np.maximum(sitter.softness, 0) + 3 * np.maximum(sitter.grain, 0)
    return 1 - hidden - 0.3 * np.maximum(0.9 - sitter.contrast, 0)


def holds_hand(sitter):
    """Whether a hand is held before the mouth or chin: bool (N,)."""
    return sitter.hand < 0.08


def wears_glasses(sitter):
    """Whether the sitter wears glasses: bool (N,)."""
    return sitter.glasses < 0.12
