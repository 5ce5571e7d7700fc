"""How does accuracy fall as photos change? One panel for each kind of change."""

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnnlab.figures.colours import QUIET
from cnnlab.i18n import percent

LINE = "#52718c"  # a grey blue: neither a sign nor training


def panels(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], images: int, chance: float
) -> go.Figure:
    """Draw title -> (strengths, accuracies from 0 to 1), each on `images` photos, two panels a row.

    The bars are 95 % intervals; the accuracy of guessing, `chance`, is marked.
    """
    figure = make_subplots(
        rows=2, cols=2, subplot_titles=list(curves), shared_yaxes=True, vertical_spacing=0.2
    )
    for place, (strengths, accuracies) in enumerate(curves.values()):
        where = {"row": place // 2 + 1, "col": place % 2 + 1}
        figure.add_scatter(
            x=list(strengths),
            y=[100 * a for a in accuracies],
            error_y={"array": [100 * half_interval(a, images) for a in accuracies], "thickness": 1},
            customdata=[percent(a) for a in accuracies],
            hovertemplate="%{x}: %{customdata}<extra></extra>",
            mode="lines+markers",
            line={"color": LINE, "width": 2.5},
            **where,
        )
        figure.add_hline(100 * chance, line_dash="dot", line_width=1, line_color=QUIET, **where)
        figure.update_xaxes(tickvals=list(strengths), fixedrange=True, **where)
    figure.update_yaxes(range=[0, 100], fixedrange=True, dtick=25, ticksuffix=" %")
    figure.update_layout(
        height=430, showlegend=False, margin={"l": 10, "r": 10, "t": 30, "b": 10}, title={"text": ""}
    )
    return figure


def half_interval(share: float, images: int) -> float:
    """Return half the 95 % interval of a share measured on so many images: 1.96 standard errors."""
    return 1.96 * math.sqrt(share * (1 - share) / images)
