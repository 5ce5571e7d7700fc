"""Where does a cell of a map stand in the flattened row? The map with the cell, and the row around it."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnnlab.figures.colours import SIGNED, signed
from cnnlab.figures.heatmap import cell_texts, heatmap
from cnnlab.text import number


def map_with_cell(values: np.ndarray, row: int, col: int, limit: float) -> go.Figure:
    """Draw a map (h, w) with the cell at (row, col), counted from 0, outlined."""
    return _outlined(heatmap(values, limit, height=260), col + 1, row + 1)


def strip(
    values: np.ndarray, positions: Sequence[int], names: Sequence[str], chosen: int, limit: float
) -> go.Figure:
    """Draw values (n,) of the flattened row, one below the other, with their positions and cells.

    positions: of the values, from 0. names: the cell that each one was. chosen: the outlined position.
    """
    limit = limit or 1.0
    labels = [number(place + 1) for place in positions]
    rows = list(range(len(labels)))
    figure = go.Figure(
        go.Heatmap(
            z=np.asarray(values)[:, np.newaxis],
            x=[0],
            y=rows,
            customdata=[[name] for name in names],
            zmin=-limit,
            zmax=limit,
            colorscale=SIGNED,
            ygap=1,
            showscale=False,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    written = [[number(value, 2)] for value in values]
    figure.add_trace(cell_texts(written, signed(values, limit)[:, np.newaxis], first=0))
    named = {"mode": "text", "textposition": "middle right", "hoverinfo": "skip", "showlegend": False}
    figure.add_trace(
        go.Scatter(x=[0.6] * len(rows), y=rows, text=list(names), textfont={"size": 13}, **named)
    )
    figure.update_layout(
        height=28 * len(labels) + 20,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"range": [-0.5, 2.6], "visible": False, "fixedrange": True},
        yaxis={
            "tickvals": rows,
            "ticktext": labels,
            "autorange": "reversed",
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
    )
    return _outlined(figure, 0, positions.index(chosen))


def _outlined(figure: go.Figure, x: float, y: float) -> go.Figure:
    """Put the double black-and-white outline, visible on every value, around the cell centred at (x, y)."""
    box = {"type": "rect", "x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5}
    lines = ({"color": "#000000", "width": 5}, {"color": "#ffffff", "width": 2})
    return figure.update_layout(shapes=[{**box, "line": line} for line in lines])
