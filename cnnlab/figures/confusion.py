"""Which classes does the network take for which? The confusion matrix as a grid."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cnnlab.figures.heatmap import cell_texts
from cnnlab.i18n import _, number

PALE, DARK = (251, 249, 244), (52, 66, 79)  # counts are neither positive nor negative: greys


def fills(shares: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the colour of shares (...) between 0 and 1, the larger the darker: (..., 3), 0-255."""
    coloured: NDArray[np.floating] = np.add(PALE, shares[..., np.newaxis] * np.subtract(DARK, PALE))
    return coloured


def confusion_matrix(counts: NDArray[np.integer], classes: Sequence[str]) -> go.Figure:
    """Draw counts (classes, classes), one row a true class, one column an answer; right answers are framed.

    A cell bears its share of its row in per cent; the larger, the darker. Pointing at it tells the count.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    n = len(classes)
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            customdata=[[(classes[i], classes[j], number(counts[i, j])) for j in range(n)] for i in range(n)],
            zmin=0,
            zmax=1,
            colorscale=[[0, f"rgb{PALE}"], [1, f"rgb{DARK}"]],
            showscale=False,
            xgap=1,
            ygap=1,
            hovertemplate=_("%{customdata[0]}, called %{customdata[1]}: %{customdata[2]}")
            + "<extra></extra>",
        )
    )
    written = [[number(100 * shares[i, j]) if counts[i, j] else "" for j in range(n)] for i in range(n)]
    figure.add_trace(cell_texts(written, fills(shares), first=0))
    axis = {
        "tickvals": list(range(n)),
        "ticktext": list(classes),
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
    }
    frame = {"type": "rect", "line": {"color": "black", "width": 1.5}}
    figure.update_layout(
        shapes=[{**frame, "x0": i - 0.5, "x1": i + 0.5, "y0": i - 0.5, "y1": i + 0.5} for i in range(n)],
        height=140 + 36 * n,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={**axis, "side": "top", "tickangle": -60, "title": _("the answer")},
        yaxis={**axis, "autorange": "reversed", "title": _("true class")},
    )
    return figure
