"""How do many small pictures become one? A contact sheet with see-through gaps."""

from collections.abc import Sequence

import numpy as np


def sheet(pictures: Sequence[np.ndarray], columns: int, gap: int = 1, zoom: int = 1) -> np.ndarray:
    """Lay n equal pictures (h, w, 3) uint8 in rows: one (H, W, 4) uint8 picture, transparent between them.

    Each pixel becomes zoom x zoom pixels; `gap` counts in pixels before zooming.
    """
    height, width, _channels = pictures[0].shape
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), np.uint8)
    for place, picture in enumerate(pictures):
        row, col = divmod(place, columns)
        cell = sheet[row * (height + gap) :, col * (width + gap) :][:height, :width]
        cell[..., :3], cell[..., 3] = picture, 255
    return sheet.repeat(zoom, axis=0).repeat(zoom, axis=1)
