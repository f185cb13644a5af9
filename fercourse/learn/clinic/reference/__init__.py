"""The reference audit of lesson 08b: what can be known about a training within two seconds, without training it.

Three rules: compare with what must be so (an equality, or what chance allows), and never with what is usual; swap parts
so that the comparison is exact; let every choice pass that somebody could make with reason.
"""

from fercourse.learn.clinic.reference.faces import (
    augmentation_keeps_faces_upright,
    augmentation_keeps_grey_levels,
    each_face_has_its_own_draw,
    labels_belong_to_faces,
    order_changes,
    splits_have_the_same_classes,
    splits_share_no_face,
    training_sees_its_split,
    validation_labels_are_numbered_alike,
    validation_sees_its_split,
)
from fercourse.learn.clinic.reference.kept import (
    best_is_not_forgotten,
    best_weights_are_kept,
    export_answers_alike,
    resumed_goes_on_alike,
)
from fercourse.learn.clinic.reference.loops import (
    evaluation_changes_nothing,
    evaluation_means_over_faces,
    gradients_are_forgotten,
    predictions_are_the_networks,
    rates_follow_the_schedule,
    training_is_in_training,
    training_means_over_faces,
    weights_move,
)
from fercourse.learn.clinic.reference.networks import (
    answers_are_logits,
    answers_are_seven,
    answers_depend_on_one_face,
    answers_repeat_themselves,
    batch_is_learnt_by_heart,
    dropout_is_at_most_half,
    first_loss_is_that_of_ignorance,
    optimizer_holds_every_weight,
)

CHECKS = (
    splits_share_no_face,
    splits_have_the_same_classes,
    labels_belong_to_faces,
    validation_labels_are_numbered_alike,
    training_sees_its_split,
    validation_sees_its_split,
    order_changes,
    each_face_has_its_own_draw,
    augmentation_keeps_faces_upright,
    augmentation_keeps_grey_levels,
    answers_are_seven,
    answers_are_logits,
    answers_repeat_themselves,
    answers_depend_on_one_face,
    first_loss_is_that_of_ignorance,
    dropout_is_at_most_half,
    optimizer_holds_every_weight,
    batch_is_learnt_by_heart,
    weights_move,
    gradients_are_forgotten,
    training_is_in_training,
    training_means_over_faces,
    evaluation_means_over_faces,
    evaluation_changes_nothing,
    predictions_are_the_networks,
    rates_follow_the_schedule,
    best_weights_are_kept,
    resumed_goes_on_alike,
    best_is_not_forgotten,
    export_answers_alike,
)
"""In the order of a training; each is an audit by itself."""


def audit(pipeline):
    """What is wrong with a pipeline, a list of texts; empty where nothing was found."""
    return [complaint for check in CHECKS for complaint in check(pipeline)]
