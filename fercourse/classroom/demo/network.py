"""The network of the demo where nobody brings one: small, trained once on drawn faces, kept beside the caches."""

from hashlib import blake2b
from pathlib import Path

from fercourse.data.cache import cache_folder
from fercourse.errors import DataMismatch
from fercourse.files import PACKAGE, sources_digest

TRAINED_ON = 4_000
HELD_OUT = 1_500
EPOCHS = 8
SEED = 11


def drawn_network():
    """An `OnnxNetwork` for drawn faces: the kept one, or else trained and kept now, which takes half a minute."""
    from fercourse.learn.export.network import OnnxNetwork

    place = kept_at()
    if place.is_file():
        try:
            return OnnxNetwork(place)
        except DataMismatch:  # damaged: it is made again
            pass
    print(
        f"No weights were given: a small network is trained on {TRAINED_ON:,} drawn faces now. This takes about half "
        f"a minute, once; it is kept as {place}",
        flush=True,
    )
    return trained(place)


def kept_at() -> Path:
    """Where it is kept: under another name as soon as how it is made, or how faces are drawn, is another."""
    made_of = Path(__file__).read_bytes() + sources_digest(PACKAGE / "data" / "drawn").encode()
    return cache_folder() / f"demo-{blake2b(made_of, digest_size=8).hexdigest()}.onnx"


def trained(place, *, faces=TRAINED_ON, held_out=HELD_OUT, epochs=EPOCHS):
    """Train it, and write it to `place`."""
    import torch

    from fercourse.data.drawn.dataset import drawn_faces
    from fercourse.learn.augment import Augment
    from fercourse.learn.export.to_onnx import export_onnx
    from fercourse.learn.fitting import fit
    from fercourse.learn.schedules import OneCycle

    data = drawn_faces(faces, held_out, 0, seed=SEED)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = small_network()
    few = data.valid[:50]  # a loss is shown after each epoch; nothing is chosen by it
    gentle = Augment(flip=0.5, shift=0.06, rotate=8, zoom=0.1)
    fit(
        model,
        (data.train, few),
        epochs=epochs,
        lr=0.005,
        batch_size=64,
        schedule=OneCycle(),
        augment=gentle,
        seed=SEED,
        device="cpu",
        progress=False,
    )
    return export_onnx(model, place, data.valid[len(few) :])


def small_network():
    """Four convolutions with batch norm, untrained: float32 (B, 1, 48, 48) to logits (B, 7), 8 million operations."""
    from torch import nn

    from fercourse.learn.models import Standardise

    layers, channels = [Standardise(0.5, 0.25)], 1
    for filters, stride in ((16, 2), (24, 1), (48, 2), (64, 2)):
        layers += [nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Dropout(0.3), nn.Linear(9 * channels, 7))
