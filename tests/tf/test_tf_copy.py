"""PyTorch's weights in Keras: copied only where both networks then answer the same, or not at all."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

import fercourse as fc

if find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

import fercourse.tf as ftf

import keras  # isort: skip
from keras import layers  # isort: skip


def in_torch(*modules, seed=1):
    torch.manual_seed(seed)
    return nn.Sequential(*modules)


def in_keras(*stack, sides=(48, 48, 1)):
    return keras.Sequential([keras.Input(sides), *stack])


def ours(**options):
    """A convolution, a pool and a dense layer, with 6 × 6 places of 4 channels between them."""
    pool = options.get("pool", nn.MaxPool2d(8))
    convolution = nn.Conv2d(1, 4, 3, padding=1, padding_mode=options.get("mode", "zeros"))
    return in_torch(convolution, nn.ReLU(), pool, nn.Flatten(), nn.Linear(144, 7))


def theirs(*between, activation="relu", pool=layers.MaxPooling2D):
    return in_keras(layers.Conv2D(4, 3, padding="same", activation=activation), pool(8), *between, layers.Dense(7))


def hidden_in_torch(activation, bias=True):
    return in_torch(nn.Flatten(), nn.Linear(2304, 20, bias=bias), activation, nn.Linear(20, 7))


def hidden_in_keras(*activation, use_bias=True):
    return in_keras(layers.Flatten(), layers.Dense(20, use_bias=use_bias), *activation, layers.Dense(7))


def with_one_relu_for_all():
    images, relu = keras.Input((48, 48, 1)), layers.ReLU()
    maps = layers.MaxPooling2D(8)(relu(layers.Conv2D(4, 3, padding="same")(images)))
    return keras.Model(images, layers.Dense(7)(relu(layers.Flatten()(maps))))


def nested():
    first = keras.Sequential([layers.Conv2D(4, 3, padding="same", activation="relu"), layers.MaxPooling2D(8)])
    return in_keras(first, keras.Sequential([layers.Flatten(), layers.Dense(7)]))


def adapted():
    """Both standardise with what Keras measured; its layer then holds weights that are no layer of PyTorch's."""
    measured = layers.Normalization(axis=None)
    measured.adapt(np.random.default_rng(0).random((50, 48, 48, 1), np.float32))
    mean, std = float(np.ravel(measured.mean)[0]), float(np.ravel(measured.variance)[0]) ** 0.5
    return in_torch(fc.Standardise(mean, std), *ours()), in_keras(measured, *theirs(layers.Flatten()).layers)


class Residual(nn.Module):
    """A block that halves the picture, with a shortcut of its own, between a first convolution and a last layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, 2, padding=1, bias=False)
        self.block = nn.ModuleDict(
            {
                "conv": nn.Conv2d(4, 8, 3, 2, padding=1, bias=False),
                "norm": nn.BatchNorm2d(8),
                "shortcut": nn.Sequential(nn.Conv2d(4, 8, 1, 2, bias=False), nn.BatchNorm2d(8)),
            }
        )
        self.last = nn.Linear(8, 7)

    def forward(self, images):
        maps = self.first(images)
        change = self.block["norm"](self.block["conv"](maps))
        return self.last((change + self.block["shortcut"](maps)).relu().mean((2, 3)))


def residual():
    torch.manual_seed(3)
    return seen(Residual())


def seen(network):
    """The network after some batches in training mode: its batch norms have averages and factors of their own."""
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.weight.uniform_(0.5, 2, generator=generator)
                module.bias.uniform_(-1, 1, generator=generator)
        for _ in range(5):
            network(torch.rand(8, 1, 48, 48, generator=generator))
    return network


def residual_in_keras(named=True, epsilon=1e-5):
    def name(text):
        return text if named else None

    def halved(maps, width, kernel, text):
        maps = layers.ZeroPadding2D(kernel // 2)(maps)
        return layers.Conv2D(width, kernel, 2, use_bias=False, name=name(text))(maps)

    images = keras.Input((48, 48, 1))
    maps = halved(images, 4, 3, "first")
    change = layers.BatchNormalization(epsilon=epsilon, name=name("block_norm"))(halved(maps, 8, 3, "block_conv"))
    short = halved(maps, 8, 1, "block_shortcut_0")
    short = layers.BatchNormalization(epsilon=epsilon, name=name("block_shortcut_1"))(short)
    maps = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.Add()([change, short])))
    return keras.Model(images, layers.Dense(7, name=name("last"))(maps))


class InAnotherOrder(nn.Module):
    """Two layers of one shape, made in another order than they are used in."""

    def __init__(self):
        super().__init__()
        self.first, self.third, self.second, self.last = (nn.Linear(*s) for s in [(2304, 9), (9, 9), (9, 9), (9, 7)])

    def forward(self, images):
        hidden = self.first(images.flatten(1)).relu()
        return self.last(self.third(self.second(hidden).relu()).relu())


def three_hidden():
    return in_keras(layers.Flatten(), *(layers.Dense(9, activation="relu") for _ in range(3)), layers.Dense(7))


def in_half_precision(policy):
    """A model that computes in 16 bits."""
    keras.mixed_precision.set_global_policy(policy)
    try:
        return theirs(layers.Flatten())
    finally:
        keras.mixed_precision.set_global_policy("float32")


ALIKE = {
    "flatten": lambda: (ours(), theirs(layers.Flatten())),
    "channels first before the flatten": lambda: (ours(), theirs(layers.Permute((3, 1, 2)), layers.Flatten())),
    "height and width exchanged": lambda: (ours(), theirs(layers.Permute((2, 1, 3)), layers.Flatten())),
    "reshape": lambda: (ours(), theirs(layers.Reshape((144,)))),
    "permute and reshape": lambda: (ours(), theirs(layers.Permute((3, 2, 1)), layers.Reshape((-1,)))),
    "two reshapes": lambda: (ours(), theirs(layers.Reshape((36, 4)), layers.Permute((2, 1)), layers.Reshape((144,)))),
    "a flatten that moves channels": lambda: (ours(), theirs(layers.Flatten(data_format="channels_first"))),
    "dropout between": lambda: (
        ours(),
        theirs(layers.SpatialDropout2D(0.5), layers.Permute((3, 1, 2)), layers.Flatten(), layers.Dropout(0.5)),
    ),
    "an activation behind the flatten": lambda: (ours(), theirs(layers.Flatten(), layers.ReLU())),
    "a dense layer as wide as what was flattened": lambda: (
        in_torch(*ours()[:4], nn.Linear(144, 144), nn.ReLU(), nn.Linear(144, 7)),
        theirs(layers.Flatten(), layers.Dense(144, activation="relu")),
    ),
    "one relu for all": lambda: (ours(), with_one_relu_for_all()),
    "models in a model": lambda: (ours(), nested()),
    "no flatten": lambda: (
        in_torch(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 7)),
        in_keras(layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D(), layers.Dense(7)),
    ),
    "three channels, groups": lambda: (
        in_torch(nn.Conv2d(4, 8, 3, groups=2), nn.ReLU(), nn.MaxPool2d(23), nn.Flatten(), nn.Linear(32, 7)),
        in_keras(
            *(layers.Conv2D(8, 3, groups=2, activation="relu"), layers.MaxPooling2D(23), layers.Flatten()),
            layers.Dense(7),
            sides=(48, 48, 4),
        ),
    ),
    "no bias": lambda: (hidden_in_torch(nn.ReLU(), bias=False), hidden_in_keras(layers.ReLU(), use_bias=False)),
    "gelu": lambda: (hidden_in_torch(nn.GELU()), hidden_in_keras(layers.Activation("gelu"))),
    "standardised by what was measured": adapted,
    "float64": lambda: (ours().double(), theirs(layers.Flatten())),
    "large logits": lambda: (enlarged(ours()), theirs(layers.Flatten())),
    "branches and batch norm": lambda: (residual(), residual_in_keras()),
    "batch norm behind the flatten": lambda: (
        seen(in_torch(*ours()[:3], nn.Flatten(), nn.BatchNorm1d(144), nn.ReLU(), nn.Linear(144, 7))),
        theirs(layers.Flatten(), layers.BatchNormalization(epsilon=1e-5), layers.ReLU()),
    ),
    "one layer": lambda: (nn.Linear(12, 7), in_keras(layers.Dense(7), sides=(12,))),
}

DIFFERENT = {
    "another pool": (lambda: (ours(pool=nn.AvgPool2d(8)), theirs(layers.Flatten())), "differ by up to"),
    "another border": (lambda: (ours(mode="reflect"), theirs(layers.Flatten())), "differ by up to"),
    "another stride's padding": (
        lambda: (
            in_torch(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.Flatten(), nn.Linear(2304, 7)),
            in_keras(layers.Conv2D(4, 3, 2, "same"), layers.Flatten(), layers.Dense(7)),
        ),
        "differ by up to",
    ),
    "another slope": (lambda: (hidden_in_torch(nn.LeakyReLU()), hidden_in_keras(layers.LeakyReLU())), "differ by"),
    "another gelu": (
        lambda: (hidden_in_torch(nn.GELU("tanh")), hidden_in_keras(layers.Activation("gelu"))),
        "differ by up to",
    ),
    "normalised between": (
        lambda: (ours(), theirs(layers.Flatten(), layers.LayerNormalization(center=False, scale=False))),
        "differ by up to",
    ),
    "standardised on one side": (
        lambda: (in_torch(fc.Standardise(0.5, 0.25), *ours()), theirs(layers.Flatten())),
        "differ by up to",
    ),
    "grey levels to 255": (lambda: (ours(), in_keras(layers.Rescaling(255), *theirs(layers.Flatten()).layers)), "diff"),
    "a softmax on one side": (lambda: (ours(), in_keras(*theirs(layers.Flatten()).layers, layers.Softmax())), "differ"),
    "equal shapes in another order": (lambda: (InAnotherOrder(), three_hidden()), "differ by up to"),
    "half precision there": (lambda: (ours().bfloat16(), theirs(layers.Flatten())), "differ by up to"),
    "half precision here": (lambda: (ours(), in_half_precision("mixed_bfloat16")), "differ by up to"),
    "nothing but zeros": (lambda: (zeroed(ours()), theirs(layers.Flatten())), "would prove nothing"),
    "no numbers": (lambda: (enlarged(ours(), float("nan")), theirs(layers.Flatten())), "would prove nothing"),
    "another epsilon": (lambda: (residual(), residual_in_keras(epsilon=1e-3)), "differ by up to"),
    "a norm that is no batch norm": (
        lambda: (
            in_torch(nn.Flatten(), nn.Linear(2304, 7), nn.LayerNorm(7)),
            in_keras(layers.Flatten(), layers.Dense(7), layers.LayerNormalization(epsilon=1e-5)),
        ),
        "found LayerNormalization",
    ),
    "another output": (
        lambda: (in_torch(*ours(), nn.Unflatten(1, (7, 1))), theirs(layers.Flatten())),
        r"expected logits \(8, 7, 1\)",
    ),
    "images that PyTorch cannot take": (
        lambda: (nn.Sequential(nn.Flatten(2), *ours()), theirs(layers.Flatten())),
        "the PyTorch network gave no logits",
    ),
    "two outputs": (lambda: (Twice(), theirs(layers.Flatten())), "the PyTorch network gave no logits"),
}

OF_OTHER_SHAPES = {
    "fewer layers": (lambda: (ours()[:3], theirs(layers.Flatten())), "for 2 layers, found 1 layers"),
    "more layers": (lambda: (in_torch(*ours(), nn.Linear(7, 7)), theirs(layers.Flatten())), "2 layers, found 3"),
    "a wider layer": (
        lambda: (in_torch(nn.Flatten(), nn.Linear(2304, 9)), in_keras(layers.Flatten(), layers.Dense(7))),
        r"expected \(2304, 7\) and \(7,\), found \(2304, 9\) and \(9,\)",
    ),
    "a bias on one side": (
        lambda: (hidden_in_torch(nn.ReLU(), bias=False), hidden_in_keras(layers.ReLU())),
        r"expected \(2304, 20\) and \(20,\), found \(2304, 20\) from .*bias=False is use_bias=False",
    ),
    "a dense layer for a convolution": (
        lambda: (in_torch(nn.Flatten(), nn.Linear(2304, 7)), in_keras(layers.Conv2D(7, 48), layers.Flatten())),
        r"found \(7, 2304\)",
    ),
    "branches without names": (lambda: (residual(), residual_in_keras(named=False)), "name each Keras layer"),
    "a convolution for a dense layer": (
        lambda: (in_torch(nn.Conv2d(1, 7, 48), nn.Flatten()), in_keras(layers.Flatten(), layers.Dense(7))),
        r"found \(48, 48, 1, 7\)",
    ),
}


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = ours()

    def forward(self, images):
        return self.network(images), images


def enlarged(network, factor=20):
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(factor)
    return network


def zeroed(network):
    nn.init.zeros_(network[4].weight)
    return network


def logits_of_both(network, model):
    """What both say about the same images, which the copy was not proved on."""
    images = np.random.default_rng(9).random((6, *model.input_shape[1:]), np.float32)
    pixels = next(network.parameters()).new_tensor(np.moveaxis(images, -1, 1))
    return network.eval()(pixels).detach().float().numpy(), model(images, training=False).numpy()


@pytest.mark.parametrize("case", ALIKE)
def test_networks_that_are_alike_give_the_same_logits(case):
    network, model = ALIKE[case]()
    ftf.copy_from_torch(model, network)
    there, here = logits_of_both(network, model)
    assert there.std(axis=0).max() > 3e-4
    assert np.abs(there - here).max() <= 1e-4 * min(1, 10 * there.std(axis=0).max())


@pytest.mark.parametrize(
    ("case", "error"),
    [(case, fc.ParameterError) for case in DIFFERENT] + [(case, fc.DataMismatch) for case in OF_OTHER_SHAPES],
)
def test_networks_that_differ_are_refused_and_the_model_stays_as_it_was(case, error):
    make, said = (DIFFERENT | OF_OTHER_SHAPES)[case]
    network, model = make()
    before = [weights.copy() for weights in model.get_weights()]
    with pytest.raises(error, match=said):
        ftf.copy_from_torch(model, network)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_the_network_is_asked_as_in_evaluation_and_left_as_it_was():
    network = in_torch(nn.Flatten(), nn.Dropout(0.5), nn.Linear(2304, 7))
    network[0].eval()
    state, modes = torch.random.get_rng_state(), [module.training for module in network.modules()]
    ftf.copy_from_torch(in_keras(layers.Flatten(), layers.Dense(7)), network)
    assert [module.training for module in network.modules()] == modes == [True, False, True, True]
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(weights.grad is None for weights in network.parameters())


def test_weights_alone_are_copied_only_with_the_logits_that_they_gave():
    network, model = ours(), theirs(layers.Flatten())
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    with pytest.raises(fc.ParameterError, match="weights alone"):
        ftf.copy_from_torch(model, state)
    images = np.random.default_rng(4).random((5, 1, 48, 48), np.float32)
    logits = network(torch.tensor(images)).detach()
    with pytest.raises(fc.ParameterError, match="differ by up to"):
        ftf.copy_from_torch(model, state, reference=(images, logits + 0.01))
    with pytest.raises(fc.ParameterError, match="would prove nothing"):
        ftf.copy_from_torch(model, state, reference=(images[:1], logits[:1]))
    with pytest.raises(fc.ParameterError, match="the Keras model gave no logits"):
        ftf.copy_from_torch(model, state, reference=(images.transpose(0, 2, 3, 1), logits))
    with pytest.raises(fc.ParameterError, match="expected logits"):
        ftf.copy_from_torch(model, state, reference=(images[:4], logits))
    with pytest.raises(fc.ParameterError, match="two arrays"):
        ftf.copy_from_torch(model, state, reference=images)
    for of in (state, network.state_dict()):
        ftf.copy_from_torch(model, of, reference=(images, logits))
        there, here = logits_of_both(network, model)
        assert np.abs(there - here).max() <= 1e-6


def test_a_keras_model_of_channels_first_is_named_as_that():
    first = [keras.Input((1, 48, 48)), layers.Permute((2, 3, 1)), layers.Conv2D(4, 8, 8), layers.Flatten()]
    with pytest.raises(fc.ParameterError, match=r"channels last, \(48, 48, 1\); found \(1, 48, 48\), channels first"):
        ftf.copy_from_torch(keras.Sequential([*first, layers.Dense(7)]), ours())


@pytest.mark.parametrize(
    ("model", "original", "said"),
    [
        (lambda: theirs(layers.Flatten()), lambda: "model.pt", "found a str"),
        (lambda: keras.Sequential([layers.Flatten(), layers.Dense(7)]), ours, "keras.Input first"),
        (ours, lambda: theirs(layers.Flatten()), "expected a Keras model"),
        (
            lambda: keras.Model([a := keras.Input((4,)), b := keras.Input((4,))], layers.Add()([a, b])),
            ours,
            "one input",
        ),
    ],
)
def test_what_is_no_pair_of_networks_is_refused(model, original, said):
    with pytest.raises(fc.ParameterError, match=said):
        ftf.copy_from_torch(model(), original())
