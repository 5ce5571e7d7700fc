"""How does a layer of kernels turn an image into feature maps?

    z(i, j, k) = b(k) + sum over p, q, c of x(s i + d p - P_top, s j + d q - P_left, c) W(p, q, c, k)

with stride s, dilation d and zeros on the border. Mathematics calls this cross-correlation; networks call it
convolution. `conv2d` computes all cells at once, `conv2d_steps` one after another, every product in sight.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .floats import Floats, as_floats
from .geometry import (
    GeometryError,
    Indices,
    Shape,
    Window,
    check_cell,
    check_channel,
    window_at,
    window_index,
    window_places,
    window_view,
)


@dataclass(frozen=True, eq=False)
class ConvStep:
    """One output cell and all that went into it."""

    row: int  # of the output cell
    col: int
    rows: Indices  # (kh,) input rows of the window; below 0 or beyond the image: border
    cols: Indices  # (kw,) input columns
    window: Floats  # (kh, kw, c_in) what the window covers, 0 on the border
    kernel: Floats  # (kh, kw, c_in)
    products: Floats  # (kh, kw, c_in) window * kernel
    channel_sums: Floats  # (c_in,) the products of each channel, added up
    bias: float
    output: float  # the channel sums, added up, plus the bias


def conv2d(
    image: ArrayLike,
    kernels: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> Floats:
    """Return the feature maps (H, W, c_out) of an image (h, w, c_in) under kernels (kh, kw, c_in, c_out).

    bias: (c_out,) or None for none. Raises GeometryError where the sizes do not fit together.
    """
    image, kernels, bias = _checked(image, kernels, bias)
    kh, kw, _c_in, _c_out = kernels.shape
    windows = window_view(image, (kh, kw), stride, padding, dilation)  # (H, W, c_in, kh, kw)
    # One matrix product for each place (p, q) of the window: it adds over the channels, for all cells at once
    return sum(windows[..., p, q] @ kernels[p, q] for p, q in np.ndindex(kh, kw)) + bias


def conv2d_gradient(shape: Shape, kernels: Floats, gradient: Floats, window: Window) -> Floats:
    """Return the gradient with respect to the image of `shape` (h, w, c_in), float32: the way back.

    gradient: (H, W, c_out) with respect to the maps; window: that of the kernels (k, k, c_in, c_out). By the
    chain rule each cell gets, from every output that read it, the gradient there times the weight that it was
    multiplied by. Raises GeometryError where the window does not fit.
    """
    back = np.zeros(shape, np.float32)
    for p, q, outputs, cells in window_places(shape, window):
        back[cells] += gradient[outputs] @ kernels[p, q].T
    return back


def conv2d_steps(
    image: ArrayLike,
    kernels: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    output_channel: int = 0,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> Iterator[ConvStep]:
    """Return an iterator of one ConvStep for each cell of an output map, row by row.

    The arguments are those of `conv2d`; `output_channel` chooses the kernel, and so the map, counted from 0.
    Raises GeometryError, before the first step, as `conv2d` does and where there is no such map.
    """
    image, kernel, bias = _one_kernel(image, kernels, bias, output_channel)
    rows, cols = _window_indices(image, kernel, stride, padding, dilation)
    return (
        _step(image, kernel, bias, i, j, rows[i], cols[j]) for i in range(len(rows)) for j in range(len(cols))
    )


def conv2d_step(
    image: ArrayLike,
    kernels: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    row: int,
    col: int,
    output_channel: int = 0,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> ConvStep:
    """Return the ConvStep of the output cell at (row, col), counted from 0; otherwise like `conv2d_steps`.

    Raises GeometryError as that does, and where there is no such cell.
    """
    image, kernel, bias = _one_kernel(image, kernels, bias, output_channel)
    rows, cols = _window_indices(image, kernel, stride, padding, dilation)
    check_cell(row, col, len(rows), len(cols))
    return _step(image, kernel, bias, row, col, rows[row], cols[col])


def flip(kernels: ArrayLike) -> NDArray[Any]:
    """Turn kernels (kh, kw, ...) by half a turn: `conv2d` is then what mathematics calls convolution."""
    return np.asarray(kernels)[::-1, ::-1]


def _step(
    image: Floats, kernel: Floats, bias: float, row: int, col: int, rows: Indices, cols: Indices
) -> ConvStep:
    window, _inside = window_at(image, rows, cols)
    products = window * kernel
    channel_sums = products.sum(axis=(0, 1))
    output = float(channel_sums.sum() + bias)
    return ConvStep(row, col, rows, cols, window, kernel, products, channel_sums, float(bias), output)


def _window_indices(
    image: Floats, kernel: Floats, stride: int, padding: str, dilation: int
) -> tuple[Indices, Indices]:
    height, width, _c_in = image.shape
    kh, kw, _c_in = kernel.shape
    rows = window_index(height, kh, stride, padding, dilation)
    cols = window_index(width, kw, stride, padding, dilation)
    return rows, cols


def _one_kernel(
    image: ArrayLike, kernels: ArrayLike, bias: ArrayLike | None, output_channel: int
) -> tuple[Floats, Floats, float]:
    """Return the image, one kernel (kh, kw, c_in) and its bias, checked."""
    image, kernels, bias = _checked(image, kernels, bias)
    check_channel(output_channel, kernels.shape[-1])
    return image, kernels[..., output_channel], bias[output_channel]


def _checked(image: ArrayLike, kernels: ArrayLike, bias: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return the three as floating-point arrays whose sizes fit together; no bias becomes a bias of 0."""
    image, kernels = as_floats(image), as_floats(kernels)
    if image.ndim != 3:
        raise GeometryError(
            "an image has the shape (height, width, channels), but this one is {shape}", shape=image.shape
        )
    if kernels.ndim != 4:
        raise GeometryError(
            "kernels have the shape (rows, columns, input channels, output channels), but these are {shape}",
            shape=kernels.shape,
        )
    c_in, c_out = kernels.shape[2:]
    if image.shape[2] != c_in:
        raise GeometryError(
            "a kernel for {c_in} channels cannot read an image of {channels}",
            c_in=c_in,
            channels=image.shape[2],
        )
    bias = np.zeros(c_out, kernels.dtype) if bias is None else as_floats(bias)
    if bias.shape != (c_out,):
        raise GeometryError(
            "{c_out} kernels need a bias of the shape ({c_out},), but it is {shape}",
            c_out=c_out,
            shape=bias.shape,
        )
    return image, kernels, bias
