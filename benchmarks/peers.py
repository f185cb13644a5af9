"""How fast is `fit` beside what others train with: a plain loop, Lightning, skorch and Keras?

The CNN of lesson 03 on the same drawn faces, in memory and as float32 for the others, in batches of 128, by Adam, in
float32. Each side has its own network and trains it for one epoch a round; one process, in turn; medians. `fit` also
evaluates a few faces and looks at every loss. Keras runs on TensorFlow, on images with the channel last, as it comes.
The row "fc.fit, auto" is no comparison of equals: it uses bfloat16 where the processor has it. Peers are no
part of the course: one that is not installed is skipped. `python benchmarks/peers.py` takes about two minutes on a
quiet core. ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 before it imitates an older processor for PyTorch.
"""

import argparse
import logging
import os
import statistics
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

import fercourse as fc

BATCH = 128
INSTALL = {"lightning": "lightning", "skorch": "skorch", "keras": 'tensorflow, or -e ".[tf]"'}


def fit(faces, precision):
    model = fc.cnn(0.5, 0.25)
    settings = dict(epochs=1, batch_size=BATCH, device="cpu", precision=precision, progress=False)
    return lambda: fc.fit(model, faces, **settings)


def plain_loop(images, labels):
    model = fc.cnn(0.5, 0.25)
    loader, optimizer = loader_of(images, labels), torch.optim.Adam(model.parameters(), lr=0.001)

    def epoch():
        model.train()
        total = 0
        for batch, answers in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(batch), answers)
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total

    return epoch


def lightning(images, labels):
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = fc.cnn(0.5, 0.25)

        def training_step(self, batch, position):
            return F.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.001)

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")  # it advises workers for the loader: the faces are in memory
    module, loader = Module(), loader_of(images, labels)
    silent = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")

    def epoch():
        lightning.Trainer(max_epochs=1, accelerator="cpu", **dict.fromkeys(silent, False)).fit(module, loader)

    return epoch


def skorch(images, labels):
    import skorch

    network = skorch.NeuralNetClassifier(
        fc.cnn(0.5, 0.25),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=0.001,
        batch_size=BATCH,
        max_epochs=1,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )
    return lambda: network.partial_fit(images, labels)


def keras(images, labels):
    fc.tf  # noqa: B018  # loads TensorFlow without its log
    import keras
    from keras import layers

    stages = [layer for filters in (32, 64, 128) for layer in (layers.Conv2D(filters, 3, activation="relu"), pool())]
    hidden = [layer for units in (1024, 256, 64) for layer in (layers.Dense(units, "relu"), layers.Dropout(0.2))]
    first = [keras.Input((48, 48, 1)), layers.Normalization(axis=None, mean=0.5, variance=0.25**2)]
    model = keras.Sequential([*first, *stages, layers.Flatten(), *hidden, layers.Dense(7)])
    model.compile(keras.optimizers.Adam(0.001), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    pixels, answers = images.permute(0, 2, 3, 1).numpy(), labels.numpy()
    return lambda: model.fit(pixels, answers, batch_size=BATCH, verbose=0)


def pool():
    from keras import layers

    return layers.MaxPooling2D(2)


PEERS = {"plain loop": plain_loop, "Lightning": lightning, "skorch": skorch, "Keras": keras}


def loader_of(images, labels):
    return DataLoader(TensorDataset(images, labels), batch_size=BATCH, shuffle=True)


def sides(faces):
    """Name → function that trains for one epoch, for `fit` and every peer that is installed."""
    images, labels = torch.tensor(faces.train.images)[:, None].float() / 255, torch.tensor(faces.train.labels)
    found = {"fc.fit": fit(faces, "float32"), "fc.fit, auto": fit(faces, "auto")}
    for name, peer in PEERS.items():
        if (module := name.lower()) in INSTALL and find_spec(module) is None:
            print(f"{name}: skipped, it is not installed; pip install {INSTALL[module]}")
        else:
            found[name] = peer(images, labels)
    return found


def rounds(runs, number):
    """Name → (seconds on the clock, of the processor) of each round, after one that pays for memory and compilation."""
    taken = {name: [] for name in runs}
    for played in range(number + 1):
        for name, run in runs.items():
            clock, processor = time.perf_counter(), time.process_time()
            run()
            if played:
                taken[name].append((time.perf_counter() - clock, time.process_time() - processor))
    return taken


def processor():
    """The processor's name, where the system says it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "processor")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs, after one round of warming up")
    parser.add_argument("--faces", type=int, default=2_048)
    parser.add_argument("--threads", type=int, default=1, help="of the processor")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    # TensorFlow reads them when it is loaded.
    os.environ |= dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), str(options.threads))
    faces = fc.drawn_faces(options.faces, 10, 10)
    print(f"{processor()}, {torch.backends.cpu.get_cpu_capability()}, {options.threads} thread(s), A's CNN in float32")
    taken = rounds(sides(faces), options.rounds)
    medians = {name: [statistics.median(kind) for kind in zip(*pairs, strict=True)] for name, pairs in taken.items()}
    for name, (clock, used) in medians.items():
        by_clock, by_processor = clock / medians["fc.fit"][0], used / medians["fc.fit"][1]
        print(
            f"{name:13} {options.faces / clock:6,.0f} faces a second  {clock:5.2f} s, {used:5.2f} s of the processor  "
            f"fc.fit is {by_clock:.2f} times as fast, {by_processor:.2f} by processor time"
        )


if __name__ == "__main__":
    main()
