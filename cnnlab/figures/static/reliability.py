"""Does a network that says 90 % get it right nine times in ten? The reliability diagram, for a slide."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.evaluation.metrics import Reliability
from cnnlab.figures.colours import INK, QUIET
from cnnlab.figures.static import sheet
from cnnlab.figures.static.sheet import SLIDE, Sheet
from cnnlab.i18n import _

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reliability_diagram(
    found: Reliability, *, title: str = "", note: str = "", on: Sheet = SLIDE
) -> "Figure":
    """Draw for each bin of confidence the share of right answers; on the diagonal the two would be equal.

    The area of a point grows with the number of its answers.
    """
    drawn, [axes] = sheet.figure(on, title, note)
    em, bins = on.letters, np.flatnonzero(found.counts)
    sure, right = 100 * found.confidence[bins], 100 * found.accuracy[bins]
    share = found.counts[bins] / found.counts.max()
    axes.plot([0, 100], [0, 100], color=QUIET, linestyle=":", linewidth=0.12 * em)
    axes.vlines(sure, sure, right, color=QUIET, linewidth=0.12 * em)
    size = (em * (0.3 + 0.9 * np.sqrt(share))) ** 2  # the area, in square points
    look: dict[str, Any] = {"color": QUIET, "edgecolor": INK["light"], "linewidth": 0.06 * em}
    axes.scatter(sure, right, size, zorder=3, clip_on=False, **look)
    axes.set_xlim(0, 102)
    axes.set_ylim(0, 102)
    axes.set_xticks(range(0, 101, 20))
    axes.set_yticks(range(0, 101, 20))
    sheet.name_axes(axes, _("how sure the answers were, %"), _("how many were right, %"), on)
    return drawn
