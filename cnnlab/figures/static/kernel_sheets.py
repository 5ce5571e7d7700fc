"""What do a layer's kernels look like? Contact sheets side by side, for a page or a slide."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnlab.figures.static import sheet
from cnnlab.figures.static.sheet import SLIDE, Sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def strip(pictures: Mapping[str, NDArray[np.uint8]]) -> Sheet:
    """Return a sheet as wide as a report, and as high as these pictures need."""
    width, letters = 760, 14
    height = max(picture.shape[0] / picture.shape[1] for picture in pictures.values())
    return Sheet(width, height * width / len(pictures) + 1.8 * letters, letters)


def kernel_sheets(
    pictures: Mapping[str, NDArray[np.uint8]], *, title: str = "", note: str = "", on: Sheet = SLIDE
) -> "Figure":
    """Draw words -> contact sheet (h, w, 3 or 4) side by side, each pixel a sharp square."""
    drawn, each = sheet.figure(on, title, note, columns=len(pictures))
    for axes, (words, picture) in zip(each, pictures.items(), strict=True):
        axes.imshow(picture, interpolation="none")
        axes.set_axis_off()
        sheet.name_panel(axes, words, on)
    return drawn
