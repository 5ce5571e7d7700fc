"""Which part of the photo can reach one cell of a deep layer?

Walk back from the cell: n cells in a row, seen through windows of k cells at stride s, are s (n - 1) + k
cells of the layer before. Elementwise layers change nothing, and nor does adding an earlier layer: both have
the same shape, so every window between them stands around the very cell that is added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from .geometry import GeometryError, Shape, check_cell, window_index
from .layers import Layer
from .network import output_shapes


@dataclass(frozen=True)
class ReceptiveField:
    """The piece of the photo that one cell depends on."""

    rows: tuple[int, int]  # first and last row, counted from 0; cut off at the photo's edges
    cols: tuple[int, int]
    size: tuple[int, int]  # height and width before anything is cut off
    centre: tuple[float, float]  # of the field before anything is cut off, in pixels from 0
    jump: tuple[int, int]  # pixels from one cell's field to its neighbour's


def receptive_field(
    layers: Sequence[Layer], name: str, row: int | None, col: int | None, input_shape: Shape
) -> ReceptiveField:
    """Return the ReceptiveField of the cell (row, col), counted from 0, of the layer called `name`.

    row, col: None for all rows or columns together. That is the only choice for a layer without rows and
    columns, such as a dense one: it sees what the last maps before it see. input_shape: (h, w, c) of the
    photo. Raises GeometryError where there is no such layer or cell, or the layers do not fit. Araujo, Norris
    and Sim, *Computing Receptive Fields of Convolutional Neural Networks*, 2019.
    """
    names = [layer.name for layer in layers]
    if name not in names:
        raise GeometryError('the network has no layer called "{name}"', name=name)
    shapes = [tuple(input_shape), *output_shapes(layers, input_shape)]  # shapes[i] comes into layers[i]
    target = names.index(name)
    if len(shapes[target + 1]) == 1:
        if (row, col) != (None, None):
            raise GeometryError('"{name}" has no rows and columns', name=name)
        target = max(i for i, shape in enumerate(shapes) if len(shape) == 3) - 1  # the last maps
    height, width, _channels = shapes[target + 1]
    check_cell(row or 0, col or 0, height, width)
    rows = (0, height - 1) if row is None else (row, row)
    cols = (0, width - 1) if col is None else (col, col)

    top, bottom = _reach(layers, shapes, target, 0, rows, clip=False)
    left, right = _reach(layers, shapes, target, 1, cols, clip=False)
    jump = prod(layer.sliding.stride for layer in layers[: target + 1] if layer.sliding)
    return ReceptiveField(
        rows=_reach(layers, shapes, target, 0, rows, clip=True),
        cols=_reach(layers, shapes, target, 1, cols, clip=True),
        size=(bottom - top + 1, right - left + 1),
        centre=((top + bottom) / 2, (left + right) / 2),
        jump=(jump, jump),
    )


def _reach(
    layers: Sequence[Layer],
    shapes: Sequence[Shape],
    target: int,
    axis: int,
    cells: tuple[int, int],
    clip: bool,
) -> tuple[int, int]:
    """Return the first and last pixel, along an axis, that reach the first to last cell of layers[target].

    clip: leave border cells out. Their zeros come from nowhere, so they widen nothing.
    """
    first, last = cells
    for layer, shape in reversed(list(zip(layers[: target + 1], shapes, strict=False))):
        n = shape[axis]
        if layer.sliding:
            # Window 0, moved along: so it also finds windows beyond the border.
            start, end = window_index(n, *layer.sliding)[0, [0, -1]].tolist()
            first, last = layer.sliding.stride * first + start, layer.sliding.stride * last + end
        if clip:
            first, last = max(first, 0), min(last, n - 1)
    return first, last
