"""Training faces at a side of their own in each epoch: coarse things are learnt first, at less arithmetic."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from fercourse.errors import ParameterError
from fercourse.learn.schedules import Plateau
from fercourse.settings import plain, whole


def checked_sides(sides, *, epochs, keep, schedule):
    """`sides` as a list of ints, one for each epoch; None stays None.

    Raises ParameterError for another length, for what is no whole number of pixels, and where the best epoch is to be
    kept although the sides change.
    """
    if sides is None:
        return None
    values = sides.tolist() if hasattr(sides, "tolist") else sides
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != epochs:
        length = f" ({len(values)} of them)" if isinstance(values, Sequence) else ""
        raise ParameterError(
            f"expected sides=None, or a list of sides in pixels, one for each of {epochs} epochs, such as "
            f"[32] * 5 + [48] * 10 for 15; found sides={plain(sides)!r}{length}"
        )
    values = [whole(f"sides[{epoch}], of epoch {epoch + 1}", side) for epoch, side in enumerate(values)]
    if len(set(values)) > 1 and (keep == "best" or isinstance(schedule, Plateau)):
        asked = 'keep="best"' if keep == "best" else "a Plateau"
        raise ParameterError(
            f"{asked} compares epochs by their valid accuracy, and with sides that change these cannot be compared: "
            "faces are validated at their own side, so that epochs which trained at another one read low. Take "
            'keep="last" without a Plateau, or one side for all epochs.'
        )
    return values


def resized(images: Tensor, side: int | None) -> Tensor:
    """Images (B, 1, H, H) as (B, 1, side, side): bilinear, each pixel of a smaller one a mean of all that it covers.

    None, and the side that they have, leaves them as they are.
    """
    if side is None or side == images.shape[-1]:
        return images
    return functional.interpolate(images, size=(side, side), mode="bilinear", antialias=True)
