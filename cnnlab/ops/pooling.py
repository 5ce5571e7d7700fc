"""How does pooling make maps smaller?

Each window of each map becomes one number, its largest value or its mean; the channels stay apart:

    max(i, j, c) = max over p, q of x(s i + p - P_top, s j + q - P_left, c)

There are no weights. Border cells take no part, neither in the maximum nor in the mean (Keras's rule).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike

from .floats import Floats, as_floats
from .geometry import (
    GeometryError,
    Indices,
    Mask,
    Window,
    check_cell,
    check_channel,
    window_at,
    window_index,
    window_places,
    window_view,
)


@dataclass(frozen=True, eq=False)
class PoolStep:
    """One output cell and the window that it stands for."""

    row: int  # of the output cell
    col: int
    rows: Indices  # (k,) input rows of the window; below 0 or beyond the map: border
    cols: Indices  # (k,) input columns
    window: Floats  # (k, k) the values, 0 on the border
    inside: Mask  # (k, k) False on the border
    total: float  # of the values inside
    count: int  # of the values inside
    winner: tuple[int, int] | None  # row and column, in the input, of the first maximum; None for the average
    output: float


def max_pool(maps: ArrayLike, window: int, *, stride: int | None = None, padding: str = "valid") -> Floats:
    """Return the largest value of each window: maps (h, w, c) -> (H, W, c).

    window: side of the square window. stride: None for the same number: windows touch but do not overlap.
    Raises GeometryError where these are no maps, or the window does not fit.
    """
    places = _places(_checked(maps), window, stride, padding, border=-np.inf)
    return reduce(np.maximum, places)


def average_pool(
    maps: ArrayLike, window: int, *, stride: int | None = None, padding: str = "valid"
) -> Floats:
    """Return the mean of each window: maps (h, w, c) -> (H, W, c).

    The arguments are those of `max_pool`. Raises GeometryError where the window does not fit.
    """
    maps = _checked(maps)
    ones, zero = np.ones_like(maps[..., :1]), np.zeros((), maps.dtype)
    totals = sum(_places(maps, window, stride, padding, border=0), zero)
    counts = sum(_places(ones, window, stride, padding, border=0), zero)  # k * k, and fewer at the border
    return totals / counts


def max_pool_gradient(maps: Floats, pooled: Floats, gradient: Floats, window: Window) -> Floats:
    """Return the gradient with respect to the maps (h, w, c), float32: each output's goes to its winner.

    pooled: (H, W, c), what `max_pool` makes of them; gradient: (H, W, c) with respect to it. Of equal values
    the first in row order is the winner, as in TensorFlow. Raises GeometryError where the window does not
    fit.
    """
    back, free = np.zeros(maps.shape, np.float32), np.ones(pooled.shape, bool)
    for _p, _q, outputs, cells in window_places(maps.shape, window):
        wins = free[outputs] & (maps[cells] == pooled[outputs])
        back[cells] += gradient[outputs] * wins
        free[outputs] &= ~wins
    return back


def average_pool_gradient(maps: Floats, pooled: Floats, gradient: Floats, window: Window) -> Floats:
    """Return the gradient with respect to the maps (h, w, c), float32, in equal shares for all cells inside.

    The arguments and errors (GeometryError) are those of `max_pool_gradient`.
    """
    back, counts = np.zeros(maps.shape, np.float32), np.zeros((*pooled.shape[:2], 1), np.float32)
    places = list(window_places(maps.shape, window))
    for _p, _q, outputs, _cells in places:
        counts[outputs] += 1
    shares = gradient / counts
    for _p, _q, outputs, cells in places:
        back[cells] += shares[outputs]
    return back


def pool_steps(
    maps: ArrayLike,
    window: int,
    *,
    mode: str,
    stride: int | None = None,
    padding: str = "valid",
    channel: int = 0,
) -> Iterator[PoolStep]:
    """Return an iterator of one PoolStep for each cell of an output map, row by row.

    maps: (h, w, c). mode: "max" or "average". channel: which map, counted from 0. The rest are the arguments
    of `max_pool`. Raises GeometryError, before the first step, where these do not fit together.
    """
    plane, rows, cols = _geometry(maps, window, mode, stride, padding, channel)
    return (_step(plane, mode, i, j, rows[i], cols[j]) for i in range(len(rows)) for j in range(len(cols)))


def pool_step(
    maps: ArrayLike,
    window: int,
    *,
    row: int,
    col: int,
    mode: str,
    stride: int | None = None,
    padding: str = "valid",
    channel: int = 0,
) -> PoolStep:
    """Return the PoolStep of the output cell at (row, col), counted from 0; otherwise like `pool_steps`.

    Raises GeometryError also where there is no such cell.
    """
    plane, rows, cols = _geometry(maps, window, mode, stride, padding, channel)
    check_cell(row, col, len(rows), len(cols))
    return _step(plane, mode, row, col, rows[row], cols[col])


def pool_gradient(step: PoolStep, gradient: float = 1.0) -> Floats:
    """Return what each cell of a step's window gets of the gradient that arrives at its output: (k, k).

    The maximum hands all of it to its winner, since no other value had a part in the output; the mean hands
    each cell inside the same share. A cell of several windows gets the sum of what they hand it.
    """
    if step.winner is None:
        return np.where(step.inside, gradient / step.count, 0.0)
    row, col = step.winner
    return gradient * np.outer(step.rows == row, step.cols == col)


def global_max_pool(maps: ArrayLike) -> Floats:
    """Return the largest value of each map: (h, w, c) -> (c,). GeometryError where these are no maps."""
    return np.asarray(_checked(maps).max(axis=(0, 1)))


def global_average_pool(maps: ArrayLike) -> Floats:
    """Return the mean of each whole map: (h, w, c) -> (c,). Lin, Chen and Yan, 2013.

    Raises GeometryError where these are no maps.
    """
    return np.asarray(_checked(maps).mean(axis=(0, 1)))


def _step(plane: Floats, mode: str, row: int, col: int, rows: Indices, cols: Indices) -> PoolStep:
    window, inside = window_at(plane, rows, cols)
    window = window[..., 0]  # (k, k, 1) -> (k, k)
    total, count = float(window[inside].sum()), int(inside.sum())
    if mode == "average":
        return PoolStep(row, col, rows, cols, window, inside, total, count, None, total / count)
    p, q = np.argwhere(inside)[window[inside].argmax()]  # of equal values, the first in row order
    winner = int(rows[p]), int(cols[q])
    return PoolStep(row, col, rows, cols, window, inside, total, count, winner, float(window[p, q]))


def _places(maps: Floats, window: int, stride: int | None, padding: str, border: float) -> list[Floats]:
    """Return, for each of the window's places, what stands there in every window: arrays (H, W, c)."""
    windows = window_view(maps, (window, window), _stride(stride, window), padding, border=border)
    return [windows[..., p, q] for p, q in np.ndindex(window, window)]


def _stride(stride: int | None, window: int) -> int:
    return window if stride is None else stride


def _geometry(
    maps: ArrayLike, window: int, mode: str, stride: int | None, padding: str, channel: int
) -> tuple[Floats, Indices, Indices]:
    """Return one map (h, w, 1) and the rows (H, k) and columns (W, k) of its windows."""
    maps = _checked(maps)
    height, width, channels = maps.shape
    if mode not in ("max", "average"):
        raise GeometryError('pooling is "max" or "average", not "{mode}"', mode=mode)
    check_channel(channel, channels)
    stride = _stride(stride, window)
    rows = window_index(height, window, stride, padding)
    cols = window_index(width, window, stride, padding)
    return maps[:, :, channel : channel + 1], rows, cols


def _checked(maps: ArrayLike) -> Floats:
    maps = as_floats(maps)
    if maps.ndim != 3:
        raise GeometryError(
            "maps have the shape (height, width, channels), but these are {shape}", shape=maps.shape
        )
    return maps
