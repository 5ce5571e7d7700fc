"""Which colour does a number get on a cell, and is the text on it black or white?

A palette is a table of 256 fills, each with the text colour that stands out more. Python turns every
value into a row of such a table, so the browser only looks colours up, and a test can go through all rows.
"""

from functools import cache

import numpy as np

from cnnlab.figures.colours import signed, text_on

MIDDLE = 128  # the row of the signed palette that stands for zero
REACH = 127  # rows from there to either end
TINTS = {
    "pixel": (1.0, 1.0, 1.0),
    "red": (1.0, 0.25, 0.25),
    "green": (0.25, 1.0, 0.25),
    "blue": (0.3, 0.3, 1.0),
}
ROLES = (*TINTS, "signed")


def fills(role: str) -> np.ndarray:
    """The fills of a role, (256, 3) uint8: black to full brightness, or blue over paper to orange."""
    rows = np.arange(256)
    if role == "signed":
        return signed(np.clip(rows - MIDDLE, -REACH, REACH), REACH)
    tinted: np.ndarray = np.rint(np.outer(rows, TINTS[role])).astype(np.uint8)
    return tinted


@cache
def palette(role: str) -> dict[str, str]:
    """What the browser gets: `fill`, 256 times six hexadecimal digits, and `text`, 256 times "k" or "w"."""
    colours = fills(role)
    return {
        "fill": colours.tobytes().hex(),
        "text": "".join("k" if text_on(colour) == "#000000" else "w" for colour in colours),
    }


def levels(values: np.ndarray, role: str, limit: float) -> np.ndarray:
    """Rows of the role's palette for values, uint8, same shape.

    Pixels run from 0 to `limit`, signed values from -limit to limit; what lies beyond gets the end colour.
    """
    if not limit > 0:
        raise ValueError(f"The largest value of a colour scale must be positive, not {limit}.")
    share = np.asarray(values, dtype=float) / limit
    rows = MIDDLE + REACH * share if role == "signed" else 255 * share
    return np.clip(np.rint(rows), 0, 255).astype(np.uint8)
