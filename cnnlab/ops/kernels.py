"""Which kernels are worth trying by hand?

Each takes its size k and returns a k x k array; GeometryError where k is below 1. Several are built from
two rows of numbers: `smooth`, which adds up to 1, and `difference`, which adds up to 0. An even size has no
middle cell; the one before is taken.
"""

import numpy as np
from numpy.typing import NDArray

from .geometry import GeometryError

Kernel = NDArray[np.float64]


def smooth(k: int) -> Kernel:
    """Return Pascal's triangle's row of k numbers (k,), made to add up to 1: (1, 2, 1) / 4 for k = 3."""
    row = np.ones(1)
    for _ in range(k - 1):
        row = np.convolve(row, [0.5, 0.5])
    return row


def difference(k: int) -> Kernel:
    """Return the change from left to right (k,), smoothed: (-1, 0, 1) for k = 3, 0 for a cell alone."""
    if k == 1:
        return np.zeros(1)
    row = np.array([-1.0, 1.0])
    for _ in range(k - 2):
        row = np.convolve(row, [1.0, 1.0])
    return row


def identity(k: int) -> Kernel:
    """Keep the image: 1 in the middle of (k, k), 0 elsewhere. GeometryError where k is below 1."""
    _check_size(k)
    kernel = np.zeros((k, k))
    kernel[(k - 1) // 2, (k - 1) // 2] = 1
    return kernel


def box_blur(k: int) -> Kernel:
    """Replace each pixel by the mean of its neighbourhood (k, k). GeometryError where k is below 1."""
    _check_size(k)
    return np.full((k, k), 1 / k**2)


def gaussian(k: int) -> Kernel:
    """Blur with weights (k, k) that fall off from the middle: binomial ones, which come near to a Gaussian.

    GeometryError where k is below 1.
    """
    _check_size(k)
    return np.outer(smooth(k), smooth(k))


def sharpen(k: int) -> Kernel:
    """Exaggerate how a pixel differs from its neighbours: the image minus its Laplacian, (k, k).

    GeometryError where k is below 1.
    """
    return identity(k) - laplacian(k)


def sobel_x(k: int) -> Kernel:
    """Answer where brightness grows from left to right: (-1, 0, 1), (-2, 0, 2), (-1, 0, 1) for k = 3.

    (k, k); GeometryError where k is below 1. Sobel and Feldman, 1968.
    """
    _check_size(k)
    pascal = smooth(k) * 2 ** (k - 1)  # whole numbers again, as Sobel's kernel is usually written
    return np.outer(pascal, difference(k))


def sobel_y(k: int) -> Kernel:
    """Answer where brightness grows from top to bottom: `sobel_x`, (k, k), with rows and columns exchanged.

    GeometryError where k is below 1.
    """
    return sobel_x(k).T


def laplacian(k: int) -> Kernel:
    """Answer where a pixel differs from its row and column (k, k): each 1 is paid for in the middle.

    GeometryError where k is below 1.
    """
    _check_size(k)
    middle = (k - 1) // 2
    kernel = np.zeros((k, k))
    kernel[middle, :] = kernel[:, middle] = 1
    kernel[middle, middle] = -2 * (k - 1)
    return kernel


def emboss(k: int) -> Kernel:
    """Light the image from a corner: weights (k, k) that grow down and right, and 1 more in the middle.

    GeometryError where k is below 1.
    """
    _check_size(k)
    ramp = np.arange(k) - (k - 1) / 2
    middle = identity(k)[::-1, ::-1]  # in even sizes on the light side, lest it cancel the shadow
    return ramp[:, None] + ramp[None, :] + middle


KERNELS = {
    "identity": identity,
    "box_blur": box_blur,
    "gaussian": gaussian,
    "sharpen": sharpen,
    "sobel_x": sobel_x,
    "sobel_y": sobel_y,
    "laplacian": laplacian,
    "emboss": emboss,
}


def _check_size(k: int) -> None:
    if k < 1:
        raise GeometryError("a kernel has at least 1 row and 1 column, but {k} were asked for", k=k)
