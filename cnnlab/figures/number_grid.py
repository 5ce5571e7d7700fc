"""How are numbers shown so large that the back row reads them? A grid as SVG, which grows with its place."""

from collections.abc import Sequence

import numpy as np

from cnnlab.figures.colours import signed, text_on
from cnnlab.i18n import number

CELL, EDGE = 60, 12  # units of the drawing: a cell, and the room around the grid for frames
LONG = 4  # signs of a number that fit at the full size of letters


def grid(values: np.ndarray, role: str, frames: Sequence[tuple[int, int, int, str]] = ()) -> str:
    """Draw values (h, w): "pixels" in their grey (0-255), "weights" orange above 0 and blue below.

    frames: (row, col, size, letter) of squares of cells to outline, rows and columns from 0.
    """
    height, width = values.shape
    if role == "pixels":
        fills = np.repeat(values[..., None], 3, axis=2)  # (h, w) -> (h, w, 3)
    else:
        fills = signed(values, float(np.abs(values).max()))
    parts = [_cell(i, j, float(values[i, j]), fills[i, j]) for i, j in np.ndindex(height, width)]
    parts += [_frame(*frame) for frame in frames]
    parts += [_letter(*frame) for frame in frames]  # above all outlines
    box = f"{-EDGE} {-EDGE} {width * CELL + 2 * EDGE} {height * CELL + 2 * EDGE}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{"".join(parts)}</svg>'


def as_text(values: np.ndarray) -> str:
    """Write the values row by row, for who does not see them."""
    return "; ".join(" ".join(number(value) for value in row) for row in values)


def _cell(row: int, col: int, value: float, fill: np.ndarray) -> str:
    x, y, text = col * CELL, row * CELL, number(value)
    size = 24 if len(text) <= LONG else 18
    colour = "#" + "".join(f"{int(part):02x}" for part in fill)
    return (
        f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{colour}" stroke="#8d98a3"/>'
        f'<text x="{x + CELL / 2}" y="{y + CELL / 2}" font-family="monospace" font-size="{size}" '
        f'text-anchor="middle" dominant-baseline="central" fill="{text_on(fill)}">{text}</text>'
    )


def _frame(row: int, col: int, size: int, _letter: str) -> str:
    """Outline in black and white, so that it is seen on every grey."""
    x, y, side = col * CELL, row * CELL, size * CELL
    return "".join(
        f'<rect x="{x + inset}" y="{y + inset}" width="{side - 2 * inset}" height="{side - 2 * inset}" '
        f'fill="none" stroke="{colour}" stroke-width="4"/>'
        for inset, colour in ((1, "#000"), (5, "#fff"))
    )


def _letter(row: int, col: int, _size: int, letter: str) -> str:
    x, y = col * CELL + 9, row * CELL + 9
    return (
        f'<circle cx="{x}" cy="{y}" r="15" fill="#fff" stroke="#000" stroke-width="2.5"/>'
        f'<text x="{x}" y="{y}" font-family="sans-serif" font-size="20" font-weight="700" '
        f'text-anchor="middle" dominant-baseline="central" fill="#000">{letter}</text>'
    )
