"""What goes in: splits, labels, streams, augmentation."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import torch
import torch.nn.functional as F

from fercourse.learn.clinic.basic import generator, unchanged, whole


def splits_share_no_face(pipeline):
    """Collections of photographs repeat a few faces; more than one in twenty is a mistake."""
    own = {image.tobytes() for image in pipeline.train.images}
    for split in (pipeline.valid, pipeline.test):
        shared = np.mean([image.tobytes() in own for image in split.images])
        if shared > 0.05:
            yield f"{shared:.0%} of the {split.name} faces are training faces"


def splits_have_the_same_classes(pipeline):
    """Shares of the classes differ by chance alone: χ² with 6 degrees of freedom is over 22.5 once in a thousand."""
    counts = np.bincount(pipeline.valid.labels, minlength=7)
    expected = np.bincount(pipeline.train.labels, minlength=7) / len(pipeline.train) * len(pipeline.valid)
    statistic = float(((counts - expected) ** 2 / np.maximum(expected, 1)).sum())
    if statistic > 22.5:
        yield f"classes have other shares in validation than in training (χ² {statistic:.0f})"


def labels_belong_to_faces(pipeline):
    """A linear model explains more of the labels than of the same labels in another order."""
    solved, small = solver(pipeline.train)
    targets = centred(pipeline.train.labels)
    order = generator()

    def explained(targets):
        return float((targets * (small @ (solved @ targets))).sum())

    permuted = torch.tensor([explained(targets[torch.randperm(len(targets), generator=order)]) for _ in range(30)])
    distance = float((explained(targets) - permuted.mean()) / permuted.std())
    if distance < 4:
        yield f"the training labels fit their faces hardly better than permuted ones ({distance:.1f} spreads)"


def validation_labels_are_numbered_alike(pipeline):
    """What was learnt from training labels fits no better if two or three classes of validation change places."""
    solved, _ = solver(pipeline.train)
    scores = features(pipeline.valid) @ (solved @ centred(pipeline.train.labels))
    labels = torch.tensor(pipeline.valid.labels)
    own = scores.gather(1, labels[:, None])[:, 0]
    for places in (cycle for count in (2, 3) for cycle in permutations(range(7), count) if cycle[0] == min(cycle)):
        other = torch.arange(7)
        other[list(places)] = torch.tensor(places[1:] + places[:1])
        moved = other[labels] != labels
        gain = scores[moved].gather(1, other[labels[moved], None])[:, 0] - own[moved]
        if len(gain) > 20 and gain.mean() > 4 * gain.std() / len(gain) ** 0.5:
            yield f"validation fits training better if its classes {places} change places"


def training_sees_its_split(pipeline):
    """Without augmentation an epoch holds each training face once, as it is, with its own label."""
    plain = replace(pipeline, augment=unchanged)
    images, labels = whole(plain.train_stream(plain, generator()))
    if not same_faces(images, labels, pipeline.train):
        yield "an epoch does not hold each training face once, as it is, with its label"


def validation_sees_its_split(pipeline):
    """Validation holds each face of its split once, in order, as it is."""
    images, labels = whole(pipeline.valid_stream(pipeline))
    own = pixels(pipeline.valid)
    if images.shape != own.shape or not torch.equal(images, own):
        yield "validation does not hold each face of its split once, as it is"
    elif labels.tolist() != pipeline.valid.labels.tolist():
        yield "validation has other labels than its split"


def order_changes(pipeline):
    """Each epoch has an order of its own."""
    plain, order = replace(pipeline, augment=unchanged), generator()
    (first, _), (second, _) = (whole(plain.train_stream(plain, order)) for _ in range(2))
    if torch.equal(first, second):
        yield "two epochs have the same order"


def each_face_has_its_own_draw(pipeline):
    """Copies of a face come out of augmentation in more than one form, and in other forms the next time."""
    copies, order = pixels(pipeline.train[:1]).expand(32, -1, -1, -1).contiguous(), generator()
    first, second = pipeline.augment(copies, order), pipeline.augment(copies, order)
    if torch.equal(first, copies) and torch.equal(second, copies):
        return  # no augmentation is a choice
    if len(first.flatten(1).unique(dim=0)) == 1:
        yield "32 copies of a face are all changed alike"
    if torch.equal(first, second):
        yield "augmentation repeats itself"


def augmentation_keeps_faces_upright(pipeline):
    """Of the eight ways to lay a square on a square, an augmented face resembles itself upright or mirrored most."""
    faces = pixels(pipeline.train[:200])
    changed = blurred(pipeline.augment(faces, generator()))
    turns = [view.rot90(turn, (2, 3)) for view in (faces, faces.flip(3)) for turn in range(4)]
    nearest = torch.stack([(changed * blurred(turn)).sum(1) for turn in turns]).argmax(0)
    astray = float((nearest % 4 != 0).float().mean())
    if astray > 0.15:
        yield f"{astray:.0%} of the augmented faces lie on their side or stand on their head"


def augmentation_keeps_grey_levels(pipeline):
    """Augmented images stay between 0 and 1, and neighbouring pixels do not jump."""
    faces = pixels(pipeline.train[:200])
    changed = pipeline.augment(faces, generator())
    if changed.min() < 0 or changed.max() > 1:
        yield f"augmented images go from {changed.min():.2f} to {changed.max():.2f}"
    jumps = [float((images.diff(dim=3).abs() > 0.5).float().mean()) for images in (faces, changed)]
    if jumps[1] > 2 * jumps[0] + 0.002:
        yield f"neighbouring pixels jump {jumps[1] / max(jumps[0], 1e-4):.0f} times as often after augmentation"


def pixels(split):
    """A split's images as a network gets them."""
    return torch.tensor(split.images)[:, None].float() / 255


def blurred(images):
    """12 × 12 pixels of each image, with mean 0 and length 1, so that a dot product is a correlation."""
    small = F.avg_pool2d(images, 4).flatten(1)
    return F.normalize(small - small.mean(1, keepdim=True))


def features(split):
    """What the linear model sees of each face: 12 × 12 pixels, standardised."""
    return 12 * blurred(pixels(split))


def centred(labels):
    """One column for each class, its mean subtracted."""
    targets = F.one_hot(torch.tensor(labels), 7).float()
    return targets - targets.mean(0)


def solver(split):
    """The matrix that makes the weights of a linear model of targets, and the features that it is fitted to."""
    small = features(split)
    return torch.linalg.solve(small.T @ small + 100 * torch.eye(small.shape[1]), small.T), small


def same_faces(images, labels, split):
    """Whether a stream's images and labels are those of a split, in any order."""
    grey = images * 255
    if grey.shape[1:] != (1, 48, 48) or len(grey) != len(split) or grey.min() < 0 or grey.max() > 255.5:
        return False
    whole_numbers = grey.round()
    if (grey - whole_numbers).abs().max() > 0.01:
        return False

    def listed(images, labels):
        return sorted((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))

    return listed(whole_numbers[:, 0].byte().numpy(), labels) == listed(split.images, split.labels)
