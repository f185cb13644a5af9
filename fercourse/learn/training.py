"""One training as it stands between two epochs, and how it gets to the next one."""

import copy
import time
from collections import deque
from math import isfinite

import torch

from fercourse.errors import TrainingDiverged
from fercourse.learn.augment import augmented
from fercourse.learn.checkpoints import save_checkpoint
from fercourse.learn.checks import check_images, check_shape
from fercourse.learn.device import random_numbers_aside, random_state, restore_random_state, seed_device
from fercourse.learn.fast.sides import resized
from fercourse.learn.loop import evaluate_unasked, on_device, stream_batches, train_epoch

VALID_BATCH = 512  # faces in one question after an epoch


class Training:
    """Rows of the finished epochs, the state of the best one, and what the next one needs.

    Whenever no epoch runs, and after an error in one, the model answers with the best weights so far where they are
    kept, else with the averaged ones where there are any, else with those of now.

    forward, descent, criterion: what computes logits, the `Descent` that moves the weights, what it lowers
    sides: of the training faces in each epoch, or None
    plateau: a `Plateau` to follow, or None. keeps_best: whether the model ends with the best weights
    generator: of the order of the faces and of their augmentation. noise: the state of torch's own random numbers
    checkpoint, recipe: where each epoch is kept, and by which settings; or None
    """

    def __init__(
        self, data, device, *, forward, descent, criterion, batch_size, shuffle, sides, augment, seed, plateau,
        keeps_best, checkpoint, recipe,
    ):  # fmt: skip
        self.device, self.forward, self.descent, self.criterion = device, forward, descent, criterion
        self.batch_size, self.shuffle, self.sides, self.augment = batch_size, shuffle, sides, augment
        self.plateau, self.keeps_best = plateau, keeps_best
        self.checkpoint, self.recipe = checkpoint, recipe
        self.faces, self.valid = on_device(data.train, device), on_device(data.valid, device)
        self.generator = torch.Generator().manual_seed(seed)
        self.rows, self.best = [], None
        self.given = deque(maxlen=2)  # the images of the last batches: a loss is looked at one batch later
        with random_numbers_aside(device):
            seed_device(seed, device)
            self.noise = random_state(device)

    def restore(self, saved):
        """Go on from what `save` wrote."""
        self.rows, self.best, self.noise = saved["rows"], saved["best"], saved["noise"]
        self.generator.set_state(saved["generator"])
        self.descent.restore(saved["training"])
        self.descent.show(self.best)

    def save(self):
        """Write the checkpoint, where there is one."""
        if self.checkpoint is not None:
            state = dict(training=self.descent.state(), best=self.best, generator=self.generator.get_state())
            save_checkpoint(self.checkpoint, state | dict(noise=self.noise, rows=self.rows, recipe=self.recipe))

    def settled(self):
        """Set the rates of the next epoch as the plateau has it; return whether they fell so far that it ends here."""
        if self.plateau is None:
            return False
        self.descent.factor = self.plateau.follow(self._accuracies())[0]
        return self.descent.rates[0] * self.descent.factor < self.plateau.stop

    def epoch(self, bar):
        """Train for one epoch, moving `bar` with each batch; keep it, and return its row."""
        start = time.perf_counter()
        try:
            row = {"epoch": len(self.rows) + 1} | self._train(bar) | self._evaluate()
            row |= {} if self.sides is None else {"side": self._side()}
            row |= {"lr": self.descent.lr, "seconds": time.perf_counter() - start}
            self.rows.append(row)
            self.descent.finish_epoch(row)
            self._look_back()
            self.save()
        finally:
            self.descent.show(self.best)
        return dict(row)

    def _train(self, bar):
        criterion = Watched(self.criterion, self)
        self.descent.resume_training()
        with random_numbers_aside(self.device):
            restore_random_state(self.noise, self.device)
            row = train_epoch(self.forward, self._stream(bar), self.descent, criterion)
            self.noise = random_state(self.device)
        criterion.look()
        return row

    def _evaluate(self):
        self.descent.show()
        stream = stream_batches(*self.valid, VALID_BATCH, False, None, self.device)
        row = evaluate_unasked(self.forward, stream)
        if not isfinite(row["valid_loss"]):
            raise self.diverged("after its last batch", f"loss on validation faces is {row['valid_loss']}")
        return row

    def _look_back(self):
        """Keep the best epoch; go back to it where the plateau says so."""
        accuracies = self._accuracies()
        if self.keeps_best and accuracies[-1] > max(accuracies[:-1], default=-1):
            self.best = copy.deepcopy(self.descent.state())
        if self.plateau and self.plateau.follow(accuracies)[1]:
            self.descent.restore(self.best)

    def _accuracies(self):
        return [row["valid_accuracy"] for row in self.rows]

    def _stream(self, bar):
        stream = stream_batches(*self.faces, self.batch_size, self.shuffle, self.generator, self.device)
        stream = ((resized(images, self._side()), labels) for images, labels in stream)
        for images, labels in stream if self.augment is None else augmented(stream, self.augment, self.generator):
            if self.augment is not None:
                check_images(images, len(labels))
                self.given.append(images)
            yield images, labels
            bar.update()

    def _side(self):
        """To which the training faces of the epoch under way are resized; None: they stay as they are."""
        return None if self.sides is None else self.sides[len(self.rows)]

    def diverged(self, where, what):
        """The error of a training whose loss is no number, for raising."""
        kept = f" {self.checkpoint} holds the {len(self.rows)} before." if self.checkpoint and self.rows else ""
        cause = f"at a learning rate of {self.descent.lr:g}"
        cure = (
            "Start again at a tenth of the rate, or with clip=1.0, or let the rate rise at first: "
            "schedule=fc.Cosine(warmup=0.1)."
        )
        if not all(images.isfinite().all() for images in self.given):
            cause, cure = f"after augment={self.augment!r} made NaN or infinity of images", "Mend that function."
        return TrainingDiverged(
            f"epoch {len(self.rows) + 1}, {where}: the {what}, {cause}. Every weight would be no number from here on, "
            f"so the training stops.{kept} {cure}"
        )


class Watched:
    """A criterion that stops the training where its loss is NaN or infinite.

    It looks at each loss one batch later: asked at once, a GPU would have to finish each batch before the next begins.
    """

    def __init__(self, criterion, training):
        self.criterion, self.training = criterion, training
        self.batch, self.loss = 0, None

    def __call__(self, logits, labels):
        check_shape(logits, len(labels))
        loss = self.criterion(logits, labels)
        self.look()
        self.batch, self.loss = self.batch + 1, loss.detach()
        return loss

    def look(self):
        """Raise TrainingDiverged where the last loss was no number."""
        if self.loss is not None and not self.loss.isfinite():
            raise self.training.diverged(f"batch {self.batch}", f"loss is {self.loss.item()}")
