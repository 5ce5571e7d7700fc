"""Which values does one kernel slice or one feature map hold? A grid to read them from."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnnlab.figures.colours import SIGNED, signed, text_on
from cnnlab.i18n import _, number

READABLE = 8  # up to so many columns there is room for the number on each cell


def heatmap(values: np.ndarray, limit: float, *, height: int = 320, digits: int = 2) -> go.Figure:
    """Draw values (h, w) from -limit (blue) to limit (orange); rows and columns count from 1.

    Small grids bear their numbers; the others tell them where one points, and a bar below gives the range.
    """
    rows, cols = values.shape
    limit = limit or 1.0
    readable = max(rows, cols) <= READABLE
    written = [[number(value, digits) for value in line] for line in values]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=list(range(1, cols + 1)),
            y=list(range(1, rows + 1)),
            customdata=written,
            zmin=-limit,
            zmax=limit,
            colorscale=SIGNED,
            xgap=int(readable),
            ygap=int(readable),
            showscale=not readable,
            colorbar={
                "orientation": "h",
                "thickness": 12,
                "y": -0.02,
                "yanchor": "top",
                "tickvals": [-limit, 0, limit],
                "ticktext": [number(end, digits) for end in (-limit, 0, limit)],
            },
            hovertemplate=_("row %{y}, column %{x}: %{customdata}") + "<extra></extra>",
        )
    )
    if readable:
        figure.add_trace(cell_texts(written, signed(values, limit), first=1))
    axis = {"fixedrange": True, "showgrid": False, "zeroline": False, "constrain": "domain"}
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={**axis, "side": "top", "tickvals": _ticks(cols)},
        yaxis={**axis, "autorange": "reversed", "scaleanchor": "x", "tickvals": _ticks(rows)},
    )
    return figure


def pixels(values: np.ndarray, *, height: int = 200) -> go.Figure:
    """Draw a few grey values (h, w), 0-255, as pixels that bear their numbers; rows and columns from 1."""
    figure = heatmap(values, 255, height=height, digits=0)
    figure.data = figure.data[:1]  # the texts were chosen for orange fills
    figure.update_traces(colorscale=[[0, "#000000"], [1, "#ffffff"]], zmin=0, zmax=255)
    written = [[number(value) for value in line] for line in values]
    fills = np.asarray(values, float)[..., np.newaxis].repeat(3, axis=2)  # (h, w) -> (h, w, 3)
    figure.add_trace(cell_texts(written, fills, first=1))
    return figure


def cell_texts(texts: Sequence[Sequence[str]], fills: np.ndarray, first: int) -> go.Scatter:
    """Write texts on the cells of a grid, each in black or white, whichever stands out more on its fill.

    texts: rows of columns; fills: (rows, columns, 3), 0-255; first: what the first row and column are called.
    """
    places = list(np.ndindex(fills.shape[:2]))
    return go.Scatter(
        x=[col + first for _row, col in places],
        y=[row + first for row, _col in places],
        text=[texts[row][col] for row, col in places],
        mode="text",
        textfont={"family": "monospace", "size": 12, "color": [text_on(fills[place]) for place in places]},
        hoverinfo="skip",
        showlegend=False,
    )


def _ticks(count: int) -> list[int]:
    """Return 1, some round numbers, and the last."""
    step = next(step for step in (1, 2, 5, 10, 20, 50) if count / step <= 8)
    return sorted({1, count} | {tick for tick in range(step, count, step) if count - tick > step // 2})
