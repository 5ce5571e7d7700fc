"""How much does each part add to a sum, and with which sign?"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnnlab.figures.colours import NEGATIVE, POSITIVE
from cnnlab.i18n import number


def signed_bars(values: np.ndarray, names: Sequence[str], *, across: str, along: str) -> go.Figure:
    """Draw one bar for each of values (n,), orange above 0 and blue below; the axes are named."""
    figure = go.Figure(
        go.Bar(
            x=list(names),
            y=np.asarray(values, float),
            customdata=[number(value, 3) for value in values],
            marker_color=[POSITIVE if value >= 0 else NEGATIVE for value in values],
            hovertemplate="%{x}: %{customdata}<extra></extra>",
        )
    )
    figure.update_layout(
        height=280,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"title": across, "type": "category", "fixedrange": True},
        yaxis={"title": along, "fixedrange": True},
    )
    return figure
