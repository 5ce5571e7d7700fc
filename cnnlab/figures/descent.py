"""Where does gradient descent walk on a loss that one can see?"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from cnnlab.figures.colours import QUIET
from cnnlab.i18n import _, number

PATH = "#1f66b0"  # what training does is drawn in the blue of the training curve


def descent(loss: Callable[[Any], Any], weights: Sequence[float], *, low: float, high: float) -> go.Figure:
    """Draw loss(weight) between low and high as a line, and the weights visited as numbered points on it.

    loss: of a number or an array. Weights outside are left out; points are numbered from 0, the start.
    """
    grid = np.linspace(low, high, 200)
    figure = go.Figure(
        go.Scatter(x=grid, y=loss(grid), mode="lines", line={"color": QUIET, "width": 2}, hoverinfo="skip")
    )
    seen = [(i, w) for i, w in enumerate(weights) if low <= w <= high]
    figure.add_scatter(
        x=[w for _i, w in seen],
        y=[loss(w) for _i, w in seen],
        mode="lines+markers+text",
        text=[str(i) for i, _w in seen],
        textposition="top center",
        customdata=[(i, number(w, 2), number(loss(w), 2)) for i, w in seen],
        hovertemplate=_("after step %{customdata[0]}: weight %{customdata[1]}, loss %{customdata[2]}")
        + "<extra></extra>",
        line={"color": PATH, "width": 1.5, "dash": "dot"},
        marker={"color": PATH, "size": 10},
    )
    figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        xaxis={"title": _("weight w"), "range": [low, high], "fixedrange": True, "zeroline": False},
        yaxis={"title": _("loss"), "rangemode": "tozero", "fixedrange": True},
    )
    return figure
