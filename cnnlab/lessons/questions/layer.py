"""What does *A layer* ask? Kernels are not flat, and ReLU passes on nothing of a negative sum."""

from dataclasses import dataclass
from math import prod

import numpy as np

SMALL = 0.05  # of the largest |sum|: a sum closer to 0 than this is no clear question


@dataclass(frozen=True)
class Weights:
    """How many weights one kernel has: `answer` is one of `options`, which rise and have no duplicates."""

    options: tuple[int, ...]
    answer: int


@dataclass(frozen=True)
class Passed:
    """What ReLU passes on of the output cell (row, col), from 0: always `answer`, 0."""

    row: int
    col: int
    value: float  # the sum before ReLU, below 0
    options: tuple[float, ...]
    answer: float = 0.0


def weights(shape: tuple[int, int, int, int]) -> Weights | None:
    """Ask of kernels (kh, kw, c_in, c_out); None where everyone who counts a flat kernel would be right.

    The wrong answers take a kernel for flat, count its outputs for its inputs, or count all kernels.
    """
    kh, kw, c_in, c_out = shape
    answer = kh * kw * c_in
    others = {kh * kw, kh * kw * c_out, prod(shape)} - {answer}
    return Weights(tuple(sorted({answer} | others)), answer) if c_in > 1 and len(others) > 1 else None


def passed(sums: np.ndarray) -> Passed | None:
    """Ask of the most negative of the sums (H, W) before ReLU; None where none is clearly negative."""
    row, col = np.unravel_index(np.argmin(sums), sums.shape)
    value = float(sums[row, col])
    if not value < -SMALL * np.abs(sums).max():
        return None
    return Passed(int(row), int(col), value, (value, 0.0, -value))
