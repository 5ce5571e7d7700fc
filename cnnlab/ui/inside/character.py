"""What does a kernel of the first layer look for? Read off its weights, in one sentence."""

import numpy as np

from cnnlab.i18n import _, percent

BALANCED = 0.25  # of the weights' magnitudes: a smaller sum counts as "they almost cancel"
FLAT = 0.1  # of the magnitudes: less imbalance between the sides counts as none
ONE_WAY = 2.0  # so many times stronger along one axis than along the other: the edge is upright or level
COLOURED = 0.5  # of the mean magnitude of the channels' sums: a larger spread counts as a liking for a colour


def character(kernel: np.ndarray) -> str:
    """Describe a kernel (kh, kw, 3) that reads red, green and blue.

    Compared are the sum of its weights with the sum of their magnitudes, the weights' balance between left
    and right and between top and bottom, and the sums of the three slices.
    """
    total, magnitude = float(kernel.sum()), float(np.abs(kernel).sum())
    if not magnitude:
        return _("All its weights are 0: it answers the same everywhere.")
    share = abs(total) / magnitude
    if share < BALANCED:
        text = _(
            "Its weights almost cancel (their sum is {share} of their magnitudes): it looks for {change}."
        )
        return text.format(share=percent(share, 0), change=_change(kernel))
    text = _("Its weights do not cancel ({share} remain), so even patches move its sum too: {colour}.")
    return text.format(share=percent(share, 0), colour=_colour(kernel, total))


def _change(kernel: np.ndarray) -> str:
    """Name what the balanced weights compare: two sides, or colours."""
    height, width, _channels = kernel.shape
    sums = kernel.sum(axis=(0, 1))
    plane = kernel.sum(axis=2)
    across = abs(float((plane * np.linspace(-1, 1, width)).sum()))
    down = abs(float((plane * np.linspace(-1, 1, height)[:, np.newaxis]).sum()))
    if np.abs(sums).sum() > across + down:
        return _("a difference of colour")
    if max(across, down) < FLAT * np.abs(kernel).sum():
        return _("a spot or a line that differs from what surrounds it")
    if across > ONE_WAY * down:
        return _("a change from left to right, such as an upright edge")
    if down > ONE_WAY * across:
        return _("a change from top to bottom, such as a level edge")
    return _("a slanted change, such as a diagonal edge")


def _colour(kernel: np.ndarray, total: float) -> str:
    """Say how its answer to an even patch goes with brightness and colour."""
    sums = kernel.sum(axis=(0, 1))
    if total < 0:
        return _("the brighter, the further below 0")
    if sums.max() - sums.min() > COLOURED * np.abs(sums).mean():
        names = [_("red"), _("green"), _("blue")]
        return _("most to {colour}").format(colour=names[int(sums.argmax())])
    return _("the brighter, the more")
