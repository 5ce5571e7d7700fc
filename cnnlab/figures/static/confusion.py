"""Which classes does the network take for which? The confusion matrix, for a page or a slide."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.figures.colours import text_on
from cnnlab.figures.confusion import fills
from cnnlab.figures.labels import short
from cnnlab.figures.static import sheet
from cnnlab.figures.static.sheet import SLIDE, Sheet
from cnnlab.i18n import _, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MATRIX = Sheet(760, 560, 14)  # the whole width of a report


def confusion_matrix(
    counts: NDArray[np.integer],
    classes: Sequence[str],
    *,
    title: str = "",
    note: str = "",
    on: Sheet = SLIDE,
) -> "Figure":
    """Draw counts (classes, classes), one row a true class, one column an answer; right answers are framed.

    A cell bears its share of its row in per cent, nothing where it counts none; the larger, the darker. Of
    many classes the cells are too small for numbers.
    """
    from matplotlib.patches import Rectangle

    drawn, [axes] = sheet.figure(on, title, note)
    size = len(classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    colours = fills(shares)
    letters = min(on.letters, 0.5 * (0.75 * on.height) / size)
    readable = letters > 0.4 * on.letters
    for row, col in np.ndindex(size, size):
        face = colours[row, col] / 255
        axes.add_patch(Rectangle((col, row), 1, 1, facecolor=face, edgecolor=sheet.RULE, linewidth=0.75))
        if counts[row, col] and readable:
            look: dict[str, Any] = {
                "ha": "center",
                "va": "center",
                "fontsize": letters,
                "color": text_on(colours[row, col]),
            }
            sheet.write(axes, col + 0.5, row + 0.5, number(100 * shares[row, col]), on, **look)
    for place in range(size):
        frame: dict[str, Any] = {"fill": False, "edgecolor": "black", "linewidth": 0.1 * on.letters}
        axes.add_patch(Rectangle((place, place), 1, 1, **frame))
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    middles = np.arange(size) + 0.5
    names = [short(name) for name in classes]
    axes.set_xticks(middles, names, rotation=45, ha="left", rotation_mode="anchor")
    axes.set_yticks(middles, names)
    axes.tick_params(labelsize=min(on.letters, 2 * letters))
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    sheet.name_axes(axes, _("the answer"), _("true class"), on)
    return drawn
