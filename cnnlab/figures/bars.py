"""How sure is the network of each class? Bars on a true scale from 0 to 100 %."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnnlab.figures.colours import INK, QUIET
from cnnlab.i18n import _, percent


def probability_bars(
    probabilities: np.ndarray, classes: Sequence[str], *, theme: str = "light", true: int | None = None
) -> go.Figure:
    """Draw one bar a class, in the order of the classes; the largest is darker, never longer than it is.

    probabilities: (classes,), adding up to 1. true: the true class, where it is known; it gets a check mark.
    """
    top = int(np.argmax(probabilities))
    names = [f"✓ {name}" if i == true else name for i, name in enumerate(classes)]
    names = [f"<b>{name}</b>" if i == top else name for i, name in enumerate(names)]
    texts = [percent(p) for p in probabilities]
    figure = go.Figure(
        go.Bar(
            x=100 * np.asarray(probabilities, float),
            y=names,
            orientation="h",
            text=[f"<b>{text}</b>" if i == top else text for i, text in enumerate(texts)],
            textposition="outside",
            cliponaxis=False,
            textfont={"size": 15, "color": INK[theme]},
            marker_color=[INK[theme] if i == top else QUIET for i in range(len(classes))],
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(
        height=70 + 34 * len(classes),
        margin={"l": 8, "r": 60, "t": 8, "b": 8},
        bargap=0.35,
        xaxis={
            "range": [0, 100],
            "fixedrange": True,
            "tickvals": [0, 25, 50, 75, 100],
            "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
            "title": _("probability"),
        },
        yaxis={
            "autorange": "reversed",
            "fixedrange": True,
            "tickfont": {"size": 15, "color": INK[theme]},
            "type": "category",
        },
    )
    return figure
