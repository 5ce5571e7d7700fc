"""Which colour means what in a figure? Orange is positive, blue is negative, and nothing else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

POSITIVE, ZERO, NEGATIVE = "#d1600c", "#fbf9f4", "#1f66b0"
SIGNED = [[0.0, NEGATIVE], [0.5, ZERO], [1.0, POSITIVE]]  # Plotly's colour scale from -limit to limit
INK = {"light": "#22303c", "dark": "#ece8e0"}  # what stands out most on each theme's background
QUIET = "#8d98a3"  # reads on both backgrounds without standing out


def rgb(colour: str) -> NDArray[np.float64]:
    """'#d1600c' -> [209, 96, 12]."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)


def signed(values: NDArray[Any], limit: float) -> NDArray[np.uint8]:
    """Colour values (...) from -limit (blue) over 0 (paper) to limit (orange): (..., 3) uint8.

    What lies beyond the limit gets the end colour; limit 0 (all values 0) gives paper throughout.
    """
    share = np.clip(np.asarray(values, float) / (limit or 1.0), -1, 1)[..., np.newaxis]
    end = np.where(share > 0, rgb(POSITIVE), rgb(NEGATIVE))
    coloured: NDArray[np.uint8] = np.rint(rgb(ZERO) + (end - rgb(ZERO)) * np.abs(share)).astype(np.uint8)
    return coloured


def text_on(fill: NDArray[Any]) -> str:
    """Return "#000000" or "#ffffff", whichever stands out more on a fill (red, green, blue; 0-255).

    Contrast as in WCAG 2.2: black is better where the relative luminance is above 0.179.
    """
    channels = np.asarray(fill, float) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "#000000" if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else "#ffffff"
