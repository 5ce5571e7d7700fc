"""How wide a piece of the photo can reach a cell of a deep layer?"""

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab import ops


@dataclass(frozen=True)
class Growth:
    """How one layer with windows widens the piece of the photo, going from the photo into the network."""

    layer: ops.Layer
    side: int  # of its window, in cells of the layer before
    jump: int  # pixels from one of these cells to the next
    stride: int  # of its window
    width: int  # of the piece after this layer, in pixels: width before + (side - 1) * jump


@dataclass(frozen=True)
class Reach:
    """The question about the middle cell of a layer; all numbers but row and column in pixels."""

    row: int  # of the cell, from 0
    col: int
    width: int  # the answer: at most the photo's
    unclipped: int  # what the rule gives, border included
    options: tuple[int, ...]  # the answer and wrong ones, rising, without duplicates
    steps: tuple[Growth, ...]


def growth(layers: Sequence[ops.Layer], name: str) -> tuple[Growth, ...]:
    """Follow the rule r += (k - 1) j; j *= s from the photo (r = j = 1) to the layer called `name`."""
    width = jump = 1
    steps = []
    for layer in layers:
        if layer.sliding:
            side, stride, _padding = layer.sliding
            width += (side - 1) * jump
            steps.append(Growth(layer, side, jump, stride, width))
            jump *= stride
        if layer.name == name:
            break
    return tuple(steps)


def reach(layers: Sequence[ops.Layer], name: str, input_shape: tuple[int, int, int]) -> Reach | None:
    """Ask about the middle cell of the layer called `name`.

    None where there is nothing to find out: in a layer without rows and columns, and where the piece is no
    wider than the layer's own window. Wrong options: that window, the sum that forgets the jumps, the piece
    of the layer before, the whole photo.
    """
    shape = ops.output_shapes(layers, input_shape)[[layer.name for layer in layers].index(name)]
    steps = growth(layers, name)
    if len(shape) != 3 or len(steps) < 2 or steps[-1].width == steps[-1].side:
        return None
    row, col = shape[0] // 2, shape[1] // 2
    first, last = ops.receptive_field(layers, name, row, col, input_shape).cols
    width, whole = last - first + 1, input_shape[1]
    plain = 1 + sum(step.side - 1 for step in steps)
    wrong = {steps[-1].side, plain, steps[-2].width, whole}
    return Reach(
        row=row,
        col=col,
        width=width,
        unclipped=steps[-1].width,
        options=tuple(sorted({width} | {option for option in wrong if option <= whole})),
        steps=steps,
    )
