"""How does one photo become many? Flip, shift, rotate and cut out, at random, image by image.

NumPy alone, so that the page can preview on real images exactly what the trainer does.
"""

import numpy as np

from cnnlab.config import Augmentation


def augment(images: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Return a changed copy of images (n, h, w, c) uint8: each image draws its own changes from `rng`.

    What comes into the picture from outside is black, except for shifts, which repeat the border pixels.
    """
    if settings.flip:
        images = np.where(rng.random(len(images))[:, None, None, None] < 0.5, images[:, :, ::-1], images)
    if settings.rotate:
        images = rotated(images, np.radians(rng.uniform(-settings.rotate, settings.rotate, len(images))))
    if settings.shift:
        images = shifted(images, rng.integers(-settings.shift, settings.shift + 1, (len(images), 2)))
    if settings.cutout:
        images = cut_out(images, settings.cutout, rng)
    return images


def shifted(images: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Move each image by its (rows, cols) in `by`, (n, 2)."""
    n, height, width, _channels = images.shape
    rows = np.clip(np.arange(height) - by[:, :1], 0, height - 1)  # (n, h)
    cols = np.clip(np.arange(width) - by[:, 1:], 0, width - 1)  # (n, w)
    return images[np.arange(n)[:, None, None], rows[:, :, None], cols[:, None, :]]


def rotated(images: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Turn each image about its centre by its angle (radians, (n,)); each pixel takes the nearest source."""
    n, height, width, _channels = images.shape
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    cos, sin = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    rows = np.rint(cos * y + sin * x + (height - 1) / 2).astype(int)  # (n, h, w)
    cols = np.rint(cos * x - sin * y + (width - 1) / 2).astype(int)
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    taken = images[np.arange(n)[:, None, None], rows.clip(0, height - 1), cols.clip(0, width - 1)]
    return np.where(inside[..., None], taken, 0).astype(images.dtype)


def cut_out(images: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Blacken a square of `side` pixels in each image; its centre may lie anywhere, so borders clip it.

    DeVries and Taylor, *Improved Regularization of Convolutional Neural Networks with Cutout*, 2017.
    """
    n, height, width, _channels = images.shape
    top = rng.integers(0, height, n)[:, None] - side // 2
    left = rng.integers(0, width, n)[:, None] - side // 2
    rows = (np.arange(height) >= top) & (np.arange(height) < top + side)  # (n, h)
    cols = (np.arange(width) >= left) & (np.arange(width) < left + side)  # (n, w)
    hole = rows[:, :, None] & cols[:, None, :]
    return np.where(hole[..., None], 0, images).astype(images.dtype)
