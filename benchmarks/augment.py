"""Augmenting faces: `Augment` on whole batches against torchvision's transforms one face at a time, in one process.

    python benchmarks/augment.py [--faces 2800] [--batch 128] [--rounds 5]

torchvision's side is the usual one: a Dataset whose __getitem__ applies the transforms, in a DataLoader without
workers (num_workers=0, so that all work is counted). It is timed on PIL images and on float tensors; the faster counts.
Ours includes the batches. Both draw for each face. Figures are medians of CPU seconds on one thread, the ways taking
turns. The faces are drawn once.
"""

import argparse
import time
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from fercourse.data.drawn.dataset import drawn_faces
from fercourse.learn.augment import Augment, augmented
from fercourse.learn.loop import batches

SHIFT = 4 / 48
BILINEAR = v2.InterpolationMode.BILINEAR
RECIPES = {
    "flip, rotation, zoom and shift": dict(
        reach=4,
        ours=Augment(flip=0.5, shift=SHIFT, rotate=10, zoom=0.1),
        theirs=[
            v2.RandomHorizontalFlip(),
            v2.RandomAffine(10, translate=(SHIFT, SHIFT), scale=(0.9, 1.1), interpolation=BILINEAR),
        ],
    ),
    "flip and shift": dict(
        reach=10,
        ours=Augment(flip=0.5, shift=SHIFT),
        theirs=[v2.RandomHorizontalFlip(), v2.RandomCrop(48, padding=4, padding_mode="edge")],
    ),
}
LOADERS = {
    "PIL": (Image.fromarray, [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)]),
    "tensor": (lambda image: torch.from_numpy(image)[None].float() / 255, []),
}


class OneByOne(Dataset):
    """A split whose faces are read and transformed one at a time."""

    def __init__(self, split, read, transforms):
        self.images, self.labels = split.images.copy(), split.labels  # from_numpy wants to be allowed to write
        self.read, self.transform = read, v2.Compose(transforms)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(self.read(self.images[index])), self.labels[index]


def streams(split, recipe, batch):
    """A name to a function that starts one epoch's stream of augmented batches."""
    ways = {"fercourse": lambda: augmented(batches(split, batch, shuffle=True), recipe["ours"])}
    for kind, (read, finish) in LOADERS.items():
        one_by_one = OneByOne(split, read, [*recipe["theirs"], *finish])
        ways[kind] = DataLoader(one_by_one, batch, shuffle=True, num_workers=0).__iter__
    return ways


def faces_a_second(start, faces):
    """How many faces one epoch yields in a second of processor time."""
    before = time.process_time()
    seen = sum(len(images) for images, _ in start())
    assert seen == faces
    return seen / (time.process_time() - before)


def compare(name, recipe, split, *, batch, rounds):
    """Time every way `rounds` times in turns, after one round that does not count, and print the table."""
    ways = streams(split, recipe, batch)
    turns = [{way: faces_a_second(start, len(split)) for way, start in ways.items()} for _ in range(rounds + 1)][1:]
    middle = {way: median(turn[way] for turn in turns) for way in ways}
    faster = max(LOADERS, key=middle.get)
    ratios = [turn["fercourse"] / turn[faster] for turn in turns]
    print(f"{name}: {recipe['ours']}")
    for way, value in middle.items():
        print(f"  {way if way == 'fercourse' else f'torchvision, {way}':<24}{value:>10,.0f} faces a CPU second")
    print(
        f"  {median(ratios):.1f} × torchvision's faster way ({faster}), "
        f"from {min(ratios):.1f} to {max(ratios):.1f} in {rounds} rounds; reach {recipe['reach']} ×"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=2_800)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    split = drawn_faces(options.faces, 0, 0).train
    copies = Augment(rotate=10)(torch.tensor(split.images[:1, None]).float().div(255).expand(64, 1, 48, 48))
    print(f"64 copies of one face become {len(np.unique(copies.numpy(), axis=0))} different faces")
    for name, recipe in RECIPES.items():
        compare(name, recipe, split, batch=options.batch, rounds=options.rounds)


if __name__ == "__main__":
    main()
