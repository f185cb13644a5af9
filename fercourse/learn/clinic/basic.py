"""The twelve checks of lesson 08: each is an audit by itself, a function of a pipeline that returns its complaints."""


def first_loss(pipeline):
    """A new network knows nothing: its loss is ln 7."""
    return []


def one_batch_by_heart(pipeline):
    """Sixteen faces can be learnt by heart."""
    return []


def weights_that_move(pipeline):
    """A step of training moves every weight that the loss depends on."""
    return []


def permuted_labels(pipeline):
    """True labels are learnt better than permuted ones."""
    return []


def blank_images(pipeline):
    """A network that sees the faces beats one that sees none of them (input-independent baseline)."""
    return []


def same_image_twice(pipeline):
    """Augmentation gives every copy of a face its own change, and another one the next time; evaluation none."""
    return []


def train_against_eval(pipeline):
    """After evaluation the network trains again; evaluation changes nothing in it."""
    return []


def overlap_of_splits(pipeline):
    """Hardly any face of one split is in another."""
    return []


def gradient_reaches_the_input(pipeline):
    """A face's loss has a gradient at that face's pixels, and at no other face's."""
    return []


def batch_independence(pipeline):
    """In evaluation an answer does not depend on the other faces of the batch."""
    return []


def resume_equal(pipeline):
    """A training that was stopped and resumed ends where an uninterrupted one does."""
    return []


def export_equal(pipeline):
    """What is exported answers as the network does."""
    return []


CHECKS = {
    "first loss": first_loss,
    "one batch by heart": one_batch_by_heart,
    "weights that move": weights_that_move,
    "permuted labels": permuted_labels,
    "blank images": blank_images,
    "same image twice": same_image_twice,
    "train against eval": train_against_eval,
    "overlap of splits": overlap_of_splits,
    "gradient reaches the input": gradient_reaches_the_input,
    "batch independence": batch_independence,
    "resume equal": resume_equal,
    "export equal": export_equal,
}
"""Name → check, in the order in which the lesson builds them."""
