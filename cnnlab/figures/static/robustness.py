"""How does accuracy fall as photos change? One panel for each kind of change, for a slide."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cnnlab.figures.colours import QUIET
from cnnlab.figures.robustness import LINE, half_interval
from cnnlab.figures.static import sheet
from cnnlab.figures.static.sheet import SLIDE, Sheet
from cnnlab.i18n import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def panels(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    images: int,
    chance: float,
    *,
    title: str = "",
    note: str = "",
    on: Sheet = SLIDE,
) -> "Figure":
    """Draw title -> (strengths, accuracies from 0 to 1), each on `images` photos, two panels a row.

    The bars are 95 % intervals; the accuracy of guessing, `chance`, is marked.
    """
    drawn, each = sheet.figure(on, title, note, rows=2, columns=2, share_y=True)
    em = on.letters
    for axes, (name, (strengths, accuracies)) in zip(each, curves.items(), strict=True):
        values = [100 * share for share in accuracies]
        bars = [100 * half_interval(share, images) for share in accuracies]
        look: dict[str, Any] = {"color": LINE, "linewidth": 0.14 * em, "marker": "o", "markersize": 0.35 * em}
        axes.errorbar(strengths, values, bars, elinewidth=0.1 * em, capsize=0.2 * em, **look)
        axes.axhline(100 * chance, color=QUIET, linestyle=":", linewidth=0.08 * em)
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 50, 100], [percent(share, 0) for share in (0, 0.5, 1)])
        axes.set_xticks(strengths, [f"{strength:g}" for strength in strengths])
        axes.tick_params(labelsize=0.8 * em)
        sheet.name_panel(axes, name, on)
    return drawn
