"""How does one photo become many? Flip, shift, rotate and cut out, at random, image by image.

NumPy alone, so that the page can preview on real images exactly what the trainer does, and so that the source
of each function can stand in an exported script.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnlab.config import Augmentation


def augment(images: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Return a changed copy of images (n, h, w, c) uint8: each image draws its own changes from `rng`.

    What comes into the picture from outside is black, except for shifts, which repeat the border pixels.
    """
    for kind, amount in asked(settings):
        images = kind.function(images, *amount, rng)
    return images


def flip(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror about half of the images (n, h, w, c), left and right."""
    return np.where(rng.random(len(images))[:, None, None, None] < 0.5, images[:, :, ::-1], images)


def rotate(images: np.ndarray, degrees: int, rng: np.random.Generator) -> np.ndarray:
    """Turn each image of (n, h, w, c) by at most so many degrees either way."""
    return rotated(images, np.radians(rng.uniform(-degrees, degrees, len(images))))


def shift(images: np.ndarray, pixels: int, rng: np.random.Generator) -> np.ndarray:
    """Move each image of (n, h, w, c) by at most so many pixels up or down and left or right."""
    return shifted(images, rng.integers(-pixels, pixels + 1, (len(images), 2)))


def cut_out(images: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Blacken a square of `side` pixels in each image; its centre may lie anywhere, so borders clip it.

    images: (n, h, w, c). DeVries and Taylor, *Improved Regularization of Convolutional Neural Networks with
    Cutout*, 2017.
    """
    n, height, width, _channels = images.shape
    top = rng.integers(0, height, (n, 1)) - side // 2
    left = rng.integers(0, width, (n, 1)) - side // 2
    rows = (np.arange(height) >= top) & (np.arange(height) < top + side)  # (n, h)
    cols = (np.arange(width) >= left) & (np.arange(width) < left + side)  # (n, w)
    hole = rows[:, :, None] & cols[:, None, :]
    return np.where(hole[..., None], 0, images).astype(images.dtype)


def shifted(images: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Move each image of (n, h, w, c) by its (rows, cols) in `by`, (n, 2), whole pixels."""
    n, height, width, _channels = images.shape
    rows = np.clip(np.arange(height) - by[:, :1], 0, height - 1)  # (n, h)
    cols = np.clip(np.arange(width) - by[:, 1:], 0, width - 1)  # (n, w)
    moved: np.ndarray = images[np.arange(n)[:, None, None], rows[:, :, None], cols[:, None, :]]
    return moved


def rotated(images: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Turn each image about its centre by its angle (radians, (n,)); each pixel takes the nearest source.

    images: (n, h, w, c).
    """
    n, height, width, _channels = images.shape
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    cos, sin = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    rows = np.rint(cos * y + sin * x + (height - 1) / 2).astype(int)  # (n, h, w)
    cols = np.rint(cos * x - sin * y + (width - 1) / 2).astype(int)
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    taken = images[np.arange(n)[:, None, None], rows.clip(0, height - 1), cols.clip(0, width - 1)]
    return np.where(inside[..., None], taken, 0).astype(images.dtype)


@dataclass(frozen=True)
class Kind:
    """A kind of augmentation: function(images, amount, rng), without an amount where it is only on or off.

    An exported script shows the source of the function, and before it that of those which it `uses`.
    """

    function: Callable[..., np.ndarray]
    uses: tuple[Callable[..., np.ndarray], ...] = ()


# The fields of `cnnlab.config.Augmentation`, in the order in which an image is changed.
AUGMENTATIONS = {
    "flip": Kind(flip),
    "rotate": Kind(rotate, (rotated,)),
    "shift": Kind(shift, (shifted,)),
    "cutout": Kind(cut_out),
}


def asked(settings: Augmentation) -> list[tuple[Kind, tuple[int, ...]]]:
    """Return the kinds that the settings ask for, each with its amount: () where it is only switched on."""
    amounts = [(kind, getattr(settings, name)) for name, kind in AUGMENTATIONS.items()]
    return [(kind, () if amount is True else (amount,)) for kind, amount in amounts if amount]
