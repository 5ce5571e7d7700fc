"""Where does gradient descent go on the loss of one weight? The curve, and the steps on it."""

import numpy as np
import plotly.graph_objects as go

from cnnlab.figures.colours import INK, QUIET
from cnnlab.i18n import _, number


def bowl(
    curve: np.ndarray,
    path: np.ndarray,
    *,
    theme: str = "light",
    slope: float | None = None,
    height: int = 330,
) -> go.Figure:
    """Draw the loss over one weight, curve (n, 2), and the places (steps + 1, 2) that were visited.

    Places beyond the curve's ends are left out, the line to the first of them is cut at the frame. With
    `slope` the tangent at the first place is drawn.
    """
    (left, right), top = curve[[0, -1], 0], float(curve[:, 1].max())
    figure = go.Figure()
    figure.add_scatter(
        x=curve[:, 0], y=curve[:, 1], mode="lines", line={"color": QUIET, "width": 3}, hoverinfo="skip"
    )
    if slope is not None:
        (w, loss), reach = path[0], (right - left) / 7
        figure.add_scatter(
            x=[w - reach, w + reach],
            y=[loss - slope * reach, loss + slope * reach],
            mode="lines",
            line={"color": INK[theme], "width": 2, "dash": "dot"},
            hoverinfo="skip",
        )
    # What has flown far away would only overflow the numbers sent; one place outside shows the way out.
    outside = np.flatnonzero(~(np.abs(path[:, 0]) <= 10 * (right - left)))
    path = path[: outside[0]] if len(outside) else path
    figure.add_scatter(
        x=path[:, 0],
        y=path[:, 1],
        mode="lines+markers",
        line={"color": INK[theme], "width": 1.5},
        marker={"size": [15] + [9] * (len(path) - 1), "color": INK[theme]},
        customdata=[[step, number(w, 3), number(loss, 3)] for step, (w, loss) in enumerate(path)],
        hovertemplate=_("step %{customdata[0]}: weight %{customdata[1]}, loss %{customdata[2]}")
        + "<extra></extra>",
    )
    figure.add_annotation(
        x=path[0, 0], y=path[0, 1], text=_("start"), showarrow=False, yshift=16, xshift=16, font={"size": 14}
    )
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        xaxis={"title": _("weight w"), "range": [left, right], "fixedrange": True, "zeroline": False},
        yaxis={"title": _("loss"), "range": [-0.04 * top, 1.08 * top], "fixedrange": True, "zeroline": False},
    )
    return figure
