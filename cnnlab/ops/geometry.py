"""Which input cells does an output cell see?

A window of k cells slides along an axis of n cells. Its size, the stride, the padding and the dilation decide
how many outputs there are and which input cells each of them reads. Rows and columns follow the same rule, so
it is written once, for one axis, in `window_index`.
"""

from collections.abc import Iterator
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .floats import Floats

Shape = tuple[int, ...]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]


class GeometryError(ValueError):
    """Sizes or settings that do not fit together. The message quotes the numbers.

    `template` and `numbers` are kept apart as well, so that a page can say the sentence in another language.
    """

    def __init__(self, template: str, **numbers: Any) -> None:
        super().__init__(template.format(**numbers))
        self.template = template
        self.numbers = numbers


class Window(NamedTuple):
    """How a square window slides over maps. Unpacked, it stands where k, stride and padding do below."""

    side: int  # k, in cells
    stride: int
    padding: str  # "valid" or "same"


def window_span(k: int, dilation: int = 1) -> int:
    """Return how many cells a window of k cells reaches over when they stand `dilation` apart."""
    return dilation * (k - 1) + 1


def padding_amounts(n: int, k: int, stride: int, padding: str, dilation: int = 1) -> tuple[int, int]:
    """Return how many border cells are put (before, after) an axis of n cells.

    "valid" puts none. "same" puts as many as ceil(n / stride) outputs need; an odd one goes after, which is
    TensorFlow's and therefore Keras's rule. Raises GeometryError where a setting makes no sense.
    """
    _check_settings(n, k, stride, padding, dilation)
    if padding == "valid":
        return 0, 0
    outputs = -(-n // stride)  # n / stride, rounded up
    border = max((outputs - 1) * stride + window_span(k, dilation) - n, 0)
    return border // 2, border - border // 2


def output_size(n: int, k: int, stride: int = 1, padding: str = "valid", dilation: int = 1) -> int:
    """Return the number of outputs: floor((n + before + after - dilation (k - 1) - 1) / stride) + 1.

    Raises GeometryError where a setting makes no sense or the window is larger than the padded input.
    Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, 2016.
    """
    before, after = padding_amounts(n, k, stride, padding, dilation)
    room = n + before + after - window_span(k, dilation)
    if room < 0 and dilation == 1:
        raise GeometryError("a window of {k} cells does not fit into an input of {n}", k=k, n=n)
    if room < 0:
        raise GeometryError(
            "a window of {k} cells with dilation {dilation} covers {span} cells, but the input has {n}",
            k=k,
            dilation=dilation,
            span=window_span(k, dilation),
            n=n,
        )
    return room // stride + 1


def window_index(n: int, k: int, stride: int = 1, padding: str = "valid", dilation: int = 1) -> Indices:
    """Return the input index of each window cell, shape (outputs, k): output i reads `window_index(...)[i]`.

    An index below 0 or above n - 1 stands for a border cell. Raises GeometryError as `output_size` does.
    """
    before, _after = padding_amounts(n, k, stride, padding, dilation)
    starts = stride * np.arange(output_size(n, k, stride, padding, dilation)) - before
    return starts[:, None] + dilation * np.arange(k)


def outputs_fed(n: int, k: int, stride: int, padding: str, dilation: int, index: int) -> Indices:
    """Return which outputs, (m,), read input cell `index`: the rows of `window_index` that hold it.

    Raises GeometryError as `output_size` does.
    """
    return np.flatnonzero((window_index(n, k, stride, padding, dilation) == index).any(axis=1))


def window_view(
    image: Floats,
    window: tuple[int, int],
    stride: int,
    padding: str,
    dilation: int = 1,
    border: float = 0.0,
) -> Floats:
    """Return every window of an image (h, w, c) as one strided view (H, W, c, kh, kw), at `window_index`.

    window: (kh, kw). A view copies nothing but the image with its border, whose cells hold `border`.
    Raises GeometryError as `output_size` does.
    """
    height, width, _channels = image.shape
    kh, kw = window
    for n, k in ((height, kh), (width, kw)):
        output_size(n, k, stride, padding, dilation)  # raises where the window does not fit
    above_below = padding_amounts(height, kh, stride, padding, dilation)
    left_right = padding_amounts(width, kw, stride, padding, dilation)
    padded = np.pad(image, (above_below, left_right, (0, 0)), constant_values=border)
    spans = window_span(kh, dilation), window_span(kw, dilation)
    everywhere = sliding_window_view(padded, spans, axis=(0, 1))  # at stride 1, with the gaps filled
    return everywhere[::stride, ::stride, :, ::dilation, ::dilation]


def window_places(shape: Shape, window: Window) -> Iterator[tuple[int, int, Any, Any]]:
    """Yield, for each place (p, q) of the window, which outputs see a cell there, and which cells these are.

    shape: (h, w, c) of the maps. Both come as an index into an array: (H, W, ...) and (h, w, ...). Places on
    the border are left out. Raises GeometryError as `output_size` does.
    """
    height, width, _channels = shape
    rows, cols = window_index(height, *window), window_index(width, *window)
    for p, q in np.ndindex(window.side, window.side):
        inside_rows = (rows[:, p] >= 0) & (rows[:, p] < height)
        inside_cols = (cols[:, q] >= 0) & (cols[:, q] < width)
        outputs = np.ix_(inside_rows, inside_cols)
        yield p, q, outputs, np.ix_(rows[inside_rows, p], cols[inside_cols, q])


def window_at(image: Floats, rows: Indices, cols: Indices) -> tuple[Floats, Mask]:
    """Return one window of an image (h, w, c) and a mask (kh, kw) that is False on the border.

    rows (kh,) and cols (kw,) are those of `window_index`. The window holds the values (kh, kw, c) where they
    meet, and 0 on the border.
    """
    height, width, _channels = image.shape
    inside = ((rows >= 0) & (rows < height))[:, None] & ((cols >= 0) & (cols < width))
    if inside.all():
        return image[rows[:, None], cols], inside
    nearest = image[rows.clip(0, height - 1)[:, None], cols.clip(0, width - 1)]
    return np.where(inside[..., None], nearest, np.zeros_like(nearest)), inside


def check_cell(row: int, col: int, height: int, width: int) -> None:
    """Raise GeometryError unless a map of (height, width) has a cell at (row, col)."""
    if not (0 <= row < height and 0 <= col < width):
        raise GeometryError(
            "the map has {height} rows and {width} columns, counted from 0: it has no cell ({row}, {col})",
            height=height,
            width=width,
            row=row,
            col=col,
        )


def check_channel(channel: int, channels: int) -> None:
    """Raise GeometryError unless `channel` is one of `channels`."""
    if not 0 <= channel < channels:
        raise GeometryError(
            "there are {channels} maps, counted from 0: there is no map {channel}",
            channels=channels,
            channel=channel,
        )


def _check_settings(n: int, k: int, stride: int, padding: str, dilation: int) -> None:
    settings = {"input size": n, "window size": k, "stride": stride, "dilation": dilation}
    for name, value in settings.items():
        if not isinstance(value, Integral) or value < 1:
            raise GeometryError(
                "the {name} must be a whole number of at least 1, but it is {value}", name=name, value=value
            )
    if padding not in ("valid", "same"):
        raise GeometryError('the padding must be "valid" or "same", but it is "{padding}"', padding=padding)
