"""Is it logits that a model answers? The loop takes the softmax itself, and a second one would pass without a word."""

import numpy as np
import tensorflow as tf

from fercourse.data.faces import EMOTIONS
from fercourse.errors import ParameterError


def check_logits(model, images):
    """Raise ParameterError where `model` does not answer with one logit an emotion, or with probabilities.

    images: faces, float32 (B, 48, 48, 1) in [0, 1]; the first of them are looked at. Probabilities stay between 0
    and 1, and a softmax's sum to 1, whatever the weights are, so the model is asked again with its weights enlarged.
    So it does not matter what made them: the last layer's activation, a layer of its own, a model inside the model.
    Logits that lie between 0 and 1 by chance then leave that range.
    """
    few = np.asarray(images[:8], np.float32)
    answers = _answers(model, few)
    if answers.shape != (len(few), len(EMOTIONS)):
        raise ParameterError(
            f"expected {len(EMOTIONS)} logits a face from the model, ({len(few)}, {len(EMOTIONS)}) for {len(few)} "
            f"faces, found {answers.shape}"
        )
    if np.isfinite(answers).all() and _are_bounded(answers) and _stay_bounded(model, few, _sum_to_one(answers)):
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


def check_finite(model, images):
    """Raise ParameterError where `model` answers faces, as those of `check_logits`, with what is no number."""
    if not np.isfinite(_answers(model, np.asarray(images[:8], np.float32))).all():
        raise ParameterError(
            "the model answers with NaN or infinity: its weights, or the numbers by which its first layer "
            "standardises, are no numbers. Start from new weights"
        )


def _stay_bounded(model, images, sum_to_one):
    """Whether answers between 0 and 1 stay there, or of the sum 1, with each weight ten and a thousand times as large.

    A model without weights that can be enlarged is asked by its sums alone.
    """
    if not getattr(model, "trainable_variables", None):
        return sum_to_one
    enlarged = [_enlarged(model, images, factor) for factor in (10, 1000)]
    return all(_are_bounded(answers) for answers in enlarged)


def _enlarged(model, images, factor):
    """What `model` answers with every weight times `factor`; its weights are left as they were."""
    variables = model.trainable_variables
    before = [tf.identity(variable.value) for variable in variables]
    try:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(factor * value)
        return _answers(model, images)
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)


def _sum_to_one(answers):
    """Whether it is a softmax's; 0.01 is what half precision leaves of a sum."""
    return answers.min() >= 0 and np.abs(answers.sum(axis=1) - 1).max() < 0.01


def _are_bounded(answers):
    """Whether none is outside of 0 to 1; zeros alone are logits of a model that knows nothing yet."""
    return not ((answers < 0) | (answers > 1)).any() and (answers != 0).any()
