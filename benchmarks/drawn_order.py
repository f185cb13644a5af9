"""Do the drawn faces teach the right order? Always-Happy < softmax regression < MLP < CNN < CNN with flips and shifts.

Trains each model of the course's first lessons on drawn faces, once a seed, and prints the best valid accuracy of its
epochs. `python benchmarks/drawn_order.py --seeds 3` takes a quarter of an hour on one quiet core; --raw adds the 25 %
mystery of lesson 02.
"""

import argparse
import time
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.drawn.portrait import draw


def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(2304, 7))


def hidden(*widths):
    """Fully connected layers with ReLU and dropout between them, and seven logits."""
    layers = [nn.Flatten()]
    for wide_in, wide_out in pairwise(widths):
        layers += [nn.Linear(wide_in, wide_out), nn.ReLU(), nn.Dropout(0.2)]
    return [*layers, nn.Linear(widths[-1], 7)]


def mlp():
    return nn.Sequential(*hidden(2304, 1024, 256, 64))


def cnn():
    stages = [
        layer
        for wide_in, wide_out in pairwise((1, 32, 64, 128))
        for layer in (nn.Conv2d(wide_in, wide_out, 3), nn.ReLU(), nn.MaxPool2d(2))
    ]
    return nn.Sequential(*stages, *hidden(2048, 1024, 256, 64))


def flips_and_shifts(images):
    """Each image mirrored or not and shifted by up to three pixels, by its own draw."""
    images = torch.where(torch.rand(len(images), 1, 1, 1) < 0.5, images.flip(3), images)
    rows, columns = (torch.randint(0, 7, (len(images), 1)) + torch.arange(48) for _ in range(2))
    padded = functional.pad(images, (3, 3, 3, 3), mode="replicate")
    return padded[torch.arange(len(images))[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(
        0, 3, 1, 2
    )


def train(model, train_split, valid_split, *, epochs, lr, seed, augment=None, raw=False):
    """Valid accuracy after each epoch, and what share of the valid faces the last one puts in its favourite class."""
    torch.manual_seed(seed)
    model = model()
    (images, labels), (valid_images, valid_labels) = (tensors(split, raw) for split in (train_split, valid_split))
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    accuracy = []
    for _ in range(epochs):
        model.train()
        for rows in torch.randperm(len(labels)).split(100):
            batch = images[rows] if augment is None else augment(images[rows])
            optimiser.zero_grad()
            functional.cross_entropy(model(batch), labels[rows]).backward()
            optimiser.step()
        model.eval()
        with torch.inference_mode():
            answers = torch.cat([model(part).argmax(1) for part in valid_images.split(500)])
        accuracy.append((answers == valid_labels).float().mean().item())
    return accuracy, answers.bincount().max().item() / len(answers)


def tensors(split, raw):
    images = torch.from_numpy(split.images.astype(np.float32))[:, None]
    return images if raw else (images - 128) / 64, torch.from_numpy(split.labels.copy())


RECIPES = {
    "linear": dict(model=linear, epochs=8, lr=3e-4),
    "MLP": dict(model=mlp, epochs=8, lr=1e-3),
    "CNN": dict(model=cnn, epochs=8, lr=1e-3),
    "CNN, flips and shifts": dict(model=cnn, epochs=16, lr=1e-3, augment=flips_and_shifts),
}
RAW = {
    "raw MLP, lr 1e-3": dict(model=mlp, epochs=5, lr=1e-3, raw=True),
    "raw MLP, lr 1e-2": dict(model=mlp, epochs=5, lr=1e-2, raw=True),
}


def faces_a_second():
    """How many faces are drawn in a second of processor time, best of three."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        draw(np.arange(1_280) % 7, np.random.default_rng(0))
        seconds.append(time.process_time() - start)
    return 1_280 / min(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--size", type=int, default=8_000)
    parser.add_argument("--raw", action="store_true", help="also the MLP on pixels from 0 to 255")
    parser.add_argument("--only", nargs="*", help="recipes to run, by name")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{faces_a_second():,.0f} faces a second of one core's time")
    for name, recipe in (RECIPES | (RAW if options.raw else {})).items():
        if options.only and name not in options.only:
            continue
        for seed in range(options.seeds):
            faces = drawn_faces(options.size, 1_000, 1_000, seed=seed)
            accuracy, favourite = train(train_split=faces.train, valid_split=faces.valid, seed=seed, **recipe)
            curve = " ".join(f"{value:.1%}" for value in accuracy)
            print(f"{name:24} seed {seed}  best {max(accuracy):.1%}  favourite {favourite:.0%}  [{curve}]", flush=True)


if __name__ == "__main__":
    main()
