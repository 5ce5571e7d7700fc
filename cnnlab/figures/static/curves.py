"""How did training go, epoch by epoch? Accuracy or loss, for a page or a slide."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnnlab.config import losses
from cnnlab.figures.colours import QUIET
from cnnlab.figures.curves import TRAINING, VALIDATION, epoch_ticks, names_of_curves
from cnnlab.figures.static import sheet
from cnnlab.figures.static.sheet import SLIDE, Sheet
from cnnlab.i18n import _, number, percent
from cnnlab.runs.history import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS = 40  # up to so many points are marked one by one


def curve(
    rows: Sequence[Row], what: str, chance: float, *, title: str = "", note: str = "", on: Sheet = SLIDE
) -> "Figure":
    """Draw "accuracy" (per cent), "loss" or "cross_entropy" over the epochs, in training and validation.

    rows: the history, at least one. chance: the accuracy of guessing, marked as a line.
    """
    drawn, [axes] = sheet.figure(on, title, note)
    accuracy = what == "accuracy"
    scale, write = (100, percent) if accuracy else (1, losses.written)
    looks = {what: (_("training"), TRAINING, "-"), f"val_{what}": (_("validation"), VALIDATION, "--")}
    ends, last = [], len(rows)
    for column, (name, colour, dash) in looks.items():
        points = [(row["epoch"], row[column]) for row in rows if math.isfinite(row[column])]
        if points:
            marker = "o" if len(points) <= DOTS else ""
            width, size = 0.16 * on.letters, 0.4 * on.letters
            epochs, values = zip(*((epoch, scale * value) for epoch, value in points), strict=True)
            axes.plot(epochs, values, dash, color=colour, linewidth=width, marker=marker, markersize=size)
            ends.append((values[-1], f"{name} {write(points[-1][1])}", colour))
    if accuracy:
        axes.axhline(100 * chance, color=QUIET, linestyle=":", linewidth=0.1 * on.letters)
        text = _("guessing: {chance}").format(chance=percent(chance, 0))
        small = {"ha": "right", "va": "top", "fontsize": 0.85 * on.letters}
        sheet.write(axes, last + 0.4, 100 * chance - 1, text, on, **small)
    axes.set_xlim(0.6, max(last, 2) + 0.4)
    axes.set_ylim(0, 100 if accuracy else None)
    axes.set_xticks(epoch_ticks(last))
    axes.locator_params(axis="y", nbins=5)
    axes.xaxis.set_major_formatter(lambda epoch, _place: number(epoch))
    axes.yaxis.set_major_formatter(lambda value, _place: number(value) if accuracy else f"{value:g}")
    unit = "%" if accuracy else _("mean over the images")
    sheet.name_axes(axes, _("epoch"), f"{names_of_curves()[what]} ({unit})", on)
    sheet.name_ends(axes, ends, on)
    return drawn
