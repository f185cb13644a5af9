"""Is it logits that a model answers? The loop takes the softmax itself, and a second one would pass without a word."""

import numpy as np
import tensorflow as tf

from fercourse.data.faces import EMOTIONS
from fercourse.errors import ParameterError


def check_logits(model, images):
    """Raise ParameterError where `model` does not answer with one logit an emotion, or with probabilities.

    images: faces, float32 (B, 48, 48, 1) in [0, 1]; the first of them are looked at. Probabilities stay between 0
    and 1 for any image, so the faces are shown a hundred times as bright, too, and as negatives of that. So it does
    not matter what made them: the last layer's activation, a layer of its own, a model inside the model.
    """
    few = np.asarray(images[:8], np.float32)
    answers = _answers(model, few)
    if answers.shape != (len(few), len(EMOTIONS)):
        raise ParameterError(
            f"expected {len(EMOTIONS)} logits a face from the model, ({len(few)}, {len(EMOTIONS)}) for {len(few)} "
            f"faces, found {answers.shape}"
        )
    if _sum_to_one(answers) or _are_bounded(answers, _answers(model, np.concatenate([100 * few, -100 * few]))):
        raise ParameterError(
            f"expected logits from the model, found probabilities: numbers from {answers.min():.3g} to "
            f"{answers.max():.3g}. It ends in a softmax or a sigmoid. Leave that out: the loop takes the softmax "
            "itself, and a second one flattens every answer"
        )


def _answers(model, images):
    try:
        return np.asarray(model(images, training=False), np.float32)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        raise ParameterError(f"the model gives no logits for images {images.shape}: {error}") from error


def _sum_to_one(answers):
    """Whether it is a softmax's; 0.01 is what half precision leaves of a sum."""
    return answers.min() >= 0 and np.abs(answers.sum(axis=1) - 1).max() < 0.01


def _are_bounded(answers, glaring):
    """Whether it is a sigmoid's; a model that answers the same to everything is only ignorant."""
    both = np.concatenate([answers, glaring])
    return both.min() >= 0 and both.max() <= 1 and np.ptp(both, axis=0).max() > 1e-3
