"""How do several runs go beside each other? Their curves and what their accuracy cost, for a slide."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from cnnlab.evaluation.comparison import Entry
from cnnlab.figures.compare import COLOURS, SYMBOLS, cost_titles, style
from cnnlab.figures.labels import short
from cnnlab.figures.static import sheet
from cnnlab.figures.static.sheet import SLIDE, Sheet
from cnnlab.i18n import _, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The dashes and symbols of `cnnlab.figures.compare`, in the same order.
DASHES = ("-", "--", ":", "-.", (0, (8, 3)), (0, (8, 3, 2, 3)))
MARKERS = ("o", "s", "D", "^", "P", "X")
FEW = 20  # points of a curve with markers in full size


def overlaid(
    entries: Sequence[Entry],
    names: Sequence[str],
    what: str,
    along: str,
    *,
    title: str = "",
    note: str = "",
    on: Sheet = SLIDE,
) -> "Figure":
    """Draw one column of the histories over the epochs, named at the right edge; accuracies in per cent.

    along: the title of the values' axis.
    """
    drawn, [axes] = sheet.figure(on, title, note)
    scale, em, ends = 100 if what.endswith("accuracy") else 1, on.letters, []
    for place, (entry, name) in enumerate(zip(entries, names, strict=True)):
        points = [(row["epoch"], scale * row[what]) for row in entry.rows if math.isfinite(row[what])]
        if not points:
            continue
        epochs, values = zip(*points, strict=True)
        colour = style(COLOURS, place)
        axes.plot(
            epochs,
            values,
            color=colour,
            linestyle=style(DASHES, place),
            linewidth=0.14 * em,
            marker=style(MARKERS, place),
            markersize=(0.45 if len(points) <= FEW else 0.2) * em,
        )
        ends.append((values[-1], f"{style([*SYMBOLS.values()], place)} {short(name)}", colour))
    axes.margins(x=0.03, y=0.06)
    axes.locator_params(axis="x", nbins=10, integer=True)
    axes.locator_params(axis="y", nbins=6)
    sheet.name_axes(axes, _("epoch"), along, on)
    sheet.name_ends(axes, ends, on)
    return drawn


def cost(
    entries: Sequence[Entry],
    names: Sequence[str],
    what: Literal["seconds", "parameters"],
    *,
    title: str = "",
    note: str = "",
    on: Sheet = SLIDE,
) -> "Figure":
    """Draw each run's validation accuracy against its seconds or parameters, if both are known."""
    drawn, [axes] = sheet.figure(on, title, note)
    ends = []
    for place, (entry, name) in enumerate(zip(entries, names, strict=True)):
        spent, reached = getattr(entry, what), 100 * entry.validation
        if math.isfinite(reached) and math.isfinite(spent):
            colour, marker = style(COLOURS, place), style(MARKERS, place)
            axes.plot([spent], [reached], color=colour, marker=marker, markersize=0.7 * on.letters)
            ends.append((reached, f"{style([*SYMBOLS.values()], place)} {short(name)}", colour))
    axes.margins(x=0.08, y=0.12)
    axes.set_xlim(left=0)
    axes.locator_params(nbins=6)
    axes.xaxis.set_major_formatter(lambda spent, _place: number(spent))
    sheet.name_axes(axes, cost_titles()[what], _("validation accuracy (%)"), on)
    sheet.name_ends(axes, ends, on)
    return drawn
