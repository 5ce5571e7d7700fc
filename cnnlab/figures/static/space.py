"""How does the network arrange pictures? The small pictures themselves at their places, for a slide."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnlab.figures.static import sheet
from cnnlab.figures.static.sheet import SLIDE, Sheet
from cnnlab.figures.tiles import shrink

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXTENT, LEAST, MOST = 820, 18, 32  # pixels: the longer side of a map, and a picture's


def space(
    maps: Mapping[str, NDArray[np.floating]],
    pictures: Sequence[NDArray[np.uint8]],
    *,
    title: str = "",
    note: str = "",
    on: Sheet = SLIDE,
) -> "Figure":
    """Draw n pictures (h, w, 3) at their places (n, 2) in each of the maps, which stand side by side."""
    side = round(min(MOST, max(LEAST, 0.6 * EXTENT / len(pictures) ** 0.5)))  # the fewer, the larger
    small = [shrink(picture, side) for picture in pictures]
    drawn, each = sheet.figure(on, title, note, columns=len(maps))
    for axes, (name, places) in zip(each, maps.items(), strict=True):
        axes.imshow(arranged(places, small), interpolation="none")
        axes.set_axis_off()
        sheet.name_panel(axes, name, on)
    return drawn


def arranged(places: NDArray[np.floating], small: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Lay small pictures (h, w, 3) at places (n, 2), the second upwards: (H, W, 4), see-through between."""
    height, width, _channels = small[0].shape
    low, high = places.min(axis=0), places.max(axis=0)
    steps = np.rint((EXTENT - width) * (places - low) / max(float((high - low).max()), 1e-9)).astype(int)
    right, up = steps.max(axis=0)
    canvas = np.zeros((up + height, right + width, 4), np.uint8)
    for (col, above), picture in zip(steps, small, strict=True):
        cell = canvas[up - above :, col:][:height, :width]
        cell[..., :3], cell[..., 3] = picture, 255
    return canvas
