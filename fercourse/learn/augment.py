"""Augmentation: every face of a batch changed by its own draw, all faces in one pass, on the device where they are.

All geometry of a face is one 3×3 matrix, so that each pixel is interpolated once, however much is switched on.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from math import radians

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fercourse.data.faces import Split
from fercourse.errors import ParameterError
from fercourse.settings import number

# Where each transform finds its draws. A place of its own for each: switching one on leaves the others' draws alone.
_FLIP, _ROTATE, _ZOOM, _SHEAR, _BRIGHTNESS, _CONTRAST = range(6)
_SHIFT, _ERASE, _CORNERS = slice(6, 8), slice(8, 10), slice(10, 18)
_DRAWS = 18

_RANGES = {
    "flip": (1, "a probability"),
    "shift": (1, "a fraction of the side"),
    "rotate": (180, "degrees"),
    "zoom": (0.9, "a fraction: 0.1 is 10 % smaller to 10 % larger"),
    "shear": (80, "degrees"),
    "perspective": (0.6, "a fraction of half the side; from two thirds on, corners can fold the face"),
    "brightness": (1, "a fraction: 0.2 is 20 % darker to 20 % brighter"),
    "contrast": (1, "a fraction: 0.2 is 20 % less to 20 % more"),
    "erase": (1, "a fraction of the side"),
}
_SQUARE = torch.tensor([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], dtype=torch.float64)


@dataclass(frozen=True, kw_only=True, repr=False)
class Augment:
    """Random changes of faces that leave their emotion alone. `Augment()` changes nothing, bit for bit.

    flip: the probability of the mirror image.
    shift: up to this fraction of the side, left or right and up or down. rotate: up to so many degrees either way.
    zoom: 0.1 is 10 % smaller to 10 % larger. shear: rows slide sideways, up to so many degrees.
    perspective: each corner moves inwards by up to this fraction of half the side, in each direction.
    brightness, contrast: grey levels, or their distances from the face's mean, times a factor from 1 − x to 1 + x.
    erase: the side of a hidden square, as a fraction of the picture's. Its centre is anywhere in the picture, so that
    part of it is often outside.

    Every size is drawn evenly from its range, for each face anew. Edge pixels are repeated where the picture moved
    away. With flips and shifts alone the face moves by whole pixels and stays sharp; otherwise it is interpolated
    (bilinear). Raises ParameterError for a value outside its range.

    Sources: Simard et al. 2003 (affine), DeVries and Taylor 2017 (erase), torchvision (the order and the signs).

    >>> Augment(flip=0.5, rotate=10)
    Augment(flip=0.5, rotate=10.0)
    """

    flip: float = 0.0
    shift: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    perspective: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    erase: float = 0.0

    def __post_init__(self):
        for name, (highest, unit) in _RANGES.items():
            rule = f"from 0 to {highest}, {unit}"
            value = number(name, getattr(self, name), rule, lambda value, highest=highest: 0 <= value <= highest)
            object.__setattr__(self, name, value)

    def __repr__(self):
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return f"Augment({', '.join(f'{name}={value!r}' for name, value in values.items() if value)})"

    def __call__(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Change each of `images`, float32 (B, 1, side, side) in [0, 1], by its own draw; same shape, range, device.

        generator: of the CPU, so that the draws are the same on every device; torch's own where None.
        The images that come in are never written to. Raises ParameterError for images of another kind.
        """
        return self.apply(images, self.draws(len(images), generator))

    def draws(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """The random numbers that `count` faces need: float32 (count, 18) in [0, 1), on the CPU.

        As many whatever is switched on, so that the next face's draws do not depend on it.
        """
        return torch.rand(count, _DRAWS, generator=generator, device="cpu")

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Change `images` as `draws` say; nothing here is random.

        Draws of 1 turn, move and stretch to the positive end (clockwise, right and down, larger, brighter) and of 0
        to the negative end; draws of 0.5 leave all but the flip, the erased square and the perspective as they are.
        """
        _check(images, draws)
        draws = draws.double()  # exact, and out of reach of reduced precision
        if self.rotate or self.zoom or self.shear or self.perspective:
            images = _resampled(images, self._homographies(draws))
        elif self.flip or self.shift:
            images = self._moved(images, draws)
        if self.brightness or self.contrast:
            images = self._lit(images, draws)
        return self._erased(images, draws) if self.erase else images

    def _moved(self, images, draws):
        """Flip and shift by whole pixels: for each pixel of the result the place of its source, in one gather."""
        count, _, _, side = images.shape
        draws = _beside(images, draws.float())
        away = (_swing(draws[:, _SHIFT]) * self.shift * side).round().int()
        pixels, starts = (torch.arange(n, dtype=torch.int32, device=images.device) for n in (side, count))
        columns, rows = (pixels - away[:, :, None]).clamp_(0, side - 1).unbind(1)
        columns = torch.where(draws[:, _FLIP, None] < self.flip, side - 1 - columns, columns)
        rows = (rows + starts[:, None] * side) * side
        places = rows[:, :, None] + columns[:, None, :]
        return images.reshape(-1).index_select(0, places.view(-1)).view(images.shape)

    def _homographies(self, draws):
        """Where each pixel of the result comes from: float64 (B, 3, 3), both pictures from −1 to 1 each way.

        The face is mirrored, sheared, turned and enlarged about its centre, then shifted, then seen in perspective;
        these matrices undo that, last change first. Without perspective the last row, always 0 0 1, is left out.
        """
        angle = _swing(draws[:, _ROTATE]) * radians(self.rotate)
        slant = (_swing(draws[:, _SHEAR]) * radians(self.shear)).tan()
        zoom = 1 + _swing(draws[:, _ZOOM]) * self.zoom
        cos, sin = angle.cos() / zoom, angle.sin() / zoom
        mirror = torch.where(draws[:, _FLIP] < self.flip, -1.0, 1.0)
        turns = torch.stack([mirror * (cos - slant * sin), mirror * (sin + slant * cos), -sin, cos], 1).view(-1, 2, 2)
        shifts = 2 * self.shift * _swing(draws[:, _SHIFT, None])
        matrices = torch.cat([turns, -turns @ shifts], 2)
        if not self.perspective:
            return matrices
        matrices = torch.cat([matrices, _SQUARE.new_tensor([0, 0, 1]).expand(len(draws), 1, 3)], 1)
        corners = _SQUARE.repeat(len(draws), 1, 1)
        corners[:, :, :2] *= 1 - self.perspective * draws[:, _CORNERS].view(-1, 4, 2)
        return matrices @ _basis(_SQUARE) @ torch.linalg.inv(_basis(corners))  # depth is 1 at the fourth corner

    def _lit(self, images, draws):
        """Brightness, then contrast about each image's own mean."""
        if self.brightness:
            images = (images * _factors(draws[:, _BRIGHTNESS], self.brightness, images)).clamp_(0, 1)
        if self.contrast:
            mean = _means(images)
            factors = _factors(draws[:, _CONTRAST], self.contrast, images)
            images = ((images - mean) * factors + mean).clamp_(0, 1)
        return images

    def _erased(self, images, draws):
        """Hide a square of each image under the image's own mean.

        Its mean rather than black or 0.5: the square then gives no light or dark signal that real faces lack.
        """
        side = images.shape[-1]
        centres = _beside(images, draws[:, _ERASE].float() * side)[:, :, None]
        pixels = torch.arange(side, device=images.device) + 0.5
        columns, rows = ((pixels - centres).abs() < self.erase * side / 2).unbind(1)
        hidden = rows[:, None, :, None] & columns[:, None, None, :]
        return torch.where(hidden, _means(images), images)


def augmented(
    stream: Iterable[tuple[Tensor, Tensor]], augment: Callable[..., Tensor], generator: torch.Generator | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Pass on a stream of (images, labels) with every image changed by `augment`; labels as they are.

    augment: an `Augment`, or a function of images or of (images, generator), as in `fit`.
    generator: of the CPU; the same seed gives the same changes on every device. Built by hand in lesson 04.
    """
    arguments = (generator,) if takes_generator(augment) else ()
    for images, labels in stream:
        yield augment(images, *arguments), labels


def takes_generator(augment):
    """Whether `augment` is a function of (images, generator), and not of images alone as torchvision's are.

    It is where its second argument has that name or has to be given. Transforms of torchvision pass on whatever they
    are given besides images, so that they cannot be asked by calling them.
    """
    try:
        parameters = inspect.signature(getattr(augment, "forward", augment)).parameters.values()
    except ValueError:  # a function of torch's own, whose arguments Python does not know
        return False
    places = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return len(places) > 1 and (places[1].name == "generator" or places[1].default is places[1].empty)


def _check(images, draws):
    """Raise ParameterError where images or draws are of another kind than `Augment.apply` changes."""
    shape = tuple(images.shape)
    if images.dtype != torch.float32 or shape != (*shape[:1], 1, *shape[-1:], *shape[-1:]):
        raise ParameterError(
            "expected float32 images (B, 1, side, side) in [0, 1], as batches() gives them, "
            f"found {str(images.dtype).removeprefix('torch.')} {shape}"
        )
    if draws.shape != (len(images), _DRAWS):
        raise ParameterError(f"expected draws ({len(images)}, {_DRAWS}), found {tuple(draws.shape)}; see draws()")


def _resampled(images, matrices):
    """Each image seen through its matrix, of `_homographies`: one bilinear interpolation a pixel."""
    side = images.shape[-1]
    matrices = _beside(images, matrices.float())
    centres = (2 * torch.arange(side, device=images.device) + 1) / side - 1
    x, y, one = matrices.split(1, 2)
    # Sums, not a matrix product: a product would be rounded to 8 or 11 bits under autocast or TF32.
    places = (x * centres + one)[:, :, None, :] + (y * centres)[:, :, :, None]
    grid, depth = places[:, :2], places[:, 2:]
    if depth.shape[1]:
        grid /= depth.clamp_min_(1e-6)  # beyond the horizon, the edge goes on
    # Repeats the edge pixels; padding_mode="border" would, but not on Apple devices before torch 2.13.
    grid.clamp_(1 / side - 1, 1 - 1 / side)
    return F.grid_sample(images, grid.permute(0, 2, 3, 1), align_corners=False)


def _basis(corners):
    """The matrix (..., 3, 3) that sends the axes and their sum to four points, homogeneous (..., 4, 3)."""
    three, fourth = corners[..., :3, :].mT, corners[..., 3, :, None]
    return three * torch.linalg.solve(three, fourth).mT


def _swing(draws):
    """Draws from [0, 1) as numbers from [−1, 1)."""
    return 2 * draws - 1


def _factors(draws, strength, images):
    """Factors from 1 − strength to 1 + strength, one an image, beside the images."""
    return _beside(images, (1 + strength * _swing(draws)).float()).view(-1, 1, 1, 1)


def _means(images):
    """The mean grey level of each image, (B, 1, 1, 1)."""
    return images.mean((1, 2, 3), keepdim=True)


def _beside(images, numbers):
    """The few numbers a batch needs, sent to the images' device without waiting for it."""
    return numbers.to(images.device, non_blocking=True)


def offline_copies(split: Split, *, seed: int = 0) -> Split:
    """A split three times as long: the faces as they are, then in perspective by an even chance, then turned.

    Each corner moves inwards by up to half of half the side; turns go up to 90 degrees either way. The factory of a
    university assignment, which lesson 04 writes out. What 28,709 faces need on the way is about 1 GB.
    """
    order = torch.Generator().manual_seed(seed)
    pixels = torch.tensor(split.images)[:, None].float() / 255
    turned = Augment(rotate=90)(pixels, order)
    warped = Augment(perspective=0.5)(pixels, order)
    half = torch.rand(len(split), generator=order) < 0.5
    warped = torch.where(half[:, None, None, None], warped, pixels)
    stored = [(copies[:, 0] * 255).round().byte().numpy() for copies in (warped, turned)]
    images = np.concatenate([split.images, *stored])
    return Split(images, np.tile(split.labels, 3), split.name, split.source, drawn=split.drawn)
