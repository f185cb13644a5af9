"""The fast network: a small residual one, every part of which is there because it pays for its arithmetic."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn
from torch.nn import functional

from fercourse.data.faces import EMOTIONS
from fercourse.errors import ParameterError
from fercourse.learn.models import Residual, convolution
from fercourse.settings import number, whole_numbers

FAINTEST = 8 / 255  # added to every spread, so that a face of one grey is not divided by 0


class StandardiseEach(nn.Module):
    """Shift and scale each image (B, 1, H, W) by its own mean and spread: light and contrast are gone."""

    def forward(self, images):
        mean, spread = images.mean((1, 2, 3), keepdim=True), images.std((1, 2, 3), keepdim=True)
        return (images - mean) / (spread + FAINTEST)


class BothPools(nn.Module):
    """(B, C, H, W) to (B, C): of each channel its largest value and its mean, added up."""

    def forward(self, activation):
        # Of the whole picture, by a pool of its size: PyTorch 2.10 and 2.11 cannot write an adaptive one in ONNX.
        largest = functional.max_pool2d(activation, activation.shape[2:])
        return (largest + functional.adaptive_avg_pool2d(activation, 1)).flatten(1)


class Scaled(nn.Module):
    """What comes in, times a constant."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, activation):
        return self.factor * activation


def fast(
    *,
    widths: Sequence[int] = (48, 64, 128, 256),
    residual_steps: Sequence[int] = (0, 1, 1),
    logit_scale: float = 0.25,
) -> nn.Sequential:
    """A fast small residual network for grey faces of any even side; 1.1 million weights unless told.

    Takes float32 (B, 1, side, side) in [0, 1], returns logits (B, 7). Each face is standardised by itself. The stem
    takes it apart into four images of half the side, one for each place in 2×2 pixels, so that nothing is lost. Then
    3×3 convolutions, each with batch norm and ReLU; behind the first stages max-pooling halves the side. The last one
    ends in maximum and mean of each channel, one linear layer and a constant factor.
    widths:         channels of the stem, then of each stage: two or more
    residual_steps: how often each stage adds to its channels what one more convolution makes of them; at first nothing,
                    because the scale of its batch norm starts at 0 (Goyal et al. 2017)
    logit_scale:    the factor of the logits, over 0: a small one lets all answers start nearly equal
    Faces need a side of 2 ** len(widths) / 2 pixels at least: 8 unless told. Raises ParameterError for settings that
    cannot work. In the manner of the fast networks for CIFAR-10: Page 2019, Jordan 2024 (94 % in 3.29 seconds).
    """
    widths = whole_numbers("widths", widths, least=1)
    residual_steps = whole_numbers("residual_steps", residual_steps, least=0)
    logit_scale = number("logit_scale", logit_scale, "over 0", lambda value: value > 0)
    if len(widths) < 2 or len(residual_steps) != len(widths) - 1:
        raise ParameterError(
            "expected widths of the stem and of one stage or more, and residual_steps of each stage; found "
            f"{len(widths)} widths and {len(residual_steps)} residual_steps"
        )
    layers = [StandardiseEach(), nn.PixelUnshuffle(2), convolution(4, widths[0])]
    for stage, (inputs, outputs) in enumerate(pairwise(widths), start=1):
        layers.append(convolution(inputs, outputs))
        layers += [_step_from_nothing(outputs) for _ in range(residual_steps[stage - 1])]
        layers += [nn.MaxPool2d(2)] * (stage < len(residual_steps))
    return nn.Sequential(*layers, BothPools(), nn.Linear(widths[-1], len(EMOTIONS)), Scaled(logit_scale))


def _step_from_nothing(channels):
    """A residual step that adds nothing yet. Its ReLU is behind the sum: behind a scale of 0 it would stay silent."""
    block = nn.Sequential(*convolution(channels, channels)[:2])
    nn.init.zeros_(block[1].weight)
    return nn.Sequential(Residual(block), nn.ReLU(inplace=True))
